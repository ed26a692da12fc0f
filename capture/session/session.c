/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/child.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/signals.h"
#include "lookup/lookup.h"
#include "owner/owners.h"
#include "session/captures.h"
#include "session/files.h"
#include "session/parts.h"
#include "session/pipeline.h"
#include "session/summary.h"
#include "view/view.h"
#include "wireshark/toolbar.h"

#define TICK_MS	  5			/* while packets or bytes wait */
#define IDLE_MS	  100
#define TAIL_NS	  100000000ull		/* what a command leaves behind: FIN, ACK */
#define HASHES_NS 2000000000ull
#define PRUNE_NS  10000000000ull
#define LOSSES_NS 500000000ull		/* asking the kernel is not for free */

enum {
	FD_SIGNAL, FD_COMMAND, FD_STDIN, FD_TOOLBAR, FD_OUTPUT, FD_VIEW,
	FD_OWNERS,
	FD_CAPTURES = FD_OWNERS + OWNERS_FDS
};

struct session {
	struct parts parts;
	struct pipeline pipeline;
	struct pollfd fds[FD_CAPTURES + OPTIONS_MAX_INTERFACES];
	struct view_losses losses;
	uint64_t losses_ns;		/* when they were asked for */
	uint64_t pruned_ns;
	int source_error;		/* of a capture: what came still is */
};

/* Not Unix time: setting the clock must not move what was asked for. */
static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* ---- what may come meanwhile ---- */

static uint64_t packets_dropped(const struct session *s)
{
	struct output_interface_stats stats[OPTIONS_MAX_INTERFACES];

	return captures_statistics(s->parts.captures, stats);
}

