/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes are written out: this is the format of docs/file-format.md, and
 * a change that breaks one of them breaks files that exist.
 */
#include <errno.h>
#include <string.h>

#include "exact.h"
#include "record.h"

/* curl asks nginx, over loopback; nginx has not accepted yet. */
static const uint8_t curl_to_nginx[] = {
	'P',  'W',  1,	  2, /* an attribution, version 2 */
	0x3b,		     /* local; src, its country, dst */
	0x21,		     /* src: socket, dst: listener */
	'D',  'E',	     /* src country */
	0x92, 0x21,	     /* src pid 4242 */
	8,    7,    6,	  5,	4,    3,    2,	  1, /* src process id */
	4,    'c',  'u',  'r',	'l',		     /* length and name */
	0xac, 0x06,				     /* dst pid 812 */
	0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 'n', 'g', 'i', 'n', 'x',
};

/* A reset that the kernel sends: nobody is named. */
static const uint8_t kernel_reset[] = {
	'P',  'W', 1, 2, 0xc2, /* out; dst's country, reasons */
	0x05,		       /* src: kernel; dst is not here */
	0x01,		       /* src: reset */
	'U',  'S',
};

/* The same two as version 1 had them. */
static const uint8_t curl_to_nginx_1[] = {
	'P',  'W',  1,	  1,	16,   28, /* bytes of the head, of each end */
	3,				  /* direction: local */
	3,				  /* ends that follow: src, dst */
	1,    0,			  /* src: socket, no reason */
	2,    0,			  /* dst: listener, no reason */
	'D',  'E',			  /* src country */
	0,    0,			  /* dst country: none */
	0x92, 0x10, 0,	  0,		  /* src pid 4242 */
	8,    7,    6,	  5,	4,    3,    2,	  1, /* src process id */
	'c',  'u',  'r',  'l',	0,    0,    0,	  0,	0,   0,	  0,   0,
	0,    0,    0,	  0,	0x2c, 0x03, 0,	  0, /* dst pid 812 */
	0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 'n', 'g', 'i', 'n',
	'x',  0,    0,	  0,	0,    0,    0,	  0,	0,   0,	  0,   0,
};

static const uint8_t kernel_reset_1[] = {
	'P', 'W', 1,   1,   16, 28, 2, /* direction: out */
	0,			       /* no end follows */
	5,   1,			       /* src: kernel, reset */
	0,   0,			       /* dst is not on this host */
	0,   0,	  'U', 'S',
};

static int decode_attribution(struct attribution *a, const void *buf, size_t n)
{
	void *copy = exact_copy(buf, n);
	int err;

	memset(a, 0xee, sizeof(*a));
	err = attribution_decode(a, copy, n);
	free(copy);
	return err;
}

static struct attribution loopback(void)
{
	struct attribution a = {
		.direction = DIRECTION_LOCAL,
		.src = { .present = true,
			 .attr = ATTR_SOCKET,
			 .pid = 4242,
			 .id = 0x0102030405060708,
			 .country = "DE",
			 .name = "curl" },
		.dst = { .present = true,
			 .attr = ATTR_LISTENER,
			 .pid = 812,
			 .id = 0x1112131415161718,
			 .name = "nginx" },
	};

	return a;
}

static void attribution_has_known_bytes(void **state)
{
	struct attribution a = loopback();
	uint8_t buf[ATTRIBUTION_MAX];

	(void)state;
	assert_int_equal(attribution_encode(&a, buf, sizeof(buf)),
			 sizeof(curl_to_nginx));
	assert_memory_equal(buf, curl_to_nginx, sizeof(curl_to_nginx));
}

static void assert_loopback(const uint8_t *bytes, size_t size)
{
	struct attribution a;

	assert_int_equal(decode_attribution(&a, bytes, size), 0);
	assert_int_equal(a.direction, DIRECTION_LOCAL);
	assert_true(a.src.present);
	assert_int_equal(a.src.attr, ATTR_SOCKET);
	assert_int_equal(a.src.pid, 4242);
	assert_int_equal(a.src.id, 0x0102030405060708);
	assert_string_equal(a.src.name, "curl");
	assert_string_equal(a.src.country, "DE");
	assert_true(a.dst.present);
	assert_int_equal(a.dst.attr, ATTR_LISTENER);
	assert_int_equal(a.dst.pid, 812);
	assert_int_equal(a.dst.id, 0x1112131415161718);
	assert_string_equal(a.dst.name, "nginx");
	assert_string_equal(a.dst.country, "");
}

