/* SPDX-License-Identifier: MIT */
/*
 * delay_tun - a wide-area link between two network namespaces, with faults on demand.
 *
 *     delay_tun DEVICE NAMESPACE DEVICE2
 *
 * Makes the tun device DEVICE in the namespace that it runs in (the clients' side) and DEVICE2 in the one mounted at
 * NAMESPACE (the servers' side), and carries IPv4 packets between them.  It obeys lines on its standard input, each
 * answered by one on its standard output ("ok ..." or "error"), and ends with its input:
 *
 *     delay US              each way
 *     lose PERCENT          of all SYNs to the servers' side (a decimal number)
 *     lose-next ADDRESS N   the next N SYNs to ADDRESS
 *     slow ADDRESS US       so much later on the way to ADDRESS
 *     drop ADDRESS          nothing passes, silently, either way
 *     reject ADDRESS        each packet is answered by "host unreachable", one round trip later, not rate-limited
 *     refuse ADDRESS        each SYN is answered by a reset, one round trip later
 *     pass ADDRESS          as if none of the above had been said of ADDRESS
 *     heal                  forget all but the delay
 *     count                 answers "ok SYNS LOST", since the last count
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PACKET = 65536, MAX_RULES = 16, BATCH = 32 };

enum side { CLIENT, SERVER, SIDES };

enum fate { PASS, DROP, REJECT, REFUSE };

struct packet {
	struct packet *next;
	uint64_t due_ns;
	size_t size;
	unsigned char data[];
};

struct queue {
	struct packet *first, *last; /* by due time */
};

/* What happens to packets for one address. */
struct rule {
	in_addr_t address;
	enum fate fate;
	unsigned lose_next;
	uint64_t extra_ns;
};

static struct link {
	int fd[SIDES];
	struct queue to[SIDES];
	uint64_t delay_ns;
	double loss; /* 0 to 1 */
	struct rule rules[MAX_RULES];
	size_t rule_count;
	unsigned syns, lost;
} wan;

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ------------------------------------------------------------------------------------------------------- the queues */

static void send_later(enum side to, const void *data, size_t size, uint64_t due_ns)
{
	struct queue *queue = &wan.to[to];
	struct packet *packet = malloc(sizeof *packet + size);
	if (packet == NULL)
		return;
	packet->due_ns = due_ns;
	packet->size = size;
	memcpy(packet->data, data, size);

	struct packet **at = &queue->first;
	if (queue->last != NULL && queue->last->due_ns <= due_ns)
		at = &queue->last->next;
	while (*at != NULL && (*at)->due_ns <= due_ns)
		at = &(*at)->next;
	packet->next = *at;
	*at = packet;
	if (packet->next == NULL)
		queue->last = packet;
}

static void send_due(enum side to)
{
	struct queue *queue = &wan.to[to];
	while (queue->first != NULL && queue->first->due_ns <= now_ns()) {
		struct packet *packet = queue->first;
		queue->first = packet->next;
		if (queue->first == NULL)
			queue->last = NULL;
		/* A device that is full or down loses packets, as a real one does. */
		if (write(wan.fd[to], packet->data, packet->size) < 0)
			wan.lost++;
		free(packet);
	}
}

/* --------------------------------------------------------------------------------------------------- made-up answers */

static uint32_t sum_words(const void *data, size_t size, uint32_t sum)
{
	const unsigned char *byte = data;
	for (; size > 1; size -= 2, byte += 2)
		sum += (uint32_t)byte[0] << 8 | byte[1];
	if (size > 0)
		sum += (uint32_t)byte[0] << 8;
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static struct iphdr answer_header(const struct iphdr *ip, uint8_t protocol, size_t payload)
{
	struct iphdr answer = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)(sizeof answer + payload)),
		.ttl = 64,
		.protocol = protocol,
		.saddr = ip->daddr,
		.daddr = ip->saddr,
	};
	answer.check = checksum(sum_words(&answer, sizeof answer, 0));
	return answer;
}

static void answer_unreachable(const struct iphdr *ip, size_t size, uint64_t due_ns)
{
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
		unsigned char quoted[128];
	} answer = { .icmp = { .type = ICMP_DEST_UNREACH, .code = ICMP_HOST_UNREACH } };
	size_t quoted = size < sizeof answer.quoted ? size : sizeof answer.quoted;
	size_t payload = sizeof answer.icmp + quoted;

	answer.ip = answer_header(ip, IPPROTO_ICMP, payload);
	memcpy(answer.quoted, ip, quoted);
	answer.icmp.checksum = checksum(sum_words(&answer.icmp, payload, 0));
	send_later(CLIENT, &answer, sizeof answer.ip + payload, due_ns);
}

