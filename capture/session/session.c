/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/child.h"
#include "geo.h"
#include "packet/queue.h"
#include "host/log.h"
#include "lookup/lookup.h"
#include "output/opener.h"
#include "output/country_cache.h"
#include "output/output.h"
#include "owner/owned_packet.h"
#include "owner/owners.h"
#include "packet/parse.h"
#include "host/privilege.h"
#include "host/sandbox.h"
#include "process/procfs.h"
#include "host/signals.h"
#include "packet/source.h"
#include "view/view.h"
#include "wireshark/toolbar.h"

#define HOLD_BYTES	(16u << 20)	/* all queues together */
#define HOLD_LEAST	(1u << 20)	/* above the largest packet, twice */
#define ROOM_PACKETS	1024		/* leave a full queue together */
#define TICK_MS		5		/* while packets or bytes wait */
#define IDLE_MS		100
#define MERGE_NS	25000000ull	/* an idle capture's block is out by then */
#define LINGER_NS	60000000ull	/* packets from before the stop arrive */
#define TAIL_NS		100000000ull	/* what a command leaves behind: FIN, ACK */
#define HASHES_NS	2000000000ull
#define STALE_NS	900000000ull	/* waited for a slow reader */
#define CLOCK_SET_NS	1000000000ull
#define PRUNE_NS	10000000000ull
#define GONE_NS		500000000ull	/* looking for an interface again */
#define LOSSES_NS	500000000ull	/* asking the kernel is not for free */

struct capture {
	struct session *session;
	struct source *source;
	struct queue *hold;
	uint32_t interface;
	bool gone;			/* with its interface */
};

enum {
	FD_SIGNAL, FD_COMMAND, FD_STDIN, FD_TOOLBAR, FD_OUTPUT, FD_VIEW,
	FD_OWNERS,
	FD_CAPTURES = FD_OWNERS + OWNERS_FDS
};

struct session {
	const struct options *options;
	struct child *command;
	struct toolbar *toolbar;	/* NULL: none */
	struct source *sources[OPTIONS_MAX_INTERFACES];
	struct capture captures[OPTIONS_MAX_INTERFACES];
	int capture_count;
	struct lookup *lookup;
	struct owners *owners;
	struct opener *opener;		/* of a ring, until the output has it */
	struct output *output;		/* NULL: no file */
	struct view *view;		/* NULL: nothing is shown */
	struct view_losses losses;
	uint64_t losses_ns;		/* when they were asked for */
	struct pollfd fds[FD_CAPTURES + OPTIONS_MAX_INTERFACES];
	struct output_interface_stats stats[OPTIONS_MAX_INTERFACES];
	uint64_t packets;		/* handed on */
	uint64_t resolved_early;
	uint64_t started_ns;		/* all of CLOCK_MONOTONIC */
	uint64_t pruned_ns;
	uint64_t last_packet_ns;	/* later ones are not ours; 0: no end yet */
	uint64_t stop_ns;		/* when to leave; 0: no end yet */
	bool ended;			/* the last file is full */
	int disk_full;			/* once at least, as -errno */
	bool disk_has_room;		/* again, and that was said */
	uint64_t unwritten;		/* packets, meanwhile */
	uint64_t gone_ns;		/* when to look for interfaces again */
	int error;			/* of the output: no more is written */
	int source_error;		/* of a capture: what came still is */
};

/* Not Unix time: setting the clock must not move what was asked for. */
static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Packets up to @at count; those in the kernel's blocks are waited for. */
static void stop_at(struct session *s, uint64_t at)
{
	if (s->stop_ns)
		return;
	s->last_packet_ns = at;
	s->stop_ns = at + LINGER_NS;
}

static void fail(struct session *s, int err)
{
	if (!s->error)
		s->error = err;
	s->stop_ns = 1;
}

/* ---- packets out ---- */

static bool toolbar_filters(const struct session *s)
{
	return s->toolbar && !filter_is_empty(toolbar_filter(s->toolbar));
}

static bool wanted_end(const struct session *s, const struct program *program)
{
	if (!program || (s->command && !program->proc->followed))
		return false;
	if (toolbar_filters(s) &&
	    !filter_matches_name(toolbar_filter(s->toolbar), program->name))
		return false;
	return filter_is_empty(&s->options->filter) || program_wanted(program);
}

