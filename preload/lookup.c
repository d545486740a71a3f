/* SPDX-License-Identifier: MIT */
#include "preload/lookup.h"

#include <string.h>

_Static_assert(sizeof(struct snapshot) < 2048, "a snapshot lives on a client's stack");

/* How often a copy is tried when the writer flips slots under it. */
enum { TRIES = 2 };

enum { NAME_MAX_LENGTH = 253 }; /* RFC 1035, without the trailing dot */

/* No configuration lets a client wait as long as this. */
enum { LONGEST_WAIT_MS = 600000 };

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static bool array_sound(const struct mpf_array *array, uint32_t slot_size, uint32_t element_size)
{
	return array->offset % 4 == 0 && array->stride % 4 == 0 && array->stride >= element_size && array->limit &&
	       array->offset <= slot_size && array->limit <= (slot_size - array->offset) / array->stride;
}

bool lookup_table_sound(const struct mpf_header *table, uint32_t size)
{
	if (size < sizeof *table || load(&table->magic) != MPF_MAGIC || table->abi != MPF_ABI ||
	    table->header_size < sizeof *table || table->file_size > size || table->slot_size > size)
		return false;
	for (int i = 0; i < 2; i++)
		if (table->slot_offset[i] % 4 || table->slot_offset[i] < table->header_size ||
		    table->slot_offset[i] > table->file_size ||
		    table->slot_size > table->file_size - table->slot_offset[i])
			return false;
	const uint32_t slot = table->slot_size;
	return slot >= offsetof(struct mpf_slot, address_index) && /* the counts and words before the arrays */
	       array_sound(&table->services, slot, sizeof(struct mpf_service)) &&
	       array_sound(&table->hosts, slot, sizeof(struct mpf_host)) &&
	       array_sound(&table->candidates, slot, sizeof(struct mpf_candidate)) &&
	       array_sound(&table->infos, slot, sizeof(struct mpf_info)) &&
	       array_sound(&table->uplinks, slot, sizeof(struct mpf_uplink)) &&
	       array_sound(&table->address_index, slot, sizeof(uint32_t)) &&
	       table->address_index.limit >= MPF_INDEX_SIZE &&
	       array_sound(&table->host_index, slot, sizeof(uint32_t)) && table->host_index.limit >= MPF_INDEX_SIZE;
}

/* What lies AT bytes from the start of TABLE.  The header was found sound when it was mapped, but may have been damaged since: wherever it
 * points to, it is within the place that view.c keeps for a table. */
static const void *inside(const struct mpf_header *table, size_t at)
{
	return (const char *)table + (at & (MPF_MAX_FILE - 4));
}

/* Element NUMBER of ARRAY in SLOT, NULL if there is no such one. */
static const void *element(const struct mpf_header *table, const struct mpf_slot *slot, const struct mpf_array *array,
                           uint32_t number)
{
	const size_t at = (size_t)((const char *)slot - (const char *)table) + array->offset;
	return number < array->limit ? inside(table, at + (size_t)number * array->stride) : NULL;
}

/* Word HASH of an index; 0, which ends a search, if there is no such one. */
static uint32_t index_word(const struct mpf_header *table, const struct mpf_slot *slot, const struct mpf_array *index,
                           uint32_t hash)
{
	const uint32_t *word = element(table, slot, index, hash % MPF_INDEX_SIZE);
	return word ? load(word) : 0;
}

static const struct mpf_slot *slot_number(const struct mpf_header *table, uint32_t number)
{
	return inside(table, table->slot_offset[number & 1]);
}

/* Does the service serve PORT?  2: it names it; 1: it takes any, or the port is not known (0); 0: no. */
static int port_match(const struct mpf_service *service, uint16_t port)
{
	if (!service->port_count || !port)
		return 1;
	for (uint32_t i = 0; i < service->port_count && i < MPF_MAX_PORTS; i++)
		if (service->ports[i] == port)
			return 2;
	return 0;
}

