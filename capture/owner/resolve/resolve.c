/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/resolve_parts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "owner/resolve/fragments.h"
#include "owner/local/local.h"
#include "packet/raw_packet.h"
#include "process/proctab.h"

struct resolver *resolver_new(struct flowtab *flows, struct packettab *packets,
			      const struct local *local, const struct nat *nat,
			      uint64_t netns)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->flows = flows;
	r->packets = packets;
	r->told_until_ns = UINT64_MAX;
	r->local = local;
	r->nat = nat;
	r->netns = netns;
	r->fragments = fragments_new();
	if (r->fragments)
		return r;
	free(r);
	return NULL;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	fragments_free(r->fragments);
	free(r);
}

void resolver_doubt(struct resolver *r, uint8_t reason, uint64_t until_ns)
{
	r->doubt = reason;
	r->doubt_until_ns = until_ns;
}

void resolver_claim_nothing(struct resolver *r, uint8_t reason)
{
	r->blind = reason;
}

void resolver_expect_delays(struct resolver *r, bool expected)
{
	r->delays = expected;
}

void resolver_watch_arrivals(struct resolver *r, const struct arrivals *a)
{
	r->arrivals = a;
}

void resolver_watch_reads(struct resolver *r, const struct unread *u)
{
	r->unread = u;
}

void resolver_told_until(struct resolver *r, uint64_t mono_ns)
{
	r->told_until_ns = mono_ns;
}

/* This host refuses it as a rule, whoever has a socket for it. */
static bool is_suspect(const struct question *q)
{
	return q->is_forged || (q->from_wire && q->p->outer.source_routed);
}

