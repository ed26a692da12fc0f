/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/files/files_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/log.h"
#include "lookup/lookup.h"
#include "output/files/opener.h"
#include "owner/owned_packet.h"
#include "owner/owners.h"
#include "session/ending.h"
#include "session/summary.h"

#define FREEZE_NS 200000000ull /* what led to it has been written by then */

static void take_statistics(struct files *f, struct output_stats *stats,
			    uint64_t *dropped)
{
	struct owners_stats owners;

	owners_stats(f->owners, &owners);
	*dropped = captures_statistics(f->captures, f->interfaces);
	*stats = (struct output_stats){
		.events_lost = owners.events_lost,
		.evicted_open = owners.evicted_open,
		.resolved_early = f->resolved_early,
		.unanswered = owners.unanswered,
		.left_out_unnamed = f->left_out_unnamed,
	};
}

uint64_t files_statistics(struct files *f,
			  struct output_interface_stats *interfaces,
			  struct output_stats *stats)
{
	uint64_t dropped;

	take_statistics(f, stats, &dropped);
	memcpy(interfaces, f->interfaces, sizeof(f->interfaces));
	return f->unwritten;
}

/* Those of a node that there are by now, unless this file has them. */
static void tell_pods(struct files *f)
{
	static struct pod_address pods[PODS_MAX];
	uint32_t section = output_section(f->output);
	int count = f->has_pods ? lookup_pods(f->lookup, pods, PODS_MAX) : 0;
	size_t size = (size_t)count * sizeof(*pods);

	if (count <= 0 ||
	    (section == f->pods_section && count == f->pod_count &&
	     !memcmp(f->pods, pods, size)))
		return;
	for (int i = 0; i < count; i++)
		if (output_name(f->output, pods[i].addr, pods[i].name))
			return;
	memcpy(f->pods, pods, size);
	f->pod_count = count;
	f->pods_section = section;
}

/* Said once: where it happens it may happen every few seconds. */
static void tell_disk(struct files *f)
{
	int full = output_full(f->output);

	if (full && !f->disk_full) {
		f->disk_full = full;
		log_warn("cannot write %s: %s; until %s packets are dropped "
			 "and counted",
			 f->options->write, opener_why(full),
			 full == -ETIME ? "it does" : "there is room");
	} else if (!full && f->disk_full && !f->disk_has_room) {
		f->disk_has_room = true;
		log_info(f->disk_full == -ETIME ? "%s is written again" :
						  "there is room for %s again",
			 f->options->write);
	}
}

/*
 * Puts what comes at @at into another file, if there is to be one: 0, -EAGAIN
 * while that cannot be opened, -ECANCELED if there is none, or -errno.
 */
static int end_file(struct files *f, const struct moment *at)
{
	const struct options_ring *r = &f->options->ring;
	struct output_stats stats;
	uint64_t dropped;
	int err;

	if (!r->asked ||
	    (r->stop_files && output_section(f->output) >= r->stop_files)) {
		f->ended = true;
		ending_at_once(f->ending);
		return -ECANCELED;
	}
	take_statistics(f, &stats, &dropped);
	tell_disk(f);
	tell_pods(f);
	err = output_next(f->output, at, f->interfaces, &stats);
	if (err) {
		if (err != -EAGAIN)
			ending_fail(f->ending, err);
		return err;
	}
	tell_pods(f);
	return 0;
}

int files_choose(struct files *f, const struct owned_packet *p)
{
	struct moment at = { .mono_ns = p->mono_ns,
			     .unix_ns = p->frame->ts_ns };
	int err = 0;

	if (!f->ended && !f->ending->error &&
	    output_ends_before(f->output, p, &at))
		err = end_file(f, &at);
	return f->ended		? -ECANCELED :
	       f->ending->error ? f->ending->error :
				  err;
}

void files_prepare(const struct files *f, const struct flow_key *key)
{
	output_prepare(f->output, key);
}

int files_packet(struct files *f, const struct owned_packet *p)
{
	return output_packet(f->output, p);
}

void files_keys(struct files *f, const char *lines, size_t len)
{
	output_keys(f->output, lines, len);
}

void files_miss(struct files *f)
{
	f->unwritten += output_full(f->output) != 0;
}

void files_count_early(struct files *f)
{
	f->resolved_early++;
}

void files_count_unnamed(struct files *f)
{
	f->left_out_unnamed++;
}

void files_next(struct files *f)
{
	struct moment now = { .mono_ns = clock_ns(CLOCK_MONOTONIC),
			      .unix_ns = clock_ns(CLOCK_REALTIME) };

	if (!f->options->ring.asked)
		log_info("there is one file only, without -b");
	else if (!f->ending->stop_ns)
		end_file(f, &now);
}

void files_freeze(struct files *f)
{
	if (!f->options->ring.asked) {
		log_info("there is one file only, without -b");
		return;
	}
	if (!f->freeze_ns)
		f->freeze_ns = clock_ns(CLOCK_MONOTONIC) + FREEZE_NS;
	/* A fast ring may be all new by then. */
	output_freeze(f->output);
}

