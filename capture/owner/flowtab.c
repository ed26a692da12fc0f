/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/flowtab.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "host/pages.h"
#include "packet/flow_hash.h"
#include "packet/parse.h"
#include "process/proctab.h"

#define KEEP_CLOSED_NS	60000000000ull	/* TIME_WAIT lasts a minute */
#define KEEP_OWNER_NS	1000000000ull	/* far more than a packet is held */
#define PRUNE_NS	100000000ull	/* between two looks for what is older */
#define RESET_GRACE_NS	1000000ull	/* close() sends its RST after closing */
#define EVICT_PROBES	64
#define OPEN_PROBES	16		/* the oldest of so few is old enough */
#define FRAME_COOKIE	(1ull << 63)	/* apart from those the kernel counts */
#define OWNERS_PER_SOCK	4		/* listener, then who accepted */
#define ROLES		2		/* who sends, who reads */
#define MAX_LIVES	256		/* of one key in one namespace */

struct owner {
	struct owner *older;
	struct proc *proc;
	uint64_t ts_ns;
	uint32_t tid;
	uint32_t sequence;
	uint8_t attr;
	bool writes;			/* its bytes begin at @sequence */
	bool cut;			/* there were others before it */
};

struct sock {
	struct sock *next;		/* of its hash bucket, or the free list */
	struct sock *next_bound;	/* of its port's bucket */
	struct owner *owners[ROLES];	/* newest first */
	uint64_t cookie;
	uint64_t netns;
	uint64_t closed_ns;		/* 0: open */
	uint64_t bound_ns;
	uint64_t pruned_ns[ROLES];
	uint32_t flows;
	uint16_t port;			/* that it is bound to; 0: none told */
	uint8_t proto;
	uint8_t address[16];		/* zero: all of this host's */
	bool used;
	bool hashed;			/* the cookie still means this one */
	bool kernel;
	bool frame;			/* of flowtab_frame() */
};

struct flow {
	struct flow *next;		/* of its hash bucket, or the free list */
	struct sock *sock;
	uint64_t from_ns;
	uint64_t last_ns;
	struct flow_key key;
	bool used;
	bool cut;			/* its key had others before it */
};

struct flowtab {
	struct flow_hash hash;
	struct flow *flows;
	struct sock *socks;
	struct owner *owners;
	struct flow **flow_heads;	/* the two after it lie in its pages */
	struct sock **sock_heads;
	struct sock **bound_heads;
	struct flow *free_flows;
	struct sock *free_socks;
	struct owner *free_owners;
	uint32_t max;			/* of each kind; a power of two */
	uint32_t fresh_flows;		/* never used yet: untouched memory */
	uint32_t fresh_socks;
	uint32_t fresh_owners;
	uint32_t flow_hand;		/* where eviction looks next */
	uint32_t sock_hand;
	uint64_t frames;		/* of flowtab_frame(), so far */
	uint32_t closed_flows;		/* whose socket has ended */
	struct flowtab_stats stats;
};

static uint32_t key_hash(const struct flowtab *t, const struct flow_key *key)
{
	return flow_hash(&t->hash, key) & (t->max - 1);
}

static uint32_t cookie_hash(const struct flowtab *t, uint64_t cookie)
{
	/* They are counted up: the high bits of the product differ most. */
	return (uint32_t)(cookie * 0x9e3779b97f4a7c15u >> 32) & (t->max - 1);
}

static struct sock **bound_head(const struct flowtab *t, uint64_t netns,
				uint8_t proto, uint16_t port)
{
	uint64_t h = (netns << 24 | (uint64_t)proto << 16 | port) *
		     0x9e3779b97f4a7c15u;

	return &t->bound_heads[h >> 32 & (t->max - 1)];
}

/* Of the heads of all three kinds of chains. */
static size_t heads_size(const struct flowtab *t)
{
	return t->max * (sizeof(*t->flow_heads) + sizeof(*t->sock_heads) +
			 sizeof(*t->bound_heads));
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
	for (t->max = 64; t->max < max_flows; t->max *= 2)
		;
	t->flows = pages_new(t->max * sizeof(*t->flows));
	t->socks = pages_new(t->max * sizeof(*t->socks));
	t->owners = pages_new(owners_size(t));
	t->flow_heads = pages_new(heads_size(t));
	if (!t->flows || !t->socks || !t->owners || !t->flow_heads) {
		flowtab_free(t);
		return NULL;
	}
	t->sock_heads = (struct sock **)(t->flow_heads + t->max);
	t->bound_heads = t->sock_heads + t->max;
	return t;
}

