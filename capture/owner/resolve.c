/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "owner/arrivals.h"
#include "owner/nat.h"
#include "owner/packettab.h"
#include "owner/local.h"
#include "process/proctab.h"
#include "record.h"
#include "packet/raw_packet.h"

#define FRAGMENTS    1024
#define TOLD_NS	     2000000ull	    /* from a packet to its receiver's event */
#define UNTRACKED_NS 60000000000ull /* after the last sign of it */
#define FRAGMENT_NS  30000000000ull /* ipfrag_time: then reassembly gives up */

/* A datagram, remembered from its first fragment. */
struct fragmented {
	struct packet_traits whole; /* key, fingerprint and fragment_id */
	uint64_t ts_ns;
};

struct resolver {
	struct flowtab *flows;
	struct packettab *packets;
	const struct local *local;
	const struct nat *nat;
	const struct arrivals *arrivals;	/* NULL: nobody tells */
	uint64_t netns;
	uint8_t blind;			/* enum reason: doubt for good */
	uint8_t doubt;			/* enum reason; 0: none */
	uint64_t doubt_until_ns;
	uint64_t told_until_ns;
	bool delays;			/* before what came gets to its socket */
	uint64_t untracked_until_ns;	/* addresses are translated unseen */
	struct verdict_end others[VERDICT_OTHERS];	/* of the last verdict */
	uint8_t other_count;
	struct fragmented fragments[FRAGMENTS];
};

/* A packet that is asked about, and what its answers have told so far. */
struct question {
	struct resolver *r;
	const struct packet *p;
	uint64_t ts_ns;
	uint8_t direction;		/* enum source_direction */
	const struct packet_traits *asked;	/* of p, or its whole datagram */
	bool from_wire;
	bool reader_here;		/* in the namespace that is captured */
	uint16_t reader_port;
	bool is_forged;			/* it came in, and says that it is ours */
	bool waits;			/* its own event may still come */
	bool steady;			/* only its flow's history was asked */
};

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
	return r;
}

