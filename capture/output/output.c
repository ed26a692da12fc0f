/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/output_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "geo.h"
#include "host/clocks.h"
#include "host/log.h"
#include "output/comments.h"
#include "output/country_cache.h"
#include "output/host_names.h"
#include "output/files/opener.h"
#include "output/packet_options.h"
#include "process/proctab.h"

#define END_EXTRA     1024	   /* the rest of what closes a file */
#define SMALL_FILE    (1u << 20)   /* has no room for devices without packets */
#define RETRY_NS      250000000ull /* to open a file */
#define KEYS_REPEATED 32768	   /* of them in a ring's next file */

static void free_output(struct output *o)
{
	opener_stop(o->opener);
	if (o->names_fd > STDERR_FILENO)
		close(o->names_fd);
	packet_options_free(o->options_cache);
	comments_free(o->comments);
	host_names_free(o->names);
	peers_free(o->peers);
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
				    "pktwho " PKTWHO_VERSION, o->file_comments);
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
	o->file_comments = options->file_comments;
	o->compression = options->compression;
	o->group_read = options->group_read;
	o->countries_are_shared = options->shared_countries != NULL;
	o->countries = o->countries_are_shared ?
			       options->shared_countries :
			       country_cache_new(options->geo);
	if (!o->countries)
		geo_free(options->geo);
	o->options_cache = packet_options_new(options->comments !=
						      COMMENTS_NONE,
					      options->process_blocks);
	if (options->comments == COMMENTS_CHANGES)
		o->comments = comments_new();
	if (options->names)
		o->names = host_names_new();
	o->peers = peers_new();
	o->process_table = options->process_table;
	o->process_blocks = options->process_blocks;
	o->section = options->section ? options->section : 1;
	if (!o->countries || !o->options_cache || !o->peers ||
	    (options->names && !o->names) ||
	    (options->comments == COMMENTS_CHANGES && !o->comments))
		goto fail;
	err = open_file(o, options->fd);
	if (err)
		goto fail;
	err = begin_section(o);
	if (err)
		goto fail;
	*out = o;
	return 0;
fail:
	tell_failure_of(o, err);
	output_abandon(o);
	return err;
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
	int err;

	limits_begin(&o->limits, &o->file.limits, now);
	o->file.start_ns = now->unix_ns;
	o->file.end_bytes = END_EXTRA;
	interfaces_begin(&o->devices, (uint32_t)o->interface_count);
	for (int n = 0; n < o->interface_count; n++) {
		o->file.end_bytes += END_EXTRA / 8;
		err = pcapng_writer_interface(o->writer, &o->interfaces[n]);
		if (err)
			return err;
	}
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
	/* A reader that has gone already is nobody's failure. */
	if (err)
		return err == -EPIPE ? err : tell_failure_of(o, err);
	pcapng_writer_endure(o->writer);
	return 0;
}

int output_add_interface(struct output *o,
			 const struct pcapng_interface *interface)
{
	struct pcapng_interface *new = &o->interfaces[o->interface_count];
	int err;

	if (o->interface_count == OUTPUT_INTERFACES)
		return -ENOSPC;
	*new = *interface;
	new->os = o->os;
	err = pcapng_writer_interface(o->writer, new);
	o->interface_count += !err;
	return err;
}

void output_set_devices(struct output *o, struct devices *const *devices)
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
	return o->writer ? interfaces_tell_gone(
				   o->writer, interface, o->file.start_ns,
				   o->file.interface_packets[interface]) :
			   -EAGAIN;
}

int output_name(struct output *o, const uint8_t addr[16], const char *name)
{
	uint64_t before;
	int err;

	if (!o || !o->writer)
		return -ENOENT;
	before = pcapng_writer_size(o->writer);
	err = pcapng_writer_name(o->writer, addr, name);
	/* It may stand at the end, too. */
	o->file.end_bytes += pcapng_writer_size(o->writer) - before;
	return err;
}

void output_abandon(struct output *o)
{
	if (!o)
		return;
	pcapng_writer_close(o->writer);
	free_output(o);
}

int output_flush(struct output *o)
{
	return o && o->writer ? pcapng_writer_flush(o->writer) : 0;
}

int output_be_patient(struct output *o, int cancel_fd)
{
	return o && o->writer ?
		       pcapng_writer_be_patient(o->writer,
						PCAPNG_WRITER_PATIENCE_NS,
						cancel_fd) :
		       0;
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

bool output_is_cut(const struct output *o)
{
	return o && o->writer && pcapng_writer_is_cut(o->writer);
}

const char *output_path(const struct output *o)
{
	return o->path;
}

uint32_t output_section(const struct output *o)
{
	return o ? o->section : OUTPUT_NO_SECTION;
}

/* ---- the next one, and the end ---- */

/* The counters from here on are the next file's. */
static void end_for_next(struct output *o,
			 const struct output_interface_stats *interfaces,
			 const struct output_stats *stats)
{
	struct file next = { .limits = o->file.limits, .stats_before = *stats };

	o->no_file = output_end_file(o, interfaces, stats);
	memcpy(next.before, interfaces,
	       (size_t)o->interface_count * sizeof(*interfaces));
	next.forgotten_before = output_forgotten(o);
	next.folded_before = output_folded(o);
	o->file = next;
	peers_clear(o->peers);
	output_forget_keys(o, KEYS_REPEATED);
	o->keys_written = 0;
	o->section++;
	o->retry_ns = 0;
}

/* No time brings back the directory, or who opens files in it. */
static bool is_final(int err)
{
	return err == -ENOENT || err == -ECHILD;
}

int output_next(struct output *o, const struct moment *now,
		const struct output_interface_stats *interfaces,
		const struct output_stats *stats)
{
	uint64_t clock = clock_ns(CLOCK_MONOTONIC);
	int err;

	if (o->writer) {
		/* What it may not hold is lost, once the caller knows of it. */
		bool may_lose = pcapng_writer_full(o->writer) == -EFBIG;

		err = pcapng_writer_settle(o->writer);
		if (err || (pcapng_writer_waits(o->writer) && !may_lose))
			return err ? err : -EAGAIN;
		end_for_next(o, interfaces, stats);
	}
	if (clock < o->retry_ns)
		return -EAGAIN;
	o->retry_ns = clock + RETRY_NS;
	err = open_file(o, 0);
	if (err) {
		o->no_file = err;
		return is_final(err) ? err : -EAGAIN;
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
	int err, removed;

	*unwritten = 0;
	if (!o)
		return 0;
	/* Of a ring each may be taken away once it is there. */
	removed = o->writer && !o->opener &&
				  pcapng_writer_is_removed(o->writer) ?
			  -ENOENT :
			  0;
	err = o->writer ? output_end_file(o, interfaces, stats) : o->no_file;
	if (o->freeze)
		opener_keep(o->opener);
	*unwritten = o->unwritten;
	free_output(o);
	return err ? err : removed;
}
