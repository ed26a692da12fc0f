/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "view/rows/table_rows.h"
#include "view/rows/table.h"

#define MANY 1000 /* more than there is room at first */

static struct table_rows set;

static int empty_set(void **state)
{
	(void)state;
	table_rows_fini(&set);
	return 0;
}

static struct row *get(uint64_t id)
{
	struct row_key k = { .id = id };
	struct row *r = table_rows_get(&set, &k);

	assert_non_null(r);
	return r;
}

static const struct row *find(uint64_t id)
{
	struct row_key k = { .id = id };

	return table_rows_find(&set, &k);
}

static long place(uint64_t id)
{
	struct row_key k = { .id = id };

	return table_rows_place(&set, &k);
}

static int by_sent(const void *ctx, const struct row *a, const struct row *b)
{
	(void)ctx;
	return a->sent < b->sent ? -1 : a->sent > b->sent;
}

static bool is_even(const void *ctx, const struct row *r)
{
	(void)ctx;
	return r->key.id % 2 == 0;
}

static void an_empty_set_has_no_row(void **state)
{
	(void)state;
	table_rows_clear(&set);
	table_rows_keep(&set, is_even, NULL);
	table_rows_sort(&set, by_sent, NULL);
	assert_null(find(1));
	assert_int_equal(place(1), -1);
}

static void a_new_row_is_empty_and_is_found_again(void **state)
{
	struct row *r = get(7);

	(void)state;
	assert_int_equal(r->sent, 0);
	assert_string_equal(r->name, "");
	r->sent = 5;
	assert_ptr_equal(get(7), r);
	assert_int_equal(set.count, 1);
	assert_int_equal(find(7)->sent, 5);
	assert_null(find(8));
}

static void a_key_is_its_text_too(void **state)
{
	struct row_key a = { .text = "curl" }, b = { .text = "curl1" };

	(void)state;
	assert_true(table_rows_get(&set, &a) != table_rows_get(&set, &b));
	assert_int_equal(set.count, 2);
}

static void it_grows_and_keeps_its_rows(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		get(i)->sent = i;
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(find(i)->sent, i);
	assert_int_equal(set.count, MANY);
}

static void what_is_dropped_is_not_found(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		get(i)->sent = i;
	table_rows_keep(&set, is_even, NULL);
	assert_int_equal(set.count, MANY / 2);
	for (uint64_t i = 0; i < MANY; i++)
		assert_true(i % 2 ? !find(i) : find(i)->sent == i);
}

static void rows_are_in_order_and_equal_ones_by_their_keys(void **state)
{
	(void)state;
	get(3)->sent = 1;
	get(1)->sent = 2;
	get(2)->sent = 1;
	table_rows_sort(&set, by_sent, NULL);
	assert_int_equal(table_rows_nth(&set, 0)->key.id, 2);
	assert_int_equal(table_rows_nth(&set, 1)->key.id, 3);
	assert_int_equal(table_rows_nth(&set, 2)->key.id, 1);
	assert_int_equal(place(2), 0);
	assert_int_equal(place(3), 1);
	assert_int_equal(place(1), 2);
	assert_int_equal(place(4), -1);
}

static void a_cleared_set_is_used_again(void **state)
{
	(void)state;
	get(1)->sent = 9;
	table_rows_clear(&set);
	assert_int_equal(set.count, 0);
	assert_null(find(1));
	assert_int_equal(get(1)->sent, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, empty_set, empty_set)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_set_has_no_row),
		TEST(a_new_row_is_empty_and_is_found_again),
		TEST(a_key_is_its_text_too),
		TEST(it_grows_and_keeps_its_rows),
		TEST(what_is_dropped_is_not_found),
		TEST(rows_are_in_order_and_equal_ones_by_their_keys),
		TEST(a_cleared_set_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
