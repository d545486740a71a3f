/* SPDX-License-Identifier: MIT */
/* tls, http and https, by libcurl. */
#include "probe/check/check_kind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/check/curl_loop.h"
#include "probe/check/needle.h"

enum {
	BODY_LIMIT = 1 << 20, /* `contains` is looked for in that much of it */
	CA_CACHE_S = 3600,    /* a changed certificate store is seen within that */
	NOT_VERIFIED = 1,     /* OpenSSL's X509_V_ERR_UNSPECIFIED, */
	CERT_NOT_YET = 9,     /* X509_V_ERR_CERT_NOT_YET_VALID */
	CERT_EXPIRED = 10,    /* and X509_V_ERR_CERT_HAS_EXPIRED, as CURLINFO_SSL_VERIFYRESULT gives them */
};

struct curl_check {
	struct check base;
	struct curl_loop *loop;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	enum conf_check_type type;
	struct dial dial;
	char interface[16];
	struct conf_status_range *status;
	size_t status_count;
	struct needle *needle; /* NULL: `contains` is not asked for */
	size_t body_size;
	bool enough; /* we have ended the transfer ourselves */
	curl_socket_t socket;
	int bind_error;
	uint32_t handshake_us;
};

static void check_free(struct curl_check *check)
{
	curl_easy_cleanup(check->easy);
	curl_slist_free_all(check->headers);
	curl_slist_free_all(check->connect_to);
	free(check->needle);
	free(check->status);
	free(check);
}

static void cancel(struct check *base)
{
	struct curl_check *check = (struct curl_check *)base;
	curl_loop_remove(check->loop, check->easy);
	check_free(check);
}

/* ------------------------------------------------------------------------------------------ what libcurl calls back */

/* The socket, bound; the address is replaced by our own, which has a scope. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct curl_check *check = context;
	union endpoint_sockaddr to;
	(void)purpose;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	check->bind_error = fd < 0 ? errno : -dial_bind(&check->dial, fd);
	if (fd >= 0 && check->bind_error) {
		close(fd);
		fd = CURL_SOCKET_BAD;
	}
	address->addrlen = dial_sockaddr(&check->dial, &to);
	memcpy(&address->addr, &to, address->addrlen);
	return check->socket = fd;
}

/* Connected, and nothing asked yet. */
static int on_ready(void *context, char *to, char *from, int to_port, int from_port)
{
	struct curl_check *check = context;
	(void)to, (void)from, (void)to_port, (void)from_port;
	check->handshake_us = dial_handshake_us(check->socket);
	return CURL_PREREQFUNC_OK;
}

static bool status_fits(const struct curl_check *check, unsigned status)
{
	for (size_t i = 0; i < check->status_count; i++)
		if (status >= check->status[i].low && status <= check->status[i].high)
			return true;
	return false;
}

static unsigned status_of(const struct curl_check *check)
{
	long status = 0;
	curl_easy_getinfo(check->easy, CURLINFO_RESPONSE_CODE, &status);
	return (unsigned)status;
}

/* Goes on only while there is something to be learnt: the status is known when this is called. */
static size_t on_body(char *data, size_t one, size_t size, void *context)
{
	struct curl_check *check = context;
	(void)one;
	check->body_size += size;
	check->enough = !check->needle || needle_feed(check->needle, data, size) || check->body_size >= BODY_LIMIT ||
	                !status_fits(check, status_of(check));
	return check->enough ? 0 : size;
}

/* ------------------------------------------------------------------------------------------------ what it amounts to */

