/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/types.h>

#include "exact.h"
#include "owner/packets/unread.h"
#include "packet/flow.h"
#include "bpf/event.h"

#define T	1000000000000ull
#define SOCKET	(PROBE_PROGRESS + 5)
#define PID	4242

static struct probe_progress progress[PROBE_PROGRESS];
static uint64_t forked_ns[PROBE_FORKERS];
static const struct unread u = { progress, forked_ns };

static int begin(void **state)
{
	(void)state;
	memset(progress, 0, sizeof(progress));
	memset(forked_ns, 0, sizeof(forked_ns));
	return 0;
}

/* As the kernel does. */
static void read_at(uint64_t read_ns, uint64_t taken_ns)
{
	progress[SOCKET % PROBE_PROGRESS] =
		(struct probe_progress){ read_ns, taken_ns };
}

static void what_came_after_the_last_read_waits(void **state)
{
	(void)state;
	read_at(T, 0);
	assert_int_equal(unread_find(&u, SOCKET, T, T), UNREAD_NOT);
	assert_int_equal(unread_find(&u, SOCKET, T + 1, T), UNREAD_WAITS);
	read_at(T + 1, 0);
	assert_int_equal(unread_find(&u, SOCKET, T + 1, T), UNREAD_NOT);
}

/* Without Linux 6.3 of none. */
static void of_a_socket_without_a_read_nothing_is_known(void **state)
{
	(void)state;
	assert_int_equal(unread_find(&u, SOCKET, T, T), UNREAD_NOT);
	read_at(0, T);
	assert_int_equal(unread_find(&u, SOCKET, T, T), UNREAD_NOT);
}

static void who_has_read_may_still_be_told(void **state)
{
	(void)state;
	read_at(T + 20, T + 10);
	assert_int_equal(unread_find(&u, SOCKET, T, T + 9), UNREAD_TELLING);
	assert_int_equal(unread_find(&u, SOCKET, T, T + 10), UNREAD_NOT);
}

static void who_forks_after_the_last_read_may_leave_the_socket(void **state)
{
	(void)state;
	read_at(T, 0);
	assert_int_equal(unread_from(&u, SOCKET), T);
	assert_false(unread_has_forked(&u, PID, T));
	forked_ns[PID % PROBE_FORKERS] = T;
	assert_false(unread_has_forked(&u, PID, T));
	forked_ns[PID % PROBE_FORKERS] = T + 1;
	assert_true(unread_has_forked(&u, PID, T));
	assert_false(unread_has_forked(&u, PID + 1, T));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_came_after_the_last_read_waits,
				       begin),
		cmocka_unit_test_setup(
			of_a_socket_without_a_read_nothing_is_known, begin),
		cmocka_unit_test_setup(who_has_read_may_still_be_told, begin),
		cmocka_unit_test_setup(
			who_forks_after_the_last_read_may_leave_the_socket,
			begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
