/* SPDX-License-Identifier: MIT */
#include "tests/clients/conn_far.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS = 4096, PACKET_SIZE = 1600 };

struct packet {
	uint64_t due_us; /* 0: this place is free */
	size_t size;
	_Alignas(struct iphdr) unsigned char data[PACKET_SIZE];
};

static struct packet packets[PACKETS];
static int device;

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void send_later(const void *data, size_t size, uint64_t delay_us)
{
	for (size_t i = 0; i < PACKETS; i++)
		if (!packets[i].due_us) {
			packets[i].due_us = now_us() + delay_us;
			packets[i].size = size;
			memcpy(packets[i].data, data, size);
			return;
		}
}

/* Sends what is due, the oldest first, and says how long until the next. */
static uint64_t send_due(void)
{
	for (;;) {
		struct packet *first = NULL;

		for (size_t i = 0; i < PACKETS; i++)
			if (packets[i].due_us && (!first || packets[i].due_us < first->due_us))
				first = &packets[i];
		if (!first)
			return 1000000;
		const uint64_t now = now_us();
		if (first->due_us > now)
			return first->due_us - now;
		if (write(device, first->data, first->size) < 0)
			perror("far");
		first->due_us = 0;
	}
}

/* Before and behind the address's network part there is nothing to change, and as much is added to one address as is taken from the
 * other: every checksum stays right. */
static void turn_round(unsigned char *packet)
{
	const size_t from = packet[0] >> 4 == 6 ? offsetof(struct ip6_hdr, ip6_src) : offsetof(struct iphdr, saddr);
	const size_t to = packet[0] >> 4 == 6 ? offsetof(struct ip6_hdr, ip6_dst) : offsetof(struct iphdr, daddr);

	packet[from + 1]++; /* 98 becomes 99, */
	packet[to + 1]--;   /* and 99 becomes 98 */
}

static uint16_t checksum(const void *data, size_t size)
{
	const uint16_t *word = data;
	uint32_t sum = 0;

	for (; size > 1; size -= 2)
		sum += *word++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void answer_icmp(const unsigned char *packet, const struct far_rule *rule)
{
	const struct iphdr *ip = (const void *)packet;
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
		unsigned char quoted[sizeof(struct iphdr) + 8];
	} answer = { .ip = { .version = 4,
		             .ihl = 5,
		             .tot_len = htons(sizeof answer),
		             .ttl = 64,
		             .protocol = IPPROTO_ICMP,
		             .saddr = ip->daddr,
		             .daddr = ip->saddr },
		     .icmp = { .type = (uint8_t)(rule->icmp >> 8), .code = (uint8_t)rule->icmp } };

	memcpy(answer.quoted, packet, sizeof answer.quoted);
	answer.ip.check = checksum(&answer.ip, sizeof answer.ip);
	answer.icmp.checksum = checksum(&answer.icmp, sizeof answer - sizeof answer.ip);
	send_later(&answer, sizeof answer, rule->delay_us);
}

static bool is_syn(const unsigned char *packet)
{
	const bool ipv6 = packet[0] >> 4 == 6;
	const size_t header = ipv6 ? sizeof(struct ip6_hdr) : (size_t)(packet[0] & 15) * 4;
	const struct tcphdr *tcp = (const void *)(packet + header);

	return packet[ipv6 ? 6 : 9] == IPPROTO_TCP && tcp->syn && !tcp->ack;
}

/* The last byte of the source, or of the destination. */
static unsigned host_of(const unsigned char *packet, bool destination)
{
	if (packet[0] >> 4 == 6)
		return packet[destination ? 39 : 23];
	return packet[destination ? 19 : 15];
}

static void carry(unsigned char *packet, size_t size, struct far_rule *rules)
{
	const bool back = host_of(packet, true) == FAR_CLIENT;
	const unsigned number = host_of(packet, !back);

	if (number < 1 || number > FAR_PLACES)
		return; /* multicast */
	struct far_rule *rule = &rules[number - 1];
	if (is_syn(packet)) {
		rule->syns++;
		if (rule->lose_syns > 0) {
			rule->lose_syns--;
			return;
		}
	}
	if (rule->fate == FAR_ICMP && !back) {
		answer_icmp(packet, rule);
	} else if (rule->fate == FAR_PASS) {
		turn_round(packet);
		send_later(packet, size, back ? 0 : rule->delay_us);
	}
}

static _Noreturn void run(struct far_rule *rules)
{
	const struct sched_param param = { .sched_priority = 1 };

	sched_setscheduler(0, SCHED_FIFO, &param); /* where that is not permitted, it may be late */
	prctl(PR_SET_TIMERSLACK, 1UL);
	for (;;) {
		static _Alignas(struct iphdr) unsigned char packet[PACKET_SIZE];
		const uint64_t wait_us = send_due();
		const struct timespec wait = { (time_t)(wait_us / 1000000), (long)(wait_us % 1000000 * 1000) };
		struct pollfd readable = { .fd = device, .events = POLLIN };

		ppoll(&readable, 1, &wait, NULL);
		for (ssize_t size; (size = read(device, packet, sizeof packet)) > 0;)
			carry(packet, (size_t)size, rules);
	}
}

static bool open_device(void)
{
	struct ifreq request = { .ifr_name = "far0", .ifr_flags = IFF_TUN | IFF_NO_PI };

	device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return device >= 0 && ioctl(device, TUNSETIFF, &request) == 0;
}

static bool set_up(void)
{
	char command[512];

	snprintf(
		command, sizeof command,
		"exec 2> /dev/null; ip link set far0 up || exit\n"
		"for n in 1 2 3 4 5 6 7 8 %d; do\n"
		"	ip addr add 10.98.0.$n/32 dev far0 && ip addr add fd98::$(printf %%x $n)/128 dev far0 nodad || exit\n"
		"done\n"
		"ip route add 10.99.0.0/24 dev far0 src 10.98.0.%d && ip route add fd99::/64 dev far0 src fd98::%x\n",
		FAR_CLIENT, FAR_CLIENT, FAR_CLIENT);
	return system(command) == 0;
}

bool far_start(struct far_rule rules[FAR_PLACES])
{
	const pid_t parent = getpid();

	if (!open_device() || !set_up())
		return false;
	const pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		run(rules);
	}
	close(device);
	return pid > 0;
}
