/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What closes a file: counters, and the table of processes. */
#include "output/output_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/clocks.h"
#include "host/log.h"
#include "host/watch.h"
#include "process/proctab.h"

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

uint64_t output_forgotten(const struct output *o)
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
		 output_forgotten(o) - o->file.forgotten_before);
	at = strlen(out);
	if (s->unanswered != before->unanswered)
		at += (size_t)snprintf(out + at, size - at,
				       " lookups_unanswered=%" PRIu64,
				       s->unanswered - before->unanswered);
	if (s->left_out_unnamed != before->left_out_unnamed)
		snprintf(out + at, size - at, " left_out_unnamed=%" PRIu64,
			 s->left_out_unnamed - before->left_out_unnamed);
}

uint64_t output_folded(const struct output *o)
{
	return o->processes ? proctab_folded(o->processes) : 0;
}

static int count_process(void *ctx, const struct process *p)
{
	uint32_t *count = ctx;

	(void)p;
	++*count;
	return 0;
}

/* Its bytes, with which the first block begins there; 0: nothing is in it. */
static size_t encode_contents(struct output *o)
{
	struct contents c = {
		.position = pcapng_writer_position(o->writer),
		.has_all = o->process_table && o->processes &&
			   output_forgotten(o) == o->file.forgotten_before &&
			   output_folded(o) == o->file.folded_before,
	};
	int len;

	if (!o->file.packets)
		return 0;
	if (c.has_all)
		proctab_each(o->processes, o->section, count_process,
			     &c.processes);
	peers_tell(o->peers, &c);
	len = contents_encode(&c, o->table_bytes, sizeof(o->table_bytes));
	return len > 0 ? (size_t)len : 0;
}

static int write_statistics(struct output *o,
			    const struct output_interface_stats *interfaces,
			    const struct output_stats *stats)
{
	char comment[512];
	size_t contents_len;
	int err = 0;

	describe(o, stats, comment, sizeof(comment));
	contents_len = encode_contents(o);
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
			.own = o->table_bytes,
			.own_len = n ? 0 : contents_len,
		};

		err = pcapng_writer_statistics(o->writer, &s);
	}
	return err ? err :
		     interfaces_end(&o->devices, o->writer, o->file.start_ns);
}

/* As dumpcap does; that nobody reads it is nobody's failure. */
static void tell_name(const struct output *o)
{
	if (!o->names_fd)
		return;
	if (!watch_has_room(o->names_fd, 0))
		log_warn("nobody reads that %s has ended", o->path);
	else if (dprintf(o->names_fd, "%s\n", o->path) < 0)
		log_debug("cannot print %s: %s", o->path, strerror(errno));
}

static int write_end(struct output *o,
		     const struct output_interface_stats *interfaces,
		     const struct output_stats *stats)
{
	/* What comes too late for one reading still opens it for another. */
	int err = o->file.packets ? output_write_keys(o) : 0;

	if (err)
		return err;
	err = write_statistics(o, interfaces, stats);
	/* Never the first record: Wireshark 4.0 would take it for time zero. */
	if (err || !o->process_table || !o->file.packets)
		return err;
	return write_process_table(o);
}

int output_end_file(struct output *o,
		    const struct output_interface_stats *interfaces,
		    const struct output_stats *stats)
{
	int err = write_end(o, interfaces, stats), closed;

	o->unwritten += pcapng_writer_unwritten(o->writer);
	closed = pcapng_writer_close(o->writer);
	o->writer = NULL;
	tell_name(o);
	return closed ? closed : err;
}
