/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/namespace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"
#include "owner/local/local.h"
#include "owner/local/nfqueue.h"
#include "owner/memo.h"
#include "owner/nat/conntrack.h"
#include "owner/nat/nat.h"
#include "owner/polling/polling.h"
#include "owner/polling/sockdiag.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

struct namespace
{
	struct namespace_options with;
	uint64_t cookie;
	struct local *local;
	struct nat *nat;
	struct conntrack *conntrack; /* NULL: the kernel has none */
	uint64_t translations;	     /* nat_changes(), as the memo has it */
	bool may_translate;
	int nfqueue;
	int diag;		 /* sockdiag_open(), or -errno */
	struct polling *polling; /* NULL: events tell */
	struct resolver *resolver;
	struct memo *memo;
};

/* ---- open and close ---- */

static uint64_t read_cookie(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		cookie = 0;
	close(fd);
	return cookie;
}

static int open_parts(struct namespace *n)
{
	int err = local_open(&n->local);

	if (err)
		return err;
	n->nat = nat_new(n->with.max_translations);
	if (!n->nat)
		return -ENOMEM;
	err = conntrack_open(&n->conntrack, n->nat, n->with.lookup,
			     n->with.number);
	if (err)
		log_debug("no connection tracking: %s", strerror(-err));
	n->may_translate = err && conntrack_is_kept();
	n->memo = memo_new(n->with.told);
	n->resolver = resolver_new(n->with.flows, n->with.packets, n->local,
				   n->nat, n->cookie);
	return n->memo && n->resolver ? 0 : -ENOMEM;
}

int namespace_open(struct namespace **out, const struct namespace_options *o)
{
	struct namespace *n = calloc(1, sizeof(*n));
	int err;

	if (!n)
		return -ENOMEM;
	n->with = *o;
	n->cookie = read_cookie();
	n->nfqueue = nfqueue_open();
	n->diag = sockdiag_open();
	err = open_parts(n);
	if (err) {
		namespace_close(n);
		return err;
	}
	*out = n;
	return 0;
}

void namespace_close(struct namespace *n)
{
	if (!n)
		return;
	resolver_free(n->resolver);
	memo_free(n->memo);
	polling_free(n->polling);
	conntrack_close(n->conntrack);
	nat_free(n->nat);
	local_close(n->local);
	if (n->nfqueue >= 0)
		close(n->nfqueue);
	if (n->diag >= 0)
		close(n->diag);
	free(n);
}

uint64_t namespace_cookie(const struct namespace *n)
{
	return n->cookie;
}

struct resolver *namespace_resolver(struct namespace *n)
{
	return n->resolver;
}

bool namespace_has_queue(const struct namespace *n)
{
	return nfqueue_is_bound(n->nfqueue);
}

bool namespace_may_translate(const struct namespace *n)
{
	return n->may_translate;
}

int namespace_each_udp(struct namespace *n,
		       void (*found)(void *ctx, uint64_t cookie,
				     const struct flow_key *key),
		       void *ctx)
{
	return n->diag < 0 ? n->diag : sockdiag_each_udp(n->diag, found, ctx);
}

int namespace_poll(struct namespace *n, struct proctab *processes)
{
	if (n->diag < 0)
		return n->diag;
	n->polling = polling_new(n->with.flows, processes, n->with.lookup,
				 n->diag, n->cookie);
	return n->polling ? 0 : -ENOMEM;
}

/* ---- what changes ---- */

int namespace_fd(const struct namespace *n, int which)
{
	return which ? conntrack_fd(n->conntrack) : local_fd(n->local);
}

bool namespace_refresh(struct namespace *n, bool changed)
{
	uint64_t translations = n->translations;
	bool news = changed && local_refresh(n->local);

	conntrack_refresh(n->conntrack, changed);
	n->translations = nat_changes(n->nat);
	return news || n->translations != translations;
}

void namespace_watch(struct namespace *n)
{
	local_catch_up(n->local);
	resolver_expect_delays(n->resolver, local_shapes(n->local) ||
						    namespace_has_queue(n));
}

uint64_t namespace_doubted_until(const struct namespace *n, uint64_t now_ns)
{
	if (nat_lost(n->nat))
		return UINT64_MAX;
	return conntrack_is_incomplete(n->conntrack) ? now_ns : 0;
}

/* ---- packets ---- */

/*
 * A listener for all addresses is found for any, though not its own: only an
 * end that can be here is asked for.
 */
static void learn(struct namespace *n, const struct flow_key *key,
		  uint64_t mono_ns, bool begins)
{
	if (local_has(n->local, key->local) ||
	    local_is_group(n->local, key->local))
		polling_learn(n->polling, key, mono_ns, begins);
}

static void learn_both(struct namespace *n, const struct packet *p,
		       uint64_t mono_ns)
{
	const struct flow_key received = flow_reversed(&p->outer.key);
	bool begins = p->outer.tcp_flags & PACKET_TCP_SYN;

	if (p->kind != PACKET_IP)
		return;
	learn(n, &p->outer.key, mono_ns, begins);
	learn(n, &received, mono_ns, begins);
}

/* Only kernel events say that nothing has changed. */
bool namespace_resolve(struct namespace *n, const struct packet *p,
		       uint64_t mono_ns, uint8_t direction, struct verdict *v)
{
	bool settled;

	local_catch_up(n->local);
	/* Nothing that comes later would tell more. */
	if (n->polling) {
		learn_both(n, p, mono_ns);
		resolve(n->resolver, p, mono_ns, direction, v);
		return true;
	}
	if (memo_find(n->memo, p, mono_ns, direction, v, &settled) &&
	    resolver_holds(n->resolver, p, mono_ns, direction, v))
		return settled &&
		       !resolver_is_early(n->resolver, p, mono_ns, v);
	settled = resolve(n->resolver, p, mono_ns, direction, v);
	memo_keep(n->memo, p, mono_ns, direction, v, settled);
	return settled;
}