/* Either end will do. */
static bool wanted(const struct session *s, const struct owned_packet *p)
{
	if (!s->command && filter_is_empty(&s->options->filter) &&
	    !toolbar_filters(s))
		return true;
	return wanted_end(s, p->src) || wanted_end(s, p->dst);
}

static void hash_end(struct session *s, struct program *program)
{
	if (s->options->hash && program)
		owners_hash(s->owners, program);
}

static struct program *program_of(const struct verdict_end *end,
				  uint64_t mono_ns)
{
	if (!end->owner)
		return NULL;
	return proc_program_at(end->owner, end->as_of_ns ? end->as_of_ns :
							  mono_ns);
}

/* ---- files ---- */

static void read_statistics(struct session *s, uint64_t *dropped)
{
	struct source_stats st;

	*dropped = 0;
	for (int i = 0; i < s->options->interface_count; i++) {
		source_stats(s->sources[i], &st);
		s->stats[i].received = st.received;
		s->stats[i].if_dropped = st.if_dropped;
		s->stats[i].os_dropped = st.dropped;
		*dropped += st.dropped + s->stats[i].own_drops;
	}
}

static void output_statistics(struct session *s, struct output_stats *stats,
			      uint64_t *dropped)
{
	struct owners_stats owners;

	owners_stats(s->owners, &owners);
	read_statistics(s, dropped);
	*stats = (struct output_stats){
		.events_lost = owners.events_lost,
		.evicted_open = owners.evicted_open,
		.resolved_early = s->resolved_early,
		.unanswered = owners.unanswered,
	};
}

/*
 * What comes at @at goes into another file, if there is to be one: 0, -EAGAIN
 * while that cannot be opened, -ECANCELED if there is none, or -errno.
 */
static int end_file(struct session *s, const struct moment *at)
{
	const struct options_ring *r = &s->options->ring;
	struct output_stats stats;
	uint64_t dropped;
	int err;

	if (!r->asked || (r->stop_files &&
			  output_section(s->output) >= r->stop_files)) {
		s->ended = true;
		s->stop_ns = 1;
		return -ECANCELED;
	}
	output_statistics(s, &stats, &dropped);
	err = output_next(s->output, at, s->stats, &stats);
	if (err && err != -EAGAIN)
		fail(s, err);
	return err;
}

/* 0 when the packet's file is open, -EAGAIN while it cannot be, or -errno. */
static int choose_file(struct session *s, const struct owned_packet *p)
{
	struct moment at = { .mono_ns = p->mono_ns,
			     .unix_ns = p->frame->ts_ns };
	int err = 0;

	if (!s->ended && !s->error && output_ends_before(s->output, p, &at))
		err = end_file(s, &at);
	return s->ended ? -ECANCELED : s->error ? s->error : err;
}

/* A file's time also ends while nothing comes; what is late is of before. */
static void check_file(struct session *s)
{
	struct moment at = { .mono_ns = now_ns() - LINGER_NS,
			     .unix_ns = clock_ns(CLOCK_REALTIME) - LINGER_NS };

	if (!s->stop_ns && output_ends_before(s->output, NULL, &at))
		end_file(s, &at);
}

/* ---- packets on ---- */

/* -EAGAIN if there is no room for it yet, else 0: it is done with. */
static int hand_on(struct session *s, const struct frame *h,
		   const struct verdict *v)
{
	uint64_t mono_ns = owners_mono_ns(s->owners, h->ts_ns);
	struct owned_packet p = {
		.frame = h,
		.verdict = v,
		.src = program_of(&v->src, mono_ns),
		.dst = program_of(&v->dst, mono_ns),
		.mono_ns = mono_ns,
		.data = h->data,
		.linktype = (uint16_t)source_linktype(
			s->sources[h->interface]),
	};
	uint64_t limit = s->options->max_packets;
	int err;

	if (!wanted(s, &p))
		return 0;
	if (s->last_packet_ns && mono_ns > s->last_packet_ns)
		return 0;
	if (limit && s->packets >= limit)
		return 0;
	err = choose_file(s, &p);
	if (err)
		return err == -EAGAIN ? err : 0;
	hash_end(s, p.src);
	hash_end(s, p.dst);
	err = output_packet(s->output, &p);
	if (err == -EAGAIN)
		return err;
	if (err) {
		fail(s, err);
		return 0;
	}
	if (s->view)
		view_packet(s->view, &p);
	if (++s->packets == limit)
		s->stop_ns = 1;
	return 0;
}

