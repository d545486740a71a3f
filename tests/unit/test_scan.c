/* SPDX-License-Identifier: MIT */
#include "conf/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One letter for each token. */
static const char letters[] = {
	[SCAN_WORD] = 'w', [SCAN_NUMBER] = 'n', [SCAN_TEXT] = 't', [SCAN_EQUALS] = '=', [SCAN_COMMA] = ',',
	[SCAN_OPEN] = '{', [SCAN_CLOSE] = '}',  [SCAN_END] = '.',  [SCAN_ERROR] = '!'
};

struct result {
	char kinds[64];
	char *text; /* as the scan leaves it */
	unsigned line;
	char error[200];
};

/* The text lies in a block of exactly its size, so that reading past its end shows. */
static struct result scan_all(const char *text)
{
	struct result result = { "", NULL, 0, "" };
	size_t size = strlen(text), used = 0;
	struct scan scan = { .text = malloc(size ? size : 1), .size = size, .line = 1 };
	assert_non_null(scan.text);
	memcpy(scan.text, text, size);
	struct scan_token token;
	do {
		scan_next(&scan, &token);
		assert_true(used < sizeof result.kinds - 1);
		result.kinds[used++] = letters[token.kind];
	} while (token.kind != SCAN_END && token.kind != SCAN_ERROR);
	result.line = token.line;
	if (token.kind == SCAN_ERROR)
		snprintf(result.error, sizeof result.error, "%s", scan.error);
	result.text = strndup(scan.text, size);
	free(scan.text);
	return result;
}

static void test_tokens(void **state)
{
	(void)state;
	static const struct {
		const char *text, *kinds;
		unsigned line; /* of the end */
	} cases[] = {
		{ "", ".", 1 },
		{ "a = 1", "w=n.", 1 },
		{ "all-down = -5", "w=n.", 1 },
		{ "a_1={b,'c',\"d\"}\n", "w={w,t,t}.", 2 },
		{ "service \"x\" {\n}\n", "wt{}.", 3 },
		{ "a = \"x\" # \" ' { /*\nb", "w=tw.", 2 },
		{ "a // = {\n= 1", "w=n.", 2 },
		{ "/* one\n two */ a /**/ = /***/ 1 /* ** / */", "w=n.", 2 },
		{ "a = \"# // /* {\"", "w=t.", 1 },
		{ "a = '# // /* { \" ${X}'", "w=t.", 1 },
		{ "a = \"\\\\ \\\" \\n \\r \\t \\$ \\${X} $X\"", "w=t.", 1 },
		{ "a = '\\' \\\\ \\d'", "w=t.", 1 },
		{ "a = \"one \\\n two\"\nb", "w=tw.", 3 },
		{ "a = 'one \\\n two'\nb", "w=tw.", 3 },
		{ "a = 1\r\nb = 2\r\n", "w=nw=n.", 3 },
		{ "a\t=\v\f1", "w=n.", 1 },
		{ "#", ".", 1 },
		{ "//", ".", 1 },
		{ "{{{{{{{{}}}}}}}}", "{{{{{{{{}}}}}}}}.", 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result result = scan_all(cases[i].text);
		assert_string_equal(result.error, "");
		assert_string_equal(result.kinds, cases[i].kinds);
		assert_int_equal(result.line, cases[i].line);
		free(result.text);
	}
}

static void test_blanking(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "a # b\nc", "a    \nc" },       { "a//b\nc", "a   \nc" },
		{ "a/*b\n\n*/c", "a   \n\n  c" }, { "a = \"#b\" # c", "a = \"#b\"    " },
		{ "a\r\nb\tc", "a \nb c" },       { "'/*' '*/'", "'/*' '*/'" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result result = scan_all(cases[i].before);
		assert_string_equal(result.error, "");
		assert_string_equal(result.text, cases[i].after);
		free(result.text);
	}
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned line;
		const char *error; /* its beginning */
	} cases[] = {
		/* What is not closed, by the line on which it opens. */
		{ "a\n = \"b\nc\nd", 2, "the quote that opens here is never closed" },
		{ "a\n = 'b\nc'", 2, "the quote that opens here is never closed" },
		{ "a = \"b\\", 1, "the quote that opens here is never closed" },
		{ "a = 'b\\'", 1, "the quote that opens here is never closed" },
		{ "a = \"b \\\n c \\\n d\n\"", 1, "the quote that opens here is never closed" },
		{ "\n\n/* b\nc\n*", 3, "the comment that starts here is never closed" },
		{ "/*/", 1, "the comment that starts here is never closed" },
		{ "a {\n b {\n }\n\n", 1, "the { that opens here is never closed" },
		{ "a {\n b {\n\n", 2, "the { that opens here is never closed" },
		{ "a {\n}\n}\n", 3, "this } closes nothing" },
		{ "{{{{{{{{\n{", 2, "too many braces" },
		/* What stands outside quotes. */
		{ "a = 5s", 1, "only words and numbers stand without quotes; quote this: \"5s\"" },
		{ "\na = 192.0.2.1 # x", 2, "only words and numbers stand without quotes; quote this: \"192.0.2.1\"" },
		{ "a = *", 1, "only words and numbers stand without quotes; quote this: \"*\"" },
		{ "a = $X", 1, "only words and numbers stand without quotes; quote this: \"$X\"" },
		{ "a = ${X}", 1, "only words and numbers stand without quotes; quote this: \"$\"" },
		{ "a = @dns", 1, "only words and numbers stand without quotes; quote this: \"@dns\"" },
		{ "a = /x/y", 1, "only words and numbers stand without quotes; quote this: \"/x/y\"" },
		{ "a += 1", 1, "only words and numbers stand without quotes; quote this: \"+\"" },
		{ "f(x)", 1, "only words and numbers stand without quotes; quote this: \"f(x)\"" },
		{ "a = 1.5", 1, "only words and numbers stand without quotes; quote this: \"1.5\"" },
		{ "a = -", 1, "only words and numbers stand without quotes; quote this: \"-\"" },
		{ "-a = 1", 1, "only words and numbers stand without quotes; quote this: \"-a\"" },
		{ "a|b = 1", 1, "only words and numbers stand without quotes; quote this: \"a|b\"" },
		{ "a = \303\244", 1, "only words and numbers stand without quotes; quote this: \"\303\244\"" },
		{ "a = \001", 1, "only words and numbers stand without quotes; quote this: \"\001\"" },
		{ "a = 1;", 1, "no semicolon is needed" },
		{ "a = \"b\";", 1, "no semicolon is needed" },
		{ "a {\n};", 2, "no semicolon is needed" },
		/* What is next to quotes. */
		{ "a = \"b\"c", 1, "there is something right after a closing quote" },
		{ "a = { \"b, \"c\" }", 1, "there is something right after a closing quote" },
		{ "a = 'b''c'", 1, "there is something right after a closing quote" },
		{ "a = b\"c\"", 1, "there is something right before a quote" },
		/* What means another thing than it seems. */
		{ "\na = \"x${HOME}\"", 2, "variables are not expanded" },
		{ "a = \"${\"", 1, "variables are not expanded" },
		{ "a = \"\\d\"", 1, "\\d means nothing in double quotes" },
		{ "a = \"\\0\"", 1, "\\0 means nothing in double quotes" },
		{ "a = \"\\x41\"", 1, "\\x means nothing in double quotes" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result result = scan_all(cases[i].text);
		if (strncmp(result.error, cases[i].error, strlen(cases[i].error)) || result.line != cases[i].line)
			fail_msg("%s: %u: %s", cases[i].text, result.line, result.error);
		free(result.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_blanking),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
