/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/flows/names.h"
#include "view/rows/texts.h"

#define LINGER_NS	10000000000ull	/* what is over is shown for so long */
#define COLUMN_MAX	320		/* bytes of an application and host */
#define MANY_AGAIN	4		/* retransmissions of one side ... */
#define SHARE_AGAIN	20	/* ... that are a twentieth of its packets */

const char *const table_group_names[GROUPS] = {
	[GROUP_CONNECTION] = "connections", [GROUP_PROCESS] = "processes",
	[GROUP_PROGRAM] = "programs", [GROUP_HOST] = "hosts",
	[GROUP_COUNTRY] = "countries", [GROUP_USER] = "users",
	[GROUP_CONTAINER] = "containers",
};

struct table {
	const struct table_spec *spec;	/* while it is built */
	struct row *rows;
	size_t count;
	size_t room;
	uint32_t *index;		/* row number + 1, by key */
	size_t mask;
	uint32_t *order;	/* row numbers: rows are large to move */
	uint32_t *place;		/* where each is in it */
	struct row total;
	struct texts *texts;		/* of the rows */
	int error;
};

struct table *table_new(void)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t)
		t->texts = texts_new();
	if (t && !t->texts) {
		free(t);
		return NULL;
	}
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	free(t->rows);
	free(t->index);
	free(t->order);
	free(t->place);
	texts_free(t->texts);
	free(t);
}

/* ---- rows by key ---- */

