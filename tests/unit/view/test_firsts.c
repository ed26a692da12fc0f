/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>

#include "exact.h"
#include "view/flows/firsts.h"

static void the_second_country_is_news_once(void **state)
{
	struct firsts *f = firsts_new();

	(void)state;
	assert_non_null(f);
	assert_false(firsts_see(f, "curl", "NL"));
	assert_false(firsts_see(f, "curl", "NL"));
	assert_true(firsts_see(f, "curl", "DE"));
	assert_false(firsts_see(f, "curl", "DE"));
	assert_false(firsts_see(f, "curl", "NL"));
	assert_true(firsts_see(f, "curl", "AA"));
	assert_true(firsts_see(f, "curl", "ZZ"));
	assert_false(firsts_see(f, "ssh", "DE"));
	firsts_free(f);
	firsts_free(NULL);
}

static void what_is_no_country_is_no_news(void **state)
{
	static const char *const none[] = { "", "N", "n1", "[A", "A[", "\xff" };
	struct firsts *f = firsts_new();

	(void)state;
	firsts_see(f, "curl", "NL");
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		char *exact = exact_copy(none[i], strlen(none[i]) + 1);

		assert_false(firsts_see(f, "curl", exact));
		free(exact);
	}
	assert_false(firsts_see(f, "", "NL"));
	assert_false(firsts_see(f, "", "DE"));
	firsts_free(f);
}

/* As the kernel, which keeps 15 bytes of a name. */
static void names_are_as_long_as_the_kernels(void **state)
{
	struct firsts *f = firsts_new();

	(void)state;
	assert_false(firsts_see(f, "123456789012345", "NL"));
	assert_true(firsts_see(f, "123456789012345678", "DE"));
	firsts_free(f);
}

static void there_is_an_end_to_it(void **state)
{
	struct firsts *f = firsts_new();
	int news = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%d", i);
		firsts_see(f, name, "NL");
		news += firsts_see(f, name, "DE");
	}
	assert_int_equal(news, 2048);
	assert_true(firsts_see(f, "p0", "FR"));
	firsts_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_country_is_news_once),
		cmocka_unit_test(what_is_no_country_is_no_news),
		cmocka_unit_test(names_are_as_long_as_the_kernels),
		cmocka_unit_test(there_is_an_end_to_it),
	};

	return cmocka_run_group_tests_name("firsts", tests, NULL, NULL);
}
