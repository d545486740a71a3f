/* SPDX-License-Identifier: MIT */
/*
 * outcome.h - how a check ended.  Pure.
 */
#ifndef MPFAILOVER_OUTCOME_H
#define MPFAILOVER_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/table.h"

enum outcome_kind {
	OUTCOME_SUCCESS,
	OUTCOME_FAILURE, /* definite: refused, reset, unreachable, a wrong answer */
	OUTCOME_SILENCE, /* the deadline passed */
	OUTCOME_VOID,    /* says nothing about the candidate: this machine's fault, or a command that could not tell */
};

struct outcome {
	enum outcome_kind kind;
	enum mpf_reason reason;
	uint32_t detail;       /* of the reason */
	uint32_t handshake_us; /* as the kernel measured it, 0: not measured */
	uint32_t cert_until_s; /* the certificate's end, 0: not known */
	bool unanswered;       /* silence, and not even a handshake: one lost packet is enough for that */
};

const char *outcome_kind_name(enum outcome_kind kind);

static inline bool outcome_is_bad(enum outcome_kind kind)
{
	return kind == OUTCOME_FAILURE || kind == OUTCOME_SILENCE;
}

/* What ERROR (an errno, of a connect, a read or a write) says. */
struct outcome outcome_from_errno(int error);

#endif
