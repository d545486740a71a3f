/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "probe/ctl/ctl_table.h"
#include "probe/uplink/uplink_way.h"

static void note(void *owner, const char *line)
{
	diagnosis_note(owner, "%s", line);
}

static void look_at_ways(struct diagnosis *out, const struct conf *conf)
{
	uplink_way_check(conf, note, out);
	if (out->note_count)
		diagnosis_set(out, DIAGNOSIS_UPLINKS, "connections do not leave by them as %s says", conf->file);
	else
		diagnosis_set(out, DIAGNOSIS_ACTS, "%zu of %s, each with a way of its own", conf->uplink_count,
		              conf->file);
}

/* For whoever may not read the configuration. */
static bool table_has_uplinks(const char *path)
{
	char error[CTL_ERROR_SIZE];
	struct ctl_table *table = malloc(sizeof *table);
	const bool has = table && ctl_table_read(table, path, error) && table->slot.uplink_count > 0;
	free(table);
	return has;
}

bool doctor_uplinks(struct diagnosis *out, const char *table)
{
	char file[PATH_MAX], *error = NULL;
	ctl_table_source(table, file);
	struct conf *conf = conf_read(file, &error);
	const bool told = conf ? conf->uplink_count > 0 : table_has_uplinks(table);
	if (told)
		diagnosis_begin(out, "the uplinks");
	if (conf && told)
		look_at_ways(out, conf);
	else if (told) {
		diagnosis_set(out, DIAGNOSIS_UNREADABLE, "cannot tell: %s", error ? error : strerror(ENOMEM));
		out->remedy = "ask as root, or mend the configuration (mpfailoverd -n tells whether it is right)";
	}
	conf_free(conf);
	free(error);
	return told;
}
