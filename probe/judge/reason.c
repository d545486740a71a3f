/* SPDX-License-Identifier: MIT */
#include "probe/judge/reason.h"

#include <stdio.h>
#include <string.h>

#include "preload/table.h"

enum detail_kind { DETAIL_NONE, DETAIL_NUMBER, DETAIL_ERRNO };

static const struct {
	const char *text;
	enum detail_kind detail;
} reasons[MPF_REASONS] = {
	[MPF_REASON_NONE] = { "not checked yet", DETAIL_NONE },
	[MPF_REASON_CONNECTED] = { "connected", DETAIL_NONE },
	[MPF_REASON_PASSED] = { "passed", DETAIL_NONE },
	[MPF_REASON_REFUSED] = { "refused", DETAIL_NONE },
	[MPF_REASON_RESET] = { "reset", DETAIL_NONE },
	[MPF_REASON_TIMEOUT] = { "timeout", DETAIL_NONE },
	[MPF_REASON_UNREACHABLE] = { "unreachable", DETAIL_ERRNO },
	[MPF_REASON_LOCAL] = { "this machine's own fault", DETAIL_ERRNO },
	[MPF_REASON_TLS] = { "TLS handshake failed", DETAIL_NONE },
	[MPF_REASON_CERT_UNTRUSTED] = { "certificate untrusted", DETAIL_NONE },
	[MPF_REASON_CERT_EXPIRED] = { "certificate expired or not yet valid", DETAIL_NONE },
	[MPF_REASON_CERT_NAME] = { "certificate for another name", DETAIL_NONE },
	[MPF_REASON_STATUS] = { "status", DETAIL_NUMBER },
	[MPF_REASON_CONTENT] = { "content missing, status", DETAIL_NUMBER },
	[MPF_REASON_PROTOCOL] = { "answer is not HTTP", DETAIL_NONE },
	[MPF_REASON_EXIT] = { "exit", DETAIL_NUMBER },
	[MPF_REASON_CANARIES] = { "three canaries missed", DETAIL_NONE },
	[MPF_REASON_OPERATOR] = { "operator", DETAIL_NONE },
	[MPF_REASON_DNS] = { "gone from DNS", DETAIL_NONE },
};

const char *reason_print(uint32_t reason, uint32_t detail, char out[REASON_TEXT])
{
	if (reason >= MPF_REASONS)
		snprintf(out, REASON_TEXT, "reason %u", reason);
	else if (reasons[reason].detail == DETAIL_NUMBER)
		snprintf(out, REASON_TEXT, "%s %u", reasons[reason].text, detail);
	else if (reasons[reason].detail == DETAIL_ERRNO && detail)
		snprintf(out, REASON_TEXT, "%s: %s", reasons[reason].text, strerror((int)detail));
	else
		snprintf(out, REASON_TEXT, "%s", reasons[reason].text);
	return out;
}
