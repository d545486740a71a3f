/* SPDX-License-Identifier: MIT */
/*
 * setting.h - one option of one section, and the setters by kind: set_text.c, set_number.c and set_list.c.
 */
#ifndef MPFAILOVER_SETTING_H
#define MPFAILOVER_SETTING_H

#include "conf/draft.h"
#include "conf/grammar.h"

struct tree_value;

struct setting {
	const struct grammar_option *option;
	struct cfg_t *section; /* holds `count` values of it */
	size_t count;
	const char *text;   /* a scalar's value, or its default */
	struct place place; /* of that, or of the section */
	void *target;       /* the section's struct */
};

typedef bool setting_setter(struct draft *draft, const struct setting *setting);

setting_setter set_text, set_body, set_path, set_socket, set_ca_file, set_user, set_group, set_target, set_token,
	set_host, set_listen, set_device, set_ms, set_seconds, set_number, set_port, set_flag, set_word, set_events,
	set_status, set_headers, set_hosts, set_ports, set_address, set_source, set_check, set_timing, set_uplink,
	set_uplinks;

void *setting_field(const struct setting *setting);

/* Value INDEX of a list, and where it stands. */
const struct tree_value *setting_value(const struct draft *draft, const struct setting *setting, size_t index,
                                       struct place *place);

/* All refuse, and are false. */
bool setting_refuse(struct draft *draft, const struct setting *setting, const char *problem);
bool setting_refuse_value(struct draft *draft, struct place place, const char *option, const char *value,
                          const char *problem);

/* TEXT as a number within the limits of OPTION; false: refused. */
bool setting_number(struct draft *draft, const struct grammar_option *option, const char *text, struct place place,
                    int64_t *number);

/* The index of TEXT in the words of OPTION; -1: refused. */
int setting_word(struct draft *draft, const struct grammar_option *option, const char *text, struct place place);

#endif
