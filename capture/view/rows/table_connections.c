/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table_parts.h"

#include <stdio.h>
#include <string.h>

#include "view/flows/names.h"

#define APP_MAX 320 /* bytes of an application and host */

static void describe_ends(struct table *t, struct row *r, const struct flow *f)
{
	char both[2 * sizeof(f->ends[0].actor->name) + 8];
	const struct flow_end *e = &f->ends[r->local_side];
	const struct actor *a = e->actor, *peer = f->ends[!r->local_side].actor;

	table_describe_actor(t, r, a);
	r->attr = e->attr;
	r->reason = e->reason;
	if (peer->id)
		r->alerts |= actor_alerts(peer);
	if (a->id && peer->id)
		snprintf(both, sizeof(both), "%s \u2192 %s", a->name,
			 peer->name);
	else
		snprintf(both, sizeof(both), "%s",
			 !a->id && peer->id ? peer->name : a->name);
	r->name = table_keep(t, both);
}

/* What was not listened to is not the same as what nothing is known of. */
static void describe_app(struct table *t, struct row *r, const struct flow *f)
{
	const struct flow_speech *s = f->speech;
	char app[APP_MAX];

	if (s)
		snprintf(app, sizeof(app), "%s%s%s%s", s->app,
			 s->guessed ? "?" : "", *s->host ? " " : "", s->host);
	else
		snprintf(app, sizeof(app), f->missed ? "\u2026" : "");
	r->app = table_keep(t, app);
}

void table_add_connection(struct table *t, const struct flow *f)
{
	struct row_key key = { .id = f->number };
	struct actor *actors[2] = { f->ends[0].actor, f->ends[1].actor };
	struct query_subject s;
	struct row *r;

	if (!query_matches(t->spec->query, table_subject(&s, t, f, actors, -1)))
		return;
	r = table_get_row(t, &key);
	if (!r)
		return;
	r->local_side = !flow_remote_side(f);
	describe_ends(t, r, f);
	r->flow_key = f->key;
	memcpy(r->country, f->ends[!r->local_side].country, sizeof(r->country));
	table_describe_domain(r, t, f, (enum flow_side) !r->local_side);
	describe_app(t, r, f);
	r->state = f->over ? name_over(f) : name_state(f);
	r->over = !flow_is_open(f);
	r->follows = f->follows;
	r->followed = f->followed;
	r->rtt_ns = f->rtt_ns;
	for (const struct flow_part *p = &f->part; p; p = p->next) {
		table_add_side(t, r, p, (enum flow_side)r->local_side);
		table_add_packets(r, p);
	}
	table_add_whole(t, r, f);
	t->total.open += flow_is_open(f);
}
