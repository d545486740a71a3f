/* SPDX-License-Identifier: MIT */
#include "preload/loaded.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An object's symbols, and the way to one of them: either of the tables, or both (System V gABI, chapter 5; DT_GNU_HASH as the GNU
 * linkers write it). */
struct symbols {
	const ElfW(Sym) * table;
	const char *names;
	const ElfW(Versym) * versions;
	const uint32_t *gnu_hash, *hash;
};

static bool holds(const struct dl_phdr_info *object, uintptr_t address)
{
	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type == PT_LOAD && address - object->dlpi_addr - segment->p_vaddr < segment->p_memsz)
			return true;
	}
	return false;
}

/* glibc makes addresses of what most objects' dynamic sections say, in place; musl never, and for the kernel's own object nobody. */
static const void *at(const struct dl_phdr_info *object, ElfW(Addr) value)
{
	if (holds(object, value))
		return (const void *)value;
	return holds(object, object->dlpi_addr + value) ? (const void *)(object->dlpi_addr + value) : NULL;
}

static struct symbols symbols_of(const struct dl_phdr_info *object)
{
	struct symbols symbols = { .table = NULL };
	const ElfW(Dyn) *dynamic = NULL;
	for (unsigned i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_SYMTAB)
			symbols.table = at(object, dynamic->d_un.d_ptr);
		else if (dynamic->d_tag == DT_STRTAB)
			symbols.names = at(object, dynamic->d_un.d_ptr);
		else if (dynamic->d_tag == DT_VERSYM)
			symbols.versions = at(object, dynamic->d_un.d_ptr);
		else if (dynamic->d_tag == DT_GNU_HASH)
			symbols.gnu_hash = at(object, dynamic->d_un.d_ptr);
		else if (dynamic->d_tag == DT_HASH)
			symbols.hash = at(object, dynamic->d_un.d_ptr);
	}
	return symbols;
}

static bool is_it(const struct symbols *symbols, uint32_t index, const char *name)
{
	const ElfW(Sym) *symbol = &symbols->table[index];
	const unsigned type = symbol->st_info & 0xf; /* here ELF32_ST_TYPE() and ELF64_ST_TYPE() are one */
	const bool hidden = symbols->versions && symbols->versions[index] & 0x8000;
	return (type == STT_FUNC || type == STT_NOTYPE) && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx != SHN_ABS && !hidden && strcmp(symbols->names + symbol->st_name, name) == 0;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t hash = 5381;
	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		hash = hash * 33 + *c;
	return hash;
}

/* 0, which is never a symbol, if there is none.  A chain holds the hashes of its symbols; the last one's lowest bit is set. */
static uint32_t find_by_gnu_hash(const struct symbols *symbols, const char *name)
{
	const uint32_t *table = symbols->gnu_hash, buckets = table[0], first = table[1], filter_words = table[2];
	const uint32_t *bucket = (const uint32_t *)((const ElfW(Addr) *)(table + 4) + filter_words);
	const uint32_t *chain = bucket + buckets, hash = gnu_hash(name);
	uint32_t index = buckets ? bucket[hash % buckets] : 0;
	if (index < first)
		return 0;
	for (;; index++) {
		const uint32_t its = chain[index - first];
		if ((its | 1) == (hash | 1) && is_it(symbols, index, name))
			return index;
		if (its & 1)
			return 0;
	}
}

static uint32_t sysv_hash(const char *name)
{
	uint32_t hash = 0;
	for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
		hash = (hash << 4) + *c;
		hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
	}
	return hash;
}

static uint32_t find_by_hash(const struct symbols *symbols, const char *name)
{
	const uint32_t *table = symbols->hash, buckets = table[0], *bucket = table + 2, *chain = bucket + buckets;
	uint32_t index = buckets ? bucket[sysv_hash(name) % buckets] : 0;
	while (index && !is_it(symbols, index, name))
		index = chain[index];
	return index;
}

unsigned loaded_find(const struct dl_phdr_info *object, struct loaded_function functions[], unsigned count)
{
	const struct symbols symbols = symbols_of(object);
	const bool readable = symbols.table && symbols.names && (symbols.gnu_hash || symbols.hash);
	unsigned missing = 0;
	for (struct loaded_function *function = functions; function < functions + count; function++) {
		if (readable && !function->address) {
			const uint32_t index = symbols.gnu_hash ? find_by_gnu_hash(&symbols, function->name)
			                                        : find_by_hash(&symbols, function->name);
			if (index)
				function->address = (void *)(object->dlpi_addr + symbols.table[index].st_value);
		}
		missing += !function->address;
	}
	return missing;
}

struct walk {
	uintptr_t here;
	bool wanted; /* is the object one of those that this walk is for? */
	struct loaded_function *functions;
	unsigned count, missing;
};

static int look_at(struct dl_phdr_info *object, size_t size, void *data)
{
	(void)size;
	struct walk *walk = data;
	if (holds(object, walk->here))
		walk->wanted = !walk->wanted;
	else if (walk->wanted)
		walk->missing = loaded_find(object, walk->functions, walk->count);
	return walk->missing == 0;
}

unsigned loaded_after(const void *here, struct loaded_function functions[], unsigned count)
{
	struct walk walk = {
		.here = (uintptr_t)here, .wanted = false, .functions = functions, .count = count, .missing = count
	};
	dl_iterate_phdr(look_at, &walk);
	walk.wanted = true;
	if (walk.missing > 0)
		dl_iterate_phdr(look_at, &walk);
	return walk.missing;
}
