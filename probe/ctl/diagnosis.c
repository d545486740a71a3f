/* SPDX-License-Identifier: MIT */
#include "probe/ctl/diagnosis.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/news/json_text.h"

static const char by_proxy[] =
	"let it connect through HAProxy (mpfailoverctl export haproxy), or change DNS when a site dies";
static const char by_link[] =
	"use a build of it that is linked dynamically, or let it connect through HAProxy (mpfailoverctl "
	"export haproxy)";
static const char by_machine[] =
	"name the library in /etc/ld.so.preload, which counts there too (and for every program here), or "
	"let it connect through HAProxy (mpfailoverctl export haproxy)";

static const char for_root[] =
	"ask from outside: in a container, or where the kernel is told so, root may not look into everything "
	"(CAP_SYS_PTRACE is what a process takes)";

static const struct {
	const char *name;
	enum ctl_exit exit;
	bool warned; /* by the launcher: that which the user can neither see nor has asked for */
	const char *remedy;
} kinds[DIAGNOSIS_CODES] = {
	[DIAGNOSIS_ACTS] = { "acts", CTL_OK, false, "" },
	[DIAGNOSIS_NOT_FOUND] = { "not-found", CTL_NOT_ACTING, false, "give its path, or look at PATH" },
	[DIAGNOSIS_NOT_EXECUTABLE] = { "not-executable", CTL_NOT_ACTING, false,
	                               "make it executable, or name what is to be run" },
	[DIAGNOSIS_UNREADABLE] = { "unreadable", CTL_FAILED, false, "ask as root, or as the user that it runs as" },
	[DIAGNOSIS_FOREIGN] = { "foreign", CTL_NOT_ACTING, false, "ask for the program that runs it" },
	[DIAGNOSIS_NO_PROCESS] = { "no-process", CTL_FAILED, false, "ask for another one (pgrep finds them)" },
	[DIAGNOSIS_DROPS_PRELOAD] = { "drops-preload", CTL_NOT_ACTING, true, by_proxy },
	[DIAGNOSIS_GO] = { "go", CTL_NOT_ACTING, true, by_proxy },
	[DIAGNOSIS_PASCAL] = { "free-pascal", CTL_NOT_ACTING, true, by_proxy },
	[DIAGNOSIS_STATIC] = { "static", CTL_NOT_ACTING, true, by_link },
	[DIAGNOSIS_STATIC_PIE] = { "static-pie", CTL_NOT_ACTING, true, by_link },
	[DIAGNOSIS_SET_ID] = { "set-id", CTL_NOT_ACTING, true, by_machine },
	[DIAGNOSIS_CAPABILITIES] = { "capabilities", CTL_NOT_ACTING, true, by_machine },
	[DIAGNOSIS_LIBC] = { "libc", CTL_NOT_ACTING, true, by_proxy },
	[DIAGNOSIS_NO_LIBRARY] = { "no-library", CTL_NO_LIBRARY, true,
	                           "install the library for it (make install, where the compiler can build for both word "
	                           "sizes)" },
	[DIAGNOSIS_OWN_FUNCTIONS] = { "own-functions", CTL_NOT_ACTING, true, by_proxy },
	[DIAGNOSIS_OFF] = { "off", CTL_NOT_ACTING, false, "start it without MPFAILOVER_OFF" },
	[DIAGNOSIS_NOT_PRELOADED] = { "not-preloaded", CTL_NOT_ACTING, true, "start it again, by mpfailover" },
	[DIAGNOSIS_NOT_LOADED] = { "not-loaded", CTL_NOT_ACTING, true,
	                           "look at what it said on standard error when it started: the dynamic linker tells there why it "
	                           "could not load a library" },
	[DIAGNOSIS_NO_TABLE] = { "no-table", CTL_NO_TABLE, false,
	                         "start mpfailoverd (mpfailoverctl status tells more)" },
	[DIAGNOSIS_STALE] = { "stale", CTL_NO_DAEMON, false, "start mpfailoverd (mpfailoverctl status tells more)" },
	[DIAGNOSIS_UPLINKS] = { "uplinks", CTL_NOT_ACTING, false,
	                        "give each uplink a way of its own out of this machine, by ip rule and ip route; then ask again" },
};

