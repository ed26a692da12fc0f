/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of addresses: each once, of those that the new file has. */
#include "archive/addresses.h"
#include "exact.h"

#include "pcapng.h"

#define FIRST 1, 0, 8, 0, 192, 0, 2, 1, 'o', 'n', 'e', 0
#define SECOND                                                               \
	2, 0, 20, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, \
		't', 'w', 'o', 0
#define END 0, 0, 0, 0

static const uint8_t one[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
static const uint8_t two[16] = { 0x20, 1, 0xd, 0xb8, [15] = 2 };

/* A copy that ends where its memory does; the head and trailer are no matter. */
static void learn(struct addresses *n, const uint8_t *body, size_t len)
{
	uint8_t block[256] = { PCAPNG_BLOCK_NRB }, *copy;

	memcpy(block + 8, body, len);
	copy = exact_copy(block, len + 12);
	addresses_learn(n, copy, len + 12);
	free(copy);
}

#define LEARN(n, ...)                              \
	learn(n, (const uint8_t[]){ __VA_ARGS__ }, \
	      sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void each_is_due_once(void **state)
{
	struct addresses *n = addresses_new();

	(void)state;
	assert_null(addresses_due(n, one));
	LEARN(n, FIRST, SECOND, END);
	assert_string_equal(addresses_due(n, one), "one");
	assert_null(addresses_due(n, one));
	LEARN(n, FIRST, END);
	assert_null(addresses_due(n, one));
	LEARN(n, 1, 0, 8, 0, 192, 0, 2, 1, 'n', 'e', 'w', 0, END);
	assert_string_equal(addresses_due(n, one), "new");
	assert_string_equal(addresses_due(n, two), "two");
	addresses_free(n);
}

static int count(void *ctx, const uint8_t addr[16], const char *name)
{
	assert_memory_equal(addr, one, 16);
	assert_string_equal(name, "one");
	return ++*(int *)ctx;
}

static void what_came_late_is_the_rest(void **state)
{
	struct addresses *n = addresses_new();
	int told = 0;

	(void)state;
	assert_null(addresses_due(n, one));
	LEARN(n, FIRST, SECOND); /* two is nowhere */
	assert_int_equal(addresses_rest(n, count, &told), 1);
	assert_int_equal(addresses_rest(n, count, &told), 0);
	assert_int_equal(told, 1);
	addresses_free(n);
}

static void any_bytes_are_safe(void **state)
{
	static const uint8_t whole[] = { FIRST, SECOND, END };
	struct addresses *n = addresses_new();

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++)
		learn(n, whole, len);
	LEARN(n, 1, 0, 3, 0, 192, 0, 2, 0);		/* half an address */
	LEARN(n, 1, 0, 4, 0, 192, 0, 2, 3);		/* and no name */
	LEARN(n, 1, 0, 5, 0, 192, 0, 2, 3, 0, 0, 0, 0); /* an empty one */
	LEARN(n, 1, 0, 6, 0, 192, 0, 2, 3, 'x', 'y', 0, 0); /* no end */
	LEARN(n, 9, 0, 2, 0, 1, 2, 0, 0, FIRST);	    /* who knows what */
	assert_string_equal(addresses_due(n, one), "one");
	assert_null(addresses_due(
		n, (const uint8_t[16]){ [10] = 0xff, 0xff, 192, 0, 2, 3 }));
	addresses_free(n);
	addresses_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_due_once),
		cmocka_unit_test(what_came_late_is_the_rest),
		cmocka_unit_test(any_bytes_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
