/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/resolve_parts.h"

#include <netinet/in.h>

#include "owner/packets/arrivals.h"
#include "owner/packets/unread.h"
#include "process/proctab.h"

static enum unread_state find_unread(const struct resolver *r, uint64_t cookie,
				     const struct packet_traits *t,
				     uint64_t ts_ns)
{
	const struct unread_query q = {
		.cookie = cookie,
		.ts_ns = ts_ns,
		.sequence = t->tcp_seq + t->tcp_payload,
		.arrivals = t->key.proto == IPPROTO_TCP ? NULL : r->arrivals,
		.arrival = t->arrival,
	};

	return r->unread && cookie ?
		       unread_find(r->unread, &q, r->told_until_ns) :
		       UNREAD_NOT;
}

bool resolve_came_again(const struct resolver *r, const struct packet_traits *t)
{
	return t->key.proto == IPPROTO_TCP && t->tcp_payload && r->arrivals &&
	       arrivals_is_again(r->arrivals, t->arrival);
}

bool resolve_is_read(const struct resolver *r, const struct packet_traits *t,
		     uint64_t ts_ns, const struct verdict *v)
{
	return find_unread(r, v->reader_cookie, t, ts_ns) == UNREAD_NOT &&
	       !resolve_came_again(r, t);
}

static bool is_users(const struct verdict_end *end)
{
	return end->owner && (end->attr == ATTR_SOCKET ||
			      end->attr == ATTR_SCAN || end->attr == ATTR_FLOW);
}

void resolve_holder(const struct question *q, uint64_t since_ns,
		    struct verdict_end *end)
{
	bool accepted = end->owner && end->attr == ATTR_ACCEPTED;

	if (!is_users(end) && !accepted)
		return;
	if (accepted)
		since_ns = end->as_of_ns;
	if (q->r->unread && !q->reader_closed &&
	    (!since_ns ||
	     unread_has_forked(q->r->unread, end->owner->pid, since_ns)))
		verdict_end_set(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	else if (!accepted)
		end->attr = ATTR_HOLDER;
}

void resolve_read(struct question *q, struct verdict *v)
{
	enum unread_state state;

	if (!is_users(&v->dst))
		return;
	v->reader_cookie = q->reader_cookie;
	state = find_unread(q->r, q->reader_cookie, q->asked, q->ts_ns);
	if (state == UNREAD_NOT)
		return;
	q->steady = false;
	if (state == UNREAD_TELLING || !q->reader_closed) {
		q->waits = true;
		q->unread = q->reader_cookie;
	}
	/* That another has read it is known, and who will be soon. */
	if (state == UNREAD_TELLING)
		verdict_end_set(&v->dst, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	else
		resolve_holder(q,
			       unread_held_ns(q->r->unread, q->reader_cookie),
			       &v->dst);
}
