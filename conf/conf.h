/* SPDX-License-Identifier: MIT */
/*
 * conf.h - a configuration file as plain structs.
 *
 * This is the only door to libconfuse.  Durations are in milliseconds unless the name says otherwise, every string is
 * non-NULL ("" when not set), arrays are in the file's order, and what a reference names (check, timing, uplink) is a
 * pointer to it.  Everything belongs to the struct conf and lives until conf_free().
 */
#ifndef MPFAILOVER_CONF_H
#define MPFAILOVER_CONF_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More is refused. */
enum {
	CONF_MAX_SERVICES = 128,
	CONF_MAX_HOSTS = 1024,      /* in all */
	CONF_MAX_CANDIDATES = 1024, /* in all, each uplink of `uplinks` counted */
	CONF_MAX_SERVICE_CANDIDATES = 16,
	CONF_MAX_PORTS = 16,
	CONF_MAX_UPLINKS = 32,
	CONF_MAX_WARNINGS = 64,
	CONF_NAME_SIZE = 64, /* of any name, with its NUL */
};

enum conf_check_type { CONF_TCP, CONF_TLS, CONF_HTTP, CONF_HTTPS, CONF_EXEC };
enum conf_failback { CONF_FAILBACK_AUTO, CONF_FAILBACK_HOLD };
enum conf_all_down { CONF_ALL_DOWN_TRY, CONF_ALL_DOWN_PASS };
enum conf_when_stale { CONF_STALE_LAST_GOOD, CONF_STALE_PASS };
enum conf_resolve { CONF_RESOLVE_TABLE, CONF_RESOLVE_DNS };
enum conf_prefer { CONF_PREFER_FILE, CONF_PREFER_DNS };

/* Hook events, as bits. */
enum conf_event {
	CONF_ON_DOWN = 1 << 0,
	CONF_ON_UP = 1 << 1,
	CONF_ON_ALL_DOWN = 1 << 2,
	CONF_ON_UPLINK_DOWN = 1 << 3,
	CONF_ON_UPLINK_UP = 1 << 4,
	CONF_ON_CERT_WARN = 1 << 5,
};

/* IPv6, or IPv4 as ::ffff:a.b.c.d. */
struct conf_address {
	struct in6_addr ip;
	uint32_t scope; /* interface index of a link-local address, 0: none */
};

struct conf_uplink {
	const char *name;
	bool has_source;
	struct conf_address source;
	const char *interface; /* "": none */
	unsigned line;         /* on which it opens, */
	const char *file;      /* in this file: with `include` not always conf.file */
};

/* Accepted HTTP statuses, inclusive. */
struct conf_status_range {
	unsigned low, high; /* 100 to 599 */
};

struct conf_check {
	const char *name;
	enum conf_check_type type;
	const char *path;
	const char *method;
	struct conf_status_range *status;
	size_t status_count;
	const char *contains; /* "": not looked for */
	const char **headers; /* "Name: value" */
	size_t header_count;
	const char *body;
	bool verify;
	const char *ca_file;  /* "": the system's */
	const char *host;     /* "": the service's first host that is no pattern */
	uint32_t cert_warn_s; /* 0: off */
	uint16_t port;        /* 0: the service's first */
	const char *command;  /* exec */
	unsigned line;
	const char *file;
};

struct conf_timing {
	const char *name;
	uint32_t interval_ms, fast_ms, down_ms, timeout_ms;
	uint32_t fall, rise;     /* 1 to 100 */
	uint32_t jitter_percent; /* 0 to 50 */
	uint32_t hold_up_ms;
	unsigned line;
	const char *file;
};

struct conf_candidate {
	const char *name;
	bool is_dns; /* address = "@dns": `address` is not set */
	struct conf_address address;
	bool is_stale; /* an answer of DNS in the place of "@dns" that it gives no more */
	uint16_t port; /* 0: the one that was asked for */
	/* NULL: none.  `uplinks = { "a", "b" }` becomes one candidate for each, "NAME@a". */
	const struct conf_uplink *uplink;
	unsigned line;
	const char *file;
};

struct conf_service {
	const char *name;
	const char **hosts; /* lower case, no trailing dot */
	size_t host_count;
	uint16_t *ports;
	size_t port_count;              /* 0: any port */
	const struct conf_check *check; /* never NULL: without `check` a built-in tcp check named "" */
	uint16_t check_port;            /* the port that the check uses unless the candidate has its own */
	const char *check_host;         /* SNI and Host of the check, "": none */
	const struct conf_timing *timing;
	enum conf_failback failback;
	enum conf_all_down all_down;
	enum conf_when_stale when_stale;
	enum conf_resolve resolve;
	enum conf_prefer prefer;
	uint32_t stale_after_ms, nonblocking_wait_ms, attempt_floor_ms, attempt_ceiling_ms, stick_ms;
	bool watch;
	struct conf_candidate *candidates; /* 1 to 16 */
	size_t candidate_count;
	unsigned line;
	const char *file;
};

struct conf_hook {
	const char *name;
	const char *command;
	unsigned on; /* enum conf_event, or'ed */
	uint32_t timeout_ms;
	unsigned line;
	const char *file;
};

struct conf {
	const char *file;  /* as it was given */
	const char *table; /* path */
	const char *user;  /* "": stay as started */
	struct conf_uplink *uplinks;
	size_t uplink_count;
	struct conf_check *checks;
	size_t check_count;
	struct conf_timing *timings;
	size_t timing_count;
	struct conf_service *services; /* at least one */
	size_t service_count;
	struct conf_hook *hooks;
	size_t hook_count;
	const char *control_socket; /* "": none */
	const char *control_group;  /* "": the daemon's */
	const char *metrics_listen; /* "": none; else "ADDRESS:PORT", */
	unsigned metrics_line;      /* which stands here, */
	const char *metrics_file;   /* in this file */
	/* Whole lines for a person ("FILE:LINE: ..."): accepted, but worth a look. */
	const char **warnings;
	size_t warning_count;
};

/* Reads and validates FILE.  NULL: refused, and *ERROR holds one line for a person, "FILE:LINE: what is wrong; what to
 * do", to be freed by the caller (NULL only if there was no memory for it).  Not thread-safe (libconfuse is not).
 * Opens FILE, what it includes and each ca-file, asks for interfaces, users and groups, and touches nothing else. */
struct conf *conf_read(const char *file, char **error);

/* The same from memory; NAME stands for the file in messages, and includes are relative to its directory. */
struct conf *conf_parse(const char *name, const char *text, size_t size, char **error);

void conf_free(struct conf *conf); /* NULL is fine */

const char *conf_check_type_name(enum conf_check_type type);

#endif
