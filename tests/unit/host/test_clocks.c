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
					       d - 1000000000) -
				d + 1000,
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

#define SECONDS 1000000000u
#define BEGIN	(100ull * SECONDS)
#define REAL	(1700000000ll * SECONDS) /* minus CLOCK_MONOTONIC */

/* A capture for ten seconds, its clock measured each tenth of one. */
static struct packet_clock ten_seconds(void)
{
	struct packet_clock c = { .difference = REAL,
				  .begin_ns = BEGIN,
				  .since_ns = BEGIN,
				  .read_ns = BEGIN };

	for (uint64_t t = 0; t < 100; t++)
		assert_int_equal(packet_clock_take(&c, REAL,
						   BEGIN + t * SECONDS / 10),
				 0);
	return c;
}

static void assert_time(const struct packet_clock *c, uint64_t unix_ns,
			uint64_t expected)
{
	uint64_t ns;

	assert_true(packet_clock_read(c, unix_ns, &ns));
	assert_int_equal(ns, expected);
}

/* Whether it is set forth or back, what was seen before keeps its time. */
static void a_set_clock_moves_no_packet(void **state)
{
	static const int64_t steps[] = { 3600, -3600, 5, -5, 1, -1 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		int64_t by = steps[i] * SECONDS;
		struct packet_clock c = ten_seconds();
		uint64_t set = BEGIN + 10ull * SECONDS;

		assert_time(&c, REAL + set - 1000, set - 1000);
		assert_int_equal(packet_clock_take(&c, REAL + by, set), by);
		assert_time(&c, REAL + set - 1000, set - 1000);
		assert_time(&c, REAL + set - SECONDS / 10, set - SECONDS / 10);
		assert_time(&c, REAL + by + set - 10, set - 10);
		/* An hour later there is but the new one. */
		for (uint64_t t = 1; t < 4000; t++) {
			set += SECONDS;
			assert_int_equal(packet_clock_take(&c, REAL + by, set),
					 0);
			assert_time(&c, REAL + by + set - 1000, set - 1000);
		}
	}
}

static void a_time_that_no_clock_gave_is_not_known(void **state)
{
	struct packet_clock c = ten_seconds();
	uint64_t ns;

	(void)state;
	assert_false(packet_clock_read(&c, REAL + BEGIN - SECONDS, &ns));
	assert_false(
		packet_clock_read(&c, REAL + BEGIN + 60ull * SECONDS, &ns));
	assert_false(packet_clock_read(&c, BEGIN, &ns));
}

static void a_better_measurement_is_no_setting(void **state)
{
	struct packet_clock c = ten_seconds();

	(void)state;
	assert_int_equal(packet_clock_take(&c, REAL + 900, BEGIN + 1), 0);
	assert_int_equal(c.difference, REAL + 900);
	assert_false(c.was_set);
}

static void this_machines_clock_is_not_set(void **state)
{
	struct packet_clock c;
	uint64_t ns, now;

	(void)state;
	packet_clock_begin(&c);
	for (int i = 0; i < 100; i++)
		assert_int_equal(packet_clock_update(&c), 0);
	now = clock_ns(CLOCK_REALTIME);
	assert_true(packet_clock_read(&c, now, &ns));
	assert_in_range(ns, c.begin_ns, clock_ns(CLOCK_MONOTONIC) + 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupted_reading_tells_little),
		cmocka_unit_test(a_difference_that_holds_is_kept),
		cmocka_unit_test(no_later_reading_belies_it),
		cmocka_unit_test(a_set_clock_moves_no_packet),
		cmocka_unit_test(a_time_that_no_clock_gave_is_not_known),
		cmocka_unit_test(a_better_measurement_is_no_setting),
		cmocka_unit_test(this_machines_clock_is_not_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
