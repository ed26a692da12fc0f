/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes from outside while a capture runs. */
#include "exact.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "host/child.h"
#include "host/clocks.h"
#include "host/signals.h"
#include "options.h"
#include "owner/owners.h"
#include "session/captures.h"
#include "session/events.h"
#include "session/files/files.h"
#include "session/parts.h"
#include "session/status.h"

static uint64_t now_ns;
static bool may_rest;
static int output_fd, capture_fd, next_files, frozen, told_command, told_status;

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now_ns;
}

int __wrap_files_pipe(const struct files *f);
int __wrap_files_pipe(const struct files *f)
{
	(void)f;
	return output_fd;
}

void __wrap_files_next(struct files *f);
void __wrap_files_next(struct files *f)
{
	(void)f;
	next_files++;
}

void __wrap_files_freeze(struct files *f);
void __wrap_files_freeze(struct files *f)
{
	(void)f;
	frozen++;
}

int __wrap_owners_fd(const struct owners *o, int which);
int __wrap_owners_fd(const struct owners *o, int which)
{
	(void)o;
	(void)which;
	return -1;
}

int __wrap_captures_count(const struct captures *c);
int __wrap_captures_count(const struct captures *c)
{
	(void)c;
	return 1;
}

int __wrap_captures_fd(const struct captures *c, int interface);
int __wrap_captures_fd(const struct captures *c, int interface)
{
	(void)c;
	assert_int_equal(interface, 0);
	return capture_fd;
}

bool __wrap_captures_may_rest(const struct captures *c);
bool __wrap_captures_may_rest(const struct captures *c)
{
	(void)c;
	return may_rest;
}

void __wrap_status_answer(struct status *s);
void __wrap_status_answer(struct status *s)
{
	(void)s;
	told_status++;
}

void __wrap_child_signal(const struct child *c, int signal);
void __wrap_child_signal(const struct child *c, int signal)
{
	(void)c;
	told_command = signal;
}

static struct options options;
static struct parts parts;
static struct child command;
static struct events events;
static int ends[2]; /* a pipe: to read, to write */

static int begin(void **state)
{
	(void)state;
	now_ns = 1000;
	next_files = frozen = told_command = told_status = 0;
	output_fd = capture_fd = -1;
	options = (struct options){ .max_packets = 0 };
	command = (struct child){ .pid_fd = -1 };
	parts = (struct parts){ .options = &options,
				.signal_fd = signals_open(true) };
	return parts.signal_fd < 0 || pipe(ends);
}

static int end(void **state)
{
	(void)state;
	return close(parts.signal_fd) || close(ends[0]) || close(ends[1]);
}

static void hear(int signal)
{
	events_init(&events, &parts);
	assert_int_equal(raise(signal), 0);
	events_wait(&events, 5000);
}

static void a_signal_ends_it_with_what_came_before(void **state)
{
	(void)state;
	hear(SIGTERM);
	assert_int_equal(parts.ending.last_packet_ns, 1000);
	assert_int_equal(parts.ending.error, 0);
	assert_false(ending_is_over(&parts.ending, 1000));
	assert_true(ending_is_over(&parts.ending, 1000 + ENDING_LINGER_NS));
	/* The second one does not move the end. */
	now_ns = 2000;
	hear(SIGINT);
	assert_int_equal(parts.ending.last_packet_ns, 1000);
}

static void the_command_has_the_signal_too(void **state)
{
	(void)state;
	parts.command = &command;
	hear(SIGTERM);
	assert_int_equal(told_command, SIGTERM);
	assert_int_equal(parts.ending.last_packet_ns, 1000);
}

static void questions_do_not_end_it(void **state)
{
	(void)state;
	parts.command = &command;
	hear(SIGUSR1);
	assert_int_equal(told_status, 1);
	hear(SIGUSR2);
	assert_int_equal(next_files, 1);
	hear(SIGRTMIN);
	assert_int_equal(frozen, 1);
	assert_int_equal(parts.ending.stop_ns, 0);
	assert_int_equal(told_command, 0);
}

/* Its last FIN and ACK are still on their way. */
static void a_commands_end_leaves_time_for_its_last_packets(void **state)
{
	(void)state;
	command.pid_fd = ends[0];
	parts.command = &command;
	events_init(&events, &parts);
	assert_int_equal(write(ends[1], "", 1), 1);
	events_wait(&events, 5000);
	assert_int_equal(parts.ending.last_packet_ns, 1000 + 100000000);
	/* It is heard once. */
	parts.ending = (struct ending){ 0 };
	events_wait(&events, 0);
	assert_int_equal(parts.ending.stop_ns, 0);
}

static void a_reader_that_has_gone_ends_it_at_once(void **state)
{
	(void)state;
	output_fd = ends[1];
	events_init(&events, &parts);
	events_wait(&events, 0);
	assert_int_equal(parts.ending.error, 0);
	close(ends[0]);
	events_wait(&events, 5000);
	assert_int_equal(parts.ending.error, -EPIPE);
	assert_true(ending_is_over(&parts.ending, now_ns));
	ends[0] = dup(STDERR_FILENO);
}

static void the_end_of_the_standard_input_counts_only_if_asked_for(void **state)
{
	int before = dup(STDIN_FILENO);

	(void)state;
	dup2(ends[0], STDIN_FILENO);
	close(ends[1]);
	ends[1] = dup(STDERR_FILENO);
	events_init(&events, &parts);
	events_wait(&events, 0);
	assert_int_equal(parts.ending.stop_ns, 0);
	options.until_eof = true;
	events_init(&events, &parts);
	events_wait(&events, 5000);
	assert_int_equal(parts.ending.last_packet_ns, 1000);
	dup2(before, STDIN_FILENO);
	close(before);
}

/* While its interface is gone there is nothing to wait for. */
static void a_capture_wakes_us_once_it_is_there_again(void **state)
{
	(void)state;
	events_init(&events, &parts);
	assert_int_equal(write(ends[1], "", 1), 1);
	events_wait(&events, 0);
	assert_int_equal(events.watches[events.captures].ready, 0);
	capture_fd = ends[0];
	events_wait(&events, 5000);
	assert_true(events.watches[events.captures].ready & POLLIN);
	assert_int_equal(parts.ending.stop_ns, 0);
}

static void packets_wake_nobody_who_rests(void **state)
{
	(void)state;
	events_init(&events, &parts);
	assert_int_equal(write(ends[1], "", 1), 1);
	capture_fd = ends[0];
	may_rest = true;
	events_wait(&events, 0);
	assert_int_equal(events.watches[events.captures].ready, 0);
	/* Others still do. */
	assert_int_equal(raise(SIGTERM), 0);
	events_wait(&events, 5000);
	assert_int_equal(parts.ending.last_packet_ns, 1000);
	may_rest = false;
	events_wait(&events, 5000);
	assert_true(events.watches[events.captures].ready & POLLIN);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_signal_ends_it_with_what_came_before),
		test(the_command_has_the_signal_too),
		test(questions_do_not_end_it),
		test(a_commands_end_leaves_time_for_its_last_packets),
		test(a_reader_that_has_gone_ends_it_at_once),
		test(the_end_of_the_standard_input_counts_only_if_asked_for),
		test(a_capture_wakes_us_once_it_is_there_again),
		test(packets_wake_nobody_who_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
