/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is counted, and what there is. */
#include "owner/owners_parts.h"

#include "lookup/lookup.h"
#include "owner/flowtab/flowtab.h"

bool owners_are_lost(const struct owners *o)
{
	return o->detached;
}

void owners_stats(const struct owners *o, struct owners_stats *s)
{
	struct flowtab_stats f;

	flowtab_stats(o->flows, &f);
	s->refused = o->refused;
	s->events_lost = o->probe ? probe_lost(o->probe) : 0;
	s->evicted_open = f.evicted_open;
	s->unanswered = lookup_unanswered(o->lookup);
}

void owners_fill(struct owners *o, struct owners_fill *f)
{
	struct flowtab_stats flows;

	flowtab_stats(o->flows, &flows);
	f->events = o->probe ? probe_fill(o->probe) : 0;
	f->flows = (unsigned)(flows.flows * 100 / OWNERS_FLOWS);
}

void owners_each_socket(const struct owners *o,
			void (*fn)(void *ctx, const struct flowtab_socket *s),
			void *ctx)
{
	for (int i = 0; i < o->namespace_count; i++)
		flowtab_each_bound(o->flows, namespace_cookie(o->namespaces[i]),
				   fn, ctx);
}
