/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/resolve/resolve_parts.h"

#include <netinet/in.h>
#include <string.h>

#include "owner/local/local.h"
#include "owner/nat/nat.h"

static bool unaccepted(const struct packet *p, const struct verdict_end *end)
{
	return p->outer.key.proto == IPPROTO_TCP && end->attr == ATTR_UNKNOWN &&
	       end->reason == REASON_BEFORE;
}

/* The same for a key that the packet itself does not have. */
static bool ask_translated(struct question *q, const struct flow_key *key,
			   bool sends, struct verdict_end *end)
{
	struct verdict_end found;

	if (!resolve_ask(q, key, sends, &found))
		return false;
	*end = found;
	verdict_end_by_flow(end);
	return true;
}

/* Of several translations none can be believed. */
static void believe_if(bool sure, struct verdict_end *end)
{
	if (!sure && verdict_end_is_here(end))
		verdict_end_set(end, ATTR_UNKNOWN, REASON_AMBIGUOUS);
}

/*
 * Behind address translation the ends know the flow by other addresses.  The
 * answer to a translated packet is told as it leaves, under the addresses that
 * this packet comes in with; the reader was told under those that it reads, so
 * these are asked for first.  An end that is found under neither is on another
 * host.
 */
bool resolve_ends(struct question *q, struct verdict *v)
{
	const struct flow_key *sent = &q->asked->key;
	struct flow_key received = flow_reversed(sent);
	struct nat_ends ends;
	bool translated = nat_find(q->r->nat, sent, q->ts_ns, &ends);
	bool has_src, has_dst;

	/* It may end as of a time that was told already. */
	q->steady &= !translated;
	/* Another may have taken its place, and be told later. */
	q->waits |= translated && resolve_is_early(q->r, q->ts_ns);
	/* The sender's event is told before the packet is captured. */
	has_src = resolve_ask(q, sent, true, &v->src);
	if (unaccepted(q->p, &v->src))
		resolve_ask_listener(q, *sent, &v->src);
	/* The receiver's comes after. */
	has_dst = (translated &&
		   memcmp(&ends.receiver, &received, sizeof(received)) &&
		   ask_translated(q, &ends.receiver, false, &v->dst)) ||
		  resolve_ask(q, &received, false, &v->dst);
	if (unaccepted(q->p, &v->dst))
		resolve_ask_listener(q, received, &v->dst);
	believe_if(!translated || ends.receiver_sure, &v->dst);
	if (has_src && has_dst)
		return true;
	if (translated) {
		if (!verdict_end_is_here(&v->src))
			ask_translated(q, &ends.sender, true, &v->src);
		believe_if(has_src || ends.sender_sure, &v->src);
		return has_dst || verdict_end_is_here(&v->dst);
	}
	if (!has_src && local_has(q->r->local, sent->local)) {
		if (q->from_wire)
			resolve_forged(q, &v->src);
		else
			resolve_no_socket(q, true, &v->src);
	}
	if (!has_dst && local_has(q->r->local, sent->remote))
		resolve_no_socket(q, false, &v->dst);
	return has_dst;
}
