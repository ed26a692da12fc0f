/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table_parts.h"

#include <string.h>

static enum actor_kind kind_of(enum table_group group)
{
	if (group == GROUP_USER)
		return ACTOR_USER;
	return group == GROUP_CONTAINER ? ACTOR_CONTAINER : ACTOR_PROGRAM;
}

/* FNV-1a: a container's id is longer than what a key has room for. */
static uint64_t hash_of_text(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3u;
	return h;
}

static void actor_key(enum table_group group, const struct actor *a,
		      struct row_key *k)
{
	const char *text = actor_exact(a, kind_of(group));

	memset(k, 0, sizeof(*k));
	if (group == GROUP_PROCESS && a->id) {
		k->id = a->id;
		return;
	}
	k->hash = hash_of_text(text);
	memcpy(k->text, text, strnlen(text, sizeof(k->text) - 1));
}

static struct row *actor_row(struct table *t, const struct actor *a)
{
	enum actor_kind kind = kind_of(t->spec->group);
	struct row_key key;
	struct row *r;

	actor_key(t->spec->group, a, &key);
	r = table_get_row(t, &key);
	if (!r)
		return NULL;
	r->alerts |= actor_alerts(a);
	/* Of its names and users, those of now. */
	if (t->spec->group == GROUP_PROCESS && a->version >= r->version) {
		table_describe_actor(t, r, a);
		r->version = a->version;
		r->name = table_keep(t, a->name);
	}
	if (t->spec->group == GROUP_PROGRAM && !a->id) {
		r->attr = a->attr;
		r->reason = a->reason;
	}
	if (!*r->name) {
		r->name = table_keep(t, actor_text(a, kind));
		r->exact = table_keep(t, actor_exact(a, kind));
	}
	return r;
}

/* The rows that a flow is in, by number: adding one moves them. */
struct its_rows {
	size_t numbers[4 * FLOW_PARTS]; /* two of a part, and copies */
	size_t count;
};

static void add_to_rows(struct its_rows *rows, size_t number)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->numbers[i] == number)
			return;
	rows->numbers[rows->count++] = number;
}

/* The number of its row, or -1 if it has none. */
static long add_actor(struct table *t, const struct flow *f,
		      const struct flow_part *p, enum flow_side side)
{
	const struct actor *a = p->actors[side];
	struct query_subject s;
	struct row *r;

	if (!actor_is_here(a) ||
	    !query_matches(t->spec->query,
			   table_subject(&s, t, f, p->actors, side)))
		return -1;
	r = actor_row(t, a);
	if (!r)
		return -1;
	table_add_side(t, r, p, side);
	if (a->id && f->ends[side].actor == a)
		r->attr = f->ends[side].attr;
	else if (a->id && p->copy)
		r->attr = p->attr;
	return r - t->rows.rows;
}

void table_add_actors(struct table *t, const struct flow *f)
{
	struct its_rows rows = { .count = 0 };

	for (const struct flow_part *p = &f->part; p;
	     p = flow_next_part(f, p)) {
		long last = -1;

		for (int side = 0; side < 2; side++) {
			long row = add_actor(t, f, p, (enum flow_side)side);

			if (row < 0)
				continue;
			if (row != last)
				table_add_packets(&t->rows.rows[row], p);
			add_to_rows(&rows, (size_t)row);
			last = row;
		}
	}
	for (size_t i = 0; i < rows.count; i++)
		table_add_whole(t, &t->rows.rows[rows.numbers[i]], f);
	t->total.open += rows.count && flow_is_open(f);
}

/*
 * What two of a row exchanged it has once; if the query wants but one of the
 * two, that one's are too few by this.
 */
void table_add_past(void *ctx, struct actor *a)
{
	struct table *t = ctx;
	const struct actor_sums *past = &a->past;
	const struct actor_shared *shared = &a->shared[kind_of(t->spec->group)];
	struct query_subject s = { .actors = { a, a } };
	struct row *r;

	if (!(past->sent_packets | past->received_packets) ||
	    !actor_is_here(a) || !query_matches(t->spec->query, &s))
		return;
	r = actor_row(t, a);
	if (!r)
		return;
	r->sent += past->sent_bytes;
	r->received += past->received_bytes;
	r->packets += past->sent_packets + past->received_packets -
		      past->own_packets;
	r->connections += past->flows;
	if (t->spec->group == GROUP_PROCESS)
		return;
	r->packets -= shared->packets;
	r->connections -= shared->flows;
}
