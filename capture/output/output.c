/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/output.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/clocks.h"
#include "output/comments.h"
#include "output/country_cache.h"
#include "geo.h"
#include "packet/queue.h"
#include "host/log.h"
#include "output/interfaces.h"
#include "output/host_names.h"
#include "output/opener.h"
#include "output/process_block.h"
#include "output/pcapng_option.h"
#include "process/proctab.h"
#include "record.h"
#include "owner/owned_packet.h"
#include "packet/source.h"
#include "output/packet_options.h"

#define REPEAT_RECORD	10000	/* packets; so that a cut file keeps it */
/* What reads a pipe may make short files of it, as dumpcap -b does. */
#define REPEAT_IN_PIPE	32
#define REPEAT_PIPE_NS	100000000ull
#define PACKET_EXTRA	768	/* around a packet: headers, comment, owners */
#define OTHER_EXTRA	64	/* each other receiver, and its comment */
#define RECORD_EXTRA	96	/* a record's counters in the table */
#define END_EXTRA	1024	/* the rest of what closes a file */
#define MAX_INTERFACES	64
#define DEVICE_EXTRA	256		/* what closes one of `any`'s, twice */
#define DEVICE_BEGINS	512		/* what describes it */
#define SMALL_FILE	(1u << 20)	/* has no room for devices without packets */
#define RETRY_NS	250000000ull	/* to open a file */
#define TABLE_ROOM	(PCAPNG_MAX_BLOCK - 64)
#define PROGRAMS_MAX	(1 + RECEIVERS_MAX)	/* that one packet can name */
#define STAMPS		2	/* of both ends, and of other receivers */
#define KEYS_MAX	131072		/* bytes that wait, or will be repeated */
#define KEYS_REPEATED	32768		/* of them in a ring's next file */
#define KEYS_EXTRA	24		/* around them, and padding */
#define NAMES_EXTRA	640		/* of a packet's two addresses */

/* What is counted anew in each file. */
struct file {
	struct limits_file limits;
	uint64_t start_ns;
	uint64_t packets;
	uint64_t interface_packets[MAX_INTERFACES];
	uint64_t ends[ATTR_COUNT];		/* packet ends by how they are known */
	uint64_t end_bytes;		/* that closing it will take, at most */
	/* Of the capture, when the file began. */
	struct output_interface_stats before[MAX_INTERFACES];
	struct output_stats stats_before;
	uint64_t forgotten_before;
};

struct output {
	const char *path;		/* of the file that is open */
	struct pcapng_writer *writer;
	struct packet_options *options_cache;
	struct comments *comments;	/* NULL: all packets have theirs */
	struct host_names *names;	/* NULL: none are told */
	struct country_cache *countries;
	bool countries_are_shared;
	struct proctab *processes;	/* or NULL */
	bool process_table;
	bool process_blocks;
	uint32_t section;		/* the file's number, from 1 */
	struct limits limits;
	struct opener *opener;
	enum compression compression;
	const char *comment;
	bool group_read;
	int names_fd;			/* 0: nobody is told */
	bool freeze;			/* files of the ring, so far */
	int no_file;			/* why there is none now, or 0 */
	uint64_t retry_ns;		/* CLOCK_MONOTONIC */
	uint64_t unwritten;
	struct pcapng_interface interfaces[MAX_INTERFACES];
	int interface_count;
	struct interfaces devices;	/* behind `any` */
	char os[160];
	struct file file;
	char keys[KEYS_MAX];
	size_t keys_len;
	size_t keys_written;		/* of them, into this file */
	/* Option bytes, one each end and receiver. */
	uint8_t record[PROGRAMS_MAX][PROCESS_MAX + 16];
	struct wbuf table;		/* records of the block being filled */
	uint32_t table_count;
	uint8_t table_bytes[TABLE_ROOM];
};

static void free_output(struct output *o)
{
	opener_stop(o->opener);
	if (o->names_fd > STDERR_FILENO)
		close(o->names_fd);
	packet_options_free(o->options_cache);
	comments_free(o->comments);
	host_names_free(o->names);
	if (!o->countries_are_shared)
		country_cache_free(o->countries);
	free(o);
}

static int tell_failure_of(const struct output *o, int err)
{
	log_error("cannot write %s: %s", o->path, strerror(-err));
	return err;
}

