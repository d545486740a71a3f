/* SPDX-License-Identifier: MIT */
#include "conf/setting.h"

#include "conf/address.h"
#include "conf/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_BYTES = 107, PATH_BYTES = 1023 };

static bool keep(struct draft *draft, const struct setting *setting, const char *text)
{
	const char *copy = pool_text(draft->pool, text, strlen(text));
	if (!copy)
		return fault_memory(draft->fault);
	memcpy(setting_field(setting), &copy, sizeof copy);
	return true;
}

static bool keep_checked(struct draft *draft, const struct setting *setting, const char *problem)
{
	return problem ? setting_refuse(draft, setting, problem) : keep(draft, setting, setting->text);
}

bool set_text(struct draft *draft, const struct setting *setting)
{
	return keep_checked(draft, setting, text_check(setting->text));
}

bool set_body(struct draft *draft, const struct setting *setting)
{
	return keep(draft, setting, setting->text);
}

static const char *check_path(const struct setting *setting, size_t limit)
{
	const char *text = setting->text;
	if (!*text && !*setting->option->fallback)
		return NULL;
	if (*text != '/')
		return "not an absolute path; start it with \"/\"";
	if (strlen(text) > limit)
		return "the path is too long; choose a shorter one";
	return text_check(text);
}

bool set_path(struct draft *draft, const struct setting *setting)
{
	return keep_checked(draft, setting, check_path(setting, PATH_BYTES));
}

bool set_socket(struct draft *draft, const struct setting *setting)
{
	return keep_checked(draft, setting, check_path(setting, SOCKET_BYTES));
}

/* A PEM header, on a line of its own, among whatever else may stand there. */
static bool has_certificate(int fd)
{
	char *line = NULL;
	size_t size = 0;
	bool found = false;
	const int own = dup(fd);
	FILE *file = own < 0 ? NULL : fdopen(own, "r");
	while (file && !found && getline(&line, &size, file) >= 0)
		found = !strncmp(line, "-----BEGIN ", 11) && strstr(line, "CERTIFICATE-----");
	free(line);
	if (file)
		fclose(file);
	else if (own >= 0)
		close(own);
	return found;
}

bool set_ca_file(struct draft *draft, const struct setting *setting)
{
	const char *problem = check_path(setting, PATH_BYTES);
	if (problem || !*setting->text)
		return keep_checked(draft, setting, problem);
	struct stat status;
	int fd = open(setting->text, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status)) {
		char reason[160];
		snprintf(reason, sizeof reason,
		         "cannot be read (%s); name a readable file of CA certificates in PEM form", strerror(errno));
		if (fd >= 0)
			close(fd);
		return setting_refuse(draft, setting, reason);
	}
	if (!S_ISREG(status.st_mode))
		problem = "not a regular file; name a file of CA certificates in PEM form";
	else if (!has_certificate(fd))
		problem = "no certificate in it; name a file of CA certificates in PEM form";
	close(fd);
	return keep_checked(draft, setting, problem);
}

bool set_user(struct draft *draft, const struct setting *setting)
{
	bool fine = !*setting->text || getpwnam(setting->text);
	return keep_checked(draft, setting, fine ? NULL : "this machine has no such user; create it, or leave it \"\"");
}

bool set_group(struct draft *draft, const struct setting *setting)
{
	bool fine = !*setting->text || getgrnam(setting->text);
	return keep_checked(draft, setting,
	                    fine ? NULL : "this machine has no such group; create it, or leave it \"\"");
}

bool set_target(struct draft *draft, const struct setting *setting)
{
	return keep_checked(draft, setting, text_check_target(setting->text));
}

bool set_token(struct draft *draft, const struct setting *setting)
{
	return keep_checked(draft, setting, text_check_token(setting->text));
}

bool set_host(struct draft *draft, const struct setting *setting)
{
	char host[TEXT_HOST_SIZE] = "";
	const char *problem = *setting->text ? text_host(setting->text, false, host) : NULL;
	return problem ? setting_refuse(draft, setting, problem) : keep(draft, setting, host);
}

bool set_listen(struct draft *draft, const struct setting *setting)
{
	return keep_checked(draft, setting, address_check_listen(setting->text));
}

bool set_device(struct draft *draft, const struct setting *setting)
{
	const char *text = setting->text, *problem = text_check(text);
	if (strlen(text) >= IF_NAMESIZE || strpbrk(text, "/: \t") || !strcmp(text, ".") || !strcmp(text, ".."))
		problem = "not an interface's name; \"ip link\" lists them";
	return keep_checked(draft, setting, problem);
}
