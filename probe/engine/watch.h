/* SPDX-License-Identifier: MIT */
/*
 * watch.h - an idle connection to a candidate that is up.  Its end does not mean "down", it means "check now".
 */
#ifndef MPFAILOVER_WATCH_H
#define MPFAILOVER_WATCH_H

struct candidate;

/* Opens it or closes it, as the configuration and the verdict have become. */
void watch_follow(struct candidate *candidate);

void watch_cancel(struct candidate *candidate);

#endif