/* The capture with the oldest packet, or NULL; *@gap if one has none. */
static struct capture *oldest(struct session *s, bool *gap)
{
	struct capture *best = NULL;
	uint64_t best_ns = 0;

	*gap = false;
	for (int i = 0; i < s->capture_count; i++) {
		const struct frame *h = queue_first(s->captures[i].hold);

		if (!h) {
			*gap |= !s->captures[i].gone;
		} else if (!best || h->ts_ns < best_ns) {
			best = &s->captures[i];
			best_ns = h->ts_ns;
		}
	}
	return best;
}

/* A packet of the future is from before the clock was set back. */
static uint64_t age_of(const struct session *s, const struct frame *h,
		       uint64_t now)
{
	uint64_t then = owners_mono_ns(s->owners, h->ts_ns);

	if (now >= then)
		return now - then;
	return then - now > CLOCK_SET_NS ? UINT64_MAX : 0;
}

/*
 * Writes what can be written, in order of time.  A packet waits while a late
 * event may still name its owner, and while another capture may still have an
 * older one.  With @force the first one does not wait.
 */
static void release(struct session *s, bool force)
{
	uint64_t now = now_ns();
	struct capture *c;
	bool gap;

	while ((c = oldest(s, &gap))) {
		const struct frame *h = queue_first(c->hold);
		uint64_t age = age_of(s, h, now);
		struct verdict v;
		bool settled;

		if (!force && gap && age < MERGE_NS)
			return;
		settled = owners_resolve(s->owners, &h->packet, h->ts_ns,
					 h->direction, &v);
		if (!settled && age < FLOWTAB_HOLD_NS) {
			if (!force)
				return;
			s->resolved_early++;
		}
		if (hand_on(s, h, &v)) {
			/* Older than that, its owner is no longer on record. */
			if (!force && age < STALE_NS)
				return;
			s->stats[h->interface].own_drops++;
			s->unwritten += output_full(s->output) != 0;
		}
		force = false;
		queue_pop(c->hold);
	}
}

/* ---- packets in ---- */

/*
 * A full queue cannot wait: the oldest packets go out as they are, a good many
 * at once, since taking in events for each would cost more than they do.
 */
static struct frame *make_room(struct capture *c, uint32_t caplen)
{
	struct frame *h = queue_push(c->hold, caplen);

	if (h)
		return h;
	owners_update(c->session->owners);
	for (int i = 0; i < ROOM_PACKETS && queue_first(c->hold); i++)
		release(c->session, true);
	while (!(h = queue_push(c->hold, caplen)) && queue_first(c->hold))
		release(c->session, true);
	return h;
}

static void on_packet(void *ctx, const struct source_packet *p)
{
	struct capture *c = ctx;
	struct frame *h = make_room(c, p->caplen);

	if (!h) {
		c->session->stats[c->interface].own_drops++;
		return;
	}
	h->ts_ns = p->ts_ns;
	h->caplen = p->caplen;
	h->len = p->len;
	h->interface = c->interface;
	h->direction = p->direction;
	memcpy(h->data, p->data, p->caplen);
	parse_packet(&h->packet, source_linktype(c->source), p->data, p->caplen);
}

static bool all_are_gone(const struct session *s)
{
	for (int i = 0; i < s->capture_count; i++)
		if (!s->captures[i].gone)
			return false;
	return true;
}

/* The others go on; a ring, which is to run for long, even without any. */
static void on_gone(struct session *s, struct capture *c, int err)
{
	c->gone = true;
	s->fds[FD_CAPTURES + c->interface].fd = -1;
	if (!all_are_gone(s) || s->options->ring.asked)
		return;
	s->source_error = err;
	s->stop_ns = 1;
}

static void look_for_gone(struct session *s)
{
	uint64_t now = now_ns();

	if (now < s->gone_ns)
		return;
	s->gone_ns = now + GONE_NS;
	for (int i = 0; i < s->capture_count; i++) {
		struct capture *c = &s->captures[i];

		if (!c->gone || source_resume(c->source))
			continue;
		c->gone = false;
		s->fds[FD_CAPTURES + i].fd = source_fd(c->source);
	}
}

