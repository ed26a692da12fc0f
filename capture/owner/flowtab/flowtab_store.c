/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/flowtab/flowtab_table.h"

#include "process/proctab.h"

#define EVICT_PROBES 64
#define OPEN_PROBES  16	 /* the oldest of so few is old enough */
#define MAX_LIVES    256 /* of one key in one namespace */
#define SWEEP_FLOWS  4	 /* looked at for each new one */
#define MANY_FLOWS   8192
/* Of many, those of processes that ended; in TIME_WAIT, which packets still meet. */
#define KEEP_ONE_OF_MANY_NS 2000000000ull
#define KEEP_WAITING_NS	    10000000000ull

static uint32_t cookie_hash(const struct flowtab *t, uint64_t cookie)
{
	/* They are counted up: the high bits of the product differ most. */
	return (uint32_t)(cookie * 0x9e3779b97f4a7c15u >> 32) & (t->max - 1);
}

/* ---- sockets ---- */

static void sock_unhash(struct flowtab *t, struct sock *s)
{
	struct sock **at = &t->sock_heads[cookie_hash(t, s->cookie)];

	if (!s->hashed)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->hashed = false;
}

static void sock_unbind(struct flowtab *t, struct sock *s)
{
	struct sock **at;

	if (!s->port)
		return;
	at = bound_head(t, s->netns, s->proto, s->port);
	while (*at != s)
		at = &(*at)->next_bound;
	*at = s->next_bound;
	s->port = 0;
}

void sock_bind(struct flowtab *t, struct sock *s, const struct flow_key *key,
	       const uint8_t address[16], uint64_t ts_ns)
{
	struct sock **head = bound_head(t, s->netns, key->proto,
					key->local_port);

	sock_unbind(t, s);
	if (!key->local_port)
		return;
	s->port = key->local_port;
	s->proto = key->proto;
	s->bound_ns = ts_ns;
	memcpy(s->address, address, sizeof(s->address));
	s->next_bound = *head;
	*head = s;
}

void sock_free(struct flowtab *t, struct sock *s)
{
	sock_unhash(t, s);
	sock_unbind(t, s);
	sock_forget_owners(t, s);
	memset(s, 0, sizeof(*s));
	s->next = t->free_socks;
	t->free_socks = s;
	t->stats.sockets--;
}

static struct sock *flow_evict(struct flowtab *t);

/*
 * Sockets without flows or a port are safe to forget: their first flow event
 * tells everything again.  If there is none at hand, a flow and its socket go.
 */
static struct sock *sock_evict(struct flowtab *t)
{
	struct sock *s;

	for (int i = 0; i < EVICT_PROBES; i++) {
		s = &t->socks[t->sock_hand++ & (t->max - 1)];
		if (s->used && !s->flows && !s->port) {
			sock_free(t, s);
			return t->free_socks;
		}
	}
	for (int i = 0; i < EVICT_PROBES && !t->free_socks; i++) {
		s = flow_evict(t);
		if (s && s->used && !s->flows)
			sock_free(t, s);
	}
	return t->free_socks;
}

static struct sock *sock_alloc(struct flowtab *t)
{
	struct sock *s = t->free_socks;

	if (!s && t->fresh_socks < t->max) {
		s = &t->socks[t->fresh_socks++];
		t->stats.sockets++;
		return s;
	}
	if (!s)
		s = sock_evict(t);
	if (s) {
		t->free_socks = s->next;
		t->stats.sockets++;
	}
	return s;
}

struct sock *sock_find(const struct flowtab *t, uint64_t cookie)
{
	struct sock *s = t->sock_heads[cookie_hash(t, cookie)];

	while (s && s->cookie != cookie)
		s = s->next;
	return s;
}

void flowtab_prepare_socket(const struct flowtab *t, uint64_t cookie)
{
	__builtin_prefetch(&t->sock_heads[cookie_hash(t, cookie)]);
}

struct sock *sock_get(struct flowtab *t, const struct flowtab_event *e)
{
	struct sock *s = sock_find(t, e->cookie), **head;

