/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/owners_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpf/probe.h"
#include "host/log.h"
#include "lookup/container_name.h"
#include "lookup/lookup.h"
#include "owner/local/local.h"
#include "owner/local/nfqueue.h"
#include "owner/memo.h"
#include "owner/nat/conntrack.h"
#include "owner/nat/nat.h"
#include "owner/packets/packettab.h"
#include "owner/polling/polling.h"
#include "owner/flowtab/flowtab.h"
#include "record.h"

#define MAX_FLOWS (1u << 17)
#define HEAL_NS 100000000ull	/* telling all again costs */
#define SCAN_FIRST_NS 50000000ull /* processes are read before the capture */
#define SCAN_NS	 2000000ull	/* ... and so long, */
#define SCAN_EACH_NS 10000000ull /* in each such time, later */
#define WATCH_NS 100000000ull	/* as old may be that the hooks are there */
#define MAX_TRANSLATIONS (1u << 18)	/* nf_conntrack_max, by default */

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71	/* Linux 5.14 */
#endif

/* ---- open and close ---- */

static uint64_t own_netns(void)
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

static int open_polling(struct owners *o, int why)
{
	o->refused = why;
	resolver_claim_nothing(o->resolver, REASON_NO_SOCKET);
	return polling_open(&o->polling, o->flows, o->processes, o->lookup,
			    o->netns);
}

static int open_probe(struct owners *o)
{
	struct probe_handler handler = owners_listen(o);
	int err = clocks_are_the_kernels() ? probe_open(&o->probe, &handler) :
					     -ENOTSUP;

	if (err)
		return err;
	probe_arrivals(o->probe, o->arrivals.tables, &o->arrivals.now);
	o->arrivals.turned_ns = o->arrivals.since_ns = clock_ns(CLOCK_MONOTONIC);
	resolver_watch_arrivals(o->resolver, &o->arrivals);
	if (probe_missing(o->probe))
		log_debug("%d hooks could not be attached",
			  probe_missing(o->probe));
	if (o->may_translate) {
		log_warn("the kernel tracks connections and does not tell of "
			 "them without CAP_NET_ADMIN: packets without a socket "
			 "are \"unknown\"");
		resolver_claim_nothing(o->resolver, REASON_NO_SOCKET);
	}
	if (probe_is_partial(o->probe)) {
		log_warn("only processes of this container's cgroup are "
			 "known; packets of others are \"unknown\"");
		resolver_claim_nothing(o->resolver, REASON_NO_SOCKET);
	}
	if (!procfs_is_initial(o->proc_fd, "1")) {
		log_warn("this container has its own process ids, and eBPF "
			 "the host's: of what runs already only names are "
			 "known; start it with the host's, as by --pid=host");
		proctab_leave_proc(o->processes);
	}
	/*
	 * The processes first, where they are not thousands: a socket's holder
	 * should be known in full, and what starts meanwhile is told by events.
	 */
	proctab_scan(o->processes, clock_ns(CLOCK_MONOTONIC) + SCAN_FIRST_NS);
	err = probe_scan(o->probe);
	if (err)
		log_warn("sockets from before the capture are not known: %s",
			 strerror(-err));
	err = probe_consume(o->probe);
	owners_find_kernel_sockets(o);
	return err;
}

static int open_tables(struct owners *o, const struct owners_options *options)
{
	struct proctab_options p = { .cmdline = options->cmdline,
				     .exe_inodes = options->hash,
				     .filter = options->filter,
				     .alarm = options->alarm };
	int err;

	o->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->proc_fd < 0)
		return -errno;
	p.proc_fd = o->proc_fd;
	p.lookup = o->lookup;
	err = local_open(&o->local);
	if (err)
		return err;
	o->nat = nat_new(MAX_TRANSLATIONS);
	if (!o->nat)
		return -ENOMEM;
	err = conntrack_open(&o->conntrack, o->nat, o->lookup);
	if (err)
		log_debug("no connection tracking: %s", strerror(-err));
	o->may_translate = err && conntrack_is_kept();
	o->containers = container_names_new(o->lookup);
	p.containers = o->containers;
	o->processes = proctab_new(&p);
	o->flows = flowtab_new(MAX_FLOWS);
	o->packets = packettab_new();
	o->memo = memo_new();
	if (!o->containers || !o->processes || !o->flows || !o->packets ||
	    !o->memo)
		return -ENOMEM;
	o->resolver = resolver_new(o->flows, o->packets, o->local, o->nat,
				   o->netns);
	return o->resolver ? 0 : -ENOMEM;
}

