/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>

#include "session/ending.h"

#define SEC 1000000000ull
#define T   (1000 * SEC)

static void packets_from_before_the_stop_are_waited_for(void **state)
{
	struct ending e = { .started_ns = T };

	(void)state;
	assert_true(ending_takes(&e, T + 5 * SEC));
	ending_at(&e, T + SEC);
	assert_true(ending_takes(&e, T + SEC));
	assert_false(ending_takes(&e, T + SEC + 1));
	assert_false(ending_is_over(&e, T + SEC));
	assert_false(ending_is_over(&e, T + SEC + ENDING_LINGER_NS - 1));
	assert_true(ending_is_over(&e, T + SEC + ENDING_LINGER_NS));
}

static void the_first_end_counts(void **state)
{
	struct ending e = { .started_ns = T };

	(void)state;
	ending_at(&e, T + SEC);
	ending_at(&e, T + 9 * SEC);
	assert_false(ending_takes(&e, T + 2 * SEC));
	assert_true(ending_is_over(&e, T + 2 * SEC));
}

static void a_duration_ends_when_it_is_over(void **state)
{
	struct ending e = { .started_ns = T, .max_duration_ns = 10 * SEC };

	(void)state;
	ending_check_time(&e, T + 10 * SEC - 1);
	assert_int_equal(e.stop_ns, 0);
	assert_false(ending_is_near(&e, T + 9 * SEC, SEC));
	assert_true(ending_is_near(&e, T + 9 * SEC + 1, SEC));
	/* However late it is noticed. */
	ending_check_time(&e, T + 12 * SEC);
	assert_true(ending_takes(&e, T + 10 * SEC));
	assert_false(ending_takes(&e, T + 10 * SEC + 1));
}

static void without_a_duration_there_is_no_end(void **state)
{
	struct ending e = { .started_ns = T };

	(void)state;
	ending_check_time(&e, UINT64_MAX);
	assert_false(ending_is_near(&e, UINT64_MAX - SEC, SEC));
	assert_false(ending_is_over(&e, UINT64_MAX));
}

static void the_last_packet_ends_it_at_once(void **state)
{
	struct ending e = { .started_ns = T, .max_packets = 2 };

	(void)state;
	ending_count(&e);
	assert_true(ending_takes(&e, T));
	assert_false(ending_is_over(&e, T));
	ending_count(&e);
	assert_false(ending_takes(&e, T));
	assert_true(ending_is_over(&e, T));
}

static void a_failure_ends_it_though_it_was_to_go_on(void **state)
{
	struct ending e = { .started_ns = T };

	(void)state;
	ending_at(&e, T + 100 * SEC);
	ending_fail(&e, -ENOSPC);
	ending_fail(&e, -EPIPE);
	assert_int_equal(e.error, -ENOSPC);
	assert_true(ending_is_over(&e, T));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_from_before_the_stop_are_waited_for),
		cmocka_unit_test(the_first_end_counts),
		cmocka_unit_test(a_duration_ends_when_it_is_over),
		cmocka_unit_test(without_a_duration_there_is_no_end),
		cmocka_unit_test(the_last_packet_ends_it_at_once),
		cmocka_unit_test(a_failure_ends_it_though_it_was_to_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
