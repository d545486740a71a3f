/* SPDX-License-Identifier: MIT */
/*
 * table.h - the health table: one file, written by mpfailoverd, mapped read-only by every client.
 *
 * This header is the ABI between programs that were built at different times, for different word sizes and
 * against different C libraries.  It therefore knows nothing but uint32_t and byte arrays, and every offset is
 * asserted at its end.  Multi-byte numbers are in the machine's own byte order; addresses are in network order.
 *
 *     struct mpf_header                one page: who writes, is it alive, where things are
 *     slot 0: struct mpf_slot          the configuration, and the verdicts that belong to it
 *     slot 1: struct mpf_slot
 *
 * GROWTH.  Fields are only ever appended to a struct, structs only ever appended to a slot.  A reader finds the
 * elements of an array by the offset and stride that the header gives, never by sizeof, so it goes on reading a
 * table that a newer writer laid out.  A change that cannot be made so raises MPF_ABI, and old readers pass through.
 *
 * TRUST.  A reader maps a file only if it is a regular file, not writable by group or others, and owned by root, by
 * the reader's effective user, or by the owner of the compiled-in run directory.  Then it checks magic, ABI,
 * sizes and strides, and afterwards every index that it reads: a damaged table yields "not ours", never a crash.
 * Magic is stored last, so a file that was never finished is not a table.
 *
 * VERDICTS are one aligned 32-bit word for each candidate, stored and loaded atomically (relaxed: a word means
 * something by itself).  So is the handshake time.  They change in place, in the active slot.
 *
 * CONFIGURATION (services, hosts, candidates, uplinks) never changes in place.  The writer
 *     1. makes the idle slot's generation odd,              (release fence)
 *     2. fills the slot, current verdicts included,         (release fence)
 *     3. makes its generation even, and never the same again,
 *     4. stores the slot's number in header.active          (release).
 * A reader
 *     1. loads header.active, then that slot's generation (acquire); odd or zero: not readable,
 *     2. copies what it needs: one service and its at most 16 candidates, under 2 KiB,
 *     3. (acquire fence) loads the generation again: unchanged, the copy is whole; else once more from 1, then
 *        it passes through.
 * No lock, no waiting, no system call.  A writer killed at any instruction leaves the old slot in force, because
 * only step 4 moves readers over.  The next writer takes the odd generation that it finds onwards.
 *
 * WRITERS.  One at a time: it holds an exclusive flock() on the file's name with ".lock" appended.  It never shrinks a
 * file that could be mapped.  A table of its own ABI and size is used on; another file is replaced: marked
 * `retired` if it is a table, then a finished one is renamed over it.  A restarted writer adopts verdicts and operator
 * states if the boot id is this boot's, matching by what identifies a candidate (service, name, address, port,
 * uplink), not by its position.
 *
 * TIME is CLOCK_MONOTONIC in milliseconds, cut to 32 bits and compared by unsigned subtraction (fields in _ms);
 * "since when" is wall-clock seconds, unsigned (fields in _s: good until 2106).
 */
#ifndef MPFAILOVER_TABLE_H
#define MPFAILOVER_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define MPF_MAGIC 0x3146504du /* "MPF1" in a little-endian dump */
#define MPF_ABI 1u

#ifndef MPF_RUN_DIR
#define MPF_RUN_DIR "/run/mpfailover"
#endif
#define MPF_DEFAULT_TABLE MPF_RUN_DIR "/table"

enum {
	MPF_MAX_SERVICES = 128,
	MPF_MAX_HOSTS = 1024,
	MPF_MAX_CANDIDATES = 1024,        /* in all */
	MPF_MAX_SERVICE_CANDIDATES = 16, /* in one service */
	MPF_MAX_PORTS = 16,              /* in one service */
	MPF_MAX_UPLINKS = 32,
	MPF_NAME_SIZE = 64,      /* a service's, candidate's or uplink's name, with its NUL */
	MPF_HOST_SIZE = 256,     /* a host pattern, with its NUL (RFC 1035: 253 characters) */
	MPF_PATH_SIZE = 108,     /* a socket's path, with its NUL (sockaddr_un) */
	MPF_INDEX_SIZE = 4096,   /* words in each index: a power of two, at most half full */
	MPF_MAX_FILE = 4 << 20, /* a reader refuses a larger file; this ABI's writer makes about 1 MiB */
};

/* ------------------------------------------------------------------------------------------------ the verdict word */

