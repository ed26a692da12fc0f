/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "bytes.h"
#include "exact.h"
#include "pcapng.h"
#include "remote/blocks.h"

static struct blocks b;

static int empty(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	return 0;
}

/* A block of that type and length, which may end with another. */
static void send_block(uint32_t type, uint32_t len, uint32_t last)
{
	size_t room;
	uint8_t *p = blocks_room(&b, &room);

	assert_true(room >= len);
	memset(p, 0, len);
	put_le(p, type, 4);
	put_le(p + 4, len, 4);
	put_le(p + len - 4, last, 4);
	blocks_add(&b, len);
}

static void send_bytes(const void *bytes, size_t len)
{
	size_t room;
	uint8_t *p = blocks_room(&b, &room);

	assert_true(room >= len);
	memcpy(p, bytes, len);
	blocks_add(&b, len);
}

static void blocks_lie_behind_one_another(void **state)
{
	(void)state;
	send_block(PCAPNG_BLOCK_SHB, 28, 28);
	send_block(PCAPNG_BLOCK_EPB, 32, 32);
	assert_int_equal(blocks_length(&b, 0), 28);
	assert_int_equal(blocks_length(&b, 28), 32);
	assert_int_equal(blocks_length(&b, 60), 0);
	blocks_take(&b, 28);
	assert_int_equal(blocks_length(&b, 0), 32);
	blocks_take(&b, 32);
	assert_int_equal(b.len, 0);
}

/* What a shell prints at login is no capture. */
static void the_first_block_is_a_sections(void **state)
{
	(void)state;
	send_bytes("Welcome to web1!\n", 17);
	assert_int_equal(blocks_length(&b, 0), -EBADMSG);
	empty(NULL);
	send_bytes("Hi", 2);
	assert_int_equal(blocks_length(&b, 0), 0);
	empty(NULL);
	send_block(PCAPNG_BLOCK_EPB, 32, 32);
	assert_int_equal(blocks_length(&b, 0), -EBADMSG);
	/* After a section any will do: readers skip what they do not know. */
	empty(NULL);
	send_block(PCAPNG_BLOCK_SHB, 28, 28);
	blocks_take(&b, 28);
	send_block(0x7777, 12, 12);
	assert_int_equal(blocks_length(&b, 0), 12);
}

static void lengths_that_no_block_has_are_refused(void **state)
{
	static const uint32_t lengths[] = {
		0,	    4,		8,	   11,
		13,	    14,		30,	   BLOCKS_MAX + 4,
		0x80000000, 0xfffffffc, 0xffffffff
	};
	uint8_t head[8];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		empty(NULL);
		put_le(head, PCAPNG_BLOCK_SHB, 4);
		put_le(head + 4, lengths[i], 4);
		send_bytes(head, 8);
		assert_int_equal(blocks_length(&b, 0), -EBADMSG);
	}
}

/* A file with it could not be read from its end. */
static void both_lengths_of_a_block_agree(void **state)
{
	(void)state;
	send_block(PCAPNG_BLOCK_SHB, 28, 28);
	send_block(PCAPNG_BLOCK_EPB, 32, 36);
	assert_int_equal(blocks_length(&b, 0), 28);
	assert_int_equal(blocks_length(&b, 28), -EBADMSG);
}

static void the_largest_has_just_room(void **state)
{
	size_t room;

	(void)state;
	send_block(PCAPNG_BLOCK_SHB, BLOCKS_MAX, BLOCKS_MAX);
	assert_int_equal(blocks_length(&b, 0), BLOCKS_MAX);
	blocks_room(&b, &room);
	assert_int_equal(room, 0);
	blocks_take(&b, BLOCKS_MAX);
	blocks_room(&b, &room);
	assert_int_equal(room, BLOCKS_MAX);
}

#define test(f) cmocka_unit_test_setup(f, empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(blocks_lie_behind_one_another),
		test(the_first_block_is_a_sections),
		test(lengths_that_no_block_has_are_refused),
		test(both_lengths_of_a_block_agree),
		test(the_largest_has_just_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