static void answer_reset(const struct iphdr *ip, const struct tcphdr *syn, uint64_t due_ns)
{
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} answer = {
		.ip = answer_header(ip, IPPROTO_TCP, sizeof answer.tcp),
		.tcp = {
			.source = syn->dest,
			.dest = syn->source,
			.ack_seq = htonl(ntohl(syn->seq) + 1),
			.doff = sizeof answer.tcp / 4,
			.rst = 1,
			.ack = 1,
		},
	};
	uint32_t pseudo = sum_words(&answer.ip.saddr, 8, IPPROTO_TCP + sizeof answer.tcp);
	answer.tcp.check = checksum(sum_words(&answer.tcp, sizeof answer.tcp, pseudo));
	send_later(CLIENT, &answer, sizeof answer, due_ns);
}

/* ------------------------------------------------------------------------------------------------------- forwarding */

static struct rule *find_rule(in_addr_t address)
{
	for (size_t i = 0; i < wan.rule_count; i++)
		if (wan.rules[i].address == address)
			return &wan.rules[i];
	return NULL;
}

static const struct tcphdr *as_syn(const struct iphdr *ip, size_t size)
{
	const struct tcphdr *tcp = (const void *)((const unsigned char *)ip + ip->ihl * 4u);
	if (ip->protocol != IPPROTO_TCP || ip->ihl * 4u + sizeof *tcp > size || !tcp->syn || tcp->ack)
		return NULL;
	return tcp;
}

static bool is_lost(struct rule *rule)
{
	if (rule != NULL && rule->lose_next > 0) {
		rule->lose_next--;
		return true;
	}
	return drand48() < wan.loss;
}

static void forward(const struct iphdr *ip, size_t size)
{
	struct rule *rule = find_rule(ip->daddr);
	enum fate fate = rule != NULL ? rule->fate : PASS;
	const struct tcphdr *syn = as_syn(ip, size);
	uint64_t now = now_ns();

	if (syn != NULL) {
		wan.syns++;
		if (is_lost(rule)) {
			wan.lost++;
			return;
		}
	}
	if (fate == REJECT)
		answer_unreachable(ip, size, now + 2 * wan.delay_ns);
	else if (fate == REFUSE && syn != NULL)
		answer_reset(ip, syn, now + 2 * wan.delay_ns);
	else if (fate == PASS || fate == REFUSE)
		send_later(SERVER, ip, size, now + wan.delay_ns + (rule != NULL ? rule->extra_ns : 0));
}

static void bring_back(const struct iphdr *ip, size_t size)
{
	const struct rule *rule = find_rule(ip->saddr);
	if (rule == NULL || rule->fate == PASS || rule->fate == REFUSE)
		send_later(CLIENT, ip, size, now_ns() + wan.delay_ns);
}

static void receive(enum side from)
{
	static _Alignas(struct iphdr) unsigned char data[MAX_PACKET];
	for (int i = 0; i < BATCH; i++) {
		ssize_t size = read(wan.fd[from], data, sizeof data);
		if (size < 0)
			return;
		const struct iphdr *ip = (const void *)data;
		if ((size_t)size < sizeof *ip || ip->version != 4)
			continue; /* IPv6 neighbours saying hello */
		if (from == CLIENT)
			forward(ip, (size_t)size);
		else
			bring_back(ip, (size_t)size);
	}
}

/* -------------------------------------------------------------------------------------------------------- commands */

static struct rule *rule_for(const char *text)
{
	struct in_addr address;
	if (inet_pton(AF_INET, text, &address) != 1)
		return NULL;
	struct rule *rule = find_rule(address.s_addr);
	if (rule == NULL && wan.rule_count < MAX_RULES) {
		rule = &wan.rules[wan.rule_count++];
		*rule = (struct rule){ .address = address.s_addr };
	}
	return rule;
}

