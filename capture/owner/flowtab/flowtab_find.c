/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/flowtab/flowtab_table.h"

#include <netinet/in.h>

#include "packet/parse.h"
#include "process/proctab.h"

#define RESET_GRACE_NS 1000000ull /* close() sends its RST after closing */
#define AT_ONCE_NS     200000ull  /* two send on two processors */
#define ON_WAY_NS      10000ull	  /* from the capture to a socket */
#define CROSSING_NS    100000ull  /* ... to one of another namespace */

/* Frames that are not IP have no addresses to tell two namespaces apart. */
static bool frame_fits(const struct flow *f, const struct flowtab_query *q)
{
	return q->sends && f->from_ns <= q->ts_ns &&
	       !closed_at(f->sock, q->ts_ns) &&
	       (q->key.proto != FLOW_FRAME || f->sock->netns == q->netns);
}

/*
 * Not a life that begins too late, nor one whose end is too long ago.  A SYN
 * never belongs to a life that had ended.
 */
static bool possible(const struct flow *f, const struct flowtab_query *q)
{
	if (f->sock->frame)
		return frame_fits(f, q);
	if (f->from_ns > q->ts_ns + FLOWTAB_HOLD_NS ||
	    (f->sock->netns == q->netns ? q->elsewhere : q->only_here))
		return false;
	if (!closed_at(f->sock, q->ts_ns))
		return true;
	return !q->syn && q->ts_ns <= f->sock->closed_ns + KEEP_CLOSED_NS;
}

/* A listener has no data of its own: the segment may make the connection. */
static bool is_listeners(const struct flow *f, const struct flowtab_query *q)
{
	return q->data && !q->sends && !q->syn && f->sock->port;
}

/* A connection that stands, in the namespace that the packet was seen in. */
static bool is_connection(const struct flow *f, const struct flowtab_query *q)
{
	return q->key.proto == IPPROTO_TCP && f->sock->netns == q->netns &&
	       !f->sock->kernel && !f->sock->port && f->from_ns <= q->ts_ns &&
	       !closed_at(f->sock, q->ts_ns);
}

/*
 * Which of two lives of one key a packet at that time belongs to: the later
 * one that had begun, or the first to begin after it.
 */
static bool better(const struct flow *f, const struct flow *best,
		   const struct flowtab_query *q)
{
	bool begun = f->from_ns <= q->ts_ns;

	if (!best)
		return true;
	if ((f->sock->netns == q->netns) != (best->sock->netns == q->netns))
		return f->sock->netns == q->netns;
	if (is_connection(f, q) && closed_at(best->sock, q->ts_ns))
		return true;
	if (is_connection(best, q) && closed_at(f->sock, q->ts_ns))
		return false;
	if (is_listeners(f, q) != is_listeners(best, q))
		return is_listeners(best, q);
	if (begun != (best->from_ns <= q->ts_ns))
		return begun;
	/* Of two that begin at once, either may be told of first. */
	if (!begun && f->taken != best->taken)
		return !f->taken;
	return begun ? f->from_ns > best->from_ns : f->from_ns < best->from_ns;
}

struct lives {
	struct flow *best;   /* the life the packet belongs to */
	struct flow *behalf; /* if that is the kernel's: a process's before it */
	bool ambiguous;	     /* two namespaces use these addresses, or */
	bool twins;	     /* two connections, bound to two devices */
	bool ends;	     /* one begins after the packet */
};

/* Open, and of a namespace that the packet was not seen in. */
static bool elsewhere(const struct flow *f, const struct flowtab_query *q)
{
	return f->sock->netns != q->netns && !closed_at(f->sock, q->ts_ns);
}

/* Kernels' own sockets are nobody's, whichever of them it was. */
static bool are_rivals(const struct flow *a, const struct flow *b)
{
	return a->sock->netns != b->sock->netns &&
	       !(a->sock->kernel && b->sock->kernel);
}

/*
 * Seen from outside their namespaces, two sockets with the same addresses
 * cannot be told apart.
 */
