/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <arpa/inet.h>

#include "archive/peer.h"
#include "output/peers.h"
#include "packet/parse.h"
#include "random.h"
#include "record.h"

static struct peers *peers;

static int make(void **state)
{
	(void)state;
	peers = peers_new();
	return !peers;
}

static int unmake(void **state)
{
	(void)state;
	peers_free(peers);
	return 0;
}

static void add(const char *text)
{
	struct network n;

	assert_int_equal(network_parse(&n, text), 0);
	peers_add(peers, n.addr, n.addr);
}

/* What a reader of the file thinks of it. */
static bool may_have(const char *host, const char *country)
{
	uint8_t bytes[CONTENTS_LEN + PEERS_MAX];
	struct contents c = { .position = 0 };
	struct peer p;
	int len;

	peers_tell(peers, &c);
	len = contents_encode(&c, bytes, sizeof(bytes));
	assert_int_equal(len, CONTENTS_LEN + peers_size(peers));
	assert_int_equal(contents_decode(&c, bytes, (size_t)len), 0);
	assert_int_equal(peer_parse(&p, host, country), 0);
	return peer_may_be_in(&p, &c);
}

static void each_address_is_told_once(void **state)
{
	(void)state;
	assert_false(may_have("192.0.2.1", NULL));
	for (int i = 0; i < 3; i++) {
		add("192.0.2.1");
		add("0.0.0.0");
		add("::");
		add("2001:db8::1");
	}
	assert_int_equal(peers_size(peers), 2 * 4 + 2 * 16);
	assert_true(may_have("192.0.2.1", NULL));
	assert_true(may_have("0.0.0.0", NULL));
	assert_true(may_have("::", NULL));
	assert_true(may_have("2001:db8::1", NULL));
	assert_false(may_have("192.0.2.2", NULL));
	assert_false(may_have("2001:db8::2", NULL));
	peers_clear(peers);
	assert_false(may_have("192.0.2.1", NULL));
}

static void a_network_has_its_addresses(void **state)
{
	(void)state;
	add("192.0.2.129");
	add("2001:db8:7::1");
	assert_true(may_have("192.0.2.128/25", NULL));
	assert_false(may_have("192.0.2.0/25", NULL));
	assert_true(may_have("2001:db8::/32", NULL));
	assert_false(may_have("2001:db8:8::/47", NULL));
	/* All of IPv4 is in there. */
	assert_true(may_have("::/64", NULL));
}

static void countries_are_told(void **state)
{
	(void)state;
	peers_add_country(peers, "\0\0");
	peers_add_country(peers, "jp");
	peers_add_country(peers, "J1");
	assert_int_equal(peers_size(peers), 0);
	peers_add_country(peers, "ZZ");
	peers_add_country(peers, "AA");
	peers_add_country(peers, "AA");
	assert_int_equal(peers_size(peers), 4);
	assert_true(may_have(NULL, "aa"));
	assert_true(may_have(NULL, "ZZ"));
	assert_false(may_have(NULL, "JP"));
	add("192.0.2.1");
	assert_true(may_have("192.0.2.1", "AA"));
	assert_false(may_have("192.0.2.2", "AA"));
}

static void draw(uint8_t addr[16], int i)
{
	uint8_t v4[4];

	for (int n = 0; n < 16; n++)
		addr[n] = (uint8_t)below(256);
	if (i % 3)
		return;
	memcpy(v4, addr, sizeof(v4));
	address_from_ipv4(addr, v4);
}

/* Never fewer than there are, and the room is never passed. */
static void of_too_many_their_networks_are_told(void **state)
{
	static uint8_t addrs[60000][16];
	char text[INET6_ADDRSTRLEN];

	(void)state;
	add("2001:db8::1");
	for (int i = 0; i < 60000; i++) {
		draw(addrs[i], i);
		peers_add(peers, addrs[i], addrs[i / 2]);
		assert_in_range(peers_size(peers), 1, 16 * PEERS_NETWORKS);
	}
	for (int i = 0; i < 60000; i += 97) {
		if (i % 3)
			inet_ntop(AF_INET6, addrs[i], text, sizeof(text));
		else
			inet_ntop(AF_INET, addrs[i] + 12, text, sizeof(text));
		assert_true(may_have(text, NULL));
	}
	assert_true(may_have("2001:db8::1", NULL));
}

static void answers_add_nothing(void **state)
{
	struct network a, b, c;

	(void)state;
	network_parse(&a, "192.0.2.1");
	network_parse(&b, "192.0.2.2");
	network_parse(&c, "192.0.2.3");
	peers_add(peers, a.addr, b.addr);
	peers_add(peers, b.addr, a.addr);
	assert_int_equal(peers_size(peers), 8);
	peers_add(peers, b.addr, b.addr);
	peers_add(peers, c.addr, b.addr);
	assert_int_equal(peers_size(peers), 12);
	peers_add(peers, a.addr, a.addr);
	assert_true(may_have("192.0.2.3", NULL));
}

/* One family's flood takes nothing from the other. */
static void only_who_has_most_is_cut(void **state)
{
	(void)state;
	add("2001:db8::1");
	for (unsigned i = 0; i < 100000; i++) {
		const uint8_t v4[4] = { 10, (uint8_t)(i >> 16),
					(uint8_t)(i >> 8), (uint8_t)i };
		uint8_t addr[16];

		address_from_ipv4(addr, v4);
		peers_add(peers, addr, addr);
	}
	assert_false(may_have("2001:db8::2", NULL));
	assert_true(may_have("10.0.0.0/8", NULL));
	assert_false(may_have("11.0.0.0/8", NULL));
	assert_false(may_have("10.9.0.0/16", NULL));
	assert_true(may_have("10.1.134.159", NULL));
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(each_address_is_told_once),
		test(a_network_has_its_addresses),
		test(countries_are_told),
		test(of_too_many_their_networks_are_told),
		test(answers_add_nothing),
		test(only_who_has_most_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
