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

#define FRAGMENTS 1024
#define TOLD_NS	2000000ull	/* from a packet to its receiver's event */
#define UNTRACKED_NS 60000000000ull	/* after the last sign of it */
#define FRAGMENT_NS 30000000000ull	/* ipfrag_time: then reassembly gives up */

/* A datagram, remembered from its first fragment. */
struct fragmented {
	struct packet_traits whole;	/* key, fingerprint and fragment_id */
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
	const struct packet_traits *asked;	/* the packet that is resolved */
	bool delays;			/* before what came gets to its socket */
	uint64_t untracked_until_ns;	/* addresses are translated unseen */
	bool from_wire;
	bool reader_here;		/* in the namespace that is captured */
	uint16_t reader_port;
	bool is_forged;			/* it came in, and says that it is ours */
	bool waits;			/* its own event may still come */
	bool steady;			/* only its flow's history was asked */
	struct verdict_end others[VERDICT_OTHERS];
	uint8_t other_count;
	struct fragmented fragments[FRAGMENTS];
};

struct resolver *resolver_new(struct flowtab *flows, struct packettab *packets,
			      const struct local *local,
			      const struct nat *nat, uint64_t netns)
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
static uint8_t doubt_of(const struct resolver *r, const struct packet *p,
			uint64_t ts_ns)
{
	if (p->outer.no_ports)
		return REASON_MALFORMED;
	if (r->blind)
		return r->blind;
	return ts_ns <= r->doubt_until_ns ? r->doubt : REASON_NONE;
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
static const struct packet_traits *defragment(struct resolver *r,
					      const struct packet_traits *t,
					      uint64_t ts_ns)
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
static void take_others(struct resolver *r, uint64_t ts_ns)
{
	const struct packettab_packet *readers;
	unsigned count;

	readers = packettab_readers(r->packets, &count);
	r->other_count = 0;
	for (unsigned i = 1; i < count; i++)
		if (readers[i].owner && !proc_forgot(readers[i].owner, ts_ns))
			r->others[r->other_count++] = told_end(&readers[i]);
}

/* Whether the packet's own event decides, not its flow's history. */
static enum packettab_found ask_packet(struct resolver *r,
				       const struct flow_key *key, bool sends,
				       uint64_t ts_ns, struct verdict_end *end,
				       bool *here)
{
	struct packettab_packet q = {
		.key = *key,
		.fingerprint = r->asked->fingerprint,
		.mono_ns = ts_ns,
		.netns = r->netns,
		.sends = sends,
	};
	const struct packettab_packet *told = NULL;
	enum packettab_found found = packettab_find(r->packets, &q, &told);

	r->waits |= found == PACKETTAB_MISSING || found == PACKETTAB_AWAITED;
	if (found == PACKETTAB_NOT_SHARED || found == PACKETTAB_AWAITED)
		return found;
	if (found == PACKETTAB_FOUND)
		*here = told->netns == r->netns;
	set_attr(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	if (told && told->owner && found != PACKETTAB_AMBIGUOUS)
		*end = told_end(told);
	if (!sends)
		take_others(r, ts_ns);
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
static bool ask_flow(struct resolver *r, const struct flowtab_query *q,
		     struct flowtab_answer *a, struct verdict_end *end)
{
	bool found = flowtab_find(r->flows, q, a);

	*end = (struct verdict_end){ .owner = a->owner,
				     .as_of_ns = a->as_of_ns,
				     .tid = a->tid,
				     .attr = a->attr,
				     .reason = a->reason };
	/* Its socket has ended, and another may get it later. */
	if (r->delays && !q->sends && end->attr == ATTR_KERNEL &&
	    q->key.proto != IPPROTO_TCP && end->owner)
		set_attr(end, ATTR_UNKNOWN, REASON_NO_SOCKET);
	r->steady &= !found || a->steady;
	/* Another socket may have taken the place of the last. */
	if (found && !q->sends &&
	    (a->waits || r->delays || may_be_another(r, q->key.proto, q->ts_ns)))
		r->waits = true;
	return found;
}

/* So says each host that has no address yet. */
static bool is_unspecified(const __u8 addr[16])
{
	static const __u8 any6[16], any4[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, any6, 16) || !memcmp(addr, any4, 16);
}

/* Anybody on the wire can write the address of a socket of ours. */
static void call_forged(struct resolver *r, struct verdict_end *end)
{
	set_attr(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	r->is_forged = true;
}

static bool ask(struct resolver *r, const struct flow_key *key, bool sends,
		uint64_t ts_ns, struct verdict_end *end)
{
	struct flowtab_query q = {
		.key = *key,
		.ts_ns = ts_ns,
		.netns = r->netns,
		.sends = sends,
		.sequence = r->asked->tcp_seq,
		.data = key->proto == IPPROTO_TCP && r->asked->tcp_payload,
		.syn = r->asked->tcp_flags & PACKET_TCP_SYN,
		.rst = r->asked->tcp_flags & PACKET_TCP_RST,
	};
	enum packettab_found told = PACKETTAB_NOT_SHARED;
	struct flowtab_answer a = { 0 };
	bool found = true;

	/* Of a connection only what is read is told packet by packet. */
	if ((key->proto != IPPROTO_TCP || r->asked->tcp_payload) &&
	    !packettab_is_quiet(r->packets, key, ts_ns)) {
		r->steady = false;
		told = ask_packet(r, key, sends, ts_ns, end, &a.here);
	}
	if (told == PACKETTAB_NOT_SHARED || told == PACKETTAB_AWAITED)
		found = ask_flow(r, &q, &a, end);
	if (told == PACKETTAB_AWAITED &&
	    (end->attr == ATTR_SOCKET || end->attr == ATTR_SCAN))
		end->attr = ATTR_HOLDER;
	if (end->owner && proc_forgot(end->owner, ts_ns))
		set_attr(end, ATTR_UNKNOWN, REASON_LOST);
	if (!sends) {
		r->reader_here = a.here;
		r->reader_port = key->local_port;
	}
	if (!found || !sends || !r->from_wire || !a.here)
		return found;
	if (is_unspecified(key->local)) {
		set_attr(end, ATTR_NONE, REASON_NONE);
		return false;
	}
	call_forged(r, end);
	return true;
}

/*
 * A connection from before the capture that nobody has accepted yet has no
 * owner but its listener's.
 */
static void ask_listener(struct resolver *r, struct flow_key key,
			 uint64_t ts_ns, struct verdict_end *end)
{
	static const __u8 any4[4];
	bool ipv4 = address_is_ipv4(key.local);
	struct verdict_end listener;

	memset(key.remote, 0, sizeof(key.remote));
	if (ipv4)
		address_from_ipv4(key.remote, any4);
	key.remote_port = 0;
	ask(r, &key, false, ts_ns, &listener);
	if (!listener.owner) {
		memcpy(key.local, key.remote, sizeof(key.local));
		ask(r, &key, false, ts_ns, &listener);
	}
	if (!listener.owner && ipv4) {
		memset(key.local, 0, sizeof(key.local));
		memset(key.remote, 0, sizeof(key.remote));
		ask(r, &key, false, ts_ns, &listener);
	}
	if (listener.owner && listener.attr == ATTR_LISTENER)
		*end = listener;
}

/* Who has the port of the key's local end. */
static enum flowtab_port ask_port(const struct resolver *r,
				  const struct flow_key *key, uint64_t ts_ns)
{
	const struct flowtab_query q = {
		.key = *key,
		.ts_ns = ts_ns,
		.netns = r->netns,
	};

	return flowtab_port(r->flows, &q);
}

/* A port of ours to which, or from which, no event told of this packet. */
static uint8_t port_reason(const struct resolver *r, const struct packet *p,
			   bool sends, uint64_t ts_ns)
{
	const struct flow_key *sent = &p->outer.key;
	struct flow_key key = sends ? *sent : flow_reversed(sent);

	if (key.proto == IPPROTO_ICMP || key.proto == IPPROTO_ICMPV6)
		return REASON_ICMP;
	if (sends && p->is_tunnel)
		return REASON_KERNEL_SOCKET;
	switch (ask_port(r, &key, ts_ns)) {
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
static bool may_be_delivered(const struct resolver *r, const struct packet *p,
			     uint64_t ts_ns)
{
	struct flow_key received = flow_reversed(&p->outer.key);

	return r->delays || p->outer.source_routed ||
	       ts_ns < r->untracked_until_ns ||
	       (p->is_tunnel && p->outer.key.proto != IPPROTO_UDP &&
		!local_has_tunnel(r->local, &received));
}

/* The kernel's tunnels send from any port to the one that they listen on. */
static bool is_tunnels(const struct resolver *r, const struct flow_key *sent,
		       uint64_t ts_ns)
{
	struct flow_key listens = *sent;

	listens.local_port = sent->remote_port;
	return sent->proto == IPPROTO_UDP &&
	       ask_port(r, &listens, ts_ns) == FLOWTAB_PORT_KERNEL;
}

/*
 * The kernel has no bytes and no datagrams of its own without a socket, but
 * for its tunnels.
 */
static bool is_of_a_socket(const struct resolver *r, const struct packet *p,
			   uint64_t ts_ns)
{
	const struct flow_key *sent = &p->outer.key;

	if (sent->proto == IPPROTO_TCP)
		return p->outer.tcp_payload;
	if (sent->proto != IPPROTO_UDP && sent->proto != IPPROTO_UDPLITE)
		return false;
	return !p->is_tunnel && !is_tunnels(r, sent, ts_ns);
}

/* An end of ours that has no socket. */
static void no_socket(struct resolver *r, const struct packet *p,
		      bool sends, uint64_t ts_ns, struct verdict_end *end)
{
	bool untold = sends ? is_of_a_socket(r, p, ts_ns) :
			      may_be_delivered(r, p, ts_ns);
	uint8_t doubt = doubt_of(r, p, ts_ns);

	if (sends && untold)
		r->untracked_until_ns = ts_ns + UNTRACKED_NS;
	if (!doubt && untold)
		doubt = REASON_NO_SOCKET;
	if (doubt)
		set_attr(end, ATTR_UNKNOWN, doubt);
	else if (sends && p->outer.tcp_flags & PACKET_TCP_RST)
		set_attr(end, ATTR_KERNEL, REASON_RESET);
	else
		set_attr(end, ATTR_KERNEL, port_reason(r, p, sends, ts_ns));
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
static bool ask_quoted(struct resolver *r, const struct packet *p,
		       uint64_t ts_ns, struct verdict_end *end)
{
	struct nat_ends ends;

	r->asked = &p->inner;
	if (ask(r, &p->inner.key, true, ts_ns, end) && is_known(end))
		return true;
	return nat_find(r->nat, &p->inner.key, ts_ns, &ends) &&
	       ends.sender_sure &&
	       ask(r, &ends.sender, true, ts_ns, end) && is_known(end);
}

/* Whoever sent it has not been told of: what is rejected passes no hook. */
static bool is_untold(const struct packet *p)
{
	uint8_t proto = p->inner.key.proto;

	return proto == IPPROTO_UDP || proto == IPPROTO_TCP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP;
}

/* The sender of the packet that an ICMP error is about gets the error. */
static bool resolve_error(struct resolver *r, const struct packet *p,
			  uint64_t ts_ns, struct verdict *v)
{
	if (ask_quoted(r, p, ts_ns, &v->dst)) {
		if (v->dst.owner) {
			v->dst.attr = ATTR_FLOW;
			v->dst.reason = REASON_NONE;
		}
	} else if (local_has(r->local, p->outer.key.remote) && is_untold(p) &&
		   !is_tunnels(r, &p->inner.key, ts_ns)) {
		if (v->dst.attr != ATTR_UNKNOWN)
			set_attr(&v->dst, ATTR_UNKNOWN, REASON_NO_SOCKET);
	} else if (local_has(r->local, p->outer.key.remote)) {
		no_socket(r, p, false, ts_ns, &v->dst);
	}
	if (local_has(r->local, p->outer.key.local))
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
static bool is_refused(const struct resolver *r, const struct packet *p,
		       uint64_t ts_ns)
{
	struct flow_key received = flow_reversed(&p->outer.key);

	if (!r->from_wire || !local_has(r->local, p->outer.key.remote))
		return false;
	if (p->outer.key.proto == IPPROTO_UDP)
		return ask_port(r, &received, ts_ns) != FLOWTAB_PORT_KERNEL;
	return !local_has_tunnel(r->local, &received);
}

/*
 * A tunnel of the kernel's is nobody's; what goes through it is somebody's.
 * The inner packet passed its own sockets' hooks on the way.
 */
static bool resolve_tunnel(struct resolver *r, const struct packet *p,
			   uint64_t ts_ns, struct verdict *v)
{
	struct flow_key received = flow_reversed(&p->inner.key);
	struct verdict_end src, dst;
	bool settled;

	if (v->src.owner || v->dst.owner || is_refused(r, p, ts_ns))
		return true;
	r->asked = &p->inner;
	ask(r, &p->inner.key, true, ts_ns, &src);
	settled = ask(r, &received, false, ts_ns, &dst);
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
static bool ask_translated(struct resolver *r, const struct flow_key *key,
			   bool sends, uint64_t ts_ns, struct verdict_end *end)
{
	struct verdict_end found;

	if (!ask(r, key, sends, ts_ns, &found))
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
static bool resolve_ends(struct resolver *r, const struct packet *p,
			 uint64_t ts_ns, struct verdict *v)
{
	const struct flow_key *sent = &r->asked->key;
	struct flow_key received = flow_reversed(sent);
	struct nat_ends ends;
	bool translated = nat_find(r->nat, sent, ts_ns, &ends);
	bool has_src, has_dst;

	/* Until it ends, as of a time that was told already. */
	r->steady &= !translated;
	/* Another may have taken its place, which is told as late. */
	r->waits |= translated && ts_ns + TOLD_NS > r->told_until_ns;
	/* The sender's event is told before the packet is captured. */
	has_src = ask(r, sent, true, ts_ns, &v->src);
	if (unaccepted(p, &v->src))
		ask_listener(r, *sent, ts_ns, &v->src);
	/* The receiver's comes after. */
	has_dst = (translated &&
		   memcmp(&ends.receiver, &received, sizeof(received)) &&
		   ask_translated(r, &ends.receiver, false, ts_ns, &v->dst)) ||
		  ask(r, &received, false, ts_ns, &v->dst);
	if (unaccepted(p, &v->dst))
		ask_listener(r, received, ts_ns, &v->dst);
	believe_if(!translated || ends.receiver_sure, &v->dst);
	if (has_src && has_dst)
		return true;
	if (translated) {
		if (!on_host(&v->src))
			ask_translated(r, &ends.sender, true, ts_ns, &v->src);
		believe_if(has_src || ends.sender_sure, &v->src);
		return has_dst || on_host(&v->dst);
	}
	if (!has_src && local_has(r->local, sent->local)) {
		if (r->from_wire)
			call_forged(r, &v->src);
		else
			no_socket(r, p, true, ts_ns, &v->src);
	}
	if (!has_dst && local_has(r->local, sent->remote))
		no_socket(r, p, false, ts_ns, &v->dst);
	return has_dst;
}

/*
 * Of a packet that comes in, if no other namespace, process or queue is on its
 * way.  What has no bytes may be for a connection in TIME_WAIT, which has no
 * socket left.
 */
static enum arrived find_arrival(const struct resolver *r,
				 const struct packet *p, uint64_t ts_ns,
				 uint8_t direction, uint16_t port)
{
	if ((direction != SOURCE_IN && direction != SOURCE_LOOPBACK) ||
	    !r->arrivals || r->delays || r->blind ||
	    (p->outer.key.proto == IPPROTO_TCP && !p->outer.tcp_payload) ||
	    local_is_group(r->local, p->outer.key.remote))
		return ARRIVED;
	return arrivals_find(r->arrivals, p->outer.arrival, port, ts_ns);
}

bool resolver_has_arrived(const struct resolver *r, const struct packet *p,
			  uint64_t ts_ns, uint8_t direction,
			  const struct verdict *v)
{
	uint16_t port = p->outer.key.remote_port;

	return !v->dst.owner ||
	       find_arrival(r, p, ts_ns, direction, port) == ARRIVED;
}

/* The flow has a reader, and this packet may not have got there. */
static void refuse(struct resolver *r, const struct packet *p, uint64_t ts_ns,
		   uint8_t direction, struct verdict *v)
{
	enum arrived arrived = ARRIVED;
	uint8_t doubt = doubt_of(r, p, ts_ns);

	if (v->dst.owner && v->dst.attr != ATTR_KERNEL && r->reader_here)
		arrived = find_arrival(r, p, ts_ns, direction, r->reader_port);
	if (arrived == ARRIVED)
		return;
	r->steady = false;
	if (arrived == ARRIVED_ELSEWHERE || may_be_delivered(r, p, ts_ns))
		doubt = doubt ? doubt : REASON_NO_SOCKET;
	if (ts_ns + TOLD_NS > r->told_until_ns)
		r->waits = true;
	else if (doubt)
		set_attr(&v->dst, ATTR_UNKNOWN, doubt);
	else
		set_attr(&v->dst, ATTR_KERNEL, REASON_NOT_DELIVERED);
}

/* What this host refuses as a rule, whoever has a socket for it. */
static bool is_suspect(const struct resolver *r, const struct packet *p)
{
	return r->is_forged || (r->from_wire && p->outer.source_routed);
}

static bool resolve_flow(struct resolver *r, const struct packet *p,
			 uint64_t ts_ns, uint8_t direction, struct verdict *v)
{
	const struct flow_key *sent = &p->outer.key;
	bool settled;

	r->asked = defragment(r, &p->outer, ts_ns);
	if (!r->asked) {
		if (local_has(r->local, sent->local))
			set_attr(&v->src, ATTR_UNKNOWN, REASON_FRAGMENT);
		if (local_has(r->local, sent->remote))
			set_attr(&v->dst, ATTR_UNKNOWN, REASON_FRAGMENT);
		return true;
	}
	settled = resolve_ends(r, p, ts_ns, v);
	refuse(r, p, ts_ns, direction, v);
	if (v->dst.owner && is_suspect(r, p))
		set_attr(&v->dst, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	if (p->outer.fragment && !p->outer.first_fragment) {
		mark_flow(&v->src);
		mark_flow(&v->dst);
	}
	if (p->is_tunnel)
		settled = resolve_tunnel(r, p, ts_ns, v) && settled;
	return settled;
}

static uint8_t direction_of(const struct resolver *r, const struct verdict *v)
{
	if (v->src.attr == ATTR_FORWARDED)
		return DIRECTION_FORWARDED;
	/* What came in was sent elsewhere, whatever it says. */
	if (on_host(&v->src) && !r->is_forged)
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
static void resolve_frame(struct resolver *r, const struct packet *p,
			  uint64_t ts_ns, uint8_t direction, struct verdict *v)
{
	if (direction == SOURCE_OUT &&
	    ask(r, &p->outer.key, true, ts_ns, &v->src))
		return;
	resolve_by_direction(v, direction, ATTR_KERNEL, REASON_NOT_IP);
}

static void resolve_neither(const struct resolver *r, const struct packet *p,
			    uint64_t ts_ns, uint8_t direction,
			    struct verdict *v)
{
	uint8_t doubt = doubt_of(r, p, ts_ns);
	bool unspecified = is_unspecified(p->outer.key.local);

	if (local_is_group(r->local, p->outer.key.remote) ||
	    (unspecified && direction == SOURCE_OUT)) {
		resolve_by_direction(v, direction, ATTR_KERNEL,
				     REASON_NO_SOCKET);
		if (doubt)
			resolve_by_direction(v, direction, ATTR_UNKNOWN, doubt);
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
static void resolve_copy(struct resolver *r, const struct packet *p,
			 uint64_t ts_ns, struct verdict *v)
{
	const struct flow_key *sent = &p->outer.key;
	struct packettab_packet q = {
		.key = p->kind == PACKET_IP ? flow_reversed(sent) : *sent,
		.fingerprint = p->outer.fingerprint,
		.mono_ns = ts_ns,
		.netns = r->netns,
		.copy = true,
	};
	const struct packettab_packet *told;

	if (!packettab_copies_expected(r->packets, ts_ns))
		return;
	if (packettab_find(r->packets, &q, &told) != PACKETTAB_FOUND) {
		r->waits = true;
		return;
	}
	v->dst = (struct verdict_end){ .owner = told->owner, .tid = told->tid,
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

static bool is_steady_verdict(const struct resolver *r, const struct packet *p,
			      uint64_t ts_ns, uint8_t direction,
			      const struct verdict *v)
{
	return r->steady && !r->waits && p->kind == PACKET_IP &&
	       (v->dst.owner || (v->src.owner && direction != SOURCE_IN)) &&
	       is_steady_end(&v->src, ts_ns) && is_steady_end(&v->dst, ts_ns);
}

bool resolve(struct resolver *r, const struct packet *p, uint64_t ts_ns,
	     uint8_t direction, struct verdict *v)
{
	bool settled = true;

	r->asked = &p->outer;
	r->is_forged = false;
	r->waits = false;
	r->steady = true;
	r->other_count = 0;
	memset(v, 0, sizeof(*v));
	/* What an error is about went the other way. */
	r->from_wire = direction == SOURCE_IN && !p->is_error;
	if (p->kind == PACKET_NOT_IP)
		resolve_frame(r, p, ts_ns, direction, v);
	else if (p->kind == PACKET_MALFORMED)
		resolve_by_direction(v, direction, ATTR_UNKNOWN,
				     REASON_MALFORMED);
	else if (p->is_error)
		settled = resolve_error(r, p, ts_ns, v);
	else
		settled = resolve_flow(r, p, ts_ns, direction, v);

	if (!on_host(&v->src) && !on_host(&v->dst))
		resolve_neither(r, p, ts_ns, direction, v);
	if (is_unread_datagram(p, v) ||
	    (direction != SOURCE_OUT && !v->dst.owner))
		resolve_copy(r, p, ts_ns, v);
	if (v->dst.owner) {
		v->others = r->others;
		v->other_count = r->other_count;
	}
	v->direction = direction_of(r, v);
	v->steady = is_steady_verdict(r, p, ts_ns, direction, v);
	return settled && !r->waits;
}