/* Walks a chain of same-address candidates for the service that serves PORT best; its number + 1, or 0. */
static uint32_t service_for_port(const struct mpf_header *table, const struct mpf_slot *slot,
                                 const struct mpf_candidate *candidate, uint32_t scope, uint16_t port)
{
	uint32_t any = 0;
	for (uint32_t steps = 0; candidate && steps < MPF_MAX_SERVICES; steps++) {
		const struct mpf_service *service = element(table, slot, &table->services, candidate->service);
		int match = service && (!candidate->scope || candidate->scope == scope) ? port_match(service, port) : 0;
		if (match == 2)
			return candidate->service + 1;
		if (match == 1 && !any)
			any = candidate->service + 1;
		candidate = candidate->next ? element(table, slot, &table->candidates, candidate->next - 1) : NULL;
	}
	return any;
}

static uint32_t find_by_address(const struct mpf_header *table, const struct mpf_slot *slot, const uint8_t address[16],
                                uint32_t scope, uint16_t port)
{
	uint32_t hash = mpf_hash_address(address);
	for (uint32_t steps = 0; steps < MPF_INDEX_SIZE; steps++, hash++) {
		uint32_t value = index_word(table, slot, &table->address_index, hash);
		if (!value)
			return 0;
		const struct mpf_candidate *candidate = element(table, slot, &table->candidates, value - 1);
		if (candidate && !memcmp(candidate->address, address, sizeof candidate->address))
			return service_for_port(table, slot, candidate, scope, port);
	}
	return 0;
}

/* The host record whose pattern is PREFIX ("*" or "") and then TEXT (lower case, LENGTH bytes); NULL: none. */
static const struct mpf_host *find_pattern(const struct mpf_header *table, const struct mpf_slot *slot, uint32_t hash,
                                           bool wildcard, const char *text, size_t length)
{
	for (uint32_t steps = 0; steps < MPF_INDEX_SIZE; steps++, hash++) {
		uint32_t value = index_word(table, slot, &table->host_index, hash);
		if (!value)
			return NULL;
		const struct mpf_host *host = element(table, slot, &table->hosts, value - 1);
		if (!host || (host->pattern[0] == '*') != wildcard)
			continue;
		const uint8_t *rest = host->pattern + wildcard;
		if (!memcmp(rest, text, length) && !rest[length])
			return host;
	}
	return NULL;
}

static uint32_t host_for_port(const struct mpf_header *table, const struct mpf_slot *slot, const struct mpf_host *host,
                              uint16_t port)
{
	uint32_t any = 0;
	for (uint32_t steps = 0; host && steps < MPF_MAX_SERVICES; steps++) {
		const struct mpf_service *service = element(table, slot, &table->services, host->service);
		int match = service ? port_match(service, port) : 0;
		if (match == 2)
			return host->service + 1;
		if (match == 1 && !any)
			any = host->service + 1;
		host = host->next ? element(table, slot, &table->hosts, host->next - 1) : NULL;
	}
	return any;
}

/* NAME is lower case, LENGTH bytes.  One walk from its end passes the hash of every suffix. */
static uint32_t find_by_name(const struct mpf_header *table, const struct mpf_slot *slot, const char *name,
                             size_t length, uint16_t port)
{
	const struct mpf_host *wildcard = NULL, *exact;
	uint32_t hash = MPF_HASH_HOST_START;
	for (size_t at = length; at-- > 0;) {
		hash = mpf_hash_host_step(hash, (uint8_t)name[at]);
		if (name[at] != '.' || at == 0)
			continue;
		const struct mpf_host *found =
			find_pattern(table, slot, mpf_hash_host_end(hash), true, name + at, length - at);
		if (found)
			wildcard = found; /* a later one is longer */
	}
	exact = find_pattern(table, slot, mpf_hash_host_end(hash), false, name, length);
	uint32_t service = exact ? host_for_port(table, slot, exact, port) : 0;
	return service || !wildcard ? service : host_for_port(table, slot, wildcard, port);
}

