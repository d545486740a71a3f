/* SPDX-License-Identifier: MIT */
/*
 * dns.h - asks DNS for the hosts of the services that have an "@dns" candidate.
 *
 * What is answered is asked for again when its time is over; what fails is asked for again soon, and changes nothing.
 */
#ifndef MPFAILOVER_DNS_H
#define MPFAILOVER_DNS_H

#include <uv.h>

#include "probe/dns/dns_plan.h"
#include "probe/engine/roster.h"

struct news;

/* ROSTER: where the verdicts are.  0 or -errno. */
int dns_open(struct dns **out, uv_loop_t *loop, struct news *news, const struct roster *roster);

/* What it goes by; NULL at the start. */
const struct dns_plan *dns_plan(const struct dns *dns);

/* Goes by PLAN from now on, and owns it.  Its configuration must live until there is another one. */
void dns_follow(struct dns *dns, struct dns_plan *plan);

/* Have the answers changed since it was last asked? */
bool dns_has_changed(struct dns *dns);

/* Tells which answers found no place in CONF, into which the plan was expanded. */
void dns_tell_unused(const struct dns *dns, const struct conf *conf);

/* Time has passed: drops what is old and down. */
void dns_tick(struct dns *dns);

/* The network has changed: what has failed is asked for at once. */
void dns_retry(struct dns *dns);

void dns_close(struct dns *dns); /* NULL is fine */

#endif
