/* SPDX-License-Identifier: MIT */
#include "tests/clients/conn_world.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/lib-names.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "probe/table/image.h"
#include "probe/table/table_writer.h"
#include "tests/clients/conn_test.h"

enum {
	FIRST_FD = 500, /* of the servers' sockets, out of the tests' way */
	SHARED_FD = FIRST_FD + PLACES,
	FILLERS = 4,
	MOST_TIMES = 100,
	WAIT_MS = 200,
	FLOOR_MS = 25,
	CEILING_MS = 1000,
	STICK_MS = 60000,
	STALE_MS = 15000,
};

struct shared *shared;
struct world world;
static int (*libc_connect)(int, const struct sockaddr *, socklen_t);

uint64_t world_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---------------------------------------------------------------------------------------------------------- addresses */

static void place_text(unsigned place, bool server, char text[64])
{
	const unsigned network = server ? 98 : 99, number = place - FAR + 1;

	if (place < FAR)
		snprintf(text, 64, "::ffff:127.%u.%u.%u", shared->network[0], shared->network[1], place + 1);
	else if (place >= MIXED && place < MIXED_IPV4)
		snprintf(text, 64, "fd%u::%u", network, number);
	else
		snprintf(text, 64, "::ffff:10.%u.0.%u", network, number);
}

static struct in6_addr place_ip(unsigned place, bool server)
{
	struct in6_addr ip;
	char text[64];

	place_text(place, server, text);
	if (inet_pton(AF_INET6, text, &ip) != 1)
		errx(2, "%s", text);
	return ip;
}

static socklen_t address_of(unsigned place, bool server, union world_sockaddr *out)
{
	const struct in6_addr ip = place_ip(place, server);

	if (!IN6_IS_ADDR_V4MAPPED(&ip)) {
		const struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
			                          .sin6_port = htons(shared->port),
			                          .sin6_addr = ip };
		memcpy(out, &in6, sizeof in6);
		return sizeof in6;
	}
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(shared->port) };
	memcpy(&in.sin_addr, ip.s6_addr + 12, 4);
	memcpy(out, &in, sizeof in);
	return sizeof in;
}

socklen_t world_address(unsigned place, union world_sockaddr *out)
{
	return address_of(place, false, out);
}

int world_where(int fd)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof peer;

	if (getpeername(fd, (struct sockaddr *)&peer, &length) != 0)
		return -1;
	for (unsigned place = 0; place < PLACES; place++) {
		const struct in6_addr ip = place_ip(place, false);
		const bool ipv4 = peer.ss_family == AF_INET;
		const void *theirs = ipv4 ? (const void *)&((struct sockaddr_in *)&peer)->sin_addr
		                          : (const void *)&((struct sockaddr_in6 *)&peer)->sin6_addr;
		if (!memcmp(theirs, ip.s6_addr + (ipv4 ? 12 : 0), ipv4 ? 4 : 16))
			return (int)place;
	}
	return -1;
}

/* ------------------------------------------------------------------------------------------------ making the world */

/* The socket of PLACE: nobody else can listen there, and what is sent to it is refused.  False: the port is not free. */
static bool bind_place(unsigned place)
{
	const int on = 1;
	union world_sockaddr address;
	const socklen_t length = address_of(place, true, &address);

	close(FIRST_FD + (int)place);
	const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, &address.any, length) != 0) {
		close(fd);
		return false;
	}
	if (dup2(fd, FIRST_FD + (int)place) < 0)
		err(2, "dup2");
	close(fd);
	return true;
}

/* A port that is free in all places; the first place chooses it. */
static bool bind_all(void)
{
	struct sockaddr_in bound;
	socklen_t length = sizeof bound;

	shared->port = 0;
	for (unsigned place = 0; place < (shared->has_far ? PLACES : FAR); place++) {
		if (!bind_place(place))
			return false;
		if (getsockname(FIRST_FD, (struct sockaddr *)&bound, &length) != 0)
			err(2, "getsockname");
		shared->port = ntohs(bound.sin_port);
	}
	return true;
}

