/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/resolve_parts.h"

#include <netinet/in.h>

#include "owner/local/local.h"
#include "owner/nat/nat.h"
#include "owner/resolve/fragments.h"

static bool is_known(const struct verdict_end *end)
{
	return end->owner || end->attr == ATTR_KERNEL;
}

/*
 * Finds the sender of the packet that an ICMP error quotes.  An error from
 * outside quotes it as it was after address translation.
 */
static bool ask_quoted(struct question *q, struct verdict_end *end)
{
	struct nat_ends ends;

	q->asked = &q->p->inner;
	if (resolve_ask(q, &q->p->inner.key, true, end) && is_known(end))
		return true;
	return nat_find(q->r->nat, &q->p->inner.key, q->ts_ns, &ends) &&
	       ends.sender_sure && resolve_ask(q, &ends.sender, true, end) &&
	       is_known(end);
}

/* A rejected packet passes no hook, so nobody told who sent it. */
static bool is_untold(const struct packet *p)
{
	uint8_t proto = p->inner.key.proto;

	return proto == IPPROTO_UDP || proto == IPPROTO_TCP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP;
}

bool resolve_error(struct question *q, struct verdict *v)
{
	if (ask_quoted(q, &v->dst)) {
		if (v->dst.owner) {
			v->dst.attr = ATTR_FLOW;
			v->dst.reason = REASON_NONE;
		}
	} else if (local_has(q->r->local, q->p->outer.key.remote) &&
		   is_untold(q->p) &&
		   !resolve_is_tunnels(q, &q->p->inner.key)) {
		if (v->dst.attr != ATTR_UNKNOWN)
			verdict_end_set(&v->dst, ATTR_UNKNOWN,
					REASON_NO_SOCKET);
	} else if (local_has(q->r->local, q->p->outer.key.remote)) {
		resolve_no_socket(q, false, &v->dst);
	}
	if (local_has(q->r->local, q->p->outer.key.local))
		verdict_end_set(&v->src, ATTR_KERNEL, REASON_ICMP);
	return true;
}

/*
 * Anybody on the wire can write a packet into another.  What comes in to this
 * host is a tunnel's if it has such a tunnel.
 */
static bool is_refused(const struct question *q)
{
	struct flow_key received = flow_reversed(&q->p->outer.key);

	if (!q->from_wire || !local_has(q->r->local, q->p->outer.key.remote))
		return false;
	if (q->p->outer.key.proto == IPPROTO_UDP)
		return resolve_port(q, &received) != FLOWTAB_PORT_KERNEL;
	return !local_has_tunnel(q->r->local, &received);
}

/* What the tunnel carries is a process's, by ports that were not seen. */
static void lose_ports(struct verdict_end *end)
{
	if (end->attr == ATTR_KERNEL)
		verdict_end_set(end, ATTR_UNKNOWN, REASON_FRAGMENT);
}

/*
 * A tunnel of the kernel's is nobody's; what goes through it is somebody's.
 * The inner packet passed its own sockets' hooks on the way.
 */
bool resolve_tunnel(struct question *q, struct verdict *v)
{
	const struct packet_traits *inner;
	struct flow_key received;
	struct verdict_end src, dst;
	bool settled;

	if (v->src.owner || v->dst.owner || is_refused(q))
		return true;
	inner = fragments_whole(q->r->fragments, &q->p->inner, q->ts_ns);
	if (!inner) {
		lose_ports(&v->src);
		lose_ports(&v->dst);
		return true;
	}
	received = flow_reversed(&inner->key);
	q->asked = inner;
	resolve_ask(q, &inner->key, true, &src);
	settled = resolve_ask(q, &received, false, &dst);
	/* It is a process's, even if it is not known whose. */
	if (src.owner || src.attr == ATTR_UNKNOWN)
		v->src = src;
	if (dst.owner || dst.attr == ATTR_UNKNOWN)
		v->dst = dst;
	verdict_end_by_flow(&v->src);
	verdict_end_by_flow(&v->dst);
	return settled;
}
