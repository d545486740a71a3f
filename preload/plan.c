/* SPDX-License-Identifier: MIT */
#include "preload/plan.h"

#include "preload/endpoint.h"

enum { HANDSHAKES = 3, LEAST_US = 1000, LONGEST_IN_CEILINGS = 8, MOST_SYN_RETRIES = 16 };
enum { LINEAR_S = 5, SECOND_US = 1000000 };

void plan_start(struct plan *plan, const struct snapshot *snapshot, const struct choose_list *list,
                enum choose_reach reach)
{
	*plan = (struct plan){ .snapshot = snapshot, .list = list, .never_back = reach == REACH_IPV6_MAPPED };
}

uint64_t plan_wait_us(uint32_t handshake_us, uint32_t floor_ms, uint32_t ceiling_ms, unsigned round)
{
	const uint64_t floor_us = (uint64_t)floor_ms * 1000, ceiling_us = (uint64_t)ceiling_ms * 1000;
	const uint64_t longest_us = (ceiling_us ? ceiling_us : LEAST_US) * LONGEST_IN_CEILINGS;
	uint64_t wait_us = handshake_us ? (uint64_t)handshake_us * HANDSHAKES : ceiling_us;
	if (wait_us < floor_us)
		wait_us = floor_us;
	if (wait_us > ceiling_us)
		wait_us = ceiling_us;
	if (wait_us < LEAST_US)
		wait_us = LEAST_US;
	for (; round > 0 && wait_us < longest_us; round--)
		wait_us *= 2;
	return wait_us < longest_us ? wait_us : longest_us;
}

uint64_t plan_patience_us(int syn_retries)
{
	const unsigned retries = syn_retries < 1                  ? 1
	                         : syn_retries > MOST_SYN_RETRIES ? MOST_SYN_RETRIES
	                                                          : (unsigned)syn_retries;
	/* It gives up at the first retry after 2^(n+1) - 1 seconds; those come each second at first, then at twice the distance. */
	const uint64_t least_s = (2ull << retries) - 1;
	uint64_t retry_s = 1, step_s = 1;
	while (retry_s < least_s) {
		if (retry_s >= LINEAR_S)
			step_s *= 2;
		retry_s += step_s;
	}
	return retry_s * SECOND_US;
}

static bool is_mapped(const struct plan *plan, unsigned position)
{
	return endpoint_is_ipv4(plan->snapshot->candidate[plan->list->candidate[position]].address);
}

static bool to_try(const struct plan *plan, unsigned position)
{
	if (plan->never_back && plan->mapped && !is_mapped(plan, position))
		return false;
	return plan->round == 0 || plan->silent >> position & 1;
}

int plan_next(struct plan *plan, uint64_t *wait_us)
{
	/* The rest of this round, then one more whole round: if there is nothing in that, there never will be. */
	for (unsigned rounds = 0; rounds < 2; rounds++) {
		for (; plan->position < plan->list->count; plan->position++) {
			const unsigned position = plan->position;
			if (!to_try(plan, position))
				continue;
			const struct mpf_service *service = &plan->snapshot->service;
			*wait_us = plan_wait_us(plan->snapshot->candidate[plan->list->candidate[position]].handshake_us,
			                        service->attempt_floor_ms, service->attempt_ceiling_ms, plan->round);
			plan->mapped |= is_mapped(plan, position);
			plan->position++;
			return (int)position;
		}
		plan->position = 0;
		plan->round++;
	}
	return -1;
}

void plan_note_silent(struct plan *plan, int position)
{
	plan->silent |= 1u << position;
}

void plan_note_failed(struct plan *plan, int position)
{
	plan->silent &= ~(1u << position);
	plan->failed |= 1u << position;
}

bool plan_round_done(const struct plan *plan)
{
	return plan->round > 0 || plan->position >= plan->list->count;
}