static struct lives find_lives(const struct flowtab *t,
			       const struct flowtab_query *q)
{
	struct flow *f = flow_first(t, &q->key);
	const struct flow *rival = NULL, *connection = NULL;
	struct lives l = { 0 };

	for (; f; f = flow_next(t, f)) {
		if (!flow_key_equal(&f->key, &q->key))
			continue;
		l.ends |= f->from_ns > q->ts_ns;
		if (!possible(f, q))
			continue;
		if (elsewhere(f, q)) {
			l.ambiguous |= rival && are_rivals(rival, f);
			rival = f;
		}
		if (is_connection(f, q)) {
			l.twins |= connection && connection->sock != f->sock;
			connection = f;
		}
		if (better(f, l.best, q))
			l.best = f;
		if (!f->sock->kernel && better(f, l.behalf, q))
			l.behalf = f;
	}
	if (l.best && l.best->sock->netns == q->netns)
		l.ambiguous = l.twins;
	return l;
}

/*
 * Whoever takes a socket over from its user is told with each packet.  Who had it
 * until then may just be sending too, and has not seen that.
 */
static bool is_formers(const struct owner *o, const struct flowtab_query *q)
{
	return q->untold && q->sends && o->older && o->older->proc != o->proc &&
	       o->older->attr == ATTR_SOCKET && o->ts_ns <= q->ts_ns &&
	       q->ts_ns - o->ts_ns < AT_ONCE_NS;
}

static const struct owner *owner_at(const struct sock *s,
				    const struct flowtab_query *q)
{
	const struct owner *o = s->owners[q->sends ? 0 : 1];

	while (o && o->ts_ns > q->ts_ns && o->older)
		o = o->older;
	return o && is_formers(o, q) ? o->older : o;
}

/*
 * Who had it has ended, so that another reads: the first to come after.  NULL
 * while nobody has.  A socket that ended unread was still its owner's.
 */
static const struct owner *heir_of(const struct sock *s, const struct owner *o,
				   const struct flowtab_query *q)
{
	const struct owner *heir = NULL, *later;

	if (q->sends || !o->proc->exited_mono_ns ||
	    o->proc->exited_mono_ns > q->ts_ns ||
	    (q->key.proto == IPPROTO_TCP && !q->data))
		return o;
	for (later = s->owners[1]; later != o; later = later->older)
		heir = later;
	return heir || !s->closed_ns ? heir : o;
}

/*
 * What came before the connection was accepted is for who accepts it.  A socket
 * with a port of its own listens, and is accepted by nobody.
 */
static const struct owner *acceptor_of(const struct sock *s,
				       const struct owner *o,
				       const struct flowtab_query *q)
{
	const struct owner *first = NULL, *later;

	if (q->sends || q->syn || o->attr != ATTR_LISTENER || s->port)
		return o;
	for (later = s->owners[1]; later != o; later = later->older)
		if (later->attr == ATTR_SOCKET &&
		    later->ts_ns < q->ts_ns + FLOWTAB_HOLD_NS)
			first = later;
	return first;
}

/*
 * Whether who reads next may have what came before the last read of who read
 * before, if that is another: more waited then, or it was on its way.
 */
static bool may_be_next(const struct owner *later, uint64_t ts_ns)
{
	return later->emptied_ns <= ts_ns || later->read_ns - ts_ns < ON_WAY_NS;
}

/*
 * What came after the last read of who read before waited for who reads next; of
 * a connection, the bytes that were not read.  What may be either's: NULL.
 */
static const struct owner *next_reader(const struct sock *s,
				       const struct owner *o,
				       const struct flowtab_query *q,
				       struct flowtab_answer *a)
{
	const struct owner *next = o, *later, *rival = NULL;
	bool doubtful = false;

	if (q->sends || (q->key.proto == IPPROTO_TCP && !q->data))
		return o;
	for (later = s->owners[1]; later != o; later = later->older) {
		if (later->reads &&
		    (int32_t)(q->sequence_end - later->sequence) > 0)
			return later;
		if (!later->read_ns)
			continue;
		if (later->read_ns <= q->ts_ns) {
			next = later;
			continue;
		}
		/* What waits may be its own, by another name. */
		doubtful |= later->renamed && later->emptied_ns <= q->ts_ns;
		if (may_be_next(later, q->ts_ns)) {
			doubtful |= rival && rival->proc != later->proc;
			rival = later;
		}
		a->next_read_ns = later->read_ns;
		a->read_before = later->read_before;
	}
	doubtful |= rival && rival->proc != next->proc;
	return doubtful ? NULL : next;
}

