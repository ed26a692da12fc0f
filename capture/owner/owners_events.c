/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/owners_parts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "host/log.h"
#include "owner/flowtab/flowtab.h"
#include "owner/packets/packettab.h"
#include "packet/flow_key.h"
#include "record.h"

static uint8_t attr_of(uint8_t flags)
{
	if (flags & (PROBE_INHERITED | PROBE_LISTENING))
		return ATTR_LISTENER;
	return flags & PROBE_SCANNED ? ATTR_SCAN : ATTR_SOCKET;
}

/*
 * A socket's last user may have changed since it used that.  An event gets its
 * time first and its user's state next: that state holds at the event's time.
 */
static struct proc *owner_of(struct owners *o, const struct probe_event *e)
{
	uint64_t seen_ns = e->owner.seen_ns < e->ts_ns ? e->owner.seen_ns :
							 e->ts_ns;

	return proctab_owner(o->processes, &e->owner, seen_ns);
}

static void on_told_packet(struct owners *o, const struct probe_event *e)
{
	bool copy = e->kind == PROBE_FRAME && e->roles == PROBE_READER;
	struct packettab_packet p = {
		.key = e->key,
		.fingerprint = e->fingerprint,
		.mono_ns = e->ts_ns,
		.netns = e->netns,
		.owner = owner_of(o, e),
		.tid = e->owner.tid,
		.attr = attr_of(e->flags),
		.sends = e->kind == PROBE_FRAME ? !copy :
						  e->flags & PROBE_SENDS,
		.alone = e->kind == PROBE_FRAME || e->flags & PROBE_ALONE,
		.closing = e->closing,
		.copy = copy,
		.pending = e->flags & PROBE_PENDING,
		.cookie = e->cookie,
		.position = e->position,
		.length = e->length,
		.meets = e->meets,
	};

	packettab_add(o->packets, &p);
	if (e->kind == PROBE_FRAME)
		packettab_expect_copies(o->packets, e->ts_ns);
}

static void on_read(struct owners *o, const struct probe_event *e)
{
	struct socket_read r = {
		.cookie = e->cookie,
		.position = e->position,
		.mono_ns = e->ts_ns,
		.owner = owner_of(o, e),
		.tid = e->owner.tid,
		.length = e->length,
		.attr = ATTR_SOCKET,
		.stream = e->key.proto == IPPROTO_TCP,
	};

	packettab_read(o->packets, &r);
}

static void on_event(void *ctx, const struct probe_event *e)
{
	struct owners *o = ctx;
	struct flowtab_event f = {
		.ts_ns = e->ts_ns,
		.cookie = e->cookie,
		.netns = e->netns,
		.tid = e->owner.tid,
		.attr = attr_of(e->flags),
		.roles = e->roles & (PROBE_SENDER | PROBE_READER),
		.renamed = e->roles & PROBE_RENAMED,
		.takes = e->roles & PROBE_TAKES,
		.writes = e->kind == PROBE_OWNER && e->flags & PROBE_WRITES,
		.kernel = e->flags & PROBE_KERNEL,
		.used_ns = e->owner.tgid && e->owner.seen_ns < e->ts_ns ?
				   e->owner.seen_ns :
				   0,
	};

	if (f.writes) {
		f.sequence = (uint32_t)e->position;
		f.disputed = e->disputed;
		f.disputed_from = (uint32_t)e->disputed;
	} else if (e->roles & PROBE_READS && e->key.proto == IPPROTO_TCP) {
		f.reads = true;
		f.sequence = (uint32_t)e->position;
	} else if (e->roles & PROBE_READS) {
		f.read_ns = e->position;
		f.emptied_ns = e->emptied_ns;
		f.read_before = e->reads;
	}
	o->told++;
	switch (e->kind) {
	case PROBE_OWNER:
		f.owner = owner_of(o, e);
		flowtab_owner(o->flows, &f);
		break;
	case PROBE_FLOW:
		f.owner = owner_of(o, e);
		flowtab_flow(o->flows, &f, &e->key);
		break;
	case PROBE_BOUND:
		f.owner = owner_of(o, e);
		flowtab_bound(o->flows, &f, &e->key);
		break;
	case PROBE_PACKET:
		on_told_packet(o, e);
		break;
	case PROBE_READ:
		on_read(o, e);
		break;
	case PROBE_FRAME:
		if (e->fingerprint || e->roles == PROBE_READER) {
			on_told_packet(o, e);
			break;
		}
		f.owner = owner_of(o, e);
		flowtab_frame(o->flows, &f, &e->key);
		break;
	case PROBE_CLOSE:
		flowtab_close(o->flows, e->cookie, e->ts_ns);
		break;
	case PROBE_FORK:
		proctab_fork(o->processes, e);
		break;
	case PROBE_EXIT:
		proctab_exit(o->processes, e);
		if (o->ended)
			o->ended(o->ended_ctx, e->owner.comm, e->exit_status);
		break;
	case PROBE_RENAME:
		proctab_rename(o->processes, e);
		break;
	}
}

