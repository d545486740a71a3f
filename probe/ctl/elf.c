/* SPDX-License-Identifier: MIT */
#include "probe/ctl/elf.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

struct file {
	const uint8_t *data;
	size_t size;
	bool wide, big_endian;
};

/* An array of headers in the file. */
struct table {
	uint64_t offset, stride, count;
};

/* COUNT bytes at OFFSET as a number; 0 if they are not in the file. */
static uint64_t number(const struct file *file, uint64_t offset, unsigned count)
{
	uint64_t value = 0;
	if (offset > file->size || file->size - offset < count)
		return 0;
	for (unsigned i = 0; i < count; i++)
		value = value << 8 | file->data[offset + (file->big_endian ? i : count - 1 - i)];
	return value;
}

/* A field of the struct Elf32_TYPE or Elf64_TYPE at BASE. */
#define FIELD(file, base, type, field)                                                                              \
	((file)->wide ? number(file, (base) + offsetof(Elf64_##type, field), sizeof(((Elf64_##type *)NULL)->field)) \
	              : number(file, (base) + offsetof(Elf32_##type, field), sizeof(((Elf32_##type *)NULL)->field)))

/* The text at OFFSET, NULL if it does not end within the file. */
static const char *text(const struct file *file, uint64_t offset)
{
	if (offset >= file->size || !memchr(file->data + offset, '\0', file->size - offset))
		return NULL;
	return (const char *)file->data + offset;
}

static bool is_text(const struct file *file, uint64_t offset, const char *wanted)
{
	const size_t size = strlen(wanted) + 1;
	return offset <= file->size && file->size - offset >= size && !memcmp(file->data + offset, wanted, size);
}

static bool begins(const struct file *file, uint64_t offset, const char *wanted)
{
	const size_t size = strlen(wanted);
	return offset <= file->size && file->size - offset >= size && !memcmp(file->data + offset, wanted, size);
}

/* No longer than what is there of it. */
static struct table clip(const struct file *file, uint64_t offset, uint64_t stride, uint64_t count)
{
	struct table table = { .offset = offset, .stride = stride, .count = count };
	const uint64_t rest = offset < file->size ? file->size - offset : 0;
	if (!stride)
		table.count = 0;
	else if (table.count > rest / stride)
		table.count = rest / stride;
	return table;
}

static bool open_file(struct file *out, const void *data, size_t size)
{
	*out = (struct file){ .data = data, .size = size };
	if (size < sizeof(Elf32_Ehdr) || memcmp(out->data, ELFMAG, SELFMAG) != 0)
		return false;
	const uint8_t class = out->data[EI_CLASS], order = out->data[EI_DATA];
	out->wide = class == ELFCLASS64;
	out->big_endian = order == ELFDATA2MSB;
	return (class == ELFCLASS32 || class == ELFCLASS64) && (order == ELFDATA2LSB || order == ELFDATA2MSB) &&
	       size >= (out->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
}

static struct table sections(const struct file *file)
{
	return clip(file, FIELD(file, 0, Ehdr, e_shoff), FIELD(file, 0, Ehdr, e_shentsize),
	            FIELD(file, 0, Ehdr, e_shnum));
}

/* Go's build id: a note of type 4 by "Go". */
static bool has_go_note(const struct file *file, uint64_t offset, uint64_t size)
{
	enum { GO_BUILD_ID = 4 };
	const uint64_t end = offset + clip(file, offset, 1, size).count;
	while (offset < end && end - offset >= sizeof(Elf32_Nhdr)) { /* the same in both widths */
		const uint64_t name_size = FIELD(file, offset, Nhdr, n_namesz);
		const uint64_t text_size = FIELD(file, offset, Nhdr, n_descsz);
		if (FIELD(file, offset, Nhdr, n_type) == GO_BUILD_ID &&
		    is_text(file, offset + sizeof(Elf32_Nhdr), "Go"))
			return true;
		offset += sizeof(Elf32_Nhdr) + (name_size + 3) / 4 * 4 + (text_size + 3) / 4 * 4;
	}
	return false;
}

static bool names_libraries(const struct file *file, uint64_t offset, uint64_t size)
{
	const uint64_t stride = file->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	const struct table entries = clip(file, offset, stride, size / stride);
	for (uint64_t i = 0; i < entries.count; i++) {
		const uint64_t tag = FIELD(file, entries.offset + i * stride, Dyn, d_tag);
		if (tag == DT_NEEDED || tag == DT_NULL)
			return tag == DT_NEEDED;
	}
	return false;
}

static void read_segments(struct elf *out, const struct file *file)
{
	const struct table segments = clip(file, FIELD(file, 0, Ehdr, e_phoff), FIELD(file, 0, Ehdr, e_phentsize),
	                                   FIELD(file, 0, Ehdr, e_phnum));
	for (uint64_t i = 0; i < segments.count; i++) {
		const uint64_t at = segments.offset + i * segments.stride;
		const uint64_t offset = FIELD(file, at, Phdr, p_offset), size = FIELD(file, at, Phdr, p_filesz);
		switch (FIELD(file, at, Phdr, p_type)) {
		case PT_INTERP:
			out->interpreter = text(file, offset);
			break;
		case PT_DYNAMIC:
			out->has_dynamic = true;
			out->needs_libraries = names_libraries(file, offset, size);
			break;
		case PT_NOTE:
			out->go |= has_go_note(file, offset, size);
		}
	}
}

/* Where a compiler leaves its mark even in a stripped file. */
static void read_sections(struct elf *out, const struct file *file)
{
	const struct table table = sections(file);
	const uint64_t names = FIELD(file, 0, Ehdr, e_shstrndx);
	if (names >= table.count)
		return;
	const uint64_t name_base = FIELD(file, table.offset + names * table.stride, Shdr, sh_offset);
	for (uint64_t i = 0; i < table.count; i++) {
		const uint64_t name = name_base + FIELD(file, table.offset + i * table.stride, Shdr, sh_name);
		out->go |= is_text(file, name, ".go.buildinfo");
		out->pascal |= begins(file, name, ".fpc") || begins(file, name, "fpc.");
	}
}

bool elf_read(struct elf *out, const void *data, size_t size)
{
	struct file file;
	*out = (struct elf){ 0 };
	if (!open_file(&file, data, size))
		return false;
	const uint64_t type = FIELD(&file, 0, Ehdr, e_type);
	out->bits = file.wide ? 64 : 32;
	out->big_endian = file.big_endian;
	out->machine = (uint16_t)FIELD(&file, 0, Ehdr, e_machine);
	out->relocatable = type == ET_DYN;
	out->executable = (type == ET_EXEC || type == ET_DYN) && FIELD(&file, 0, Ehdr, e_entry) != 0;
	read_segments(out, &file);
	read_sections(out, &file);
	return true;
}

static bool is_defined(const struct file *file, uint64_t symbol, uint64_t names, const char *name)
{
	const uint64_t info = FIELD(file, symbol, Sym, st_info), binding = ELF64_ST_BIND(info);
	return FIELD(file, symbol, Sym, st_shndx) != SHN_UNDEF && (binding == STB_GLOBAL || binding == STB_WEAK) &&
	       is_text(file, names + FIELD(file, symbol, Sym, st_name), name);
}

bool elf_defines(const void *data, size_t size, const char *name)
{
	struct file file;
	if (!open_file(&file, data, size))
		return false;
	const struct table table = sections(&file);
	const uint64_t stride = file.wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	for (uint64_t i = 0; i < table.count; i++) {
		const uint64_t at = table.offset + i * table.stride;
		const uint64_t link = FIELD(&file, at, Shdr, sh_link);
		if (FIELD(&file, at, Shdr, sh_type) != SHT_DYNSYM || link >= table.count)
			continue;
		const uint64_t names = FIELD(&file, table.offset + link * table.stride, Shdr, sh_offset);
		const struct table symbols = clip(&file, FIELD(&file, at, Shdr, sh_offset), stride,
		                                  FIELD(&file, at, Shdr, sh_size) / stride);
		for (uint64_t j = 0; j < symbols.count; j++)
			if (is_defined(&file, symbols.offset + j * stride, names, name))
				return true;
		return false; /* there is one at most */
	}
	return false;
}

const char *elf_machine_name(uint16_t machine, char out[ELF_TEXT])
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = { { EM_386, "i386" },    { EM_X86_64, "x86-64" }, { EM_ARM, "ARM" },      { EM_AARCH64, "AArch64" },
		      { EM_PPC64, "POWER" }, { EM_S390, "S/390" },    { EM_RISCV, "RISC-V" }, { EM_MIPS, "MIPS" } };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].machine == machine) {
			snprintf(out, ELF_TEXT, "%s", names[i].name);
			return out;
		}
	snprintf(out, ELF_TEXT, "machine %u", machine);
	return out;
}
