/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <stdbool.h>

#include "process/records/ended.h"
#include "random.h"

#define RECORD 5000

static int add(struct ended_records *e, uint32_t n, bool random)
{
	uint8_t bytes[RECORD] = { 0 };
	size_t len = random ? sizeof(bytes) : 4 + n % 60;

	memcpy(bytes, &n, sizeof(n));
	for (size_t i = sizeof(n); random && i < len; i++)
		bytes[i] = (uint8_t)below(256);
	return ended_add(e, bytes, len);
}

static int take(void *ctx, uint8_t *record, size_t len)
{
	uint32_t *next = ctx;

	assert_memory_equal(record, next, sizeof(*next));
	if (len != RECORD)
		assert_int_equal(len, 4 + *next % 60);
	++*next;
	return *next == 70000 ? -5 : 0;
}

static void all_come_back_in_turn(void **state)
{
	struct ended_records *e = ended_new();
	uint32_t next = 1;

	(void)state;
	assert_int_equal(ended_each(e, take, &next), 0);
	assert_int_equal(next, 1);
	for (uint32_t n = 1; n < 50000; n++)
		assert_int_equal(add(e, n, false), 0);
	assert_int_equal(ended_each(e, take, &next), 0);
	assert_int_equal(next, 50000);
	for (uint32_t n = 50000; n < 80000; n++)
		assert_int_equal(add(e, n, false), 0);
	next = 1;
	assert_int_equal(ended_each(e, take, &next), -5);
	assert_int_equal(next, 70000);

	ended_clear(e);
	assert_int_equal(add(e, 1, false), 0);
	next = 1;
	assert_int_equal(ended_each(e, take, &next), 0);
	assert_int_equal(next, 2);
	ended_free(e);
}

static void what_does_not_compress_has_a_bound(void **state)
{
	struct ended_records *e = ended_new();
	uint32_t n = 1, next = 1;
	int err = 0;

	(void)state;
	while (n < 100000 && !(err = add(e, n, true)))
		n++;
	assert_int_equal(err, -ENOSPC);
	assert_in_range(n * RECORD, ENDED_MAX / 2, ENDED_MAX * 2);
	assert_int_equal(ended_each(e, take, &next), 0);
	assert_int_equal(next, n);
	ended_clear(e);
	assert_int_equal(add(e, 1, false), 0);
	ended_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_back_in_turn),
		cmocka_unit_test(what_does_not_compress_has_a_bound),
	};

	return cmocka_run_group_tests_name("ended", tests, NULL, NULL);
}
