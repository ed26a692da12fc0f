/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/owners_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bpf/probe.h"
#include "host/log.h"
#include "lookup/container_name.h"
#include "lookup/lookup.h"
#include "owner/packets/packettab.h"
#include "owner/flowtab/flowtab.h"
#include "packet/raw_packet.h"
#include "record.h"

#define SCAN_FIRST_NS	 50000000ull /* processes are read before the capture */
#define MAX_TRANSLATIONS (1u << 18)  /* nf_conntrack_max, by default */

/* ---- all namespaces ---- */

void owners_claim_nothing(struct owners *o, uint8_t reason)
{
	for (int i = 0; i < o->namespace_count; i++)
		resolver_claim_nothing(namespace_resolver(o->namespaces[i]),
				       reason);
}

static bool may_translate(const struct owners *o)
{
	for (int i = 0; i < o->namespace_count; i++)
		if (namespace_may_translate(o->namespaces[i]))
			return true;
	return false;
}

static bool have_queue(const struct owners *o)
{
	for (int i = 0; i < o->namespace_count; i++)
		if (namespace_has_queue(o->namespaces[i]))
			return true;
	return false;
}

/* ---- open and close ---- */

static int poll_all(struct owners *o, int why)
{
	int err = 0;

	o->refused = why;
	owners_claim_nothing(o, REASON_NO_SOCKET);
	for (int i = 0; !err && i < o->namespace_count; i++)
		err = namespace_poll(o->namespaces[i], o->processes);
	return err;
}

static void watch_sockets(const struct owners *o, struct resolver *r)
{
	resolver_watch_arrivals(r, &o->arrivals);
	resolver_watch_reads(r, &o->unread);
}

static void hook_queues(struct owners *o, const struct netns_list *l)
{
	for (int i = 0; i < o->namespace_count; i++) {
		if (!namespace_has_queue(o->namespaces[i]))
			continue;
		if (!netns_enter(l, i))
			probe_watch_queues(o->probe);
		netns_leave(l);
	}
}

/* What is not known then. */
static void say_limits(struct owners *o)
{
	if (probe_missing(o->probe))
		log_debug("%d hooks could not be attached",
			  probe_missing(o->probe));
	if (may_translate(o)) {
		log_warn("the kernel tracks connections and does not tell of "
			 "them without CAP_NET_ADMIN: packets without a socket "
			 "are \"unknown\"");
		owners_claim_nothing(o, REASON_NO_SOCKET);
	}
	if (probe_is_partial(o->probe)) {
		log_warn("only processes of this container's cgroup are "
			 "known; packets of others are \"unknown\"");
		owners_claim_nothing(o, REASON_NO_SOCKET);
	}
	if (!procfs_is_initial(o->proc_fd, "1")) {
		log_warn("this container has its own process ids, and eBPF "
			 "the host's: of what runs already only names are "
			 "known; start it with the host's, as by --pid=host");
		proctab_leave_proc(o->processes);
	}
}

static int open_probe(struct owners *o, const struct netns_list *l)
{
	struct probe_handler handler = owners_listen(o);
	int err = -ENOTSUP;

	handler.delays = have_queue(o);
	if (clocks_are_the_kernels())
		err = probe_open(&o->probe, &handler);
	if (err)
		return err;
	hook_queues(o, l);
	probe_arrivals(o->probe, o->arrivals.tables, &o->arrivals.now);
	o->arrivals.turned_ns = o->arrivals.since_ns = clock_ns(
		CLOCK_MONOTONIC);
	probe_progress(o->probe, &o->unread.progress, &o->unread.forked_ns);
	for (int i = 0; i < o->namespace_count; i++)
		watch_sockets(o, namespace_resolver(o->namespaces[i]));
	say_limits(o);
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

	o->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->proc_fd < 0)
		return -errno;
	p.proc_fd = o->proc_fd;
	p.lookup = o->lookup;
	o->containers = container_names_new(o->lookup);
	p.containers = o->containers;
	o->processes = proctab_new(&p);
	o->flows = flowtab_new(OWNERS_FLOWS);
	o->packets = packettab_new();
	return o->containers && o->processes && o->flows && o->packets ?
		       0 :
		       -ENOMEM;
}

/* Where there are none, nothing is waited for. */
static int watch_changes(struct owners *o, int namespace)
{
	struct epoll_event e = { .events = EPOLLIN,
				 .data.u32 = (uint32_t) namespace };

	for (int i = 0; i < NAMESPACE_FDS; i++) {
		int fd = namespace_fd(o->namespaces[namespace], i);

		if (fd >= 0 && epoll_ctl(o->changes_fd, EPOLL_CTL_ADD, fd, &e))
			return -errno;
	}
	return 0;
}

static int open_namespaces(struct owners *o, const struct netns_list *l)
{
	struct namespace_options n = {
		.flows = o->flows,
		.packets = o->packets,
		.lookup = o->lookup,
		.told = &o->told,
		.max_translations = MAX_TRANSLATIONS / (size_t)l->count,
	};
	int err = 0;

	o->changes_fd = epoll_create1(EPOLL_CLOEXEC);
	if (o->changes_fd < 0)
		return -errno;
	for (int i = 0; !err && i < l->count; i++) {
		n.number = (unsigned)i;
		err = netns_enter(l, i);
		err = err ? err : namespace_open(&o->namespaces[i], &n);
		netns_leave(l);
		o->namespace_count += !err;
		err = err ? err : watch_changes(o, i);
	}
	return err;
}

