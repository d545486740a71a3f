/* SPDX-License-Identifier: MIT */
#include "probe/ctl/haproxy.h"

#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>

#include "conf/conf.h"
#include "preload/endpoint.h"
#include "probe/ctl/haproxy_word.h"

enum { LOOPBACKS = 254 };

static const char head[] =
	"#\n"
	"# For programs that no preloaded library can reach: have them connect to the address that a service is bound to.\n"
	"# What is otherwise than with the library: a connection that is refused or lost while HAProxy has not noticed it may\n"
	"# fail, connections go back to a server as soon as that is up, and each byte takes one more hop.\n"
	"\n"
	"defaults\n"
	"\tmode tcp\n"
	"\toption clitcpka\n"
	"\toption srvtcpka\n"
	"\toption redispatch 1\n"
	"\tretries 3\n"
	"\ttimeout client 1h\n"
	"\ttimeout server 1h\n";

struct writer {
	FILE *out;
	const struct conf *conf;
	const struct haproxy_listen *listen;
	size_t place[CONF_MAX_SERVICES]; /* at which address each service listens */
};

/* ------------------------------------------------------------------------------------------------- where to listen */

/* Address NUMBER of those to listen at; NULL: there are no more. */
static const char *address_at(const struct haproxy_listen *listen, size_t number, char out[INET6_ADDRSTRLEN])
{
	if (listen->addresses)
		return number < listen->count ? listen->addresses[number] : NULL;
	if (number >= LOOPBACKS)
		return NULL;
	snprintf(out, INET6_ADDRSTRLEN, "127.0.0.%zu", number + 1);
	return out;
}

static bool has_port(const struct conf_service *service, uint16_t port)
{
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i] == port)
			return true;
	return false;
}

static bool share_port(const struct conf_service *a, const struct conf_service *b)
{
	for (size_t i = 0; i < a->port_count; i++)
		if (has_port(b, a->ports[i]))
			return true;
	return false;
}

/* Does a candidate itself listen where SERVICE would, at ADDRESS? */
static bool is_candidates(const struct conf *conf, const struct conf_service *service, const char *address)
{
	for (size_t i = 0; i < conf->service_count; i++)
		for (size_t j = 0; j < conf->services[i].candidate_count; j++) {
			const struct conf_candidate *candidate = &conf->services[i].candidates[j];
			char text[ENDPOINT_TEXT];
			endpoint_print(candidate->address.ip.s6_addr, candidate->address.scope, 0, text);
			if (candidate->is_dns || strcmp(text, address) != 0)
				continue;
			if (candidate->port ? has_port(service, candidate->port)
			                    : share_port(service, &conf->services[i]))
				return true;
		}
	return false;
}

static bool is_taken(const struct writer *writer, size_t number, size_t place)
{
	const struct conf *conf = writer->conf;
	char text[INET6_ADDRSTRLEN];
	for (size_t i = 0; i < number; i++)
		if (writer->place[i] == place && share_port(&conf->services[i], &conf->services[number]))
			return true;
	return is_candidates(conf, &conf->services[number], address_at(writer->listen, place, text));
}

static bool find_place(struct writer *writer, size_t number)
{
	char text[INET6_ADDRSTRLEN];
	for (size_t place = 0; address_at(writer->listen, place, text); place++)
		if (!is_taken(writer, number, place)) {
			writer->place[number] = place;
			return true;
		}
	return false;
}

/* -------------------------------------------------------------------------------------------------------- the checks */

static bool is_http(const struct conf_check *check)
{
	return check->type == CONF_HTTP || check->type == CONF_HTTPS;
}
static bool is_tls(const struct conf_check *check)
{
	return check->type == CONF_TLS || check->type == CONF_HTTPS;
}

static void put_request(FILE *out, const struct conf_service *service)
{
	const struct conf_check *check = service->check;
	const uint16_t usual = check->type == CONF_HTTPS ? 443 : 80;
	fputs("\thttp-check send meth ", out);
	haproxy_put_word(out, check->method, false);
	fputs(" uri ", out);
	haproxy_put_word(out, check->path, false);
	fprintf(out, " ver HTTP/1.%d", service->check_host[0] != '\0');
	if (service->check_host[0]) {
		fprintf(out, " hdr Host %s", service->check_host);
		if (service->check_port != usual)
			fprintf(out, ":%u", service->check_port);
	}
	for (size_t i = 0; i < check->header_count; i++) {
		const char *header = check->headers[i], *colon = strchr(header, ':');
		fprintf(out, " hdr %.*s ", (int)(colon - header), header);
		haproxy_put_word(out, colon + 1 + strspn(colon + 1, " \t"), true);
	}
	if (check->body[0]) {
		fputs(" body ", out);
		haproxy_put_word(out, check->body, false);
	}
	fputc('\n', out);
}