static void assert_reset(const uint8_t *bytes, size_t size)
{
	struct attribution a;

	assert_int_equal(decode_attribution(&a, bytes, size), 0);
	assert_false(a.src.present);
	assert_int_equal(a.src.attr, ATTR_KERNEL);
	assert_int_equal(a.src.reason, REASON_RESET);
	assert_int_equal(a.dst.attr, ATTR_NONE);
	assert_string_equal(a.dst.country, "US");
}

static void both_versions_are_read(void **state)
{
	(void)state;
	assert_loopback(curl_to_nginx, sizeof(curl_to_nginx));
	assert_loopback(curl_to_nginx_1, sizeof(curl_to_nginx_1));
	assert_reset(kernel_reset, sizeof(kernel_reset));
	assert_reset(kernel_reset_1, sizeof(kernel_reset_1));
}

static void a_packet_without_owners_is_short(void **state)
{
	struct attribution a;
	uint8_t buf[ATTRIBUTION_MAX];

	(void)state;
	assert_int_equal(decode_attribution(&a, kernel_reset,
					    sizeof(kernel_reset)),
			 0);
	assert_int_equal(attribution_encode(&a, buf, sizeof(buf)),
			 sizeof(kernel_reset));
	assert_memory_equal(buf, kernel_reset, sizeof(kernel_reset));
}

#define ASSERT_PLACE(p, offset, length) \
	assert_true((p).at == (offset) && (p).len == (length))

/* What a viewer marks when somebody clicks on a value. */
static void values_have_places(void **state)
{
	const uint8_t *now = curl_to_nginx, *old = curl_to_nginx_1;
	struct end_places p;

	(void)state;
	assert_int_equal(attribution_places(&p, now, sizeof(curl_to_nginx),
					    true),
			 0);
	ASSERT_PLACE(p.attr, 5, 1);
	ASSERT_PLACE(p.reason, 0, 0);
	ASSERT_PLACE(p.pid, 8, 2);
	ASSERT_PLACE(p.id, 10, 8);
	ASSERT_PLACE(p.name, 19, 4);
	assert_int_equal(attribution_places(&p, now, sizeof(curl_to_nginx),
					    false),
			 0);
	ASSERT_PLACE(p.pid, 23, 2);
	ASSERT_PLACE(p.id, 25, 8);
	ASSERT_PLACE(p.name, 33, 5);
	assert_int_equal(attribution_places(&p, old, sizeof(curl_to_nginx_1),
					    true),
			 0);
	ASSERT_PLACE(p.attr, 8, 1);
	ASSERT_PLACE(p.reason, 9, 1);
	ASSERT_PLACE(p.pid, 16, 4);
	assert_int_equal(attribution_places(&p, old, sizeof(curl_to_nginx_1),
					    false),
			 0);
	ASSERT_PLACE(p.attr, 10, 1);
	ASSERT_PLACE(p.id, 48, 8);
	ASSERT_PLACE(p.name, 56, 16);
	assert_int_equal(attribution_places(&p, kernel_reset,
					    sizeof(kernel_reset), true),
			 0);
	ASSERT_PLACE(p.reason, 6, 1);
	ASSERT_PLACE(p.pid, 0, 0);
	assert_int_equal(attribution_places(&p, kernel_reset, 5, true),
			 -EBADMSG);
	assert_all_zero(&p, sizeof(p));
}

/* pids are as long as they have to be, and no longer than 32 bits. */
static void pids_of_every_length(void **state)
{
	static const uint32_t pids[] = { 1,	127,	 128,	    16383,
					 16384, 4194304, UINT32_MAX };
	static const size_t lengths[] = { 1, 1, 2, 2, 3, 4, 5 };
	struct attribution a = loopback(), b;
	uint8_t buf[ATTRIBUTION_MAX];

	(void)state;
	memset(&a.dst, 0, sizeof(a.dst));
	for (size_t i = 0; i < sizeof(pids) / sizeof(*pids); i++) {
		a.src.pid = pids[i];
		assert_int_equal(attribution_encode(&a, buf, sizeof(buf)),
				 8 + lengths[i] + 8 + 4);
		assert_int_equal(decode_attribution(&b, buf, 20 + lengths[i]),
				 0);
		assert_int_equal(b.src.pid, pids[i]);
		assert_string_equal(b.src.name, "curl");
	}
	/* One bit more, and one byte more. */
	buf[12] = 0x1f;
	assert_int_equal(decode_attribution(&b, buf, 25), -EBADMSG);
	buf[12] = 0x8f;
	assert_int_equal(decode_attribution(&b, buf, 25), -EBADMSG);
}

