/* SPDX-License-Identifier: MIT */
/*
 * image.h - a configuration as the content of a table slot.  Pure: no system call, no clock.
 */
#ifndef MPFAILOVER_IMAGE_H
#define MPFAILOVER_IMAGE_H

#include <stdbool.h>

#include "preload/table.h"

struct conf;

/* Fills IMAGE from CONF (validated by conf_read(), so within the table's bounds), all verdicts unknown.
 * Candidates stand in the order of the file: those of service 0, then those of service 1 ...; "@dns" itself is left out, and
 * a service that has no other candidate is left out with its hosts.  LOADED_S: wall clock, seconds. */
void image_build(struct mpf_slot *image, const struct conf *conf, uint32_t loaded_s);

/* Takes over from PREVIOUS (another image or a slot) what belongs to the same things: of a candidate (service, name,
 * address, port, uplink) verdict word, handshake time and history, of a service and an uplink the operator's and daemon's words.
 * Returns how many candidates it knew. */
unsigned image_adopt(struct mpf_slot *image, const struct mpf_slot *previous);

#endif
