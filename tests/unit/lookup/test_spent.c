/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one user's files may cost, whatever they have in them. */
#include "tree.h"

#include "lookup/spent.h"

#define SECOND 1000000000ull

static struct spent s;

static int make(void **state)
{
	(void)state;
	s = (struct spent){ 0 };
	return 0;
}

static void a_user_has_spent_all_for_a_while(void **state)
{
	(void)state;
	assert_false(spent_all(&s, 1000, 50 * SECOND));
	spent_add(&s, 1000, 50 * SECOND, 50 * SECOND + SPENT_MAX_NS - 1);
	assert_false(spent_all(&s, 1000, 51 * SECOND));
	spent_add(&s, 1000, 51 * SECOND, 51 * SECOND + 1);
	assert_true(spent_all(&s, 1000, 52 * SECOND));
	assert_true(spent_all(&s, 1000, 60 * SECOND - 1));
	assert_false(spent_all(&s, 1000, 60 * SECOND));
	/* Then it counts anew. */
	spent_add(&s, 1000, 61 * SECOND, 61 * SECOND + 1);
	assert_false(spent_all(&s, 1000, 61 * SECOND + 1));
}

static void others_have_their_own(void **state)
{
	(void)state;
	spent_add(&s, 1000, 50 * SECOND, 51 * SECOND);
	assert_true(spent_all(&s, 1000, 51 * SECOND));
	for (uid_t uid = 1001; uid < 1000 + SPENT_USERS; uid++) {
		assert_false(spent_all(&s, uid, 51 * SECOND));
		spent_add(&s, uid, 52 * SECOND, 52 * SECOND + 1);
	}
	assert_true(spent_all(&s, 1000, 53 * SECOND));
	/* The one known longest makes room. */
	spent_add(&s, 2000, 53 * SECOND, 54 * SECOND);
	assert_false(spent_all(&s, 1000, 54 * SECOND));
	assert_true(spent_all(&s, 2000, 54 * SECOND));
}

#define test(f) cmocka_unit_test_setup(f, make)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_user_has_spent_all_for_a_while),
		test(others_have_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
