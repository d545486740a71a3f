/* SPDX-License-Identifier: MIT */
/*
 * memo.h - what this process remembers of its own connects: which candidate failed lately, and where an address was
 * moved to.
 *
 * Fixed arrays of single words: no lock, no allocation, safe in a signal handler.  Two things that share a place overwrite each
 * other; a lost memory costs an attempt, never a connection.
 */
#ifndef MPFAILOVER_MEMO_H
#define MPFAILOVER_MEMO_H

#include <stdbool.h>

#include "preload/endpoint.h"
#include "preload/lookup.h"

/* Bit i: candidate i failed this process within the last second, and the table does not know better.  PORT: the one that was asked for. */
uint32_t memo_failed(const struct snapshot *snapshot, uint16_t port, uint32_t now_ms);

/* TOLD: the daemon has been told, so its flag in the table speaks from 4 ms on (a tick of the coarse clock), as it does when its canary has found that only a packet
 * was lost; unless there are five failures in a row. */
void memo_note_failed(const struct mpf_candidate *candidate, uint16_t port, uint32_t now_ms, bool told);
void memo_note_worked(const struct mpf_candidate *candidate, uint16_t port);

/* The candidate that ASKED's address was moved to within the service's `stick`, if it was for another port; -1: none. */
int memo_sticky(const struct snapshot *snapshot, const struct endpoint *asked, uint32_t now_ms);
/* ASKED went to ASKED itself: a move on that very port is over. */
void memo_note_stayed(const struct endpoint *asked);
void memo_note_moved(const struct endpoint *asked, const struct mpf_candidate *used, uint32_t now_ms);

#endif