/* Numbers of a newer version stay what no word is known for. */
static void large_numbers_stay_unknown(void **state)
{
	uint8_t old[sizeof(kernel_reset_1)];
	struct attribution a, b;
	uint8_t buf[ATTRIBUTION_MAX];
	int n;

	(void)state;
	memcpy(old, kernel_reset_1, sizeof(old));
	old[6] = old[8] = old[9] = 200;
	assert_int_equal(decode_attribution(&a, old, sizeof(old)), 0);
	assert_int_equal(a.direction, ATTRIBUTION_MAX_DIRECTION);
	assert_int_equal(a.src.attr, ATTRIBUTION_MAX_NUMBER);
	assert_int_equal(a.src.reason, ATTRIBUTION_MAX_NUMBER);
	n = attribution_encode(&a, buf, sizeof(buf));
	assert_int_equal(decode_attribution(&b, buf, (size_t)n), 0);
	assert_memory_equal(&a, &b, sizeof(a));
}

/* The second end follows the head at once when the first is not there. */
static void the_receiver_alone(void **state)
{
	struct attribution a = loopback(), b;
	uint8_t buf[ATTRIBUTION_MAX];

	(void)state;
	memset(&a.src, 0, sizeof(a.src));
	assert_int_equal(attribution_encode(&a, buf, sizeof(buf)), 21);
	assert_int_equal(buf[4], 0x13);
	assert_int_equal(decode_attribution(&b, buf, 21), 0);
	assert_false(b.src.present);
	assert_string_equal(b.dst.name, "nginx");
}

/* One of several: as the receiver alone, its attr whole. */
static void another_receiver_has_known_bytes(void **state)
{
	static const uint8_t nginx[] = {
		'P', 'W', 4, 1, 1, 0xac, 0x06, 8,   7,	 6,
		5,   4,	  3, 2, 1, 'n',	 'g',  'i', 'n', 'x',
	};
	struct packet_end e = { .present = true,
				.attr = ATTR_SOCKET,
				.pid = 812,
				.id = 0x0102030405060708,
				.name = "nginx" },
			  again;
	struct receivers all = { .count = 0 };
	uint8_t buf[RECEIVER_MAX];

	(void)state;
	assert_int_equal(receiver_encode(&e, buf, sizeof(buf)), sizeof(nginx));
	assert_memory_equal(buf, nginx, sizeof(nginx));
	assert_int_equal(receiver_encode(&e, buf, sizeof(nginx) - 1), -ENOSPC);
	assert_int_equal(receiver_decode(&again, nginx, sizeof(nginx)), 0);
	assert_memory_equal(&again, &e, sizeof(e));
	assert_int_equal(receiver_decode(&again, nginx, 14), -EBADMSG);
	assert_all_zero(&again, sizeof(again));
	assert_int_equal(receiver_decode(&again, curl_to_nginx,
					 sizeof(curl_to_nginx)),
			 -EBADMSG);
	for (int i = 0; i < 2 * RECEIVERS_MAX; i++)
		assert_int_equal(receivers_take(&all, nginx, sizeof(nginx)), 0);
	assert_int_equal(all.count, RECEIVERS_MAX - 1);
	assert_int_equal(receivers_take(&all, nginx, 3), -EBADMSG);
	e.pid = UINT32_MAX;
	memset(e.name, 'n', sizeof(e.name));
	assert_int_equal(receiver_encode(&e, buf, sizeof(buf)), RECEIVER_MAX);
}

static void every_cut_attribution_is_refused(void **state)
{
	struct attribution a;

	(void)state;
	for (size_t n = 0; n < sizeof(curl_to_nginx_1); n++) {
		assert_int_equal(decode_attribution(&a, curl_to_nginx_1, n),
				 -EBADMSG);
		assert_all_zero(&a, sizeof(a));
	}
	/* Where the name begins that has the rest. */
	for (size_t n = 0; n < sizeof(curl_to_nginx) - 5; n++) {
		assert_int_equal(decode_attribution(&a, curl_to_nginx, n),
				 -EBADMSG);
		assert_all_zero(&a, sizeof(a));
	}
}

static void a_short_buffer_gets_no_attribution(void **state)
{
	struct attribution a = loopback();
	uint8_t buf[ATTRIBUTION_MAX + 1];

	(void)state;
	for (size_t n = 0; n < sizeof(curl_to_nginx); n++) {
		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(attribution_encode(&a, buf, n), -ENOSPC);
		assert_int_equal(buf[n], 0xee);
	}
}

