/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>

#include "archive/cut/cut_interfaces.h"
#include "bytes.h"
#include "pcapng.h"

static struct cut_interfaces all;

static int begin(void **state)
{
	(void)state;
	all = (struct cut_interfaces){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	cut_interfaces_fini(&all);
	return 0;
}

/* An interface without options is told from others by its snap length. */
static int add(uint32_t snaplen)
{
	uint8_t block[20];
	struct wbuf w = wbuf_of(block, sizeof(block));

	wbuf_u32(&w, PCAPNG_BLOCK_IDB);
	wbuf_u32(&w, sizeof(block));
	wbuf_u16(&w, 1);
	wbuf_u16(&w, 0);
	wbuf_u32(&w, snaplen);
	wbuf_u32(&w, sizeof(block));
	return cut_interfaces_add(&all, block, sizeof(block));
}

/* A packet of the section's interface; its number in the new file. */
static uint32_t packet(uint32_t in)
{
	uint32_t number;

	cut_interfaces_of(&all, in, &number)->packets++;
	return number;
}

static void drop(uint32_t in, uint64_t packets)
{
	uint8_t block[40];
	struct wbuf w = wbuf_of(block, sizeof(block));

	wbuf_u32(&w, PCAPNG_BLOCK_ISB);
	wbuf_u32(&w, sizeof(block));
	wbuf_u32(&w, in);
	wbuf_u64(&w, 0);
	wbuf_u16(&w, PCAPNG_ISB_IFDROP);
	wbuf_u16(&w, 8);
	wbuf_u64(&w, packets);
	wbuf_u32(&w, PCAPNG_OPT_END);
	wbuf_u32(&w, sizeof(block));
	cut_interfaces_drops(&all, block, sizeof(block));
}

static void they_are_numbered_by_their_first_packets(void **state)
{
	(void)state;
	add(100);
	add(200);
	add(300);
	assert_int_equal(packet(2), 0);
	assert_int_equal(packet(0), 1);
	assert_int_equal(packet(2), 0);
	assert_int_equal(packet(1), 2);
	assert_int_equal(packet(0), 1);
}

static void the_same_of_two_sections_is_one(void **state)
{
	(void)state;
	add(100);
	add(200);
	assert_int_equal(packet(1), 0);
	cut_interfaces_forget(&all);
	add(300);
	add(200);
	assert_int_equal(packet(1), 0);
	assert_int_equal(packet(0), 1);
}

static void one_without_packets_is_forgotten(void **state)
{
	(void)state;
	add(100);
	add(200);
	packet(1);
	cut_interfaces_forget(&all);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.in.count, 0);
}

static void drops_are_those_of_the_interface(void **state)
{
	(void)state;
	add(100);
	add(200);
	packet(1);
	drop(1, 5);
	drop(1, 2);
	drop(7, 9); /* there is no such interface */
	assert_int_equal(all.out[0].if_dropped, 7);
	assert_int_equal(all.out[1].if_dropped, 0);
}

/* Another interface takes the place of one that is forgotten. */
static void drops_of_a_forgotten_one_are_not_the_next_ones(void **state)
{
	(void)state;
	add(100);
	drop(0, 5);
	cut_interfaces_forget(&all);
	add(200);
	packet(0);
	assert_int_equal(all.out[0].if_dropped, 0);
}

static void too_many_are_refused(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ARCHIVE_INTERFACES; i++)
		assert_int_equal(add(i + 1), 0);
	assert_int_equal(add(1), -EMFILE);
	for (uint32_t i = 0; i < ARCHIVE_INTERFACES; i++)
		packet(i);
	cut_interfaces_forget(&all);
	assert_int_equal(add(1), 0);
	assert_int_equal(add(ARCHIVE_INTERFACES + 1), -EMFILE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(they_are_numbered_by_their_first_packets),
		TEST(the_same_of_two_sections_is_one),
		TEST(one_without_packets_is_forgotten),
		TEST(drops_are_those_of_the_interface),
		TEST(drops_of_a_forgotten_one_are_not_the_next_ones),
		TEST(too_many_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