static bool resolve_flow(struct question *q, struct verdict *v)
{
	const struct flow_key *sent = &q->p->outer.key;
	bool settled;

	q->asked = fragments_whole(q->r->fragments, &q->p->outer, q->ts_ns);
	if (!q->asked) {
		if (local_has(q->r->local, sent->local))
			verdict_end_set(&v->src, ATTR_UNKNOWN, REASON_FRAGMENT);
		if (local_has(q->r->local, sent->remote))
			verdict_end_set(&v->dst, ATTR_UNKNOWN, REASON_FRAGMENT);
		return true;
	}
	settled = resolve_ends(q, v);
	resolve_arrival(q, v);
	if (v->dst.owner && is_suspect(q))
		verdict_end_set(&v->dst, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	if (q->p->outer.fragment && !q->p->outer.first_fragment) {
		verdict_end_by_flow(&v->src);
		verdict_end_by_flow(&v->dst);
	}
	if (q->p->is_tunnel)
		settled = resolve_tunnel(q, v) && settled;
	resolve_read(q, v);
	return settled;
}

static uint8_t direction_of(const struct question *q, const struct verdict *v)
{
	if (v->src.attr == ATTR_FORWARDED)
		return DIRECTION_FORWARDED;
	/* What came in was sent elsewhere, whatever it says. */
	if (verdict_end_is_here(&v->src) && !q->is_forged)
		return verdict_end_is_here(&v->dst) ? DIRECTION_LOCAL :
						      DIRECTION_OUT;
	return verdict_end_is_here(&v->dst) ? DIRECTION_IN : DIRECTION_UNKNOWN;
}

/* Only the wire's direction tells which end is here. */
static void resolve_by_direction(struct verdict *v, uint8_t direction,
				 uint8_t attr, uint8_t reason)
{
	if (direction == SOURCE_OUT)
		verdict_end_set(&v->src, attr, reason);
	else
		verdict_end_set(&v->dst, attr, reason);
}

/* ARP and the like are the kernel's, unless a process made the frame. */
static void resolve_frame(struct question *q, struct verdict *v)
{
	if (q->direction == SOURCE_OUT &&
	    resolve_ask(q, &q->p->outer.key, true, &v->src))
		return;
	resolve_by_direction(v, q->direction, ATTR_KERNEL, REASON_NOT_IP);
}

static void resolve_neither(const struct question *q, struct verdict *v)
{
	uint8_t doubt = resolve_doubt(q);
	bool unspecified = address_is_unspecified(q->p->outer.key.local);

	if (local_is_group(q->r->local, q->p->outer.key.remote) ||
	    (unspecified && q->direction == SOURCE_OUT)) {
		resolve_by_direction(v, q->direction, ATTR_KERNEL,
				     REASON_NO_SOCKET);
		if (doubt)
			resolve_by_direction(v, q->direction, ATTR_UNKNOWN,
					     doubt);
		return;
	}
	verdict_end_set(&v->src, ATTR_FORWARDED, REASON_NONE);
	verdict_end_set(&v->dst, ATTR_FORWARDED, REASON_NONE);
}

/* Of what ICMP has for the kernel only an answer may be for somebody else. */
static bool is_for_kernel(const struct question *q, const struct verdict *v)
{
	return v->dst.attr == ATTR_KERNEL && v->dst.reason == REASON_ICMP &&
	       !q->p->is_error &&
	       q->p->outer.key.remote_port != FLOW_ECHO_ANSWERS;
}

/*
 * A frame that no socket of the flow got, or a datagram whose holder has not
 * read it: a process may have read it through a packet socket, as DHCP clients
 * and LLDP daemons do.
 */
static void resolve_copy(struct question *q, struct verdict *v)
{
	const struct flow_key *sent = &q->p->outer.key;
	struct packettab_packet query = {
		.key = q->p->kind == PACKET_IP ? flow_reversed(sent) : *sent,
		.fingerprint = q->p->outer.fingerprint,
		.mono_ns = q->ts_ns,
		.netns = q->r->netns,
		.copy = true,
	};
	const struct packettab_packet *told;

	if (!packettab_copies_expected(q->r->packets, q->ts_ns) ||
	    is_for_kernel(q, v))
		return;
	if (packettab_find(q->r->packets, &query, &told) != PACKETTAB_FOUND) {
		q->waits = true;
		return;
	}
	v->dst = (struct verdict_end){ .owner = told->owner,
				       .tid = told->tid,
				       .attr = told->attr };
	if (v->src.attr == ATTR_FORWARDED)
		verdict_end_set(&v->src, ATTR_NONE, REASON_NONE);
}

/* A connection is its holder's, who may read late: whoever else listens in. */
static bool is_unread_datagram(const struct packet *p, const struct verdict *v)
{
	return v->dst.attr == ATTR_HOLDER && p->outer.key.proto != IPPROTO_TCP;
}

static void forget_end(struct verdict_end *end)
{
	if (end->owner || end->attr == ATTR_KERNEL)
		verdict_end_set(end, ATTR_UNKNOWN, REASON_LOST);
}

void verdict_forget(struct verdict *v)
{
	v->other_count = 0;
	forget_end(&v->src);
	forget_end(&v->dst);
}

/* Its owner is known, and the same program since; or it is not on this host. */
static bool is_steady_end(const struct verdict_end *end, uint64_t ts_ns)
{
	const struct program *program;

	if (!end->owner)
		return end->attr == ATTR_NONE;
	program = end->owner->program;
	return !program || program->from_mono_ns <= ts_ns;
}

static bool is_steady_verdict(const struct question *q, const struct verdict *v)
{
	return q->steady && !q->waits && q->p->kind == PACKET_IP &&
	       (v->dst.owner || (v->src.owner && q->direction != SOURCE_IN)) &&
	       is_steady_end(&v->src, q->ts_ns) &&
	       is_steady_end(&v->dst, q->ts_ns);
}

/* False while what is not known at once may still come. */
static bool resolve_kind(struct question *q, struct verdict *v)
{
	switch (q->p->kind) {
	case PACKET_NOT_IP:
		resolve_frame(q, v);
		return true;
	case PACKET_MALFORMED:
		resolve_by_direction(v, q->direction, ATTR_UNKNOWN,
				     REASON_MALFORMED);
		return true;
	default:
		return q->p->is_error ? resolve_error(q, v) :
					resolve_flow(q, v);
	}
}

bool resolve(struct resolver *r, const struct packet *p, uint64_t ts_ns,
	     uint8_t direction, struct verdict *v)
{
	struct question q = {
		.r = r,
		.p = p,
		.ts_ns = ts_ns,
		.direction = direction,
		.asked = &p->outer,
		/* What an error is about went the other way. */
		.from_wire = direction == SOURCE_IN && !p->is_error,
		.steady = true,
	};
	bool settled;

	r->other_count = 0;
	memset(v, 0, sizeof(*v));
	settled = resolve_kind(&q, v);
	if (!verdict_end_is_here(&v->src) && !verdict_end_is_here(&v->dst))
		resolve_neither(&q, v);
	if (is_unread_datagram(p, v) ||
	    (direction != SOURCE_OUT && !v->dst.owner))
		resolve_copy(&q, v);
	if (v->dst.owner) {
		v->others = r->others;
		v->other_count = r->other_count;
	}
	v->direction = direction_of(&q, v);
	v->steady = is_steady_verdict(&q, v);
	v->unread = q.unread;
	return settled && !q.waits;
}

bool resolver_holds(struct resolver *r, const struct packet *p, uint64_t ts_ns,
		    uint8_t direction, const struct verdict *v)
{
	const struct question q = {
		.r = r,
		.p = p,
		.ts_ns = ts_ns,
		.direction = direction,
	};

	return !v->dst.owner || (resolve_has_arrived(&q) &&
				 resolve_is_read(r, &p->outer, ts_ns, v));
}
