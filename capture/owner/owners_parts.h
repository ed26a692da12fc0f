/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What owners.c and its parts share: owners_events.c puts what the kernel
 * program tells into the tables, owners_hashes.c has executables hashed,
 * owners_watch.c looks at what nobody tells, and owners_stats.c counts.
 * All that struct owners points to is its own, but for the lookup process.
 */
#ifndef PKTWHO_OWNER_OWNERS_PARTS_H
#define PKTWHO_OWNER_OWNERS_PARTS_H

#include "bpf/probe.h"
#include "host/clocks.h"
#include "host/netns.h"
#include "owner/namespace.h"
#include "owner/owners.h"
#include "owner/packets/arrivals.h"
#include "owner/packets/unread.h"

#define OWNERS_FLOWS (1u << 17) /* room for so many */

struct owners {
	int proc_fd;
	struct lookup *lookup;
	struct container_names *containers;
	struct proctab *processes;
	struct flowtab *flows;
	struct packettab *packets;
	uint64_t told; /* what is in these, from 1 */
	struct namespace *namespaces[NETNS_MAX];
	int namespace_count;
	int changes_fd;		   /* epoll: of addresses and translations */
	struct arrivals arrivals;  /* if there is a probe, */
	struct unread unread;	   /* the same */
	struct probe *probe;	   /* NULL: polling */
	int refused;		   /* why: -errno */
	struct packet_clock clock; /* as of the last update */
	uint64_t heard_ns;	   /* all events until then are in these */
	uint64_t gaps;		   /* in what we know, so far */
	uint64_t healed_ns;	   /* when all was last told again */
	bool has_gap;		   /* since then */
	uint64_t scanned_ns;	   /* when processes were last read, */
	uint64_t asked_ns;	   /* and one was asked about */
	bool asks;		   /* there are others */
	uint64_t watched_ns;	   /* when queues were last looked at, */
	uint64_t hooks_ns;	   /* and hooks */
	bool claims;		   /* a packet waits for that */
	bool detached;		   /* they are gone */
	bool said_set;		   /* of the clock */
	bool hash;		   /* what is executed, from then on */
	enum probe_seen seen;	   /* by the capture */
	void (*ended)(void *ctx, const char *name, uint32_t status);
	void *ended_ctx;
};

/* ---- owners.c ---- */

/* From now on nobody is said to have no owner: that is @reason instead. */
void owners_claim_nothing(struct owners *o, uint8_t reason);

/* ---- owners_events.c ---- */

/*
 * What the kernel program is to call.  Until it does, @o needs its tables of
 * flows, packets and processes; nothing that it calls blocks.
 */
struct probe_handler owners_listen(struct owners *o);

/*
 * A socket that no process holds is the kernel's own.  Asks once, after the
 * processes' sockets were told; a failure is only logged.
 */
void owners_find_kernel_sockets(struct owners *o);

/* ---- owners_hashes.c ---- */

/* Puts the hashes that are ready into the programs' records. */
void owners_take_hashes(struct owners *o);

/* ---- owners_watch.c ---- */

/*
 * What has to be looked at from time to time: hooks and queues, processes that
 * are not read yet, deleted executables, gaps in what is told.  There is a probe.
 */
void owners_watch(struct owners *o, uint64_t now);

/*
 * Whether @v says that nobody sent or read the packet of that time, and the
 * hooks have to be looked at first: that is then done with the next call.
 */
bool owners_must_watch(struct owners *o, const struct verdict *v,
		       uint64_t mono_ns);

#endif
