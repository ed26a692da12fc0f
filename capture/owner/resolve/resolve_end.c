/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/resolve_parts.h"

#include <netinet/in.h>
#include <string.h>

#include "owner/local/local.h"
#include "owner/packets/arrivals.h"
#include "owner/packets/unread.h"
#include "packet/raw_packet.h"
#include "process/proctab.h"

static struct verdict_end told_end(const struct packettab_packet *told)
{
	return (struct verdict_end){
		.owner = told->owner,
		.as_of_ns = told->pending || told->sends ? told->mono_ns : 0,
		.tid = told->tid,
		.attr = told->attr,
	};
}

/*
 * Who else has read it: several sockets got a copy each.  False if nobody has
 * read any.
 */
static bool take_others(struct question *q)
{
	struct resolver *r = q->r;
	const struct packettab_packet *readers;
	unsigned count;

	readers = packettab_readers(r->packets, &count);
	r->other_count = 0;
	for (unsigned i = 1; i < count; i++)
		if (readers[i].owner &&
		    !proc_forgot(readers[i].owner, q->ts_ns))
			r->others[r->other_count++] = told_end(&readers[i]);
	return count;
}

/* If it is told it is found: nothing that an error cuts. */
static bool is_recognised(const struct question *q)
{
	return q->asked->fingerprint && !q->p->is_error;
}

