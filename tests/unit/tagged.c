/* SPDX-License-Identifier: MIT */
#include "tests/unit/tagged.h"

#include <stdio.h>
#include <string.h>

static unsigned candidates_of(unsigned number, unsigned kind)
{
	return kind ? 16 - number : 4 + number;
}

void tagged_configuration(struct fixture *fixture, unsigned kind)
{
	for (unsigned i = 0; i < TAGGED_SERVICES; i++) {
		const unsigned number = kind ? TAGGED_SERVICES - 1 - i : i;
		fixture_service(fixture, fixture_text(fixture, "service-%u", number));
		fixture_host(fixture, fixture_text(fixture, "h%u.example", number));
		for (unsigned j = 0; j < candidates_of(number, kind); j++)
			fixture_candidate(fixture, fixture_text(fixture, "c%u", j),
			                  fixture_text(fixture, "10.%u.0.%u", number, j + 1));
	}
	fixture_image(fixture);
}

void tagged_set(struct mpf_slot *image, uint32_t tag)
{
	for (uint32_t i = 0; i < image->service_count; i++)
		image->services[i].stick_ms = tag;
	for (uint32_t i = 0; i < image->candidate_count; i++) {
		image->candidates[i].word = tag;
		image->candidates[i].handshake_us = tag;
		memcpy(image->candidates[i].source, &tag, sizeof tag);
	}
}

static bool of_one_piece(const struct snapshot *snapshot, unsigned number)
{
	const uint32_t tag = snapshot->service.stick_ms;
	char name[MPF_NAME_SIZE];
	snprintf(name, sizeof name, "service-%u", number);
	if (strcmp(name, (const char *)snapshot->service.name) != 0 ||
	    snapshot->count != candidates_of(number, tag & 1))
		return false;
	for (uint32_t i = 0; i < snapshot->count; i++) {
		const struct mpf_candidate *candidate = &snapshot->candidate[i];
		if (candidate->word != tag || candidate->handshake_us != tag ||
		    memcmp(candidate->source, &tag, sizeof tag) != 0 || candidate->address[13] != number ||
		    candidate->address[15] != i + 1)
			return false;
	}
	return true;
}

uint32_t tagged_look(const struct mpf_header *table, unsigned number, bool by_name)
{
	const uint8_t address[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [13] = (uint8_t)number, [15] = 1 };
	struct snapshot snapshot;
	char name[MPF_NAME_SIZE];
	snprintf(name, sizeof name, "h%u.example", number);
	if (!(by_name ? lookup_host(table, name, 443, &snapshot) : lookup_address(table, address, 0, 443, &snapshot)))
		return 0;
	return of_one_piece(&snapshot, number) ? snapshot.service.stick_ms : UINT32_MAX;
}