/* Version 1 may have a longer head, longer ends, and what follows. */
static void a_longer_attribution_is_read(void **state)
{
	uint8_t buf[4 + 2 + 14 + 2 * 33 + 3] = { 'P', 'W', 1, 1, 20, 33 };
	struct attribution a;

	(void)state;
	memset(buf + 6, 0xee, sizeof(buf) - 6);
	memcpy(buf + 6, curl_to_nginx_1 + 6, 10);
	memcpy(buf + 20, curl_to_nginx_1 + 16, 28);
	memcpy(buf + 53, curl_to_nginx_1 + 44, 28);
	buf[7] |= 0xf0; /* flags not yet known */
	assert_int_equal(decode_attribution(&a, buf, sizeof(buf)), 0);
	assert_string_equal(a.src.name, "curl");
	assert_int_equal(a.dst.pid, 812);
	assert_string_equal(a.dst.name, "nginx");
	assert_string_equal(a.src.country, "DE");
	assert_int_equal(decode_attribution(&a, buf, sizeof(buf) - 4),
			 -EBADMSG);
}

static void a_shorter_attribution_is_refused(void **state)
{
	uint8_t buf[sizeof(curl_to_nginx_1)];
	struct attribution a;

	(void)state;
	memcpy(buf, curl_to_nginx_1, sizeof(buf));
	buf[4] = 15;
	assert_int_equal(decode_attribution(&a, buf, sizeof(buf)), -EBADMSG);
	buf[4] = 16;
	buf[5] = 27;
	assert_int_equal(decode_attribution(&a, buf, sizeof(buf)), -EBADMSG);
	buf[4] = buf[5] = 0;
	assert_int_equal(decode_attribution(&a, buf, sizeof(buf)), -EBADMSG);
}

static void other_text_is_no_country(void **state)
{
	static const char *const bad[] = { "de", "D1", "D", "\xc3\x84", "[A" };
	uint8_t buf[sizeof(kernel_reset)];
	struct attribution a;

	(void)state;
	memcpy(buf, kernel_reset, sizeof(buf));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memcpy(buf + 7, bad[i], 2);
		assert_int_equal(decode_attribution(&a, buf, sizeof(buf)), 0);
		assert_all_zero(a.dst.country, sizeof(a.dst.country));
	}
}

/* The largest of all: sixteen bytes without a NUL, in memory and in the file. */
static void a_long_name_is_cut_and_terminated(void **state)
{
	struct attribution a = loopback(), b;
	uint8_t buf[ATTRIBUTION_MAX + 1];

	(void)state;
	a.src.pid = a.dst.pid = UINT32_MAX;
	a.src.reason = REASON_LOST;
	memcpy(a.dst.country, "AT", 3);
	memcpy(a.src.name, "0123456789abcdef", RECORD_NAME_LEN);
	memcpy(a.dst.name, "0123456789abcdef", RECORD_NAME_LEN);
	assert_int_equal(attribution_encode(&a, buf, ATTRIBUTION_MAX),
			 ATTRIBUTION_MAX);
	buf[ATTRIBUTION_MAX] = 'f';
	assert_int_equal(decode_attribution(&b, buf, sizeof(buf)), 0);
	assert_string_equal(b.src.name, "0123456789abcde");
	assert_string_equal(b.dst.name, "0123456789abcde");
}

/* The kernel's comm may have an old name behind its NUL. */
static void what_follows_the_nul_stays_in_memory(void **state)
{
	struct attribution a = loopback();
	uint8_t buf[ATTRIBUTION_MAX];

	(void)state;
	memcpy(a.src.name, "curl\0secret", 12);
	attribution_encode(&a, buf, sizeof(buf));
	assert_memory_equal(buf, curl_to_nginx, sizeof(curl_to_nginx));
}

