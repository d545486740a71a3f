/* SPDX-License-Identifier: MIT */
/*
 * grammar.h - every section and option there is, with defaults and limits.
 *
 * The one table that drives the parser, the messages, and the tests of the manual and the example.  Defaults and limits
 * are written as in a file, and pass through the same checks.
 */
#ifndef MPFAILOVER_GRAMMAR_H
#define MPFAILOVER_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

enum grammar_kind {
	GRAMMAR_TEXT,    /* const char *, no control characters */
	GRAMMAR_BODY,    /* const char *, anything but NUL */
	GRAMMAR_PATH,    /* const char *, absolute, or "" if that is the default */
	GRAMMAR_SOCKET,  /* likewise, short enough for a socket */
	GRAMMAR_CA_FILE, /* likewise, readable */
	GRAMMAR_USER,    /* const char *, "" or one that exists */
	GRAMMAR_GROUP,   /* likewise */
	GRAMMAR_TARGET,  /* const char *, the path of a URL */
	GRAMMAR_TOKEN,   /* const char *, an HTTP token */
	GRAMMAR_HOST,    /* const char *, lower case, or "" */
	GRAMMAR_LISTEN,  /* const char *, ADDRESS:PORT */
	GRAMMAR_DEVICE,  /* const char *, an interface's name, or "" */
	GRAMMAR_MS,      /* uint32_t, milliseconds */
	GRAMMAR_SECONDS, /* uint32_t, seconds */
	GRAMMAR_NUMBER,  /* uint32_t */
	GRAMMAR_PORT,    /* uint16_t */
	GRAMMAR_FLAG,    /* bool */
	GRAMMAR_WORD,    /* an enum: index into `words` */
	GRAMMAR_EVENTS,  /* list: unsigned, 1 << index into `words`, or'ed */
	GRAMMAR_STATUS,  /* struct conf_status_range *, and the count behind it */
	GRAMMAR_HEADERS, /* list: const char **, likewise */
	GRAMMAR_HOSTS,   /* list: likewise */
	GRAMMAR_PORTS,   /* list: uint16_t *, likewise */
	GRAMMAR_ADDRESS, /* struct conf_candidate: is_dns and address */
	GRAMMAR_SOURCE,  /* struct conf_uplink: has_source and source */
	GRAMMAR_CHECK,   /* reference */
	GRAMMAR_TIMING,  /* reference */
	GRAMMAR_UPLINK,  /* reference */
	GRAMMAR_UPLINKS, /* list of references */
};

struct grammar_option {
	const char *name;
	enum grammar_kind kind;
	const char *fallback; /* NULL: must be given.  A list's default is empty */
	const char *low, *high;
	const char *const *words; /* ends in NULL */
	unsigned types;           /* of a check: 1 << enum conf_check_type, or'ed; 0: all */
	size_t offset;
};

struct grammar_section {
	const char *name; /* "": the file itself */
	bool titled;
	const struct grammar_option *options;          /* ends in a NULL name */
	const struct grammar_section *const *sections; /* those within it, ends in NULL */
};

extern const struct grammar_section grammar_file, grammar_uplink, grammar_check, grammar_timing, grammar_service,
	grammar_candidate, grammar_hook, grammar_control, grammar_metrics;

bool grammar_is_list(enum grammar_kind kind);

const struct grammar_option *grammar_option(const struct grammar_section *section, const char *name);
const struct grammar_section *grammar_section(const struct grammar_section *section, const char *name);

/* Writes what to do about NAME, which SECTION does not know: the nearest name, the section that has it, or a hint. */
void grammar_advise(const struct grammar_section *section, const char *name, char *advice, size_t size);

#endif
