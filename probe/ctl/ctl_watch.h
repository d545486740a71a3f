/* SPDX-License-Identifier: MIT */
/*
 * ctl_watch.h - something drawn again each second, until the reader has seen enough.
 */
#ifndef MPFAILOVER_CTL_WATCH_H
#define MPFAILOVER_CTL_WATCH_H

#include <stdbool.h>
#include <stdio.h>

/* Draws into OUT; to draw nothing leaves what is there.  False ends the watch. */
typedef bool ctl_watch_draw(FILE *out, void *argument);

/* Draws now and once a second, until q is typed, SIGINT, SIGQUIT, SIGTERM or SIGHUP comes, or nobody reads standard output any
 * more.  FULL_SCREEN: standard output is a terminal, each drawing replaces the one before, and the terminal is left as it was
 * found, also while SIGTSTP has stopped this.
 * False: DRAW said so, or errno tells. */
bool ctl_watch(ctl_watch_draw *draw, void *argument, bool full_screen);

#endif
