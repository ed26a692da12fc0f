/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The flow table from inside: what its parts share.  flowtab.c hears what the
 * kernel tells, flowtab_owners.c has who had a socket, flowtab_store.c has
 * sockets and flows and makes room for more, and flowtab_find.c answers.
 */
#ifndef PKTWHO_OWNER_FLOWTAB_FLOWTAB_TABLE_H
#define PKTWHO_OWNER_FLOWTAB_FLOWTAB_TABLE_H

#include "owner/flowtab/flowtab.h"
#include "packet/flow_hash.h"
#include "packet/flow_key.h"

#define KEEP_CLOSED_NS	60000000000ull /* TIME_WAIT lasts a minute */
#define KEEP_OWNER_NS	1000000000ull  /* far more than a packet is held */
#define OWNERS_PER_SOCK 4	       /* listener, then who accepted */
#define HEADS_PER_FLOW	4	       /* few share one: each is waited for */
#define FLOWTAB_SOON	8	       /* a power of two */
#define ROLES		2	       /* who sends, who reads */

struct owner {
	struct owner *older;
	struct proc *proc;
	uint64_t ts_ns;
	uint64_t read_ns; /* of flowtab_event */
	uint64_t emptied_ns;
	uint32_t tid;
	uint32_t sequence;
	uint8_t attr;
	bool writes;	     /* its bytes begin at @sequence, */
	bool disputed;	     /* ... and may be another's */
	bool reads;	     /* what it reads does */
	bool renamed;	     /* ... by another name than its owner had */
	bool cut;	     /* there were others before it */
	uint8_t read_before; /* of flowtab_event */
};

struct sock {
	struct sock *next;	     /* of its hash bucket, or the free list */
	struct sock *next_bound;     /* of its port's bucket */
	struct owner *owners[ROLES]; /* newest first */
	uint64_t cookie;
	uint64_t netns;
	uint64_t closed_ns; /* 0: open */
	uint64_t used_ns;   /* when it was first told of, or used before */
	uint64_t bound_ns;
	uint64_t pruned_ns[ROLES];
	uint32_t flows;
	uint16_t port; /* that it is bound to; 0: none told */
	uint8_t proto;
	uint8_t address[16]; /* zero: all of this host's */
	bool used;
	bool hashed; /* the cookie still means this one */
	bool kernel;
	bool sent_fin; /* a connection, which may be TIME_WAIT's */
	bool frame;    /* of flowtab_frame() */
};

/* A line of memory: each packet of another flow waits for one. */
struct flow {
	uint32_t next : 29; /* of its bucket, or the free list: flow_at() */
	uint32_t cut : 1;   /* its key had others before it */
	uint32_t sent : 1;  /* it began as its socket sent, */
	uint32_t taken : 1; /* ... or after another's of the same key */
	uint32_t last_used; /* flow_clock() */
	struct sock *sock;  /* NULL: it is free */
	uint64_t from_ns;
	struct flow_key key;
};

_Static_assert(sizeof(struct flow) == 64, "a flow is a line of memory");

/* A flow that may make room soon, if nobody uses it until then. */
struct victim {
	struct flow *flow;
	uint32_t last_used;
};

struct flowtab {
	struct flow_hash hash;
	struct flow *flows;
	struct sock *socks;
	struct owner *owners;
	struct sock **sock_heads; /* the two after it lie in its pages */
	struct sock **bound_heads;
	uint32_t *flow_heads; /* flow_at() */
	uint32_t free_flows;  /* flow_at() */
	struct sock *free_socks;
	struct owner *free_owners;
	uint32_t max;	      /* of each kind; a power of two */
	uint32_t fresh_flows; /* never used yet: untouched memory */
	uint32_t fresh_socks;
	uint32_t fresh_owners;
	uint32_t flow_hand; /* where eviction looks next */
	uint32_t sock_hand;
	uint32_t sweep_hand;   /* ... and what forgets what is over */
	uint64_t done_ns;      /* flowtab_done() */
	uint64_t frames;       /* of flowtab_frame(), so far */
	uint32_t closed_flows; /* whose socket has ended */
	struct flowtab_stats stats;
	const uint32_t *soon[FLOWTAB_SOON]; /* buckets asked for soon, a ring */
	uint32_t next_soon;
	struct victim victims[2]; /* the first is the next */
};

/* A socket's address that takes what is sent to any of this host's. */
extern const uint8_t flowtab_everywhere[16];

static inline uint32_t key_hash(const struct flowtab *t,
				const struct flow_key *key)
{
	return flow_hash(&t->hash, key) & (t->max * HEADS_PER_FLOW - 1);
}

/* NULL if there is none: 0. */
static inline struct flow *flow_at(const struct flowtab *t, uint32_t link)
{
	return link ? &t->flows[link - 1] : NULL;
}

static inline struct flow *flow_next(const struct flowtab *t,
				     const struct flow *f)
{
	return flow_at(t, f->next);
}

/* The first of those whose keys share a bucket. */
static inline struct flow *flow_first(const struct flowtab *t,
				      const struct flow_key *key)
{
	return flow_at(t, t->flow_heads[key_hash(t, key)]);
}

/* 67 ms are enough to tell which was used last. */
static inline uint32_t flow_clock(uint64_t ns)
{
	return (uint32_t)(ns >> 26);
}

static inline struct sock **bound_head(const struct flowtab *t, uint64_t netns,
				       uint8_t proto, uint16_t port)
{
	uint64_t h = (netns << 24 | (uint64_t)proto << 16 | port) *
		     0x9e3779b97f4a7c15u;

	return &t->bound_heads[h >> 32 & (t->max - 1)];
}

static inline bool closed_at(const struct sock *s, uint64_t ts_ns)
{
	return s->closed_ns && s->closed_ns <= ts_ns;
}

/* ---- owners ---- */

void sock_set_owner(struct flowtab *t, struct sock *s,
		    const struct flowtab_event *e);
void sock_forget_owners(struct flowtab *t, struct sock *s);

/* ---- the store ---- */

void sock_bind(struct flowtab *t, struct sock *s, const struct flow_key *key,
	       const uint8_t address[16], uint64_t ts_ns);
/* NULL if it is not known. */
struct sock *sock_find(const struct flowtab *t, uint64_t cookie);
/* The same, or a new one.  NULL without room, which is counted. */
struct sock *sock_get(struct flowtab *t, const struct flowtab_event *e);
/* It must have no flows. */
void sock_free(struct flowtab *t, struct sock *s);
/* The socket has this key from @e on; without room that is counted. */
void flow_add(struct flowtab *t, const struct flow_key *key, struct sock *s,
	      const struct flowtab_event *e);

#endif