void flowtab_free(struct flowtab *t)
{
	if (!t)
		return;
	pages_free(t->flows, t->max * sizeof(*t->flows));
	pages_free(t->socks, t->max * sizeof(*t->socks));
	pages_free(t->owners, owners_size(t));
	pages_free(t->flow_heads, heads_size(t));
	free(t);
}

/* ---- owners ---- */

static void owner_free(struct flowtab *t, struct owner *o)
{
	if (o->proc)
		o->proc->refs--;
	o->older = t->free_owners;
	t->free_owners = o;
}

static void owners_free(struct flowtab *t, struct owner *o)
{
	while (o) {
		struct owner *older = o->older;

		owner_free(t, o);
		o = older;
	}
}

/* Forgets who was before @o. */
static void owners_cut(struct flowtab *t, struct owner *o)
{
	o->cut |= o->older != NULL;
	owners_free(t, o->older);
	o->older = NULL;
}

/*
 * Drops what no packet should be old enough to ask for; @pruned_ns is when it
 * last did.  A socket may change hands with each packet.
 */
static void owners_prune(struct flowtab *t, struct owner *newest, uint64_t now,
			 uint64_t *pruned_ns)
{
	struct owner *o = newest;

	if (*pruned_ns + PRUNE_NS > now)
		return;
	*pruned_ns = now;
	while (o && o->ts_ns + KEEP_OWNER_NS > now)
		o = o->older;
	if (o)
		owners_cut(t, o);
}

/* @past: the list that it is for. */
static struct owner *owner_alloc(struct flowtab *t, struct owner *past)
{
	struct owner *o = t->free_owners;

	if (o) {
		t->free_owners = o->older;
		return o;
	}
	if (t->fresh_owners < t->max * OWNERS_PER_SOCK)
		return &t->owners[t->fresh_owners++];
	/* Out of history: this socket's own past goes first. */
	if (!past)
		return NULL;
	owners_cut(t, past);
	o = t->free_owners;
	if (o)
		t->free_owners = o->older;
	return o;
}

static bool owner_same(const struct owner *o, const struct flowtab_event *e)
{
	return !e->renamed && o->proc == e->owner && o->tid == e->tid &&
	       o->attr == e->attr && o->writes == e->writes &&
	       o->sequence == e->sequence;
}

/* Events of several CPUs may be slightly out of order: keep the list sorted. */
static void list_set_owner(struct flowtab *t, struct sock *s, int role,
			   const struct flowtab_event *e)
{
	struct owner **list = &s->owners[role], **at = list, *o;
	bool cut = false;

	while (*at && (*at)->ts_ns > e->ts_ns)
		at = &(*at)->older;
	if (*at && owner_same(*at, e))
		return;
	o = owner_alloc(t, *list);
	if (!o && *list && at == list) {
		/* No room for a past: the newest owner is what counts. */
		o = *list;
		*list = NULL;
		o->proc->refs--;
		cut = true;
	}
	if (!o) {
		t->stats.evicted_open++;
		return;
	}
	/* owner_alloc may have cut the list behind the newest. */
	if (at != list && !(*list)->older)
		at = &(*list)->older;
	*o = (struct owner){ .older = *at, .proc = e->owner, .ts_ns = e->ts_ns,
			     .tid = e->tid, .sequence = e->sequence,
			     .attr = e->attr, .writes = e->writes,
			     .cut = cut };
	o->proc->refs++;
	*at = o;
	owners_prune(t, *list, e->ts_ns, &s->pruned_ns[role]);
}

