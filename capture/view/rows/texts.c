/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/texts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536
#define RECENT	    256 /* a power of two */

struct block {
	struct block *next;
	char bytes[BLOCK_BYTES];
};

struct texts {
	struct block *first;
	struct block *now;
	size_t used;		    /* of it */
	const char *recent[RECENT]; /* by hash */
};

struct texts *texts_new(void)
{
	struct texts *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->first = t->now = calloc(1, sizeof(*t->first));
	if (!t->first) {
		free(t);
		return NULL;
	}
	return t;
}

void texts_free(struct texts *t)
{
	struct block *b = t ? t->first : NULL, *next;

	for (; b; b = next) {
		next = b->next;
		free(b);
	}
	free(t);
}

void texts_begin(struct texts *t)
{
	t->now = t->first;
	t->used = 0;
	memset(t->recent, 0, sizeof(t->recent));
}

static uint32_t hash_text(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 16777619u;
	return h & (RECENT - 1);
}

static char *claim_text(struct texts *t, size_t len)
{
	char *at;

	if (len > TEXTS_MAX)
		return NULL;
	if (len > BLOCK_BYTES - t->used) {
		if (!t->now->next)
			t->now->next = calloc(1, sizeof(*t->now));
		if (!t->now->next)
			return NULL;
		t->now = t->now->next;
		t->used = 0;
	}
	at = t->now->bytes + t->used;
	t->used += len;
	return at;
}

const char *texts_keep(struct texts *t, const char *text)
{
	const char **recent = &t->recent[hash_text(text)];
	size_t len;
	char *at;

	if (!*text)
		return "";
	if (*recent && !strcmp(*recent, text))
		return *recent;
	len = strlen(text) + 1;
	at = claim_text(t, len);
	if (at)
		*recent = memcpy(at, text, len);
	return at;
}