/* FNV-1a, over words: keys are zero where they say nothing. */
static size_t hash(const struct row_key *k)
{
	uint64_t words[sizeof(*k) / 8], h = 0xcbf29ce484222325u;

	memcpy(words, k, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / 8; i++)
		h = (h ^ words[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

static uint32_t *slot_of(const struct table *t, const struct row_key *k)
{
	size_t at = hash(k) & t->mask;

	while (t->index[at] &&
	       memcmp(&t->rows[t->index[at] - 1].key, k, sizeof(*k)))
		at = (at + 1) & t->mask;
	return &t->index[at];
}

static void index_all(struct table *t)
{
	memset(t->index, 0, (t->mask + 1) * sizeof(*t->index));
	for (size_t i = 0; i < t->count; i++)
		*slot_of(t, &t->rows[i].key) = (uint32_t)i + 1;
}

/* The index is never more than half full. */
static int grow(struct table *t)
{
	size_t room = t->room ? t->room * 2 : 256;
	struct row *rows = realloc(t->rows, room * sizeof(*rows));
	uint32_t *index, *order;

	if (!rows)
		return -ENOMEM;
	t->rows = rows;
	index = realloc(t->index, room * 2 * sizeof(*index));
	if (!index)
		return -ENOMEM;
	t->index = index;
	order = realloc(t->order, room * sizeof(*order));
	if (!order)
		return -ENOMEM;
	t->order = order;
	order = realloc(t->place, room * sizeof(*order));
	if (!order)
		return -ENOMEM;
	t->place = order;
	t->room = room;
	t->mask = room * 2 - 1;
	index_all(t);
	return 0;
}

/* The row of that key; a new one is empty.  NULL without memory. */
static struct row *get_row(struct table *t, const struct row_key *k)
{
	uint32_t *slot;
	struct row *r;

	if (t->count == t->room) {
		int err = grow(t);

		if (err) {
			t->error = err;
			return NULL;
		}
	}
	slot = slot_of(t, k);
	if (*slot)
		return &t->rows[*slot - 1];
	r = &t->rows[t->count++];
	*slot = (uint32_t)t->count;
	memset(r, 0, sizeof(*r));
	r->key = *k;
	r->state = r->name = r->user = r->container = r->domain = r->app = "";
	return r;
}

/* ---- what a row says ---- */

static uint8_t alerts_of(const struct actor *a)
{
	uint8_t alerts = 0;

	if (a->flags & PROCESS_EXE_DELETED)
		alerts |= ALERT_DELETED;
	if (a->flags & PROCESS_EXE_MEMFD)
		alerts |= ALERT_MEMFD;
	if (a->flags & PROCESS_EXE_WORLD_WRITABLE)
		alerts |= ALERT_WRITABLE;
	return alerts;
}

/* The end that is not here; of two that are, who was asked. */
static enum flow_side remote_side(const struct flow *f)
{
	return f->ends[FLOW_CLIENT].attr == ATTR_NONE &&
		       f->ends[FLOW_SERVER].attr != ATTR_NONE ?
		       FLOW_CLIENT : FLOW_SERVER;
}

/* Closed, it only waits for its last acknowledgments. */
static bool is_open(const struct flow *f)
{
	return !f->over && f->state != FLOW_CLOSED && f->state != FLOW_RESET;
}

/* What is over has a row of its own for a while only. */
static bool is_listed(const struct table *t, const struct flow *f)
{
	return t->spec->ended || !f->over ||
	       f->last_mono_ns + LINGER_NS > t->spec->now_mono_ns;
}

/* What has no country, as this network, is no other country. */
static bool is_abroad(const char *countries, const char *country)
{
	const char *rest;

	if (!countries || !*country)
		return false;
	for (; *countries; countries += strcspn(countries, ",")) {
		countries += strspn(countries, ", ");
		if (strncasecmp(countries, country, 2))
			continue;
		rest = countries + 2 + strspn(countries + 2, " ");
		if (!*rest || *rest == ',')
			return false;
	}
	return true;
}

static bool is_sent_again(const struct flow *f)
{
	uint64_t packets[2], bytes[2];

	flow_sums(f, packets, bytes);
	for (int i = 0; i < 2; i++) {
		uint64_t again = f->ends[i].retransmissions;

		if (again >= MANY_AGAIN && again * SHARE_AGAIN >= packets[i])
			return true;
	}
	return false;
}

static uint8_t alerts_of_flow(const struct table *t, const struct flow *f)
{
	uint8_t alerts = 0;

	if (f->new_country)
		alerts |= ALERT_COUNTRY;
	if (f->foreign_port)
		alerts |= ALERT_PORT;
	if (f->unresolved)
		alerts |= ALERT_UNRESOLVED;
	if (is_sent_again(f))
		alerts |= ALERT_RETRANSMISSIONS;
	if (is_abroad(t->spec->countries, f->ends[remote_side(f)].country))
		alerts |= ALERT_ABROAD;
	return alerts;
}

static void add_life(struct row *r, const struct flow *f)
{
	if (!r->first_ns || f->first_ns < r->first_ns)
		r->first_ns = f->first_ns;
	if (f->last_ns > r->last_ns)
		r->last_ns = f->last_ns;
	if (f->last_mono_ns > r->last_mono_ns)
		r->last_mono_ns = f->last_mono_ns;
}

/* @side is the end that this row calls its own; of two, after one another. */
static void add_side(const struct table *t, struct row *r,
		     const struct flow_part *p, enum flow_side side)
{
	r->sent += p->bytes[side];
	r->received += p->bytes[!side];
	r->up += flow_rate(&p->rate, side, t->spec->now_mono_ns);
	r->down += flow_rate(&p->rate, !side, t->spec->now_mono_ns);
}

/* What both sides of a part have in common is once in a row. */
static void add_packets(struct row *r, const struct flow_part *p)
{
	r->packets += p->packets[0] + p->packets[1];
}

/* And what all its parts have, too. */
static void add_whole(struct table *t, struct row *r, const struct flow *f)
{
	if (is_listed(t, f))
		r->alerts |= alerts_of_flow(t, f);
	r->connections++;
	r->open += is_open(f);
	r->retransmissions += f->ends[0].retransmissions +
			      f->ends[1].retransmissions;
	add_life(r, f);
}

/* Without memory a text is missing, and the whole table says so. */
static const char *keep(struct table *t, const char *text)
{
	const char *kept = texts_keep(t->texts, text);

	if (!kept)
		t->error = -ENOMEM;
	return kept ? kept : "";
}

static void describe_actor(struct table *t, struct row *r,
			   const struct actor *a)
{
	r->pid = a->pid;
	r->attr = a->attr;
	r->reason = a->reason;
	r->alerts |= alerts_of(a);
	r->user = keep(t, a->user);
	r->container = keep(t, a->container);
}

static const struct query_subject *subject(struct query_subject *s,
					   const struct table *t,
					   const struct flow *f,
					   struct actor *const actors[2],
					   int side)
{
	*s = (struct query_subject){ f, { actors[0], actors[1] }, side,
				     t->spec->names };
	return s;
}

/* ---- a row for each connection ---- */

static void describe_ends(struct table *t, struct row *r,
			  const struct flow *f)
{
	char both[2 * sizeof(f->ends[0].actor->name) + 8];
	const struct flow_end *e = &f->ends[r->local_side];
	const struct actor *a = e->actor, *peer = f->ends[!r->local_side].actor;

	describe_actor(t, r, a);
	r->attr = e->attr;
	r->reason = e->reason;
	if (peer->id)
		r->alerts |= alerts_of(peer);
	if (a->id && peer->id)
		snprintf(both, sizeof(both), "%s \u2192 %s", a->name,
			 peer->name);
	else
		snprintf(both, sizeof(both), "%s",
			 !a->id && peer->id ? peer->name : a->name);
	r->name = keep(t, both);
}

static void describe_domain(struct row *r, struct table *t,
			    const struct flow *f, enum flow_side remote)
{
	const struct resolved_name *n = resolved_get(
		t->spec->names, remote ? f->key.remote : f->key.local);

	if (n)
		r->domain = keep(t, n->name);
}

/* What was not listened to is not the same as what nothing is known of. */
static void describe_app(struct table *t, struct row *r, const struct flow *f)
{
	const struct flow_speech *s = f->speech;
	char app[COLUMN_MAX];

	if (s)
		snprintf(app, sizeof(app), "%s%s%s%s", s->app,
			 s->guessed ? "?" : "", *s->host ? " " : "", s->host);
	else
		snprintf(app, sizeof(app), f->missed ? "\u2026" : "");
	r->app = keep(t, app);
}

static void add_connection(struct table *t, const struct flow *f)
{
	struct row_key key = { .id = f->number };
	struct actor *actors[2] = { f->ends[0].actor, f->ends[1].actor };
	struct query_subject s;
	struct row *r;

	if (!query_matches(t->spec->query, subject(&s, t, f, actors, -1)))
		return;
	r = get_row(t, &key);
	if (!r)
		return;
	r->local_side = !remote_side(f);
	describe_ends(t, r, f);
	r->flow_key = f->key;
	memcpy(r->country, f->ends[!r->local_side].country,
	       sizeof(r->country));
	describe_domain(r, t, f, (enum flow_side)!r->local_side);
	describe_app(t, r, f);
	r->state = f->over ? name_over(f) : name_state(f);
	r->over = !is_open(f);
	r->rtt_ns = f->rtt_ns;
	for (const struct flow_part *p = &f->part; p; p = p->next) {
		add_side(t, r, p, (enum flow_side)r->local_side);
		add_packets(r, p);
	}
	add_whole(t, r, f);
	t->total.open += is_open(f);
}

/* ---- a row for each end that is here ---- */

static enum actor_kind kind_of(enum table_group group)
{
	if (group == GROUP_USER)
		return ACTOR_USER;
	return group == GROUP_CONTAINER ? ACTOR_CONTAINER : ACTOR_PROGRAM;
}

static void actor_key(enum table_group group, const struct actor *a,
		      struct row_key *k)
{
	memset(k, 0, sizeof(*k));
	if (group == GROUP_PROCESS && a->id)
		k->id = a->id;
	else
		snprintf(k->text, sizeof(k->text), "%s",
			 actor_text(a, kind_of(group)));
}

static struct row *actor_row(struct table *t, const struct actor *a)
{
	struct row_key key;
	struct row *r;

	actor_key(t->spec->group, a, &key);
	r = get_row(t, &key);
	if (!r)
		return NULL;
	r->alerts |= alerts_of(a);
	/* Of its names and users, those of now. */
	if (t->spec->group == GROUP_PROCESS && a->version >= r->version) {
		describe_actor(t, r, a);
		r->version = a->version;
		r->name = keep(t, a->name);
	}
	if (t->spec->group == GROUP_PROGRAM && !a->id) {
		r->attr = a->attr;
		r->reason = a->reason;
	}
	if (!*r->name)
		r->name = keep(t, key.text);
	return r;
}

/* The rows that a flow is in, by number: adding one moves them. */
struct its_rows {
	size_t numbers[4 * FLOW_PARTS];	/* two of a part, and copies */
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
	    !query_matches(t->spec->query, subject(&s, t, f, p->actors, side)))
		return -1;
	r = actor_row(t, a);
	if (!r)
		return -1;
	add_side(t, r, p, side);
	if (a->id && f->ends[side].actor == a)
		r->attr = f->ends[side].attr;
	else if (a->id && p->copy)
		r->attr = p->attr;
	return r - t->rows;
}

static void add_actors(struct table *t, const struct flow *f)
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
				add_packets(&t->rows[row], p);
			add_to_rows(&rows, (size_t)row);
			last = row;
		}
	}
	for (size_t i = 0; i < rows.count; i++)
		add_whole(t, &t->rows[rows.numbers[i]], f);
	t->total.open += rows.count && is_open(f);
}

