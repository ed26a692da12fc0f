/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/screen/top.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/clocks.h"
#include "host/log.h"
#include "view/screen/top_state.h"

#define LEAST_NS   100000000ull /* ten pictures in a second are enough */
#define LEAST_PART 10		/* of the time, for what is not packets */

int top_open(struct top **out, const struct top_options *o)
{
	struct top *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	if (t) {
		t->table = table_new();
		t->sockets = sockets_new();
	}
	if (t && t->table && t->sockets)
		err = screen_open(&t->screen);
	if (err) {
		top_close(t);
		return err;
	}
	t->options = *o;
	t->group = o->group;
	for (int g = 0; g < GROUPS; g++)
		t->sort[g] = TOP_SORT;
	t->stale = t->dirty = true;
	*out = t;
	return 0;
}

void top_close(struct top *t)
{
	if (!t)
		return;
	screen_close(t->screen);
	table_free(t->table);
	sockets_free(t->sockets);
	free(t);
}

void top_set_owners(struct top *t, const struct owners *o)
{
	t->owners = o;
}

void top_tell(struct top *t, const char *what, const char *why)
{
	snprintf(t->missing, sizeof(t->missing), "%s: %s", what, why);
	snprintf(t->message, sizeof(t->message), "%s", t->missing);
	t->dirty = true;
}

void top_set_last(struct top *t)
{
	t->is_last = true;
	t->dirty = true;
}

int top_fd(const struct top *t)
{
	return screen_fd(t->screen);
}

/* What has been said since, where the screen leaves no other place for it. */
static void tell_log(struct top *t)
{
	const char *line;
	unsigned count = log_held(&line);

	if (count == t->told)
		return;
	t->told = count;
	snprintf(t->message, sizeof(t->message), "%.*s",
		 (int)strcspn(line, "\n"), line);
	t->dirty = true;
}

static bool sees_all_devices(const struct top *t)
{
	struct flows_stats s;

	flows_stats(t->options.flows, &s);
	return s.begun != 0;
}

static void build_rows(struct top *t, uint64_t now_mono_ns, uint64_t now_ns)
{
	uint64_t began = clock_ns(CLOCK_MONOTONIC);
	struct table_spec spec = {
		.group = t->group,
		.sort = t->sort[t->group],
		.compare = column_compare,
		.ascending = t->ascending[t->group],
		.ended = t->ended,
		.query = &t->query,
		.names = t->options.names,
		.countries = t->options.countries,
		.now_mono_ns = now_mono_ns,
	};

	if (table_build(t->table, t->options.flows, t->options.actors, &spec))
		snprintf(t->message, sizeof(t->message),
			 "not enough memory for all rows");
	t->has_seen = sees_all_devices(t);
	t->built_ns = began;
	t->build_took_ns = clock_ns(CLOCK_MONOTONIC) - began;
	t->now_ns = now_ns;
	t->stale = false;
}

/*
 * With very many rows the pictures are fewer, not the packets.  The first row
 * is waited for.
 */
static uint64_t pause_ns(const struct top *t)
{
	uint64_t least = t->build_took_ns * LEAST_PART;

	if (!table_count(t->table))
		return LEAST_NS;
	return least > t->options.interval_ns ? least : t->options.interval_ns;
}

int top_update(struct top *t, const struct view_losses *losses,
	       uint64_t now_mono_ns, uint64_t now_ns)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	bool first = !t->has_seen && sees_all_devices(t);
	bool due;
	long key;

	tell_log(t);
	top_watch_saved(t);
	while ((key = screen_key(t->screen)) != SCREEN_NONE)
		if (!top_key(t, key))
			return -EPIPE;
	if (!screen_is_ready(t->screen))
		return 0;
	due = first || (!t->paused && now >= t->built_ns + pause_ns(t));
	if (!first &&
	    (now < t->drawn_ns + LEAST_NS || !(due || t->stale || t->dirty)))
		return 0;
	t->losses = *losses;
	if (due || t->stale)
		build_rows(t, now_mono_ns, now_ns);
	if (t->mode == TOP_SOCKETS && !t->paused)
		sockets_look(t->sockets, t->owners);
	top_follow(t);
	top_draw(t);
	t->drawn_ns = now;
	t->dirty = false;
	return 0;
}
