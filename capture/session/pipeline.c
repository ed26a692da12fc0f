/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/pipeline.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "host/clocks.h"
#include "host/watch.h"
#include "options.h"
#include "output/output.h"
#include "owner/owners.h"
#include "session/files/files.h"
#include "session/parts.h"
#include "view/view.h"
#include "wireshark/toolbar.h"

#define READER_NS    250000000ull   /* a slow reader is waited for */
#define UNREAD_NS    10000000000ull /* not again, if there was none */
#define MERGE_NS     25000000ull    /* an idle capture's block is out by then */
#define STALE_NS     900000000ull   /* waited for a slow reader */
#define CLOCK_SET_NS 1000000000ull
#define PRUNE_NS     1000000000ull
#define HASHES_NS    2000000000ull
#define KEYS_AT_ONCE 16384
#define KEYS_READS   8
#define HASHES_MS    5 /* between two looks */

/* ---- packets out ---- */

static void hash_end(struct pipeline *l, struct program *program)
{
	if (l->hash && program)
		owners_hash(l->owners, program);
}

static struct program *program_of_end(const struct verdict_end *end,
				      uint64_t mono_ns)
{
	if (!end->owner)
		return NULL;
	return proc_program_at(end->owner,
			       end->as_of_ns ? end->as_of_ns : mono_ns);
}

static bool is_unnamed(const struct verdict *v)
{
	return v->src.attr == ATTR_UNKNOWN || v->dst.attr == ATTR_UNKNOWN;
}

static void count_frame(struct counts *c, const struct frame *h,
			const struct verdict *v, uint64_t age)
{
	c->bytes += h->len;
	c->unnamed += is_unnamed(v);
	if (age > c->lag_ns && age != UINT64_MAX)
		c->lag_ns = age;
}

static unsigned take_sharers(struct pipeline *l, const struct verdict *v,
			     uint64_t mono_ns)
{
	unsigned n = 0;

	for (unsigned i = 0; i < v->other_count; i++) {
		l->others[n].end = v->others[i];
		l->others[n].program = program_of_end(&v->others[i], mono_ns);
		n += l->others[n].program != NULL;
	}
	return n;
}

/* Finds the one of them that is alarming, or NULL. */
static const struct program *find_alarming(const struct owned_packet *p)
{
	if (p->src && p->src->alarming)
		return p->src;
	if (p->dst && p->dst->alarming)
		return p->dst;
	for (unsigned i = 0; i < p->other_count; i++)
		if (p->others[i].program->alarming)
			return p->others[i].program;
	return NULL;
}

/* 0: it is done with; -EAGAIN: there is no room yet; else it is lost. */
static int hand_on(struct pipeline *l, const struct frame *h,
		   const struct verdict *v, uint64_t age)
{
	struct ending *ending = &l->parts->ending;
	const struct program *alarming;
	uint64_t mono_ns = owners_mono_ns(l->owners, h->ts_ns);
	struct owned_packet p = {
		.frame = h,
		.verdict = v,
		.src = program_of_end(&v->src, mono_ns),
		.dst = program_of_end(&v->dst, mono_ns),
		.others = l->others,
		.other_count = take_sharers(l, v, mono_ns),
		.mono_ns = mono_ns,
		.namespace = captures_namespace(l->captures, h->interface),
		.data = h->data,
		.linktype = (uint16_t)captures_linktype(l->captures,
							h->interface),
	};
	int err;

	if (!ending_takes(ending, mono_ns))
		return 0;
	if (!wanted_packet(&l->wanted, &p)) {
		if (is_unnamed(v))
			files_count_unnamed(l->files);
		return 0;
	}
	err = files_choose(l->files, &p);
	if (err)
		return err == -ECANCELED ? 0 : err;
	hash_end(l, p.src);
	hash_end(l, p.dst);
	for (unsigned i = 0; i < p.other_count; i++)
		hash_end(l, p.others[i].program);
	err = files_packet(l->files, &p);
	if (err && err != -EAGAIN)
		ending_fail(ending, err);
	if (err)
		return err;
	alarming = find_alarming(&p);
	if (alarming)
		parts_alarm(l->parts, alarming);
	if (l->view)
		view_packet(l->view, &p);
	count_frame(&l->parts->counts, h, v, age);
	ending_count(ending);
	return 0;
}

/* A packet of the future is from before the clock was set back. */
static uint64_t age_of(const struct pipeline *l, const struct frame *h,
		       uint64_t now)
{
	uint64_t then = owners_mono_ns(l->owners, h->ts_ns);

	if (now >= then)
		return now - then;
	return then - now > CLOCK_SET_NS ? UINT64_MAX : 0;
}

/*
 * How long a packet may wait for who has it.  What nobody reads must not hold
 * the others up all the time, nor who looks on while they are captured.
 */
static uint64_t patience(struct pipeline *l, const struct verdict *v,
			 uint64_t age, uint64_t now)
{
	uint64_t *unread_ns = &l->unread_ns[v->unread % PIPELINE_UNREAD];

	if (!v->unread || !l->parts->to_file || now < *unread_ns + UNREAD_NS)
		return FLOWTAB_HOLD_NS;
	if (age >= READER_NS)
		*unread_ns = now;
	return READER_NS;
}

/* A table's memory is fetched before the packet that needs it is the oldest. */
static void prepare(struct pipeline *l, uint32_t interface)
{
	const struct frame *h;

	while ((h = captures_ahead(l->captures, interface))) {
		const struct flow_key *key = &h->packet.outer.key;

		if (h->packet.kind != PACKET_IP)
			continue;
		owners_prepare_packet(l->owners, &h->packet, h->direction);
		if (flow_key_equal(key, &l->prepared))
			continue;
		l->prepared = *key;
		owners_prepare(l->owners, key);
		files_prepare(l->files, key);
	}
}

