/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/status.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/log.h"
#include "host/plural.h"
#include "host/watch.h"
#include "options.h"
#include "output/output.h"
#include "output/pcapng/pcapng_writer.h"
#include "owner/owners.h"
#include "printable.h"
#include "session/captures.h"
#include "session/ending.h"
#include "session/files/files.h"
#include "session/summary.h"
#include "view/lines/json.h"

#define EACH_NS	       1000000000ull
#define LINE_MAX_BYTES (32768 + PATH_MAX)

struct status {
	struct status_sources of;
	bool on_terminal;
	pid_t group;   /* ours, which may be in the background */
	int fd;	       /* of lines of JSON, or -1 */
	int old_flags; /* of it, to be put back; -1: none */
	bool half;     /* of a line is there: the disk was full */
	uint64_t next_ns;
	uint64_t last_ns; /* when the last line was made */
	uint64_t last_packets;
	uint64_t last_bytes;
};

/* All that is told. */
struct numbers {
	struct output_interface_stats interfaces[CAPTURES_MAX];
	struct output_interface_stats sum;
	struct output_stats lost;
	struct captures_fill captures;
	struct owners_fill owners;
	uint64_t packets;
	uint64_t unwritten;
	uint64_t dropped;
};

static void take_numbers(struct numbers *n, const struct status_sources *p)
{
	*n = (struct numbers){ 0 };
	n->packets = p->ending->packets;
	n->unwritten = files_statistics(p->files, n->interfaces, &n->lost);
	for (int i = 0; i < captures_count(p->captures); i++) {
		const struct output_interface_stats *one = &n->interfaces[i];

		n->sum.received += one->received;
		n->sum.os_dropped += one->os_dropped;
		n->sum.if_dropped += one->if_dropped;
		n->sum.own_drops += one->own_drops;
	}
	n->dropped = n->sum.os_dropped + n->sum.own_drops;
	captures_fill(p->captures, &n->captures);
	owners_fill(p->owners, &n->owners);
}

/* ---- for people ---- */

/* ", 99.8 % named": rounded down, so that "all" is all. */
static void put_named(char *out, size_t size, const struct status_sources *p)
{
	uint64_t all = p->ending->packets, unnamed = p->counts->unnamed;
	uint64_t mille = all ? (all - unnamed) * 1000 / all : 0;

	if (!all)
		*out = '\0';
	else if (!unnamed)
		snprintf(out, size, ", all named");
	else
		snprintf(out, size, ", %" PRIu64 ".%" PRIu64 " %% named",
			 mille / 10, mille % 10);
}

static void put_line(char *out, size_t size, const struct status_sources *p,
		     uint64_t dropped)
{
	char named[32];

	put_named(named, sizeof(named), p);
	snprintf(out, size, "%" PRIu64 " packet%s, %" PRIu64 " dropped%s, %s",
		 p->ending->packets, plural_s(p->ending->packets), dropped,
		 named, files_path(p->files));
}

void status_answer(const struct status *s)
{
	const struct status_sources *p = &s->of;
	struct numbers n;
	char line[PATH_MAX + 128];

	take_numbers(&n, p);
	put_line(line, sizeof(line), p, n.dropped);
	log_info("%s", line);
	log_info("dropped by the kernel %" PRIu64 ", the interface %" PRIu64
		 ", here %" PRIu64 "; events lost %" PRIu64 "; full: ring "
		 "%u %%, queue %u %%, events %u %%, flows %u %%",
		 n.sum.os_dropped, n.sum.if_dropped, n.sum.own_drops,
		 n.lost.events_lost, n.captures.ring, n.captures.queue,
		 n.owners.events, n.owners.flows);
}

/* The shell's prompt is not written over, nor is a stopped terminal awaited. */
static bool may_draw(const struct status *s)
{
	struct watch terminal = { .fd = STDERR_FILENO, .events = POLLOUT };

	return tcgetpgrp(STDERR_FILENO) == s->group &&
	       watch_wait(&terminal, 1, 0) == 1 && terminal.ready & POLLOUT;
}

static void draw(const struct status *s, uint64_t dropped)
{
	struct winsize w = { .ws_col = 80 };
	char line[PATH_MAX + 128];

	if (!may_draw(s))
		return;
	ioctl(STDERR_FILENO, TIOCGWINSZ, &w);
	put_line(line, sizeof(line), &s->of, dropped);
	log_status(line, w.ws_col ? w.ws_col : 80);
}

/* ---- for programs ---- */

