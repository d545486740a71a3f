/* SPDX-License-Identifier: MIT */
#include "probe/page/handover.h"

#include <string.h>

void handover_tell(struct handover *handover, const char *line)
{
	const size_t size = strlen(line) + 1;
	struct handover_line *to = &handover->lines[handover->told % HANDOVER_LINES];
	if (size > sizeof to->text)
		return;
	__atomic_store_n(&to->sequence, to->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(to->text, line, size);
	__atomic_store_n(&to->sequence, to->sequence + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&handover->told, handover->told + 1, __ATOMIC_RELEASE);
}

bool handover_line(const struct handover *handover, uint32_t number, char out[HANDOVER_LINE_SIZE])
{
	const struct handover_line *from = &handover->lines[number % HANDOVER_LINES];
	const uint32_t sequence = __atomic_load_n(&from->sequence, __ATOMIC_ACQUIRE);
	if (sequence != (number / HANDOVER_LINES + 1) * 2)
		return false;
	memcpy(out, from->text, HANDOVER_LINE_SIZE);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&from->sequence, __ATOMIC_RELAXED) == sequence;
}

uint32_t handover_end(const struct handover *handover, uint32_t *first)
{
	const uint32_t told = __atomic_load_n(&handover->told, __ATOMIC_ACQUIRE);
	*first = told > HANDOVER_LINES ? told - HANDOVER_LINES : 0;
	return told;
}