static void read_captures(struct session *s)
{
	look_for_gone(s);
	for (int i = 0; i < s->capture_count; i++) {
		struct capture *c = &s->captures[i];
		int n = c->gone ? 0 : source_read(c->source, on_packet, c);

		if (n < 0)
			on_gone(s, c, n);
	}
}

/* ---- the loop ---- */

/* SIGUSR1 */
static void tell_state(struct session *s)
{
	uint64_t dropped;

	read_statistics(s, &dropped);
	log_info("%" PRIu64 " packets, %" PRIu64 " dropped, %s", s->packets,
		 dropped, s->output ? output_path(s->output) : "no file");
}

/* SIGUSR2 */
static void begin_next_file(struct session *s)
{
	struct moment now = { .mono_ns = now_ns(),
			      .unix_ns = clock_ns(CLOCK_REALTIME) };

	if (!s->options->ring.asked)
		log_info("there is one file only, without -b");
	else if (!s->stop_ns)
		end_file(s, &now);
}

static void on_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->fds[FD_SIGNAL].fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGUSR2) {
		if (info.ssi_signo == SIGUSR1)
			tell_state(s);
		else
			begin_next_file(s);
		return;
	}
	if (s->command)
		child_signal(s->command, (int)info.ssi_signo);
	stop_at(s, now_ns());
}

static void on_stdin(struct session *s)
{
	if (!signals_stdin_ended())
		return;
	s->fds[FD_STDIN].fd = -1;
	stop_at(s, now_ns());
}

static void on_toolbar(struct session *s)
{
	if (!toolbar_read(s->toolbar))
		s->fds[FD_TOOLBAR].fd = -1;
}

/* Said once: where it happens it may happen every few seconds. */
static void watch_disk(struct session *s)
{
	int full = output_full(s->output);

	if (full && !s->disk_full) {
		s->disk_full = full;
		log_warn("cannot write %s: %s; until there is room packets are "
			 "dropped and counted", s->options->write,
			 strerror(-full));
	} else if (!full && s->disk_full && !s->disk_has_room) {
		s->disk_has_room = true;
		log_info("there is room for %s again", s->options->write);
	}
}

static void check_limits(struct session *s)
{
	uint64_t duration = s->options->max_duration_ns, now = now_ns();

	if (duration && now >= s->started_ns + duration)
		stop_at(s, s->started_ns + duration);
	if (now < s->pruned_ns + PRUNE_NS)
		return;
	s->pruned_ns = now;
	proctab_prune(owners_processes(s->owners), now,
		      output_section(s->output));
}

static void update_view(struct session *s)
{
	uint64_t now = now_ns();
	struct owners_stats owners;
	int err;

	if (now >= s->losses_ns + LOSSES_NS) {
		s->losses_ns = now;
		read_statistics(s, &s->losses.dropped);
		owners_stats(s->owners, &owners);
		s->losses.events = owners.events_lost;
	}
	err = view_update(s->view, &s->losses, now);
	if (err == -EPIPE)
		stop_at(s, now);
	else if (err)
		fail(s, err);
}

static int wait_ms(struct session *s)
{
	uint64_t duration = s->options->max_duration_ns, now = now_ns();
	bool gap;

	if (s->stop_ns || oldest(s, &gap) || output_waits(s->output))
		return TICK_MS;
	if (duration && s->started_ns + duration < now + IDLE_MS * 1000000ull)
		return TICK_MS;
	return IDLE_MS;
}

static void step(struct session *s)
{
	int n = poll(s->fds, (nfds_t)(FD_CAPTURES + s->capture_count),
		     wait_ms(s));
	int err;

	if (n > 0 && s->fds[FD_SIGNAL].revents)
		on_signal(s);
	if (n > 0 && s->fds[FD_COMMAND].revents) {
		s->fds[FD_COMMAND].fd = -1;
		stop_at(s, now_ns() + TAIL_NS);
	}
	if (n > 0 && s->fds[FD_STDIN].revents)
		on_stdin(s);
	if (n > 0 && s->fds[FD_TOOLBAR].revents)
		on_toolbar(s);
	if (n > 0 && s->fds[FD_OUTPUT].revents)
		fail(s, -EPIPE);
	if (n > 0 && s->fds[FD_VIEW].revents & (POLLERR | POLLHUP))
		stop_at(s, now_ns());
	read_captures(s);
	owners_update(s->owners);
	release(s, false);
	err = output_flush(s->output);
	if (err)
		fail(s, err);
	if (s->view)
		update_view(s);
	check_file(s);
	watch_disk(s);
	check_limits(s);
}

