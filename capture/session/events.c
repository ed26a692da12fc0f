/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/events.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "host/child.h"
#include "host/clocks.h"
#include "host/signals.h"
#include "options.h"
#include "owner/owners.h"
#include "session/captures.h"
#include "session/files/files.h"
#include "session/parts.h"
#include "view/view.h"
#include "wireshark/toolbar.h"

#define TAIL_NS 100000000ull /* what a command leaves behind: FIN, ACK */

_Static_assert(CAPTURES_MAX + 16 <= WATCH_MAX, "all are watched");

enum { OF_SIGNAL, OF_COMMAND, OF_STDIN, OF_TOOLBAR, OF_OUTPUT, OF_VIEW };

/* Somebody asks for it. */
static void end_now(struct events *e)
{
	ending_ask(&e->parts->ending, clock_ns(CLOCK_MONOTONIC));
}

static void on_signal(void *ctx)
{
	struct events *e = ctx;
	struct parts *p = e->parts;
	struct signalfd_siginfo info;

	if (read(p->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1) {
		status_answer(p->status);
	} else if (info.ssi_signo == SIGUSR2) {
		files_next(p->files);
	} else if ((int)info.ssi_signo == SIGRTMIN) {
		files_freeze(p->files);
	} else {
		if (p->command)
			child_signal(p->command, (int)info.ssi_signo);
		end_now(e);
	}
}

static void on_command(void *ctx)
{
	struct events *e = ctx;

	e->watches[OF_COMMAND].fd = -1;
	ending_at(&e->parts->ending, clock_ns(CLOCK_MONOTONIC) + TAIL_NS);
}

static void on_stdin(void *ctx)
{
	struct events *e = ctx;

	if (!signals_stdin_ended())
		return;
	e->watches[OF_STDIN].fd = -1;
	end_now(e);
}

static void on_toolbar(void *ctx)
{
	struct events *e = ctx;

	if (!toolbar_read(e->parts->toolbar))
		e->watches[OF_TOOLBAR].fd = -1;
}

static void on_output(void *ctx)
{
	struct events *e = ctx;

	ending_fail(&e->parts->ending, -EPIPE);
}

static void on_view(void *ctx)
{
	struct events *e = ctx;

	if (e->watches[OF_VIEW].ready & (POLLERR | POLLHUP))
		end_now(e);
}

static void add(struct events *e, int fd, short events, void (*fn)(void *ctx))
{
	e->watches[e->count++] = (struct watch){ fd, events, 0, fn, e };
}

void events_init(struct events *e, struct parts *p)
{
	short view_events = 0;
	int view = p->view ? view_fd(p->view, &view_events) : -1;

	e->parts = p;
	e->count = 0;
	/* The order is that of OF_SIGNAL and so on. */
	add(e, p->signal_fd, POLLIN, on_signal);
	add(e, p->command ? p->command->pid_fd : -1, POLLIN, on_command);
	add(e, p->options->until_eof ? STDIN_FILENO : -1, POLLIN, on_stdin);
	add(e, p->toolbar ? toolbar_fd(p->toolbar) : -1, POLLIN, on_toolbar);
	/* A pipe tells by POLLERR that nobody reads it any more. */
	add(e, files_pipe(p->files), 0, on_output);
	add(e, view, view_events, on_view);
	for (int i = 0; i < OWNERS_FDS; i++)
		add(e, owners_fd(p->owners, i), POLLIN, NULL);
	e->captures = e->count;
	for (int i = 0; i < captures_count(p->captures); i++)
		add(e, -1, POLLIN, NULL);
}

void events_wait(struct events *e, int timeout_ms)
{
	const struct captures *captures = e->parts->captures;

	/* An interface may be gone, or there again. */
	for (unsigned i = e->captures; i < e->count; i++)
		e->watches[i].fd = captures_may_rest(captures) ?
					   -1 :
					   captures_fd(captures,
						       (int)(i - e->captures));
	watch_wait(e->watches, e->count, timeout_ms);
}