/*
 * Writes what can be written, in order of time.  A packet waits while a late
 * event may still name its owner, and while another capture may still have an
 * older one.  With @force the first one does not wait.
 */
static void release(struct pipeline *l, bool force)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	const struct frame *h;
	bool gap;

	while ((h = captures_oldest(l->captures, &gap))) {
		uint64_t age = age_of(l, h, now);
		uint32_t interface = h->interface;
		const struct owners_seen seen = {
			.ts_ns = h->ts_ns,
			.namespace = captures_namespace(l->captures, interface),
			.direction = h->direction,
		};
		struct verdict v;
		bool settled;
		int err;

		if (!force && ((gap && age < MERGE_NS) ||
			       (l->keys.fd >= 0 && age < KEYS_HOLD_NS)))
			return;
		prepare(l, interface);
		settled = owners_resolve(l->owners, &h->packet, &seen, &v);
		if (!settled && age < patience(l, &v, age, now)) {
			if (!force)
				return;
			files_count_early(l->files);
		}
		err = hand_on(l, h, &v, age);
		/* Older than that, its owner is no longer on record. */
		if (err == -EAGAIN && !force && age < STALE_NS)
			return;
		if (err) {
			captures_lose(l->captures, interface);
			files_miss(l->files);
		}
		force = false;
		l->popped_ns = h->ts_ns;
		captures_pop(l->captures, interface);
	}
}

/* ---- packets in ---- */

static void begin_room(void *ctx)
{
	struct pipeline *l = ctx;

	owners_update(l->owners);
}

static void release_one(void *ctx)
{
	release(ctx, true);
}

/*
 * Where the packets are, which may be far behind the events after a stop.  @begun_ns
 * is when they were read: what is to come is not older, if none came.
 */
static uint64_t done_ns(const struct pipeline *l, uint64_t begun_ns)
{
	bool gap;
	const struct frame *h = captures_oldest(l->captures, &gap);
	uint64_t ts_ns = h ? h->ts_ns : l->popped_ns, mono_ns;

	if (!ts_ns)
		return begun_ns;
	mono_ns = owners_mono_ns(l->owners, ts_ns);
	return mono_ns < begun_ns ? mono_ns : begun_ns;
}

static void prune(struct pipeline *l, uint64_t now)
{
	if (now < l->pruned_ns + PRUNE_NS)
		return;
	l->pruned_ns = now;
	proctab_prune(owners_processes(l->owners), now,
		      files_section(l->files));
	captures_shrink(l->captures);
}

static void take_keys(struct pipeline *l)
{
	char lines[KEYS_AT_ONCE];
	size_t len;

	/* A program that writes without an end must not keep us. */
	for (int i = 0; i < KEYS_READS; i++) {
		len = keys_read(&l->keys, lines, sizeof(lines));
		if (!len)
			break;
		files_keys(l->files, lines, len);
	}
}

int pipeline_step(struct pipeline *l)
{
	uint64_t done = clock_ns(CLOCK_MONOTONIC);
	int err;

	l->popped_ns = 0;
	err = captures_read(l->captures, &l->room);
	owners_update(l->owners);
	take_keys(l);
	release(l, false);
	done = done_ns(l, done);
	owners_done(l->owners, done);
	prune(l, done);
	return err;
}

static bool packets_wait(const struct pipeline *l)
{
	bool gap;

	return captures_oldest(l->captures, &gap) != NULL;
}

bool pipeline_may_rest(const struct pipeline *l)
{
	return captures_may_rest(l->captures);
}

bool pipeline_waits(const struct pipeline *l)
{
	return packets_wait(l) || owners_have_unread(l->owners);
}

/* The process table is better with them, but not worth a long wait. */
static void await_hashes(struct pipeline *l)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + HASHES_NS;

	while (!l->parts->ending.error && owners_hashing(l->owners) &&
	       clock_ns(CLOCK_MONOTONIC) < end) {
		watch_wait(NULL, 0, HASHES_MS);
		owners_update(l->owners);
	}
}

void pipeline_end(struct pipeline *l)
{
	owners_end(l->owners);
}

void pipeline_finish(struct pipeline *l)
{
	/* If the file or its reader is gone, what has come is lost, and counted. */
	if (l->parts->ending.error) {
		captures_read(l->captures, &l->room);
		captures_give_up(l->captures);
	}
	take_keys(l);
	while (packets_wait(l))
		release(l, true);
	await_hashes(l);
}

void pipeline_losses(const struct pipeline *l, struct view_losses *losses)
{
	struct output_interface_stats stats[CAPTURES_MAX];
	struct owners_stats owners;

	owners_stats(l->owners, &owners);
	losses->dropped = captures_statistics(l->captures, stats);
	losses->events = owners.events_lost;
}

void pipeline_init(struct pipeline *l, struct parts *p)
{
	*l = (struct pipeline){
		.parts = p,
		.owners = p->owners,
		.captures = p->captures,
		.files = p->files,
		.view = p->view,
		.wanted = {
			.command = p->command != NULL,
			.filter = &p->options->filter,
			.names = p->toolbar ? toolbar_filter(p->toolbar) :
					      NULL,
		},
		.room = { begin_room, release_one, l },
		.keys = { .fd = p->options->keylog ? p->options->keys_fd : -1 },
		.hash = p->options->hash,
	};
}