static int begin_section(struct output *o)
{
	struct utsname u;
	int err;

	uname(&u);
	snprintf(o->os, sizeof(o->os), "%s %s", u.sysname, u.release);
	err = pcapng_writer_section(o->writer, u.machine, o->os,
				    "pktwho " PKTWHO_VERSION, o->comment);
	return err ? err : pcapng_writer_flush(o->writer);
}

/* Not a device, nor what somebody else reads. */
static void share(const struct output *o, int fd)
{
	struct stat st;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && fchmod(fd, 0640))
		log_warn("the group may not read %s: %s", o->path,
			 strerror(errno));
}

/* The next of a ring, or the only one. */
static int open_file(struct output *o, int fd)
{
	int err;

	if (o->opener) {
		fd = o->freeze ? opener_freeze(o->opener, &o->path) :
				 opener_next(o->opener, &o->path);
		if (fd < 0)
			return fd;
		o->freeze = false;
	}
	if (!fd)
		fd = pcapng_output_open(o->path);
	if (fd < 0)
		return fd;
	if (o->group_read && !o->opener)
		share(o, fd);
	err = pcapng_writer_take(&o->writer, fd);
	if (err)
		return err;
	err = pcapng_writer_compress(o->writer, o->compression);
	if (err) {
		pcapng_writer_close(o->writer);
		o->writer = NULL;
	}
	return err;
}

int output_open(struct output **out, const struct output_options *options)
{
	struct output *o = calloc(1, sizeof(*o));
	int err = -ENOMEM;

	if (!o) {
		geo_free(options->geo);
		opener_stop(options->opener);
		return -ENOMEM;
	}
	o->path = options->path;
	o->limits = options->limits;
	o->opener = options->opener;
	o->names_fd = options->names_fd;
	o->comment = options->comment;
	o->compression = options->compression;
	o->group_read = options->group_read;
	o->countries_are_shared = options->shared_countries != NULL;
	o->countries = o->countries_are_shared ? options->shared_countries :
				country_cache_new(options->geo);
	if (!o->countries)
		geo_free(options->geo);
	o->options_cache = packet_options_new(options->comments !=
					      COMMENTS_NONE);
	if (options->comments == COMMENTS_CHANGES)
		o->comments = comments_new();
	if (options->names)
		o->names = host_names_new();
	o->process_table = options->process_table;
	o->process_blocks = options->process_blocks;
	o->section = options->section ? options->section : 1;
	if (o->countries && o->options_cache && (o->names || !options->names) &&
	    (o->comments || options->comments != COMMENTS_CHANGES))
		err = open_file(o, options->fd);
	if (!err)
		err = begin_section(o);
	if (err) {
		tell_failure_of(o, err);
		output_abandon(o);
		return err;
	}
	*out = o;
	return 0;
}

/* After the others, as their numbers are. */
static int begin_devices(struct output *o)
{
	int err = 0;

	if (o->limits.bytes && o->limits.bytes < SMALL_FILE)
		return 0;
	for (int n = 0; !err && n < o->interface_count; n++)
		if (o->interfaces[n].linktype == LINKTYPE_LINUX_SLL2)
			err = interfaces_take_all(&o->devices, o->writer,
						  &o->interfaces[n],
						  (uint32_t)n);
	return err;
}

static int begin_file(struct output *o, const struct moment *now)
{
	int err = 0;

	limits_begin(&o->limits, &o->file.limits, now);
	o->file.start_ns = now->unix_ns;
	o->file.end_bytes = END_EXTRA;
	interfaces_begin(&o->devices, (uint32_t)o->interface_count);
	for (int n = 0; !err && n < o->interface_count; n++) {
		o->file.end_bytes += END_EXTRA / 8;
		err = pcapng_writer_interface(o->writer, &o->interfaces[n]);
	}
	if (!err)
		err = begin_devices(o);
	return err ? err : pcapng_writer_flush(o->writer);
}

int output_begin(struct output *o, const struct pcapng_interface *interfaces,
		 int count, struct proctab *processes)
{
	struct moment now = { .mono_ns = clock_ns(CLOCK_MONOTONIC),
			      .unix_ns = clock_ns(CLOCK_REALTIME) };
	int err;

	if (!o)
		return 0;
	o->processes = processes;
	o->interface_count = count;
	for (int n = 0; n < count; n++) {
		o->interfaces[n] = interfaces[n];
		o->interfaces[n].os = o->os;
	}
	err = begin_file(o, &now);
	if (!err)
		pcapng_writer_endure(o->writer);
	/* A reader that has gone already is nobody's failure. */
	return err && err != -EPIPE ? tell_failure_of(o, err) : err;
}