static void put_check(FILE *out, const struct conf_service *service)
{
	const struct conf_check *check = service->check;
	fprintf(out, "\ttimeout check %ums\n", service->timing->timeout_ms);
	if (check->type == CONF_EXEC)
		fputs("\t# The check is a command, which HAProxy does not run: it looks whether a connection is accepted.\n",
		      out);
	if (!is_http(check))
		return;
	fputs("\toption httpchk\n", out);
	put_request(out, service);
	fputs("\thttp-check expect status ", out);
	for (size_t i = 0; i < check->status_count; i++) {
		const struct conf_status_range *range = &check->status[i];
		fprintf(out, range->low == range->high ? "%s%u" : "%s%u-%u", i ? "," : "", range->low, range->high);
	}
	fputc('\n', out);
	if (check->contains[0]) {
		fputs("\thttp-check expect string ", out);
		haproxy_put_word(out, check->contains, false);
		fputc('\n', out);
	}
}

/* What all servers have in common. */
static void put_default_server(FILE *out, const struct conf_service *service)
{
	const struct conf_check *check = service->check;
	const struct conf_timing *timing = service->timing;
	fprintf(out, "\tdefault-server inter %ums fastinter %ums downinter %ums rise %u fall %u", timing->interval_ms,
	        timing->fast_ms, timing->down_ms, timing->rise, timing->fall);
	fputs(" observe layer4 error-limit 1 on-error mark-down", out);
	if (is_tls(check)) {
		fputs(" check-ssl", out);
		if (service->check_host[0])
			fprintf(out, " check-sni %s", service->check_host);
		if (check->verify) {
			fprintf(out, " verify required verifyhost %s ca-file ", service->check_host);
			haproxy_put_word(out, check->ca_file[0] ? check->ca_file : "@system-ca", false);
		} else {
			fputs(" verify none", out);
		}
	}
	fputc('\n', out);
}

/* ------------------------------------------------------------------------------------------------------- the servers */

static const char *dns_host(const struct conf_service *service)
{
	for (size_t i = 0; i < service->host_count; i++)
		if (service->hosts[i][0] != '*')
			return service->hosts[i];
	return "";
}

static void put_address(FILE *out, const struct conf_candidate *candidate, uint16_t port)
{
	char text[ENDPOINT_TEXT];
	endpoint_print(candidate->address.ip.s6_addr, candidate->address.scope,
	               candidate->port ? candidate->port : port, text);
	fputs(text, out);
}

static void put_source(FILE *out, const struct conf_uplink *uplink)
{
	char text[ENDPOINT_TEXT];
	if (!uplink || !uplink->has_source)
		return;
	endpoint_print(uplink->source.ip.s6_addr, 0, 0, text);
	fprintf(out, " source %s", text);
}

/* PROXY: the section that has the checks of these servers, NULL: this one. */
static void put_server(FILE *out, const struct conf_service *service, size_t number, uint16_t port, bool first,
                       const char *proxy)
{
	const struct conf_candidate *candidate = &service->candidates[number];
	char name[HAPROXY_NAME_SIZE];
	const uint16_t check_port = candidate->port ? candidate->port : service->check_port;
	haproxy_name(candidate->name, number, name);
	if (candidate->is_dns) {
		fprintf(out, "\tserver-template %s.dns %d %s:%u init-addr none resolvers mpfailover", name,
		        CONF_MAX_SERVICE_CANDIDATES / 4, dns_host(service), candidate->port ? candidate->port : port);
	} else {
		fprintf(out, "\tserver %s ", name);
		put_address(out, candidate, port);
	}
	if (proxy && !candidate->is_dns)
		fprintf(out, " track %s/%s", proxy, name);
	else
		fputs(" check", out);
	if (!(proxy && !candidate->is_dns) && check_port != (candidate->port ? candidate->port : port))
		fprintf(out, " port %u", check_port);
	put_source(out, candidate->uplink);
	fputs(first ? "\n" : " backup\n", out);
}

