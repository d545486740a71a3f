/* SPDX-License-Identifier: MIT */
#include "probe/check/outcome.h"

#include <errno.h>

const char *outcome_kind_name(enum outcome_kind kind)
{
	static const char *const names[] = {
		[OUTCOME_SUCCESS] = "success",
		[OUTCOME_FAILURE] = "failure",
		[OUTCOME_SILENCE] = "silence",
		[OUTCOME_VOID] = "void",
	};
	return names[kind];
}

struct outcome outcome_from_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return (struct outcome){ .kind = OUTCOME_FAILURE, .reason = MPF_REASON_REFUSED };
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return (struct outcome){ .kind = OUTCOME_FAILURE, .reason = MPF_REASON_RESET };
	case ETIMEDOUT:
		return (struct outcome){ .kind = OUTCOME_SILENCE, .reason = MPF_REASON_TIMEOUT };
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case ENONET:
		return (struct outcome){ .kind = OUTCOME_FAILURE,
			                 .reason = MPF_REASON_UNREACHABLE,
			                 .detail = (uint32_t)error };
	default:
		return (struct outcome){ .kind = OUTCOME_VOID, .reason = MPF_REASON_LOCAL, .detail = (uint32_t)error };
	}
}