static void sock_set_owner(struct flowtab *t, struct sock *s,
			   const struct flowtab_event *e)
{
	if (!e->owner)
		return;
	for (int role = 0; role < ROLES; role++)
		if (!e->roles || e->roles & 1u << role || !s->owners[role])
			list_set_owner(t, s, role, e);
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

static void sock_bind(struct flowtab *t, struct sock *s,
		      const struct flow_key *key, const uint8_t address[16],
		      uint64_t ts_ns)
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

static void sock_free(struct flowtab *t, struct sock *s)
{
	sock_unhash(t, s);
	sock_unbind(t, s);
	for (int role = 0; role < ROLES; role++)
		owners_free(t, s->owners[role]);
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

static struct sock *sock_find(const struct flowtab *t, uint64_t cookie)
{
	struct sock *s = t->sock_heads[cookie_hash(t, cookie)];

	while (s && s->cookie != cookie)
		s = s->next;
	return s;
}

static struct sock *sock_get(struct flowtab *t, const struct flowtab_event *e)
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
	*s = (struct sock){ .next = *head, .cookie = e->cookie,
			    .netns = e->netns, .used = true, .hashed = true,
			    .kernel = e->kernel };
	*head = s;
	return s;
}

/* ---- flows ---- */

static bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void flow_free(struct flowtab *t, struct flow *f)
{
	struct flow **at = &t->flow_heads[key_hash(t, &f->key)];
	struct sock *s = f->sock;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	memset(f, 0, sizeof(*f));
	f->next = t->free_flows;
	t->free_flows = f;
	t->stats.flows--;
	t->closed_flows -= s->closed_ns != 0;
	if (--s->flows == 0 && (s->closed_ns || !s->hashed))
		sock_free(t, s);
}

static bool flow_open(const struct flow *f)
{
	return !f->sock->closed_ns;
}

/*
 * Of a few candidates: closed before open, then the longest unused.  Returns
 * whose it was, or NULL.
 */
static struct sock *flow_evict(struct flowtab *t)
{
	int probes = t->closed_flows ? EVICT_PROBES : OPEN_PROBES;
	struct flow *victim = NULL;
	struct sock *s;

	for (int i = 0; i < probes; i++) {
		struct flow *f = &t->flows[t->flow_hand++ & (t->max - 1)];

		if (!f->used)
			continue;
		if (!victim || flow_open(f) < flow_open(victim) ||
		    (flow_open(f) == flow_open(victim) &&
		     f->last_ns < victim->last_ns))
			victim = f;
	}
	if (!victim)
		return NULL;
	if (flow_open(victim))
		t->stats.evicted_open++;
	s = victim->sock;
	flow_free(t, victim);
	return s;
}

/*
 * No packet will ask for it: it ended long ago, or another life of the key,
 * that began at @newer_ns (0: none), took its place long ago.
 */
static bool is_over(const struct flow *f, uint64_t newer_ns, uint64_t now_ns)
{
	uint64_t keep = f->sock->frame ? KEEP_OWNER_NS : KEEP_CLOSED_NS;

	if (f->sock->closed_ns && f->sock->closed_ns + keep < now_ns)
		return true;
	return newer_ns && newer_ns + KEEP_OWNER_NS < now_ns;
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
	struct flow *f = t->flow_heads[key_hash(t, key)], *next;
	struct flow *newer = NULL, *last = NULL;	/* newer: a process's */
	bool in_place, same;
	int lives = 0;

	/* The newest come first. */
	for (; f; f = next) {
		next = f->next;
		if (!key_equal(&f->key, key))
			continue;
		in_place = newer && newer->sock->netns == f->sock->netns;
		if (is_over(f, in_place ? newer->from_ns : 0, now_ns)) {
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

static void flow_add(struct flowtab *t, const struct flow_key *key,
		     struct sock *s, uint64_t from_ns)
{
	struct flow *f, **head;

	s->flows++;		/* first: what follows must not free it */
	key_prune(t, key, s, from_ns);
	if (!t->free_flows && t->fresh_flows == t->max)
		flow_evict(t);
	f = t->free_flows;
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
	*f = (struct flow){ .next = *head, .sock = s, .from_ns = from_ns,
			    .last_ns = from_ns, .key = *key, .used = true };
	*head = f;
	t->stats.flows++;
	t->closed_flows += s->closed_ns != 0;
}

/* ---- events ---- */

static const uint8_t everywhere[16];

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

	for (f = t->flow_heads[key_hash(t, key)]; f; f = f->next)
		if (key_equal(&f->key, key) && (!best || f->from_ns > best->from_ns))
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
		sock_bind(t, s, key, everywhere, e->ts_ns);
	newest = newest_of_key(t, key);
	if (newest && newest->sock == s)
		return;
	flow_add(t, key, s, e->ts_ns);
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

void flowtab_each_bound(const struct flowtab *t,
			void (*fn)(void *ctx, const struct flowtab_socket *s),
			void *ctx)
{
	for (uint32_t i = 0; i < t->fresh_socks; i++) {
		const struct sock *s = &t->socks[i];
		const struct owner *reader = s->owners[ROLES - 1];
		struct flowtab_socket f = {
			.address = s->address, .port = s->port,
			.proto = s->proto, .kernel = s->kernel,
		};

		if (!s->used || !s->hashed || !s->port || s->closed_ns)
			continue;
		if (reader) {
			f.owner = reader->proc;
			f.attr = reader->attr;
		}
		fn(ctx, &f);
	}
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
	struct flow *f = t->flow_heads[key_hash(t, key)];
	const struct owner *o;

	while (f && !(key_equal(&f->key, key) && f->sock->frame &&
		      f->sock->netns == e->netns))
		f = f->next;
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
	flow_add(t, key, s, e->ts_ns);
}

/* ---- questions ---- */

static bool closed_at(const struct sock *s, uint64_t ts_ns)
{
	return s->closed_ns && s->closed_ns <= ts_ns;
}

/* Frames that are not IP have no addresses to tell two namespaces apart. */
static bool frame_fits(const struct flow *f, const struct flowtab_query *q)
{
	return q->sends && f->from_ns <= q->ts_ns &&
	       !closed_at(f->sock, q->ts_ns) &&
	       (q->key.proto != FLOW_FRAME || f->sock->netns == q->netns);
}

/*
 * Not a life that begins too late, nor one whose end is too long ago.  A SYN
 * never belongs to a life that had ended.
 */
static bool possible(const struct flow *f, const struct flowtab_query *q)
{
	if (f->sock->frame)
		return frame_fits(f, q);
	if (f->from_ns > q->ts_ns + FLOWTAB_HOLD_NS)
		return false;
	if (!closed_at(f->sock, q->ts_ns))
		return true;
	return !q->syn && q->ts_ns <= f->sock->closed_ns + KEEP_CLOSED_NS;
}

/* A listener has no data of its own: the segment may make the connection. */
static bool is_listeners(const struct flow *f, const struct flowtab_query *q)
{
	return q->data && !q->sends && !q->syn && f->sock->port;
}

/*
 * Which of two lives of one key a packet at that time belongs to: the later
 * one that had begun, or the first to begin after it.
 */
static bool better(const struct flow *f, const struct flow *best,
		   const struct flowtab_query *q)
{
	bool begun = f->from_ns <= q->ts_ns;

	if (!best)
		return true;
	if ((f->sock->netns == q->netns) != (best->sock->netns == q->netns))
		return f->sock->netns == q->netns;
	if (is_listeners(f, q) != is_listeners(best, q))
		return is_listeners(best, q);
	if (begun != (best->from_ns <= q->ts_ns))
		return begun;
	return begun ? f->from_ns > best->from_ns : f->from_ns < best->from_ns;
}

struct lives {
	struct flow *best;	/* the life the packet belongs to */
	struct flow *behalf;	/* if that is the kernel's: a process's before it */
	bool ambiguous;		/* two namespaces use these addresses */
	bool ends;		/* one begins after the packet */
};

/* Open, and of a namespace that the packet was not seen in. */
static bool elsewhere(const struct flow *f, const struct flowtab_query *q)
{
	return f->sock->netns != q->netns && !closed_at(f->sock, q->ts_ns);
}

/* Kernels' own sockets are nobody's, whichever of them it was. */
static bool are_rivals(const struct flow *a, const struct flow *b)
{
	return a->sock->netns != b->sock->netns &&
	       !(a->sock->kernel && b->sock->kernel);
}

/*
 * Seen from outside their namespaces, two sockets with the same addresses
 * cannot be told apart.
 */
static struct lives find_lives(const struct flowtab *t,
			       const struct flowtab_query *q)
{
	struct flow *f = t->flow_heads[key_hash(t, &q->key)];
	const struct flow *rival = NULL;
	struct lives l = { 0 };

	for (; f; f = f->next) {
		if (!key_equal(&f->key, &q->key))
			continue;
		l.ends |= f->from_ns > q->ts_ns;
		if (!possible(f, q))
			continue;
		if (elsewhere(f, q)) {
			l.ambiguous |= rival && are_rivals(rival, f);
			rival = f;
		}
		if (better(f, l.best, q))
			l.best = f;
		if (!f->sock->kernel && better(f, l.behalf, q))
			l.behalf = f;
	}
	if (l.best && l.best->sock->netns == q->netns)
		l.ambiguous = false;
	return l;
}

static const struct owner *owner_at(const struct sock *s,
				    const struct flowtab_query *q)
{
	const struct owner *o = s->owners[q->sends ? 0 : 1];

	while (o && o->ts_ns > q->ts_ns && o->older)
		o = o->older;
	return o;
}

/*
 * Who had it has ended, so that another reads: the first to come after.  NULL
 * while nobody has.  A socket that ended unread was still its owner's.
 */
static const struct owner *heir_of(const struct sock *s, const struct owner *o,
				   const struct flowtab_query *q)
{
	const struct owner *heir = NULL, *later;

	if (q->sends || !o->proc->exited_mono_ns ||
	    o->proc->exited_mono_ns > q->ts_ns ||
	    (q->key.proto == IPPROTO_TCP && !q->data))
		return o;
	for (later = s->owners[1]; later != o; later = later->older)
		heir = later;
	return heir || !s->closed_ns ? heir : o;
}

/*
 * What came before the connection was accepted is for who accepts it.  A socket
 * with a port of its own listens, and is accepted by nobody.
 */
static const struct owner *acceptor_of(const struct sock *s,
				       const struct owner *o,
				       const struct flowtab_query *q)
{
	const struct owner *first = NULL, *later;

	if (q->sends || q->syn || o->attr != ATTR_LISTENER || s->port)
		return o;
	for (later = s->owners[1]; later != o; later = later->older)
		if (later->attr == ATTR_SOCKET &&
		    later->ts_ns < q->ts_ns + FLOWTAB_HOLD_NS)
			first = later;
	return first;
}

/* What waited in the socket belongs to who wrote it, whoever came since. */
static const struct owner *writer_of(const struct sock *s,
				     const struct flowtab_query *q)
{
	const struct owner *o = s->owners[0];

	while (o && o->older &&
	       (o->writes ? (int32_t)(q->sequence - o->sequence) < 0 :
			    o->ts_ns > q->ts_ns))
		o = o->older;
	return o;
}

/* We were stopped for longer than owners are remembered. */
static bool is_forgotten(const struct owner *o, uint64_t ts_ns)
{
	return o->cut && o->ts_ns > ts_ns;
}

/*
 * No time that comes changes it: the socket is open, @o has it last, and runs.
 */
static bool is_steady(const struct sock *s, const struct owner *o,
		      const struct flowtab_query *q)
{
	bool written = q->sends && q->data;

	return !s->closed_ns && o == s->owners[q->sends ? 0 : 1] &&
	       o->ts_ns <= q->ts_ns && !(written && o->older) &&
	       !o->proc->exited_mono_ns &&
	       (o->attr == ATTR_SOCKET || o->attr == ATTR_SCAN);
}

static void set_owner(struct flowtab_answer *a, const struct flow *f,
		      const struct flowtab_query *q)
{
	bool written = q->sends && q->data;
	const struct owner *o = NULL, *acceptor;

	if (f)
		o = written ? writer_of(f->sock, q) : owner_at(f->sock, q);
	if (!o || is_forgotten(o, q->ts_ns)) {
		a->attr = ATTR_UNKNOWN;
		a->reason = o ? REASON_LOST : REASON_BEFORE;
		return;
	}
	o = heir_of(f->sock, o, q);
	if (!o) {
		a->attr = ATTR_UNKNOWN;
		a->reason = REASON_AMBIGUOUS;
		a->waits = true;
		return;
	}
	a->attr = o->attr;
	acceptor = acceptor_of(f->sock, o, q);
	a->waits |= !acceptor && !f->sock->closed_ns;
	a->steady = !a->waits && is_steady(f->sock, o, q);
	if (acceptor && acceptor != o) {
		o = acceptor;
		a->attr = ATTR_ACCEPTED;
		a->as_of_ns = o->ts_ns;
	}
	a->owner = o->proc;
	a->tid = o->tid;
	if (written && o->ts_ns < q->ts_ns)
		a->as_of_ns = o->ts_ns;
}

/* @gone: a process had this flow before the kernel did. */
static uint8_t kernel_reason(const struct flowtab_query *q, bool kernel,
			     bool gone)
{
	if (q->key.proto == IPPROTO_TCP) {
		if (q->sends && q->rst)
			return REASON_RESET;
		return gone ? REASON_TIME_WAIT : REASON_NO_SOCKET;
	}
	if (q->key.proto == IPPROTO_ICMP || q->key.proto == IPPROTO_ICMPV6)
		return REASON_ICMP;
	return kernel && q->key.local_port ? REASON_KERNEL_SOCKET :
					     REASON_NO_SOCKET;
}

/*
 * After its end a flow is the kernel's, on behalf of the last owner.  What a
 * process sent by other protocols may still wait in a queue: that is its own.
 */
static bool after_close(const struct flow *f, const struct flowtab_query *q)
{
	if (!closed_at(f->sock, q->ts_ns))
		return false;
	if (q->key.proto != IPPROTO_TCP)
		return !q->sends;
	return !(q->sends && q->rst &&
		 q->ts_ns < f->sock->closed_ns + RESET_GRACE_NS);
}

bool flowtab_find(struct flowtab *t, const struct flowtab_query *q,
		  struct flowtab_answer *a)
{
	struct lives l = find_lives(t, q);
	bool kernel;

	memset(a, 0, sizeof(*a));
	if (!l.best)
		return false;
	l.best->last_ns = q->ts_ns;
	a->here = l.best->sock->netns == q->netns;
	a->waits = q->key.proto == IPPROTO_TCP ?
			   is_listeners(l.best, q) :
			   closed_at(l.best->sock, q->ts_ns);
	if (l.ambiguous) {
		a->attr = ATTR_UNKNOWN;
		a->reason = REASON_AMBIGUOUS;
		return true;
	}
	if (l.best->cut && l.best->from_ns > q->ts_ns) {
		a->attr = ATTR_UNKNOWN;
		a->reason = REASON_LOST;
		return true;
	}
	kernel = l.best->sock->kernel;
	set_owner(a, kernel ? l.behalf : l.best, q);
	a->steady &= !kernel && !l.ends;
	if (kernel || after_close(l.best, q)) {
		a->attr = ATTR_KERNEL;
		a->reason = kernel_reason(q, kernel, l.behalf != NULL);
	}
	return true;
}

/* Whether a socket that is bound to @bound hears what is sent to @address. */
static bool covers(const uint8_t bound[16], const uint8_t address[16])
{
	static const uint8_t any4[16] = { [10] = 0xff, [11] = 0xff };

	if (!memcmp(bound, everywhere, 16))
		return true;
	if (!memcmp(bound, any4, 16))
		return !memcmp(address, any4, 12);
	return !memcmp(bound, address, 16);
}

enum flowtab_port flowtab_port(const struct flowtab *t,
			       const struct flowtab_query *q)
{
	enum flowtab_port found = FLOWTAB_PORT_FREE;
	const struct sock *s = *bound_head(t, q->netns, q->key.proto,
					   q->key.local_port);

	for (; s; s = s->next_bound) {
		if (s->netns != q->netns || s->proto != q->key.proto ||
		    s->port != q->key.local_port || s->bound_ns > q->ts_ns ||
		    closed_at(s, q->ts_ns) || !covers(s->address, q->key.local))
			continue;
		if (!s->kernel)
			return FLOWTAB_PORT_BOUND;
		found = FLOWTAB_PORT_KERNEL;
	}
	return found;
}

void flowtab_stats(const struct flowtab *t, struct flowtab_stats *s)
{
	*s = t->stats;
}
