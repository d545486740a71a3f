/* SPDX-License-Identifier: MIT */
#include "probe/ctl/library.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/ctl/preloads.h"

static void test_libc(void **state)
{
	(void)state;
	static const struct {
		const char *interpreter;
		enum libc libc;
	} rows[] = {
		{ "/lib64/ld-linux-x86-64.so.2", LIBC_GLIBC },
		{ "/lib/ld-linux.so.2", LIBC_GLIBC },
		{ "/lib/ld-linux-aarch64.so.1", LIBC_GLIBC },
		{ "/lib64/ld64.so.2", LIBC_GLIBC },
		{ "/opt/old/ld-2.12.so", LIBC_GLIBC },
		{ "/lib/ld-musl-x86_64.so.1", LIBC_MUSL },
		{ "/lib/ld-uClibc.so.0", LIBC_OTHER },
		{ "/system/bin/linker64", LIBC_OTHER },
		{ "", LIBC_OTHER },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(libc_of(rows[i].interpreter), rows[i].libc);
}

static void test_expand(void **state)
{
	(void)state;
	static const struct loader knows = { LIBC_GLIBC, "lib/x86_64-linux-gnu" }, tells_nothing = { LIBC_GLIBC, NULL },
				   musl = { LIBC_MUSL, NULL };
	static const struct {
		const struct loader *loader;
		const char *path, *wanted;
	} rows[] = {
		{ &knows, "/usr/$LIB/a.so", "/usr/lib/x86_64-linux-gnu/a.so" },
		{ &knows, "/usr/${LIB}/a.so", "/usr/lib/x86_64-linux-gnu/a.so" },
		{ &knows, "$LIB", "lib/x86_64-linux-gnu" },
		{ &knows, "/usr/$PLATFORM/a.so", "/usr/$PLATFORM/a.so" },
		{ &knows, "/usr/lib/a.so", "/usr/lib/a.so" },
		{ &knows, "", "" },
		{ &tells_nothing, "/usr/$LIB/a.so", "/usr/$LIB/a.so" },
		{ &musl, "/usr/$LIB/a.so", "/usr/$LIB/a.so" },
	};
	char out[PATH_MAX];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		library_expand(rows[i].path, rows[i].loader, out);
		assert_string_equal(out, rows[i].wanted);
	}
	char many[PATH_MAX];
	for (size_t i = 0; i < sizeof many - 1; i++)
		many[i] = "$LIB"[i % 4];
	many[sizeof many - 1] = '\0';
	library_expand(many, &knows, out);
	assert_true(strlen(out) < PATH_MAX);
}

static char directory[] = "/tmp/test_library-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* A file that holds DATA, for a moment. */
static const char *with_file(const void *data, size_t size)
{
	static char path[64];
	snprintf(path, sizeof path, "%s/ld-linux.so", directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	fclose(file);
	return path;
}

static void test_loader(void **state)
{
	(void)state;
	static const struct {
		const char *text; /* in a file, with the NUL */
		const char *directory;
	} rows[] = {
		{ "\0lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu" },
		{ "\0lib/i386-linux-gnu", "lib/i386-linux-gnu" },
		{ "\0lib64", "lib64" },
		{ "\0lib32", "lib32" },
		{ "/lib64", "lib64" },
		{ "\0lib", "lib" },
		{ "\0alib", NULL },
		{ "\0libs", NULL },
	};
	struct loader loader;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *path = with_file(rows[i].text, 1 + strlen(rows[i].text + 1) + 1);
		library_ask_loader(&loader, path);
		unlink(path);
		assert_int_equal(loader.libc, LIBC_GLIBC);
		if (rows[i].directory)
			assert_string_equal(loader.directory, rows[i].directory);
		else
			assert_null(loader.directory);
	}
	library_ask_loader(&loader, "/nonexistent/ld-linux.so.2");
	assert_null(loader.directory);
}

static void test_state(void **state)
{
	(void)state;
	const struct elf other = { .bits = 32, .machine = EM_S390, .big_endian = true };
	struct elf found;
	int error;
	assert_int_equal(library_state("/nonexistent", &other, &found, &error), LIBRARY_ABSENT);
	assert_int_equal(library_state("/proc/self/exe", &other, &found, &error), LIBRARY_OTHER);
	assert_int_equal(found.bits, 8 * sizeof(void *));
	const struct elf same = found;
	assert_int_equal(library_state("/proc/self/exe", &same, &found, &error), LIBRARY_FITS);
	assert_int_equal(library_state("/etc/passwd", &same, &found, &error), LIBRARY_OTHER);
	assert_int_equal(found.bits, 0);
}

static void test_preloads(void **state)
{
	(void)state;
	static struct preload list[PRELOADS];
	const struct loader loader = { LIBC_MUSL, NULL }; /* for which /etc/ld.so.preload means nothing */
	struct elf own = { 0 };
	int error;
	char hooks[PRELOADS_TEXT], variable[PRELOADS * 8];
	library_state("/proc/self/exe", &(struct elf){ 0 }, &own, &error);
	assert_int_equal(preloads_list(list, NULL, &own, &loader, ""), 0);
	assert_int_equal(preloads_list(list, "", &own, &loader, ""), 0);
	assert_int_equal(preloads_list(list, "/nonexistent/a.so:b.so /proc/self/exe", &own, &loader, "/proc/self/exe"),
	                 3);
	assert_string_equal(list[0].path, "/nonexistent/a.so");
	assert_string_equal(list[1].path, "b.so");
	assert_false(list[0].seen || list[1].seen || list[0].ours || list[1].ours);
	assert_true(list[2].seen && list[2].ours && !list[2].machine_wide);
	*variable = '\0';
	for (int i = 0; i < 2 * PRELOADS; i++)
		strcat(variable, "/x:");
	assert_int_equal(preloads_list(list, variable, &own, &loader, ""), PRELOADS);
	assert_string_equal(preloads_hooks(0, hooks), "");
	assert_string_equal(preloads_hooks(5, hooks), "connect, gethostbyname");
	assert_string_equal(
		preloads_hooks((1u << LIBRARY_HOOKS) - 1, hooks),
		"connect, getaddrinfo, gethostbyname, gethostbyname2, gethostbyname_r, gethostbyname2_r, dlopen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libc),  cmocka_unit_test(test_expand),   cmocka_unit_test(test_loader),
		cmocka_unit_test(test_state), cmocka_unit_test(test_preloads),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