/* Not ours, of another kind, of a newer version. */
static void strangers_are_told_apart(void **state)
{
	uint8_t buf[sizeof(curl_to_nginx)];
	struct attribution a;
	struct process p;
	struct table_header t;

	(void)state;
	memcpy(buf, curl_to_nginx, sizeof(buf));
	assert_int_equal(record_kind(buf, sizeof(buf)), RECORD_ATTRIBUTION);
	assert_int_equal(record_kind("PW\2\1", 4), RECORD_PROCESS);
	assert_int_equal(record_kind("PW\3\1", 4), RECORD_TABLE);
	assert_int_equal(record_kind(buf, 3), -EBADMSG);
	assert_int_equal(process_decode(&p, buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(table_header_decode(&t, buf, sizeof(buf)), -EBADMSG);

	buf[3] = 0;
	assert_int_equal(record_kind(buf, sizeof(buf)), -EPROTONOSUPPORT);
	assert_int_equal(record_kind("PW\2\2", 4), -EPROTONOSUPPORT);
	buf[3] = ATTRIBUTION_VERSION + 1;
	assert_int_equal(record_kind(buf, sizeof(buf)), -EPROTONOSUPPORT);
	assert_int_equal(decode_attribution(&a, buf, sizeof(buf)),
			 -EPROTONOSUPPORT);
	assert_all_zero(&a, sizeof(a));
	buf[1] = 'X';
	assert_int_equal(record_kind(buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(record_kind(NULL, 0), -EBADMSG);
}

static void numbers_have_words(void **state)
{
	(void)state;
	assert_string_equal(attr_name(ATTR_NONE), "");
	assert_string_equal(attr_name(ATTR_SOCKET), "socket");
	assert_string_equal(attr_name(ATTR_IMPORT), "import");
	assert_string_equal(attr_name(ATTR_ACCEPTED), "accepted");
	assert_string_equal(attr_name(ATTR_HOLDER), "holder");
	assert_string_equal(attr_name(ATTR_HOLDER + 1), "unknown");
	assert_string_equal(reason_name(REASON_NONE), "");
	assert_string_equal(reason_name(REASON_TIME_WAIT), "time-wait");
	assert_string_equal(reason_name(REASON_FRAGMENT), "fragment");
	assert_string_equal(reason_name(255), "unknown");
	assert_string_equal(direction_name(DIRECTION_UNKNOWN), "unknown");
	assert_string_equal(direction_name(DIRECTION_FORWARDED), "forwarded");
	assert_string_equal(direction_name(UINT32_MAX), "unknown");
}

static void contents_have_known_bytes(void **state)
{
	static const uint8_t want[] = {
		'P', 'W', 5,  1,   0x34, 0x12, 0,   0,	  0, 0,	  0,   0,   1,
		0,   1,	  0,  24,  2,	 0,    128, 1,	  0, 'J', 'P', 192, 0,
		2,   198, 51, 100, 0x20, 1,    0xd, 0xb8, 0, 0,	  0,   0,   0,
		0,   0,	  0,  0,   0,	 0,    1,   0xe8, 3, 0,	  0,
	};
	const struct contents c = {
		.position = 0x1234,
		.has_all = true,
		.processes = 1000,
		.countries = want + 22,
		.country_count = 1,
		.bits = { 24, 128 },
		.network_count = { 2, 1 },
		.networks = { want + 24, want + 30 },
	};
	uint8_t buf[sizeof(want)];
	struct contents got;

	(void)state;
	assert_int_equal(contents_encode(&c, buf, sizeof(buf)), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
	assert_int_equal(contents_encode(&c, buf, sizeof(buf) - 1), -ENOSPC);
	assert_int_equal(contents_decode(&got, want, sizeof(want)), 0);
	assert_int_equal(got.position, c.position);
	assert_true(got.has_all);
	assert_int_equal(got.processes, 1000);
	assert_ptr_equal(got.countries, c.countries);
	assert_int_equal(got.country_count, 1);
	for (int f = 0; f < 2; f++) {
		assert_int_equal(got.bits[f], c.bits[f]);
		assert_int_equal(got.network_count[f], c.network_count[f]);
		assert_ptr_equal(got.networks[f], c.networks[f]);
	}
	for (size_t n = 0; n < sizeof(want); n++) {
		assert_true(contents_decode(&got, want, n) < 0);
		assert_int_equal(got.position, 0);
	}
	memcpy(buf, want, sizeof(want));
	buf[16] = 25; /* no whole bytes */
	assert_int_equal(contents_decode(&got, buf, sizeof(buf)), -EBADMSG);
	buf[16] = 40;
	assert_int_equal(contents_decode(&got, buf, sizeof(buf)), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attribution_has_known_bytes),
		cmocka_unit_test(both_versions_are_read),
		cmocka_unit_test(values_have_places),
		cmocka_unit_test(pids_of_every_length),
		cmocka_unit_test(large_numbers_stay_unknown),
		cmocka_unit_test(a_packet_without_owners_is_short),
		cmocka_unit_test(the_receiver_alone),
		cmocka_unit_test(another_receiver_has_known_bytes),
		cmocka_unit_test(every_cut_attribution_is_refused),
		cmocka_unit_test(a_short_buffer_gets_no_attribution),
		cmocka_unit_test(a_longer_attribution_is_read),
		cmocka_unit_test(a_shorter_attribution_is_refused),
		cmocka_unit_test(other_text_is_no_country),
		cmocka_unit_test(a_long_name_is_cut_and_terminated),
		cmocka_unit_test(what_follows_the_nul_stays_in_memory),
		cmocka_unit_test(contents_have_known_bytes),
		cmocka_unit_test(strangers_are_told_apart),
		cmocka_unit_test(numbers_have_words),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