static void make_table(struct table_writer **writer)
{
	static struct conf_candidate candidates[PLACES];
	static struct conf_service services[PLACES / 4];
	static struct mpf_slot image;
	static const char *const names[] = { "near", "far", "mixed" };
	struct conf conf = { .file = "", .services = services, .service_count = shared->has_far ? 3 : 1 };

	for (unsigned i = 0; i < PLACES; i++) {
		candidates[i].name = "place";
		candidates[i].address.ip = place_ip(i, false);
	}
	for (size_t i = 0; i < conf.service_count; i++)
		services[i] = (struct conf_service){ .name = names[i],
			                             .candidates = &candidates[i * 4],
			                             .candidate_count = 4,
			                             .stale_after_ms = 10000,
			                             .nonblocking_wait_ms = WAIT_MS,
			                             .attempt_floor_ms = FLOOR_MS,
			                             .attempt_ceiling_ms = CEILING_MS,
			                             .stick_ms = STICK_MS };
	const int error = table_writer_open(writer, shared->table, shared->report, "");
	if (error)
		errx(2, "%s: %s", shared->table, strerror(-error));
	image_build(&image, &conf, 0);
	for (unsigned i = 0; i < image.candidate_count; i++)
		image.candidates[i].handshake_us = 1000;
	table_writer_heartbeat(*writer, (uint32_t)(world_now_us() / 1000));
	table_writer_publish(*writer, &image);
}

static void make_world(void)
{
	const int fd = memfd_create("world", 0);

	if (fd < 0 || ftruncate(fd, sizeof *shared) != 0 || dup2(fd, SHARED_FD) < 0)
		err(2, "memfd");
	close(fd);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);
	if (shared == MAP_FAILED)
		err(2, "mmap");
	shared->network[0] = (uint8_t)(getpid() >> 8 & 127) | 64;
	shared->network[1] = (uint8_t)getpid();
	shared->has_network = getenv("OWN_NETWORK") && *getenv("OWN_NETWORK");
	shared->has_far = shared->has_network && far_start(shared->far);
	for (int tries = 0; !bind_all(); tries++)
		if (tries == 20)
			err(2, "no port is free in all places");
	strcpy(shared->directory, "/tmp/mpfailover-XXXXXX");
	if (!mkdtemp(shared->directory))
		err(2, "mkdtemp");
	snprintf(shared->table, sizeof shared->table, "%s/table", shared->directory);
	snprintf(shared->report, sizeof shared->report, "%s/report", shared->directory);
}

static void remove_world(void)
{
	char lock[64];

	snprintf(lock, sizeof lock, "%s.lock", shared->table);
	unlink(lock);
	unlink(shared->table);
	unlink(shared->report);
	rmdir(shared->directory);
}

/* The process that makes the world: runs the tests in another one, under the library, and keeps the table's heart beating. */
static int host(char **argv, const char *library)
{
	const pid_t parent = getpid();
	struct table_writer *writer;
	int status;

	make_world();
	make_table(&writer);
	const pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("CONN_WORLD", library ? "with" : "without", 1);
		setenv("MPFAILOVER_TABLE", shared->table, 1);
		if (library)
			setenv("LD_PRELOAD", library, 1);
		if (getppid() == parent)
			execv("/proc/self/exe", argv);
		_exit(127);
	}
	while ((status = test_wait_status(pid, 500)) < 0)
		table_writer_heartbeat(writer, (uint32_t)(world_now_us() / 1000));
	table_writer_close(writer);
	remove_world();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

/* ------------------------------------------------------------------------------------------------- living in the world */

struct mpf_slot *world_slot(void)
{
	return (struct mpf_slot *)((char *)world.table + world.table->slot_offset[world.table->active & 1]);
}

struct mpf_service *world_service(unsigned place)
{
	return &world_slot()->services[place / 4];
}

struct mpf_candidate *world_candidate(unsigned place)
{
	return &world_slot()->candidates[place];
}

int world_server(unsigned place)
{
	return FIRST_FD + (int)place;
}

unsigned world_times(unsigned few)
{
	const char *text = getenv("CONN_TIMES");
	const long times = text ? strtol(text, NULL, 10) : 1;

	return few * (unsigned)(times < 1 ? 1 : times > MOST_TIMES ? MOST_TIMES : times);
}

int world_socket(unsigned place, int type)
{
	union world_sockaddr address;

	world_address(place, &address);
	const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | type, 0);
	expect(fd >= 0, "socket: %s", strerror(errno));
	return fd;
}

int world_connect(int fd, unsigned place)
{
	union world_sockaddr address;
	const socklen_t length = world_address(place, &address);

	return connect(fd, &address.any, length);
}

int world_connect_natively(int fd, unsigned place)
{
	union world_sockaddr address;
	const socklen_t length = world_address(place, &address);

	return libc_connect(fd, &address.any, length);
}

int world_accept(unsigned place)
{
	return accept4(world_server(place), NULL, NULL, SOCK_CLOEXEC);
}

int world_receiver(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, world.report, sizeof address.sun_path - 1);
	unlink(world.report);
	expect(bind(fd, (const struct sockaddr *)&address, sizeof address) == 0, "%s", strerror(errno));
	return fd;
}