int owners_open(struct owners **out, const struct owners_options *options)
{
	struct owners *o = calloc(1, sizeof(*o));
	int err;

	if (!o)
		return -ENOMEM;
	o->proc_fd = -1;
	o->nfqueue = nfqueue_open();
	o->lookup = options->lookup;
	o->hash = options->hash;
	o->seen = options->loopback_only ? PROBE_SEEN_LOOPBACK :
		  options->no_loopback	 ? PROBE_SEEN_OTHERS :
					   PROBE_SEEN_ALL;
	o->ended = options->ended;
	o->ended_ctx = options->ctx;
	o->netns = own_netns();
	packet_clock_begin(&o->clock);
	err = open_tables(o, options);
	if (err)
		goto fail;
	err = open_probe(o);
	if (err)
		err = open_polling(o, err);
	if (err)
		goto fail;
	*out = o;
	return 0;
fail:
	log_error("cannot find packets' owners: %s", strerror(-err));
	owners_close(o);
	return err;
}

void owners_close(struct owners *o)
{
	if (!o)
		return;
	probe_close(o->probe);
	polling_close(o->polling);
	resolver_free(o->resolver);
	memo_free(o->memo);
	packettab_free(o->packets);
	flowtab_free(o->flows);
	proctab_free(o->processes);
	conntrack_close(o->conntrack);
	nat_free(o->nat);
	local_close(o->local);
	container_names_free(o->containers);
	if (o->proc_fd >= 0)
		close(o->proc_fd);
	if (o->nfqueue >= 0)
		close(o->nfqueue);
	free(o);
}

struct proctab *owners_processes(struct owners *o)
{
	return o->processes;
}

int owners_fd(const struct owners *o, int which)
{
	if (which)
		return local_fd(o->local);
	return o->probe ? probe_fd(o->probe) : -1;
}

/* ---- packets ---- */

/*
 * What was lost or forgotten is told again when it is next seen.  Until that
 * has begun nobody can say that a packet has no socket.
 */
static void heal(struct owners *o, uint64_t now)
{
	struct flowtab_stats flows;
	uint64_t gaps;

	flowtab_stats(o->flows, &flows);
	gaps = probe_lost(o->probe) + flows.evicted_open;
	o->has_gap |= gaps != o->gaps;
	o->gaps = gaps;
	if (!o->has_gap)
		return;
	if (now - o->healed_ns < HEAL_NS) {
		resolver_doubt(o->resolver, REASON_LOST, UINT64_MAX);
		return;
	}
	probe_tell_again(o->probe);
	resolver_doubt(o->resolver, REASON_LOST, clock_ns(CLOCK_MONOTONIC));
	o->healed_ns = now;
	o->has_gap = false;
}

/* What nobody tells of from now on, nobody can say that it has no socket. */
static void watch_hooks(struct owners *o)
{
	if (o->detached || probe_is_attached(o->probe))
		return;
	o->detached = true;
	log_warn("somebody has detached eBPF programs of this capture: owners "
		 "of new sockets are \"unknown\" from now on");
	resolver_claim_nothing(o->resolver, REASON_LOST);
}

static void watch(struct owners *o, uint64_t now)
{
	if (now < o->watched_ns + WATCH_NS)
		return;
	o->watched_ns = now;
	watch_hooks(o);
	local_catch_up(o->local);
	resolver_expect_delays(o->resolver,
			       local_shapes(o->local) ||
				       nfqueue_is_bound(o->nfqueue));
}

static void scan_on(struct owners *o, uint64_t now)
{
	if (now < o->scanned_ns + SCAN_EACH_NS)
		return;
	o->scanned_ns = now;
	proctab_scan_on(o->processes, now + SCAN_NS);
}

void owners_end(struct owners *o)
{
	if (o->probe)
		probe_end(o->probe);
}

bool owners_have_unread(const struct owners *o)
{
	return proctab_scans(o->processes);
}

static void watch_clock(struct owners *o)
{
	int64_t by = packet_clock_update(&o->clock);

	if (!by || o->said_set)
		return;
	o->said_set = true;
	log_info("the clock was set by %+.3f s", (double)by / 1e9);
}

