/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's side: loads probe.bpf.c and hands its events on.  The only
 * module that knows libbpf.
 *
 * Needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; CAP_SYS_ADMIN where no
 * cgroup2 or tracefs is mounted.  Linux 5.15 on paper, 6.1 supported; all
 * hooks from 6.3, or where programs may be put to functions of the kernel, as in
 * Debian's.
 */
#ifndef PKTWHO_BPF_PROBE_H
#define PKTWHO_BPF_PROBE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "packet/flow.h"
#include "bpf/event.h"

struct probe;

/* Each callback borrows its event.  @ctx is the caller's. */
struct probe_handler {
	void (*event)(void *ctx, const struct probe_event *e);
	void (*exec)(void *ctx, const struct probe_exec *x);
	void (*holder)(void *ctx, const struct probe_holder *h);
	/*
	 * What event() gets soon, or any bytes: to fetch the memory that it leads
	 * to.  NULL is fine.
	 */
	void (*soon)(void *ctx, const struct probe_event *e);
	void *ctx;
	bool at_exec; /* an exec makes probe_fd() readable at once */
	enum probe_seen seen;
	uint64_t netns; /* cookie of the one captured */
	bool delays;	/* probe_watch_queues() may follow */
};

/*
 * Loads and attaches.  Events count from the moment it returns, and are
 * delivered by probe_consume() only.  0, or -errno: -EPERM without the
 * capabilities, -EOPNOTSUPP where the kernel cannot (no BTF, no cgroup2).
 */
int probe_open(struct probe **out, const struct probe_handler *handler);
void probe_close(struct probe *p); /* NULL is fine */

/*
 * The capture ends soon: who accepts a connection may be told no more.  Linux
 * takes 40 ms for each of two tracepoints, which can pass while the last packets
 * are waited for.
 */
void probe_end(struct probe *p);

/*
 * In the network namespace that this thread is in a process decides about packets
 * (NFQUEUE): who sends one is told as of then.  Where programs may be put to
 * functions of the kernel that is so everywhere.
 */
void probe_watch_queues(struct probe *p);

/* Reports every open inet socket to holder().  0 or -errno. */
int probe_scan(struct probe *p);

/* Delivers all events there are.  0 or -errno. */
int probe_consume(struct probe *p);

/*
 * Whether it has delivered all that had begun before it.  A processor that is
 * held up in the middle of one holds up those of the others behind it.
 */
bool probe_heard(const struct probe *p);

/*
 * Readable when the ring fills faster than it is drained, or an exec that was
 * asked for is in it; borrowed.
 */
int probe_fd(const struct probe *p);

/* Percent of the ring that events took, at most since the last call. */
unsigned probe_fill(struct probe *p);

/* Events lost so far because the ring was full. */
uint64_t probe_lost(const struct probe *p);

/*
 * What was told so far is told once more when it is next seen: for who has
 * forgotten it, or lost events.
 */
void probe_tell_again(struct probe *p);

/*
 * Whether the hooks are still where they were put: who may use bpf(2) can take
 * those of sockets and packets away.
 */
bool probe_is_attached(const struct probe *p);

/*
 * Whether only a part of the system's processes meets the hooks: a container's
 * cgroup namespace shows no more of the cgroups.
 */
bool probe_is_partial(const struct probe *p);

/*
 * Two tables of PROBE_ARRIVALS bytes each, borrowed, and where to say which of
 * them the kernel is to mark.
 */
void probe_arrivals(struct probe *p, uint8_t *tables[2], uint32_t **now);

/* Tables of PROBE_PROGRESS and PROBE_FORKERS places, borrowed: see unread.h. */
void probe_progress(struct probe *p, const struct probe_progress **progress,
		    const uint64_t **forked_ns);

/* How many hooks the kernel did not take; attribution is less exact by them. */
int probe_missing(const struct probe *p);

#endif
