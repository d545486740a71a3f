/* SPDX-License-Identifier: MIT */
/*
 * validate.h - what options must agree on with each other.
 *
 * Each is called once its subject is filled, and is false if it was refused.  SECTION says where options stand.
 */
#ifndef MPFAILOVER_VALIDATE_H
#define MPFAILOVER_VALIDATE_H

#include "conf/draft.h"

bool validate_uplink(struct draft *draft, const struct conf_uplink *uplink);
bool validate_check(struct draft *draft, struct cfg_t *section, const struct conf_check *check);
bool validate_timing(struct draft *draft, struct cfg_t *section, const struct conf_timing *timing);
bool validate_hook(struct draft *draft, struct cfg_t *section, const struct conf_hook *hook);

/* Before its candidates are there.  Fills in check_port and check_host. */
bool validate_service(struct draft *draft, struct cfg_t *section, struct conf_service *service);

/* CANDIDATE is the last one of SERVICE so far. */
bool validate_candidate(struct draft *draft, struct cfg_t *section, const struct conf_service *service,
                        const struct conf_candidate *candidate);

/* Services against each other. */
bool validate_conf(struct draft *draft);

#endif