int output_add_interface(struct output *o,
			 const struct pcapng_interface *interface)
{
	struct pcapng_interface *new = &o->interfaces[o->interface_count];
	int err;

	if (o->interface_count == MAX_INTERFACES)
		return -ENOSPC;
	*new = *interface;
	new->os = o->os;
	err = pcapng_writer_interface(o->writer, new);
	o->interface_count += !err;
	return err;
}

void output_set_devices(struct output *o, struct devices *devices)
{
	if (o)
		o->devices.devices = devices;
}

void output_watch_devices(struct output *o)
{
	if (o && o->writer)
		interfaces_watch(&o->devices, o->writer, o->file.start_ns);
}

int output_tell_gone(struct output *o, uint32_t interface)
{
	if (!o)
		return 0;
	return o->writer ?
		       interfaces_tell_gone(o->writer, interface,
					    o->file.start_ns,
					    o->file.interface_packets[interface]) :
		       -EAGAIN;
}

void output_abandon(struct output *o)
{
	if (!o)
		return;
	pcapng_writer_close(o->writer);
	free_output(o);
}

/* ---- keys ---- */

/* No more than @size stay, from the beginning of a line on. */
static void forget_keys(struct output *o, size_t size)
{
	size_t at = o->keys_len > size ? o->keys_len - size : 0;

	while (at && at < o->keys_len && o->keys[at - 1] != '\n')
		at++;
	memmove(o->keys, o->keys + at, o->keys_len - at);
	o->keys_len -= at;
	o->keys_written -= at < o->keys_written ? at : o->keys_written;
}

void output_keys(struct output *o, const char *lines, size_t len)
{
	if (!o || len > KEYS_MAX)
		return;
	if (o->keys_len + len > KEYS_MAX)
		forget_keys(o, KEYS_MAX - len);
	memcpy(o->keys + o->keys_len, lines, len);
	o->keys_len += len;
}

/* Those that are not in this file yet. */
static int write_keys(struct output *o)
{
	size_t len = o->keys_len - o->keys_written;
	int err = len ? pcapng_writer_keys(o->writer, o->keys + o->keys_written,
					   len) : 0;

	if (!err)
		o->keys_written = o->keys_len;
	return err;
}

/* ---- packets ---- */

static void set_end(struct output *o, struct option_end *e,
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
			 const struct frame *h, uint8_t out[PROCESS_MAX + 16])
{
	struct wbuf w = wbuf_of(out, PROCESS_MAX + 16);

	if (!is_due(o, i, h))
		return 0;
	put_custom_option(&w, i->record, i->record_len);
	return w.failed ? 0 : w.len;
}

/* The packet is in the file, with the record if that was due. */
static void count_program(struct output *o, struct program *i,
			  const struct frame *h)
{
	if (i->section != o->section)
		i->packets = i->bytes = i->last_ns = 0;
	if (i->section != o->section || i->written_version != i->version)
		o->file.end_bytes += i->record_len + RECORD_EXTRA;
	if (is_due(o, i, h)) {
		i->until_repeat = is_to_pipe(o) ? REPEAT_IN_PIPE :
						  REPEAT_RECORD;
		i->written_ns = h->ts_ns;
	}
	i->until_repeat--;
	i->section = o->section;
	i->written_version = i->version;
	if (!i->packets)
		i->first_ns = h->ts_ns;
	i->packets++;
	i->bytes += h->len;
	i->last_ns = h->ts_ns;
}

static void add_option(struct pcapng_packet *p, struct iovec *iov,
		       const uint8_t *bytes, size_t len)
{
	if (len)
		iov[p->option_count++] = (struct iovec){
			bytes_unconst(bytes), len
		};
}

static struct iovec stamped(const struct packet_stamp *stamp, bool comment)
{
	size_t skipped = comment ? 0 : stamp->comment_len;

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
				      o->section, stamps[0].comment_hash ^
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
	struct option_end ends[VERDICT_OTHERS];

	if (!p->other_count)
		return (struct packet_stamp){ 0 };
	memset(ends, 0, sizeof(ends));
	for (unsigned i = 0; i < p->other_count; i++)
		set_end(o, &ends[i], &p->others[i].end, p->others[i].program,
			NULL);
	return packet_options_others(o->options_cache, ends, p->other_count);
}

