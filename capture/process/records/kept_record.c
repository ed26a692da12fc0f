/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/records/kept_record.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define SLOT_BITS	8
#define SLOTS		(1 << SLOT_BITS)
#define BEFORE		8   /* the fields: header and length */
#define FIELD_HEAD	4   /* type and length of one */
#define SHORT_ARGUMENTS 128 /* bytes */

struct rest {
	struct rests *of;
	uint32_t refs;
	uint32_t len;
	uint8_t bytes[];
};

/*
 * What meets another in a slot takes it: nobody can make a long search of it,
 * and what is kept twice only takes room.
 */
struct rests {
	struct rest *slots[SLOTS];
	size_t bytes; /* of all that are kept */
};

struct rests *rests_new(void)
{
	return calloc(1, sizeof(struct rests));
}

static void rest_drop(struct rest *r)
{
	if (!r || --r->refs)
		return;
	r->of->bytes -= r->len;
	free(r);
}

void rests_free(struct rests *t)
{
	if (!t)
		return;
	for (int i = 0; i < SLOTS; i++)
		rest_drop(t->slots[i]);
	free(t);
}

size_t rests_bytes(const struct rests *t)
{
	return t->bytes;
}

/* A product's high bits depend on all of a field's; a record is of whole words. */
static unsigned slot_of(const uint8_t *bytes, size_t len)
{
	uint64_t h = 0;

	for (size_t i = 0; i + 4 <= len; i += 4)
		h = (h ^ get_le(bytes + i, 4)) * 0x9e3779b97f4a7c15u;
	return (unsigned)(h >> (64 - SLOT_BITS));
}

static struct rest *rest_new(struct rests *t, const uint8_t *bytes, size_t len)
{
	struct rest *r = malloc(sizeof(*r) + len);

	if (!r)
		return NULL;
	*r = (struct rest){ .of = t, .refs = 1, .len = (uint32_t)len };
	t->bytes += len;
	memcpy(r->bytes, bytes, len);
	return r;
}

/* One more reference to it, or NULL without memory. */
static struct rest *rest_get(struct rests *t, const uint8_t *bytes, size_t len)
{
	struct rest **slot = &t->slots[slot_of(bytes, len)], *r = *slot;

	if (!r || r->len != len || memcmp(r->bytes, bytes, len)) {
		r = rest_new(t, bytes, len);
		if (!r)
			return NULL;
		rest_drop(*slot);
		*slot = r;
	}
	r->refs++;
	return r;
}

/* Up to the end of its name, if that is where it belongs. */
static size_t own_len(const uint8_t *record, size_t len)
{
	size_t at = BEFORE, next = at;

	while (next <= len && next <= KEPT_HEAD) {
		at = next;
		if (at + FIELD_HEAD > len ||
		    get_le(record + at, 2) > FIELD_NAME)
			break;
		next = at + FIELD_HEAD +
		       ((get_le(record + at + 2, 2) + 3) & ~(size_t)3);
	}
	return at;
}

bool kept_record_set(struct rests *t, struct kept_record *r,
		     const uint8_t *record, size_t len)
{
	size_t own = own_len(record, len);
	struct rest *rest = rest_get(t, record + own, len - own);

	if (!rest)
		return false;
	rest_drop(r->rest);
	r->rest = rest;
	r->head_len = (uint8_t)own;
	memcpy(r->head, record, own);
	return true;
}

void kept_record_drop(struct kept_record *r)
{
	rest_drop(r->rest);
	r->rest = NULL;
	r->head_len = 0;
}

size_t kept_record_len(const struct kept_record *r)
{
	return r->rest ? r->head_len + r->rest->len : 0;
}

size_t kept_record_copy(const struct kept_record *r, uint8_t out[PROCESS_MAX])
{
	if (!r->rest)
		return 0;
	memcpy(out, r->head, r->head_len);
	memcpy(out + r->head_len, r->rest->bytes, r->rest->len);
	return kept_record_len(r);
}

bool kept_record_shorten(struct process *p)
{
	if (p->cmdline_len <= SHORT_ARGUMENTS)
		return false;
	memset(p->cmdline + SHORT_ARGUMENTS, 0,
	       p->cmdline_len - (size_t)SHORT_ARGUMENTS);
	p->cmdline_len = SHORT_ARGUMENTS;
	p->flags |= PROCESS_CMDLINE_TRUNCATED;
	process_set_field(p, FIELD_FLAGS);
	return true;
}

bool kept_record_read(const struct kept_record *r, struct process *out)
{
	uint8_t record[PROCESS_MAX];

	return process_decode(out, record, kept_record_copy(r, record)) > 0;
}