/* What waited in the socket belongs to who wrote it, whoever came since. */
static const struct owner *writer_of(const struct sock *s,
				     const struct flowtab_query *q)
{
	const struct owner *o = s->owners[0];

	while (o && o->older &&
	       (o->writes ? (int32_t)(q->sequence - o->sequence) < 0 :
			    o->ts_ns > q->ts_ns))
		o = o->older;
	return o;
}

/*
 * A listener whose owner has ended, as of a daemon that binds before it forks:
 * who has it now is known by who accepts.
 */
static bool is_left(const struct sock *s, const struct owner *o,
		    const struct flowtab_query *q)
{
	return o->attr == ATTR_LISTENER && !s->closed_ns &&
	       o->proc->exited_mono_ns && o->proc->exited_mono_ns <= q->ts_ns;
}

/* We were stopped for longer than owners are remembered. */
static bool is_forgotten(const struct owner *o, uint64_t ts_ns)
{
	return o->cut && o->ts_ns > ts_ns;
}

/*
 * No time that comes changes it: the socket is open, @o has it last, and runs.
 */
static bool is_steady(const struct sock *s, const struct owner *o,
		      const struct flowtab_query *q)
{
	bool written = q->sends && q->data;

	return !s->closed_ns && o == s->owners[q->sends ? 0 : 1] &&
	       o->ts_ns <= q->ts_ns && !(written && o->older) &&
	       !o->proc->exited_mono_ns &&
	       (o->attr == ATTR_SOCKET || o->attr == ATTR_SCAN);
}

static void set_owner(struct flowtab_answer *a, const struct flow *f,
		      const struct flowtab_query *q)
{
	bool written = q->sends && q->data;
	const struct owner *o = NULL, *acceptor, *had;

	if (f)
		o = written ? writer_of(f->sock, q) : owner_at(f->sock, q);
	if (!o || is_forgotten(o, q->ts_ns)) {
		a->attr = ATTR_UNKNOWN;
		a->reason = o ? REASON_LOST : REASON_BEFORE;
		return;
	}
	if ((q->quoted || q->key.proto == IPPROTO_TCP) && o->older &&
	    o->older->proc != o->proc)
		a->taken_ns = o->ts_ns;
	had = written && o->disputed ? NULL : heir_of(f->sock, o, q);
	o = had ? next_reader(f->sock, had, q, a) : NULL;
	if (!o) {
		a->attr = ATTR_UNKNOWN;
		a->reason = REASON_AMBIGUOUS;
		a->waits = !had && !written;
		return;
	}
	if (o != had)
		a->as_of_ns = o->ts_ns;
	a->attr = o->attr;
	acceptor = acceptor_of(f->sock, o, q);
	a->waits |= !acceptor && !f->sock->closed_ns;
	a->steady = !a->waits && is_steady(f->sock, o, q);
	if (acceptor && acceptor != o) {
		o = acceptor;
		a->attr = ATTR_ACCEPTED;
		a->as_of_ns = o->ts_ns;
	} else if (is_left(f->sock, o, q)) {
		a->attr = ATTR_UNKNOWN;
		a->reason = REASON_AMBIGUOUS;
		return;
	}
	a->had_ns = o->ts_ns;
	a->owner = o->proc;
	a->tid = o->tid;
	if (written && o->ts_ns < q->ts_ns)
		a->as_of_ns = o->ts_ns;
}

/* @gone: a process had this flow before the kernel did. */
static uint8_t kernel_reason(const struct flowtab_query *q, bool kernel,
			     bool gone)
{
	if (q->key.proto == IPPROTO_TCP) {
		if (q->sends && q->rst)
			return REASON_RESET;
		return gone ? REASON_TIME_WAIT : REASON_NO_SOCKET;
	}
	if (q->key.proto == IPPROTO_ICMP || q->key.proto == IPPROTO_ICMPV6)
		return REASON_ICMP;
	return kernel && q->key.local_port ? REASON_KERNEL_SOCKET :
					     REASON_NO_SOCKET;
}

