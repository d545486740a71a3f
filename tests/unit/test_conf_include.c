/* SPDX-License-Identifier: MIT */
/* Files as such: what is no configuration file, and what they include. */
#include "conf/conf.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVICE "service s { ports = 1 candidate c { address = \"192.0.2.1\" } }\n"

static char directory[] = "/tmp/test_conf_include.XXXXXX";

static int enter(void **state)
{
	(void)state;
	return !mkdtemp(directory) || chdir(directory);
}

static int leave(void **state)
{
	(void)state;
	if (chdir("/"))
		return -1;
	char command[100];
	snprintf(command, sizeof command, "rm -rf %s", directory);
	return system(command);
}

static void put_bytes(const char *name, const char *bytes, size_t size)
{
	FILE *out = fopen(name, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

/* ERROR: how it starts. */
static void refused(const char *name, const char *expected)
{
	char *error = NULL;
	struct conf *conf = conf_read(name, &error);
	assert_null(conf);
	assert_non_null(error);
	if (strncmp(error, expected, strlen(expected)))
		fail_msg("%s\n    instead of %s", error, expected);
	free(error);
}

static struct conf *accepted(const char *name)
{
	char *error = NULL;
	struct conf *conf = conf_read(name, &error);
	if (!conf)
		fail_msg("%s", error);
	return conf;
}

static void test_no_file(void **state)
{
	(void)state;
	refused("missing.conf", "missing.conf:1: cannot be read: No such file or directory; correct");
	refused("%s%n%d", "%s%n%d:1: cannot be read: No such file");
	refused("a\nb", "a?b:1: cannot be read: No such file");
	refused(".", ".:1: cannot be read: it is not a regular file");
	refused("/dev/zero", "/dev/zero:1: cannot be read: it is not a regular file");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	refused("fifo", "fifo:1: cannot be read: it is not a regular file");
	put("%s%n%d", "foo\n");
	refused("%s%n%d", "%s%n%d:1: unknown option or section \"foo\"");
}

static void test_content(void **state)
{
	(void)state;
	put_bytes("nul", "# a\n# b\0\n" SERVICE, 10);
	refused("nul", "nul:2: there is a NUL byte");
	put("empty", "");
	refused("empty", "empty:1: there is no service");
	put("no-newline", "# x\nservice s { ports = 1 candidate c { address = \"192.0.2.1\" } }");
	conf_free(accepted("no-newline"));
	static char large[(1 << 20) + 100];
	memset(large, ' ', sizeof large);
	memcpy(large, SERVICE, sizeof SERVICE - 1);
	put_bytes("full", large, (1 << 20) - 10);
	conf_free(accepted("full"));
	put_bytes("large", large, (1 << 20) + 1);
	refused("large", "large:1: cannot be read: the file is larger than 1 MiB");
	put("twice", "include \"full\"\ninclude \"full\"\n");
	refused("twice", "full:1: the configuration, with all that it includes, is larger than 1 MiB");
}

static void test_include(void **state)
{
	(void)state;
	mkdir("sub", 0700);
	mkdir("sub/deeper", 0700);
	put("main", "# one\ninclude \"sub/more\" timing t { fall = 3 }\n/* four */\ninclude 'sub/more2' " SERVICE "\n"
	            "service z { ports = 2 timing = u candidate c { address = \"192.0.2.1\" } }");
	put("sub/more", "/* one\n two */\n\ntiming u { fall = 4 } include \"deeper/most\"\ntiming v { fall = 6 }");
	put("sub/more2", "timing w { fall = 7 } # no end of line");
	put("sub/deeper/most", "\n\ntiming most { fall = 5 }\n");
	struct conf *conf = accepted("main");
	static const struct {
		const char *name, *file;
		unsigned line, fall;
	} timings[] = { { "u", "sub/more", 4, 4 },
		        { "most", "sub/deeper/most", 3, 5 },
		        { "v", "sub/more", 5, 6 },
		        { "t", "main", 2, 3 },
		        { "w", "sub/more2", 1, 7 } };
	assert_int_equal(conf->timing_count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(conf->timings[i].name, timings[i].name);
		assert_string_equal(conf->timings[i].file, timings[i].file);
		assert_int_equal(conf->timings[i].line, timings[i].line);
		assert_int_equal(conf->timings[i].fall, timings[i].fall);
	}
	assert_int_equal(conf->services[0].line, 4);
	assert_int_equal(conf->services[1].line, 6);
	assert_string_equal(conf->services[1].file, "main");
	assert_string_equal(conf->services[1].candidates[0].file, "main");
	conf_free(conf);
}

static void test_include_faults(void **state)
{
	(void)state;
	char text[200];
	put("a", "include \"b\"\n" SERVICE);
	put("b", "\ninclude \"a\"\n");
	refused("a", "b:2: cannot include \"a\": it includes itself");
	put("a", "user = \"\"\ninclude \"b\"\n" SERVICE);
	put("b", "\n\nuser = \"\"\n");
	refused("a", "b:3: user stands here for the second time, the first is a:1; remove one of them");
	put("b", "\ntiming t { fall = 2 }");
	put("c", "include \"b\"\ninclude \"b\"\n");
	refused("c", "b:2: timing t stands here for the second time, the first is b:2");
	put("b", "\n timing t {\n");
	refused("a", "b:2: the { that opens here is never closed");
	put("b", "}");
	refused("a", "b:1: this } closes nothing");
	put("b", "\n/*\n");
	refused("a", "b:2: the comment that starts here is never closed");
	put("b", "\ntable =");
	refused("a", "b:2: \"table\" has no value; the file ends after it");
	put("b", "\ntiming t { fall 3 }\n");
	refused("a", "b:2: missing equal sign after option 'fall'");
	put("b", "\ntiming t { fall = 300 }\n");
	refused("a", "b:2: fall = \"300\": out of range");
	put_bytes("b", "\n\n\0", 3);
	refused("a", "b:3: there is a NUL byte");
	put("b", "service s { ports = 2 candidate c { address = \"192.0.2.1\" } }");
	refused("a", "a:3: service s stands here for the second time, the first is b:1");
	snprintf(text, sizeof text, "%s/b", directory);
	put("a", "include \"fifo2\"\n" SERVICE);
	assert_int_equal(mkfifo("fifo2", 0600), 0);
	refused("a", "a:1: cannot include \"fifo2\": it is not a regular file");
	put("b", "table = \"/absolute\"\n");
	char line[300];
	snprintf(line, sizeof line, "include \"%s\"\n" SERVICE, text);
	put("a", line);
	struct conf *conf = accepted("a");
	assert_string_equal(conf->table, "/absolute");
	conf_free(conf);
}

static void test_depth(void **state)
{
	(void)state;
	char name[8], text[200];
	for (int i = 1; i <= 9; i++) {
		snprintf(name, sizeof name, "d%d", i);
		snprintf(text, sizeof text, "# deeper\ninclude \"d%d\"\n", i + 1);
		put(name, i == 9 ? SERVICE : text);
	}
	conf_free(accepted("d2"));
	refused("d1", "d8:2: more than 8 files include each other");
	/* Beside each other there may be many. */
	FILE *out = fopen("wide", "w");
	assert_non_null(out);
	for (int i = 0; i < 100; i++)
		fprintf(out, "include \"nothing\"\n");
	fprintf(out, SERVICE);
	fclose(out);
	put("nothing", "# nothing\n\n");
	struct conf *conf = accepted("wide");
	assert_int_equal(conf->services[0].line, 101);
	conf_free(conf);
}

static void test_memory(void **state)
{
	(void)state;
	put("in", "timing u { fall = 9 }\n");
	char text[200], *error = NULL;
	snprintf(text, sizeof text, "\ninclude \"in\"\n" SERVICE);
	char name[100];
	snprintf(name, sizeof name, "%s/not-there", directory);
	struct conf *conf = conf_parse(name, text, strlen(text), &error);
	assert_non_null(conf);
	assert_int_equal(conf->timings[0].fall, 9);
	assert_int_equal(conf->services[0].line, 3);
	assert_string_equal(conf->services[0].file, name);
	conf_free(conf);
	assert_null(conf_parse("x", "a\0b", 3, &error));
	assert_string_equal(error, "x:1: there is a NUL byte; is this a text file?");
	free(error);
}

static unsigned open_descriptors(void)
{
	unsigned count = 0;
	DIR *list = opendir("/proc/self/fd");
	assert_non_null(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static void test_descriptors(void **state)
{
	(void)state;
	unsigned before = open_descriptors();
	test_include(state);
	refused("d1", "d8:2");
	refused("fifo", "fifo:1");
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_file),        cmocka_unit_test(test_content), cmocka_unit_test(test_include),
		cmocka_unit_test(test_include_faults), cmocka_unit_test(test_depth),   cmocka_unit_test(test_memory),
		cmocka_unit_test(test_descriptors),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
