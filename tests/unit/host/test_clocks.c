/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/clocks.h"
#include "exact.h"

#define HOURS 3600000000000

/* Whatever stops us between two readings, it must not move the difference. */
static void an_interrupted_reading_tells_little(void **state)
{
	const struct clock_reading quick = { 1000, HOURS + 1050, 1100 };
	const struct clock_reading before = { 1000, HOURS + 901050, 901100 };
	const struct clock_reading after = { 1000, HOURS + 1050, 901100 };

	(void)state;
	assert_true(clock_reading_allows(&quick, HOURS));
	assert_true(clock_reading_allows(&before, HOURS));
	assert_true(clock_reading_allows(&after, HOURS));
	assert_false(clock_reading_allows(&quick, HOURS + 51));
	assert_false(clock_reading_allows(&quick, HOURS - 51));
}

static void a_difference_that_holds_is_kept(void **state)
{
	int64_t d = clock_difference(CLOCK_MONOTONIC);
	struct clock_reading r = clock_read(CLOCK_MONOTONIC);
	int64_t least = (int64_t)(r.real - r.after);

	(void)state;
	assert_in_range(d - least + 1000, 0, r.after - r.before + 2000);
	/* The clock was set by a second since. */
	assert_in_range(clock_difference_still(CLOCK_MONOTONIC,
					       d - 1000000000) - d + 1000,
			0, 2000);
}

/* One reading in some thousands is interrupted, for longer than that. */
static void no_later_reading_belies_it(void **state)
{
	int64_t d = clock_difference(CLOCK_MONOTONIC);

	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct clock_reading r = clock_read(CLOCK_MONOTONIC);

		d = clock_difference_still(CLOCK_MONOTONIC, d);
		r.before -= 1000;
		r.after += 1000;
		assert_true(clock_reading_allows(&r, d));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupted_reading_tells_little),
		cmocka_unit_test(a_difference_that_holds_is_kept),
		cmocka_unit_test(no_later_reading_belies_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
