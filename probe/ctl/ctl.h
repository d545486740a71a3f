/* SPDX-License-Identifier: MIT */
/*
 * ctl.h - what the commands of mpfailoverctl have in common, and their list.
 *
 * A command is one file, ctl_NAME.c, one function, and one line in the index in mpfailoverctl.c.
 */
#ifndef MPFAILOVER_CTL_H
#define MPFAILOVER_CTL_H

/* Exit statuses, the same for every command (documented in mpfailoverctl.8). */
enum ctl_exit {
	CTL_OK = 0,
	CTL_UNUSABLE = 1,   /* a service has no usable candidate */
	CTL_NOT_ACTING = 1, /* the library would not act in this program */
	CTL_USAGE = 2,      /* the index answers with the command's usage */
	CTL_NO_TABLE = 3,   /* none that clients would use */
	CTL_NO_DAEMON = 4,
	CTL_NOT_OURS = 5,   /* the library would pass this through */
	CTL_FAILED = 6,     /* this program's own trouble: memory, output, permissions */
	CTL_NO_LIBRARY = 7, /* for a program's word size */
	CTL_DENIED = 8,     /* the control socket is not for this user */
	CTL_REFUSED = 9,    /* by the daemon: a name that it does not know, a faulty configuration */
};

/* What is given before the command or within it. */
struct ctl {
	const char *command; /* its name */
	const char *table;   /* path */
	const char *socket;  /* path; NULL: the one that the table names */
};

/* ARGV from 1 on are the command's own arguments.  Each returns an enum ctl_exit. */
int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_explain(struct ctl *ctl, int argc, char **argv);
int ctl_export(struct ctl *ctl, int argc, char **argv);
int ctl_doctor(struct ctl *ctl, int argc, char **argv);
int ctl_control(struct ctl *ctl, int argc, char **argv); /* all that the daemon carries out */

#endif