static void on_signal(struct session *s)
{
	struct parts *p = &s->parts;
	struct signalfd_siginfo info;

	if (read(p->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1) {
		log_info("%" PRIu64 " packets, %" PRIu64 " dropped, %s",
			 p->ending.packets, packets_dropped(s),
			 files_path(p->files));
		return;
	}
	if (info.ssi_signo == SIGUSR2) {
		files_next(p->files);
		return;
	}
	if (p->command)
		child_signal(p->command, (int)info.ssi_signo);
	ending_at(&p->ending, now_ns());
}

static void on_stdin(struct session *s)
{
	if (!signals_stdin_ended())
		return;
	s->fds[FD_STDIN].fd = -1;
	ending_at(&s->parts.ending, now_ns());
}

static void on_toolbar(struct session *s)
{
	if (!toolbar_read(s->parts.toolbar))
		s->fds[FD_TOOLBAR].fd = -1;
}

static void on_command(struct session *s)
{
	s->fds[FD_COMMAND].fd = -1;
	ending_at(&s->parts.ending, now_ns() + TAIL_NS);
}

/* ---- the loop ---- */

static void check_limits(struct session *s)
{
	struct parts *p = &s->parts;
	uint64_t now = now_ns();

	ending_check_time(&p->ending, now);
	if (now < s->pruned_ns + PRUNE_NS)
		return;
	s->pruned_ns = now;
	proctab_prune(owners_processes(p->owners), now,
		      files_section(p->files));
}

static void update_view(struct session *s)
{
	struct parts *p = &s->parts;
	uint64_t now = now_ns();
	struct owners_stats owners;
	int err;

	if (now >= s->losses_ns + LOSSES_NS) {
		s->losses_ns = now;
		s->losses.dropped = packets_dropped(s);
		owners_stats(p->owners, &owners);
		s->losses.events = owners.events_lost;
	}
	err = view_update(p->view, &s->losses, now);
	if (err == -EPIPE)
		ending_at(&p->ending, now);
	else if (err)
		ending_fail(&p->ending, err);
}

static int wait_ms(struct session *s)
{
	const struct parts *p = &s->parts;

	if (p->ending.stop_ns || pipeline_waits(&s->pipeline) ||
	    files_wait(p->files))
		return TICK_MS;
	return ending_is_near(&p->ending, now_ns(), IDLE_MS * 1000000ull) ?
		       TICK_MS : IDLE_MS;
}

static void watch(struct session *s)
{
	struct ending *ending = &s->parts.ending;
	const int captures = captures_count(s->parts.captures);

	for (int i = 0; i < captures; i++)
		s->fds[FD_CAPTURES + i].fd =
			captures_fd(s->parts.captures, i);
	if (poll(s->fds, (nfds_t)(FD_CAPTURES + captures), wait_ms(s)) <= 0)
		return;
	if (s->fds[FD_SIGNAL].revents)
		on_signal(s);
	if (s->fds[FD_COMMAND].revents)
		on_command(s);
	if (s->fds[FD_STDIN].revents)
		on_stdin(s);
	if (s->fds[FD_TOOLBAR].revents)
		on_toolbar(s);
	if (s->fds[FD_OUTPUT].revents)
		ending_fail(ending, -EPIPE);
	if (s->fds[FD_VIEW].revents & (POLLERR | POLLHUP))
		ending_at(ending, now_ns());
}

static void step(struct session *s)
{
	struct parts *p = &s->parts;
	int err;

	watch(s);
	err = pipeline_step(&s->pipeline);
	/* A ring, which is to run for long, goes on even without any. */
	if (err && !p->options->ring.asked) {
		s->source_error = err;
		ending_at_once(&p->ending);
	}
	files_update(p->files);
	if (p->view)
		update_view(s);
	check_limits(s);
}

/* The process table is better with them, but not worth a long wait. */
static void await_hashes(struct session *s)
{
	struct parts *p = &s->parts;
	uint64_t end = now_ns() + HASHES_NS;

	while (!p->ending.error && owners_hashing(p->owners) &&
	       now_ns() < end) {
		poll(NULL, 0, TICK_MS);
		owners_update(p->owners);
	}
}

int session_run(struct session *s)
{
	struct parts *p = &s->parts;

	p->ending.started_ns = now_ns();
	if (p->command)
		child_go(p->command);
	while (!ending_is_over(&p->ending, now_ns()))
		step(s);
	/* No packet is waited for any more, only a slow reader. */
	if (!p->ending.error)
		p->ending.error = files_be_patient(p->files, p->signal_fd);
	pipeline_finish(&s->pipeline);
	await_hashes(s);
	return s->source_error;
}

/* ---- open and close ---- */

static void open_poll(struct session *s)
{
	const struct parts *p = &s->parts;

	for (size_t i = 0; i < sizeof(s->fds) / sizeof(*s->fds); i++)
		s->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	s->fds[FD_SIGNAL].fd = p->signal_fd;
	if (p->command)
		s->fds[FD_COMMAND].fd = p->command->pid_fd;
	if (p->options->until_eof)
		s->fds[FD_STDIN].fd = STDIN_FILENO;
	if (p->toolbar)
		s->fds[FD_TOOLBAR].fd = toolbar_fd(p->toolbar);
	s->fds[FD_OUTPUT].fd = files_pipe(p->files);
	s->fds[FD_OUTPUT].events = 0;
	if (p->view)
		s->fds[FD_VIEW].fd = view_fd(p->view, &s->fds[FD_VIEW].events);
	for (int i = 0; i < OWNERS_FDS; i++)
		s->fds[FD_OWNERS + i].fd = owners_fd(p->owners, i);
}

int session_open(struct session **out, const struct options *o,
		 struct child *command)
{
	struct session *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	err = parts_open(&s->parts, o, command);
	if (err) {
		free(s);
		return err;
	}
	pipeline_init(&s->pipeline, &s->parts);
	open_poll(s);
	*out = s;
	return 0;
}

int session_close(struct session *s)
{
	struct parts *p = &s->parts;
	struct summary summary;
	int err, shown;

	err = files_end(p->files, p->signal_fd, &summary);
	summary.unanswered = lookup_unanswered(p->lookup) != 0;
	summary.detached = owners_are_lost(p->owners);
	summary.incomplete = summary.detached || lookup_is_gone(p->lookup);
	shown = view_close(p->view);
	err = summary_tell(&summary, p->options, err, shown);
	parts_close(p);
	free(s);
	return err;
}
