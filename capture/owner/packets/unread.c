/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/packets/unread.h"

#include <linux/types.h>

#include "owner/packets/arrivals.h"
#include "packet/flow.h"
#include "bpf/event.h"

#define LATE_READS 7 /* until it is told again how far a socket is read */

static bool is_of(const struct probe_progress *p, uint64_t cookie)
{
	return __atomic_load_n(&p->cookie, __ATOMIC_ACQUIRE) == cookie;
}

/* False if it is not known: another socket has the place, or takes it now. */
static bool read_progress(const struct unread *u, uint64_t cookie,
			  struct probe_progress *now)
{
	const struct probe_progress *p = &u->progress[cookie % PROBE_PROGRESS];

	if (!is_of(p, cookie))
		return false;
	now->until = __atomic_load_n(&p->until, __ATOMIC_ACQUIRE);
	now->held_ns = __atomic_load_n(&p->held_ns, __ATOMIC_RELAXED);
	now->taken_ns = __atomic_load_n(&p->taken_ns, __ATOMIC_ACQUIRE);
	return is_of(p, cookie);
}

/*
 * The socket was read after the datagram was captured, but before it came there,
 * which that read left empty.
 */
static bool is_late(const struct unread_query *q, uint64_t until)
{
	return q->arrivals && until - q->ts_ns < ARRIVAL_LATE_NS &&
	       arrivals_is_after(q->arrivals, q->arrival,
				 until & PROBE_READS_MASK, LATE_READS);
}

enum unread_state unread_find(const struct unread *u,
			      const struct unread_query *q,
			      uint64_t told_until_ns)
{
	struct probe_progress p;

	if (!read_progress(u, q->cookie, &p))
		return UNREAD_NOT;
	if (p.until & PROBE_SEQUENCE ?
		    (int32_t)((uint32_t)p.until - q->sequence) < 0 :
		    p.until < q->ts_ns || is_late(q, p.until))
		return UNREAD_WAITS;
	return p.taken_ns > told_until_ns ? UNREAD_TELLING : UNREAD_NOT;
}

uint64_t unread_held_ns(const struct unread *u, uint64_t cookie)
{
	struct probe_progress p;

	return read_progress(u, cookie, &p) ? p.held_ns : 0;
}

bool unread_has_forked(const struct unread *u, uint32_t pid, uint64_t since_ns)
{
	return __atomic_load_n(&u->forked_ns[pid % PROBE_FORKERS],
			       __ATOMIC_RELAXED) > since_ns;
}
