/* SPDX-License-Identifier: MIT */
#include "probe/ctl/ctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "probe/ctl/ctl_table.h"
#include "probe/ctl/haproxy.h"

enum { MOST_ADDRESSES = 16 };

struct export
{
	const char *file; /* NULL: what the table names */
	const char *addresses[MOST_ADDRESSES];
	size_t address_count;
};

static bool is_address(const char *text)
{
	struct in6_addr ip;
	return inet_pton(AF_INET, text, &ip) == 1 || inet_pton(AF_INET6, text, &ip) == 1;
}

static bool add_address(struct export *export, const char *text)
{
	if (!is_address(text)) {
		fprintf(stderr, "mpfailoverctl: \"%s\" is no IP address to listen at\n", text);
		return false;
	}
	if (export->address_count == MOST_ADDRESSES) {
		fprintf(stderr, "mpfailoverctl: more than %d addresses\n", MOST_ADDRESSES);
		return false;
	}
	export->addresses[export->address_count++] = text;
	return true;
}

static bool parse(struct export *export, struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "bind", required_argument, NULL, 'b' },
		{ "table", required_argument, NULL, 't' },
		{ 0 },
	};
	for (int option; (option = getopt_long(argc, argv, "c:b:t:", options, NULL)) != -1;)
		switch (option) {
		case 'c':
			export->file = optarg;
			break;
		case 'b':
			if (!add_address(export, optarg))
				return false;
			break;
		case 't':
			ctl->table = optarg;
			break;
		default:
			return false;
		}
	if (optind + 1 == argc && !strcmp(argv[optind], "haproxy"))
		return true;
	if (optind < argc)
		fprintf(stderr, "mpfailoverctl: cannot export to \"%s\"; what there is: haproxy\n", argv[argc - 1]);
	return false;
}

static void tell_left_out(const struct conf *conf)
{
	for (size_t i = 0; i < conf->service_count; i++)
		if (!conf->services[i].port_count)
			fprintf(stderr,
			        "mpfailoverctl: service \"%s\" takes any port, so HAProxy cannot listen for it: left out\n",
			        conf->services[i].name);
}

int ctl_export(struct ctl *ctl, int argc, char **argv)
{
	struct export export = { .file = NULL };
	char file[PATH_MAX], *error = NULL;
	const char *service;
	if (!parse(&export, ctl, argc, argv))
		return CTL_USAGE;
	if (!export.file)
		ctl_table_source(ctl->table, file);
	struct conf *conf = conf_read(export.file ? export.file : file, &error);
	if (!conf) {
		fprintf(stderr, "mpfailoverctl: %s\n", error ? error : strerror(ENOMEM));
		free(error);
		return CTL_FAILED;
	}
	const struct haproxy_listen listen = { export.address_count ? export.addresses : NULL, export.address_count };
	const bool done = haproxy_write(stdout, conf, &listen, &service);
	if (done)
		tell_left_out(conf);
	else
		fprintf(stderr,
		        "mpfailoverctl: service \"%s\" finds its ports taken at each address; add one with --bind\n",
		        service);
	conf_free(conf);
	return done ? CTL_OK : CTL_FAILED;
}