/* Those that DNS names first, if that is preferred. */
static void put_servers(FILE *out, const struct conf_service *service, uint16_t port, const char *proxy)
{
	bool first = true;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < service->candidate_count; i++) {
			const bool leads = service->prefer == CONF_PREFER_DNS && service->candidates[i].is_dns;
			if (leads != (pass == 0))
				continue;
			put_server(out, service, i, port, first, proxy);
			first = false;
		}
	for (size_t i = 0; i < service->candidate_count && service->all_down == CONF_ALL_DOWN_TRY; i++)
		if (!service->candidates[i].is_dns) {
			fputs("\tserver all-down.try ", out);
			put_address(out, &service->candidates[i], port);
			put_source(out, service->candidates[i].uplink);
			fputs(" backup\n", out);
			return;
		}
}

/* ------------------------------------------------------------------------------------------------------ the services */

static void put_section(const struct writer *writer, size_t number, size_t port, const char *name, const char *proxy)
{
	FILE *out = writer->out;
	const struct conf_service *service = &writer->conf->services[number];
	char text[INET6_ADDRSTRLEN];
	const char *at = address_at(writer->listen, writer->place[number], text);
	fprintf(out, strchr(at, ':') ? "\nlisten %s\n\tbind [%s]:%u\n" : "\nlisten %s\n\tbind %s:%u\n", name, at,
	        service->ports[port]);
	fprintf(out, "\ttimeout connect %ums\n", service->attempt_ceiling_ms);
	if (!proxy)
		put_check(out, service);
	put_default_server(out, service);
	put_servers(out, service, service->ports[port], proxy);
}

static void put_service(const struct writer *writer, size_t number)
{
	const struct conf_service *service = &writer->conf->services[number];
	char name[HAPROXY_NAME_SIZE], first[HAPROXY_NAME_SIZE + 16], section[HAPROXY_NAME_SIZE + 16];
	haproxy_name(service->name, number, name);
	fprintf(writer->out, "\n# Service %s", service->name);
	for (size_t i = 0; i < service->host_count; i++)
		fprintf(writer->out, "%s %s", i ? "," : ":", service->hosts[i]);
	fputc('\n', writer->out);
	if (!service->port_count)
		fputs("# It takes any port, so HAProxy cannot listen for it: left out.\n", writer->out);
	if (service->failback == CONF_FAILBACK_HOLD)
		fputs("# It says failback = hold, and HAProxy goes back by itself.\n", writer->out);
	for (size_t i = 0; i < service->port_count; i++) {
		char *to = i ? section : first;
		snprintf(to, sizeof section, "%s%s%.0u", name, service->port_count > 1 ? ".port" : "",
		         service->port_count > 1 ? service->ports[i] : 0);
		put_section(writer, number, i, to, i ? first : NULL);
	}
}

static bool wants_dns(const struct conf *conf)
{
	for (size_t i = 0; i < conf->service_count; i++)
		for (size_t j = 0; j < conf->services[i].candidate_count; j++)
			if (conf->services[i].candidates[j].is_dns)
				return true;
	return false;
}

/* In a comment: a file's name may hold what would end the line. */
static void put_printable(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

bool haproxy_write(FILE *out, const struct conf *conf, const struct haproxy_listen *listen, const char **service)
{
	struct writer writer = { .out = out, .conf = conf, .listen = listen };
	for (size_t i = 0; i < conf->service_count; i++)
		if (!find_place(&writer, i)) {
			*service = conf->services[i].name;
			return false;
		}
	fputs("# The services of ", out);
	put_printable(out, conf->file);
	fprintf(out, ", as HAProxy takes them.\n%s", head);
	if (wants_dns(conf))
		fputs("\nresolvers mpfailover\n\tparse-resolv-conf\n\thold valid 10s\n\thold timeout 1h\n\thold other 1h\n"
		      "\thold refused 1h\n\thold nx 1h\n\thold obsolete 1m\n",
		      out);
	for (size_t i = 0; i < conf->service_count; i++)
		put_service(&writer, i);
	return true;
}
