/* SPDX-License-Identifier: MIT */
/* The files that come with the project: samples, the example, the manual.  Runs in the project's root. */
#include "conf/conf.h"
#include "conf/grammar.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char example_file[] = "conf/mpfailover.conf";

static char *read_text(const char *file)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(file, "r");
	if (!in || getdelim(&text, &size, '\0', in) < 0)
		fail_msg("%s cannot be read", file);
	fclose(in);
	return text;
}

/* "# expect: LINE: MESSAGE", or with another file's name before that, is the first line of a bad file. */
static bool is_as_expected(const char *file, const char *error)
{
	static const char mark[] = "# expect: ", directory[] = "tests/conf/";
	char *text = read_text(file), whole[700];
	assert_memory_equal(text, mark, sizeof mark - 1);
	text[strcspn(text, "\n")] = '\0';
	const char *expected = text + sizeof mark - 1;
	if (strspn(expected, "0123456789"))
		snprintf(whole, sizeof whole, "%s:%s", file, expected);
	else
		snprintf(whole, sizeof whole, "%s%s", directory, expected);
	bool right = !strcmp(whole, error);
	if (!right)
		print_error("%s\n    instead of %s\n", error, whole);
	free(text);
	return right;
}

static void test_bad_files(void **state)
{
	(void)state;
	glob_t files;
	assert_int_equal(glob("tests/conf/bad-*.conf", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 12);
	unsigned wrong = 0;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *error = NULL;
		struct conf *conf = conf_read(files.gl_pathv[i], &error);
		wrong += conf || !is_as_expected(files.gl_pathv[i], error);
		conf_free(conf);
		free(error);
	}
	assert_int_equal(wrong, 0);
	globfree(&files);
}

static void test_good_files(void **state)
{
	(void)state;
	glob_t files;
	assert_int_equal(glob("tests/conf/good-*.conf", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *error = NULL;
		struct conf *conf = conf_read(files.gl_pathv[i], &error);
		if (!conf)
			fail_msg("%s", error);
		assert_int_equal(conf->warning_count, 0);
		conf_free(conf);
	}
	globfree(&files);
}

static void test_example(void **state)
{
	(void)state;
	char *error = NULL;
	struct conf *conf = conf_read(example_file, &error);
	if (!conf)
		fail_msg("%s", error);
	assert_int_equal(conf->warning_count, 0);
	assert_true(conf->service_count >= 1);
	conf_free(conf);
}

/* In the example, "#" without a space after it stands before what may be used. */
static bool is_commented(const char *line)
{
	return line[0] == '#' && !strchr("# \n", line[1]);
}

/* The example with all of that in use; every line where it was. */
static char *uncommented(void)
{
	char *text = read_text(example_file);
	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (is_commented(line))
			*line = ' ';
	}
	return text;
}

static void test_example_in_full(void **state)
{
	(void)state;
	char *error = NULL, *text = uncommented();
	struct conf *conf = conf_parse("example", text, strlen(text), &error);
	if (!conf)
		fail_msg("%s", error);
	assert_int_equal(conf->hook_count, 1);
	assert_int_equal(conf->uplink_count, 2);
	assert_string_not_equal(conf->control_socket, "");
	assert_string_not_equal(conf->metrics_listen, "");
	conf_free(conf);
	free(text);
}

/* Reads the example line by line: one statement, or the start or end of a section, on each. */
struct walk {
	const struct grammar_section *sections[4];
	bool in_use[4]; /* not commented out */
	unsigned depth;
	const struct grammar_option *shown[200]; /* with their defaults, or to be given */
	size_t shown_count;
};

/* OPTION with its default, as it is written. */
static void write_default(const struct grammar_option *option, char *out, size_t size)
{
	static const char usual[] = "/run/mpfailover";
	size_t length = strlen(MPF_RUN_DIR);
	const char *value = option->fallback;
	bool bare = option->kind == GRAMMAR_WORD || option->kind == GRAMMAR_FLAG || option->kind == GRAMMAR_NUMBER ||
	            option->kind == GRAMMAR_PORT;
	if (grammar_is_list(option->kind))
		snprintf(out, size, "{}");
	else if (bare)
		snprintf(out, size, "%s", value);
	else if (!strncmp(value, MPF_RUN_DIR, length))
		snprintf(out, size, "\"%s%s\"", usual, value + length);
	else
		snprintf(out, size, "\"%s\"", value);
}

/* "NAME = VALUE  # comment" */
static void walk_option(struct walk *walk, const char *name, const char *value, bool commented)
{
	const struct grammar_option *option = grammar_option(walk->sections[walk->depth], name);
	char standard[100], words[120];
	if (!option)
		fail_msg("the example has %s where it does not belong", name);
	walk->shown[walk->shown_count] = option;
	if (!option->fallback) {
		walk->shown_count++;
		return;
	}
	write_default(option, standard, sizeof standard);
	size_t length = strlen(standard);
	bool is_default = !strncmp(value, standard, length) && strchr(" \t", value[length]);
	if (commented && walk->in_use[walk->depth] && !is_default)
		fail_msg("the example shows %s = %s, but the default is %s", name, value, standard);
	snprintf(words, sizeof words, "default: %s", standard);
	if (is_default || strstr(value, words))
		walk->shown_count++;
}

