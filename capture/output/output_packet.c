/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets, with what stands before them and whether they have room. */
#include "output/output_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "output/comments.h"
#include "output/country_cache.h"
#include "output/host_names.h"
#include "output/packet_options.h"
#include "output/pcapng/pcapng_option.h"
#include "output/process_block.h"
#include "packet/queue.h"
#include "packet/raw_packet.h"
#include "process/proctab.h"

#define REPEAT_RECORD 10000 /* packets; so that a cut file keeps it */
/* What reads a pipe may make short files of it, as dumpcap -b does. */
#define REPEAT_IN_PIPE 32
#define REPEAT_PIPE_NS 100000000ull
#define PACKET_EXTRA   768 /* around a packet: headers, comment, owners */
#define OTHER_EXTRA    64  /* each other receiver, and its comment */
#define RECORD_EXTRA   96  /* a record's counters in the table */
#define DEVICE_EXTRA   256 /* what closes one of `any`'s, twice */
#define DEVICE_BEGINS  512 /* what describes it */
#define KEYS_EXTRA     24  /* around keys, and padding */
#define NAMES_EXTRA    640 /* of a packet's two addresses */
#define PEERS_EXTRA    68  /* four addresses, two countries */
#define STAMPS	       2   /* of both ends, and of other receivers */

/* ---- packets ---- */

static void set_end(struct output *o, struct packet_end *e,
		    const struct verdict_end *v, const struct program *program,
		    const uint8_t addr[16])
{
	e->attr = v->attr;
	e->reason = v->reason;
	if (addr)
		memcpy(e->country, country_cache_get(o->countries, addr),
		       sizeof(e->country));
	if (!program)
		return;
	e->present = true;
	e->id = program->id;
	e->pid = program->proc->pid;
	e->tid = v->tid;
	e->version = program->version;
	memcpy(e->name, program->name, sizeof(e->name));
}

static uint32_t epb_flags(uint8_t direction)
{
	switch (direction) {
	case SOURCE_IN:
	case SOURCE_LOOPBACK:
		return PCAPNG_EPB_FLAG_INBOUND;
	case SOURCE_OUT:
		return PCAPNG_EPB_FLAG_OUTBOUND;
	default:
		return 0;
	}
}

static bool is_to_pipe(const struct output *o)
{
	return pcapng_writer_pipe(o->writer) >= 0;
}

/* This file has not had the process's record lately. */
static bool is_due(const struct output *o, const struct program *i,
		   const struct frame *h)
{
	if (i->section != o->section || i->written_version != i->version ||
	    !i->until_repeat)
		return true;
	return is_to_pipe(o) && h->ts_ns > i->written_ns + REPEAT_PIPE_NS;
}

/* Its bytes, or 0 if it is not due. */
static size_t record_due(const struct output *o, const struct program *i,
			 const struct frame *h, bool always,
			 uint8_t out[PROCESS_MAX + 16])
{
	struct wbuf w = wbuf_of(out, PROCESS_MAX + 16);
	uint8_t record[PROCESS_MAX];

	if (!always && !is_due(o, i, h))
		return 0;
	put_custom_option(&w, record, kept_record_copy(&i->record, record));
	return w.failed ? 0 : w.len;
}

/* A reader takes the last record of an id: what @i was before it is due again. */
static void supersede_records(const struct program *i)
{
	for (struct program *k = i->proc->program; k; k = k->older)
		if (k != i && k->id == i->id)
			k->until_repeat = 0;
}

/*
 * The packet is in the file, with the record if that was due.  It counts once for
 * who sent it and reads it, too: @counted, as its sender.
 */
static void count_program(struct output *o, struct program *i,
			  const struct frame *h, bool counted)
{
	if (i->section != o->section)
		i->packets = i->bytes = i->last_ns = 0;
	if (i->section != o->section || i->written_version != i->version)
		o->file.end_bytes += kept_record_len(&i->record) + RECORD_EXTRA;
	if (is_due(o, i, h)) {
		i->until_repeat = is_to_pipe(o) ? REPEAT_IN_PIPE :
						  REPEAT_RECORD;
		i->written_ns = h->ts_ns;
		supersede_records(i);
	}
	i->until_repeat--;
	i->section = o->section;
	i->written_version = i->version;
	if (counted)
		return;
	if (!i->packets)
		i->first_ns = h->ts_ns;
	i->packets++;
	i->bytes += h->len;
	i->last_ns = h->ts_ns;
}

static void add_option(struct pcapng_packet *p, struct iovec *iov,
		       const uint8_t *bytes, size_t len)
{
	struct iovec option = { bytes_unconst(bytes), len };

	if (len)
		iov[p->option_count++] = option;
}

static struct iovec stamped(const struct packet_stamp *stamp, bool first)
{
	size_t skipped = first ? 0 : stamp->first_len;

	if (!stamp->len)
		return (struct iovec){ 0 };
	return (struct iovec){ bytes_unconst(stamp->bytes + skipped),
			       stamp->len - skipped };
}