/*
 * What two of a row exchanged it has once; if the query wants but one of the
 * two, that one's are too few by this.
 */
static void add_past(void *ctx, struct actor *a)
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

/* ---- a row for each place ---- */

static void place_key(enum table_group group, const struct flow *f,
		      enum flow_side remote, struct row_key *k)
{
	char addr[INET6_ADDRSTRLEN] = "(no address)";

	memset(k, 0, sizeof(*k));
	if (group == GROUP_COUNTRY) {
		snprintf(k->text, sizeof(k->text), "%s",
			 *f->ends[remote].country ? f->ends[remote].country :
						    "(none)");
		return;
	}
	if (f->key.proto != FLOW_FRAME)
		name_address(remote ? f->key.remote : f->key.local, addr,
			     sizeof(addr));
	snprintf(k->text, sizeof(k->text), "%s", addr);
}

static struct row *place_row(struct table *t, const struct flow *f,
			     enum flow_side remote)
{
	struct row_key key;
	struct row *r;

	place_key(t->spec->group, f, remote, &key);
	r = get_row(t, &key);
	if (!r)
		return NULL;
	if (!*r->name)
		r->name = keep(t, key.text);
	memcpy(r->country, f->ends[remote].country, sizeof(r->country));
	if (t->spec->group == GROUP_HOST && !*r->domain)
		describe_domain(r, t, f, remote);
	return r;
}