int owners_open(struct owners **out, const struct owners_options *options)
{
	struct owners *o = calloc(1, sizeof(*o));
	int err;

	if (!o)
		return -ENOMEM;
	o->proc_fd = o->changes_fd = -1;
	o->told = 1;
	o->lookup = options->lookup;
	o->hash = options->hash;
	o->seen = options->loopback_only ? PROBE_SEEN_LOOPBACK :
		  options->no_loopback	 ? PROBE_SEEN_OTHERS :
					   PROBE_SEEN_ALL;
	o->ended = options->ended;
	o->ended_ctx = options->ctx;
	packet_clock_begin(&o->clock);
	err = open_tables(o, options);
	if (err)
		goto fail;
	err = open_namespaces(o, options->namespaces);
	if (err)
		goto fail;
	err = open_probe(o, options->namespaces);
	if (err)
		err = poll_all(o, err);
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
	for (int i = 0; i < o->namespace_count; i++)
		namespace_close(o->namespaces[i]);
	packettab_free(o->packets);
	flowtab_free(o->flows);
	proctab_free(o->processes);
	container_names_free(o->containers);
	if (o->proc_fd >= 0)
		close(o->proc_fd);
	if (o->changes_fd >= 0)
		close(o->changes_fd);
	free(o);
}

struct proctab *owners_processes(struct owners *o)
{
	return o->processes;
}

int owners_fd(const struct owners *o, int which)
{
	if (which)
		return o->changes_fd;
	return o->probe ? probe_fd(o->probe) : -1;
}

/* ---- packets ---- */

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

/* Of most namespaces nothing has changed. */
static void refresh_all(struct owners *o)
{
	struct epoll_event events[NAMESPACE_FDS * NETNS_MAX];
	bool changed[NETNS_MAX] = { false };
	int count = epoll_wait(o->changes_fd, events,
			       NAMESPACE_FDS * o->namespace_count, 0);

	for (int i = 0; i < count; i++)
		changed[events[i].data.u32] = true;
	for (int i = 0; i < o->namespace_count; i++)
		o->told += namespace_refresh(o->namespaces[i], changed[i]);
}

/* Of translations some may still be told. */
static void doubt_translations(struct owners *o, uint64_t now)
{
	for (int i = 0; i < o->namespace_count; i++) {
		struct resolver *r = namespace_resolver(o->namespaces[i]);
		uint64_t until = namespace_doubted_until(o->namespaces[i], now);

		if (until == UINT64_MAX || (until && !o->has_gap))
			resolver_doubt(r, REASON_LOST, until);
	}
}

void owners_update(struct owners *o)
{
	uint64_t now;

	watch_clock(o);
	refresh_all(o);
	owners_take_hashes(o);
	if (!o->probe)
		return;
	now = clock_ns(CLOCK_MONOTONIC);
	probe_consume(o->probe);
	if (probe_heard(o->probe))
		o->heard_ns = now;
	if (arrivals_turn(&o->arrivals, now))
		o->arrivals.turned_ns = clock_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < o->namespace_count; i++)
		resolver_told_until(namespace_resolver(o->namespaces[i]),
				    o->heard_ns);
	owners_watch(o, now);
	doubt_translations(o, now);
}

uint64_t owners_mono_ns(const struct owners *o, uint64_t ts_ns)
{
	uint64_t mono_ns;

	packet_clock_read(&o->clock, ts_ns, &mono_ns);
	return mono_ns;
}

static void complete_end(struct owners *o, const struct verdict_end *end)
{
	if (end->owner)
		proctab_complete(o->processes, end->owner);
}

/* A socket's holder has told nothing itself. */
static void complete_verdict(struct owners *o, const struct verdict *v)
{
	complete_end(o, &v->src);
	complete_end(o, &v->dst);
	for (unsigned i = 0; i < v->other_count; i++)
		complete_end(o, &v->others[i]);
}

void owners_prepare(struct owners *o, const struct flow_key *key)
{
	flowtab_prepare(o->flows, key);
	packettab_prepare_flow(o->packets, key);
}

void owners_prepare_packet(struct owners *o, const struct packet *p,
			   uint8_t direction)
{
	packettab_prepare(o->packets, p->outer.fingerprint);
	if (o->arrivals.now && direction != SOURCE_OUT)
		arrivals_prepare(&o->arrivals, p->outer.arrival,
				 p->outer.key.remote_port);
}

void owners_done(struct owners *o, uint64_t mono_ns)
{
	flowtab_done(o->flows, mono_ns);
	packettab_done(o->packets, mono_ns);
}

bool owners_resolve(struct owners *o, const struct packet *p,
		    const struct owners_seen *seen, struct verdict *v)
{
	uint64_t mono_ns;
	bool is_known = packet_clock_read(&o->clock, seen->ts_ns, &mono_ns);
	bool settled = namespace_resolve(o->namespaces[seen->namespace], p,
					 mono_ns, seen->direction, v);

	if (!is_known)
		verdict_forget(v);
	complete_verdict(o, v);
	/* Its sender may not be told yet. */
	return settled && !owners_must_watch(o, v, mono_ns) &&
	       (!o->probe || mono_ns <= o->heard_ns);
}
