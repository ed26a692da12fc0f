/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/resolve_parts.h"

#include <netinet/in.h>

#include "owner/packets/arrivals.h"
#include "owner/local/local.h"
#include "packet/raw_packet.h"

/*
 * Whether a packet that came in got to a process.  The marks say so only if no
 * other namespace, process or queue is on its way.
 */
static enum arrived find_arrival(const struct question *q, uint16_t port)
{
	if ((q->direction != SOURCE_IN && q->direction != SOURCE_LOOPBACK) ||
	    !q->r->arrivals || q->r->delays || q->r->blind)
		return ARRIVED;
	/* A datagram comes with its last piece, which may take long. */
	if (q->p->outer.fragment)
		return ARRIVED;
	if (q->p->wrong_checksum)
		return ARRIVED_NOWHERE;
	if (local_is_group(q->r->local, q->p->outer.key.remote))
		return ARRIVED;
	return arrivals_find(q->r->arrivals, q->p->outer.arrival, port,
			     q->ts_ns);
}

bool resolve_has_arrived(const struct question *q)
{
	return find_arrival(q, q->p->outer.key.remote_port) == ARRIVED;
}

/*
 * Over loopback a packet is captured as it is sent.  A busy machine takes it to
 * its receiver when softirqs have their turn.
 */
static bool is_on_its_way(const struct question *q)
{
	if (q->direction == SOURCE_LOOPBACK)
		return q->ts_ns + LOOPBACK_NS > q->r->told_until_ns;
	return resolve_is_early(q->r, q->ts_ns);
}

void resolve_arrival(struct question *q, struct verdict *v)
{
	enum arrived arrived = ARRIVED;
	uint8_t doubt = resolve_doubt(q);

	if (v->dst.owner && v->dst.attr != ATTR_KERNEL && q->reader_here)
		arrived = find_arrival(q, q->reader_port);
	if (arrived == ARRIVED)
		return;
	q->steady = false;
	if (!doubt &&
	    (arrived == ARRIVED_ELSEWHERE || resolve_may_be_delivered(q)))
		doubt = REASON_NO_SOCKET;
	/* TIME_WAIT may have got it, and passes no hook. */
	if (!doubt && q->reader_ends)
		doubt = REASON_AMBIGUOUS;
	if (is_on_its_way(q))
		q->waits = true;
	else if (doubt)
		verdict_end_set(&v->dst, ATTR_UNKNOWN, doubt);
	else
		verdict_end_set(&v->dst, ATTR_KERNEL, REASON_NOT_DELIVERED);
}
