/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What shows only in many connections: a beacon's beat, and a scan. */
#include "detect/found.h"

#include <math.h>
#include <epan/dissectors/packet-tcp.h>

/*
 * As few beats as no coincidence makes, and a spread that a program which
 * waits for people, or for each other, does not keep.
 */
#define BEATS	    8
#define BEAT_MIN    5.0	 /* seconds */
#define BEAT_SPREAD 0.15 /* standard deviation by mean */

/* Every host asks these in a rhythm. */
static bool is_clockwork(const packet_info *pinfo)
{
	uint32_t port = pinfo->destport;

	return pinfo->ptype == PT_UDP &&
	       (port == 53 || port == 67 || port == 123 || port == 547 ||
		port == 1900 || port == 5353 || port == 5355);
}

/* By program: what cron starts is another process each time. */
struct beat {
	double last;
	double mean;	/* of the intervals, and their squares' sum: */
	double squares; /* Welford's, which loses no digits */
	unsigned count;
	bool told;
};

static wmem_map_t *beats; /* program, remote end -> struct beat */

/* A hundred connections at once are one beat. */
#define BURST 1.0

static bool is_regular(const struct beat *b)
{
	return b->count >= BEATS && b->mean >= BEAT_MIN &&
	       sqrt(b->squares / (b->count - 1)) <= BEAT_SPREAD * b->mean;
}

static struct beat *beat_of(const struct opening *o)
{
	char *key = wmem_strdup_printf(o->pinfo->pool, "%s\n%s\n%u\n%d",
				       o->program, o->remote,
				       o->pinfo->destport, o->pinfo->ptype);
	struct beat *b = wmem_map_lookup(beats, key);

	if (b)
		return b;
	b = wmem_new0(wmem_file_scope(), struct beat);
	b->last = o->at;
	wmem_map_insert(beats, wmem_strdup(wmem_file_scope(), key), b);
	return b;
}

void pattern_beacon(const struct opening *o)
{
	struct beat *b;
	double interval, off;

	if (o->is_local || is_clockwork(o->pinfo))
		return;
	b = beat_of(o);
	interval = o->at - b->last;
	if (interval < BURST)
		return;
	b->last = o->at;
	off = interval - b->mean;
	b->mean += off / ++b->count;
	b->squares += off * (interval - b->mean);
	if (b->told || !is_regular(b))
		return;
	b->told = true;
	detect_found(
		o, BEACON,
		wmem_strdup_printf(
			o->pinfo->pool,
			"%s connects to %s port %u every %.1f s: %u times, and %.1f s"
			" apart from that on average",
			o->program, o->remote, o->pinfo->destport, b->mean,
			b->count + 1, sqrt(b->squares / (b->count - 1))));
}

/* ---- a scan ---- */

#define TRIES	 64   /* the latest ones of a process */
#define IN_VAIN	 50   /* of them, to different ends */
#define WITHIN	 60.0 /* seconds */
#define PATIENCE 1.0  /* until no answer is one */

/* packet-tcp.c: the same numbers from 4.0 to 4.6. */
#define COMPLETENESS_SYN    0x01
#define COMPLETENESS_SYNACK 0x02
#define COMPLETENESS_RST    0x20

struct
try {
	double at;
	guint end; /* a hash of its address and port */
	const conversation_t *flow;
};

struct tries {
	struct try last[TRIES];
	unsigned count;
	bool told;
};

static wmem_map_t *all_tries; /* process id -> struct tries */

static bool was_in_vain(const struct try *t, double now)
{
	static int proto = -1;
	const struct tcp_analysis *a;

	if (proto == -1)
		proto = proto_get_id_by_filter_name("tcp");
	a = conversation_get_proto_data(t->flow, proto);
	if (!a || !(a->conversation_completeness & COMPLETENESS_SYN) ||
	    a->conversation_completeness & COMPLETENESS_SYNACK)
		return false;
	return a->conversation_completeness & COMPLETENESS_RST ||
	       now - t->at >= PATIENCE;
}

/* How many different ends were tried in vain? */
static unsigned count_in_vain(const struct tries *t, double now)
{
	GHashTable *ends = g_hash_table_new(g_direct_hash, g_direct_equal);
	unsigned count;

	for (unsigned i = 0; i < TRIES; i++)
		if (now - t->last[i].at <= WITHIN &&
		    was_in_vain(&t->last[i], now))
			g_hash_table_add(ends,
					 GUINT_TO_POINTER(t->last[i].end));
	count = g_hash_table_size(ends);
	g_hash_table_destroy(ends);
	return count;
}

static struct tries *tries_of(uint64_t id)
{
	struct tries *t = wmem_map_lookup(all_tries, &id);
	uint64_t *key;

	if (t)
		return t;
	t = wmem_new0(wmem_file_scope(), struct tries);
	key = wmem_new(wmem_file_scope(), uint64_t);
	*key = id;
	wmem_map_insert(all_tries, key, t);
	return t;
}

void pattern_scan(const struct opening *o)
{
	struct tries *t;
	struct try *next;
	unsigned in_vain;

	if (o->pinfo->ptype != PT_TCP)
		return;
	t = tries_of(o->owner->id);
	if (t->told)
		return;
	next = &t->last[t->count++ % TRIES];
	next->at = o->at;
	next->end = g_str_hash(o->remote) ^ o->pinfo->destport * 2654435761u;
	next->flow = o->flow;
	in_vain = t->count < TRIES ? 0 : count_in_vain(t, o->at);
	if (in_vain < IN_VAIN)
		return;
	t->told = true;
	detect_found(
		o, SCAN,
		wmem_strdup_printf(
			o->pinfo->pool,
			"%s (%u) tried %u addresses and ports within %.0f s, and none"
			" of them answered: the last is %s port %u",
			o->program, o->owner->pid, in_vain, WITHIN, o->remote,
			o->pinfo->destport));
}

void pattern_init(void)
{
	beats = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				       wmem_str_hash, g_str_equal);
	all_tries = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					   wmem_int64_hash, g_int64_equal);
}