/* Whether the packet's own event decides, not its flow's history. */
static enum packettab_found ask_packet(struct question *q,
				       const struct flow_key *key, bool sends,
				       struct verdict_end *end, bool *here,
				       uint64_t *former_ns)
{
	struct packettab_packet query = {
		.key = *key,
		.fingerprint = q->asked->fingerprint,
		.mono_ns = q->ts_ns,
		.netns = q->r->netns,
		.sends = sends,
		.position = q->asked->tcp_seq + 1,
	};
	const struct packettab_packet *told = NULL;
	enum packettab_found found = packettab_find(q->r->packets, &query,
						    &told);

	if (found == PACKETTAB_FORMER && !is_recognised(q))
		found = q->ts_ns < told->mono_ns ? PACKETTAB_NOT_SHARED :
						   PACKETTAB_MISSING;
	if (found == PACKETTAB_UNSURE) {
		found = PACKETTAB_FOUND;
		q->waits = true;
	}
	if (found == PACKETTAB_MISSING || found == PACKETTAB_AWAITED) {
		q->waits = true;
		if (told && told->pending)
			q->unread = told->cookie;
	}
	if (found == PACKETTAB_FORMER) {
		*former_ns = told->mono_ns;
		q->waits |= resolve_is_early(q->r, q->ts_ns);
	}
	if (found == PACKETTAB_NOT_SHARED || found == PACKETTAB_AWAITED ||
	    found == PACKETTAB_FORMER)
		return found;
	if (found == PACKETTAB_FOUND)
		*here = told->netns == q->r->netns;
	verdict_end_set(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	if (told && told->owner && found != PACKETTAB_AMBIGUOUS)
		*end = told_end(told);
	if (!sends && !take_others(q) && told && told->pending)
		resolve_holder(q, q->ts_ns, end);
	return found;
}

/* Another socket gets a flow's datagrams before this is told. */
static bool may_be_another(const struct resolver *r, uint8_t proto,
			   uint64_t ts_ns)
{
	return proto != IPPROTO_TCP && resolve_is_early(r, ts_ns);
}

bool resolver_is_early(const struct resolver *r, const struct packet *p,
		       uint64_t ts_ns, const struct verdict *v)
{
	return v->dst.owner && may_be_another(r, p->outer.key.proto, ts_ns);
}

/* What @p was at that time, if it was another within FORMER_NS of the packet. */
static const struct program *new_program(const struct question *q,
					 const struct proc *p, uint64_t at_ns)
{
	const struct program *i = p->program;

	while (i && i->from_mono_ns > at_ns)
		i = i->older;
	if (!i || !i->older || q->ts_ns >= i->from_mono_ns + FORMER_NS)
		return NULL;
	return i;
}

static bool is_another_name(const struct program *i,
			    const struct program *older)
{
	return i->exec_gen != older->exec_gen ||
	       strcmp(i->name, older->name) != 0;
}

/*
 * A queue may hold what a process sent until it has another name or user, is
 * another program, or has left its socket to another; an error may take as long.
 * What is sent after another name was taken is told by itself: what is not may have
 * waited for its neighbour's address.
 */
static bool may_be_former(const struct question *q,
			  const struct flowtab_query *query,
			  const struct flowtab_answer *a)
{
	const struct program *i;

	if (!query->sends || query->key.proto == IPPROTO_TCP)
		return false;
	if (a->taken_ns && q->ts_ns < a->taken_ns + FORMER_NS)
		return true;
	i = a->owner ? new_program(q, a->owner, q->ts_ns) : NULL;
	if (!i)
		return false;
	if (q->r->delays || query->quoted)
		return a->used_ns < i->from_mono_ns;
	return query->untold && a->had_ns < i->from_mono_ns &&
	       is_another_name(i, i->older);
}

/*
 * Another may have had the flow, of whom nothing was told: before what began after
 * the packet, or after what had ended by then.
 */
static bool may_be_lost(const struct question *q,
			const struct flowtab_query *query,
			const struct flowtab_answer *a)
{
	const struct proc *p = a->owner;

	return resolve_doubt(q) == REASON_LOST &&
	       (a->ended || (query->sends && a->from_ns > query->ts_ns) ||
		(p && p->exited_mono_ns && p->exited_mono_ns <= query->ts_ns));
}

/* It came to its socket after the read of who had that before another. */
static bool is_next_readers(const struct question *q,
			    const struct flowtab_query *query,
			    const struct flowtab_answer *a)
{
	return a->next_read_ns && query->key.proto != IPPROTO_TCP &&
	       a->next_read_ns - q->ts_ns < ARRIVAL_LATE_NS && q->r->arrivals &&
	       arrivals_is_after(q->r->arrivals, q->asked->arrival,
				 a->read_before, ARRIVALS_MORE);
}

/* What made a connection, where the ACK before it was lost: its read is not told. */
static bool is_accepted(const struct flowtab_query *query,
			const struct flowtab_answer *a)
{
	return a->attr == ATTR_ACCEPTED && query->data;
}

/* Who accepts it reads it, whom that has left it to, or what that is by then. */
static bool may_be_left(const struct question *q,
			const struct flowtab_query *query,
			const struct flowtab_answer *a)
{
	const struct program *i;

	if (!is_accepted(query, a))
		return false;
	i = a->owner->program;
	return (i && i->from_mono_ns > a->as_of_ns) ||
	       (q->r->unread &&
		unread_has_forked(q->r->unread, a->owner->pid, a->as_of_ns));
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
		verdict_end_set(end, ATTR_UNKNOWN, REASON_NO_SOCKET);
	if (may_be_former(q, query, a) || is_next_readers(q, query, a) ||
	    may_be_left(q, query, a))
		verdict_end_set(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	if (found && may_be_lost(q, query, a))
		verdict_end_set(end, ATTR_UNKNOWN, REASON_LOST);
	q->steady &= !found || a->steady;
	/* Another socket may have taken the place of the last. */
	if (found && !query->sends &&
	    (a->waits || q->r->delays || is_accepted(query, a) ||
	     may_be_another(q->r, query->key.proto, query->ts_ns)))
		q->waits = true;
	return found;
}

/*
 * Who had the flow before another's first packet, which comes some microseconds
 * after it has taken the socket over.  Of several sockets that had it one after
 * the other, the one that had it by the packet's own time.
 */
static bool ask_former(struct question *q, struct flowtab_query *query,
		       struct flowtab_answer *a, struct verdict_end *end)
{
	static const uint64_t before_ns[] = { 200000, 50000, 10000, 3000 };
	const size_t count = sizeof(before_ns) / sizeof(*before_ns);
	uint64_t first_ns = query->ts_ns;
	struct flowtab_answer then;
	struct verdict_end had;
	bool found;

	query->ts_ns = first_ns - before_ns[count - 1];
	if (q->ts_ns < query->ts_ns)
		query->ts_ns = q->ts_ns;
	found = ask_flow(q, query, &then, &had);
	for (size_t i = 0; i < count; i++) {
		query->ts_ns = first_ns - before_ns[i];
		if (ask_flow(q, query, a, end) && end->owner &&
		    a->cookie == then.cookie)
			return true;
	}
	*a = then;
	*end = had;
	if (!end->owner)
		verdict_end_set(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	return found;
}

void resolve_forged(struct question *q, struct verdict_end *end)
{
	verdict_end_set(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	q->is_forged = true;
}

/* What has no bytes the kernel keeps; which have some is not known of all protocols. */
static bool is_for_reader(const struct flowtab_query *query)
{
	switch (query->key.proto) {
	case IPPROTO_TCP:
		return query->data;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return false;
	default:
		return true;
	}
}

/*
 * What comes in with an address of another host is that host's, though a socket
 * here has it, too: a transparent proxy goes on as its client and answers as the
 * server.
 */
static bool is_from_far(const struct question *q, const struct flow_key *key,
			bool sends)
{
	return sends && q->from_wire && !address_is_unspecified(key->local) &&
	       !local_has(q->r->local, key->local);
}

/*
 * What comes again may have been read before, by another or under another name
 * than who reads now.
 */
static void ask_again(struct question *q, const struct flowtab_query *query,
		      enum packettab_found told, struct flowtab_answer had,
		      struct verdict_end *end)
{
	bool later = end->as_of_ns > q->ts_ns;
	const struct program *i;

	if (query->sends || !query->data || !end->owner ||
	    !resolve_came_again(q->r, q->asked))
		return;
	q->steady = false;
	i = new_program(q, end->owner, later ? end->as_of_ns : q->ts_ns);
	if (told == PACKETTAB_FOUND)
		later = !flowtab_find(q->r->flows, query, &had);
	if (later || q->ts_ns < had.taken_ns + FORMER_NS ||
	    (i && i->from_mono_ns > had.from_ns))
		verdict_end_set(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
}

bool resolve_ask(struct question *q, const struct flow_key *key, bool sends,
		 struct verdict_end *end)
{
	struct flowtab_query query = {
		.key = *key,
		.ts_ns = q->ts_ns,
		.netns = q->r->netns,
		.only_here = q->direction == SOURCE_LOOPBACK &&
			     q->asked == &q->p->outer,
		.sends = sends,
		.sequence = q->asked->tcp_seq,
		.sequence_end = q->asked->tcp_seq + q->asked->tcp_payload,
		.data = key->proto == IPPROTO_TCP && q->asked->tcp_payload,
		.untold = key->proto != IPPROTO_TCP && is_recognised(q),
		.quoted = q->p->is_error,
		.syn = q->asked->tcp_flags & PACKET_TCP_SYN,
		.rst = q->asked->tcp_flags & PACKET_TCP_RST,
		.fin = q->asked->tcp_flags & PACKET_TCP_FIN && !q->from_wire,
	};
	enum packettab_found told = PACKETTAB_NOT_SHARED;
	struct flowtab_answer a = { 0 };
	bool found = true;

	/* Of a connection only what is read is told packet by packet. */
	if ((key->proto != IPPROTO_TCP || q->asked->tcp_payload) &&
	    !packettab_is_quiet(q->r->packets, key, q->ts_ns)) {
		q->steady = false;
		told = ask_packet(q, key, sends, end, &a.here, &query.ts_ns);
	}
	if (told == PACKETTAB_NOT_SHARED || told == PACKETTAB_AWAITED)
		found = ask_flow(q, &query, &a, end);
	else if (told == PACKETTAB_FORMER)
		found = ask_former(q, &query, &a, end);
	if (!sends) {
		q->reader_here = a.here;
		q->reader_port = key->local_port;
		q->reader_ends = a.ends;
		q->reader_closed = a.closed;
		q->reader_cookie = told == PACKETTAB_NOT_SHARED &&
						   is_for_reader(&query) ?
					   a.cookie :
					   0;
	}
	if (told == PACKETTAB_AWAITED)
		resolve_holder(q, q->ts_ns, end);
	else
		ask_again(q, &query, told, a, end);
	if (found && a.here && is_from_far(q, key, sends)) {
		query.ts_ns = q->ts_ns;
		query.elsewhere = true;
		found = ask_flow(q, &query, &a, end);
	}
	if (end->owner && proc_forgot(end->owner, q->ts_ns))
		verdict_end_set(end, ATTR_UNKNOWN, REASON_LOST);
	if (!found || !sends || !q->from_wire || !a.here)
		return found;
	if (address_is_unspecified(key->local)) {
		verdict_end_set(end, ATTR_NONE, REASON_NONE);
		return false;
	}
	resolve_forged(q, end);
	return true;
}

void resolve_ask_listener(struct question *q, struct flow_key key,
			  struct verdict_end *end)
{
	static const __u8 any4[4];
	bool ipv4 = address_is_ipv4(key.local);
	struct verdict_end listener;

	memset(key.remote, 0, sizeof(key.remote));
	if (ipv4)
		address_from_ipv4(key.remote, any4);
	key.remote_port = 0;
	resolve_ask(q, &key, false, &listener);
	if (!listener.owner) {
		memcpy(key.local, key.remote, sizeof(key.local));
		resolve_ask(q, &key, false, &listener);
	}
	if (!listener.owner && ipv4) {
		memset(key.local, 0, sizeof(key.local));
		memset(key.remote, 0, sizeof(key.remote));
		resolve_ask(q, &key, false, &listener);
	}
	if (listener.owner && listener.attr == ATTR_LISTENER)
		*end = listener;
}
