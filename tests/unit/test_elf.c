/* SPDX-License-Identifier: MIT */
#include "probe/ctl/elf.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "probe/ctl/mapped.h"

enum {
	/* Where the parts of an image are. */
	SEGMENTS = 64,
	SECTIONS = 320,
	SYMBOLS = 768,
	DYNAMIC = 864,
	NOTE = 928,
	TEXTS = 976,
	IMAGE_SIZE = 1100,
};

/* What stands at TEXTS: the symbols' names, the sections' names, the dynamic linker. */
static const char texts[] = "\0connect\0getaddrinfo\0.dynsym\0.fpcdata\0.go.buildinfo\0/lib/ld-linux.so.2";
enum { T_CONNECT = 1, T_GETADDRINFO = 9, T_DYNSYM = 21, T_FPC = 29, T_GO = 38, T_LINKER = 52 };

struct image {
	bool wide, big_endian;
	uint16_t segments, sections;
	uint8_t data[IMAGE_SIZE];
};

static void put(struct image *image, size_t offset, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		image->data[offset + (image->big_endian ? size - 1 - i : i)] = (uint8_t)(value >> 8 * i);
}

#define PUT(image, base, type, field, value)                                                                        \
	((image)->wide                                                                                              \
	         ? put(image, (base) + offsetof(Elf64_##type, field), sizeof(((Elf64_##type *)NULL)->field), value) \
	         : put(image, (base) + offsetof(Elf32_##type, field), sizeof(((Elf32_##type *)NULL)->field), value))
#define STRIDE(image, type) ((image)->wide ? sizeof(Elf64_##type) : sizeof(Elf32_##type))

static void begin(struct image *image, bool wide, bool big_endian, uint16_t type, uint16_t machine)
{
	*image = (struct image){ .wide = wide, .big_endian = big_endian };
	memcpy(image->data, ELFMAG, SELFMAG);
	image->data[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	image->data[EI_DATA] = big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	memcpy(image->data + TEXTS, texts, sizeof texts);
	PUT(image, 0, Ehdr, e_type, type);
	PUT(image, 0, Ehdr, e_machine, machine);
	PUT(image, 0, Ehdr, e_entry, 0x1000);
	PUT(image, 0, Ehdr, e_phoff, SEGMENTS);
	PUT(image, 0, Ehdr, e_phentsize, STRIDE(image, Phdr));
	PUT(image, 0, Ehdr, e_shoff, SECTIONS);
	PUT(image, 0, Ehdr, e_shentsize, STRIDE(image, Shdr));
}

static void add_segment(struct image *image, uint32_t type, uint64_t offset, uint64_t size)
{
	const size_t at = SEGMENTS + image->segments++ * STRIDE(image, Phdr);
	PUT(image, at, Phdr, p_type, type);
	PUT(image, at, Phdr, p_offset, offset);
	PUT(image, at, Phdr, p_filesz, size);
	PUT(image, 0, Ehdr, e_phnum, image->segments);
}

static void add_section(struct image *image, uint32_t type, uint64_t name, uint64_t offset, uint64_t size,
                        uint32_t link)
{
	const size_t at = SECTIONS + image->sections++ * STRIDE(image, Shdr);
	PUT(image, at, Shdr, sh_type, type);
	PUT(image, at, Shdr, sh_name, name);
	PUT(image, at, Shdr, sh_offset, offset);
	PUT(image, at, Shdr, sh_size, size);
	PUT(image, at, Shdr, sh_link, link);
	PUT(image, 0, Ehdr, e_shnum, image->sections);
}

static void add_linker(struct image *image)
{
	add_segment(image, PT_INTERP, TEXTS + T_LINKER, sizeof texts - T_LINKER);
}

static void add_dynamic(struct image *image, bool needs_libraries)
{
	PUT(image, DYNAMIC, Dyn, d_tag, needs_libraries ? DT_NEEDED : DT_NULL);
	add_segment(image, PT_DYNAMIC, DYNAMIC, 2 * STRIDE(image, Dyn));
}

/* Defines connect, and needs getaddrinfo. */
static void add_symbols(struct image *image)
{
	const size_t stride = STRIDE(image, Sym);
	PUT(image, SYMBOLS + stride, Sym, st_name, T_CONNECT);
	PUT(image, SYMBOLS + stride, Sym, st_info, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
	PUT(image, SYMBOLS + stride, Sym, st_shndx, 1);
	PUT(image, SYMBOLS + 2 * stride, Sym, st_name, T_GETADDRINFO);
	PUT(image, SYMBOLS + 2 * stride, Sym, st_info, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
	add_section(image, SHT_NULL, 0, 0, 0, 0);
	add_section(image, SHT_STRTAB, 0, TEXTS, sizeof texts, 0);
	add_section(image, SHT_DYNSYM, T_DYNSYM, SYMBOLS, 3 * stride, 1);
	PUT(image, 0, Ehdr, e_shstrndx, 1);
}

static void add_go_note(struct image *image)
{
	put(image, NOTE, 4, 4); /* another one first: "ABC" with five bytes */
	put(image, NOTE + 4, 4, 5);
	put(image, NOTE + 8, 4, 1);
	memcpy(image->data + NOTE + 12, "ABC", 4);
	put(image, NOTE + 24, 4, 3);
	put(image, NOTE + 28, 4, 4);
	put(image, NOTE + 32, 4, 4);
	memcpy(image->data + NOTE + 36, "Go", 3);
	add_segment(image, PT_NOTE, NOTE, 44);
}

static struct elf read_image(const struct image *image)
{
	struct elf elf;
	assert_true(elf_read(&elf, image->data, sizeof image->data));
	return elf;
}

/* Every width in every byte order. */
static void for_each_kind(void (*test)(bool wide, bool big_endian))
{
	for (int i = 0; i < 4; i++)
		test(i & 1, i & 2);
}

static void dynamic_program(bool wide, bool big_endian)
{
	struct image image;
	begin(&image, wide, big_endian, ET_DYN, EM_PPC64);
	add_linker(&image);
	add_dynamic(&image, true);
	add_symbols(&image);
	const struct elf elf = read_image(&image);
	assert_int_equal(elf.bits, wide ? 64 : 32);
	assert_int_equal(elf.big_endian, big_endian);
	assert_int_equal(elf.machine, EM_PPC64);
	assert_true(elf.executable && elf.relocatable && elf.has_dynamic && elf.needs_libraries);
	assert_string_equal(elf.interpreter, "/lib/ld-linux.so.2");
	assert_false(elf.go || elf.pascal);
	assert_true(elf_defines(image.data, sizeof image.data, "connect"));
	assert_false(elf_defines(image.data, sizeof image.data, "getaddrinfo"));
	assert_false(elf_defines(image.data, sizeof image.data, "connec"));
}

static void static_programs(bool wide, bool big_endian)
{
	struct image image;
	begin(&image, wide, big_endian, ET_EXEC, EM_386);
	struct elf elf = read_image(&image);
	assert_true(elf.executable && !elf.relocatable && !elf.has_dynamic && !elf.interpreter);
	begin(&image, wide, big_endian, ET_DYN, EM_386);
	add_dynamic(&image, false);
	elf = read_image(&image);
	assert_true(elf.executable && elf.relocatable && elf.has_dynamic && !elf.needs_libraries && !elf.interpreter);
}

static void compilers(bool wide, bool big_endian)
{
	struct image image;
	begin(&image, wide, big_endian, ET_EXEC, EM_X86_64);
	add_go_note(&image);
	assert_true(read_image(&image).go);
	begin(&image, wide, big_endian, ET_EXEC, EM_X86_64);
	add_symbols(&image);
	add_section(&image, SHT_PROGBITS, T_GO, 0, 0, 0);
	assert_true(read_image(&image).go);
	assert_false(read_image(&image).pascal);
	begin(&image, wide, big_endian, ET_EXEC, EM_X86_64);
	add_symbols(&image);
	add_section(&image, SHT_PROGBITS, T_FPC, 0, 0, 0);
	assert_true(read_image(&image).pascal);
	assert_false(read_image(&image).go);
}

static void test_dynamic(void **state)
{
	(void)state;
	for_each_kind(dynamic_program);
}

static void test_static(void **state)
{
	(void)state;
	for_each_kind(static_programs);
}

static void test_compilers(void **state)
{
	(void)state;
	for_each_kind(compilers);
}

static void test_not_programs(void **state)
{
	(void)state;
	struct image image;
	struct elf elf;
	begin(&image, true, false, ET_REL, EM_X86_64);
	assert_false(read_image(&image).executable);
	begin(&image, true, false, ET_DYN, EM_X86_64);
	PUT(&image, 0, Ehdr, e_entry, 0);
	assert_false(read_image(&image).executable); /* a library without an entry */
	image.data[EI_CLASS] = 3;
	assert_false(elf_read(&elf, image.data, sizeof image.data));
	assert_false(elf_read(&elf, "#!/bin/sh\n", 10));
	assert_false(elf_read(&elf, NULL, 0));
	assert_false(elf_defines(NULL, 0, "connect"));
}

static void test_own_program(void **state)
{
	(void)state;
	struct mapped file;
	struct elf elf;
	assert_true(mapped_open(&file, "/proc/self/exe"));
	assert_true(elf_read(&elf, file.data, file.size));
	assert_int_equal(elf.bits, 8 * sizeof(void *));
	assert_true(elf.executable && elf.has_dynamic && elf.needs_libraries && elf.interpreter);
	mapped_close(&file);
}

static void test_names(void **state)
{
	(void)state;
	char text[ELF_TEXT];
	assert_string_equal(elf_machine_name(EM_X86_64, text), "x86-64");
	assert_string_equal(elf_machine_name(65535, text), "machine 65535");
}

/* Reads a copy that ends where its memory ends, as far as its bytes let it; a sanitizer sees a step beyond. */
static void read_exactly(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct elf elf;
	assert_non_null(copy);
	memcpy(copy, data, size);
	if (elf_read(&elf, copy, size) && elf.interpreter)
		assert_true((const uint8_t *)elf.interpreter + strlen(elf.interpreter) < copy + size);
	elf_defines(copy, size, "connect");
	free(copy);
}

static void everything(struct image *image, bool wide, bool big_endian)
{
	begin(image, wide, big_endian, ET_DYN, EM_X86_64);
	add_linker(image);
	add_dynamic(image, true);
	add_go_note(image);
	add_symbols(image);
	add_section(image, SHT_PROGBITS, T_FPC, 0, 0, 0);
}

static void cut_short(bool wide, bool big_endian)
{
	struct image image;
	everything(&image, wide, big_endian);
	for (size_t size = 0; size <= sizeof image.data; size++)
		read_exactly(image.data, size);
}

/* Numbers that are likely to lead astray. */
static uint8_t odd_byte(void)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe };
	return rand() % 2 ? (uint8_t)rand() : odd[rand() % sizeof odd];
}

static void damaged(bool wide, bool big_endian)
{
	struct image image;
	everything(&image, wide, big_endian);
	for (int i = 0; i < 20000; i++) {
		struct image broken = image;
		for (int changes = 1 + rand() % 8; changes > 0; changes--) {
			const size_t run = 1 + (size_t)rand() % 8, at = (size_t)rand() % (sizeof broken.data - run);
			memset(broken.data + at, odd_byte(), run);
		}
		/* Not in the first bytes, by which it is an ELF file of this kind, for the most part. */
		if (rand() % 8)
			memcpy(broken.data, image.data, EI_DATA + 1);
		read_exactly(broken.data, rand() % 4 ? sizeof broken.data : (size_t)rand() % sizeof broken.data);
	}
}

static void test_cut_short(void **state)
{
	(void)state;
	for_each_kind(cut_short);
}

static void test_damaged(void **state)
{
	(void)state;
	srand(4711);
	for_each_kind(damaged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dynamic),     cmocka_unit_test(test_static),
		cmocka_unit_test(test_compilers),   cmocka_unit_test(test_not_programs),
		cmocka_unit_test(test_own_program), cmocka_unit_test(test_names),
		cmocka_unit_test(test_cut_short),   cmocka_unit_test(test_damaged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
