/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of any file: each byte of them may be anybody's. */
#include "exact.h"

#include <errno.h>

#include "archive/packet.h"
#include "bytes.h"
#include "pcapng.h"

static uint8_t bytes[4096];
static struct wbuf w;

static void begin(uint32_t type)
{
	w = wbuf_of(bytes, sizeof(bytes));
	wbuf_u32(&w, type);
	wbuf_u32(&w, 0);
}

/* A copy that ends where its memory does, with its length at both ends. */
static uint8_t *end_block(size_t *len)
{
	wbuf_u32(&w, (uint32_t)w.len + 4);
	put_le(bytes + 4, w.len, 4);
	*len = w.len;
	assert_false(w.failed);
	return exact_copy(bytes, w.len);
}

static void put_option(uint16_t code, const void *value, uint16_t len)
{
	wbuf_u16(&w, code);
	wbuf_u16(&w, len);
	wbuf_put(&w, value, len);
	wbuf_uint(&w, 0, -(size_t)len & 3);
}

static void begin_interface(uint16_t linktype)
{
	begin(PCAPNG_BLOCK_IDB);
	wbuf_u16(&w, linktype);
	wbuf_u16(&w, 0);
	wbuf_u32(&w, 0);
}

static void add_interface(struct archive_interfaces *s)
{
	size_t len;
	uint8_t *block = end_block(&len);

	archive_interface_add(s, block, len);
	free(block);
}

static void begin_packet(uint32_t interface, uint64_t ts, uint32_t caplen,
			 uint32_t really)
{
	begin(PCAPNG_BLOCK_EPB);
	wbuf_u32(&w, interface);
	wbuf_u32(&w, (uint32_t)(ts >> 32));
	wbuf_u32(&w, (uint32_t)ts);
	wbuf_u32(&w, caplen);
	wbuf_u32(&w, caplen + 1);
	for (uint32_t i = 0; i < really; i++)
		wbuf_uint(&w, 'd', 1);
	wbuf_uint(&w, 0, -(size_t)really & 3);
}

static int read_packet(struct archive_packet *p,
		       const struct archive_interfaces *s)
{
	size_t len;
	uint8_t *block = end_block(&len);
	int err = archive_packet_read(p, s, block, len);

	if (!err) {
		assert_true(p->options_end <= len - 4);
		assert_true(p->options_end >= 28 + p->caplen);
	}
	free(block);
	return err;
}

/* The nanoseconds of that many units of such an interface. */
static uint64_t time_of(const uint8_t *resolution, uint16_t len, uint64_t ts)
{
	struct archive_interfaces s = { 0 };
	struct archive_packet p;

	begin_interface(1);
	if (resolution)
		put_option(PCAPNG_IF_TSRESOL, resolution, len);
	add_interface(&s);
	begin_packet(0, ts, 0, 0);
	assert_int_equal(read_packet(&p, &s), 0);
	return p.ts_ns;
}

static void time_is_in_units_of_its_interface(void **state)
{
	const uint8_t ns = 9, s = 0, ms = 3, ps = 12, halves = 0x81,
		      fine = 0x80 | 30, finer = 0xff;

	(void)state;
	assert_int_equal(time_of(NULL, 0, 1500000), 1500000000);
	assert_int_equal(time_of(&ns, 1, 1500000001), 1500000001);
	assert_int_equal(time_of(&s, 1, 3), 3000000000);
	assert_int_equal(time_of(&ms, 1, 1500), 1500000000);
	assert_int_equal(time_of(&halves, 1, 3), 1500000000);
	assert_int_equal(time_of(&fine, 1, 3ull << 29), 1500000000);
	/* Nothing is divided by zero, nor overflows to it. */
	time_of(&ps, 1, UINT64_MAX);
	time_of(&finer, 1, UINT64_MAX);
	time_of(&s, 1, UINT64_MAX);
	/* An option without a value says nothing. */
	assert_int_equal(time_of(&ns, 0, 1000000), 1000000000);
}

static void a_packet_is_of_an_interface_that_was_described(void **state)
{
	struct archive_interfaces s = { 0 };
	struct archive_packet p;

	(void)state;
	begin_packet(0, 1, 0, 0);
	assert_int_equal(read_packet(&p, &s), -EBADMSG);
	begin_interface(101);
	add_interface(&s);
	begin_packet(0, 1, 5, 5);
	assert_int_equal(read_packet(&p, &s), 0);
	assert_int_equal(p.linktype, 101);
	assert_int_equal(p.caplen, 5);
	assert_int_equal(p.len, 6);
	begin_packet(1, 1, 5, 5);
	assert_int_equal(read_packet(&p, &s), -EBADMSG);
	begin_packet(UINT32_MAX, 1, 5, 5);
	assert_int_equal(read_packet(&p, &s), -EBADMSG);
}

static void more_interfaces_than_there_is_room_for(void **state)
{
	struct archive_interfaces s = { 0 };

	(void)state;
	for (uint16_t i = 0; i < ARCHIVE_INTERFACES + 5; i++) {
		begin_interface(i);
		add_interface(&s);
	}
	assert_int_equal(s.count, ARCHIVE_INTERFACES);
	assert_int_equal(s.of[ARCHIVE_INTERFACES - 1].linktype,
			 ARCHIVE_INTERFACES + 4);
	assert_int_equal(s.of[0].linktype, 0);
}

