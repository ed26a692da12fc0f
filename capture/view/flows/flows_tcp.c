/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <stdlib.h>

#include "packet/queue.h"
#include "view/flows/flows_parts.h"

#define AGAIN_NS 2000000ull /* seen on two interfaces, not sent twice */
#define LATE_NS	 3000000ull /* as in Wireshark, without an RTT */

static bool is_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

/*
 * A free one, or in its place what has been missing the longest.  Few flows have
 * any.  NULL without memory.
 */
static struct flow_hole *hole_for(struct flow_end *e)
{
	struct flow_hole *oldest;

	if (!e->holes)
		e->holes = calloc(FLOW_HOLES, sizeof(*e->holes));
	oldest = e->holes;
	for (int i = 0; oldest && i < FLOW_HOLES; i++) {
		struct flow_hole *h = &e->holes[i];

		if (h->begin == h->end)
			return h;
		if (h->since_ns < oldest->since_ns)
			oldest = h;
	}
	return oldest;
}

/*
 * Whether it only came late: it is seen for the first time, and sooner than
 * anybody can have been asked to send it again.
 */
static bool fills_hole(struct flow_end *e, uint32_t seq, uint32_t seq_end,
		       uint64_t ts_ns, uint64_t rtt_ns)
{
	for (int i = 0; e->holes && i < FLOW_HOLES; i++) {
		struct flow_hole *h = &e->holes[i], rest = *h;

		if (h->begin == h->end || is_after(h->begin, seq) ||
		    is_after(seq_end, h->end))
			continue;
		rest.begin = seq_end;
		h->end = seq;
		if (rest.begin != rest.end)
			*(h->begin == h->end ? h : hole_for(e)) = rest;
		return ts_ns - rest.since_ns < (rtt_ns ? rtt_ns : LATE_NS);
	}
	return false;
}

static void advance(struct flow_end *e, uint32_t seq, uint32_t seq_end,
		    uint64_t ts_ns)
{
	struct flow_hole *h = e->seq_known && is_after(seq, e->next_seq) ?
				      hole_for(e) :
				      NULL;

	if (h)
		*h = (struct flow_hole){ e->next_seq, seq, ts_ns };
	e->next_seq = seq_end;
}

static void count_retransmission(struct flow_end *e, const struct frame *h,
				 uint64_t rtt_ns)
{
	const struct packet_traits *p = &h->packet.outer;
	uint32_t len = p->tcp_payload + !!(p->tcp_flags & PACKET_TCP_SYN) +
		       !!(p->tcp_flags & PACKET_TCP_FIN);
	uint32_t seq_end = p->tcp_seq + len;
	bool again = p->tcp_seq == e->last_seq &&
		     h->ts_ns - e->last_ns < AGAIN_NS;
	/* One byte from before asks whether the other side still lives. */
	bool asks = len <= 1 && p->tcp_seq + 1 == e->next_seq &&
		    !(p->tcp_flags & (PACKET_TCP_SYN | PACKET_TCP_FIN));

	if (!len)
		return;
	if (!e->seq_known || is_after(seq_end, e->next_seq))
		advance(e, p->tcp_seq, seq_end, h->ts_ns);
	else if (!again && !asks &&
		 !fills_hole(e, p->tcp_seq, seq_end, h->ts_ns, rtt_ns))
		e->retransmissions++;
	e->seq_known = true;
	e->last_seq = p->tcp_seq;
	e->last_ns = h->ts_ns;
}

static void follow_handshake(struct flow *f, enum flow_side side,
			     const struct frame *h)
{
	uint8_t flags = h->packet.outer.tcp_flags;

	if (flags & PACKET_TCP_SYN && !(flags & ACK)) {
		f->state = FLOW_NEW;
		if (!f->syn_ns) {
			f->syn_ns = h->ts_ns;
			f->isn = h->packet.outer.tcp_seq;
		}
	} else if (f->state == FLOW_NEW && side == FLOW_CLIENT && flags & ACK) {
		f->state = FLOW_OPEN;
		/* After a second SYN nobody knows which one was answered. */
		if (f->syn_ns && !f->ends[FLOW_CLIENT].retransmissions)
			f->rtt_ns = h->ts_ns - f->syn_ns;
	}
}

static void follow_end(struct flow *f, enum flow_side side,
		       const struct packet_traits *p)
{
	struct flow_end *e = &f->ends[side], *other = &f->ends[!side];

	if (p->tcp_flags & PACKET_TCP_RST) {
		f->state = FLOW_RESET;
		return;
	}
	if (p->tcp_flags & PACKET_TCP_FIN) {
		e->fin = true;
		e->fin_seq = p->tcp_seq + p->tcp_payload + 1;
		f->state = FLOW_CLOSING;
	}
	if (e->fin && other->fin && p->tcp_flags & ACK &&
	    !is_after(other->fin_seq, p->tcp_ack))
		f->state = FLOW_CLOSED;
}

void flows_follow_tcp(struct flow *f, enum flow_side side,
		      const struct frame *h)
{
	if (h->packet.outer.fragment && !h->packet.outer.first_fragment)
		return;
	count_retransmission(&f->ends[side], h, f->rtt_ns);
	follow_handshake(f, side, h);
	if (f->state != FLOW_CLOSED && f->state != FLOW_RESET)
		follow_end(f, side, &h->packet.outer);
}

bool flows_begins_another(const struct flow *f, const struct packet_traits *p)
{
	if (f->key.proto != IPPROTO_TCP || p->tcp_flags & ACK ||
	    !(p->tcp_flags & PACKET_TCP_SYN))
		return false;
	return !f->syn_ns || f->isn != p->tcp_seq;
}

enum flow_over flows_how_replaced(const struct flow *f)
{
	return f->state == FLOW_CLOSED || f->state == FLOW_RESET ?
		       FLOW_ENDED :
		       FLOW_REPLACED;
}
