/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>

#include "exact.h"
#include "packet/network.h"
#include "packet/parse.h"

static bool has(const char *network, const char *text)
{
	struct network n;
	uint8_t addr[16], v4[4];

	assert_int_equal(network_parse(&n, network), 0);
	if (inet_pton(AF_INET, text, v4) == 1)
		address_from_ipv4(addr, v4);
	else
		assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	return network_has(&n, addr);
}

static void addresses_are_of_networks(void **state)
{
	(void)state;
	assert_true(has("192.0.2.1", "192.0.2.1"));
	assert_false(has("192.0.2.1", "192.0.2.2"));
	assert_true(has("192.0.2.0/23", "192.0.3.255"));
	assert_false(has("192.0.2.0/23", "192.0.4.0"));
	assert_true(has("0.0.0.0/0", "198.51.100.7"));
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_true(has("2001:db8::/32", "2001:db8:ffff::1"));
	assert_false(has("2001:db8::/32", "2001:db9::"));
	assert_true(has("::/0", "192.0.2.1"));
	assert_true(has("::ffff:192.0.2.0/120", "192.0.2.9"));
}

static void what_is_none_is_refused(void **state)
{
	static const char *const words[] = {
		"",
		"/8",
		"192.0.2",
		"192.0.2.1/",
		"192.0.2.1/33",
		"192.0.2.1/8x",
		"192.0.2.1/-1",
		"192.0.2.1/+8",
		"192.0.2.1/ 8",
		"192.0.2.1/18446744073709551617",
		"::1/129",
		"example.org",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa",
	};
	struct network n;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (network_parse(&n, words[i]) != -EINVAL)
			fail_msg("%s", words[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_of_networks),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