static void a_length_beyond_the_block_is_refused(void **state)
{
	static const uint32_t lengths[] = { 6,	       8,	   9,
					    100,       0x7fffffff, 0xfffffffc,
					    0xffffffff };
	struct archive_interfaces s = { .count = 1,
					.of[0].per_second = 1000000 };
	struct archive_packet p;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		begin_packet(0, 1, lengths[i], 4);
		assert_int_equal(read_packet(&p, &s), -EBADMSG);
	}
}

/* An end of a packet, and then the block as whoever wrote it left it. */
static void owners_are_those_of_our_options(void **state)
{
	struct archive_interfaces s = { .count = 1,
					.of[0].per_second = 1000000 };
	struct attribution a = {
		.src = { .present = true, .id = 7, .attr = ATTR_SOCKET }
	};
	struct process one = { .id = 7,
			       .pid = 42,
			       .name = "curl",
			       .has = 1ull << FIELD_ID | 1ull << FIELD_PID |
				      1ull << FIELD_NAME };
	uint8_t value[PROCESS_MAX + 4];
	struct archive_packet p;
	int n;

	(void)state;
	put_le(value, PKTWHO_PEN, 4);
	n = attribution_encode(&a, value + 4, ATTRIBUTION_MAX);
	assert_true(n > 0);
	begin_packet(0, 1, 5, 5);
	put_option(PCAPNG_OPT_CUSTOM_BIN, value, (uint16_t)(n + 4));
	n = process_encode(&one, value + 4, PROCESS_MAX);
	assert_true(n > 0);
	for (int i = 0; i < 2 + RECEIVERS_MAX; i++)
		put_option(PCAPNG_OPT_CUSTOM_BIN, value, (uint16_t)(n + 4));
	wbuf_u32(&w, PCAPNG_OPT_END);
	assert_int_equal(read_packet(&p, &s), 0);
	assert_true(p.owners.src.present);
	assert_int_equal(p.owners.src.id, 7);
	/* A sender and so many receivers: one more record is nobody's. */
	assert_int_equal(p.record_count, 1 + RECEIVERS_MAX);
	assert_int_equal(p.records[0].len, n);

	/* Who else received it. */
	n = receiver_encode(&a.src, value + 4, RECEIVER_MAX);
	assert_true(n > 0);
	begin_packet(0, 1, 5, 5);
	for (int i = 0; i < RECEIVERS_MAX; i++)
		put_option(PCAPNG_OPT_CUSTOM_BIN, value, (uint16_t)(n + 4));
	wbuf_u32(&w, PCAPNG_OPT_END);
	assert_int_equal(read_packet(&p, &s), 0);
	assert_int_equal(p.others.count, RECEIVERS_MAX - 1);
	assert_int_equal(p.others.of[0].id, 7);

	/* Another's number: what follows is theirs. */
	put_le(value, PKTWHO_PEN + 1, 4);
	begin_packet(0, 1, 5, 5);
	put_option(PCAPNG_OPT_CUSTOM_BIN, value, (uint16_t)(n + 4));
	put_option(PCAPNG_OPT_CUSTOM_BIN, value, 3);
	put_option(PCAPNG_OPT_CUSTOM_BIN, value, 0);
	assert_int_equal(read_packet(&p, &s), 0);
	assert_int_equal(p.record_count, 0);
	assert_false(p.owners.src.present);
}

/* What is after an end, or in an option that is cut, is not looked at. */
static void options_end_where_they_are_cut(void **state)
{
	struct archive_interfaces s = { .count = 1,
					.of[0].per_second = 1000000 };
	struct archive_packet p;
	size_t before;

	(void)state;
	begin_packet(0, 1, 5, 5);
	put_option(1, "comment", 7);
	before = w.len;
	wbuf_u16(&w, PCAPNG_OPT_CUSTOM_BIN);
	wbuf_u16(&w, 400);
	wbuf_u32(&w, PKTWHO_PEN);
	assert_int_equal(read_packet(&p, &s), 0);
	assert_int_equal(p.options_end, before);
	begin_packet(0, 1, 5, 5);
	before = w.len;
	wbuf_u32(&w, PCAPNG_OPT_END);
	put_option(1, "comment", 7);
	assert_int_equal(read_packet(&p, &s), 0);
	assert_int_equal(p.options_end, before);
	begin_packet(0, 1, 5, 5);
	before = w.len;
	assert_int_equal(read_packet(&p, &s), 0);
	assert_int_equal(p.options_end, before);
}

static void every_shorter_block_is_safe(void **state)
{
	struct archive_interfaces s = { .count = 1,
					.of[0].per_second = 1000000 };
	struct archive_packet p;
	const uint8_t ns = 9;

	(void)state;
	for (size_t len = 12; len <= 56; len += 4) {
		begin_packet(0, 1, 5, 5);
		put_option(1, "comment", 7);
		w.len = len - 4;
		assert_int_equal(read_packet(&p, &s), len >= 40 ? 0 : -EBADMSG);
	}
	for (size_t len = 12; len <= 28; len += 4) {
		begin_interface(1);
		put_option(PCAPNG_IF_TSRESOL, &ns, 1);
		w.len = len - 4;
		s.count = 0;
		add_interface(&s);
		assert_int_equal(s.of[0].per_second,
				 len == 28 ? 1000000000 : 1000000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_in_units_of_its_interface),
		cmocka_unit_test(
			a_packet_is_of_an_interface_that_was_described),
		cmocka_unit_test(more_interfaces_than_there_is_room_for),
		cmocka_unit_test(a_length_beyond_the_block_is_refused),
		cmocka_unit_test(owners_are_those_of_our_options),
		cmocka_unit_test(options_end_where_they_are_cut),
		cmocka_unit_test(every_shorter_block_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
