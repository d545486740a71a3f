/* SPDX-License-Identifier: MIT */
#include "probe/check/check.h"

#include "probe/check/check_kind.h"
#include "probe/check/check_warm.h"
#include "probe/check/curl_loop.h"

static check_starter *const starters[] = {
	[CONF_TCP] = check_tcp_start,    [CONF_TLS] = check_curl_start,  [CONF_HTTP] = check_curl_start,
	[CONF_HTTPS] = check_curl_start, [CONF_EXEC] = check_exec_start,
};

struct check *check_start(struct check_world *world, const struct check_target *target, uint32_t timeout_ms,
                          check_done *done, void *owner)
{
	struct check *check = starters[target->check->type](world, target, timeout_ms);
	if (!check)
		return NULL;
	check->done = done;
	check->owner = owner;
	return check;
}

void check_cancel(struct check *check)
{
	check->cancel(check);
}

int check_world_open(struct check_world *world, uv_loop_t *loop)
{
	*world = (struct check_world){ .loop = loop };
	return curl_loop_setup();
}

void check_world_close(struct check_world *world)
{
	check_warm_end(world);
	curl_loop_close_all(world->curl);
	world->curl = NULL;
}
