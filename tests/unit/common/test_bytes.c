/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bytes.h"

static void integers_are_little_endian(void **state)
{
	static const uint8_t want[] = {
		0x01, 0x02, 0x01, 0x04, 0x03, 0x02, 0x01, 0x08,
		0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
	};
	uint8_t buf[sizeof(want)];
	struct wbuf w = wbuf_of(buf, sizeof(buf));
	struct rbuf r = rbuf_of(buf, sizeof(buf));

	(void)state;
	wbuf_u8(&w, 0x01);
	wbuf_u16(&w, 0x0102);
	wbuf_u32(&w, 0x01020304);
	wbuf_u64(&w, 0x0102030405060708);
	assert_false(w.failed);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));

	assert_int_equal(rbuf_u8(&r), 0x01);
	assert_int_equal(rbuf_u16(&r), 0x0102);
	assert_int_equal(rbuf_u32(&r), 0x01020304);
	assert_int_equal(rbuf_u64(&r), 0x0102030405060708);
	assert_false(r.failed);
	assert_int_equal(r.left, 0);
}

/* Not even a request that would fit brings a failed writer back. */
static void a_failed_writer_stays_failed(void **state)
{
	uint8_t buf[4] = { 0xee, 0xee, 0xee, 0xee };
	struct wbuf w = wbuf_of(buf, 3);

	(void)state;
	wbuf_u16(&w, 0x2211);
	wbuf_u16(&w, 0x4433);
	assert_true(w.failed);
	wbuf_u8(&w, 0x55);
	wbuf_put(&w, "x", 1);
	wbuf_put(&w, NULL, 0);
	assert_null(wbuf_claim(&w, 0));
	assert_true(w.failed);
	assert_int_equal(w.len, 2);
	assert_memory_equal(buf, "\x11\x22\xee\xee", 4);
}

static void a_failed_reader_reads_zero(void **state)
{
	struct rbuf r = rbuf_of("\x11\x22\x33", 3);

	(void)state;
	assert_int_equal(rbuf_u16(&r), 0x2211);
	assert_int_equal(rbuf_u32(&r), 0);
	assert_true(r.failed);
	assert_int_equal(rbuf_u8(&r), 0);
	assert_null(rbuf_claim(&r, 0));
	assert_int_equal(r.left, 1);
}

/* A length near SIZE_MAX must not wrap round into the buffer. */
static void huge_requests_fail(void **state)
{
	uint8_t buf[8] = { 0 };
	struct wbuf w = wbuf_of(buf, sizeof(buf));
	struct rbuf r = rbuf_of(buf, sizeof(buf));

	(void)state;
	wbuf_u8(&w, 1);
	assert_null(wbuf_claim(&w, SIZE_MAX));
	rbuf_u8(&r);
	assert_null(rbuf_claim(&r, SIZE_MAX));
	assert_int_equal(r.left, 7);
}

static void padding_counts_from_the_start(void **state)
{
	static const size_t padded[] = { 0, 4, 4, 4, 4, 8 };
	uint8_t buf[8];

	(void)state;
	for (size_t n = 0; n < sizeof(padded) / sizeof(*padded); n++) {
		struct wbuf w = wbuf_of(buf, sizeof(buf));

		memset(buf, 0xee, sizeof(buf));
		wbuf_put(&w, "abcdefgh", n);
		wbuf_pad4(&w);
		assert_int_equal(w.len, padded[n]);
		for (size_t i = n; i < sizeof(buf); i++)
			assert_int_equal(buf[i], i < padded[n] ? 0 : 0xee);
	}
}

static void padding_that_does_not_fit_fails(void **state)
{
	uint8_t buf[3];
	struct wbuf w = wbuf_of(buf, sizeof(buf));

	(void)state;
	wbuf_u8(&w, 1);
	wbuf_u8(&w, 1);
	wbuf_pad4(&w);
	assert_true(w.failed);
}

static void a_part_cannot_reach_past_itself(void **state)
{
	struct rbuf r = rbuf_of("\x01\x02\x03\x04", 4);
	struct rbuf part = rbuf_sub(&r, 2);

	(void)state;
	assert_int_equal(rbuf_u32(&part), 0);
	assert_true(part.failed);
	assert_false(r.failed);
	assert_int_equal(rbuf_u16(&r), 0x0403);

	part = rbuf_sub(&r, 1);
	assert_true(r.failed);
	assert_true(part.failed);
	assert_int_equal(part.left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_little_endian),
		cmocka_unit_test(a_failed_writer_stays_failed),
		cmocka_unit_test(a_failed_reader_reads_zero),
		cmocka_unit_test(huge_requests_fail),
		cmocka_unit_test(padding_counts_from_the_start),
		cmocka_unit_test(padding_that_does_not_fit_fails),
		cmocka_unit_test(a_part_cannot_reach_past_itself),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