/* The comment is there with a record, so that a file cut there has both. */
static int write_options(struct output *o, const struct frame *h,
			 const struct pcapng_packet *p, struct iovec *first,
			 const struct packet_stamp stamps[STAMPS])
{
	bool record = p->option_count > STAMPS;
	struct comment_place place = { 0 };
	bool due = true;
	int err;

	if (o->comments) {
		place = comments_find(o->comments, &h->packet, p->interface,
				      o->section,
				      stamps[0].comment_hash ^
					      stamps[1].comment_hash);
		due = record || comments_due(o->comments, &place);
	}
	for (int i = 0; i < STAMPS; i++)
		first[i] = stamped(&stamps[i], due);
	err = pcapng_writer_packet(o->writer, p);
	if (!err && o->comments && due)
		comments_told(o->comments, &place);
	return err;
}

static struct packet_stamp stamp_of_others(struct output *o,
					   const struct owned_packet *p)
{
	struct packet_end ends[VERDICT_OTHERS];

	if (!p->other_count)
		return (struct packet_stamp){ 0 };
	memset(ends, 0, sizeof(ends));
	for (unsigned i = 0; i < p->other_count; i++)
		set_end(o, &ends[i], &p->others[i].end, p->others[i].program,
			NULL);
	return packet_options_others(o->options_cache, ends, p->other_count);
}

/*
 * All that a packet names, each once: who sends may receive it, too, under
 * another name or user by then, which is another program of the same id.  Such a
 * packet has both records: the first is the sender's, the second the reader's,
 * whose it is from then on.
 */
struct named_programs {
	struct program *of[OUTPUT_PROGRAMS];
	unsigned count;
	unsigned second; /* of the sender's id, or 0 */
};

static void add_program(struct named_programs *n, const struct owned_packet *p,
			struct program *program)
{
	if (n->count && !n->second && owned_packet_is_from(p, program))
		n->second = n->count;
	n->of[n->count++] = program;
}

static void name_programs(struct named_programs *n,
			  const struct owned_packet *p)
{
	n->count = n->second = 0;
	if (p->src)
		add_program(n, p, p->src);
	if (p->dst && p->dst != p->src)
		add_program(n, p, p->dst);
	for (unsigned i = 0; i < p->other_count; i++)
		if (p->others[i].program != p->src)
			add_program(n, p, p->others[i].program);
}

static int write_packet(struct output *o, const struct owned_packet *owned,
			uint32_t interface, const struct option_key *key,
			const struct named_programs *named)
{
	const struct program *src = owned->src, *dst = owned->dst;
	const struct frame *h = owned->frame;
	const struct option_records records = { src ? &src->record : NULL,
						dst ? &dst->record : NULL };
	struct iovec iov[STAMPS + OUTPUT_PROGRAMS];
	struct packet_stamp stamps[STAMPS];
	struct pcapng_packet p = {
		.interface = interface,
		.caplen = h->caplen,
		.len = h->len,
		.ts_ns = h->ts_ns,
		.data = owned->data,
		.options = iov,
	};

	stamps[0] = packet_options_get(o->options_cache, key, &records);
	stamps[1] = stamp_of_others(o, owned);
	p.option_count = STAMPS;
	for (unsigned i = 0; i < named->count; i++)
		add_option(&p, iov, o->record[i],
			   record_due(o, named->of[i], h,
				      named->second &&
					      (!i || i == named->second),
				      o->record[i]));
	return write_options(o, h, &p, iov, stamps);
}

static int write_name(struct output *o, const uint8_t addr[16])
{
	const char *name = host_names_due(o->names, addr, o->section);
	int err = name ? pcapng_writer_name(o->writer, addr, name) : 0;

	if (name && !err)
		host_names_told(o->names, addr, o->section);
	return err;
}

/* Of both addresses, if they have names that this file does not have. */
static int write_names(struct output *o, const struct frame *h)
{
	int err;

	if (!o->names || h->packet.kind != PACKET_IP)
		return 0;
	err = write_name(o, h->packet.outer.key.local);
	return err ? err : write_name(o, h->packet.outer.key.remote);
}

/* This file has not had what the program is now. */
static bool is_news(const struct output *o, const struct program *i)
{
	return i->section != o->section || i->written_version != i->version;
}

/*
 * For who knows no records of ours.  One that has no room is not worth to lose
 * a packet for.
 */
static void write_process_blocks(struct output *o, const struct owned_packet *p,
				 const struct named_programs *named)
{
	uint8_t payload[PROCESS_BLOCK_MAX];
	struct process process;

	for (unsigned i = 0; i < named->count; i++) {
		const struct program *one = named->of[i];
		uint64_t age = p->mono_ns - one->from_mono_ns;
		uint64_t from_ns = one->from_mono_ns && one->from_mono_ns <=
								p->mono_ns ?
					   p->frame->ts_ns - age :
					   0;
		size_t len = is_news(o, one) && program_read(one, &process) ?
				     process_block(&process, from_ns, payload) :
				     0;

		if (len)
			pcapng_writer_custom_of(o->writer, PROCESS_BLOCK_PEN,
						payload, len);
	}
}

