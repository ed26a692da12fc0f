/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "exact.h"
#include "output/files/file_name.h"
#include "output/files/limits.h"

#define S 1000000000ull

static bool is_up(const struct limits *l, const struct limits_file *f,
		  uint64_t mono, uint64_t unix)
{
	return limits_time_is_up(l, f, &(struct moment){ mono, unix });
}

static void without_limits_time_is_never_up(void **state)
{
	static const struct limits none;
	struct limits_file f = { 0 };

	(void)state;
	limits_begin(&none, &f, &(struct moment){ 5 * S, 1000 * S });
	assert_false(is_up(&none, &f, 5 * S, 1000 * S));
	assert_false(is_up(&none, &f, UINT64_MAX, UINT64_MAX));
}

static void a_duration_begins_where_the_last_one_ended(void **state)
{
	static const struct limits l = { .duration_ns = 10 * S };
	struct limits_file f = { 0 };

	(void)state;
	limits_begin(&l, &f, &(struct moment){ 5 * S, 0 });
	assert_false(is_up(&l, &f, 15 * S - 1, 0));
	assert_true(is_up(&l, &f, 15 * S, 0));
	/* The packet that told of it came late: nothing is shifted. */
	limits_begin(&l, &f, &(struct moment){ 38 * S, 0 });
	assert_int_equal(f.begin_ns, 35 * S);
	/* Ended by its size, the next file has all its time. */
	limits_begin(&l, &f, &(struct moment){ 39 * S, 0 });
	assert_int_equal(f.begin_ns, 39 * S);
}

static void an_interval_ends_at_its_multiples(void **state)
{
	static const struct limits l = { .interval_ns = 60 * S };
	struct limits_file f = { 0 };

	(void)state;
	limits_begin(&l, &f, &(struct moment){ 1, 119 * S });
	assert_false(is_up(&l, &f, 1000 * S, 120 * S - 1));
	assert_true(is_up(&l, &f, 2, 120 * S));
	limits_begin(&l, &f, &(struct moment){ 2, 120 * S });
	assert_int_equal(f.end_ns, 180 * S);
	/* A packet that comes late is no reason; a clock set back is one. */
	assert_false(is_up(&l, &f, 3, 119 * S));
	assert_true(is_up(&l, &f, 3, 30 * S));
}

static void names_are_those_of_dumpcap(void **state)
{
	static const struct tm tm = { .tm_year = 126,
				      .tm_mon = 10,
				      .tm_mday = 27,
				      .tm_hour = 9,
				      .tm_min = 30,
				      .tm_sec = 5 };
	static const struct {
		const char *name;
		uint32_t number;
		bool time_first;
		const char *want;
	} cases[] = {
		{ "web.pcapng", 1, false, "web_00001_20261127093005.pcapng" },
		{ "web.pcapng", 12, true, "web_20261127093005_00012.pcapng" },
		{ "web", 99999, false, "web_99999_20261127093005" },
		{ "web", 100000, false, "web_00000_20261127093005" },
		{ "a.b.c", 1, false, "a.b_00001_20261127093005.c" },
	};
	char out[64], small[31];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(file_name_make(out, sizeof(out), cases[i].name,
						cases[i].number, &tm,
						cases[i].time_first),
				 0);
		assert_string_equal(out, cases[i].want);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_true(file_name_is(cases[i].want, cases[i].name));
	assert_int_equal(file_name_make(small, sizeof(small), "web.pcapng", 1,
					&tm, false),
			 -ENAMETOOLONG);
}

static void a_file_of_another_is_not_ours(void **state)
{
	static const char *const others[] = {
		"",
		"web",
		"web.pcapng",
		"web_00001.pcapng",
		"other.txt",
		"web_00001_20261127093005",
		"web_00001_20261127093005.pcap",
		"web_0000x_20261127093005.pcapng",
		"web_00001_2026112709300.pcapng",
		"web_00001_20261127093005.pcapng.old",
		"web2_00001_20261127093005.pcapng",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(file_name_is(others[i], "web.pcapng"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_limits_time_is_never_up),
		cmocka_unit_test(a_duration_begins_where_the_last_one_ended),
		cmocka_unit_test(an_interval_ends_at_its_multiples),
		cmocka_unit_test(names_are_those_of_dumpcap),
		cmocka_unit_test(a_file_of_another_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