/* What a file's name may hold, a line on a terminal may not. */
static void clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void diagnosis_begin(struct diagnosis *out, const char *subject)
{
	memset(out, 0, sizeof *out);
	snprintf(out->subject, sizeof out->subject, "%s", subject);
	clean(out->subject);
}

static void put(char out[DIAGNOSIS_TEXT], const char *format, va_list arguments)
{
	vsnprintf(out, DIAGNOSIS_TEXT, format, arguments);
	clean(out);
}

void diagnosis_set(struct diagnosis *diagnosis, enum diagnosis_code code, const char *format, ...)
{
	va_list arguments;
	diagnosis->code = code;
	va_start(arguments, format);
	put(diagnosis->reason, format, arguments);
	va_end(arguments);
}

void diagnosis_note(struct diagnosis *diagnosis, const char *format, ...)
{
	va_list arguments;
	if (diagnosis->note_count == DIAGNOSIS_NOTES)
		return;
	va_start(arguments, format);
	put(diagnosis->note[diagnosis->note_count++], format, arguments);
	va_end(arguments);
}

const char *diagnosis_name(enum diagnosis_code code)
{
	return kinds[code].name;
}

const char *diagnosis_remedy(const struct diagnosis *diagnosis)
{
	if (diagnosis->remedy)
		return diagnosis->remedy;
	return diagnosis->code == DIAGNOSIS_UNREADABLE && geteuid() == 0 ? for_root : kinds[diagnosis->code].remedy;
}

enum ctl_exit diagnosis_exit(const struct diagnosis *diagnosis)
{
	return kinds[diagnosis->code].exit;
}

bool diagnosis_acts(const struct diagnosis *diagnosis)
{
	return diagnosis->code == DIAGNOSIS_ACTS || diagnosis->code == DIAGNOSIS_STALE;
}

void diagnosis_print(const struct diagnosis *diagnosis, FILE *out, bool is_program)
{
	const char *remedy = diagnosis_remedy(diagnosis);
	fprintf(out, "%s: %s%s\n", diagnosis->subject,
	        !is_program                 ? ""
	        : diagnosis_acts(diagnosis) ? "acts: "
	                                    : "does not act: ",
	        diagnosis->reason);
	if (*remedy)
		fprintf(out, "what to do: %s\n", remedy);
	for (unsigned i = 0; i < diagnosis->note_count; i++)
		fprintf(out, "note: %s\n", diagnosis->note[i]);
}

void diagnosis_print_warning(const struct diagnosis *diagnosis, FILE *out)
{
	if (kinds[diagnosis->code].warned)
		fprintf(out, "mpfailover: %s runs without fail-over: %s\nmpfailover: what to do: %s\n",
		        diagnosis->subject, diagnosis->reason, diagnosis_remedy(diagnosis));
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

json_t *diagnosis_json(const struct diagnosis *diagnosis)
{
	const char *remedy = diagnosis_remedy(diagnosis);
	json_t *notes = json_array();
	for (unsigned i = 0; i < diagnosis->note_count; i++)
		json_array_append_new(notes, json_text(diagnosis->note[i]));
	return json_pack("{s:o, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "subject", json_text(diagnosis->subject),
	                 "acts", diagnosis_acts(diagnosis), "code", diagnosis_name(diagnosis->code), "reason",
	                 json_text(diagnosis->reason), "remedy", text_or_null(remedy), "notes", notes, "program",
	                 text_or_null(diagnosis->program), "library", text_or_null(diagnosis->library), "table",
	                 text_or_null(diagnosis->table), "generation",
	                 diagnosis->generation ? json_integer(diagnosis->generation) : json_null());
}