static uint32_t cert_until_s(const struct curl_check *check)
{
	struct curl_certinfo *chain = NULL;
	static const char key[] = "Expire date:";
	if (curl_easy_getinfo(check->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1)
		return 0;
	for (struct curl_slist *field = chain->certinfo[0]; field; field = field->next) {
		if (strncmp(field->data, key, sizeof key - 1) != 0)
			continue;
		time_t until = curl_getdate(field->data + sizeof key - 1, NULL);
		return until > 0 && until < UINT32_MAX ? (uint32_t)until : UINT32_MAX;
	}
	return 0;
}

static struct outcome failure(enum mpf_reason reason, uint32_t detail)
{
	return (struct outcome){ OUTCOME_FAILURE, reason, .detail = detail };
}

static struct outcome answered(const struct curl_check *check)
{
	if (check->type == CONF_TLS)
		return (struct outcome){ OUTCOME_SUCCESS, MPF_REASON_PASSED, .detail = 0 };
	unsigned status = status_of(check);
	if (!status_fits(check, status))
		return failure(MPF_REASON_STATUS, status);
	if (check->needle && !needle_found(check->needle))
		return failure(MPF_REASON_CONTENT, status);
	return (struct outcome){ OUTCOME_SUCCESS, MPF_REASON_PASSED, .detail = status };
}

static int os_error(const struct curl_check *check)
{
	long error = 0;
	curl_easy_getinfo(check->easy, CURLINFO_OS_ERRNO, &error);
	return (int)error;
}

static struct outcome not_connected(const struct curl_check *check)
{
	if (check->bind_error == EADDRNOTAVAIL || check->bind_error == ENODEV)
		return failure(MPF_REASON_UNREACHABLE, (uint32_t)check->bind_error);
	if (check->bind_error)
		return outcome_from_errno(check->bind_error);
	return outcome_from_errno(os_error(check));
}

static struct outcome not_verified(const struct curl_check *check)
{
	long result = 0;
	curl_easy_getinfo(check->easy, CURLINFO_SSL_VERIFYRESULT, &result);
	if (result == CERT_EXPIRED || result == CERT_NOT_YET)
		return failure(MPF_REASON_CERT_EXPIRED, 0);
	/* The chain held, so it was the name. */
	if (result == 0 || result == NOT_VERIFIED)
		return failure(MPF_REASON_CERT_NAME, 0);
	return failure(MPF_REASON_CERT_UNTRUSTED, 0);
}

static struct outcome outcome_of(const struct curl_check *check, CURLcode result)
{
	switch (result) {
	case CURLE_OK:
		return answered(check);
	case CURLE_WRITE_ERROR:
		if (check->enough)
			return answered(check);
		break;
	case CURLE_COULDNT_CONNECT:
		return not_connected(check);
	case CURLE_OPERATION_TIMEDOUT:
		return outcome_from_errno(ETIMEDOUT);
	case CURLE_PEER_FAILED_VERIFICATION:
		return not_verified(check);
	case CURLE_SSL_CONNECT_ERROR:
		return failure(outcome_from_errno(os_error(check)).reason == MPF_REASON_RESET ? MPF_REASON_RESET
		                                                                              : MPF_REASON_TLS,
		               0);
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return failure(MPF_REASON_TLS, 0);
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return failure(MPF_REASON_RESET, 0);
	case CURLE_SSL_CACERT_BADFILE: /* missing, or not readable, or no certificates */
		return (struct outcome){ OUTCOME_VOID, MPF_REASON_LOCAL, .detail = ENOKEY };
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
	case CURLE_OUT_OF_MEMORY:
		return (struct outcome){ OUTCOME_VOID, MPF_REASON_LOCAL, .detail = ENOMEM };
	default:
		break;
	}
	return failure(MPF_REASON_PROTOCOL, 0);
}

/* Did the handshake come to its end? */
static bool was_answered(const struct curl_check *check)
{
	curl_off_t connected_us = 0;
	curl_easy_getinfo(check->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	return connected_us != 0;
}

static void on_done(void *owner, CURLcode result)
{
	struct curl_check *check = owner;
	struct outcome outcome = outcome_of(check, result);
	outcome.handshake_us = check->handshake_us;
	outcome.unanswered = outcome.kind == OUTCOME_SILENCE && !was_answered(check);
	outcome.cert_until_s = cert_until_s(check);
	check_done *done = check->base.done;
	void *told = check->base.owner;
	check_free(check);
	done(told, &outcome);
}

/* ------------------------------------------------------------------------------------------------- what is asked for */

static void add_header(struct curl_check *check, const char *header)
{
	struct curl_slist *longer = curl_slist_append(check->headers, header);
	if (longer)
		check->headers = longer;
}

static void ask_http(struct curl_check *check, const struct conf_check *conf)
{
	CURL *easy = check->easy;
	if (conf->body[0]) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(conf->body));
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, conf->body);
	}
	if (!strcmp(conf->method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, conf->method);
	add_header(check, "Expect:");
	for (size_t i = 0; i < conf->header_count; i++)
		add_header(check, conf->headers[i]);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, check->headers);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "mpfailoverd/" MPF_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, check);
}

