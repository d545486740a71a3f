/* SPDX-License-Identifier: MIT */
#include "conf/text.h"

#include <arpa/inet.h>
#include <string.h>

enum { NAME_BYTES = 63, LABEL_BYTES = 63 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

unsigned text_utf8(const char *text, uint32_t *code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *byte = (const unsigned char *)text;
	unsigned length = byte[0] < 0x80       ? 1
	                  : byte[0] >> 5 == 6  ? 2
	                  : byte[0] >> 4 == 14 ? 3
	                  : byte[0] >> 3 == 30 ? 4
	                                       : 0;
	if (length == 0)
		return 0;
	*code = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
	for (unsigned i = 1; i < length; i++) {
		if (byte[i] >> 6 != 2)
			return 0;
		*code = *code << 6 | (byte[i] & 0x3f);
	}
	bool valid = *code >= smallest[length] && *code <= 0x10ffff && *code >> 11 != 0x1b;
	return valid ? length : 0;
}

bool text_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

const char *text_check(const char *text)
{
	while (*text) {
		uint32_t code;
		unsigned length = text_utf8(text, &code);
		if (!length)
			return "not valid UTF-8; save the file as UTF-8";
		if (text_is_control(code))
			return "a control character (a line break, perhaps); remove it";
		text += length;
	}
	return NULL;
}

const char *text_check_name(const char *name)
{
	if (!*name)
		return "the name is empty; give it one";
	if (strlen(name) > NAME_BYTES)
		return "the name is longer than 63 bytes; shorten it";
	if (strchr(name, '/'))
		return "a name holds no \"/\", since commands take SERVICE/CANDIDATE; rename it";
	return text_check(name);
}

/* What is wrong with one label. */
static const char *check_label(const char *label, size_t length)
{
	if (length == 0)
		return "not a host name, there is nothing between two dots; correct it";
	if (length > LABEL_BYTES)
		return "not a host name, a part of it is longer than 63 characters; correct it";
	if (label[0] == '-' || label[length - 1] == '-')
		return "not a host name, a part of it begins or ends with \"-\"; correct it";
	for (size_t i = 0; i < length; i++)
		if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-' && label[i] != '_')
			return "not a host name; letters, digits, \"-\" and \"_\" between dots (international names as xn--...), "
			       "no port, no URL";
	return NULL;
}

const char *text_host(const char *text, bool pattern, char out[TEXT_HOST_SIZE])
{
	struct in6_addr ipv6;
	size_t length = strlen(text);
	if (length && text[length - 1] == '.')
		length--;
	if (length == 0)
		return "the host name is empty; name one, or leave it out";
	if (length >= TEXT_HOST_SIZE)
		return "the host name is longer than 253 characters; correct it";
	for (size_t i = 0; i < length; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 'a' - 'A') : text[i];
	out[length] = '\0';
	/* A last part of digits only makes libc read all of it as an IPv4 address. */
	const char *last = strrchr(out, '.') ? strrchr(out, '.') + 1 : out;
	if ((*last && !last[strspn(last, "0123456789")]) || inet_pton(AF_INET6, out, &ipv6) == 1)
		return "an address is no host name; addresses stand in candidates";
	const char *label = out;
	if (strchr(out, '*')) {
		if (!pattern)
			return "no pattern here; name one host";
		if (strncmp(out, "*.", 2) || strchr(out + 1, '*'))
			return "\"*\" stands only in front, as in \"*.example.com\"; correct it";
		label += 2;
	}
	for (;; label = strchr(label, '.') + 1) {
		size_t size = strcspn(label, ".");
		const char *problem = check_label(label, size);
		if (problem || !label[size])
			return problem;
	}
}

static size_t token_length(const char *text)
{
	size_t i = 0;
	while (is_letter(text[i]) || is_digit(text[i]) || (text[i] && strchr("!#$%&'*+-.^_`|~", text[i])))
		i++;
	return i;
}

const char *text_check_token(const char *text)
{
	size_t length = token_length(text);
	return length && !text[length] ? NULL : "not an HTTP method; one word, as in \"POST\"";
}

const char *text_check_header(const char *text)
{
	size_t length = token_length(text);
	if (!length || text[length] != ':')
		return "not a header; write \"Name: value\"";
	return text_check(text);
}

const char *text_check_target(const char *text)
{
	if (text[0] != '/')
		return "a path starts with \"/\"; write what follows the host in the URL";
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f)
			return "no spaces or other than ASCII in a path; write them as %20 and so on";
	return NULL;
}

/* Three digits from 100 to 599; 0: none. */
static unsigned status(const char **text)
{
	unsigned value = 0, digits = 0;
	for (; is_digit(**text) && digits < 3; ++*text, digits++)
		value = value * 10 + (unsigned)(**text - '0');
	return digits == 3 && value >= 100 && value <= 599 ? value : 0;
}

const char *text_status(const char *text, struct conf_status_range out[TEXT_STATUS_RANGES], size_t *count)
{
	for (*count = 0; *count < TEXT_STATUS_RANGES;) {
		text += strspn(text, " ");
		unsigned low = status(&text), high = low;
		if (low && *text == '-') {
			text++;
			high = status(&text);
		}
		if (!low || !high)
			return "not a list of HTTP statuses (100 to 599); write it as \"200-399\" or \"200,301-302\"";
		if (low > high)
			return "a range that ends before it starts; swap the two";
		out[(*count)++] = (struct conf_status_range){ low, high };
		text += strspn(text, " ");
		if (!*text)
			return NULL;
		if (*text++ != ',')
			return "something follows an HTTP status; separate them by commas, as in \"200,301-302\"";
	}
	return "too many ranges; join some";
}
