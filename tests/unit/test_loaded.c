/* SPDX-License-Identifier: MIT */
#include "preload/loaded.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ------------------------------------------------------------------------------------------------------ an object of ours */

enum { NAMES = 64, SYMBOLS = 4 };

/* As the dynamic linker leaves one in memory: symbol 0 is nobody's, 1 is another function's, 2 and 3 are the row's. */
static struct {
	ElfW(Sym) symbols[SYMBOLS];
	ElfW(Versym) versions[SYMBOLS];
	char names[NAMES];
	struct {
		uint32_t buckets, first, filter_words, shift;
		ElfW(Addr) filter[2];
		uint32_t bucket[1], chain[SYMBOLS - 1];
	} gnu_hash;
	struct {
		uint32_t buckets, symbols, bucket[1], chain[SYMBOLS];
	} hash;
	ElfW(Dyn) dynamic[8];
	unsigned char code[16];
} memory;

static ElfW(Phdr) segments[2];
static struct dl_phdr_info object;

#define PLACE(field) (offsetof(__typeof__(memory), field))

enum { GNU = 1, SYSV = 2, RELOCATED = 4, VERSIONS = 8, ANYWHERE = 16 };

static void describe(unsigned how)
{
	ElfW(Dyn) *entry = memory.dynamic;
	const ElfW(Addr) base = how & RELOCATED ? (ElfW(Addr)) & memory : 0;
	*entry++ = (ElfW(Dyn)){ .d_tag = DT_STRTAB, .d_un = { .d_ptr = base + PLACE(names) } };
	*entry++ = (ElfW(Dyn)){ .d_tag = DT_SYMTAB, .d_un = { .d_ptr = base + PLACE(symbols) } };
	if (how & VERSIONS)
		*entry++ = (ElfW(Dyn)){ .d_tag = DT_VERSYM, .d_un = { .d_ptr = base + PLACE(versions) } };
	if (how & GNU)
		*entry++ = (ElfW(Dyn)){ .d_tag = DT_GNU_HASH, .d_un = { .d_ptr = base + PLACE(gnu_hash) } };
	if (how & SYSV)
		*entry++ = (ElfW(Dyn)){ .d_tag = DT_HASH, .d_un = { .d_ptr = base + PLACE(hash) } };
	if (how & ANYWHERE) /* outside of the object */
		memory.dynamic[0].d_un.d_ptr = base + sizeof memory;
	*entry = (ElfW(Dyn)){ .d_tag = DT_NULL };
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;
	for (; *name; name++)
		hash = (hash << 5) + hash + (unsigned char)*name;
	return hash;
}

static void build(unsigned how)
{
	memset(&memory, 0, sizeof memory);
	memcpy(memory.names, "\0connected\0connect", 19);
	const char *const name[SYMBOLS] = { "", memory.names + 1, memory.names + 11, memory.names + 11 };
	for (unsigned i = 1; i < SYMBOLS; i++) {
		memory.symbols[i] = (ElfW(Sym)){ .st_name = (ElfW(Word))(name[i] - memory.names),
			                         .st_shndx = 1,
			                         .st_size = 1,
			                         .st_info = ELF32_ST_INFO(STB_GLOBAL, STT_FUNC),
			                         .st_value = PLACE(code) + i };
		memory.versions[i] = 2;
		memory.gnu_hash.chain[i - 1] = (gnu_hash_of(name[i]) & ~1u) | (i == SYMBOLS - 1);
		memory.hash.chain[i] = i - 1; /* from the last to the first */
	}
	memory.gnu_hash.buckets = memory.hash.buckets = 1;
	memory.gnu_hash.first = memory.gnu_hash.bucket[0] = 1;
	memory.gnu_hash.filter_words = COUNT(memory.gnu_hash.filter);
	memset(memory.gnu_hash.filter, 0xff, sizeof memory.gnu_hash.filter); /* anything may be in here */
	memory.hash.symbols = SYMBOLS;
	memory.hash.bucket[0] = SYMBOLS - 1;
	describe(how);
	segments[0] = (ElfW(Phdr)){ .p_type = PT_LOAD, .p_memsz = sizeof memory };
	segments[1] = (ElfW(Phdr)){ .p_type = PT_DYNAMIC, .p_vaddr = PLACE(dynamic) };
	object = (struct dl_phdr_info){ .dlpi_addr = (ElfW(Addr)) & memory, .dlpi_phdr = segments, .dlpi_phnum = 2 };
}

/* Which symbol's: 0 is none. */
static unsigned found(const char *name)
{
	struct loaded_function function = { name, NULL };
	const unsigned missing = loaded_find(&object, &function, 1);
	assert_int_equal(missing, !function.address);
	return function.address ? (unsigned)((unsigned char *)function.address - memory.code) : 0;
}

static void test_ways_to_a_symbol(void **state)
{
	(void)state;
	static const struct {
		unsigned how;
		bool found;
	} rows[] = {
		{ GNU, true },
		{ SYSV, true },
		{ GNU | SYSV, true },
		{ GNU | RELOCATED, true },
		{ SYSV | RELOCATED, true },
		{ GNU | VERSIONS, true },
		{ SYSV | VERSIONS | RELOCATED, true },
		{ 0, false },
		{ RELOCATED, false },
		{ GNU | ANYWHERE, false },
		{ GNU | RELOCATED | ANYWHERE, false },
	};
	for (unsigned i = 0; i < COUNT(rows); i++) {
		build(rows[i].how);
		const unsigned its = found("connect");
		if ((its == 2 || its == 3) != rows[i].found)
			fail_msg("%#x: symbol %u", rows[i].how, its);
		assert_int_equal(found("connected"), rows[i].found ? 1 : 0);
		assert_int_equal(found("connec"), 0);
		assert_int_equal(found("accept"), 0);
		assert_int_equal(found(""), 0);
	}
}

