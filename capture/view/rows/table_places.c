/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/table_parts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "view/flows/names.h"
#include "view/rows/flow_filter.h"

#define EXCLUDED 640 /* bytes of a row's */

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
	r = table_get_row(t, &key);
	if (!r)
		return NULL;
	if (!*r->name)
		r->name = table_keep(t, key.text);
	memcpy(r->country, f->ends[remote].country, sizeof(r->country));
	if (t->spec->group == GROUP_HOST && !*r->domain)
		table_describe_domain(r, t, f, remote);
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

/* Of a host that serves some and asks others, all here: whom it asks. */
static void exclude_server(struct table *t, struct row *r, const struct flow *f)
{
	char excluded[EXCLUDED], server[FLOW_FILTER];
	size_t len = strlen(r->excluded);

	flow_filter_server(&f->key, server);
	if (strstr(r->excluded, server))
		return;
	/* What has no room is found, too. */
	if (len + strlen(server) + sizeof(" && !()") > sizeof(excluded))
		return;
	snprintf(excluded, sizeof(excluded), "%s && !(%s)", r->excluded,
		 server);
	r->excluded = table_keep(t, excluded);
}

void table_note_place(struct table *t, const struct flow *f)
{
	enum flow_side remote = flow_remote_side(f);
	struct row_key own, other;
	struct row *r;

	/* Few have a row, and to write out an address takes its time. */
	place_key(t->group, f, !remote, &own);
	r = table_rows_find(&t->rows, &own);
	if (!r)
		return;
	place_key(t->group, f, remote, &other);
	if (!memcmp(&own, &other, sizeof(own)))
		return;
	r->places |= PLACE_ELSEWHERE;
	if (t->group == GROUP_HOST && r->places & PLACE_HERE &&
	    f->ends[remote].attr != ATTR_NONE)
		exclude_server(t, r, f);
}

void table_add_place(struct table *t, const struct flow *f)
{
	enum flow_side remote = flow_remote_side(f);
	struct row *r = NULL;

	for (const struct flow_part *p = &f->part; p; p = p->next) {
		struct query_subject s;

		if (!query_matches(t->spec->query,
				   table_subject(&s, t, f, p->actors, -1)))
			continue;
		r = r ? r : place_row(t, f, remote);
		if (!r)
			return;
		table_add_side(t, r, p, !remote);
		table_add_packets(r, p);
	}
	if (!r)
		return;
	note_place(r, f, remote);
	table_add_whole(t, r, f);
	t->total.open += flow_is_open(f);
}