static void check_freeze(struct files *f)
{
	if (!f->freeze_ns || clock_ns(CLOCK_MONOTONIC) < f->freeze_ns)
		return;
	f->freeze_ns = 0;
	output_freeze(f->output);
	files_next(f);
}

/* A file's time also ends while nothing comes; what is late is of before. */
static void check_time(struct files *f)
{
	struct moment at = {
		.mono_ns = clock_ns(CLOCK_MONOTONIC) - ENDING_LINGER_NS,
		.unix_ns = clock_ns(CLOCK_REALTIME) - ENDING_LINGER_NS,
	};

	if (!f->ending->stop_ns && output_ends_before(f->output, NULL, &at))
		end_file(f, &at);
}

/* Where only the file is as large as it may be, there is room in the next. */
static void watch_disk(struct files *f)
{
	if (f->ending->error)
		return;
	tell_disk(f);
	if (f->options->ring.asked && output_full(f->output) == -EFBIG)
		files_next(f);
}

/* A ring, which is to run for long, goes on with the next. */
static void watch_file(struct files *f)
{
	if (f->ending->error || !output_is_cut(f->output))
		return;
	if (!f->options->ring.asked) {
		ending_fail(f->ending, -ESTALE);
		return;
	}
	if (!f->was_cut)
		log_warn("somebody has cut %s: it cannot be read, and the next "
			 "begins",
			 output_path(f->output));
	f->was_cut = true;
	files_next(f);
}

/* The file says where an interface ends, and once. */
static void watch_interfaces(struct files *f)
{
	output_watch_devices(f->output);
	for (int i = 0; i < captures_count(f->captures); i++) {
		bool gone = captures_is_gone(f->captures, i);

		if (gone && !f->told_gone[i])
			f->told_gone[i] = !output_tell_gone(f->output,
							    (uint32_t)i);
		f->told_gone[i] &= gone;
	}
}

void files_update(struct files *f)
{
	int err = output_flush(f->output);

	if (err)
		ending_fail(f->ending, err);
	check_time(f);
	check_freeze(f);
	watch_interfaces(f);
	watch_disk(f);
	watch_file(f);
}

bool files_wait(const struct files *f)
{
	return output_waits(f->output);
}

int files_pipe(const struct files *f)
{
	return output_pipe(f->output);
}

uint32_t files_section(const struct files *f)
{
	return output_section(f->output);
}

const char *files_path(const struct files *f)
{
	if (f->output)
		return output_path(f->output);
	return *f->last_path ? f->last_path : "no file";
}

int files_be_patient(struct files *f, int cancel_fd)
{
	return output_be_patient(f->output, cancel_fd);
}

int files_end(struct files *f, int cancel_fd, struct summary *s)
{
	const struct proctab *processes = owners_processes(f->owners);
	uint64_t dropped, unwritten;
	struct output_stats stats;
	int err, closed;

	take_statistics(f, &stats, &dropped);
	err = files_be_patient(f, cancel_fd);
	f->was_cut |= output_is_cut(f->output);
	tell_pods(f);
	if (f->freeze_ns)
		output_freeze(f->output);
	if (f->output)
		snprintf(f->last_path, sizeof(f->last_path), "%s",
			 output_path(f->output));
	closed = output_close(f->output, f->interfaces, &stats, &unwritten);
	f->output = NULL;
	*s = (struct summary){
		.packets = f->ending->packets - unwritten,
		.dropped = dropped + unwritten,
		.unwritten = unwritten + f->unwritten,
		.disk_full = f->disk_full,
		.left_out_unnamed = stats.left_out_unnamed,
		.flows_forgotten = stats.evicted_open,
		.processes_forgotten = processes ?
					       proctab_forgotten(processes) :
					       0,
		.arguments_cut = processes ? proctab_cut(processes) : 0,
		.events_lost = stats.events_lost != 0,
		.unanswered = lookup_unanswered(f->lookup) != 0,
		.detached = owners_are_lost(f->owners),
	};
	s->incomplete = s->detached || lookup_is_gone(f->lookup) ||
			f->was_cut || captures_miss_one(f->captures);
	s->names = captures_names(f->captures);
	s->interface_count = captures_count(f->captures);
	memcpy(s->interfaces, f->interfaces, sizeof(s->interfaces));
	if (f->was_cut && !f->options->ring.asked)
		closed = -ESTALE;
	return err ? err : closed;
}

/* ---- begin and close ---- */

int files_begin(struct files *f, struct captures *c, struct owners *o,
		struct lookup *l)
{
	struct pcapng_interface interfaces[CAPTURES_MAX];
	int err;

	f->captures = c;
	f->owners = o;
	f->lookup = l;
	captures_describe(c, interfaces);
	output_set_devices(f->output, captures_devices(c));
	err = output_begin(f->output, interfaces, captures_count(c),
			   owners_processes(o));
	f->has_pods = f->output &&
		      !faccessat(AT_FDCWD, "/" POD_ADDRESSES, F_OK, AT_EACCESS);
	if (err)
		return err;
	tell_pods(f);
	return 0;
}

void files_free(struct files *f)
{
	if (!f)
		return;
	opener_stop(f->opener);
	free(f);
}

void files_abandon(struct files *f)
{
	if (f)
		output_abandon(f->output);
	files_free(f);
}