/*
 *   bits 0-3    verdict    what the checks say
 *   bits 4-7    operator   what an operator says
 *   bits 8-11   flags
 *   bits 12-19  reason     of the last change or failure
 *   bits 20-31  detail     of the reason: an HTTP status, an errno, an exit status
 */
enum mpf_verdict {
	MPF_UNKNOWN = 0, /* not yet tried */
	MPF_UP = 1,
	MPF_SUSPECT = 2, /* failing, but not yet `fall` times */
	MPF_DOWN = 3,
};

enum mpf_operator {
	MPF_READY = 0,
	MPF_DRAIN = 1, /* no new connections unless nothing better is usable */
	MPF_MAINT = 2, /* none at all */
};

enum mpf_flag {
	MPF_DOUBTED = 1, /* a client reported a failure: after the other up ones until a canary or check has answered */
	MPF_HELD = 2,    /* up again, but fail-back waits (for hold-up to pass, or for an operator) */
};

enum mpf_reason {
	MPF_REASON_NONE = 0,
	MPF_REASON_CONNECTED,       /* tcp: the handshake completed */
	MPF_REASON_PASSED,          /* tls, http, https, exec: all that was asked held (http: detail = status) */
	MPF_REASON_REFUSED,         /* ECONNREFUSED */
	MPF_REASON_RESET,           /* ECONNRESET or an early end */
	MPF_REASON_TIMEOUT,         /* the check's one deadline passed */
	MPF_REASON_UNREACHABLE,     /* E{HOST,NET}{UNREACH,DOWN} (detail = errno) */
	MPF_REASON_LOCAL,           /* this machine's own fault, no verdict (detail = errno) */
	MPF_REASON_TLS,             /* the TLS handshake failed */
	MPF_REASON_CERT_UNTRUSTED,  /* unknown issuer, self-signed */
	MPF_REASON_CERT_EXPIRED,    /* expired, or not yet valid */
	MPF_REASON_CERT_NAME,       /* for another name */
	MPF_REASON_STATUS,          /* http: a status outside the range (detail = status) */
	MPF_REASON_CONTENT,         /* http: `contains` was not found (detail = status) */
	MPF_REASON_PROTOCOL,        /* http: the answer was not HTTP */
	MPF_REASON_EXIT,            /* exec: exit 1 (detail = exit status) */
	MPF_REASON_CANARIES,        /* clients reported it, or its uplink is in doubt, and three canaries missed */
	MPF_REASON_OPERATOR,        /* an operator's word */
	MPF_REASON_DNS,             /* the answer that gave this address is gone */
	MPF_REASONS,
};

#define MPF_WORD(verdict, oper, flags, reason, detail)                                                         \
	((uint32_t)(verdict) | (uint32_t)(oper) << 4 | (uint32_t)(flags) << 8 | (uint32_t)(reason) << 12 |     \
	 (uint32_t)(detail) << 20)

static inline uint32_t mpf_word_verdict(uint32_t word) { return word & 0xf; }
static inline uint32_t mpf_word_operator(uint32_t word) { return word >> 4 & 0xf; }
static inline uint32_t mpf_word_flags(uint32_t word) { return word >> 8 & 0xf; }
static inline uint32_t mpf_word_reason(uint32_t word) { return word >> 12 & 0xff; }
static inline uint32_t mpf_word_detail(uint32_t word) { return word >> 20; }

/* ------------------------------------------------------------------------------------------------------ the header */

/* Where an array lies in a slot. */
struct mpf_array {
	uint32_t offset; /* bytes from the start of the slot */
	uint32_t stride; /* bytes from one element to the next, at least this ABI's size of it */
	uint32_t limit;  /* elements there is room for */
};

struct mpf_header {
	uint32_t magic;          /* MPF_MAGIC, stored last */
	uint32_t abi;            /* MPF_ABI */
	uint32_t header_size;    /* bytes */
	uint32_t file_size;      /* bytes; the file is at least as long */
	uint32_t slot_offset[2]; /* bytes from the start of the file */
	uint32_t slot_size;      /* bytes */
	uint32_t active;         /* 0 or 1: the slot in force */
	uint32_t retired;        /* not 0: another file has taken this one's place, look again */
	uint32_t heartbeat_ms;   /* CLOCK_MONOTONIC, stored once a second while the writer lives */
	uint32_t off;            /* not 0: an operator's word, clients pass everything through */
	uint32_t writer_pid;     /* 0 after a clean end */
	struct mpf_array services, hosts, candidates, infos, uplinks, address_index, host_index;
	uint8_t boot_id[40];              /* text of /proc/sys/kernel/random/boot_id, NUL-padded */
	uint8_t report[MPF_PATH_SIZE];    /* path of the report socket, NUL-padded; empty: none */
	uint8_t control[MPF_PATH_SIZE];   /* path of the control socket, likewise */
	uint8_t version[24];              /* the writer's version, NUL-padded text */
};