/* All that it names, each once: who sends may receive it, too. */
static unsigned programs_of(const struct owned_packet *p,
			    struct program *out[PROGRAMS_MAX])
{
	unsigned n = 0;

	if (p->src)
		out[n++] = p->src;
	if (p->dst && p->dst != p->src)
		out[n++] = p->dst;
	for (unsigned i = 0; i < p->other_count; i++)
		if (p->others[i].program != p->src)
			out[n++] = p->others[i].program;
	return n;
}

static int write_packet(struct output *o, const struct owned_packet *owned,
			uint32_t interface,
			const struct option_key *key,
			struct program *const *programs, unsigned count)
{
	const struct program *src = owned->src, *dst = owned->dst;
	const struct frame *h = owned->frame;
	struct option_records records = { 0 };
	struct iovec iov[STAMPS + PROGRAMS_MAX];
	struct packet_stamp stamps[STAMPS];
	struct pcapng_packet p = {
		.interface = interface,
		.caplen = h->caplen,
		.len = h->len,
		.ts_ns = h->ts_ns,
		.data = owned->data,
		.options = iov,
	};

	if (src) {
		records.src = src->record;
		records.src_len = src->record_len;
	}
	if (dst) {
		records.dst = dst->record;
		records.dst_len = dst->record_len;
	}
	stamps[0] = packet_options_get(o->options_cache, key, &records);
	stamps[1] = stamp_of_others(o, owned);
	p.option_count = STAMPS;
	for (unsigned i = 0; i < count; i++)
		add_option(&p, iov, o->record[i],
			   record_due(o, programs[i], h, o->record[i]));
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
	err = write_name(o, h->packet.sent.local);
	return err ? err : write_name(o, h->packet.sent.remote);
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
				 struct program *const *programs, unsigned count)
{
	uint8_t payload[PROCESS_BLOCK_MAX];

	for (unsigned i = 0; i < count; i++) {
		const struct program *one = programs[i];
		uint64_t age = p->mono_ns - one->from_mono_ns;
		uint64_t from_ns = one->from_mono_ns &&
				   one->from_mono_ns <= p->mono_ns ?
				   p->frame->ts_ns - age : 0;
		size_t len = is_news(o, one) ?
			process_block(one->record, one->record_len, from_ns,
				      payload) : 0;

		if (len)
			pcapng_writer_custom_of(o->writer, PROCESS_BLOCK_PEN,
						payload, len);
	}
}

/* By which device a packet of `any` came, as its cooked header has it; or 0. */
static unsigned device_index(const struct owned_packet *p)
{
	struct rbuf header = rbuf_of(p->data, p->frame->caplen);

	rbuf_claim(&header, 4);
	return p->linktype == LINKTYPE_LINUX_SLL2 ?
		       ntohl(rbuf_u32(&header)) : 0;
}

int output_packet(struct output *o, const struct owned_packet *p)
{
	const struct frame *h = p->frame;
	const struct verdict *v = p->verdict;
	bool ip = h->packet.kind == PACKET_IP;
	struct program *programs[PROGRAMS_MAX];
	unsigned count = programs_of(p, programs);
	struct interface_of_device *via;
	struct option_key key;
	int err;

	if (!o)
		return 0;
	if (!o->writer)
		return -EAGAIN;
	err = write_keys(o);
	if (!err)
		err = write_names(o, h);
	if (err)
		return err;
	memset(&key, 0, sizeof(key));
	set_end(o, &key.src, &v->src, p->src,
		ip ? h->packet.sent.local : NULL);
	set_end(o, &key.dst, &v->dst, p->dst,
		ip ? h->packet.sent.remote : NULL);
	key.direction = v->direction;
	key.epb_flags = epb_flags(h->direction);
	via = interfaces_take(&o->devices, o->writer,
			      &o->interfaces[h->interface], h->interface,
			      device_index(p), &err);
	if (err)
		return err;
	/* Never the first record of a file: see end_file(). */
	if (o->process_blocks && o->file.packets)
		write_process_blocks(o, p, programs, count);
	err = write_packet(o, p, via ? interfaces_number(&o->devices, via) :
				       h->interface, &key, programs, count);
	if (err)
		return err;

	if (o->process_blocks && !o->file.packets)
		write_process_blocks(o, p, programs, count);
	if (o->names)
		host_names_learn(o->names, h, p->data);
	for (unsigned i = 0; i < count; i++)
		count_program(o, programs[i], h);
	o->file.ends[v->src.attr]++;
	o->file.ends[v->dst.attr]++;
	via ? via->packets++ : o->file.interface_packets[h->interface]++;
	o->file.packets++;
	return 0;
}