/* The process table is better with them, but not worth a long wait. */
static void await_hashes(struct session *s)
{
	uint64_t end = now_ns() + HASHES_NS;

	while (!s->error && owners_hashing(s->owners) && now_ns() < end) {
		poll(NULL, 0, TICK_MS);
		owners_update(s->owners);
	}
}

/* The file or its reader is gone: what still waits cannot be written. */
static void drop_rest(struct session *s)
{
	struct capture *c;
	bool gap;

	while ((c = oldest(s, &gap))) {
		s->stats[c->interface].own_drops++;
		queue_pop(c->hold);
	}
}

/* Until somebody asks us a second time to stop. */
static int be_patient(struct session *s)
{
	return output_be_patient(s->output, s->fds[FD_SIGNAL].fd);
}

int session_run(struct session *s)
{
	bool gap;

	s->started_ns = now_ns();
	if (s->command)
		child_go(s->command);
	while (!s->stop_ns || now_ns() < s->stop_ns)
		step(s);
	/* No packet is waited for any more, only a slow reader. */
	if (!s->error)
		s->error = be_patient(s);
	while (!s->error && oldest(s, &gap))
		release(s, true);
	drop_rest(s);
	await_hashes(s);
	return s->source_error;
}

/* ---- open and close ---- */

/* Kernel events will have the host's pid for it, which nobody tells us. */
static int check_command(const struct session *s)
{
	struct owners_stats owners;

	owners_stats(s->owners, &owners);
	if (!s->command || owners.refused || procfs_is_initial(AT_FDCWD,
							       "/proc/self"))
		return 0;
	log_error("in a container with process ids of its own no command can "
		  "be followed: start it with the host's, as by --pid=host");
	return -EINVAL;
}

static int open_sources(struct session *s)
{
	const struct options *o = s->options;
	struct owners_stats owners;
	int err;

	owners_stats(s->owners, &owners);
	for (int i = 0; i < o->interface_count; i++) {
		struct source_options so = {
			.device = o->interfaces[i].name,
			.filter = o->interfaces[i].filter,
			.snaplen = o->snaplen,
			.buffer_mib = o->buffer_mib,
			.promiscuous = !o->no_promiscuous,
			/* Who polls had better be quick. */
			.prompt = owners.refused != 0,
		};

		err = source_open(&s->sources[i], &so);
		if (err)
			return err;
		s->captures[s->capture_count++] = (struct capture){
			.session = s,
			.source = s->sources[i],
			.interface = (uint32_t)i,
		};
	}
	if (owners.refused)
		log_warn("no eBPF (%s): processes are looked up by polling, "
			 "short-lived ones are missed%s",
			 owners.refused == -ENOTSUP ?
				 "a time namespace moves the clocks" :
				 strerror(-owners.refused),
			 owners.refused == -EPERM || owners.refused == -EACCES ?
				 "; run as root for exact owners" : "");
	return 0;
}

static int open_holds(struct session *s)
{
	size_t each = HOLD_BYTES / (size_t)s->capture_count;

	for (int i = 0; i < s->capture_count; i++) {
		s->captures[i].hold = queue_new(each < HOLD_LEAST ? HOLD_LEAST :
								   each);
		if (!s->captures[i].hold)
			return -ENOMEM;
	}
	return 0;
}

/* Where the names of a ring's files are printed: dumpcap's words. */
static int open_names(const char *path, int *fd)
{
	int opened;

	if (!path)
		return 0;
	opened = strcmp(path, "stderr") ? pcapng_output_open(path) :
					  STDERR_FILENO;
	if (opened < 0) {
		log_error("cannot write %s: %s", path, strerror(-opened));
		return opened;
	}
	*fd = opened;
	return 0;
}