/* -------------------------------------------------------------------------------------------------------- the slot */

enum mpf_all_down { MPF_ALL_DOWN_TRY = 0, MPF_ALL_DOWN_PASS = 1 };
enum mpf_when_stale { MPF_STALE_LAST_GOOD = 0, MPF_STALE_PASS = 1 };
enum mpf_resolve { MPF_RESOLVE_TABLE = 0, MPF_RESOLVE_DNS = 1 };

struct mpf_service {
	uint32_t off;             /* not 0: an operator's word for this service (changes in place) */
	uint32_t first_candidate; /* index into candidates; a service's own are contiguous, in the file's order */
	uint32_t candidate_count; /* 1 to MPF_MAX_SERVICE_CANDIDATES */
	uint32_t port_count;      /* 0: any port */
	uint32_t ports[MPF_MAX_PORTS];
	uint32_t all_down;    /* enum mpf_all_down */
	uint32_t when_stale;  /* enum mpf_when_stale */
	uint32_t resolve;     /* enum mpf_resolve */
	uint32_t stale_after_ms;
	uint32_t stick_ms; /* 0: off */
	uint32_t nonblocking_wait_ms;
	uint32_t attempt_floor_ms;
	uint32_t attempt_ceiling_ms;
	uint8_t name[MPF_NAME_SIZE];
};

/* What a host name maps to.  Patterns are stored in lower case without a trailing dot; "*.x" matches one or more
 * labels before ".x". */
struct mpf_host {
	uint32_t service; /* index */
	uint32_t next;    /* index + 1 of the next record with the same pattern (another service's), 0: none */
	uint8_t pattern[MPF_HOST_SIZE];
};

/* The part of a candidate that a client copies. */
struct mpf_candidate {
	uint32_t word;         /* verdict word (changes in place) */
	uint32_t handshake_us; /* upper estimate of the handshake time, 0: not measured (changes in place) */
	uint32_t service;      /* index */
	uint32_t next;         /* index + 1 of the next candidate with this address in another service, 0: none */
	uint8_t address[16];   /* IPv6, or IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;        /* sin6_scope_id, 0: none */
	uint32_t port;         /* 0: the port that was asked for; else this one, and then no asked address maps here */
	uint32_t uplink;       /* index + 1, 0: none */
	uint32_t has_source;   /* not 0: connect from `source` */
	uint8_t source[16];    /* the uplink's source address, as `address` */
};

/* Where a candidate's address comes from. */
enum mpf_from_dns {
	MPF_FROM_FILE = 0,
	MPF_FROM_DNS = 1,
	MPF_GONE_FROM_DNS = 2, /* it was answered once, but no more */
};

/* The part that only `mpfailoverctl` and a restarted daemon read; same index as the candidate.  Changes in place. */
struct mpf_info {
	uint8_t name[MPF_NAME_SIZE];
	uint32_t since_s;      /* when the verdict became what it is, 0: never */
	uint32_t checked_s;    /* when the last check ended, 0: never */
	uint32_t check_us;     /* how long it took */
	uint32_t last_reason;  /* of the last check: enum mpf_reason | detail << 8 */
	uint32_t streak;       /* checks in a row with that outcome */
	uint32_t cert_until_s; /* the certificate's end, 0: not known */
	uint32_t moved;        /* connections that clients reported as moved here from another address */
	uint32_t failed_over;  /* attempts on this one that clients reported as failed */
	uint32_t from_dns;     /* enum mpf_from_dns */
	uint32_t changes;      /* of the verdict, within the last hour */
	uint32_t held_until_s; /* while held: when that ends, 0: when an operator says so */
	uint32_t cert_warns;   /* not 0: the certificate ends within `cert-warn` */
};

struct mpf_uplink {
	uint32_t down; /* not 0: all candidates through it fail while another's live (changes in place) */
	uint32_t since_s;
	uint32_t has_source;
	uint8_t source[16];
	uint8_t name[MPF_NAME_SIZE];
	uint8_t interface[16];
};