static void note_place(struct row *r, const struct flow *f,
		       enum flow_side remote)
{
	const struct flow_key *k = &f->key;

	if (f->ends[remote].attr == ATTR_NONE)
		r->places |= PLACE_REMOTE;
	else if (!memcmp(k->local, k->remote, sizeof(k->local)))
		r->places |= PLACE_ITSELF;
	else
		r->places |= PLACE_HERE;
}

/* Once all have rows: whose other end has another one, too. */
static void note_other_place(void *ctx, const struct flow *f)
{
	const struct table *t = ctx;
	enum flow_side remote = remote_side(f);
	struct row_key own, other;
	uint32_t *slot;

	/* Few have a row, and to write out an address takes its time. */
	place_key(t->spec->group, f, !remote, &own);
	slot = slot_of(t, &own);
	if (!*slot)
		return;
	place_key(t->spec->group, f, remote, &other);
	if (memcmp(&own, &other, sizeof(own)))
		t->rows[*slot - 1].places |= PLACE_ELSEWHERE;
}

static void add_place(struct table *t, const struct flow *f)
{
	enum flow_side remote = remote_side(f);
	struct row *r = NULL;

	for (const struct flow_part *p = &f->part; p; p = p->next) {
		struct query_subject s;

		if (!query_matches(t->spec->query,
				   subject(&s, t, f, p->actors, -1)))
			continue;
		r = r ? r : place_row(t, f, remote);
		if (!r)
			return;
		add_side(t, r, p, !remote);
		add_packets(r, p);
	}
	if (!r)
		return;
	note_place(r, f, remote);
	add_whole(t, r, f);
	t->total.open += is_open(f);
}