static int open_output(struct session *s)
{
	const struct options *o = s->options;
	struct output_options oo = {
		.path = o->write,
		.fd = o->write_fd,
		.group_read = o->group_read,
		.comment = o->comment,
		.limits = { .bytes = o->file.bytes,
			    .packets = o->file.packets,
			    .duration_ns = o->file.duration_ns,
			    .interval_ns = o->file.interval_ns },
		.comments = !o->no_comments,
		.process_table = !o->no_process_table,
	};
	int err = o->write ? country_cache_databases(o->geo, o->geo_count,
						     &oo.geo) : 0;

	if (err || !o->write)
		return err;
	err = open_names(o->ring.print_names, &oo.names_fd);
	if (err) {
		geo_free(oo.geo);
		return err;
	}
	oo.opener = s->opener;
	s->opener = NULL;
	return output_open(&s->output, &oo);
}

/* The capture itself will be nobody, and may open nothing. */
static int start_opener(struct session *s)
{
	const struct options *o = s->options;
	struct opener_options oo = {
		.path = o->write,
		.group_read = o->group_read,
		.time_first = o->ring.name_order == 2,
		.files = o->ring.files,
		.total = o->ring.total,
		.free = o->ring.free,
		.file_bytes = o->file.bytes,
	};

	return o->ring.asked ? opener_start(&s->opener, &oo) : 0;
}

static int open_view(struct session *s)
{
	struct geo *geo;
	int err;

	if (!options_show(s->options))
		return 0;
	err = country_cache_databases(s->options->geo, s->options->geo_count,
				      &geo);
	return err ? err : view_open(&s->view, s->options, geo, NULL);
}

static int begin_output(struct session *s)
{
	const struct options *o = s->options;
	struct pcapng_interface interfaces[OPTIONS_MAX_INTERFACES];

	for (int i = 0; i < o->interface_count; i++)
		interfaces[i] = (struct pcapng_interface){
			.name = o->interfaces[i].name,
			.filter = o->interfaces[i].filter,
			.linktype = (uint16_t)source_linktype(s->sources[i]),
			.snaplen = source_snaplen(s->sources[i]),
		};
	return output_begin(s->output, interfaces, o->interface_count,
			    owners_processes(s->owners));
}

static void clear_poll(struct session *s)
{
	for (size_t i = 0; i < sizeof(s->fds) / sizeof(*s->fds); i++)
		s->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
}

static int open_signals(struct session *s)
{
	int fd = signals_open(true);

	s->fds[FD_SIGNAL].fd = fd;
	return fd < 0 ? fd : 0;
}

static void open_poll(struct session *s)
{
	if (s->command)
		s->fds[FD_COMMAND].fd = s->command->pid_fd;
	if (s->options->until_eof)
		s->fds[FD_STDIN].fd = STDIN_FILENO;
	if (s->toolbar)
		s->fds[FD_TOOLBAR].fd = toolbar_fd(s->toolbar);
	s->fds[FD_OUTPUT].fd = output_pipe(s->output);
	s->fds[FD_OUTPUT].events = 0;
	if (s->view)
		s->fds[FD_VIEW].fd = view_fd(s->view, &s->fds[FD_VIEW].events);
	for (int i = 0; i < OWNERS_FDS; i++)
		s->fds[FD_OWNERS + i].fd = owners_fd(s->owners, i);
	for (int i = 0; i < s->capture_count; i++)
		s->fds[FD_CAPTURES + i].fd =
			source_fd(s->captures[i].source);
}

static void free_session(struct session *s)
{
	for (int i = 0; i < s->capture_count; i++)
		queue_free(s->captures[i].hold);
	for (int i = 0; i < OPTIONS_MAX_INTERFACES; i++)
		source_close(s->sources[i]);
	owners_close(s->owners);
	opener_stop(s->opener);
	lookup_close(s->lookup);
	toolbar_close(s->toolbar);
	if (s->fds[FD_SIGNAL].fd >= 0)
		close(s->fds[FD_SIGNAL].fd);
	free(s);
}

int session_open(struct session **out, const struct options *o,
		 struct child *command)
{
	struct session *s = calloc(1, sizeof(*s));
	struct owners_options oo = { .no_cmdline = o->no_cmdline,
				     .hash = o->hash,
				     .filter = &o->filter };
	int err = 0;

