/* SPDX-License-Identifier: MIT */
#include "probe/ctl/shebang.h"

#include <stdio.h>
#include <string.h>

static const char blanks[] = " \t";

bool shebang_read(struct shebang *out, const void *data, size_t size)
{
	char line[SHEBANG_SIZE] = "";
	if (size < 2 || memcmp(data, "#!", 2) != 0)
		return false;
	memcpy(line, data, size < sizeof line ? size : sizeof line - 1);
	line[strcspn(line, "\n")] = '\0';
	const char *interpreter = line + 2 + strspn(line + 2, blanks);
	const size_t length = strcspn(interpreter, blanks);
	const char *argument = interpreter + length + strspn(interpreter + length, blanks);
	snprintf(out->interpreter, sizeof out->interpreter, "%.*s", (int)length, interpreter);
	snprintf(out->argument, sizeof out->argument, "%s", argument);
	for (size_t end = strlen(out->argument); end > 0 && strchr(blanks, out->argument[end - 1]); end--)
		out->argument[end - 1] = '\0';
	return length > 0;
}

/* Copies the word that begins at TEXT, without its quotes, and returns where it ends. */
static const char *take_word(const char *text, char word[SHEBANG_SIZE])
{
	size_t length = 0;
	for (; *text && !strchr(blanks, *text); text++)
		if (!strchr("'\"", *text) && length < SHEBANG_SIZE - 1)
			word[length++] = *text;
	word[length] = '\0';
	return text;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* "LD_PRELOAD", or that with a value. */
static bool is_preload(const char *word)
{
	const char preload[] = "LD_PRELOAD";
	return begins(word, preload) && (!word[sizeof preload - 1] || word[sizeof preload - 1] == '=');
}

/* Options with one dash, from behind it; returns where the words go on. */
static const char *take_short(const char *text, bool *drops)
{
	char value[SHEBANG_SIZE];
	*drops |= !*text || strchr(blanks, *text); /* "-" is "-i" */
	for (; *text && !strchr(blanks, *text); text++) {
		*drops |= *text == 'i';
		if (*text == 'S')
			return text + 1;
		if (*text == 'u' || *text == 'C') { /* its value: what is left of the word, or the next one */
			const bool unset = *text == 'u';
			text = take_word(text + 1 + strspn(text + 1, blanks), value);
			*drops |= unset && is_preload(value);
			return text;
		}
	}
	return text;
}

static const char *take_long(const char *text, bool *drops)
{
	const char split[] = "--split-string=", unset[] = "--unset=";
	char word[SHEBANG_SIZE];
	if (begins(text, split))
		return text + sizeof split - 1;
	text = take_word(text, word);
	*drops |= !strcmp(word, "--ignore-environment") || (begins(word, unset) && is_preload(word + sizeof unset - 1));
	return text;
}

void shebang_env(const char *argument, char command[SHEBANG_SIZE], bool *drops)
{
	const char *text = argument;
	while (*(text += strspn(text, blanks))) {
		if (begins(text, "--"))
			text = take_long(text, drops);
		else if (*text == '-')
			text = take_short(text + 1, drops);
		else {
			text = take_word(text, command);
			if (!strchr(command, '='))
				return;
			*drops |= is_preload(command);
		}
	}
	*command = '\0';
}
