/* SPDX-License-Identifier: MIT */
/*
 * expand.h - a configuration with the answers of DNS in the place of "@dns".  Pure.
 */
#ifndef MPFAILOVER_EXPAND_H
#define MPFAILOVER_EXPAND_H

#include "conf/conf.h"
#include "probe/dns/answers.h"

/*
 * A copy of CONF as it is to be put to work, in which no candidate is without an address.  ANSWERS: one for each service, NULL where
 * there is nothing to ask.
 *
 * An answer becomes a candidate of its service, called CANDIDATE:ADDRESS, unless that address is in the file already, or means another
 * service at one of the ports.  With `prefer = dns` what is current comes first; else the order of the file holds, with the current
 * ones before those that are not.  What finds no room (16 in a service) is left out.
 *
 * CONF must outlive it.  To be freed with free().  NULL: no memory.
 */
struct conf *expand(const struct conf *conf, const struct answers *const *answers);

#endif
