/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/types.h>

#include "exact.h"
#include "owner/packets/unread.h"
#include "packet/flow.h"
#include "bpf/event.h"

#define T      1000000000000ull
#define SOCKET (PROBE_PROGRESS + 5)
#define PID    4242

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

static struct probe_progress *place(void)
{
	return &progress[SOCKET % PROBE_PROGRESS];
}

static enum unread_state datagram(uint64_t ts_ns, uint64_t told_until_ns)
{
	const struct unread_query q = { .cookie = SOCKET, .ts_ns = ts_ns };

	return unread_find(&u, &q, told_until_ns);
}

static enum unread_state segment(uint32_t sequence)
{
	const struct unread_query q = { .cookie = SOCKET,
					.ts_ns = T,
					.sequence = sequence };

	return unread_find(&u, &q, T);
}

static void a_datagram_that_came_after_the_last_read_waits(void **state)
{
	(void)state;
	*place() = (struct probe_progress){ .cookie = SOCKET, .until = T };
	assert_int_equal(datagram(T, T), UNREAD_NOT);
	assert_int_equal(datagram(T + 1, T), UNREAD_WAITS);
	place()->until = T + 1;
	assert_int_equal(datagram(T + 1, T), UNREAD_NOT);
}

/* Sequence numbers wrap around. */
static void a_segment_that_is_not_read_whole_waits(void **state)
{
	(void)state;
	*place() = (struct probe_progress){ .cookie = SOCKET,
					    .until = PROBE_SEQUENCE | 5 };
	assert_int_equal(segment(5), UNREAD_NOT);
	assert_int_equal(segment(0xfffffff0), UNREAD_NOT);
	assert_int_equal(segment(6), UNREAD_WAITS);
}

/* Nobody has read it yet, or another that has its place was read later. */
static void of_a_socket_without_a_place_nothing_is_known(void **state)
{
	(void)state;
	assert_int_equal(datagram(T, T), UNREAD_NOT);
	*place() = (struct probe_progress){ .cookie = SOCKET + PROBE_PROGRESS,
					    .until = T - 1,
					    .held_ns = T - 1 };
	assert_int_equal(datagram(T, T), UNREAD_NOT);
	assert_int_equal(segment(5), UNREAD_NOT);
	assert_int_equal(unread_held_ns(&u, SOCKET), 0);
	assert_int_equal(unread_held_ns(&u, SOCKET + PROBE_PROGRESS), T - 1);
}

static void who_has_read_may_still_be_told(void **state)
{
	(void)state;
	*place() = (struct probe_progress){ .cookie = SOCKET,
					    .until = T + 20,
					    .taken_ns = T + 10 };
	assert_int_equal(datagram(T, T + 9), UNREAD_TELLING);
	assert_int_equal(datagram(T, T + 10), UNREAD_NOT);
}

static void who_forks_may_leave_its_sockets(void **state)
{
	(void)state;
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
		cmocka_unit_test_setup(
			a_datagram_that_came_after_the_last_read_waits, begin),
		cmocka_unit_test_setup(a_segment_that_is_not_read_whole_waits,
				       begin),
		cmocka_unit_test_setup(
			of_a_socket_without_a_place_nothing_is_known, begin),
		cmocka_unit_test_setup(who_has_read_may_still_be_told, begin),
		cmocka_unit_test_setup(who_forks_may_leave_its_sockets, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
