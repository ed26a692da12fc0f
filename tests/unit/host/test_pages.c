/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/pages.h"

#include <stdint.h>
#include <string.h>

#include "exact.h"

#define HUGE_PAGE (2u << 20)

static void all_of_it_is_zero_and_ours(void **state)
{
	static const size_t sizes[] = { 1, HUGE_PAGE - 1, HUGE_PAGE,
					HUGE_PAGE + 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		uint8_t *p = pages_new(sizes[i]);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % HUGE_PAGE, 0);
		for (size_t at = 0; at < sizes[i]; at++)
			assert_int_equal(p[at], 0);
		memset(p, 0xff, sizes[i]);
		pages_free(p, sizes[i]);
	}
	pages_free(NULL, 1);
}

static void no_memory_is_said(void **state)
{
	(void)state;
	assert_null(pages_new(SIZE_MAX));
	assert_null(pages_new(SIZE_MAX / 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_is_zero_and_ours),
		cmocka_unit_test(no_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
