/* SPDX-License-Identifier: MIT */
/*
 * core_names NAME           every field of every answer of the name functions for NAME, one line each
 * core_names -l ROUNDS NAME  looks NAME up so often, and says how many KiB the program has grown meanwhile
 * core_names -c NAME ...    ai_canonname of each of the names
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const services[] = { NULL, "443", "http" };
static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
static const int flags[] = {
	0, AI_CANONNAME, AI_NUMERICSERV, AI_V4MAPPED, AI_V4MAPPED | AI_ALL, AI_PASSIVE, AI_CANONNAME | AI_V4MAPPED
};

static void print_node(const struct addrinfo *node)
{
	char address[INET6_ADDRSTRLEN] = "?";
	const struct sockaddr_in *in = (const void *)node->ai_addr;
	const struct sockaddr_in6 *in6 = (const void *)node->ai_addr;
	const int is6 = node->ai_family == AF_INET6;

	inet_ntop(node->ai_family, is6 ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr, address,
	          sizeof address);
	printf(" node family=%d/%d type=%d protocol=%d flags=%#x length=%u port=%u scope=%u flow=%u %s\n",
	       node->ai_family, node->ai_addr->sa_family, node->ai_socktype, node->ai_protocol,
	       (unsigned)node->ai_flags, (unsigned)node->ai_addrlen, ntohs(is6 ? in6->sin6_port : in->sin_port),
	       is6 ? in6->sin6_scope_id : 0, is6 ? in6->sin6_flowinfo : 0, address);
}

static void print_addrinfo(const char *label, const char *name, const char *service, const struct addrinfo *hints)
{
	struct addrinfo *list = NULL;
	int number = 0;

	errno = 0;
	int error = getaddrinfo(name, service, hints, &list);
	printf("%s status=%d errno=%d\n", label, error, error == EAI_SYSTEM ? errno : 0);
	if (error)
		return;
	for (const struct addrinfo *node = list; node; node = node->ai_next, number++) {
		printf("%s", label);
		print_node(node);
		if (node->ai_canonname)
			printf("%s canonical of node %d: %s\n", label, number, node->ai_canonname);
	}
	freeaddrinfo(list);
}

static void print_all(const char *name)
{
	char label[128];

	print_addrinfo("getaddrinfo without hints", name, "443", NULL);
	for (size_t i = 0; i < 3 * 3 * 4 * 7; i++) {
		struct addrinfo hints = { .ai_family = families[i % 3],
			                  .ai_socktype = i / 3 & 1 ? SOCK_STREAM : 0,
			                  .ai_protocol = i / 3 & 2 ? IPPROTO_TCP : 0,
			                  .ai_flags = flags[i / 36] };
		const char *service = services[i / 12 % 3];
		snprintf(label, sizeof label, "getaddrinfo service=%s family=%d type=%d protocol=%d flags=%#x",
		         service ? service : "none", hints.ai_family, hints.ai_socktype, hints.ai_protocol,
		         (unsigned)hints.ai_flags);
		print_addrinfo(label, name, service, &hints);
	}
}

static void print_hostent(const char *label, const struct hostent *host, int status, int error)
{
	printf("%s status=%d", label, status);
	if (!host) {
		printf(" none, error=%d\n", error);
		return;
	}
	printf(" name=%s aliases=%s family=%d length=%d\n", host->h_name,
	       !host->h_aliases   ? "NULL"
	       : *host->h_aliases ? *host->h_aliases
	                          : "none",
	       host->h_addrtype, host->h_length);
	for (char **one = host->h_addr_list; *one; one++) {
		char address[INET6_ADDRSTRLEN];
		printf("%s %s\n", label, inet_ntop(host->h_addrtype, *one, address, sizeof address));
	}
}

static void print_hostents(const char *name)
{
	char label[64];

	const struct hostent *found = gethostbyname(name);
	print_hostent("gethostbyname", found, 0, h_errno);
	for (int i = 1; i < 3; i++) {
		snprintf(label, sizeof label, "gethostbyname2 family=%d", families[i]);
		found = gethostbyname2(name, families[i]);
		print_hostent(label, found, 0, h_errno);
		char buffer[8192];
		struct hostent host, *result = (void *)1;
		int error = -1;
		snprintf(label, sizeof label, "gethostbyname2_r family=%d", families[i]);
		int status = gethostbyname2_r(name, families[i], &host, buffer, sizeof buffer, &result, &error);
		print_hostent(label, result, status, error);
	}
}

static long resident_kib(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		exit(1);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void look_up(const char *name, long rounds)
{
	for (long i = 0; i < rounds; i++) {
		struct addrinfo hints = { .ai_family = families[i % 3],
			                  .ai_socktype = i & 1 ? SOCK_STREAM : 0,
			                  .ai_flags = i & 2 ? AI_CANONNAME | AI_V4MAPPED : AI_V4MAPPED };
		struct addrinfo *list;
		if (getaddrinfo(name, i & 4 ? "443" : NULL, &hints, &list) == 0)
			freeaddrinfo(list);
		gethostbyname(name);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "-l") == 0) {
		look_up(argv[3], 2000);
		long before = resident_kib();
		look_up(argv[3], atol(argv[2]));
		printf("%ld\n", resident_kib() - before);
		return 0;
	}
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		for (int i = 2; i < argc; i++) {
			struct addrinfo hints = { .ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *list;
			int error = getaddrinfo(argv[i], NULL, &hints, &list);
			puts(error ? gai_strerror(error) : list->ai_canonname ? list->ai_canonname : "none");
			if (!error)
				freeaddrinfo(list);
		}
		return 0;
	}
	if (argc != 2)
		return 2;
	print_all(argv[1]);
	print_hostents(argv[1]);
	return 0;
}
