/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/flows/names.h"
#include "view/rows/table_rows.h"
#include "view/rows/texts.h"

#define LINGER_NS	10000000000ull	/* what is over is shown for so long */
#define COLUMN_MAX	320		/* bytes of an application and host */
#define MANY_AGAIN	4		/* retransmissions of one side ... */
#define SHARE_AGAIN	20	/* ... that are a twentieth of its packets */

const char *const table_group_names[GROUPS] = {
	[GROUP_CONNECTION] = "connections", [GROUP_PROCESS] = "processes",
	[GROUP_PROGRAM] = "programs",	    [GROUP_HOST] = "hosts",
	[GROUP_COUNTRY] = "countries",	    [GROUP_USER] = "users",
	[GROUP_CONTAINER] = "containers",
};

struct table {
	const struct table_spec *spec;	/* while it is built */
	struct table_rows rows;
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
	table_rows_fini(&t->rows);
	texts_free(t->texts);
	free(t);
}

/* ---- what a row says ---- */

/* The row of that key; NULL without memory, which the whole table says. */
static struct row *get_row(struct table *t, const struct row_key *k)
{
	struct row *r = table_rows_get(&t->rows, k);

	if (!r)
		t->error = -ENOMEM;
	return r;
}

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
		       FLOW_CLIENT :
		       FLOW_SERVER;
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

static const struct query_subject *
subject(struct query_subject *s, const struct table *t, const struct flow *f,
	struct actor *const actors[2], int side)
{
	*s = (struct query_subject){
		f, { actors[0], actors[1] }, side, t->spec->names
	};
	return s;
}

/* ---- a row for each connection ---- */

static void describe_ends(struct table *t, struct row *r, const struct flow *f)
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
	memcpy(r->country, f->ends[!r->local_side].country, sizeof(r->country));
	describe_domain(r, t, f, (enum flow_side) !r->local_side);
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
	return r - t->rows.rows;
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
				add_packets(&t->rows.rows[row], p);
			add_to_rows(&rows, (size_t)row);
			last = row;
		}
	}
	for (size_t i = 0; i < rows.count; i++)
		add_whole(t, &t->rows.rows[rows.numbers[i]], f);
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
	struct row *r;

	/* Few have a row, and to write out an address takes its time. */
	place_key(t->spec->group, f, !remote, &own);
	r = table_rows_find(&t->rows, &own);
	if (!r)
		return;
	place_key(t->spec->group, f, remote, &other);
	if (memcmp(&own, &other, sizeof(own)))
		r->places |= PLACE_ELSEWHERE;
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
static bool is_kept(const void *ctx, const struct row *r)
{
	const struct table_spec *spec = ctx;

	return spec->ended || r->open ||
	       r->last_mono_ns + LINGER_NS > spec->now_mono_ns;
}

static int compare_rows(const void *ctx, const struct row *a,
			const struct row *b)
{
	const struct table_spec *spec = ctx;
	int order = spec->compare(spec->sort, a, b);

	return spec->ascending ? order : -order;
}

static void drop_ended(struct table *t)
{
	table_rows_keep(&t->rows, is_kept, t->spec);
	for (size_t i = 0; i < t->rows.count; i++)
		t->rows.rows[i].over = !t->rows.rows[i].open;
}

static void add_up(struct table *t)
{
	for (size_t i = 0; i < t->rows.count; i++) {
		const struct row *r = &t->rows.rows[i];

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
	table_rows_clear(&t->rows);
	t->error = 0;
	memset(&t->total, 0, sizeof(t->total));
	texts_begin(t->texts);
	flows_each(flows, add_flow, t);
	if (is_of_places(group) && t->rows.count)
		flows_each(flows, note_other_place, t);
	if (group != GROUP_CONNECTION && !is_of_places(group) &&
	    query_is_about_actors(spec->query))
		actors_each(actors, add_past, t);
	if (group != GROUP_CONNECTION)
		drop_ended(t);
	add_up(t);
	table_rows_sort(&t->rows, compare_rows, spec);
	t->spec = NULL;
	return t->error;
}

size_t table_count(const struct table *t)
{
	return t->rows.count;
}

const struct row *table_row(const struct table *t, size_t i)
{
	return table_rows_nth(&t->rows, i);
}

const struct row *table_total(const struct table *t)
{
	return &t->total;
}

long table_find(const struct table *t, const struct row_key *key)
{
	return table_rows_place(&t->rows, key);
}
