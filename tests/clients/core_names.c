/* SPDX-License-Identifier: MIT */
/*
 * core_names NAME           every field of every answer of the name functions for NAME, one line each
 * core_names -p NAME        the same of what is asked in a way that is not the library's affair
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

#ifdef OLDEST /* as a program of glibc 2.0 was linked */
__asm__(".symver gethostbyname_r, gethostbyname_r@GLIBC_2.0");
__asm__(".symver gethostbyname2_r, gethostbyname2_r@GLIBC_2.0");
#endif

enum { COUNT_OF_FLAGS = 10, COUNT_OF_TYPES = 5, COUNT_OF_PROTOCOLS = 4, LARGEST = 8192, CANARY = 0x5a };

static const char *const services[] = { NULL, "443", "http" };
static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
static const int flags[] = {
	0,
	AI_CANONNAME,
	AI_NUMERICSERV,
	AI_V4MAPPED,
	AI_V4MAPPED | AI_ALL,
	AI_PASSIVE,
	AI_CANONNAME | AI_V4MAPPED,
	AI_ADDRCONFIG,
	AI_ADDRCONFIG | AI_V4MAPPED,
	AI_ALL,
};
static const int types[COUNT_OF_TYPES] = { 0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
static const int protocols[COUNT_OF_PROTOCOLS] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

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

static void print_asked(const char *name, const char *service, const struct addrinfo *hints)
{
	char label[128];

	snprintf(label, sizeof label, "getaddrinfo%s service=%s family=%d type=%d protocol=%d flags=%#x",
	         name ? "" : " of nothing", service ? service : "none", hints->ai_family, hints->ai_socktype,
	         hints->ai_protocol, (unsigned)hints->ai_flags);
	print_addrinfo(label, name, service, hints);
}

static void print_all(const char *name)
{
	print_addrinfo("getaddrinfo without hints", name, "443", NULL);
	for (size_t i = 0; i < 3 * 3 * 4 * COUNT_OF_FLAGS; i++) {
		const struct addrinfo hints = { .ai_family = families[i % 3],
			                        .ai_socktype = i / 3 & 1 ? SOCK_STREAM : 0,
			                        .ai_protocol = i / 3 & 2 ? IPPROTO_TCP : 0,
			                        .ai_flags = flags[i / 36] };
		print_asked(name, services[i / 12 % 3], &hints);
	}
}

/* Other protocols than TCP, numbers, no name at all, and nonsense. */
static void print_passed(const char *name)
{
	const struct addrinfo odd[] = { { .ai_flags = AI_NUMERICHOST },
		                        { .ai_flags = AI_NUMERICHOST | AI_CANONNAME, .ai_socktype = SOCK_STREAM },
		                        { .ai_flags = 0x4000000 },
		                        { .ai_family = AF_UNIX },
		                        { .ai_socktype = 77 },
		                        { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM } };

	for (int i = 0; i < COUNT_OF_TYPES * COUNT_OF_PROTOCOLS * 3; i++) {
		const struct addrinfo hints = { .ai_socktype = types[i % COUNT_OF_TYPES],
			                        .ai_protocol = protocols[i / COUNT_OF_TYPES % COUNT_OF_PROTOCOLS],
			                        .ai_family = families[i / COUNT_OF_TYPES / COUNT_OF_PROTOCOLS] };
		for (int j = 0; j < 3; j++) {
			if (hints.ai_socktype > SOCK_STREAM || hints.ai_protocol > IPPROTO_TCP)
				print_asked(name, services[j], &hints);
			print_asked(NULL, services[j], &hints);
			print_asked("127.0.0.9", services[j], &hints);
			print_asked("::1", services[j], &hints);
		}
	}
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		print_asked(name, "no-such-service", &odd[i]);
		print_asked(NULL, NULL, &odd[i]);
		if (odd[i].ai_flags & AI_NUMERICHOST || odd[i].ai_family || odd[i].ai_socktype == 77)
			print_asked(name, "443", &odd[i]);
	}
	print_addrinfo("getaddrinfo of nothing", NULL, NULL, NULL);
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

/* FAMILY 0: gethostbyname_r. */
static void print_r(const char *label, const char *name, int family, size_t size)
{
	static char buffer[LARGEST + 1];
	struct hostent host, *result = (void *)1;
	int error = -1;

	memset(buffer, CANARY, sizeof buffer);
	errno = 0;
	const int status = family ? gethostbyname2_r(name, family, &host, buffer + 1, size, &result, &error)
	                          : gethostbyname_r(name, &host, buffer + 1, size, &result, &error);
	const int said = errno;
	print_hostent(label, result, status, error);
#ifdef __GLIBC__
	if (!result && error == NETDB_INTERNAL)
		printf("%s errno=%d\n", label, said);
#else
	(void)said;
#endif
	for (size_t i = size + 1; i < sizeof buffer; i++)
		if (buffer[i] != CANARY) {
			printf("%s wrote beyond its buffer\n", label);
			break;
		}
}

/* As programs do it: from too little, until it fits. */
static void print_grown(const char *label, const char *name, int family)
{
	char buffer[LARGEST];
	struct hostent host, *result = NULL;
	int error = -1, status = ERANGE;
	size_t size = 1;

	for (; size < sizeof buffer && !result && (status == ERANGE || (status == -1 && errno == ERANGE)); size *= 2)
		status = family ? gethostbyname2_r(name, family, &host, buffer, size, &result, &error)
		                : gethostbyname_r(name, &host, buffer, size, &result, &error);
	print_hostent(label, result, status, error);
}

static void print_hostents(const char *name)
{
	char label[64];

	const struct hostent *found = gethostbyname(name);
	print_hostent("gethostbyname", found, 0, h_errno);
	for (int i = 0; i < 3; i++) {
		if (i > 0) {
			snprintf(label, sizeof label, "gethostbyname2 family=%d", families[i]);
			found = gethostbyname2(name, families[i]);
			print_hostent(label, found, 0, h_errno);
		}
		snprintf(label, sizeof label, "gethostbyname2_r family=%d", families[i]);
		print_r(label, name, families[i], LARGEST);
		/* libc says of too small a buffer that it is, even where nothing is to be put into it. */
		if (families[i] ? gethostbyname2(name, families[i]) : gethostbyname(name)) {
			snprintf(label, sizeof label, "gethostbyname2_r family=%d, one byte", families[i]);
			print_r(label, name, families[i], 1);
		}
		snprintf(label, sizeof label, "gethostbyname2_r family=%d, grown", families[i]);
		print_grown(label, name, families[i]);
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
		if (getaddrinfo(name, i & 4 ? services[i / 8 % 3] : NULL, &hints, &list) == 0)
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
	if (argc == 3 && strcmp(argv[1], "-p") == 0) {
		print_passed(argv[2]);
		return 0;
	}
	if (argc != 2)
		return 2;
	print_all(argv[1]);
	print_hostents(argv[1]);
	return 0;
}