struct mpf_slot {
	uint32_t generation; /* odd: being written; 0: never written */
	uint32_t service_count;
	uint32_t host_count;
	uint32_t candidate_count;
	uint32_t uplink_count;
	uint32_t loaded_s;     /* when this configuration was read */
	uint8_t source[256];   /* the configuration file's name, NUL-padded, cut if longer */
	/* Open addressing, linear probing, 0: empty.  The value is an index + 1: of the first candidate with this
	 * address (follow `next` for the other services that hold it), of the first host record with this pattern. */
	uint32_t address_index[MPF_INDEX_SIZE];
	uint32_t host_index[MPF_INDEX_SIZE];
	struct mpf_service services[MPF_MAX_SERVICES];
	struct mpf_candidate candidates[MPF_MAX_CANDIDATES];
	struct mpf_info infos[MPF_MAX_CANDIDATES];
	struct mpf_uplink uplinks[MPF_MAX_UPLINKS];
	struct mpf_host hosts[MPF_MAX_HOSTS];
};

enum {
	MPF_HEADER_SPACE = 4096, /* slot 0 starts on a page of its own */
	MPF_SLOT_SPACE = (sizeof(struct mpf_slot) + 4095) / 4096 * 4096,
	MPF_FILE_SIZE = MPF_HEADER_SPACE + 2 * MPF_SLOT_SPACE,
};

/* -------------------------------------------------------------------------------------------------------- the hashes */

/* Hash of an address, for address_index; take it modulo MPF_INDEX_SIZE.  Two multiplications of 32 by 32 bits, both halves of which count,
 * so that neighbouring addresses of either family spread. */
static inline uint32_t mpf_hash_address(const uint8_t address[16])
{
	uint32_t word[4];
	__builtin_memcpy(word, address, sizeof word);
	const uint64_t high = (uint64_t)(word[0] ^ 0xc2b2ae35u) * (word[1] ^ 0x27d4eb2fu);
	const uint64_t low = (uint64_t)(word[2] ^ 0x9e3779b1u) * (word[3] ^ 0x85ebca6bu);
	const uint64_t both = low ^ (high >> 7 | high << 57);
	const uint32_t hash = (uint32_t)both ^ (uint32_t)(both >> 32);
	return hash ^ hash >> 15;
}

/* Hash of a host pattern, from its last character to its first, so that one walk over a name passes the hash of each of
 * its suffixes.  A wildcard is hashed as its suffix with the leading dot ("*.x.org" as ".x.org"). */
#define MPF_HASH_HOST_START 2166136261u
static inline uint32_t mpf_hash_host_step(uint32_t hash, uint8_t lower_case_character)
{
	return (hash ^ lower_case_character) * 16777619u;
}
static inline uint32_t mpf_hash_host_end(uint32_t hash) { return hash ^ hash >> 15; }

/* ---------------------------------------------------------------------------------------------------- the reports */

/* One datagram to header.report.  Untrusted: it can make the daemon look, never make it believe. */
enum mpf_report_kind {
	MPF_REPORT_FAILED = 1, /* a connect to this candidate failed, or passed our deadline */
	MPF_REPORT_MOVED = 2,  /* a connection was moved to this candidate from the address that was asked for */
};

struct mpf_report {
	uint32_t magic;      /* MPF_MAGIC */
	uint32_t kind;       /* enum mpf_report_kind */
	uint32_t generation; /* of the slot that the client read */
	uint32_t candidate;  /* index in that slot */
	uint32_t error;      /* errno; ETIMEDOUT for our deadline too */
	uint32_t elapsed_us;
};

/* ------------------------------------------------------------------------------------------------ what may not move */

