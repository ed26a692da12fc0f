/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tree.h"

#include "host/clocks.h"
#include "lookup/holders.h"

#define SEC 1000000000ull

static uint64_t now = 1000 * SEC;

/* Time that stands still, unless a test moves it. */
uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now;
}

static uint32_t ask(struct holders *h, uint64_t inode)
{
	now += SEC; /* enough for any number of scans */
	return holders_find(h, inode);
}

static void who_holds_it_is_found(void **state)
{
	struct holders *h = holders_new(tree_fd);

	(void)state;
	tree_link("10/fd/0", "/dev/null");
	tree_link("10/fd/3", "socket:[77]");
	tree_link("11/fd/3", "socket:[78]");
	tree_link("11/fd/4", "pipe:[79]");
	assert_int_equal(ask(h, 77), 10);
	assert_int_equal(ask(h, 78), 11);
	assert_int_equal(ask(h, 79), 0);
	assert_int_equal(ask(h, 7), 0);
	holders_free(h);
}

static void of_several_the_newest_is(void **state)
{
	struct holders *h = holders_new(tree_fd);

	(void)state;
	tree_link("9/fd/3", "socket:[77]");
	tree_link("100/fd/3", "socket:[77]");
	tree_link("20/fd/3", "socket:[77]");
	assert_int_equal(ask(h, 77), 100);
	holders_free(h);
}

static void one_that_passed_it_on_is_asked_again(void **state)
{
	struct holders *h = holders_new(tree_fd);

	(void)state;
	tree_link("10/fd/3", "socket:[77]");
	assert_int_equal(ask(h, 77), 10);
	unlinkat(tree_fd, "10/fd/3", 0);
	tree_link("11/fd/3", "socket:[77]");
	/* Within a second the answer stands. */
	now += SEC / 2;
	assert_int_equal(holders_find(h, 77), 10);
	now += SEC;
	assert_int_equal(holders_find(h, 77), 11);
	holders_free(h);
}

/* What a scan has seen on its way needs none of its own. */
static void a_scan_remembers_all_it_saw(void **state)
{
	struct holders *h = holders_new(tree_fd);

	(void)state;
	tree_link("10/fd/3", "socket:[77]");
	tree_link("11/fd/3", "socket:[78]");
	assert_int_equal(ask(h, 77), 10);
	unlinkat(tree_fd, "11/fd/3", 0);
	assert_int_equal(holders_find(h, 78), 11);
	holders_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(who_holds_it_is_found),
		tree_test(of_several_the_newest_is),
		tree_test(one_that_passed_it_on_is_asked_again),
		tree_test(a_scan_remembers_all_it_saw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