static bool obey_address(const char *verb, const char *address, unsigned number)
{
	static const char *const fates[] = {
		[PASS] = "pass", [DROP] = "drop", [REJECT] = "reject", [REFUSE] = "refuse"
	};
	struct rule *rule = rule_for(address);
	if (rule == NULL)
		return false;
	if (strcmp(verb, "lose-next") == 0) {
		rule->lose_next = number;
		return true;
	}
	if (strcmp(verb, "slow") == 0) {
		rule->extra_ns = (uint64_t)number * 1000;
		return true;
	}
	for (enum fate fate = PASS; fate <= REFUSE; fate++) {
		if (strcmp(verb, fates[fate]) != 0)
			continue;
		*rule = (struct rule){ .address = rule->address, .fate = fate };
		return true;
	}
	return false;
}

static bool obey_link(const char *verb, const char *value)
{
	if (strcmp(verb, "delay") == 0)
		wan.delay_ns = strtoull(value, NULL, 10) * 1000;
	else if (strcmp(verb, "lose") == 0)
		wan.loss = strtod(value, NULL) / 100;
	else if (strcmp(verb, "heal") == 0) {
		wan.rule_count = 0;
		wan.loss = 0;
	} else
		return false;
	return true;
}

static void obey(const char *line)
{
	char verb[16] = "", value[INET_ADDRSTRLEN] = "";
	unsigned number = 0;
	sscanf(line, "%15s %15s %u", verb, value, &number);
	if (strcmp(verb, "count") == 0) {
		printf("ok %u %u\n", wan.syns, wan.lost);
		wan.syns = wan.lost = 0;
	} else {
		puts(obey_link(verb, value) || obey_address(verb, value, number) ? "ok" : "error");
	}
	fflush(stdout);
}

/* False at the end of the input. */
static bool read_commands(void)
{
	static char text[1024];
	static size_t used;
	ssize_t got = read(STDIN_FILENO, text + used, sizeof text - 1 - used);
	if (got <= 0)
		return false;
	used += (size_t)got;
	text[used] = '\0';

	char *line = text, *end;
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		obey(line);
		line = end + 1;
	}
	used -= (size_t)(line - text);
	memmove(text, line, used);
	return used < sizeof text - 1;
}

/* ---------------------------------------------------------------------------------------------------------- start */

static int open_tun(const char *device)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	strncpy(request.ifr_name, device, sizeof request.ifr_name - 1);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A network does not wait for a busy processor, so neither should this; where that is not permitted, it may. */
static void be_prompt(void)
{
	struct sched_param param = { .sched_priority = 1 };
	sched_setscheduler(0, SCHED_FIFO, &param);
	prctl(PR_SET_TIMERSLACK, 1UL);
}

static struct timespec until_next(uint64_t now)
{
	uint64_t due = now + 1000000000;
	for (enum side side = CLIENT; side < SIDES; side++)
		if (wan.to[side].first != NULL && wan.to[side].first->due_ns < due)
			due = wan.to[side].first->due_ns;
	uint64_t wait = due > now ? due - now : 0;
	return (struct timespec){ .tv_sec = (time_t)(wait / 1000000000), .tv_nsec = (long)(wait % 1000000000) };
}

static int carry(void)
{
	for (;;) {
		struct pollfd ready[] = {
			{ .fd = wan.fd[CLIENT], .events = POLLIN },
			{ .fd = wan.fd[SERVER], .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
		};
		struct timespec wait = until_next(now_ns());
		if (ppoll(ready, 3, &wait, NULL) < 0 && errno != EINTR)
			return 1;
		if (ready[0].revents != 0)
			receive(CLIENT);
		if (ready[1].revents != 0)
			receive(SERVER);
		send_due(CLIENT);
		send_due(SERVER);
		if (ready[2].revents != 0 && !read_commands())
			return 0;
	}
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fputs("usage: delay_tun DEVICE NAMESPACE DEVICE2\n", stderr);
		return 2;
	}
	wan.fd[CLIENT] = open_tun(argv[1]);
	if (wan.fd[CLIENT] < 0) {
		perror(argv[1]);
		return 1;
	}
	int namespace = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || setns(namespace, CLONE_NEWNET) < 0) {
		perror(argv[2]);
		return 1;
	}
	wan.fd[SERVER] = open_tun(argv[3]);
	if (wan.fd[SERVER] < 0) {
		perror(argv[3]);
		return 1;
	}
	be_prompt();
	srand48((long)now_ns());
	puts("ok");
	fflush(stdout);
	return carry();
}
