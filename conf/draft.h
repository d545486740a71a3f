/* SPDX-License-Identifier: MIT */
/*
 * draft.h - a configuration in the making.
 */
#ifndef MPFAILOVER_DRAFT_H
#define MPFAILOVER_DRAFT_H

#include "conf/conf.h"
#include "conf/fault.h"
#include "conf/pool.h"

struct cfg_t;
struct source;

struct draft_host {
	const char *pattern;
	const struct conf_service *service;
	struct place place;
};

struct draft {
	struct conf *conf;
	struct pool *pool; /* for what belongs to the configuration */
	const struct source *source;
	char **fault;
	struct draft_host hosts[CONF_MAX_HOSTS]; /* of all services */
	size_t host_count;
	size_t candidate_count;     /* of all services */
	struct conf_check *tcp;     /* for services without `check` */
	struct conf_timing *timing; /* for services without `timing`, where no section is called "default" */
};

/* "FILE:LINE: ...", accepted, but worth a look.  False: no memory. */
bool draft_warn(struct draft *draft, struct place place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Where SECTION opens. */
struct place draft_section_place(const struct draft *draft, struct cfg_t *section);

/* Where OPTION is set in SECTION, or where that opens. */
struct place draft_option_place(const struct draft *draft, struct cfg_t *section, const char *option);

#endif