/* A damaged number must not hold a client up. */
static bool waits_sound(const struct mpf_service *service)
{
	return service->nonblocking_wait_ms <= LONGEST_WAIT_MS && service->attempt_floor_ms <= LONGEST_WAIT_MS &&
	       service->attempt_ceiling_ms <= LONGEST_WAIT_MS;
}

/* Copies service NUMBER with its candidates; false if what it says of itself cannot be. */
static bool copy_service(const struct mpf_header *table, const struct mpf_slot *slot, uint32_t number,
                         struct snapshot *out)
{
	const struct mpf_service *service = element(table, slot, &table->services, number);
	if (!service)
		return false;
	memcpy(&out->service, service, sizeof out->service);
	out->service.name[MPF_NAME_SIZE - 1] = '\0';
	out->service_index = number;
	out->first_candidate = out->service.first_candidate;
	out->count = out->service.candidate_count;
	if (!out->count || out->count > MPF_MAX_SERVICE_CANDIDATES || out->first_candidate > table->candidates.limit ||
	    !waits_sound(&out->service))
		return false;
	for (uint32_t i = 0; i < out->count; i++) {
		const struct mpf_candidate *candidate =
			element(table, slot, &table->candidates, out->first_candidate + i);
		if (!candidate || candidate->port > UINT16_MAX)
			return false;
		memcpy(&out->candidate[i], candidate, sizeof out->candidate[i]);
		out->candidate[i].word = load(&candidate->word);
		out->candidate[i].handshake_us = load(&candidate->handshake_us);
	}
	return true;
}

/* What is looked for: an address, or a name in lower case. */
struct wanted {
	const uint8_t *address;
	const char *name;
	size_t length;
	uint32_t scope;
	uint16_t port;
};

static bool has_address(const struct snapshot *snapshot, const uint8_t address[16])
{
	for (uint32_t i = 0; i < snapshot->count; i++)
		if (!memcmp(snapshot->candidate[i].address, address, sizeof snapshot->candidate[i].address))
			return true;
	return false;
}

/* A candidate that a damaged word says is of another service leads nowhere. */
static bool read_service(const struct mpf_header *table, const struct wanted *wanted, struct snapshot *out)
{
	for (int try = 0; try < TRIES; try++) {
		const struct mpf_slot *slot = slot_number(table, __atomic_load_n(&table->active, __ATOMIC_ACQUIRE));
		uint32_t generation = __atomic_load_n(&slot->generation, __ATOMIC_ACQUIRE);
		if (!generation || generation & 1)
			continue;
		uint32_t number = wanted->address
		                          ? find_by_address(table, slot, wanted->address, wanted->scope, wanted->port)
		                          : find_by_name(table, slot, wanted->name, wanted->length, wanted->port);
		bool whole = number && (!out || copy_service(table, slot, number - 1, out)) &&
		             (!out || !wanted->address || has_address(out, wanted->address));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (load(&slot->generation) != generation)
			continue;
		if (out)
			out->generation = generation;
		return whole;
	}
	return false;
}

bool lookup_address(const struct mpf_header *table, const uint8_t address[16], uint32_t scope, uint16_t port,
                    struct snapshot *out)
{
	return port && read_service(table, &(struct wanted){ .address = address, .scope = scope, .port = port }, out);
}

bool lookup_host(const struct mpf_header *table, const char *name, uint16_t port, struct snapshot *out)
{
	char lower[NAME_MAX_LENGTH + 1];
	size_t length = 0;
	for (; name[length]; length++) {
		if (length == sizeof lower)
			return false;
		char c = name[length];
		lower[length] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	if (length && lower[length - 1] == '.')
		length--;
	if (!length || length > NAME_MAX_LENGTH)
		return false;
	return read_service(table, &(struct wanted){ .name = lower, .length = length, .port = port }, out);
}
