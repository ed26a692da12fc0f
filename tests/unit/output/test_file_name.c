/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>

#include "output/files/file_name.h"

static const struct tm moment = { .tm_year = 126,
				  .tm_mon = 10,
				  .tm_mday = 27,
				  .tm_hour = 9,
				  .tm_min = 30,
				  .tm_sec = 5 };

static void expect(const char *name, uint32_t number, bool time_first,
		   const char *expected)
{
	char *out = malloc(strlen(expected) + 1);

	assert_non_null(out);
	assert_int_equal(file_name_make(out, strlen(expected) + 1, name, number,
					&moment, time_first),
			 0);
	assert_string_equal(out, expected);
	assert_int_equal(file_name_make(out, strlen(expected), name, number,
					&moment, time_first),
			 -ENAMETOOLONG);
	free(out);
}

static void number_and_time_stand_before_the_suffix(void **state)
{
	(void)state;
	expect("web.pcapng", 1, false, "web_00001_20261127093005.pcapng");
	expect("web.pcapng", 1, true, "web_20261127093005_00001.pcapng");
	expect("a.b.c", 42, false, "a.b_00042_20261127093005.c");
	expect("web", 1, false, "web_00001_20261127093005");
	expect("web.pcapng.zst", 1, false,
	       "web_00001_20261127093005.pcapng.zst");
	expect("web.gz", 1, false, "web_00001_20261127093005.gz");
}

static void a_directorys_dot_is_no_suffix(void **state)
{
	(void)state;
	expect("/var/cap.d/web", 7, false,
	       "/var/cap.d/web_00007_20261127093005");
	expect("../web.pcapng", 7, false, "../web_00007_20261127093005.pcapng");
}

static void numbers_begin_again_with_five_digits(void **state)
{
	(void)state;
	expect("w", 99999, false, "w_99999_20261127093005");
	expect("w", 100001, false, "w_00001_20261127093005");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_and_time_stand_before_the_suffix),
		cmocka_unit_test(a_directorys_dot_is_no_suffix),
		cmocka_unit_test(numbers_begin_again_with_five_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
