/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table_parts.h"

#include <stdlib.h>
#include <string.h>

const char *const table_group_names[GROUPS] = {
	[GROUP_CONNECTION] = "connections", [GROUP_PROCESS] = "processes",
	[GROUP_PROGRAM] = "programs",	    [GROUP_HOST] = "hosts",
	[GROUP_COUNTRY] = "countries",	    [GROUP_USER] = "users",
	[GROUP_CONTAINER] = "containers",
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

static bool is_of_places(enum table_group group)
{
	return group == GROUP_HOST || group == GROUP_COUNTRY;
}

static void add_flow(void *ctx, const struct flow *f)
{
	struct table *t = ctx;

	if (is_of_places(t->spec->group))
		table_add_place(t, f);
	else if (t->spec->group != GROUP_CONNECTION)
		table_add_actors(t, f);
	else if (table_lists(t, f))
		table_add_connection(t, f);
}

/* Rows of many count all that was, but go when nothing is. */
static bool is_kept(const void *ctx, const struct row *r)
{
	const struct table_spec *spec = ctx;

	return r->open || table_lingers(spec, r->last_mono_ns);
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
	t->group = group;
	t->apart = t->mixed = false;
	table_rows_clear(&t->rows);
	t->error = 0;
	memset(&t->total, 0, sizeof(t->total));
	texts_begin(t->texts);
	flows_each(flows, add_flow, t);
	if (group != GROUP_CONNECTION && !is_of_places(group) &&
	    query_is_about_actors(spec->query))
		actors_each(actors, table_add_past, t);
	if (group != GROUP_CONNECTION)
		drop_ended(t);
	add_up(t);
	table_rows_sort(&t->rows, compare_rows, spec);
	t->spec = NULL;
	return t->error;
}

static void tell_flow_apart(void *ctx, const struct flow *f)
{
	struct table *t = ctx;

	t->mixed |= f->has_other;
	if (is_of_places(t->group))
		table_note_place(t, f);
}

void table_tell_apart(struct table *t, struct flows *flows)
{
	if (t->apart || !t->rows.count)
		return;
	t->apart = true;
	flows_each(flows, tell_flow_apart, t);
	for (size_t i = 0; i < t->rows.count; i++)
		t->rows.rows[i].mixed = t->mixed;
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
