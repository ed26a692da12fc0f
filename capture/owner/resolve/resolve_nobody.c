/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/resolve_parts.h"

#include <netinet/in.h>

#include "owner/local/local.h"

#define UNTRACKED_NS 60000000000ull /* after the last sign of it */

uint8_t resolve_doubt(const struct question *q)
{
	if (q->p->outer.no_ports)
		return REASON_MALFORMED;
	if (q->r->blind)
		return q->r->blind;
	return q->ts_ns <= q->r->doubt_until_ns ? q->r->doubt : REASON_NONE;
}

enum flowtab_port resolve_port(const struct question *q,
			       const struct flow_key *key)
{
	const struct flowtab_query query = {
		.key = *key,
		.ts_ns = q->ts_ns,
		.netns = q->r->netns,
	};

	return flowtab_port(q->r->flows, &query);
}

/* Why no event told of a packet from, or to, this port of ours. */
static uint8_t port_reason(const struct question *q, bool sends)
{
	const struct flow_key *sent = &q->p->outer.key;
	struct flow_key key = sends ? *sent : flow_reversed(sent);

	if (key.proto == IPPROTO_ICMP || key.proto == IPPROTO_ICMPV6)
		return REASON_ICMP;
	if (sends && q->p->is_tunnel)
		return REASON_KERNEL_SOCKET;
	switch (resolve_port(q, &key)) {
	case FLOWTAB_PORT_KERNEL:
		return REASON_KERNEL_SOCKET;
	case FLOWTAB_PORT_BOUND:
		return sends ? REASON_NO_SOCKET : REASON_NOT_DELIVERED;
	default:
		return REASON_NO_SOCKET;
	}
}

bool resolve_may_be_delivered(const struct question *q)
{
	struct flow_key received = flow_reversed(&q->p->outer.key);

	return q->r->delays || q->p->outer.source_routed ||
	       q->ts_ns < q->r->untracked_until_ns ||
	       (q->p->is_tunnel && q->p->outer.key.proto != IPPROTO_UDP &&
		!local_has_tunnel(q->r->local, &received));
}

bool resolve_is_tunnels(const struct question *q, const struct flow_key *sent)
{
	struct flow_key listens = *sent;

	listens.local_port = sent->remote_port;
	return sent->proto == IPPROTO_UDP &&
	       resolve_port(q, &listens) == FLOWTAB_PORT_KERNEL;
}

/*
 * The kernel has no bytes and no datagrams of its own without a socket, but
 * for its tunnels.
 */
static bool is_of_a_socket(const struct question *q)
{
	const struct flow_key *sent = &q->p->outer.key;

	if (sent->proto == IPPROTO_TCP)
		return q->p->outer.tcp_payload;
	if (sent->proto != IPPROTO_UDP && sent->proto != IPPROTO_UDPLITE)
		return false;
	return !q->p->is_tunnel && !resolve_is_tunnels(q, sent);
}

void resolve_no_socket(struct question *q, bool sends, struct verdict_end *end)
{
	bool untold = sends ? is_of_a_socket(q) : resolve_may_be_delivered(q);
	uint8_t doubt = resolve_doubt(q);

	if (sends && untold)
		q->r->untracked_until_ns = q->ts_ns + UNTRACKED_NS;
	if (!doubt && untold)
		doubt = REASON_NO_SOCKET;
	if (doubt)
		verdict_end_set(end, ATTR_UNKNOWN, doubt);
	else if (sends && q->p->outer.tcp_flags & PACKET_TCP_RST)
		verdict_end_set(end, ATTR_KERNEL, REASON_RESET);
	else
		verdict_end_set(end, ATTR_KERNEL, port_reason(q, sends));
}
