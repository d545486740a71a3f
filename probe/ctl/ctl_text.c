/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_text.h"

#include <stdio.h>

#include "preload/table.h"
#include "probe/judge/verdict.h"

const char *ctl_text_duration(uint32_t seconds, char out[CTL_TEXT])
{
	static const struct {
		uint32_t seconds;
		const char *text;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	unsigned large = 0;
	while (large < 3 && seconds < units[large].seconds)
		large++;
	const uint32_t count = seconds / units[large].seconds, rest = seconds % units[large].seconds;
	if (large == 3)
		snprintf(out, CTL_TEXT, "%us", count);
	else
		snprintf(out, CTL_TEXT, "%u%s %u%s", count, units[large].text, rest / units[large + 1].seconds,
		         units[large + 1].text);
	return out;
}

const char *ctl_text_since(uint32_t now_s, uint32_t then_s, char out[CTL_TEXT])
{
	if (!then_s) {
		snprintf(out, CTL_TEXT, "-");
		return out;
	}
	return ctl_text_duration(now_s > then_s ? now_s - then_s : 0, out);
}

const char *ctl_text_micros(uint32_t us, char out[CTL_TEXT])
{
	const double ms = us / 1e3;
	if (!us)
		snprintf(out, CTL_TEXT, "-");
	else if (us < 1000)
		snprintf(out, CTL_TEXT, "%u us", us);
	else if (ms < 1000)
		snprintf(out, CTL_TEXT, "%.*f ms", ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0, ms);
	else
		snprintf(out, CTL_TEXT, "%.2f s", ms / 1e3);
	return out;
}

const char *ctl_text_operator(uint32_t oper)
{
	static const char *const names[] = {
		[MPF_READY] = "ready",
		[MPF_DRAIN] = "drain",
		[MPF_MAINT] = "maint",
	};
	return oper < sizeof names / sizeof names[0] ? names[oper] : "?";
}

const char *ctl_text_origin(uint32_t from_dns)
{
	return from_dns == MPF_FROM_FILE ? "file" : from_dns == MPF_GONE_FROM_DNS ? "dns-kept" : "dns";
}

const char *ctl_text_word(uint32_t word, char out[CTL_TEXT])
{
	const uint32_t oper = mpf_word_operator(word), flags = mpf_word_flags(word);
	snprintf(out, CTL_TEXT, "%s%s%s%s%s", verdict_name(mpf_word_verdict(word)), oper ? ", " : "",
	         oper ? ctl_text_operator(oper) : "", flags & MPF_DOUBTED ? ", doubted" : "",
	         flags & MPF_HELD ? ", held" : "");
	return out;
}