static void put_interfaces(struct json *j, const struct numbers *n,
			   const struct captures *c)
{
	char name[64];

	json_open(j, "interfaces", '[');
	for (int i = 0; i < captures_count(c); i++) {
		const struct output_interface_stats *one = &n->interfaces[i];

		snprintf(name, sizeof(name), "%s", captures_names(c)[i]);
		printable_replace(name);
		json_open(j, NULL, '{');
		json_text(j, "name", name);
		json_number(j, "received", one->received);
		json_number(j, "dropped_kernel", one->os_dropped);
		json_number(j, "dropped_interface", one->if_dropped);
		json_number(j, "dropped_here", one->own_drops);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static uint64_t per_second(uint64_t count, uint64_t ns)
{
	return ns ? (uint64_t)((double)count * 1e9 / (double)ns + 0.5) : 0;
}

static void put_rates(struct json *j, const struct status *s, uint64_t now_ns)
{
	const struct status_sources *p = &s->of;
	uint64_t ns = now_ns - s->last_ns;

	json_number(j, "packets_per_second",
		    per_second(p->ending->packets - s->last_packets, ns));
	json_number(j, "bytes_per_second",
		    per_second(p->counts->bytes - s->last_bytes, ns));
}

static void put_losses(struct json *j, const struct numbers *n)
{
	json_number(j, "dropped", n->dropped);
	json_number(j, "dropped_disk_full", n->unwritten);
	json_number(j, "events_lost", n->lost.events_lost);
	json_number(j, "flows_evicted", n->lost.evicted_open);
	json_number(j, "resolved_early", n->lost.resolved_early);
	json_number(j, "lookups_unanswered", n->lost.unanswered);
	json_number(j, "left_out_unnamed", n->lost.left_out_unnamed);
	json_number(j, "ring_percent", n->captures.ring);
	json_number(j, "queue_percent", n->captures.queue);
	json_number(j, "events_percent", n->owners.events);
	json_number(j, "flows_percent", n->owners.flows);
}

static size_t make_line(char *out, size_t size, const struct status *s,
			const struct numbers *n, uint64_t now_ns)
{
	const struct status_sources *p = &s->of;
	struct json j = json_of(out, size);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", files_path(p->files));
	printable_replace(path);
	json_open(&j, NULL, '{');
	json_time(&j, "time", clock_ns(CLOCK_REALTIME));
	json_text(&j, "file", path);
	json_number(&j, "packets", n->packets);
	json_number(&j, "bytes", p->counts->bytes);
	json_number(&j, "unnamed", p->counts->unnamed);
	put_rates(&j, s, now_ns);
	json_number(&j, "lag_ms", p->counts->lag_ns / 1000000);
	put_losses(&j, n);
	put_interfaces(&j, n, p->captures);
	json_close(&j, '}');
	json_newline(&j);
	return j.failed ? 0 : (size_t)(j.at - out);
}

/* A line for which a reader or the disk has no room is left out. */
static void write_line(struct status *s, const char *line, size_t len)
{
	ssize_t n;

	if (s->half && write(s->fd, "\n", 1) != 1)
		return;
	s->half = false;
	n = write(s->fd, line, len);
	s->half = n > 0 && (size_t)n < len;
}

static void tell_file(struct status *s, const struct numbers *n,
		      uint64_t now_ns)
{
	char line[LINE_MAX_BYTES];
	size_t len = make_line(line, sizeof(line), s, n, now_ns);

	if (len)
		write_line(s, line, len);
	s->last_ns = now_ns;
	s->last_packets = s->of.ending->packets;
	s->last_bytes = s->of.counts->bytes;
}

void status_update(struct status *s, uint64_t now_ns)
{
	struct numbers n;

	if (now_ns < s->next_ns || (s->fd < 0 && !s->on_terminal))
		return;
	if (!s->last_ns)
		s->last_ns = s->of.ending->started_ns;
	/* Not later and later, unless nobody could be told meanwhile. */
	s->next_ns += EACH_NS;
	if (s->next_ns <= now_ns)
		s->next_ns = now_ns + EACH_NS;
	take_numbers(&n, &s->of);
	if (s->on_terminal)
		draw(s, n.dropped);
	if (s->fd >= 0)
		tell_file(s, &n, now_ns);
	s->of.counts->lag_ns = 0;
}

/* What had no room when the file was closed was counted as a packet before. */
void status_end(struct status *s, const struct summary *end, uint64_t now_ns)
{
	struct numbers n;

	if (s->fd < 0)
		return;
	take_numbers(&n, &s->of);
	n.packets = end->packets;
	n.unwritten = end->unwritten;
	n.dropped = end->dropped;
	tell_file(s, &n, now_ns);
}

/* ---- open and close ---- */

/* Not beside lines of our own, or what a command prints. */
static bool is_on_terminal(const struct options *o)
{
	return isatty(STDERR_FILENO) && !o->quiet && !options_show(o) &&
	       !o->command && o->log_level >= LOG_INFO;
}

static void tell_begin(const struct captures *c)
{
	char list[512] = "";
	size_t len = 0;

	for (int i = 0; i < captures_count(c) && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ", " : "", captures_names(c)[i]);
	log_info("capturing on %s%s", list, len < sizeof(list) ? "" : "...");
}

static int open_file(struct status *s, const struct options *o)
{
	int fd = pcapng_output_create(o->stats, o->force);

	if (fd < 0)
		return fd;
	s->fd = fd;
	if (pcapng_output_is_pipe(o->stats)) {
		s->old_flags = fcntl(fd, F_GETFL);
		fcntl(fd, F_SETFL, s->old_flags | O_NONBLOCK);
	}
	return 0;
}

int status_open(struct status **out, const struct status_sources *of)
{
	const struct options *o = of->options;
	struct status *s = calloc(1, sizeof(*s));
	int err = 0;

	if (!s)
		return -ENOMEM;
	s->of = *of;
	s->fd = s->old_flags = -1;
	s->on_terminal = is_on_terminal(o);
	s->group = getpgrp();
	if (o->stats)
		err = open_file(s, o);
	if (err) {
		free(s);
		return err;
	}
	if (s->on_terminal)
		tell_begin(of->captures);
	*out = s;
	return 0;
}

void status_close(struct status *s)
{
	if (!s)
		return;
	log_status(NULL, 0);
	if (s->old_flags >= 0)
		fcntl(s->fd, F_SETFL, s->old_flags);
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	free(s);
}