void resolver_free(struct resolver *r)
{
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

/* Why it is not certain that nobody has what no event tells of; 0: it is. */
static uint8_t doubt_of(const struct question *q)
{
	if (q->p->outer.no_ports)
		return REASON_MALFORMED;
	if (q->r->blind)
		return q->r->blind;
	return q->ts_ns <= q->r->doubt_until_ns ? q->r->doubt : REASON_NONE;
}

void resolver_told_until(struct resolver *r, uint64_t mono_ns)
{
	r->told_until_ns = mono_ns;
}

/* ---- fragments ---- */

static struct fragmented *fragment_slot(struct resolver *r,
					const struct packet_traits *t)
{
	uint32_t h = t->fragment_id * 2654435761u;

	for (int i = 0; i < 16; i++)
		h = (h ^ t->key.local[i] ^ (uint32_t)t->key.remote[i] << 8) *
		    16777619u;
	return &r->fragments[h % FRAGMENTS];
}

static void keep_fragment(struct fragmented *f, const struct packet_traits *t,
			  uint64_t ts_ns)
{
	*f = (struct fragmented){ .whole = { .key = t->key,
					     .fingerprint = t->fingerprint,
					     .fragment_id = t->fragment_id },
				  .ts_ns = ts_ns };
}

/*
 * IPv4's identification counts for each protocol; in IPv6 a later fragment need
 * not know what the first one held behind extensions.
 */
static bool is_of_datagram(const struct packet_traits *whole,
			   const struct packet_traits *t)
{
	const struct flow_key *a = &whole->key, *b = &t->key;

	return whole->fragment_id == t->fragment_id &&
	       (!address_is_ipv4(b->local) || a->proto == b->proto) &&
	       !memcmp(a->local, b->local, sizeof(a->local)) &&
	       !memcmp(a->remote, b->remote, sizeof(a->remote));
}

/* The whole datagram; NULL if its first fragment was not seen. */
static const struct packet_traits *
defragment(struct resolver *r, const struct packet_traits *t, uint64_t ts_ns)
{
	struct fragmented *f;

	if (!t->fragment)
		return t;
	f = fragment_slot(r, t);
	if (t->first_fragment) {
		keep_fragment(f, t, ts_ns);
		return t;
	}
	if (f->ts_ns + FRAGMENT_NS < ts_ns || !is_of_datagram(&f->whole, t))
		return NULL;
	return &f->whole;
}

/* ---- one end ---- */

static void set_attr(struct verdict_end *end, uint8_t attr, uint8_t reason)
{
	*end = (struct verdict_end){ .attr = attr, .reason = reason };
}

static struct verdict_end told_end(const struct packettab_packet *told)
{
	return (struct verdict_end){
		.owner = told->owner,
		.as_of_ns = told->pending || told->sends ? told->mono_ns : 0,
		.tid = told->tid,
		.attr = told->attr,
	};
}

/* Who else has read it: several sockets got a copy each. */
static void take_others(struct question *q)
{
	const struct packettab_packet *readers;
	unsigned count;

	readers = packettab_readers(q->r->packets, &count);
	q->r->other_count = 0;
	for (unsigned i = 1; i < count; i++)
		if (readers[i].owner && !proc_forgot(readers[i].owner, q->ts_ns))
			q->r->others[q->r->other_count++] =
				told_end(&readers[i]);
}

/* Whether the packet's own event decides, not its flow's history. */
static enum packettab_found ask_packet(struct question *q,
				       const struct flow_key *key, bool sends,
				       struct verdict_end *end, bool *here)
{
	struct packettab_packet query = {
		.key = *key,
		.fingerprint = q->asked->fingerprint,
		.mono_ns = q->ts_ns,
		.netns = q->r->netns,
		.sends = sends,
	};
	const struct packettab_packet *told = NULL;
	enum packettab_found found = packettab_find(q->r->packets, &query,
						    &told);

	q->waits |= found == PACKETTAB_MISSING || found == PACKETTAB_AWAITED;
	if (found == PACKETTAB_NOT_SHARED || found == PACKETTAB_AWAITED)
		return found;
	if (found == PACKETTAB_FOUND)
		*here = told->netns == q->r->netns;
	set_attr(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	if (told && told->owner && found != PACKETTAB_AMBIGUOUS)
		*end = told_end(told);
	if (!sends)
		take_others(q);
	return found;
}

/* Another socket gets a flow's datagrams before this is told. */
static bool may_be_another(const struct resolver *r, uint8_t proto,
			   uint64_t ts_ns)
{
	return proto != IPPROTO_TCP && ts_ns + TOLD_NS > r->told_until_ns;
}

bool resolver_is_early(const struct resolver *r, const struct packet *p,
		       uint64_t ts_ns, const struct verdict *v)
{
	return v->dst.owner && may_be_another(r, p->outer.key.proto, ts_ns);
}

/* Whose the flow is, but for what others, or nobody yet, may have of it. */
static bool ask_flow(struct question *q, const struct flowtab_query *query,
		     struct flowtab_answer *a, struct verdict_end *end)
{
	bool found = flowtab_find(q->r->flows, query, a);

	*end = (struct verdict_end){ .owner = a->owner,
				     .as_of_ns = a->as_of_ns,
				     .tid = a->tid,
				     .attr = a->attr,
				     .reason = a->reason };
	/* Its socket has ended, and another may get it later. */
	if (q->r->delays && !query->sends && end->attr == ATTR_KERNEL &&
	    query->key.proto != IPPROTO_TCP && end->owner)
		set_attr(end, ATTR_UNKNOWN, REASON_NO_SOCKET);
	q->steady &= !found || a->steady;
	/* Another socket may have taken the place of the last. */
	if (found && !query->sends &&
	    (a->waits || q->r->delays ||
	     may_be_another(q->r, query->key.proto, query->ts_ns)))
		q->waits = true;
	return found;
}

/* So says each host that has no address yet. */
static bool is_unspecified(const __u8 addr[16])
{
	static const __u8 any6[16], any4[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, any6, 16) || !memcmp(addr, any4, 16);
}

/* Anybody on the wire can write the address of a socket of ours. */
static void call_forged(struct question *q, struct verdict_end *end)
{
	set_attr(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	q->is_forged = true;
}

static bool ask(struct question *q, const struct flow_key *key, bool sends,
		struct verdict_end *end)
{
	struct flowtab_query query = {
		.key = *key,
		.ts_ns = q->ts_ns,
		.netns = q->r->netns,
		.sends = sends,
		.sequence = q->asked->tcp_seq,
		.data = key->proto == IPPROTO_TCP && q->asked->tcp_payload,
		.syn = q->asked->tcp_flags & PACKET_TCP_SYN,
		.rst = q->asked->tcp_flags & PACKET_TCP_RST,
	};
	enum packettab_found told = PACKETTAB_NOT_SHARED;
	struct flowtab_answer a = { 0 };
	bool found = true;

	/* Of a connection only what is read is told packet by packet. */
	if ((key->proto != IPPROTO_TCP || q->asked->tcp_payload) &&
	    !packettab_is_quiet(q->r->packets, key, q->ts_ns)) {
		q->steady = false;
		told = ask_packet(q, key, sends, end, &a.here);
	}
	if (told == PACKETTAB_NOT_SHARED || told == PACKETTAB_AWAITED)
		found = ask_flow(q, &query, &a, end);
	if (told == PACKETTAB_AWAITED &&
	    (end->attr == ATTR_SOCKET || end->attr == ATTR_SCAN))
		end->attr = ATTR_HOLDER;
	if (end->owner && proc_forgot(end->owner, q->ts_ns))
		set_attr(end, ATTR_UNKNOWN, REASON_LOST);
	if (!sends) {
		q->reader_here = a.here;
		q->reader_port = key->local_port;
	}
	if (!found || !sends || !q->from_wire || !a.here)
		return found;
	if (is_unspecified(key->local)) {
		set_attr(end, ATTR_NONE, REASON_NONE);
		return false;
	}
	call_forged(q, end);
	return true;
}

/*
 * A connection from before the capture that nobody has accepted yet has no
 * owner but its listener's.
 */
static void ask_listener(struct question *q, struct flow_key key,
			 struct verdict_end *end)
{
	static const __u8 any4[4];
	bool ipv4 = address_is_ipv4(key.local);
	struct verdict_end listener;

	memset(key.remote, 0, sizeof(key.remote));
	if (ipv4)
		address_from_ipv4(key.remote, any4);
	key.remote_port = 0;
	ask(q, &key, false, &listener);
	if (!listener.owner) {
		memcpy(key.local, key.remote, sizeof(key.local));
		ask(q, &key, false, &listener);
	}
	if (!listener.owner && ipv4) {
		memset(key.local, 0, sizeof(key.local));
		memset(key.remote, 0, sizeof(key.remote));
		ask(q, &key, false, &listener);
	}
	if (listener.owner && listener.attr == ATTR_LISTENER)
		*end = listener;
}

/* Who has the port of the key's local end. */
static enum flowtab_port ask_port(const struct question *q,
				  const struct flow_key *key)
{
	const struct flowtab_query query = {
		.key = *key,
		.ts_ns = q->ts_ns,
		.netns = q->r->netns,
	};

	return flowtab_port(q->r->flows, &query);
}

/* A port of ours to which, or from which, no event told of this packet. */
static uint8_t port_reason(const struct question *q, bool sends)
{
	const struct flow_key *sent = &q->p->outer.key;
	struct flow_key key = sends ? *sent : flow_reversed(sent);

	if (key.proto == IPPROTO_ICMP || key.proto == IPPROTO_ICMPV6)
		return REASON_ICMP;
	if (sends && q->p->is_tunnel)
		return REASON_KERNEL_SOCKET;
	switch (ask_port(q, &key)) {
	case FLOWTAB_PORT_KERNEL:
		return REASON_KERNEL_SOCKET;
	case FLOWTAB_PORT_BOUND:
		return sends ? REASON_NO_SOCKET : REASON_NOT_DELIVERED;
	default:
		return REASON_NO_SOCKET;
	}
}

/*
 * Whether a socket may get it that no event has told of: later, or by another
 * address, as in segment routing, which needs no tunnel's device.
 */
static bool may_be_delivered(const struct question *q)
{
	struct flow_key received = flow_reversed(&q->p->outer.key);

	return q->r->delays || q->p->outer.source_routed ||
	       q->ts_ns < q->r->untracked_until_ns ||
	       (q->p->is_tunnel && q->p->outer.key.proto != IPPROTO_UDP &&
		!local_has_tunnel(q->r->local, &received));
}

/* The kernel's tunnels send from any port to the one that they listen on. */
static bool is_tunnels(const struct question *q, const struct flow_key *sent)
{
	struct flow_key listens = *sent;

	listens.local_port = sent->remote_port;
	return sent->proto == IPPROTO_UDP &&
	       ask_port(q, &listens) == FLOWTAB_PORT_KERNEL;
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
	return !q->p->is_tunnel && !is_tunnels(q, sent);
}

/* An end of ours that has no socket. */
static void no_socket(struct question *q, bool sends, struct verdict_end *end)
{
	bool untold = sends ? is_of_a_socket(q) : may_be_delivered(q);
	uint8_t doubt = doubt_of(q);

	if (sends && untold)
		q->r->untracked_until_ns = q->ts_ns + UNTRACKED_NS;
	if (!doubt && untold)
		doubt = REASON_NO_SOCKET;
	if (doubt)
		set_attr(end, ATTR_UNKNOWN, doubt);
	else if (sends && q->p->outer.tcp_flags & PACKET_TCP_RST)
		set_attr(end, ATTR_KERNEL, REASON_RESET);
	else
		set_attr(end, ATTR_KERNEL, port_reason(q, sends));
}

static bool on_host(const struct verdict_end *end)
{
	return end->attr != ATTR_NONE;
}

/* ---- kinds of packets ---- */

static bool is_known(const struct verdict_end *end)
{
	return end->owner || end->attr == ATTR_KERNEL;
}

/*
 * Who sent what an ICMP error is about; an error from outside quotes it as it
 * was after address translation.
 */
static bool ask_quoted(struct question *q, struct verdict_end *end)
{
	struct nat_ends ends;

	q->asked = &q->p->inner;
	if (ask(q, &q->p->inner.key, true, end) && is_known(end))
		return true;
	return nat_find(q->r->nat, &q->p->inner.key, q->ts_ns, &ends) &&
	       ends.sender_sure && ask(q, &ends.sender, true, end) &&
	       is_known(end);
}

/* Whoever sent it has not been told of: what is rejected passes no hook. */
static bool is_untold(const struct packet *p)
{
	uint8_t proto = p->inner.key.proto;

	return proto == IPPROTO_UDP || proto == IPPROTO_TCP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP;
}

/* The sender of the packet that an ICMP error is about gets the error. */
static bool resolve_error(struct question *q, struct verdict *v)
{
	if (ask_quoted(q, &v->dst)) {
		if (v->dst.owner) {
			v->dst.attr = ATTR_FLOW;
			v->dst.reason = REASON_NONE;
		}
	} else if (local_has(q->r->local, q->p->outer.key.remote) &&
		   is_untold(q->p) && !is_tunnels(q, &q->p->inner.key)) {
		if (v->dst.attr != ATTR_UNKNOWN)
			set_attr(&v->dst, ATTR_UNKNOWN, REASON_NO_SOCKET);
	} else if (local_has(q->r->local, q->p->outer.key.remote)) {
		no_socket(q, false, &v->dst);
	}
	if (local_has(q->r->local, q->p->outer.key.local))
		set_attr(&v->src, ATTR_KERNEL, REASON_ICMP);
	return true;
}

static void mark_flow(struct verdict_end *end)
{
	if (end->attr == ATTR_SOCKET || end->attr == ATTR_SCAN ||
	    end->attr == ATTR_LISTENER || end->attr == ATTR_ACCEPTED ||
	    end->attr == ATTR_HOLDER)
		end->attr = ATTR_FLOW;
}

static bool unaccepted(const struct packet *p, const struct verdict_end *end)
{
	return p->outer.key.proto == IPPROTO_TCP && end->attr == ATTR_UNKNOWN &&
	       end->reason == REASON_BEFORE;
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
		return ask_port(q, &received) != FLOWTAB_PORT_KERNEL;
	return !local_has_tunnel(q->r->local, &received);
}

/*
 * A tunnel of the kernel's is nobody's; what goes through it is somebody's.
 * The inner packet passed its own sockets' hooks on the way.
 */
static bool resolve_tunnel(struct question *q, struct verdict *v)
{
	struct flow_key received = flow_reversed(&q->p->inner.key);
	struct verdict_end src, dst;
	bool settled;

	if (v->src.owner || v->dst.owner || is_refused(q))
		return true;
	q->asked = &q->p->inner;
	ask(q, &q->p->inner.key, true, &src);
	settled = ask(q, &received, false, &dst);
	/* Whose it is may be unknown: a process's it is. */
	if (src.owner || src.attr == ATTR_UNKNOWN)
		v->src = src;
	if (dst.owner || dst.attr == ATTR_UNKNOWN)
		v->dst = dst;
	mark_flow(&v->src);
	mark_flow(&v->dst);
	return settled;
}

/* The same for a key that the packet itself does not have. */
static bool ask_translated(struct question *q, const struct flow_key *key,
			   bool sends, struct verdict_end *end)
{
	struct verdict_end found;

	if (!ask(q, key, sends, &found))
		return false;
	*end = found;
	mark_flow(end);
	return true;
}

/* Of several translations none can be believed. */
static void believe_if(bool sure, struct verdict_end *end)
{
	if (!sure && on_host(end))
		set_attr(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
}

/*
 * Behind address translation the ends know the flow by other addresses.  What
 * answers a translated packet is told of as it leaves, with the addresses that
 * this one comes in with; its reader was told with those that it reads, so that
 * is asked for first.  Who is not found by either is on another host.
 */
static bool resolve_ends(struct question *q, struct verdict *v)
{
	const struct flow_key *sent = &q->asked->key;
	struct flow_key received = flow_reversed(sent);
	struct nat_ends ends;
	bool translated = nat_find(q->r->nat, sent, q->ts_ns, &ends);
	bool has_src, has_dst;

	/* Until it ends, as of a time that was told already. */
	q->steady &= !translated;
	/* Another may have taken its place, which is told as late. */
	q->waits |= translated && q->ts_ns + TOLD_NS > q->r->told_until_ns;
	/* The sender's event is told before the packet is captured. */
	has_src = ask(q, sent, true, &v->src);
	if (unaccepted(q->p, &v->src))
		ask_listener(q, *sent, &v->src);
	/* The receiver's comes after. */
	has_dst = (translated &&
		   memcmp(&ends.receiver, &received, sizeof(received)) &&
		   ask_translated(q, &ends.receiver, false, &v->dst)) ||
		  ask(q, &received, false, &v->dst);
	if (unaccepted(q->p, &v->dst))
		ask_listener(q, received, &v->dst);
	believe_if(!translated || ends.receiver_sure, &v->dst);
	if (has_src && has_dst)
		return true;
	if (translated) {
		if (!on_host(&v->src))
			ask_translated(q, &ends.sender, true, &v->src);
		believe_if(has_src || ends.sender_sure, &v->src);
		return has_dst || on_host(&v->dst);
	}
	if (!has_src && local_has(q->r->local, sent->local)) {
		if (q->from_wire)
			call_forged(q, &v->src);
		else
			no_socket(q, true, &v->src);
	}
	if (!has_dst && local_has(q->r->local, sent->remote))
		no_socket(q, false, &v->dst);
	return has_dst;
}

/*
 * Of a packet that comes in, if no other namespace, process or queue is on its
 * way.  What has no bytes may be for a connection in TIME_WAIT, which has no
 * socket left.
 */
static enum arrived find_arrival(const struct question *q, uint16_t port)
{
	if ((q->direction != SOURCE_IN && q->direction != SOURCE_LOOPBACK) ||
	    !q->r->arrivals || q->r->delays || q->r->blind ||
	    (q->p->outer.key.proto == IPPROTO_TCP && !q->p->outer.tcp_payload) ||
	    local_is_group(q->r->local, q->p->outer.key.remote))
		return ARRIVED;
	return arrivals_find(q->r->arrivals, q->p->outer.arrival, port,
			     q->ts_ns);
}

bool resolver_has_arrived(struct resolver *r, const struct packet *p,
			  uint64_t ts_ns, uint8_t direction,
			  const struct verdict *v)
{
	const struct question q = {
		.r = r, .p = p, .ts_ns = ts_ns, .direction = direction,
	};

	return !v->dst.owner ||
	       find_arrival(&q, p->outer.key.remote_port) == ARRIVED;
}

/* The flow has a reader, and this packet may not have got there. */
static void refuse(struct question *q, struct verdict *v)
{
	enum arrived arrived = ARRIVED;
	uint8_t doubt = doubt_of(q);

	if (v->dst.owner && v->dst.attr != ATTR_KERNEL && q->reader_here)
		arrived = find_arrival(q, q->reader_port);
	if (arrived == ARRIVED)
		return;
	q->steady = false;
	if (arrived == ARRIVED_ELSEWHERE || may_be_delivered(q))
		doubt = doubt ? doubt : REASON_NO_SOCKET;
	if (q->ts_ns + TOLD_NS > q->r->told_until_ns)
		q->waits = true;
	else if (doubt)
		set_attr(&v->dst, ATTR_UNKNOWN, doubt);
	else
		set_attr(&v->dst, ATTR_KERNEL, REASON_NOT_DELIVERED);
}

/* What this host refuses as a rule, whoever has a socket for it. */
static bool is_suspect(const struct question *q)
{
	return q->is_forged || (q->from_wire && q->p->outer.source_routed);
}

static bool resolve_flow(struct question *q, struct verdict *v)
{
	const struct flow_key *sent = &q->p->outer.key;
	bool settled;

	q->asked = defragment(q->r, &q->p->outer, q->ts_ns);
	if (!q->asked) {
		if (local_has(q->r->local, sent->local))
			set_attr(&v->src, ATTR_UNKNOWN, REASON_FRAGMENT);
		if (local_has(q->r->local, sent->remote))
			set_attr(&v->dst, ATTR_UNKNOWN, REASON_FRAGMENT);
		return true;
	}
	settled = resolve_ends(q, v);
	refuse(q, v);
	if (v->dst.owner && is_suspect(q))
		set_attr(&v->dst, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	if (q->p->outer.fragment && !q->p->outer.first_fragment) {
		mark_flow(&v->src);
		mark_flow(&v->dst);
	}
	if (q->p->is_tunnel)
		settled = resolve_tunnel(q, v) && settled;
	return settled;
}

static uint8_t direction_of(const struct question *q, const struct verdict *v)
{
	if (v->src.attr == ATTR_FORWARDED)
		return DIRECTION_FORWARDED;
	/* What came in was sent elsewhere, whatever it says. */
	if (on_host(&v->src) && !q->is_forged)
		return on_host(&v->dst) ? DIRECTION_LOCAL : DIRECTION_OUT;
	return on_host(&v->dst) ? DIRECTION_IN : DIRECTION_UNKNOWN;
}

/* Only the wire's direction tells which end is here. */
static void resolve_by_direction(struct verdict *v, uint8_t direction,
				 uint8_t attr, uint8_t reason)
{
	if (direction == SOURCE_OUT)
		set_attr(&v->src, attr, reason);
	else
		set_attr(&v->dst, attr, reason);
}

/* ARP and the like are the kernel's, unless a process made the frame. */
static void resolve_frame(struct question *q, struct verdict *v)
{
	if (q->direction == SOURCE_OUT && ask(q, &q->p->outer.key, true, &v->src))
		return;
	resolve_by_direction(v, q->direction, ATTR_KERNEL, REASON_NOT_IP);
}

static void resolve_neither(const struct question *q, struct verdict *v)
{
	uint8_t doubt = doubt_of(q);
	bool unspecified = is_unspecified(q->p->outer.key.local);

	if (local_is_group(q->r->local, q->p->outer.key.remote) ||
	    (unspecified && q->direction == SOURCE_OUT)) {
		resolve_by_direction(v, q->direction, ATTR_KERNEL,
				     REASON_NO_SOCKET);
		if (doubt)
			resolve_by_direction(v, q->direction, ATTR_UNKNOWN,
					     doubt);
		return;
	}
	set_attr(&v->src, ATTR_FORWARDED, REASON_NONE);
	set_attr(&v->dst, ATTR_FORWARDED, REASON_NONE);
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

	if (!packettab_copies_expected(q->r->packets, q->ts_ns))
		return;
	if (packettab_find(q->r->packets, &query, &told) != PACKETTAB_FOUND) {
		q->waits = true;
		return;
	}
	v->dst = (struct verdict_end){ .owner = told->owner,
				       .tid = told->tid,
				       .attr = told->attr };
	if (v->src.attr == ATTR_FORWARDED)
		set_attr(&v->src, ATTR_NONE, REASON_NONE);
}

/* A connection is its holder's, who may read late: whoever else listens in. */
static bool is_unread_datagram(const struct packet *p, const struct verdict *v)
{
	return v->dst.attr == ATTR_HOLDER && p->outer.key.proto != IPPROTO_TCP;
}

static void forget_end(struct verdict_end *end)
{
	if (end->owner || end->attr == ATTR_KERNEL)
		set_attr(end, ATTR_UNKNOWN, REASON_LOST);
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
	if (!on_host(&v->src) && !on_host(&v->dst))
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
	return settled && !q.waits;
}