static void test_an_object_without_symbols(void **state)
{
	(void)state;
	for (unsigned how = GNU; how <= SYSV; how++) {
		build(how);
		memory.gnu_hash.buckets = memory.hash.buckets = 0;
		assert_int_equal(found("connect"), 0);
		build(how);
		memory.gnu_hash.bucket[0] = memory.hash.bucket[0] = 0;
		assert_int_equal(found("connect"), 0);
	}
	build(GNU);
	object.dlpi_phnum = 1;
	assert_int_equal(found("connect"), 0);
}

/* Both symbols of that name: which of them will do. */
static void test_which_symbol(void **state)
{
	(void)state;
	enum { OLD = 0x8000 | 2 };
	static const struct {
		const char *what;
		unsigned char info[2];
		uint16_t section[2], version[2];
		unsigned found;
	} rows[] = {
		{ "the default version", { STT_FUNC, STT_FUNC }, { 1, 1 }, { OLD, 3 }, 3 },
		{ "the default version comes first", { STT_FUNC, STT_FUNC }, { 1, 1 }, { 3, OLD }, 2 },
		{ "old versions only", { STT_FUNC, STT_FUNC }, { 1, 1 }, { OLD, OLD }, 0 },
		{ "one that is needed", { STT_FUNC, STT_FUNC }, { SHN_UNDEF, 1 }, { 2, 2 }, 3 },
		{ "needed only", { STT_FUNC, STT_FUNC }, { SHN_UNDEF, SHN_UNDEF }, { 2, 2 }, 0 },
		{ "a number", { STT_FUNC, STT_NOTYPE }, { SHN_ABS, 1 }, { 2, 2 }, 3 },
		{ "data", { STT_OBJECT, STT_FUNC }, { 1, 1 }, { 2, 2 }, 3 },
		{ "a thread's", { STT_TLS, STT_FUNC }, { 1, 1 }, { 2, 2 }, 3 },
		{ "one that is to be chosen", { STT_GNU_IFUNC, STT_GNU_IFUNC }, { 1, 1 }, { 2, 2 }, 0 },
	};
	for (unsigned i = 0; i < COUNT(rows); i++)
		for (unsigned how = GNU; how <= SYSV; how++) {
			build(how | VERSIONS);
			for (unsigned k = 0; k < 2; k++) {
				memory.symbols[2 + k].st_info = ELF32_ST_INFO(STB_WEAK, rows[i].info[k]);
				memory.symbols[2 + k].st_shndx = rows[i].section[k];
				memory.versions[2 + k] = rows[i].version[k];
			}
			if (found("connect") != rows[i].found)
				fail_msg("%s: symbol %u, not %u", rows[i].what, found("connect"), rows[i].found);
		}
}

static void test_what_is_known_stays(void **state)
{
	(void)state;
	build(GNU);
	int here;
	struct loaded_function functions[] = { { "connect", &here }, { "nothing", NULL }, { "connected", NULL } };
	assert_int_equal(loaded_find(&object, functions, COUNT(functions)), 1);
	assert_ptr_equal(functions[0].address, &here);
	assert_null(functions[1].address);
	assert_non_null(functions[2].address);
}

/* ---------------------------------------------------------------------------------------------------------- this process */

static int here;

/* After this program come whatever libraries it needs, as for a library that was preloaded. */
static void test_the_next_one(void **state)
{
	(void)state;
	struct loaded_function functions[] = { { "connect", NULL },         { "getaddrinfo", NULL },
		                               { "gethostbyname", NULL },   { "gethostbyname2", NULL },
		                               { "gethostbyname_r", NULL }, { "gethostbyname2_r", NULL },
		                               { "dlopen", NULL },          { "_cmocka_run_group_tests", NULL } };
	assert_int_equal(loaded_after(&here, functions, COUNT(functions)), 0);
	for (unsigned i = 0; i < COUNT(functions); i++)
		if (functions[i].address != dlsym(RTLD_NEXT, functions[i].name))
			fail_msg("%s is %p, not %p", functions[i].name, functions[i].address,
			         dlsym(RTLD_NEXT, functions[i].name));
}

/* What stands before it is found as well, by the last of all. */
static void test_one_that_is_behind(void **state)
{
	(void)state;
	void *last = NULL;
	for (const struct link_map *map = _r_debug.r_map; map; map = map->l_next)
		last = map->l_ld;
	struct loaded_function functions[] = { { "_cmocka_run_group_tests", NULL },
		                               { "no_function_is_called_that", NULL } };
	assert_int_equal(loaded_after(last, functions, COUNT(functions)), 1);
	assert_ptr_equal(functions[0].address, dlsym(RTLD_DEFAULT, "_cmocka_run_group_tests"));
	assert_null(functions[1].address);
}

static void test_nothing_here(void **state)
{
	(void)state;
	struct loaded_function function = { "connect", NULL };
	int on_the_stack = 0;
	assert_int_equal(loaded_after(&on_the_stack, &function, 1), 0);
	assert_non_null(function.address);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways_to_a_symbol), cmocka_unit_test(test_an_object_without_symbols),
		cmocka_unit_test(test_which_symbol),     cmocka_unit_test(test_what_is_known_stays),
		cmocka_unit_test(test_the_next_one),     cmocka_unit_test(test_one_that_is_behind),
		cmocka_unit_test(test_nothing_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