int output_flush(struct output *o)
{
	return o && o->writer ? pcapng_writer_flush(o->writer) : 0;
}

int output_be_patient(struct output *o, int cancel_fd)
{
	return o && o->writer ? pcapng_writer_be_patient(o->writer,
					    PCAPNG_WRITER_PATIENCE_NS,
					    cancel_fd) : 0;
}

bool output_waits(const struct output *o)
{
	return o && o->writer && pcapng_writer_waits(o->writer);
}

int output_pipe(const struct output *o)
{
	return o ? pcapng_writer_pipe(o->writer) : -1;
}

int output_full(const struct output *o)
{
	if (!o)
		return 0;
	return o->writer ? pcapng_writer_full(o->writer) : o->no_file;
}

const char *output_path(const struct output *o)
{
	return o->path;
}

uint32_t output_section(const struct output *o)
{
	return o ? o->section : OUTPUT_NO_SECTION;
}

/* ---- the end ---- */

static int write_table(struct output *o)
{
	struct table_header t = { .length = (uint32_t)o->table.len -
					    TABLE_HEADER_LEN,
				  .count = o->table_count };
	int err;

	if (!o->table_count)
		return 0;
	table_header_encode(&t, o->table_bytes, TABLE_HEADER_LEN);
	err = pcapng_writer_custom(o->writer, o->table_bytes, o->table.len);
	o->table_count = 0;
	return err;
}

static void begin_table(struct output *o)
{
	o->table = wbuf_of(o->table_bytes, sizeof(o->table_bytes));
	wbuf_claim(&o->table, TABLE_HEADER_LEN);
}

static int add_to_table(void *ctx, const struct process *p)
{
	struct output *o = ctx;
	int len, err;

	if (o->table.cap - o->table.len < PROCESS_MAX) {
		err = write_table(o);
		if (err)
			return err;
		begin_table(o);
	}
	len = process_encode(p, o->table_bytes + o->table.len,
			     o->table.cap - o->table.len);
	if (len < 0)
		return len;
	wbuf_claim(&o->table, (size_t)len);
	o->table_count++;
	return 0;
}

static int write_process_table(struct output *o)
{
	int err;

	begin_table(o);
	err = proctab_each(o->processes, o->section, add_to_table, o);
	return err ? err : write_table(o);
}

static uint64_t forgotten(const struct output *o)
{
	return o->processes ? proctab_forgotten(o->processes) : 0;
}

/* The counters that belong to no interface, in words, in the first block. */
static void describe(const struct output *o, const struct output_stats *s,
		     char *out, size_t size)
{
	const struct output_stats *before = &o->file.stats_before;
	size_t at = 0;

	for (int a = ATTR_SOCKET; a < ATTR_COUNT; a++)
		if (o->file.ends[a])
			at += (size_t)snprintf(out + at, size - at,
					       "ends.%s=%" PRIu64 " ",
					       attr_name((unsigned)a),
					       o->file.ends[a]);
	snprintf(out + at, size - at,
		 "events_lost=%" PRIu64 " flows_evicted=%" PRIu64
		 " resolved_early=%" PRIu64 " processes_forgotten=%" PRIu64,
		 s->events_lost - before->events_lost,
		 s->evicted_open - before->evicted_open,
		 s->resolved_early - before->resolved_early,
		 forgotten(o) - o->file.forgotten_before);
	at = strlen(out);
	if (s->unanswered != before->unanswered)
		snprintf(out + at, size - at, " lookups_unanswered=%" PRIu64,
			 s->unanswered - before->unanswered);
}

static int write_statistics(struct output *o,
			    const struct output_interface_stats *interfaces,
			    const struct output_stats *stats)
{
	char comment[512];
	int err = 0;

	describe(o, stats, comment, sizeof(comment));
	for (int n = 0; !err && n < o->interface_count; n++) {
		const struct output_interface_stats *now = &interfaces[n];
		const struct output_interface_stats *before = &o->file.before[n];
		struct pcapng_statistics s = {
			.interface = (uint32_t)n,
			.start_ns = o->file.start_ns,
			.end_ns = clock_ns(CLOCK_REALTIME),
			.received = now->received - before->received,
			.if_dropped = now->if_dropped - before->if_dropped,
			.os_dropped = now->os_dropped - before->os_dropped +
				      now->own_drops - before->own_drops,
			.delivered = o->file.interface_packets[n],
			.comment = n ? NULL : comment,
		};

		err = pcapng_writer_statistics(o->writer, &s);
	}
	return err ? err : interfaces_end(&o->devices, o->writer,
					  o->file.start_ns);
}