static void on_soon(void *ctx, const struct probe_event *e)
{
	const struct owners *o = ctx;

	flowtab_prepare(o->flows, &e->key);
	flowtab_prepare_socket(o->flows, e->cookie);
	packettab_prepare_told(o->packets, e->fingerprint);
}

static void on_exec(void *ctx, const struct probe_exec *x)
{
	struct owners *o = ctx;
	struct program *i;

	o->told++;
	if (x->event.kind == PROBE_MOVED) {
		proctab_move(o->processes, x);
		return;
	}
	i = proctab_exec(o->processes, x);
	/* At once: it may delete itself, and end. */
	if (o->hash && i)
		owners_hash(o, i);
}

/*
 * A socket that was there before us.  A connected one is a flow already, a
 * listener is one without remote end; the others, which may have a port, tell
 * their flows with their first packet.
 */
static void on_holder(void *ctx, const struct probe_holder *h)
{
	struct owners *o = ctx;
	struct flowtab_event f = {
		.ts_ns = 0,
		.cookie = h->cookie,
		.netns = h->netns,
		.owner = proctab_holder(o->processes, &h->owner),
		.tid = h->owner.tid,
		.attr = h->state == TCP_LISTEN ? ATTR_LISTENER : ATTR_SCAN,
	};

	if (h->key.proto == FLOW_FRAME) {
		packettab_expect_copies(o->packets, clock_ns(CLOCK_MONOTONIC));
		return;
	}
	if (h->state == TCP_LISTEN)
		flowtab_flow(o->flows, &f, &h->key);
	if (h->state == TCP_LISTEN || h->key.proto != IPPROTO_TCP)
		flowtab_bound(o->flows, &f, &h->key);
	if (!h->key.remote_port || address_is_unspecified(h->key.remote))
		return;
	flowtab_flow(o->flows, &f, &h->key);
}

struct bound_in {
	struct owners *owners;
	uint64_t netns;
};

/*
 * A socket that no process holds is the kernel's own.  Those that were bound
 * since are told by events.
 */
static void on_udp_socket(void *ctx, uint64_t cookie,
			  const struct flow_key *key)
{
	const struct bound_in *b = ctx;
	struct flowtab_event f = {
		.cookie = cookie,
		.netns = b->netns,
		.kernel = true,
	};

	if (!flowtab_has(b->owners->flows, cookie))
		flowtab_bound(b->owners->flows, &f, key);
}

void owners_find_kernel_sockets(struct owners *o)
{
	for (int i = 0; i < o->namespace_count; i++) {
		struct bound_in b = { o, namespace_cookie(o->namespaces[i]) };
		int err = namespace_each_udp(o->namespaces[i], on_udp_socket,
					     &b);

		if (err)
			log_debug("the kernel's own sockets are not known: %s",
				  strerror(-err));
	}
}

struct probe_handler owners_listen(struct owners *o)
{
	return (struct probe_handler){
		.event = on_event,
		.exec = on_exec,
		.holder = on_holder,
		.soon = on_soon,
		.ctx = o,
		.at_exec = o->hash,
		.seen = o->seen,
		.netns = namespace_cookie(o->namespaces[0]),
	};
}