	if (!s)
		return -ENOMEM;
	s->options = o;
	s->command = command;
	clear_poll(s);
	err = lookup_open(&s->lookup, command);
	oo.lookup = s->lookup;
	if (!err && o->control_in && o->control_out)
		err = toolbar_open(&s->toolbar, o->control_in, o->control_out,
				   o->log_level);
	if (!err)
		err = start_opener(s);
	/* A reader has work of its own to do while we load the probe. */
	if (!err && o->write && pcapng_output_is_pipe(o->write))
		err = open_output(s);
	/* Until here, and where the output is opened, the user's rights do. */
	privilege_as_user(false);
	if (!err)
		err = owners_open(&s->owners, &oo);
	if (!err)
		err = check_command(s);
	if (!err)
		err = open_sources(s);
	if (!err)
		err = open_holds(s);
	privilege_as_user(true);
	/* From a file's first byte on, ^C closes it; until now it ended us. */
	if (!err)
		err = open_signals(s);
	if (!err && !s->output)
		err = open_output(s);
	if (!err)
		err = open_view(s);
	privilege_as_user(false);
	if (!err)
		err = begin_output(s);
	if (!err) {
		privilege_give_up();
		err = sandbox_enter_capture(o->sandbox);
	}
	if (err) {
		output_abandon(s->output);
		view_close(s->view);
		free_session(s);
		return err;
	}
	if (o->log_level == LOG_DEBUG && o->sandbox == SANDBOX_BEST)
		sandbox_try();
	open_poll(s);
	if (command)
		proctab_follow(owners_processes(s->owners),
			       (uint32_t)command->pid);
	*out = s;
	return 0;
}

/* A reader that has gone needs no warning. */
static void tell_drops(const struct session *s, bool reader_gone)
{
	for (int i = 0; i < s->options->interface_count; i++) {
		const struct output_interface_stats *st = &s->stats[i];
		char text[256];

		if (!st->os_dropped && !st->if_dropped && !st->own_drops)
			continue;
		snprintf(text, sizeof(text), "%s: of %" PRIu64 " packets the "
			 "kernel dropped %" PRIu64 ", the interface %" PRIu64
			 ", and %" PRIu64 " could not be written in time",
			 s->options->interfaces[i].name, st->received,
			 st->os_dropped, st->if_dropped, st->own_drops);
		if (reader_gone)
			log_info("%s", text);
		else
			log_warn("%s", text);
	}
}

/* That the capture went on is no success: a line and the status tell. */
static int tell_full_disk(const struct session *s, int err, uint64_t unwritten)
{
	err = err ? err : s->disk_full;
	log_error("%" PRIu64 " packets had no room in %s: %s", unwritten,
		  s->options->write, strerror(-err));
	return err;
}

int session_close(struct session *s)
{
	uint64_t packets = s->packets, dropped, unwritten;
	struct output_stats stats;
	bool reader_gone;
	int err, closed;

	output_statistics(s, &stats, &dropped);
	err = be_patient(s);
	closed = output_close(s->output, s->stats, &stats, &unwritten);
	packets -= unwritten;
	dropped += unwritten;
	unwritten += s->unwritten;
	err = err ? err : closed;
	closed = view_close(s->view);
	reader_gone = err == -EPIPE || err == -ETIMEDOUT;
	if (reader_gone)
		err = 0;	/* it has had enough */
	if (unwritten)
		err = tell_full_disk(s, err, unwritten);
	else if (err)
		log_error("cannot write %s: %s", s->options->write,
			  strerror(-err));
	else if (closed)
		err = closed;
	if (!s->options->quiet && (!err || unwritten)) {
		log_info("%" PRIu64 " packets, %" PRIu64 " dropped%s%s%s", packets,
			 dropped,
			 stats.events_lost ? ", kernel events were lost" : "",
			 lookup_unanswered(s->lookup) ?
				 ", lookups had no answer" : "",
			 owners_are_lost(s->owners) ? ", hooks were detached" :
						      "");
		tell_drops(s, reader_gone);
	}
	/* The packets are there, but not all that was to be told of them. */
	if (!err && (owners_are_lost(s->owners) || lookup_is_gone(s->lookup)))
		err = -ESRCH;
	free_session(s);
	return err;
}