	/*
	 * Used again after its end (connect() retried): a new socket to us, so
	 * that the old flows stay closed.
	 */
	if (s && s->closed_ns && s->closed_ns < e->ts_ns) {
		if (s->flows)
			sock_unhash(t, s);
		else
			sock_free(t, s);
		s = NULL;
	}
	if (s)
		return s;
	s = sock_alloc(t);
	if (!s) {
		t->stats.evicted_open++;
		return NULL;
	}
	head = &t->sock_heads[cookie_hash(t, e->cookie)];
	*s = (struct sock){ .next = *head,
			    .cookie = e->cookie,
			    .netns = e->netns,
			    .used = true,
			    .hashed = true,
			    .kernel = e->kernel,
			    .used_ns = e->used_ns ? e->used_ns : e->ts_ns };
	*head = s;
	return s;
}

/* ---- flows ---- */

static uint32_t link_of(const struct flowtab *t, const struct flow *f)
{
	return (uint32_t)(f - t->flows) + 1;
}

static void flow_free(struct flowtab *t, struct flow *f)
{
	const uint32_t self = link_of(t, f);
	uint32_t *head = &t->flow_heads[key_hash(t, &f->key)];
	struct flow *before = flow_at(t, *head);
	struct sock *s = f->sock;

	if (before == f) {
		*head = f->next;
	} else {
		while (before->next != self)
			before = flow_next(t, before);
		before->next = f->next;
	}
	*f = (struct flow){ .next = t->free_flows };
	t->free_flows = self;
	t->stats.flows--;
	t->closed_flows -= s->closed_ns != 0;
	if (--s->flows == 0 && (s->closed_ns || !s->hashed))
		sock_free(t, s);
}

static bool flow_open(const struct flow *f)
{
	return !f->sock->closed_ns;
}

/* Of a few candidates: closed before open, then the longest unused. */
static struct flow *choose_victim(struct flowtab *t)
{
	int probes = t->closed_flows ? EVICT_PROBES : OPEN_PROBES;
	struct flow *victim = NULL;

	for (int i = 0; i < probes; i++) {
		struct flow *f = &t->flows[t->flow_hand++ & (t->max - 1)];

		if (!f->sock)
			continue;
		if (!victim || flow_open(f) < flow_open(victim) ||
		    (flow_open(f) == flow_open(victim) &&
		     f->last_used < victim->last_used))
			victim = f;
	}
	return victim;
}

static bool is_unused_since(const struct victim *v)
{
	return v->flow && v->flow->sock && v->flow->last_used == v->last_used;
}

/*
 * One that was chosen a while ago, so that the memory of its bucket is there.
 * NULL if there is none.
 */
static struct flow *next_victim(struct flowtab *t)
{
	struct victim now = t->victims[0], *soon = &t->victims[0];
	struct flow *later = choose_victim(t);

	t->victims[0] = t->victims[1];
	t->victims[1] = (struct victim){ later, later ? later->last_used : 0 };
	if (is_unused_since(soon))
		__builtin_prefetch(flow_first(t, &soon->flow->key));
	if (later)
		__builtin_prefetch(&t->flow_heads[key_hash(t, &later->key)]);
	if (is_unused_since(&now) && !(t->closed_flows && flow_open(now.flow)))
		return now.flow;
	return choose_victim(t);
}

/* Returns whose it was, or NULL. */
static struct sock *flow_evict(struct flowtab *t)
{
	struct flow *victim = next_victim(t);
	struct sock *s;

	if (!victim)
		return NULL;
	if (flow_open(victim))
		t->stats.evicted_open++;
	s = victim->sock;
	flow_free(t, victim);
	return s;
}

static bool has_ended(const struct sock *s)
{
	const struct owner *o = s->owners[0] ? s->owners[0] : s->owners[1];

	return o && o->proc->exited_mono_ns;
}

