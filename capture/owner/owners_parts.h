/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What owners.c and its parts share: owners_events.c puts what the kernel
 * program tells into the tables, owners_hashes.c has executables hashed, and
 * owners_stats.c counts.
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

#define OWNERS_FLOWS (1u << 17)		/* room for so many */

struct owners {
	int proc_fd;
	struct lookup *lookup;
	struct container_names *containers;
	struct proctab *processes;
	struct flowtab *flows;
	struct packettab *packets;
	uint64_t told;			/* what is in these, from 1 */
	struct namespace *namespaces[NETNS_MAX];
	int namespace_count;
	int changes_fd;			/* epoll: of addresses and translations */
	struct arrivals arrivals;	/* if there is a probe, */
	struct unread unread;		/* the same */
	struct probe *probe;		/* NULL: polling */
	int refused;			/* why: -errno */
	struct packet_clock clock;	/* as of the last update */
	uint64_t heard_ns;		/* all events until then are in these */
	uint64_t gaps;			/* in what we know, so far */
	uint64_t healed_ns;		/* when all was last told again */
	bool has_gap;			/* since then */
	uint64_t scanned_ns;		/* when processes were last read, */
	uint64_t asked_ns;		/* and one was asked about */
	uint64_t watched_ns;		/* when hooks and queues were last seen */
	bool detached;			/* they are gone */
	bool said_set;			/* of the clock */
	bool hash;			/* what is executed, from then on */
	enum probe_seen seen;		/* by the capture */
	void (*ended)(void *ctx, const char *name, uint32_t status);
	void *ended_ctx;
};

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

#endif
