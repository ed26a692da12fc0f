/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/session.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "host/clocks.h"
#include "session/events.h"
#include "session/files/files.h"
#include "session/parts.h"
#include "session/pipeline.h"
#include "session/summary.h"
#include "view/view.h"

#define TICK_MS	  5  /* while packets or bytes wait */
#define REST_MS	  10 /* while packets come all the time */
#define IDLE_MS	  100
#define LOSSES_NS 500000000ull /* asking the kernel is not for free */

struct session {
	struct parts parts;
	struct events events;
	struct pipeline pipeline;
	struct view_losses losses;
	uint64_t losses_ns; /* when they were asked for */
	int source_error;   /* of a capture: what came still is */
};

static void update_view(struct session *s, uint64_t now)
{
	struct ending *ending = &s->parts.ending;
	int err;

	if (now >= s->losses_ns + LOSSES_NS) {
		s->losses_ns = now;
		pipeline_losses(&s->pipeline, &s->losses);
	}
	err = view_update(s->parts.view, &s->losses, now);
	if (err == -EPIPE)
		ending_ask(ending, now);
	else if (err)
		ending_fail(ending, err);
}

static int wait_ms(const struct session *s, uint64_t now)
{
	const struct ending *ending = &s->parts.ending;

	if (pipeline_may_rest(&s->pipeline))
		return REST_MS;
	if (ending->stop_ns || pipeline_waits(&s->pipeline) ||
	    files_wait(s->parts.files) ||
	    ending_is_near(ending, now, IDLE_MS * 1000000ull))
		return TICK_MS;
	return IDLE_MS;
}

/* Returns when it began to look for packets. */
static uint64_t step(struct session *s)
{
	struct parts *p = &s->parts;
	uint64_t looked, now;
	int err;

	events_wait(&s->events, wait_ms(s, clock_ns(CLOCK_MONOTONIC)));
	looked = clock_ns(CLOCK_MONOTONIC);
	err = pipeline_step(&s->pipeline);
	/* A ring, which is to run for long, goes on even without any. */
	if (err && !p->options->ring.asked) {
		s->source_error = err;
		ending_at_once(&p->ending);
	}
	files_update(p->files);
	now = clock_ns(CLOCK_MONOTONIC);
	if (p->view)
		update_view(s, now);
	status_update(p->status, now);
	ending_check_time(&p->ending, now);
	return looked;
}

/* There is a screen, and nobody has had enough of it. */
static bool has_lookers(const struct session *s)
{
	const struct parts *p = &s->parts;

	return p->view && view_waits(p->view) && !p->ending.asked &&
	       !p->ending.error;
}

/* What is on a screen stays there; its time stands still. */
static void stay(struct session *s)
{
	struct parts *p = &s->parts;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	short view_events;
	struct watch fds[] = {
		{ .fd = p->signal_fd, .events = POLLIN },
		{ .fd = view_fd(p->view, &view_events), .events = POLLIN },
	};

	view_set_last(p->view);
	while (!view_update(p->view, &s->losses, now) && !fds[0].ready &&
	       !(fds[1].ready & (POLLERR | POLLHUP)))
		watch_wait(fds, 2, IDLE_MS);
}

int session_run(struct session *s)
{
	struct parts *p = &s->parts;
	uint64_t looked = 0;

	parts_begin(p);
	while (!ending_is_over(&p->ending, looked)) {
		looked = step(s);
		if (p->ending.stop_ns)
			pipeline_end(&s->pipeline);
	}
	/* No packet is waited for any more, only a slow reader. */
	if (!p->ending.error)
		p->ending.error = files_be_patient(p->files, p->signal_fd);
	pipeline_finish(&s->pipeline);
	if (has_lookers(s))
		stay(s);
	return s->source_error;
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
	events_init(&s->events, &s->parts);
	pipeline_init(&s->pipeline, &s->parts);
	*out = s;
	return 0;
}

int session_close(struct session *s)
{
	struct parts *p = &s->parts;
	struct summary summary;
	int err, shown;

	err = files_end(p->files, p->signal_fd, &summary);
	status_end(p->status, &summary, clock_ns(CLOCK_MONOTONIC));
	shown = view_close(p->view);
	err = summary_tell(&summary, p->options, err, shown);
	parts_close(p);
	free(s);
	return err;
}
