/* SPDX-License-Identifier: MIT */
/*
 * uplink_way.h - do connections through the uplinks of a configuration really leave by them?
 */
#ifndef MPFAILOVER_UPLINK_WAY_H
#define MPFAILOVER_UPLINK_WAY_H

struct conf;

/* LINE: one for a person, "FILE:LINE: ...". */
typedef void uplink_way_told(void *owner, const char *line);

/* Asks the kernel how packets to the candidates would leave now, and tells what is wrong with that.  Nothing is sent. */
void uplink_way_check(const struct conf *conf, uplink_way_told *told, void *owner);

#endif
