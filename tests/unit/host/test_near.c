/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include "host/near.h"

static void near_is_one_letter(void **state)
{
	static const char *const near[] = {
		"curl", "curk", "curl", "cur", "cur",
		"curl", "curl", "crul", "ab",  "ba",
	};
	static const char *const far[] = {
		"curl", "curl", "curl", "cu",	"",
		"",	"abcd", "badc", "curl", "lruc",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(near) / sizeof(*near); i += 2)
		assert_true(near_is(near[i], near[i + 1]));
	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i += 2)
		assert_false(near_is(far[i], far[i + 1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_is_one_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