/* As dumpcap does; that nobody reads it is nobody's failure. */
static void tell_name(const struct output *o)
{
	if (o->names_fd && dprintf(o->names_fd, "%s\n", o->path) < 0)
		log_debug("cannot print %s: %s", o->path, strerror(errno));
}

static int end_file(struct output *o,
		    const struct output_interface_stats *interfaces,
		    const struct output_stats *stats)
{
	/* What comes too late for one reading still opens it for another. */
	int err = o->file.packets ? write_keys(o) : 0, closed;

	if (!err)
		err = write_statistics(o, interfaces, stats);

	/* Never the first record: Wireshark 4.0 would take it for time zero. */
	if (!err && o->process_table && o->file.packets)
		err = write_process_table(o);
	o->unwritten += pcapng_writer_unwritten(o->writer);
	closed = pcapng_writer_close(o->writer);
	o->writer = NULL;
	tell_name(o);
	return closed ? closed : err;
}

static bool is_disk_full(struct output *o, const struct owned_packet *p)
{
	uint64_t bytes = p->frame->caplen + PACKET_EXTRA;
	struct program *programs[PROGRAMS_MAX];
	unsigned count = programs_of(p, programs);

	if (!o->file.packets)
		return false;
	if (o->limits.packets && o->file.packets >= o->limits.packets)
		return true;
	if (!o->limits.bytes)
		return false;
	/* In the packet, and again in the table. */
	bytes += p->other_count * OTHER_EXTRA;
	for (unsigned i = 0; i < count; i++)
		bytes += (o->process_blocks ? 3u : 2u) *
			 programs[i]->record_len + 2 * RECORD_EXTRA;
	if (o->keys_written < o->keys_len)
		bytes += o->keys_len - o->keys_written + KEYS_EXTRA;
	if (o->names)
		bytes += NAMES_EXTRA;
	if (!interfaces_have(&o->devices, p->frame->interface,
			     device_index(p)))
		bytes += DEVICE_BEGINS + DEVICE_EXTRA;
	bytes += o->file.end_bytes + o->devices.count * DEVICE_EXTRA;
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

/* The counters from here on are the next file's. */
static void end_for_next(struct output *o,
			 const struct output_interface_stats *interfaces,
			 const struct output_stats *stats)
{
	struct file next = { .limits = o->file.limits, .stats_before = *stats };

	o->no_file = end_file(o, interfaces, stats);
	memcpy(next.before, interfaces,
	       (size_t)o->interface_count * sizeof(*interfaces));
	next.forgotten_before = forgotten(o);
	o->file = next;
	forget_keys(o, KEYS_REPEATED);
	o->keys_written = 0;
	o->section++;
	o->retry_ns = 0;
}

int output_next(struct output *o, const struct moment *now,
		const struct output_interface_stats *interfaces,
		const struct output_stats *stats)
{
	uint64_t clock = clock_ns(CLOCK_MONOTONIC);
	int err;

	if (o->writer) {
		err = pcapng_writer_settle(o->writer);
		if (err || pcapng_writer_waits(o->writer))
			return err ? err : -EAGAIN;
		end_for_next(o, interfaces, stats);
	}
	if (clock < o->retry_ns)
		return -EAGAIN;
	o->retry_ns = clock + RETRY_NS;
	err = open_file(o, 0);
	if (err) {
		o->no_file = err;
		return -EAGAIN;
	}
	/* From its first byte on: its name is taken. */
	pcapng_writer_endure(o->writer);
	err = begin_section(o);
	return err ? err : begin_file(o, now);
}

void output_freeze(struct output *o)
{
	if (o)
		o->freeze = true;
}

int output_close(struct output *o,
		 const struct output_interface_stats *interfaces,
		 const struct output_stats *stats, uint64_t *unwritten)
{
	int err;

	*unwritten = 0;
	if (!o)
		return 0;
	err = o->writer ? end_file(o, interfaces, stats) : o->no_file;
	*unwritten = o->unwritten;
	free_output(o);
	return err;
}