static unsigned device_index(const struct owned_packet *p)
{
	return parse_device(p->linktype, p->data, p->frame->caplen);
}

/* What one looks for it by. */
static void add_peers(struct output *o, const struct frame *h,
		      const struct option_key *key)
{
	if (h->packet.kind != PACKET_IP)
		return;
	peers_add(o->peers, h->packet.outer.key.local,
		  h->packet.outer.key.remote);
	if (h->packet.is_error || h->packet.is_tunnel)
		peers_add(o->peers, h->packet.inner.key.local,
			  h->packet.inner.key.remote);
	peers_add_country(o->peers, key->src.country);
	peers_add_country(o->peers, key->dst.country);
}

void output_prepare(const struct output *o, const struct flow_key *key)
{
	if (!o)
		return;
	country_cache_prepare(o->countries, key->local);
	country_cache_prepare(o->countries, key->remote);
	if (o->comments)
		comments_prepare(o->comments, key);
}

int output_packet(struct output *o, const struct owned_packet *p)
{
	const struct frame *h = p->frame;
	const struct verdict *v = p->verdict;
	bool ip = h->packet.kind == PACKET_IP;
	struct named_programs named;
	struct interface_of_device *via;
	struct option_key key;
	int err;

	if (!o)
		return 0;
	if (!o->writer)
		return -EAGAIN;
	err = output_write_keys(o);
	if (err)
		return err;
	err = write_names(o, h);
	if (err)
		return err;
	name_programs(&named, p);
	memset(&key, 0, sizeof(key));
	set_end(o, &key.src, &v->src, p->src,
		ip ? h->packet.outer.key.local : NULL);
	set_end(o, &key.dst, &v->dst, p->dst,
		ip ? h->packet.outer.key.remote : NULL);
	key.direction = v->direction;
	key.epb_flags = epb_flags(h->direction);
	key.loopback = h->direction == SOURCE_LOOPBACK;
	via = interfaces_take(&o->devices, o->writer,
			      &o->interfaces[h->interface], h->interface,
			      device_index(p), &err);
	if (err)
		return err;
	/* Never the first record of a file: see output_end_file(). */
	if (o->process_blocks && o->file.packets)
		write_process_blocks(o, p, &named);
	err = write_packet(o, p,
			   via ? interfaces_number(&o->devices, via) :
				 h->interface,
			   &key, &named);
	if (err)
		return err;

	add_peers(o, h, &key);
	if (o->process_blocks && !o->file.packets)
		write_process_blocks(o, p, &named);
	if (o->names)
		host_names_learn(o->names, h, p->data);
	for (unsigned i = 0; i < named.count; i++)
		count_program(o, named.of[i], h, i && i == named.second);
	o->file.ends[v->src.attr]++;
	o->file.ends[v->dst.attr]++;
	via ? via->packets++ : o->file.interface_packets[h->interface]++;
	o->file.packets++;
	return 0;
}

/* ---- the room they have ---- */

/* What the packet can take at most, with what it makes the file's end longer. */
static uint64_t room_for(struct output *o, const struct owned_packet *p)
{
	uint64_t bytes = p->frame->caplen + PACKET_EXTRA;
	struct named_programs named;

	name_programs(&named, p);
	/* In the packet, and again in the table. */
	bytes += p->other_count * OTHER_EXTRA;
	for (unsigned i = 0; i < named.count; i++)
		bytes += (o->process_blocks ? 3u : 2u) *
				 kept_record_len(&named.of[i]->record) +
			 2 * RECORD_EXTRA;
	if (o->keys_written < o->keys_len)
		bytes += o->keys_len - o->keys_written + KEYS_EXTRA;
	if (o->names)
		bytes += NAMES_EXTRA;
	if (!interfaces_have(&o->devices, p->frame->interface, device_index(p)))
		bytes += DEVICE_BEGINS + DEVICE_EXTRA;
	bytes += peers_size(o->peers) + PEERS_EXTRA;
	return bytes + o->file.end_bytes + o->devices.count * DEVICE_EXTRA;
}

static bool is_disk_full(struct output *o, const struct owned_packet *p)
{
	uint64_t bytes;

	if (!o->file.packets)
		return false;
	if (o->limits.packets && o->file.packets >= o->limits.packets)
		return true;
	if (!o->limits.bytes)
		return false;
	bytes = room_for(o, p);
	if (pcapng_writer_size(o->writer) + bytes <= o->limits.bytes)
		return false;
	/* What waits may become smaller; what cannot be written is told later. */
	pcapng_writer_settle(o->writer);
	return pcapng_writer_size(o->writer) + bytes > o->limits.bytes;
}

bool output_ends_before(struct output *o, const struct owned_packet *p,
			const struct moment *now)
{
	if (!o)
		return false;
	return !o->writer ||
	       limits_time_is_up(&o->limits, &o->file.limits, now) ||
	       (p && is_disk_full(o, p));
}
