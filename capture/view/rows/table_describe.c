/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table_parts.h"

#include <errno.h>
#include <string.h>

#define LINGER_NS   10000000000ull /* what is over is shown for so long */
#define MANY_AGAIN  4		   /* retransmissions of one side ... */
#define SHARE_AGAIN 20		   /* ... that are a twentieth of its packets */

struct row *table_get_row(struct table *t, const struct row_key *k)
{
	struct row *r = table_rows_get(&t->rows, k);

	if (!r)
		t->error = -ENOMEM;
	return r;
}

uint8_t actor_alerts(const struct actor *a)
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

enum flow_side flow_remote_side(const struct flow *f)
{
	return f->ends[FLOW_CLIENT].attr == ATTR_NONE &&
			       f->ends[FLOW_SERVER].attr != ATTR_NONE ?
		       FLOW_CLIENT :
		       FLOW_SERVER;
}

bool flow_is_open(const struct flow *f)
{
	return !f->over && f->state != FLOW_CLOSED && f->state != FLOW_RESET;
}

bool table_lingers(const struct table_spec *spec, uint64_t last_mono_ns)
{
	return spec->ended || last_mono_ns + LINGER_NS > spec->now_mono_ns;
}

bool table_lists(const struct table *t, const struct flow *f)
{
	return !f->over || table_lingers(t->spec, f->last_mono_ns);
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
	if (is_abroad(t->spec->countries, f->ends[flow_remote_side(f)].country))
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

void table_add_side(const struct table *t, struct row *r,
		    const struct flow_part *p, enum flow_side side)
{
	r->sent += p->bytes[side];
	r->received += p->bytes[!side];
	r->up += flow_rate(&p->rate, side, t->spec->now_mono_ns);
	r->down += flow_rate(&p->rate, !side, t->spec->now_mono_ns);
}

void table_add_packets(struct row *r, const struct flow_part *p)
{
	r->packets += p->packets[0] + p->packets[1];
}

void table_add_whole(struct table *t, struct row *r, const struct flow *f)
{
	if (table_lists(t, f))
		r->alerts |= alerts_of_flow(t, f);
	r->connections++;
	r->open += flow_is_open(f);
	r->retransmissions += f->ends[0].retransmissions +
			      f->ends[1].retransmissions;
	add_life(r, f);
}

const char *table_keep(struct table *t, const char *text)
{
	const char *kept = texts_keep(t->texts, text);

	if (!kept)
		t->error = -ENOMEM;
	return kept ? kept : "";
}

void table_describe_actor(struct table *t, struct row *r, const struct actor *a)
{
	r->pid = a->pid;
	r->attr = a->attr;
	r->reason = a->reason;
	r->alerts |= actor_alerts(a);
	r->user = table_keep(t, a->user);
	r->container = table_keep(t, a->container);
}

void table_describe_domain(struct row *r, struct table *t, const struct flow *f,
			   enum flow_side remote)
{
	const struct resolved_name *n = resolved_get(t->spec->names,
						     remote ? f->key.remote :
							      f->key.local,
						     f->first_ns);

	if (n)
		r->domain = table_keep(t, n->name);
}

const struct query_subject *
table_subject(struct query_subject *s, const struct table *t,
	      const struct flow *f, struct actor *const actors[2], int side)
{
	*s = (struct query_subject){
		f, { actors[0], actors[1] }, side, t->spec->names
	};
	return s;
}
