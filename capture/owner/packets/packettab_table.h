/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of told packets from inside: packettab.c hears of them and forgets
 * them, packettab_find.c answers.
 */
#ifndef PKTWHO_OWNER_PACKETS_PACKETTAB_TABLE_H
#define PKTWHO_OWNER_PACKETS_PACKETTAB_TABLE_H

#include "bytes.h"
#include "owner/packets/packettab.h"
#include "owner/packets/readtab.h"
#include "packet/flow_hash.h"
#include "packet/flow_key.h"

#define PACKETS 32768u	      /* far more than come while one is waited for */
#define BUCKETS (4 * PACKETS) /* few share one: each is waited for */
#define SHARED	8192u	      /* flows; a power of two, as is PACKETS */
#define TOLD	8192u

/*
 * Packets are numbered as they are told; a link is the number of one, which may
 * be forgotten: entry_at().  So what is forgotten need not be looked for.
 */
struct entry {
	struct packettab_packet packet;
	uint32_t next;	/* of its bucket, the one told before */
	bool contested; /* another has its place in the queue, */
	bool late;	/* ... and came first, so that it may be the next */
};

/* A flow end of which each packet from then until then is told. */
struct shared {
	struct flow_key key;
	uint64_t first_ns;
	uint64_t until_ns;
	bool sends;
	bool used;
};

struct packettab {
	struct flow_hash hash;
	struct entry entries[PACKETS]; /* a ring */
	uint32_t buckets[BUCKETS];     /* links: the newest of each */
	uint32_t places[PACKETS]; /* ... and who was last told of a place */
	uint32_t at;		  /* the number of the next */
	uint32_t oldest;	  /* that is not forgotten yet */
	uint64_t done_ns;	  /* packettab_done() */
	const uint32_t *soon;	  /* the bucket that was asked for last */
	uint32_t awaited;	  /* captured packets that may ask for one */
	uint64_t told_ns[TOLD];	  /* the latest of flows that meet there */
	uint64_t shared_until_ns; /* the latest of flows that are shared */
	uint64_t copies_until_ns;
	struct readtab *reads;
	/* A pending packet with its readers, each once. */
	struct packettab_packet readers[PACKETTAB_READERS];
	unsigned reader_count;
	struct packettab_packet former; /* for PACKETTAB_FORMER */
	struct shared shared[SHARED];
};

/* NULL if it is forgotten. */
static inline struct entry *entry_at(const struct packettab *t, uint32_t link)
{
	if (link - t->oldest >= t->at - t->oldest)
		return NULL;
	return bytes_unconst(&t->entries[link & (PACKETS - 1)]);
}

static inline uint32_t bucket_of(uint64_t fingerprint)
{
	return (uint32_t)(fingerprint * 0x9e3779b97f4a7c15u >> 40) &
	       (BUCKETS - 1);
}

static inline const struct entry *newest_with(const struct packettab *t,
					      uint64_t fingerprint)
{
	return entry_at(t, t->buckets[bucket_of(fingerprint)]);
}

static inline const struct entry *told_before(const struct packettab *t,
					      const struct entry *e)
{
	return entry_at(t, e->next);
}

/* Who was told of that place last; NULL if it is forgotten. */
struct entry *packettab_last_at(struct packettab *t, uint64_t cookie,
				uint64_t position);

/*
 * Datagrams are taken in the order of the queue, but their readers told once
 * they have copied them: of two at the same time either may be first.
 */
bool packettab_is_swapped(struct packettab *t, const struct socket_read *r);

/* The flow's place, or with @make the place that was unused for longest. */
struct shared *packettab_shared(const struct packettab *t,
				const struct packettab_packet *p, bool make);

#endif
