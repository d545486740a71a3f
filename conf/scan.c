/* SPDX-License-Identifier: MIT */
#include "conf/scan.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NO_SEMICOLON "no semicolon is needed here; remove it"

static bool is_space(char c)
{
	return c && strchr(" \t\n\r\f\v", c);
}
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The byte OFFSET further on, NUL at the end. */
static char peek(const struct scan *scan, size_t offset)
{
	return scan->at + offset < scan->size ? scan->text[scan->at + offset] : '\0';
}

__attribute__((format(printf, 4, 5))) static void fail(struct scan *scan, struct scan_token *token, unsigned line,
                                                       const char *format, ...)
{
	token->kind = SCAN_ERROR;
	token->line = line;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(scan->error, sizeof scan->error, format, arguments);
	va_end(arguments);
}

static void pass_byte(struct scan *scan, bool blank)
{
	char *byte = &scan->text[scan->at++];
	if (*byte == '\n')
		scan->line++;
	else if (blank)
		*byte = ' ';
}

static bool pass_block_comment(struct scan *scan, struct scan_token *token)
{
	unsigned opened = scan->line;
	pass_byte(scan, true);
	pass_byte(scan, true);
	while (scan->at < scan->size && !(peek(scan, 0) == '*' && peek(scan, 1) == '/'))
		pass_byte(scan, true);
	if (scan->at == scan->size) {
		fail(scan, token, opened, "the comment that starts here is never closed; end it with */");
		return false;
	}
	pass_byte(scan, true);
	pass_byte(scan, true);
	return true;
}

/* Whitespace and comments.  False: an error. */
static bool pass_blank(struct scan *scan, struct scan_token *token)
{
	while (scan->at < scan->size) {
		char c = peek(scan, 0);
		if (is_space(c)) {
			pass_byte(scan, true);
		} else if (c == '#' || (c == '/' && peek(scan, 1) == '/')) {
			while (scan->at < scan->size && peek(scan, 0) != '\n')
				pass_byte(scan, true);
		} else if (c == '/' && peek(scan, 1) == '*') {
			if (!pass_block_comment(scan, token))
				return false;
		} else {
			break;
		}
	}
	return true;
}

/* Where something that is not quoted ends. */
static bool ends_bare(const struct scan *scan)
{
	char c = peek(scan, 0);
	return !c || is_space(c) || strchr("={},\"'#", c) ||
	       (c == '/' && (peek(scan, 1) == '/' || peek(scan, 1) == '*'));
}

/* A backslash, and what it stands before.  False: an error. */
static bool pass_escape(struct scan *scan, struct scan_token *token, char quote)
{
	char c = peek(scan, 1);
	if (quote == '"' && c && !strchr("\\\"nrt$\n", c)) {
		fail(scan, token, scan->line,
		     "\\%c means nothing in double quotes; write \\\\%c for a backslash, or use single quotes", c, c);
		return false;
	}
	pass_byte(scan, false);
	if (c)
		pass_byte(scan, false);
	return true;
}

static void scan_text(struct scan *scan, struct scan_token *token)
{
	char quote = peek(scan, 0);
	token->kind = SCAN_TEXT;
	pass_byte(scan, false);
	for (;;) {
		char c = peek(scan, 0);
		if (!c || c == '\n') {
			fail(scan, token, token->line,
			     "the quote that opens here is never closed; close it on the same line (a line break is written \\n)");
			return;
		}
		if (c == quote)
			break;
		if (c == '$' && quote == '"' && peek(scan, 1) == '{') {
			fail(scan, token, scan->line,
			     "variables are not expanded; write the value itself, or \\${ for a literal ${");
			return;
		}
		if (c != '\\')
			pass_byte(scan, false);
		else if (!pass_escape(scan, token, quote))
			return;
	}
	pass_byte(scan, false);
	char next = peek(scan, 0);
	if (next == ';')
		fail(scan, token, scan->line, NO_SEMICOLON);
	else if (next == '"' || next == '\'' || !ends_bare(scan))
		fail(scan, token, scan->line,
		     "there is something right after a closing quote; is a quote missing before it, or a comma?");
}

static bool is_word(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_letter(text[i]) && (i == 0 || (!is_digit(text[i]) && text[i] != '-')))
			return false;
	return true;
}

static bool is_number(const char *text, size_t length)
{
	size_t i = text[0] == '-';
	if (i == length)
		return false;
	for (; i < length; i++)
		if (!is_digit(text[i]))
			return false;
	return true;
}

static void scan_bare(struct scan *scan, struct scan_token *token)
{
	while (!ends_bare(scan))
		pass_byte(scan, false);
	const char *text = scan->text + token->start;
	size_t length = scan->at - token->start;
	const char *semicolon = memchr(text, ';', length);
	char next = peek(scan, 0);
	if (semicolon && semicolon == text + length - 1)
		fail(scan, token, token->line, NO_SEMICOLON);
	else if (next == '"' || next == '\'')
		fail(scan, token, token->line,
		     "there is something right before a quote; quote all of it, or put a space between");
	else if (is_word(text, length))
		token->kind = SCAN_WORD;
	else if (is_number(text, length))
		token->kind = SCAN_NUMBER;
	else
		fail(scan, token, token->line, "only words and numbers stand without quotes; quote this: \"%.*s\"",
		     length < 60 ? (int)length : 60, text);
}

static void scan_brace(struct scan *scan, struct scan_token *token)
{
	pass_byte(scan, false);
	if (token->kind == SCAN_OPEN) {
		if (scan->depth == SCAN_DEPTH)
			fail(scan, token, token->line,
			     "too many braces within each other; is a } missing before this?");
		else
			scan->opened[scan->depth++] = token->line;
	} else if (scan->depth) {
		scan->depth--;
	} else {
		fail(scan, token, token->line, "this } closes nothing; remove it, or add the { that it belongs to");
	}
}

void scan_next(struct scan *scan, struct scan_token *token)
{
	if (!pass_blank(scan, token))
		return;
	token->start = scan->at;
	token->line = scan->line;
	switch (peek(scan, 0)) {
	case '\0':
		token->kind = SCAN_END;
		if (scan->depth)
			fail(scan, token, scan->opened[scan->depth - 1],
			     "the { that opens here is never closed; add the } that it, or one inside it, lacks");
		break;
	case '=':
	case ',':
		token->kind = peek(scan, 0) == '=' ? SCAN_EQUALS : SCAN_COMMA;
		pass_byte(scan, false);
		break;
	case '{':
	case '}':
		token->kind = peek(scan, 0) == '{' ? SCAN_OPEN : SCAN_CLOSE;
		scan_brace(scan, token);
		break;
	case '"':
	case '\'':
		scan_text(scan, token);
		break;
	default:
		scan_bare(scan, token);
	}
	token->length = scan->at - token->start;
}