/* ---- the whole ---- */

static bool is_of_places(enum table_group group)
{
	return group == GROUP_HOST || group == GROUP_COUNTRY;
}

static void add_flow(void *ctx, const struct flow *f)
{
	struct table *t = ctx;

	if (is_of_places(t->spec->group))
		add_place(t, f);
	else if (t->spec->group != GROUP_CONNECTION)
		add_actors(t, f);
	else if (is_listed(t, f))
		add_connection(t, f);
}

/* Rows of many count all that was, but go when nothing is. */
static void drop_ended(struct table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct row *r = &t->rows[i];

		r->over = !r->open;
		if (!t->spec->ended && r->over &&
		    r->last_mono_ns + LINGER_NS <= t->spec->now_mono_ns)
			continue;
		t->rows[kept++] = *r;
	}
	if (t->count != kept) {
		t->count = kept;
		index_all(t);
	}
}

static int compare_rows(const void *a, const void *b, void *ctx)
{
	const struct table *t = ctx;
	const struct row *r = &t->rows[*(const uint32_t *)a];
	const struct row *q = &t->rows[*(const uint32_t *)b];
	int order = t->spec->compare(t->spec->sort, r, q);

	if (order)
		return t->spec->ascending ? order : -order;
	/* Whatever else is equal, rows stay where they are. */
	return memcmp(&r->key, &q->key, sizeof(r->key));
}

static void sort_rows(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		t->order[i] = (uint32_t)i;
	qsort_r(t->order, t->count, sizeof(*t->order), compare_rows, t);
	for (size_t i = 0; i < t->count; i++)
		t->place[t->order[i]] = (uint32_t)i;
}

static void add_up(struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct row *r = &t->rows[i];

		t->total.up += r->up;
		t->total.down += r->down;
		t->total.sent += r->sent;
		t->total.received += r->received;
		t->total.packets += r->packets;
	}
}

int table_build(struct table *t, struct flows *flows, struct actors *actors,
		const struct table_spec *spec)
{
	enum table_group group = spec->group;

	t->spec = spec;
	t->count = 0;
	t->error = 0;
	memset(&t->total, 0, sizeof(t->total));
	texts_begin(t->texts);
	if (t->index)
		memset(t->index, 0, (t->mask + 1) * sizeof(*t->index));
	flows_each(flows, add_flow, t);
	if (is_of_places(group) && t->count)
		flows_each(flows, note_other_place, t);
	if (group != GROUP_CONNECTION && !is_of_places(group) &&
	    query_is_about_actors(spec->query))
		actors_each(actors, add_past, t);
	if (group != GROUP_CONNECTION)
		drop_ended(t);
	add_up(t);
	if (t->count)
		sort_rows(t);
	t->spec = NULL;
	return t->error;
}

size_t table_count(const struct table *t)
{
	return t->count;
}

const struct row *table_row(const struct table *t, size_t i)
{
	return &t->rows[t->order[i]];
}

const struct row *table_total(const struct table *t)
{
	return &t->total;
}

long table_find(const struct table *t, const struct row_key *key)
{
	uint32_t row = t->count ? *slot_of(t, key) : 0;

	return row ? (long)t->place[row - 1] : -1;
}