static void walk_line(struct walk *walk, char *line)
{
	char name[40];
	int after = 0;
	bool commented = is_commented(line);
	char *text = line + commented;
	text += strspn(text, " \t");
	assert_true(walk->shown_count < COUNT(walk->shown));
	if (*text == '}') {
		assert_true(walk->depth > 0);
		walk->depth--;
	} else if (sscanf(text, "%39[a-z-] = %n", name, &after) == 1 && after) {
		walk_option(walk, name, text + after, commented);
	} else if (sscanf(text, "%39[a-z-]", name) == 1 && strchr(text, '{') && !strchr(text, '}')) {
		const struct grammar_section *section = grammar_section(walk->sections[walk->depth], name);
		assert_non_null(section);
		walk->depth++;
		walk->sections[walk->depth] = section;
		walk->in_use[walk->depth] = !commented;
	}
}

static bool is_shown(const struct walk *walk, const struct grammar_option *option)
{
	for (size_t i = 0; i < walk->shown_count; i++)
		if (walk->shown[i] == option)
			return true;
	return false;
}

static unsigned count_missing(const struct walk *walk, const struct grammar_section *section)
{
	unsigned missing = 0;
	for (const struct grammar_option *option = section->options; option->name; option++)
		if (!is_shown(walk, option)) {
			print_error("the example does not show %s of %s with its default\n", option->name,
			            section->name);
			missing++;
		}
	for (const struct grammar_section *const *inner = section->sections; *inner; inner++)
		missing += count_missing(walk, *inner);
	return missing;
}

static void test_example_defaults(void **state)
{
	(void)state;
	struct walk walk = { .sections = { &grammar_file }, .in_use = { true } };
	char *text = read_text(example_file);
	char *line, *rest = text;
	while ((line = strsep(&rest, "\n")))
		if (*line && strncmp(line, "# ", 2) && strcmp(line, "#")) {
			char whole[400];
			snprintf(whole, sizeof whole, "%s ", line);
			walk_line(&walk, whole);
		}
	assert_int_equal(walk.depth, 0);
	assert_int_equal(count_missing(&walk, &grammar_file), 0);
	free(text);
}

/* The manual's part on a section, from PART to END, explains OPTION, and names its limits after that. */
static bool manual_has(const char *part, const char *end, const struct grammar_option *option)
{
	char words[60];
	size_t length = (size_t)snprintf(words, sizeof words, "\n.It Ic %s Li = ", option->name);
	const char *item = memmem(part, (size_t)(end - part), words, length);
	if (!item)
		return false;
	size_t rest = (size_t)(end - item);
	return (!option->low || memmem(item, rest, option->low, strlen(option->low))) &&
	       (!option->high || memmem(item, rest, option->high, strlen(option->high)));
}

static unsigned count_unexplained(const char *manual, const struct grammar_section *section)
{
	unsigned missing = 0;
	char words[60];
	snprintf(words, sizeof words, "\n.Ss %s", *section->name ? section->name : "Outside of sections");
	const char *part = strstr(manual, words);
	assert_non_null(part);
	const char *end = strstr(part + 1, "\n.Ss ");
	end = end ? end : part + strlen(part);
	for (const struct grammar_option *option = section->options; option->name; option++)
		if (!manual_has(part, end, option)) {
			print_error("the manual lacks %s of %s, or its limits\n", option->name, section->name);
			missing++;
		}
	for (const struct grammar_section *const *inner = section->sections; *inner; inner++)
		missing += count_unexplained(manual, *inner);
	return missing;
}

static void test_manual(void **state)
{
	(void)state;
	char *manual = read_text("conf/mpfailover.conf.5");
	assert_int_equal(count_unexplained(manual, &grammar_file), 0);
	free(manual);
}

/* Parses, or is refused with a line that the text has. */
static void try_damaged(const char *text, size_t size)
{
	unsigned lines = 1, line = 0;
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	char *error = NULL;
	struct conf *conf = conf_parse("example", text, size, &error);
	if (!conf && (sscanf(error, "example:%u: ", &line) != 1 || line < 1 || line > lines))
		fail_msg("%s, in %u lines", error, lines);
	assert_true(!conf == !!error);
	conf_free(conf);
	free(error);
}

static void test_truncated(void **state)
{
	(void)state;
	char *text = uncommented();
	for (size_t size = 0; size <= strlen(text); size++)
		try_damaged(text, size);
	free(text);
}

static void test_damaged(void **state)
{
	(void)state;
	static const char bytes[] = "\"'{}=,#*/\\\n;$@0 x\377";
	char *text = uncommented();
	size_t size = strlen(text);
	for (size_t i = 0; i < size; i += 2) {
		char kept = text[i];
		text[i] = bytes[i / 2 % sizeof bytes];
		try_damaged(text, size);
		text[i] = kept;
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_files),        cmocka_unit_test(test_good_files),
		cmocka_unit_test(test_example),          cmocka_unit_test(test_example_in_full),
		cmocka_unit_test(test_example_defaults), cmocka_unit_test(test_manual),
		cmocka_unit_test(test_truncated),        cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
