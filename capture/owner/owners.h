/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a packet's owner is found: takes the kernel's events into the flow
 * and process tables, and answers for one packet at a time.  Where eBPF is
 * refused it asks sock_diag and /proc instead.
 */
#ifndef PKTWHO_OWNER_OWNERS_H
#define PKTWHO_OWNER_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/parse.h"
#include "process/proctab.h"
#include "owner/resolve/resolve.h"

struct flowtab_socket;
struct netns_list;
struct owners;

struct owners_options {
	enum cmdline_mode cmdline;
	bool hash;			     /* SHA-256 of executables */
	bool loopback_only;		     /* is captured, */
	bool no_loopback;		     /* or all but that */
	const struct filter *filter;	     /* borrowed; see proctab_options */
	const struct filter *alarm;	     /* likewise */
	struct lookup *lookup;		     /* borrowed */
	const struct netns_list *namespaces; /* that are captured; likewise */
	/* Hears of each process that ends, as wait(2) has its status; or NULL. */
	void (*ended)(void *ctx, const char *name, uint32_t status);
	void *ctx;
};

/*
 * 0 or -errno (logged).  Where eBPF is refused it goes on with less; the
 * caller says so (owners_stats.refused).
 */
int owners_open(struct owners **out, const struct owners_options *o);
void owners_close(struct owners *o); /* NULL is fine */

/* Borrowed. */
struct proctab *owners_processes(struct owners *o);

/* Two descriptors to poll; when readable, or at least every 100 ms, update. */
int owners_fd(const struct owners *o, int which);
#define OWNERS_FDS 2

/*
 * Takes in what happened.  Call it after reading packets and before resolving
 * them: a sender's event is there before its packet.
 */
void owners_update(struct owners *o);

/* How a packet was captured. */
struct owners_seen {
	uint64_t ts_ns;	    /* Unix epoch, as the packet has it */
	unsigned namespace; /* of those that are captured, from 0 */
	uint8_t direction;  /* enum source_direction */
};

/* A packet of that flow, or this one of it, will be resolved soon. */
void owners_prepare(struct owners *o, const struct flow_key *key);
void owners_prepare_packet(struct owners *o, const struct packet *p,
			   uint8_t direction);

/* True if the verdict is final; see resolve(). */
bool owners_resolve(struct owners *o, const struct packet *p,
		    const struct owners_seen *seen, struct verdict *v);

/* All packets of before are: they need not be remembered for. */
void owners_done(struct owners *o, uint64_t mono_ns);

/*
 * With hash: has the executable's SHA-256 put into the program's record, once,
 * when it is known.
 */
void owners_hash(struct owners *o, struct program *i);
/* Whether such answers are still to come. */
bool owners_hashing(const struct owners *o);

/* A packet's time on the clock the process table uses. */
uint64_t owners_mono_ns(const struct owners *o, uint64_t ts_ns);

struct owners_stats {
	int refused;	       /* 0: eBPF runs; else why not, -errno */
	uint64_t events_lost;  /* the kernel's ring was full */
	uint64_t evicted_open; /* flows forgotten for want of room */
	uint64_t unanswered;   /* lookup_unanswered() */
};

/* Percent of the room for events, at most since the last call, and flows. */
struct owners_fill {
	unsigned events;
	unsigned flows;
};

void owners_fill(struct owners *o, struct owners_fill *f);

/* Each that is bound in a namespace, and open; without eBPF none is known. */
void owners_each_socket(const struct owners *o,
			void (*fn)(void *ctx, const struct flowtab_socket *s),
			void *ctx);

/* The capture ends soon: probe_end(). */
void owners_end(struct owners *o);

/*
 * Whether processes of before the capture are still to be read, which takes
 * a part of each owners_update(); a packet's own are read when it asks.
 */
bool owners_have_unread(const struct owners *o);

/* Whether somebody took the hooks away that tell of sockets. */
bool owners_are_lost(const struct owners *o);

void owners_stats(const struct owners *o, struct owners_stats *s);

#endif
