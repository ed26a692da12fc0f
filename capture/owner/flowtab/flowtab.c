/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/flowtab/flowtab_table.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "host/pages.h"
#include "process/proctab.h"

#define FRAME_COOKIE (1ull << 63) /* apart from those the kernel counts */

const uint8_t flowtab_everywhere[16];

/* Of the heads of all three kinds of chains. */
static size_t heads_size(const struct flowtab *t)
{
	return t->max * (HEADS_PER_FLOW * sizeof(*t->flow_heads) +
			 sizeof(*t->sock_heads) + sizeof(*t->bound_heads));
}

static size_t owners_size(const struct flowtab *t)
{
	return (size_t)t->max * OWNERS_PER_SOCK * sizeof(*t->owners);
}

struct flowtab *flowtab_new(uint32_t max_flows)
{
	struct flowtab *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	flow_hash_init(&t->hash);
	t->done_ns = UINT64_MAX;
	for (t->max = 64; t->max < max_flows; t->max *= 2)
		;
	t->flows = pages_new(t->max * sizeof(*t->flows));
	t->socks = pages_new(t->max * sizeof(*t->socks));
	t->owners = pages_new(owners_size(t));
	t->sock_heads = pages_new(heads_size(t));
	if (!t->flows || !t->socks || !t->owners || !t->sock_heads) {
		flowtab_free(t);
		return NULL;
	}
	t->bound_heads = t->sock_heads + t->max;
	t->flow_heads = (uint32_t *)(t->bound_heads + t->max);
	return t;
}

void flowtab_free(struct flowtab *t)
{
	if (!t)
		return;
	pages_free(t->flows, t->max * sizeof(*t->flows));
	pages_free(t->socks, t->max * sizeof(*t->socks));
	pages_free(t->owners, owners_size(t));
	pages_free(t->sock_heads, heads_size(t));
	free(t);
}

/* ---- events ---- */

void flowtab_owner(struct flowtab *t, const struct flowtab_event *e)
{
	struct sock *s = sock_get(t, e);

	if (s)
		sock_set_owner(t, s, e);
}

static const struct flow *newest_of_key(const struct flowtab *t,
					const struct flow_key *key)
{
	const struct flow *best = NULL, *f;

	for (f = flow_first(t, key); f; f = flow_next(t, f))
		if (flow_key_equal(&f->key, key) &&
		    (!best || f->from_ns > best->from_ns))
			best = f;
	return best;
}

void flowtab_flow(struct flowtab *t, const struct flowtab_event *e,
		  const struct flow_key *key)
{
	const struct flow *newest;
	struct sock *s = sock_get(t, e);

	if (!s)
		return;
	sock_set_owner(t, s, e);
	/* It got its port with its first datagram. */
	if (!s->port && key->proto == IPPROTO_UDP)
		sock_bind(t, s, key, flowtab_everywhere, e->ts_ns);
	newest = newest_of_key(t, key);
	if (newest && newest->sock == s)
		return;
	flow_add(t, key, s, e);
}

void flowtab_bound(struct flowtab *t, const struct flowtab_event *e,
		   const struct flow_key *key)
{
	struct sock *s = sock_get(t, e);

	if (!s)
		return;
	sock_set_owner(t, s, e);
	sock_bind(t, s, key, key->local, e->ts_ns);
}

void flowtab_each_bound(const struct flowtab *t, uint64_t netns,
			void (*fn)(void *ctx, const struct flowtab_socket *s),
			void *ctx)
{
	for (uint32_t i = 0; i < t->fresh_socks; i++) {
		const struct sock *s = &t->socks[i];
		const struct owner *reader = s->owners[ROLES - 1];
		struct flowtab_socket f = {
			.address = s->address,
			.port = s->port,
			.proto = s->proto,
			.kernel = s->kernel,
		};

		if (!s->used || !s->hashed || !s->port || s->closed_ns ||
		    (netns && s->netns != netns))
			continue;
		if (reader) {
			f.owner = reader->proc;
			f.attr = reader->attr;
		}
		fn(ctx, &f);
	}
}

void flowtab_done(struct flowtab *t, uint64_t mono_ns)
{
	t->done_ns = mono_ns;
}

bool flowtab_has(const struct flowtab *t, uint64_t cookie)
{
	return sock_find(t, cookie) != NULL;
}

void flowtab_close(struct flowtab *t, uint64_t cookie, uint64_t ts_ns)
{
	struct sock *s = sock_find(t, cookie);

	if (!s || s->closed_ns)
		return;
	if (!s->flows) {
		sock_free(t, s);
		return;
	}
	s->closed_ns = ts_ns;
	t->closed_flows += s->flows;
}

/* The next of a burst: the answer for the one before holds on. */
static bool frame_goes_on(struct flowtab *t, const struct flowtab_event *e,
			  const struct flow_key *key)
{
	struct flow *f = flow_first(t, key);
	const struct owner *o;

	while (f && !(flow_key_equal(&f->key, key) && f->sock->frame &&
		      f->sock->netns == e->netns))
		f = flow_next(t, f);
	o = f ? f->sock->owners[0] : NULL;
	if (!o || o->proc != e->owner || o->tid != e->tid ||
	    f->sock->closed_ns < e->ts_ns)
		return false;
	if (f->sock->closed_ns < e->ts_ns + FLOWTAB_FRAME_NS)
		f->sock->closed_ns = e->ts_ns + FLOWTAB_FRAME_NS;
	return true;
}

void flowtab_frame(struct flowtab *t, const struct flowtab_event *e,
		   const struct flow_key *key)
{
	struct flowtab_event once = *e;
	struct sock *s;

	if (frame_goes_on(t, e, key))
		return;
	once.cookie = FRAME_COOKIE | ++t->frames;
	s = sock_get(t, &once);
	if (!s)
		return;
	sock_set_owner(t, s, &once);
	s->frame = true;
	s->closed_ns = e->ts_ns + FLOWTAB_FRAME_NS;
	flow_add(t, key, s, e);
}

void flowtab_stats(const struct flowtab *t, struct flowtab_stats *s)
{
	*s = t->stats;
}

/*
 * What a packet leads to lies anywhere in memory, each in a line that is waited
 * for: so it is fetched, a step further with each of the packets before it.
 */
void flowtab_prepare(struct flowtab *t, const struct flow_key *key)
{
	uint32_t n = t->next_soon++;
	const uint32_t *bucket = &t->flow_heads[key_hash(t, key)];
	const uint32_t *before = t->soon[(n - 2) % FLOWTAB_SOON];
	const uint32_t *earlier = t->soon[(n - 4) % FLOWTAB_SOON];

	__builtin_prefetch(bucket);
	t->soon[n % FLOWTAB_SOON] = bucket;
	if (before && *before)
		__builtin_prefetch(flow_at(t, *before));
	if (earlier && *earlier)
		__builtin_prefetch(flow_at(t, *earlier)->sock);
}