short world_poll(int fd, short events, int wait_ms)
{
	struct pollfd one = { .fd = fd, .events = events };

	return poll(&one, 1, wait_ms) < 0 ? -1 : one.revents;
}

int world_error(int fd)
{
	int error = -1;
	socklen_t length = sizeof error;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

/* Fills the queue of a server that accepts one connection: further first packets are dropped, in silence. */
static void fill(unsigned place)
{
	union world_sockaddr address;
	const socklen_t length = address_of(place, true, &address);

	for (int i = 0; i < FILLERS; i++) {
		const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (libc_connect(fd, &address.any, length) != 0 && errno != EINPROGRESS)
			err(2, "filling a queue");
		if (world_poll(fd, POLLOUT, 20) == 0) {
			close(fd);
			return;
		}
	}
	errx(2, "a queue is never full");
}

/* An earlier test may have changed them. */
static void service_defaults(struct mpf_service *service)
{
	service->nonblocking_wait_ms = WAIT_MS;
	service->attempt_floor_ms = FLOOR_MS;
	service->attempt_ceiling_ms = CEILING_MS;
	service->stick_ms = STICK_MS;
	service->all_down = MPF_ALL_DOWN_TRY;
	service->when_stale = MPF_STALE_LAST_GOOD;
	service->stale_after_ms = STALE_MS;
}

bool world_is_waiting(pid_t tid)
{
	char path[64], call[16] = "";

	snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)tid);
	const int fd = open(path, O_RDONLY);
	const bool seen = read(fd, call, sizeof call - 1) > 0;
	close(fd);
	return seen && (atoi(call) == SYS_ppoll || atoi(call) == SYS_connect);
}

/* With nothing in its queue.  The children of a test that was killed may be about to end, and hold the old socket. */
static void bind_again(unsigned place)
{
	for (int tries = 0; !bind_place(place); tries++) {
		if (tries == 2000)
			err(2, "bind");
		usleep(1000);
	}
}

void world_paint(unsigned first, const char *letters)
{
	service_defaults(world_service(first));
	for (unsigned place = first; place < first + 4; place++) {
		const char given = letters[0] ? *letters++ : '-', letter = (char)tolower(given);

		bind_again(place);
		if (place >= FAR)
			world.far[place - FAR] = (struct far_rule){ .fate = letter == 's' ? FAR_DROP : FAR_PASS };
		if (letter != 'r' && letter != '-' &&
		    listen(world_server(place), letter == 'l' || place >= FAR ? 4096 : 0) != 0)
			err(2, "listen");
		if (letter == 's' && place < FAR)
			fill(place);
		table_store(&world_candidate(place)->word, MPF_WORD(given == letter ? MPF_UP : MPF_SUSPECT,
		                                                    letter == '-' ? MPF_MAINT : MPF_READY, 0, 0, 0));
		table_store(&world_candidate(place)->handshake_us, 1000);
		world_candidate(place)->has_source = world_candidate(place)->port = 0;
	}
}

/* Under the library, if there is one: finds the world again. */
static void move_in(void)
{
	void *libc = dlopen(LIBC_SO, RTLD_NOW | RTLD_NOLOAD);
	const struct rlimit many = { 8192, 8192 };

	unsetenv("LD_PRELOAD");
	*(void **)&libc_connect = dlsym(libc, "connect");
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0);
	if (shared == MAP_FAILED || !libc_connect)
		err(2, "mmap");
	if (!world.native && libc_connect == connect)
		errx(2, "the library is not there");
	const int fd = open(shared->table, O_RDWR | O_CLOEXEC);
	world.table = mmap(NULL, MPF_FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || world.table == MAP_FAILED)
		err(2, "%s", shared->table);
	close(fd);
	world.port = shared->port;
	world.report = shared->report;
	world.far = shared->far;
	setrlimit(RLIMIT_NOFILE, &many);
}

int world_main(int argc, char **argv, const struct world_test *tests, size_t count)
{
	const char *library = NULL, *filter, *stage = getenv("CONN_WORLD");
	bool all_right = true;
	int option;

	while ((option = getopt(argc, argv, "l:")) == 'l')
		library = optarg;
	filter = optind < argc ? argv[optind] : "";
	if (!stage)
		return host(argv, library);
	world.native = strcmp(stage, "without") == 0;
	move_in();
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < count; i++)
		if (strstr(tests[i].name, filter))
			all_right &= test_try(&tests[i]);
	return all_right ? 0 : 1;
}