#define MPF_AT(type, field, where) \
	_Static_assert(offsetof(struct type, field) == (where), "ABI: " #type "." #field)
#define MPF_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), "ABI: size of " #type)

MPF_SIZE(mpf_array, 12);
MPF_AT(mpf_header, magic, 0);
MPF_AT(mpf_header, abi, 4);
MPF_AT(mpf_header, header_size, 8);
MPF_AT(mpf_header, file_size, 12);
MPF_AT(mpf_header, slot_offset, 16);
MPF_AT(mpf_header, slot_size, 24);
MPF_AT(mpf_header, active, 28);
MPF_AT(mpf_header, retired, 32);
MPF_AT(mpf_header, heartbeat_ms, 36);
MPF_AT(mpf_header, off, 40);
MPF_AT(mpf_header, writer_pid, 44);
MPF_AT(mpf_header, services, 48);
MPF_AT(mpf_header, hosts, 60);
MPF_AT(mpf_header, candidates, 72);
MPF_AT(mpf_header, infos, 84);
MPF_AT(mpf_header, uplinks, 96);
MPF_AT(mpf_header, address_index, 108);
MPF_AT(mpf_header, host_index, 120);
MPF_AT(mpf_header, boot_id, 132);
MPF_AT(mpf_header, report, 172);
MPF_AT(mpf_header, control, 280);
MPF_AT(mpf_header, version, 388);
MPF_SIZE(mpf_header, 412);

MPF_AT(mpf_service, off, 0);
MPF_AT(mpf_service, first_candidate, 4);
MPF_AT(mpf_service, candidate_count, 8);
MPF_AT(mpf_service, port_count, 12);
MPF_AT(mpf_service, ports, 16);
MPF_AT(mpf_service, all_down, 80);
MPF_AT(mpf_service, when_stale, 84);
MPF_AT(mpf_service, resolve, 88);
MPF_AT(mpf_service, stale_after_ms, 92);
MPF_AT(mpf_service, stick_ms, 96);
MPF_AT(mpf_service, nonblocking_wait_ms, 100);
MPF_AT(mpf_service, attempt_floor_ms, 104);
MPF_AT(mpf_service, attempt_ceiling_ms, 108);
MPF_AT(mpf_service, name, 112);
MPF_SIZE(mpf_service, 176);

MPF_AT(mpf_host, service, 0);
MPF_AT(mpf_host, next, 4);
MPF_AT(mpf_host, pattern, 8);
MPF_SIZE(mpf_host, 264);

MPF_AT(mpf_candidate, word, 0);
MPF_AT(mpf_candidate, handshake_us, 4);
MPF_AT(mpf_candidate, service, 8);
MPF_AT(mpf_candidate, next, 12);
MPF_AT(mpf_candidate, address, 16);
MPF_AT(mpf_candidate, scope, 32);
MPF_AT(mpf_candidate, port, 36);
MPF_AT(mpf_candidate, uplink, 40);
MPF_AT(mpf_candidate, has_source, 44);
MPF_AT(mpf_candidate, source, 48);
MPF_SIZE(mpf_candidate, 64);

MPF_AT(mpf_info, name, 0);
MPF_AT(mpf_info, since_s, 64);
MPF_AT(mpf_info, checked_s, 68);
MPF_AT(mpf_info, check_us, 72);
MPF_AT(mpf_info, last_reason, 76);
MPF_AT(mpf_info, streak, 80);
MPF_AT(mpf_info, cert_until_s, 84);
MPF_AT(mpf_info, moved, 88);
MPF_AT(mpf_info, failed_over, 92);
MPF_AT(mpf_info, from_dns, 96);
MPF_AT(mpf_info, changes, 100);
MPF_AT(mpf_info, held_until_s, 104);
MPF_AT(mpf_info, cert_warns, 108);
MPF_SIZE(mpf_info, 112);

MPF_AT(mpf_uplink, down, 0);
MPF_AT(mpf_uplink, since_s, 4);
MPF_AT(mpf_uplink, has_source, 8);
MPF_AT(mpf_uplink, source, 12);
MPF_AT(mpf_uplink, name, 28);
MPF_AT(mpf_uplink, interface, 92);
MPF_SIZE(mpf_uplink, 108);

MPF_AT(mpf_slot, generation, 0);
MPF_AT(mpf_slot, service_count, 4);
MPF_AT(mpf_slot, host_count, 8);
MPF_AT(mpf_slot, candidate_count, 12);
MPF_AT(mpf_slot, uplink_count, 16);
MPF_AT(mpf_slot, loaded_s, 20);
MPF_AT(mpf_slot, source, 24);
MPF_AT(mpf_slot, address_index, 280);
MPF_AT(mpf_slot, host_index, 16664);
MPF_AT(mpf_slot, services, 33048);
MPF_AT(mpf_slot, candidates, 55576);
MPF_AT(mpf_slot, infos, 121112);
MPF_AT(mpf_slot, uplinks, 235800);
MPF_AT(mpf_slot, hosts, 239256);
MPF_SIZE(mpf_slot, 509592);

MPF_SIZE(mpf_report, 24);

#undef MPF_AT
#undef MPF_SIZE

#endif
