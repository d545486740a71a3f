/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl_doctor.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "probe/ctl/library.h"

struct doctor {
	char *const *about; /* the words of a command, or a process; none: the installation */
	char library[PATH_MAX];
	bool json, quiet;
	struct diagnosis found[DOCTOR_PARTS];
	unsigned count;
};

void doctor_switched_off(struct diagnosis *out)
{
	diagnosis_set(out, DIAGNOSIS_OFF, "an operator has switched everything off");
	out->remedy = "have it switched on again (mpfailoverctl on)";
}

static bool parse(struct doctor *doctor, struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "library", required_argument, NULL, 'l' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "table", required_argument, NULL, 't' },
		{ 0 },
	};
	library_default(doctor->library);
	for (int option; (option = getopt_long(argc, argv, "+l:qt:", options, NULL)) != -1;)
		switch (option) {
		case 'j':
			doctor->json = true;
			break;
		case 'l':
			snprintf(doctor->library, sizeof doctor->library, "%s", optarg);
			break;
		case 'q':
			doctor->quiet = true;
			break;
		case 't':
			ctl->table = optarg;
			break;
		default:
			return false;
		}
	doctor->about = argv + optind;
	return true;
}

/* A number is a process; a command that is called so has a path, too. */
static bool is_process(const char *about, pid_t *pid)
{
	char *end;
	const unsigned long number = strtoul(about, &end, 10);
	*pid = (pid_t)number;
	return *about >= '0' && *about <= '9' && !*end && number <= INT_MAX;
}

static void find(struct doctor *doctor, const struct ctl *ctl)
{
	pid_t pid;
	if (!*doctor->about) {
		doctor->count = doctor_installation(doctor->found, doctor->library, ctl->table);
		return;
	}
	doctor->count = 1;
	diagnosis_begin(doctor->found, *doctor->about);
	if (is_process(*doctor->about, &pid))
		doctor_process(doctor->found, pid, doctor->library, ctl->table);
	else
		doctor_command(doctor->found, doctor->about, doctor->library, ctl->table);
}

/* One object; for the installation with a list of its parts. */
static bool print_json(const struct doctor *doctor)
{
	json_t *parts = json_array();
	if (*doctor->about) {
		json_decref(parts);
		return ctl_json_print(stdout, diagnosis_json(doctor->found), false);
	}
	for (unsigned i = 0; i < doctor->count; i++)
		json_array_append_new(parts, diagnosis_json(&doctor->found[i]));
	return ctl_json_print(stdout, json_pack("{s:o}", "parts", parts), false);
}

static bool print(const struct doctor *doctor)
{
	if (doctor->json)
		return print_json(doctor);
	for (unsigned i = 0; i < doctor->count; i++)
		if (doctor->quiet)
			diagnosis_print_warning(&doctor->found[i], stderr);
		else
			diagnosis_print(&doctor->found[i], stdout, *doctor->about);
	return true;
}

int ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	int result = CTL_FAILED;
	struct doctor *doctor = calloc(1, sizeof *doctor);
	if (!doctor) {
		perror("mpfailoverctl");
		return CTL_FAILED;
	}
	if (!parse(doctor, ctl, argc, argv)) {
		result = CTL_USAGE;
		goto cleanup;
	}
	find(doctor, ctl);
	if (!print(doctor)) {
		if (!ferror(stdout))
			perror("mpfailoverctl: doctor");
		goto cleanup;
	}
	result = CTL_OK;
	for (unsigned i = 0; i < doctor->count; i++)
		if ((int)diagnosis_exit(&doctor->found[i]) > result)
			result = diagnosis_exit(&doctor->found[i]);
cleanup:
	free(doctor);
	return result;
}
