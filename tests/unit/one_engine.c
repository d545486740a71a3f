/* SPDX-License-Identifier: MIT */
#include "tests/unit/one_engine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "probe/engine/clock.h"
#include "probe/judge/verdict.h"

static void load(struct one_engine *one, const char *format, va_list arguments)
{
	char *text = NULL, *error = NULL;
	int size = vasprintf(&text, format, arguments);
	assert_true(size >= 0);
	struct conf *conf = conf_parse("test.conf", text, (size_t)size, &error);
	if (!conf)
		fail_msg("%s", error);
	free(text);
	assert_int_equal(engine_load(one->engine, conf), 0);
}

void one_engine_load(struct one_engine *one, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	load(one, format, arguments);
	va_end(arguments);
}

void one_engine_start(struct one_engine *one, const char *directory, const char *format, ...)
{
	va_list arguments;
	*one = (struct one_engine){ .engine = NULL };
	snprintf(one->table, sizeof one->table, "%s/table", directory);
	assert_int_equal(uv_loop_init(&one->loop), 0);
	assert_int_equal(engine_open(&one->engine, &one->loop, one->table, ""), 0);
	va_start(arguments, format);
	load(one, format, arguments);
	va_end(arguments);
	int fd = open(one->table, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	one->header = mmap(NULL, MPF_FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(one->header, MAP_FAILED);
	close(fd);
}

void one_engine_stop(struct one_engine *one)
{
	engine_stop(one->engine);
	uv_run(&one->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&one->loop), 0);
	engine_free(one->engine);
	munmap((void *)(uintptr_t)one->header, MPF_FILE_SIZE);
}

const struct mpf_slot *one_engine_slot(const struct one_engine *one)
{
	return (const struct mpf_slot *)((const char *)one->header + one->header->slot_offset[one->header->active]);
}

const char *one_engine_says(const struct one_engine *one, unsigned index)
{
	uint32_t word = one_engine_slot(one)->candidates[index].word;
	if (mpf_word_verdict(word) == MPF_UP && mpf_word_flags(word))
		return mpf_word_flags(word) == MPF_HELD ? "up held" : "up doubted";
	return verdict_name(mpf_word_verdict(word));
}

enum mpf_reason one_engine_reason(const struct one_engine *one, unsigned index)
{
	return mpf_word_reason(one_engine_slot(one)->candidates[index].word);
}

static void on_limit(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}
static void on_closed(uv_handle_t *timer)
{
	*(bool *)timer->data = true;
}

/* Turns the loop until OVER says so, or LIMIT_MS have passed: false. */
static bool turn(struct one_engine *one, bool (*over)(const struct one_engine *, unsigned, const char *),
                 unsigned index, const char *word, uint64_t limit_ms)
{
	bool late = false, closed = false, met;
	uv_timer_t timer;
	uv_timer_init(&one->loop, &timer);
	timer.data = &late;
	clock_start_timer(&timer, on_limit, limit_ms);
	while (!(met = over(one, index, word)) && !late)
		uv_run(&one->loop, UV_RUN_ONCE);
	timer.data = &closed;
	uv_close((uv_handle_t *)&timer, on_closed);
	while (!closed)
		uv_run(&one->loop, UV_RUN_NOWAIT);
	return met;
}

static bool is(const struct one_engine *one, unsigned index, const char *word)
{
	return !strcmp(one_engine_says(one, index), word);
}

static bool is_not(const struct one_engine *one, unsigned index, const char *word)
{
	return !is(one, index, word);
}

uint64_t one_engine_wait(struct one_engine *one, unsigned index, const char *wanted, uint64_t limit_ms)
{
	uint64_t start_ms = clock_ms();
	if (!turn(one, is, index, wanted, limit_ms))
		fail_msg("candidate %u is %s, and not %s within %llu ms", index, one_engine_says(one, index), wanted,
		         (unsigned long long)limit_ms);
	return clock_ms() - start_ms;
}

void one_engine_stays(struct one_engine *one, unsigned index, const char *wanted, uint64_t time_ms)
{
	if (turn(one, is_not, index, wanted, time_ms))
		fail_msg("candidate %u is %s, no longer %s", index, one_engine_says(one, index), wanted);
}

void one_engine_report(struct one_engine *one, const struct mpf_report *report)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	memcpy(to.sun_path, one->header->report, sizeof to.sun_path - 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(sendto(fd, report, sizeof *report, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to),
	                 sizeof *report);
	close(fd);
}
