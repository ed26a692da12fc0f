/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/owners_parts.h"

#include "host/log.h"
#include "owner/flowtab/flowtab.h"
#include "owner/resolve/resolve.h"
#include "process/proctab.h"
#include "record.h"

#define HEAL_NS	     100000000ull  /* telling all again costs */
#define SCAN_NS	     2000000ull	   /* processes are read so long, */
#define SCAN_EACH_NS 10000000ull   /* ... in each such time */
#define ASK_EACH_NS  100000000ull  /* whether an executable is deleted, */
#define ASK_AGAIN_NS 1000000000ull /* ... and of all of them */
#define WATCH_NS     100000000ull  /* whether packets may wait in a queue */
#define HOOKS_NS     1000000000ull /* as old may be that the hooks are there, */
#define CLAIM_NS     100000000ull  /* ... where nobody is said to have sent */

static void doubt(struct owners *o, uint64_t until_ns)
{
	for (int i = 0; i < o->namespace_count; i++)
		resolver_doubt(namespace_resolver(o->namespaces[i]),
			       REASON_LOST, until_ns);
}

/*
 * What was lost or forgotten is told again when it is next seen.  Until that
 * has begun nobody can say that a packet has no socket.
 */
static void heal(struct owners *o, uint64_t now)
{
	struct flowtab_stats flows;
	uint64_t gaps;

	flowtab_stats(o->flows, &flows);
	gaps = probe_lost(o->probe) + flows.evicted_open;
	o->has_gap |= gaps != o->gaps;
	o->gaps = gaps;
	if (!o->has_gap)
		return;
	if (now - o->healed_ns < HEAL_NS) {
		doubt(o, UINT64_MAX);
		return;
	}
	probe_tell_again(o->probe);
	doubt(o, clock_ns(CLOCK_MONOTONIC));
	o->healed_ns = now;
	o->has_gap = false;
}

/* What nobody tells of from now on, nobody can say that it has no socket. */
static void watch_hooks(struct owners *o, uint64_t now)
{
	if (now < o->hooks_ns + (o->claims ? CLAIM_NS : HOOKS_NS))
		return;
	o->hooks_ns = now;
	o->claims = false;
	if (o->detached || probe_is_attached(o->probe))
		return;
	o->detached = true;
	log_warn("somebody has detached eBPF programs of this capture: owners "
		 "of new sockets are \"unknown\" from now on");
	owners_claim_nothing(o, REASON_LOST);
}

static void watch_queues(struct owners *o, uint64_t now)
{
	if (now < o->watched_ns + WATCH_NS)
		return;
	o->watched_ns = now;
	for (int i = 0; i < o->namespace_count; i++)
		namespace_watch(o->namespaces[i]);
}

static void scan_on(struct owners *o, uint64_t now)
{
	if (now < o->scanned_ns + SCAN_EACH_NS)
		return;
	o->scanned_ns = now;
	proctab_scan_on(o->processes, now + SCAN_NS);
}

static void ask_deleted(struct owners *o, uint64_t now)
{
	if (now < o->asked_ns + (o->asks ? ASK_EACH_NS : ASK_AGAIN_NS))
		return;
	o->asked_ns = now;
	o->asks = proctab_ask_deleted(o->processes);
}

void owners_watch(struct owners *o, uint64_t now)
{
	watch_hooks(o, now);
	watch_queues(o, now);
	scan_on(o, now);
	ask_deleted(o, now);
	heal(o, now);
}

bool owners_must_watch(struct owners *o, const struct verdict *v,
		       uint64_t mono_ns)
{
	if ((v->src.attr != ATTR_KERNEL && v->dst.attr != ATTR_KERNEL) ||
	    !o->probe || o->detached || mono_ns <= o->hooks_ns + CLAIM_NS)
		return false;
	o->claims = true;
	return true;
}
