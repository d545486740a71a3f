/* SPDX-License-Identifier: MIT */
#include "conf/conf.h"

#include "conf/build.h"
#include "conf/grammar.h"
#include "conf/source.h"
#include "conf/tree.h"

#include <stdlib.h>
#include <string.h>

/* A configuration, and the memory that it lies in. */
struct owner {
	struct conf conf;
	struct pool pool;
};

static bool fill(struct owner *owner, const char *file, const char *text, size_t size, char **error)
{
	struct conf *conf = &owner->conf;
	struct source source = { 0 };
	struct cfg_t *tree = NULL;
	struct draft *draft = calloc(1, sizeof *draft);
	bool ok = false;
	conf->file = pool_text(&owner->pool, file, strlen(file));
	conf->warnings = pool_alloc(&owner->pool, CONF_MAX_WARNINGS, sizeof *conf->warnings);
	if (!draft || !conf->file || !conf->warnings) {
		fault_memory(error);
		goto cleanup;
	}
	if (!source_load(&source, &owner->pool, conf->file, text, size, error))
		goto cleanup;
	tree = tree_parse(&source, error);
	*draft = (struct draft){ .conf = conf, .pool = &owner->pool, .source = &source, .fault = error };
	ok = tree && build_conf(draft, tree);
cleanup:
	tree_free(tree);
	source_free(&source);
	free(draft);
	return ok;
}

static struct conf *load(const char *file, const char *text, size_t size, char **error)
{
	*error = NULL;
	struct owner *owner = calloc(1, sizeof *owner);
	if (!owner) {
		fault_memory(error);
		return NULL;
	}
	if (fill(owner, file, text, size, error))
		return &owner->conf;
	conf_free(&owner->conf);
	return NULL;
}

struct conf *conf_read(const char *file, char **error)
{
	return load(file, NULL, 0, error);
}

struct conf *conf_parse(const char *name, const char *text, size_t size, char **error)
{
	return load(name, text, size, error);
}

void conf_free(struct conf *conf)
{
	struct owner *owner = (struct owner *)conf;
	if (!owner)
		return;
	pool_free(&owner->pool);
	free(owner);
}

const char *conf_check_type_name(enum conf_check_type type)
{
	return grammar_option(&grammar_check, "type")->words[type];
}
