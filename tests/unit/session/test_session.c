/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which order a capture does what, and when it ends. */
#include "exact.h"

#include <errno.h>

#include "host/clocks.h"
#include "options.h"
#include "session/events.h"
#include "session/files/files.h"
#include "session/parts.h"
#include "session/pipeline.h"
#include "session/session.h"
#include "session/summary.h"
#include "view/view.h"

#define MS 1000000ull
#define T  1000000000000ull

static struct options options;
static uint64_t now_ns;
static int open_error, step_error, view_error, shown_error, patient_error;
static int steps, ended, finished, closed, waited_ms;
static bool packets_wait, may_rest;

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now_ns;
}

int __wrap_parts_open(struct parts *p, const struct options *o,
		      struct child *command);
int __wrap_parts_open(struct parts *p, const struct options *o,
		      struct child *command)
{
	p->options = o;
	p->command = command;
	p->view = view_error ? (struct view *)&options : NULL;
	p->ending.max_duration_ns = 1000 * MS;
	return open_error;
}

void __wrap_parts_begin(struct parts *p);
void __wrap_parts_begin(struct parts *p)
{
	p->ending.started_ns = now_ns;
}

void __wrap_parts_close(struct parts *p);
void __wrap_parts_close(struct parts *p)
{
	(void)p;
	closed++;
}

void __wrap_events_init(struct events *e, struct parts *p);
void __wrap_events_init(struct events *e, struct parts *p)
{
	e->parts = p;
}

void __wrap_events_wait(struct events *e, int timeout_ms);
void __wrap_events_wait(struct events *e, int timeout_ms)
{
	(void)e;
	waited_ms = timeout_ms;
	now_ns += (uint64_t)timeout_ms * MS;
}

void __wrap_pipeline_init(struct pipeline *l, struct parts *p);
void __wrap_pipeline_init(struct pipeline *l, struct parts *p)
{
	l->parts = p;
}

int __wrap_pipeline_step(struct pipeline *l);
int __wrap_pipeline_step(struct pipeline *l)
{
	(void)l;
	assert_true(++steps < 10000);
	return step_error;
}

bool __wrap_pipeline_may_rest(const struct pipeline *l);
bool __wrap_pipeline_may_rest(const struct pipeline *l)
{
	(void)l;
	return may_rest;
}

bool __wrap_pipeline_waits(const struct pipeline *l);
bool __wrap_pipeline_waits(const struct pipeline *l)
{
	(void)l;
	return packets_wait;
}

void __wrap_pipeline_end(struct pipeline *l);
void __wrap_pipeline_end(struct pipeline *l)
{
	(void)l;
	assert_int_equal(finished, 0);
	ended++;
}

void __wrap_pipeline_finish(struct pipeline *l);
void __wrap_pipeline_finish(struct pipeline *l)
{
	(void)l;
	finished++;
}

void __wrap_pipeline_losses(const struct pipeline *l,
			    struct view_losses *losses);
void __wrap_pipeline_losses(const struct pipeline *l,
			    struct view_losses *losses)
{
	(void)l;
	(void)losses;
}

void __wrap_files_update(struct files *f);
void __wrap_files_update(struct files *f)
{
	(void)f;
}

bool __wrap_files_wait(const struct files *f);
bool __wrap_files_wait(const struct files *f)
{
	(void)f;
	return false;
}

int __wrap_files_be_patient(struct files *f, int cancel_fd);
int __wrap_files_be_patient(struct files *f, int cancel_fd)
{
	(void)f;
	(void)cancel_fd;
	return patient_error;
}

int __wrap_files_end(struct files *f, int cancel_fd, struct summary *s);
int __wrap_files_end(struct files *f, int cancel_fd, struct summary *s)
{
	(void)f;
	(void)cancel_fd;
	*s = (struct summary){ .packets = 7 };
	return -ENOSPC;
}

int __wrap_view_update(struct view *v, const struct view_losses *losses,
		       uint64_t at_ns);
int __wrap_view_update(struct view *v, const struct view_losses *losses,
		       uint64_t at_ns)
{
	(void)v;
	(void)losses;
	(void)at_ns;
	return view_error;
}

int __wrap_view_close(struct view *v);
int __wrap_view_close(struct view *v)
{
	(void)v;
	return shown_error;
}

void __wrap_status_update(struct status *s, uint64_t at_ns);
void __wrap_status_update(struct status *s, uint64_t at_ns)
{
	(void)s;
	(void)at_ns;
}

void __wrap_status_end(struct status *s, const struct summary *end,
		       uint64_t at_ns);
void __wrap_status_end(struct status *s, const struct summary *end,
		       uint64_t at_ns)
{
	(void)s;
	(void)end;
	(void)at_ns;
}

int __wrap_summary_tell(const struct summary *s, const struct options *o,
			int err, int shown);
int __wrap_summary_tell(const struct summary *s, const struct options *o,
			int err, int shown)
{
	assert_int_equal(s->packets, 7);
	assert_ptr_equal(o, &options);
	assert_int_equal(shown, shown_error);
	return err;
}

static int run(void)
{
	struct session *s;
	int err;

	now_ns = T;
	steps = ended = finished = closed = 0;
	assert_int_equal(session_open(&s, &options, NULL), 0);
	err = session_run(s);
	assert_int_equal(finished, 1);
	assert_int_equal(closed, 0);
	assert_int_equal(session_close(s), -ENOSPC);
	assert_int_equal(closed, 1);
	return err;
}

static void what_cannot_be_opened_is_told(void **state)
{
	struct session *s;

	(void)state;
	open_error = -EPERM;
	assert_int_equal(session_open(&s, &options, NULL), -EPERM);
	open_error = 0;
}

static void it_ends_when_its_time_is_over(void **state)
{
	(void)state;
	assert_int_equal(run(), 0);
	assert_in_range(now_ns, T + 1000 * MS, T + 1200 * MS);
	/* While it waits for the last packets, and not before. */
	assert_in_range(ended, 1, 100);
	assert_true(ended < steps);
}

static void packets_that_wait_are_looked_at_often(void **state)
{
	int idle;

	(void)state;
	run();
	idle = steps;
	packets_wait = true;
	run();
	assert_in_range(steps, 5 * idle, 10000);
	/* ... but not too often, where there are many. */
	may_rest = true;
	run();
	assert_int_equal(waited_ms, 10);
	packets_wait = may_rest = false;
}

static void an_interface_that_fails_ends_all_but_a_ring(void **state)
{
	(void)state;
	step_error = -ENETDOWN;
	assert_int_equal(run(), -ENETDOWN);
	assert_int_equal(steps, 1);
	options.ring.asked = true;
	assert_int_equal(run(), 0);
	assert_in_range(now_ns, T + 1000 * MS, T + 1200 * MS);
	options.ring.asked = false;
	step_error = 0;
}

/* Whoever looks has had enough: that is no error. */
static void a_viewer_who_leaves_ends_it(void **state)
{
	(void)state;
	view_error = -EPIPE;
	assert_int_equal(run(), 0);
	assert_in_range(now_ns, T, T + 500 * MS);
	view_error = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_opened_is_told),
		cmocka_unit_test(it_ends_when_its_time_is_over),
		cmocka_unit_test(packets_that_wait_are_looked_at_often),
		cmocka_unit_test(an_interface_that_fails_ends_all_but_a_ring),
		cmocka_unit_test(a_viewer_who_leaves_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