static void ask_tls(struct curl_check *check, const struct conf_check *conf)
{
	CURL *easy = check->easy;
	/* The build's default directory would be trusted beside the file that was asked for. */
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (conf->ca_file[0])
		curl_easy_setopt(easy, CURLOPT_CAINFO, conf->ca_file);
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_CACHE_S);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, conf->verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, conf->verify ? 2L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* a resumed session shows no certificate */
	curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	if (conf->type == CONF_TLS)
		curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
}

/* The URL as a client would have it; the address that is really meant goes into CONNECT_TO, so that SNI, Host and the
 * certificate's name are those of the service. */
static void ask_where(struct curl_check *check, const struct check_target *target)
{
	char address[ENDPOINT_TEXT], connect_to[ENDPOINT_TEXT + 8];
	const struct endpoint *to = &target->dial.to;
	endpoint_print(to->address, 0, to->port, address);
	snprintf(connect_to, sizeof connect_to, "::%s", address);
	check->connect_to = curl_slist_append(NULL, connect_to);
	curl_easy_setopt(check->easy, CURLOPT_CONNECT_TO, check->connect_to);

	const char *scheme = target->check->type == CONF_HTTP ? "http" : "https";
	bool bare = !target->host[0]; /* the address, with brackets if it needs them */
	endpoint_print(to->address, 0, target->host_port, address);
	char *url = NULL;
	int size = bare ? asprintf(&url, "%s://%s%s", scheme, address, target->check->path)
	                : asprintf(&url, "%s://%s:%u%s", scheme, target->host, target->host_port, target->check->path);
	if (size < 0)
		return;
	curl_easy_setopt(check->easy, CURLOPT_URL, url);
	free(url);
}

static void ask(struct curl_check *check, const struct check_target *target, uint32_t timeout_ms)
{
	CURL *easy = check->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, check);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"); /* whatever the environment says */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, check);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, check);
	ask_where(check, target);
	if (target->check->type != CONF_HTTP)
		ask_tls(check, target->check);
	if (target->check->type != CONF_TLS)
		ask_http(check, target->check);
}

/* Copies what is needed until the end.  False: no memory. */
static bool remember(struct curl_check *check, const struct check_target *target)
{
	const struct conf_check *conf = target->check;
	check->type = conf->type;
	check->dial = target->dial;
	snprintf(check->interface, sizeof check->interface, "%s", target->dial.interface);
	check->dial.interface = check->interface;
	check->status = calloc(conf->status_count + 1, sizeof *check->status);
	if (!check->status)
		return false;
	for (; check->status_count < conf->status_count; check->status_count++)
		check->status[check->status_count] = conf->status[check->status_count];
	if (conf->contains[0] && !(check->needle = needle_new(conf->contains)))
		return false;
	return (check->easy = curl_easy_init()) != NULL;
}

struct check *check_curl_start(struct check_world *world, const struct check_target *target, uint32_t timeout_ms)
{
	struct curl_check *check = calloc(1, sizeof *check);
	if (!check)
		return NULL;
	check->base.cancel = cancel;
	check->loop = curl_loop_for(&world->curl, world->loop, target->check->ca_file);
	if (!check->loop || !remember(check, target))
		goto failed;
	ask(check, target, timeout_ms);
	if (curl_loop_add(check->loop, check->easy, on_done) == CURLM_OK)
		return &check->base;
failed:
	check_free(check);
	return NULL;
}