/* For how long packets may still ask for a flow that ended. */
static uint64_t keep_ns(const struct flowtab *t, const struct flow *f)
{
	if (f->sock->frame)
		return KEEP_OWNER_NS;
	/* They keep their processes, of which each has one. */
	if (t->stats.flows > MANY_FLOWS && has_ended(f->sock))
		return f->sock->sent_fin ? KEEP_WAITING_NS :
					   KEEP_ONE_OF_MANY_NS;
	return KEEP_CLOSED_NS;
}

/*
 * No packet will ask for it: it ended long ago, or another life of the key,
 * that began at @newer_ns (0: none), took its place long ago.
 */
static bool is_over(const struct flowtab *t, const struct flow *f,
		    uint64_t newer_ns, uint64_t now_ns)
{
	if (closed_at(f->sock, now_ns) &&
	    f->sock->closed_ns + keep_ns(t, f) < now_ns)
		return true;
	return newer_ns && newer_ns + KEEP_OWNER_NS < now_ns;
}

/*
 * Forgets some of what is over, wherever it is.  New flows then take its place,
 * not memory that was never used, and its processes can be forgotten, too.
 */
static void sweep(struct flowtab *t, uint64_t now_ns)
{
	for (int i = 0; i < SWEEP_FLOWS && t->closed_flows; i++) {
		struct flow *f = &t->flows[t->sweep_hand++];

		if (t->sweep_hand >= t->fresh_flows)
			t->sweep_hand = 0;
		if (f->sock && is_over(t, f, 0, now_ns))
			flow_free(t, f);
	}
}

/* One life too many.  Nobody may be named for what it was. */
static void life_cut(struct flowtab *t, struct flow *f, struct flow *later)
{
	if (f->sock->frame)
		t->stats.evicted_open++;
	else
		later->cut = true;
	flow_free(t, f);
}

/*
 * A key that is used again by @s: forget its lives that are over, and those of
 * the same kind in the same namespace that are too many.
 */
static void key_prune(struct flowtab *t, const struct flow_key *key,
		      const struct sock *s, uint64_t now_ns)
{
	struct flow *f = flow_first(t, key), *next;
	struct flow *newer = NULL, *last = NULL; /* newer: a process's */
	bool in_place, same;
	int lives = 0;

	/* The newest come first. */
	for (; f; f = next) {
		next = flow_next(t, f);
		if (!flow_key_equal(&f->key, key))
			continue;
		in_place = newer && newer->sock->netns == f->sock->netns;
		if (is_over(t, f, in_place ? newer->from_ns : 0, now_ns)) {
			flow_free(t, f);
			continue;
		}
		same = f->sock->netns == s->netns && f->sock->frame == s->frame;
		if (same && ++lives >= MAX_LIVES) {
			life_cut(t, f, last);
			continue;
		}
		if (same)
			last = f;
		if (!f->sock->kernel && !f->sock->frame)
			newer = f;
	}
}

void flow_add(struct flowtab *t, const struct flow_key *key, struct sock *s,
	      const struct flowtab_event *e)
{
	uint64_t now_ns = e->ts_ns < t->done_ns ? e->ts_ns : t->done_ns;
	struct flow *f;
	uint32_t *head;

	s->flows++; /* first: what follows must not free it */
	key_prune(t, key, s, now_ns);
	sweep(t, now_ns);
	if (!t->free_flows && t->fresh_flows == t->max)
		flow_evict(t);
	f = flow_at(t, t->free_flows);
	if (f) {
		t->free_flows = f->next;
	} else if (t->fresh_flows < t->max) {
		f = &t->flows[t->fresh_flows++];
	} else {
		s->flows--;
		t->stats.evicted_open++;
		return;
	}
	head = &t->flow_heads[key_hash(t, key)];
	*f = (struct flow){ .next = *head,
			    .sock = s,
			    .last_used = flow_clock(e->ts_ns),
			    .from_ns = e->ts_ns,
			    .sent = e->roles == FLOWTAB_SENDER,
			    .taken = e->takes,
			    .key = *key };
	*head = link_of(t, f);
	t->stats.flows++;
	t->closed_flows += s->closed_ns != 0;
}
