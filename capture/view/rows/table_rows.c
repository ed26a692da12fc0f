/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table_rows.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

struct sorting {
	const struct table_rows *set;
	int (*compare)(const void *ctx, const struct row *a,
		       const struct row *b);
	const void *ctx;
};

void table_rows_fini(struct table_rows *s)
{
	free(s->rows);
	free(s->index);
	free(s->order);
	free(s->place);
	*s = (struct table_rows){ 0 };
}

/* FNV-1a, over words: keys are zero where they say nothing. */
static size_t hash_key(const struct row_key *k)
{
	uint64_t words[sizeof(*k) / 8], h = 0xcbf29ce484222325u;

	memcpy(words, k, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / 8; i++)
		h = (h ^ words[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

static uint32_t *row_slot(const struct table_rows *s, const struct row_key *k)
{
	size_t at = hash_key(k) & s->mask;

	while (s->index[at] &&
	       memcmp(&s->rows[s->index[at] - 1].key, k, sizeof(*k)))
		at = (at + 1) & s->mask;
	return &s->index[at];
}

static void clear_index(struct table_rows *s)
{
	if (s->index)
		memset(s->index, 0, (s->mask + 1) * sizeof(*s->index));
}

static void index_all(struct table_rows *s)
{
	clear_index(s);
	for (size_t i = 0; i < s->count; i++)
		*row_slot(s, &s->rows[i].key) = (uint32_t)i + 1;
}

/* False without memory: then *@array is as it was. */
static bool enlarge(uint32_t **array, size_t room)
{
	uint32_t *larger = realloc(*array, room * sizeof(*larger));

	if (larger)
		*array = larger;
	return larger;
}

/* The index is never more than half full. */
static bool grow_rows(struct table_rows *s)
{
	size_t room = s->room ? s->room * 2 : FIRST_ROOM;
	struct row *rows = realloc(s->rows, room * sizeof(*rows));

	if (!rows)
		return false;
	s->rows = rows;
	if (!enlarge(&s->order, room) || !enlarge(&s->place, room) ||
	    !enlarge(&s->index, room * 2))
		return false;
	s->room = room;
	s->mask = room * 2 - 1;
	index_all(s);
	return true;
}

void table_rows_clear(struct table_rows *s)
{
	s->count = 0;
	clear_index(s);
}

struct row *table_rows_get(struct table_rows *s, const struct row_key *k)
{
	uint32_t *slot;
	struct row *r;

	if (s->count == s->room && !grow_rows(s))
		return NULL;
	slot = row_slot(s, k);
	if (*slot)
		return &s->rows[*slot - 1];
	r = &s->rows[s->count++];
	*slot = (uint32_t)s->count;
	memset(r, 0, sizeof(*r));
	r->key = *k;
	r->excluded = r->state = r->name = r->user = r->container = r->domain =
		r->app = "";
	return r;
}

struct row *table_rows_find(const struct table_rows *s, const struct row_key *k)
{
	uint32_t row = s->count ? *row_slot(s, k) : 0;

	return row ? &s->rows[row - 1] : NULL;
}

void table_rows_keep(struct table_rows *s,
		     bool (*is_wanted)(const void *ctx, const struct row *r),
		     const void *ctx)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (is_wanted(ctx, &s->rows[i]))
			s->rows[kept++] = s->rows[i];
	if (s->count == kept)
		return;
	s->count = kept;
	index_all(s);
}

static int compare_places(const void *a, const void *b, void *ctx)
{
	const struct sorting *by = ctx;
	const struct row *r = &by->set->rows[*(const uint32_t *)a];
	const struct row *q = &by->set->rows[*(const uint32_t *)b];
	int order = by->compare(by->ctx, r, q);

	/* Whatever else is equal, rows stay where they are. */
	return order ? order : memcmp(&r->key, &q->key, sizeof(r->key));
}

void table_rows_sort(struct table_rows *s,
		     int (*compare)(const void *ctx, const struct row *a,
				    const struct row *b),
		     const void *ctx)
{
	struct sorting by = { s, compare, ctx };

	if (!s->count)
		return;
	for (size_t i = 0; i < s->count; i++)
		s->order[i] = (uint32_t)i;
	qsort_r(s->order, s->count, sizeof(*s->order), compare_places, &by);
	for (size_t i = 0; i < s->count; i++)
		s->place[s->order[i]] = (uint32_t)i;
}

const struct row *table_rows_nth(const struct table_rows *s, size_t i)
{
	return &s->rows[s->order[i]];
}

long table_rows_place(const struct table_rows *s, const struct row_key *k)
{
	const struct row *r = table_rows_find(s, k);

	return r ? (long)s->place[r - s->rows] : -1;
}