void owners_update(struct owners *o)
{
	uint64_t now;

	watch_clock(o);
	if (local_refresh(o->local))
		memo_told(o->memo);
	conntrack_refresh(o->conntrack);
	if (nat_changes(o->nat) != o->translations)
		memo_told(o->memo);
	o->translations = nat_changes(o->nat);
	owners_take_hashes(o);
	if (!o->probe)
		return;
	now = clock_ns(CLOCK_MONOTONIC);
	probe_consume(o->probe);
	if (arrivals_turn(&o->arrivals, now))
		o->arrivals.turned_ns = clock_ns(CLOCK_MONOTONIC);
	resolver_told_until(o->resolver, now);
	watch(o, now);
	scan_on(o, now);
	heal(o, now);
	if (nat_lost(o->nat))
		resolver_doubt(o->resolver, REASON_LOST, UINT64_MAX);
	else if (conntrack_is_incomplete(o->conntrack) && !o->has_gap)
		resolver_doubt(o->resolver, REASON_LOST, now);
}

uint64_t owners_mono_ns(const struct owners *o, uint64_t ts_ns)
{
	uint64_t mono_ns;

	packet_clock_read(&o->clock, ts_ns, &mono_ns);
	return mono_ns;
}

/*
 * A listener for all addresses is found for any, though not its own: only an
 * end that can be here is asked for.
 */
static void learn(struct owners *o, const struct flow_key *key,
		  uint64_t mono_ns, bool begins)
{
	if (local_has(o->local, key->local) ||
	    local_is_group(o->local, key->local))
		polling_learn(o->polling, key, mono_ns, begins);
}

/* Only kernel events say that nothing has changed. */
static bool resolve_again(struct owners *o, const struct packet *p,
			  uint64_t mono_ns, uint8_t direction,
			  struct verdict *v)
{
	bool settled;

	if (memo_find(o->memo, p, mono_ns, direction, v, &settled) &&
	    resolver_has_arrived(o->resolver, p, mono_ns, direction, v))
		return settled &&
		       !resolver_is_early(o->resolver, p, mono_ns, v);
	settled = resolve(o->resolver, p, mono_ns, direction, v);
	if (o->probe)
		memo_keep(o->memo, p, mono_ns, direction, v, settled);
	return settled;
}

static void complete_end(struct owners *o, const struct verdict_end *end)
{
	if (end->owner)
		proctab_complete(o->processes, end->owner);
}

/* A socket's holder has told nothing itself. */
static void complete(struct owners *o, const struct verdict *v)
{
	complete_end(o, &v->src);
	complete_end(o, &v->dst);
	for (unsigned i = 0; i < v->other_count; i++)
		complete_end(o, &v->others[i]);
}

bool owners_resolve(struct owners *o, const struct packet *p, uint64_t ts_ns,
		    uint8_t direction, struct verdict *v)
{
	uint64_t mono_ns;
	bool is_known = packet_clock_read(&o->clock, ts_ns, &mono_ns);
	bool begins = p->outer.tcp_flags & PACKET_TCP_SYN, settled;

	local_catch_up(o->local);
	if (o->polling && p->kind == PACKET_IP) {
		struct flow_key received = flow_reversed(&p->outer.key);

		learn(o, &p->outer.key, mono_ns, begins);
		learn(o, &received, mono_ns, begins);
	}
	/* Nothing that comes later would tell more without the probe. */
	settled = resolve_again(o, p, mono_ns, direction, v) || o->polling;
	if (!is_known)
		verdict_forget(v);
	complete(o, v);
	return settled;
}

bool owners_are_lost(const struct owners *o)
{
	return o->detached;
}

void owners_stats(const struct owners *o, struct owners_stats *s)
{
	struct flowtab_stats f;

	flowtab_stats(o->flows, &f);
	s->refused = o->refused;
	s->events_lost = o->probe ? probe_lost(o->probe) : 0;
	s->evicted_open = f.evicted_open;
	s->unanswered = lookup_unanswered(o->lookup);
}

void owners_fill(struct owners *o, struct owners_fill *f)
{
	struct flowtab_stats flows;

	flowtab_stats(o->flows, &flows);
	f->events = o->probe ? probe_fill(o->probe) : 0;
	f->flows = (unsigned)(flows.flows * 100 / MAX_FLOWS);
}

void owners_each_socket(const struct owners *o,
			void (*fn)(void *ctx, const struct flowtab_socket *s),
			void *ctx)
{
	flowtab_each_bound(o->flows, o->netns, fn, ctx);
}
