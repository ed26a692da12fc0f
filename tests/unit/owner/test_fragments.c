/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "owner/resolve/fragments.h"

#define SECOND 1000000000ull
#define T      (1000 * SECOND)

static struct fragments *fragments;

static int open_fragments(void **state)
{
	(void)state;
	fragments = fragments_new();
	return fragments ? 0 : -1;
}

static int close_fragments(void **state)
{
	(void)state;
	fragments_free(fragments);
	return 0;
}

static struct packet_traits datagram(uint32_t id)
{
	struct packet_traits t = {
		.key = { .local_port = 5000,
			 .remote_port = 53,
			 .proto = IPPROTO_UDP },
		.fingerprint = 7,
		.arrival = 9,
		.fragment_id = id,
	};

	address_from_ipv4(t.key.local, (const uint8_t[]){ 192, 0, 2, 1 });
	address_from_ipv4(t.key.remote, (const uint8_t[]){ 192, 0, 2, 2 });
	return t;
}

static struct packet_traits first_of(uint32_t id)
{
	struct packet_traits t = datagram(id);

	t.fragment = t.first_fragment = true;
	return t;
}

static struct packet_traits later_of(uint32_t id)
{
	struct packet_traits t = datagram(id);

	t.fragment = true;
	t.key.local_port = t.key.remote_port = 0;
	t.fingerprint = t.arrival = 0;
	return t;
}

static void what_is_whole_is_itself(void **state)
{
	struct packet_traits whole = datagram(1), first = first_of(1);

	(void)state;
	assert_ptr_equal(fragments_whole(fragments, &whole, T), &whole);
	assert_ptr_equal(fragments_whole(fragments, &first, T), &first);
}

static void a_later_fragment_has_what_the_first_one_had(void **state)
{
	struct packet_traits first = first_of(1), later = later_of(1);
	const struct packet_traits *t;

	(void)state;
	assert_null(fragments_whole(fragments, &later, T));
	fragments_whole(fragments, &first, T);
	t = fragments_whole(fragments, &later, T + SECOND);
	assert_non_null(t);
	assert_memory_equal(&t->key, &first.key, sizeof(t->key));
	assert_int_equal(t->fingerprint, first.fingerprint);
	assert_int_equal(t->arrival, first.arrival);
}

static void another_datagrams_fragment_has_nothing_of_it(void **state)
{
	struct packet_traits first = first_of(1), later;

	(void)state;
	fragments_whole(fragments, &first, T);
	later = later_of(2);
	assert_null(fragments_whole(fragments, &later, T));
	later = later_of(1), later.key.local[15]++;
	assert_null(fragments_whole(fragments, &later, T));
	later = later_of(1), later.key.remote[15]++;
	assert_null(fragments_whole(fragments, &later, T));
	/* IPv4 numbers the datagrams of each protocol by themselves. */
	later = later_of(1), later.key.proto = IPPROTO_ICMP;
	assert_null(fragments_whole(fragments, &later, T));
}

/* There extension headers may be in between, which only the first one has. */
static void in_ipv6_the_protocol_does_not_matter(void **state)
{
	struct packet_traits first = first_of(1), later = later_of(1);

	(void)state;
	first.key.local[0] = first.key.remote[0] = 0x20;
	later.key.local[0] = later.key.remote[0] = 0x20;
	later.key.proto = IPPROTO_DSTOPTS;
	fragments_whole(fragments, &first, T);
	assert_non_null(fragments_whole(fragments, &later, T));
}

static void a_datagram_is_forgotten_when_the_kernel_gives_up(void **state)
{
	struct packet_traits first = first_of(1), later = later_of(1);

	(void)state;
	fragments_whole(fragments, &first, T);
	assert_non_null(fragments_whole(fragments, &later, T + 30 * SECOND));
	assert_null(fragments_whole(fragments, &later, T + 30 * SECOND + 1));
}

static void a_number_that_is_used_again_is_the_last_ones(void **state)
{
	struct packet_traits first = first_of(1), later = later_of(1);

	(void)state;
	fragments_whole(fragments, &first, T);
	first.key.local_port = 5001;
	fragments_whole(fragments, &first, T + SECOND);
	assert_int_equal(
		fragments_whole(fragments, &later, T + SECOND)->key.local_port,
		5001);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, open_fragments, close_fragments)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_whole_is_itself),
		TEST(a_later_fragment_has_what_the_first_one_had),
		TEST(another_datagrams_fragment_has_nothing_of_it),
		TEST(in_ipv6_the_protocol_does_not_matter),
		TEST(a_datagram_is_forgotten_when_the_kernel_gives_up),
		TEST(a_number_that_is_used_again_is_the_last_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
