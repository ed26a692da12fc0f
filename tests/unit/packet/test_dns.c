/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <netinet/in.h>

#include "packet/dns.h"

/* www.example.com is an alias of x.example.com, with two addresses. */
static const uint8_t answer[] = {
	0x12, 0x34, 0x81, 0x80, 0,  1,	 0,   3,    0,	 0,    0,    0,
	3,    'w',  'w',  'w',	7,  'e', 'x', 'a',  'm', 'p',  'l',  'e',
	3,    'c',  'o',  'm',	0,  0,	 1,   0,    1,	 0xc0, 12,   0,
	5,    0,    1,	  0,	0,  0,	 9,   0,    4,	 1,    'x',  0xc0,
	16,   1,    'x',  0xc0, 16, 0,	 1,   0,    1,	 0,    0,    0,
	9,    0,    4,	  192,	0,  2,	 1,   0xc0, 45,	 0,    28,   0,
	1,    0,    0,	  0,	9,  0,	 16,  0x20, 1,	 0x0d, 0xb8, 0,
	0,    0,    0,	  0,	0,  0,	 0,   0,    0,	 0,    7,
};

static unsigned count;
static char names[4][DNS_NAME];
static uint8_t addresses[4][16];

static void take(void *ctx, const char *name, const uint8_t addr[16])
{
	(void)ctx;
	strcpy(names[count], name);
	memcpy(addresses[count++], addr, 16);
}

/* Memory ends where the message does. */
static unsigned read_exactly(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = exact_copy(bytes, len);

	count = 0;
	dns_read_message(copy, len, take, NULL);
	free(copy);
	return count;
}

static void addresses_have_the_name_that_was_asked_for(void **state)
{
	static const uint8_t v4[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 7 };

	(void)state;
	assert_int_equal(read_exactly(answer, sizeof(answer)), 2);
	assert_string_equal(names[0], "www.example.com");
	assert_string_equal(names[1], "www.example.com");
	assert_memory_equal(addresses[0], v4, 16);
	assert_memory_equal(addresses[1], v6, 16);
}

static void what_is_cut_says_no_more_than_it_has(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(answer); n++)
		assert_in_range(read_exactly(answer, n), 0, n < 67 ? 0 : 1);
}

static void what_is_no_answer_says_nothing(void **state)
{
	uint8_t other[sizeof(answer)];
	static const struct {
		size_t at;
		uint8_t byte;
	} changes[] = {
		{ 2, 0x01 },  /* a question */
		{ 3, 0x83 },  /* there is no such name */
		{ 5, 2 },     /* two questions */
		{ 12, 0xc0 }, /* a pointer where nothing is yet */
		{ 12, 0 },    /* the root */
		{ 13, ' ' },  { 13, 0 }, { 13, '.' }, { 13, 0xff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		memcpy(other, answer, sizeof(other));
		other[changes[i].at] = changes[i].byte;
		assert_int_equal(read_exactly(other, sizeof(other)), 0);
	}
	/* Both addresses of another class. */
	memcpy(other, answer, sizeof(other));
	other[56] = 3;
	other[72] = 3;
	assert_int_equal(read_exactly(other, sizeof(other)), 0);
}

static void a_name_may_be_as_long_as_dns_has_it(void **state)
{
	uint8_t long_one[400] = { 0, 0, 0x80, 0, 0, 1, 0, 1 };
	size_t at;

	(void)state;
	for (int labels = 1; labels <= 6; labels++) {
		at = 12;
		for (int i = 0; i < labels; i++) {
			long_one[at++] = 50;
			memset(long_one + at, 'a', 50);
			at += 50;
		}
		memcpy(long_one + at,
		       "\0\0\1\0\1"
		       "\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4",
		       20);
		assert_int_equal(read_exactly(long_one, at + 20), labels < 5);
		if (labels < 5)
			assert_int_equal(strlen(names[0]),
					 (size_t)labels * 51 - 1);
	}
}

static void a_packet_is_read_where_its_message_begins(void **state)
{
	uint8_t frame[14 + 24 + 8 + sizeof(answer)] = { 0 };
	struct packet p = { .kind = PACKET_IP };
	uint8_t *ip = frame + 14, *copy;

	(void)state;
	ip[0] = 0x46; /* with an option */
	memcpy(ip + 12, "\12\0\0\1\12\0\0\2", 8);
	memcpy(ip + 32, answer, sizeof(answer));
	p.outer.key.proto = IPPROTO_UDP;
	p.outer.key.local_port = 53;
	address_from_ipv4(p.outer.key.local, ip + 12);
	address_from_ipv4(p.outer.key.remote, ip + 16);
	count = 0;
	copy = exact_copy(frame, sizeof(frame));
	dns_read(&p, copy, sizeof(frame), take, NULL);
	assert_int_equal(count, 2);
	for (size_t n = 0; n < 14 + 24 + 8; n++)
		dns_read(&p, copy + sizeof(frame) - n, n, take, NULL);
	p.outer.fragment = true;
	dns_read(&p, copy, sizeof(frame), take, NULL);
	p.outer.fragment = false;
	p.outer.key.local_port = 54;
	dns_read(&p, copy, sizeof(frame), take, NULL);
	assert_int_equal(count, 2);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_the_name_that_was_asked_for),
		cmocka_unit_test(what_is_cut_says_no_more_than_it_has),
		cmocka_unit_test(what_is_no_answer_says_nothing),
		cmocka_unit_test(a_name_may_be_as_long_as_dns_has_it),
		cmocka_unit_test(a_packet_is_read_where_its_message_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
