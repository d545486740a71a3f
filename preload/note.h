/* SPDX-License-Identifier: MIT */
/*
 * note.h - MPFAILOVER_LOG: one line, one write(2), for each connection that was moved or failed over.
 *
 * Silent by default.  Async-signal-safe, but signals must be held off; keeps no descriptor; writes to descriptor 2 only while it is the
 * file that it was when the program started.
 */
#ifndef MPFAILOVER_NOTE_H
#define MPFAILOVER_NOTE_H

#include "preload/endpoint.h"
#include "preload/lookup.h"

/* TARGET: "stderr", a file's path (must stay valid), or NULL or "" for silence. */
void note_init(const char *target);

/* "service moved asked=... used=... why=... ms=...".  WHY is one word or a quoted text. */
void note_moved(const struct snapshot *snapshot, const struct endpoint *asked, const struct endpoint *used, const char *why,
		uint32_t elapsed_us);

#endif