/*
 * After its end a flow is the kernel's, on behalf of the last owner.  What a
 * process sent by other protocols may still wait in a queue: that is its own.
 */
static bool after_close(const struct flow *f, const struct flowtab_query *q)
{
	if (!closed_at(f->sock, q->ts_ns))
		return false;
	if (q->key.proto != IPPROTO_TCP)
		return !q->sends;
	return !(q->sends && q->rst &&
		 q->ts_ns < f->sock->closed_ns + RESET_GRACE_NS);
}

/*
 * A socket of another namespace has got nothing until it sent, long after: what
 * was seen before may not have come there.
 */
static bool is_too_early(const struct flow *f, const struct flowtab_query *q)
{
	return !q->sends && f->sent && f->sock->netns != q->netns &&
	       f->from_ns > q->ts_ns + CROSSING_NS;
}

bool flowtab_find(struct flowtab *t, const struct flowtab_query *q,
		  struct flowtab_answer *a)
{
	struct lives l = find_lives(t, q);
	bool kernel;

	memset(a, 0, sizeof(*a));
	if (!l.best)
		return false;
	l.best->last_used = flow_clock(q->ts_ns);
	a->here = l.best->sock->netns == q->netns;
	a->from_ns = l.best->from_ns;
	a->used_ns = l.best->sock->used_ns;
	a->cookie = l.best->sock->cookie;
	a->closed = l.best->sock->closed_ns;
	a->ended = closed_at(l.best->sock, q->ts_ns);
	l.best->sock->sent_fin |= q->sends && q->fin && !l.best->sock->port;
	a->ends = l.best->sock->sent_fin;
	a->waits = q->key.proto == IPPROTO_TCP ?
			   is_listeners(l.best, q) :
			   closed_at(l.best->sock, q->ts_ns);
	if (l.ambiguous || is_too_early(l.best, q)) {
		a->attr = ATTR_UNKNOWN;
		a->reason = REASON_AMBIGUOUS;
		return true;
	}
	if (l.best->cut && l.best->from_ns > q->ts_ns) {
		a->attr = ATTR_UNKNOWN;
		a->reason = REASON_LOST;
		return true;
	}
	kernel = l.best->sock->kernel;
	set_owner(a, kernel ? l.behalf : l.best, q);
	a->steady &= !kernel && !l.ends;
	if (kernel || after_close(l.best, q)) {
		/* Without ports any raw socket's flow is any other's. */
		if (!kernel && !q->key.local_port)
			a->owner = NULL;
		a->attr = ATTR_KERNEL;
		a->reason = kernel_reason(q, kernel, l.behalf != NULL);
	}
	return true;
}

/* Whether a socket that is bound to @bound hears what is sent to @address. */
static bool covers(const uint8_t bound[16], const uint8_t address[16])
{
	static const uint8_t any4[16] = { [10] = 0xff, [11] = 0xff };

	if (!memcmp(bound, flowtab_everywhere, 16))
		return true;
	if (!memcmp(bound, any4, 16))
		return !memcmp(address, any4, 12);
	return !memcmp(bound, address, 16);
}

enum flowtab_port flowtab_port(const struct flowtab *t,
			       const struct flowtab_query *q)
{
	enum flowtab_port found = FLOWTAB_PORT_FREE;
	const struct sock *s = *bound_head(t, q->netns, q->key.proto,
					   q->key.local_port);

	for (; s; s = s->next_bound) {
		if (s->netns != q->netns || s->proto != q->key.proto ||
		    s->port != q->key.local_port || s->bound_ns > q->ts_ns ||
		    closed_at(s, q->ts_ns) || !covers(s->address, q->key.local))
			continue;
		if (!s->kernel)
			return FLOWTAB_PORT_BOUND;
		found = FLOWTAB_PORT_KERNEL;
	}
	return found;
}
