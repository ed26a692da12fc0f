/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <arpa/inet.h>

#include "reach.h"

static enum reach reach(const char *text)
{
	uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };

	if (strchr(text, ':'))
		assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	else
		assert_int_equal(inet_pton(AF_INET, text, addr + 12), 1);
	return reach_of(addr);
}

static void assert_all(enum reach expected, const char *const *addresses)
{
	for (; *addresses; addresses++)
		if (reach(*addresses) != expected)
			fail_msg("%s", *addresses);
}

/* clang-format off */
static void what_routers_pass_on_is_public(void **state)
{
	(void)state;
	assert_all(REACH_PUBLIC, (const char *const[]){
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255",
		"100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.0.9",
		"223.255.255.255", "2001::1", "2001:1::2", "2600::1",
		"3ffe::1", "64:ff9b::1.1.1.1", NULL });
}

static void what_stays_in_a_network_is_special(void **state)
{
	(void)state;
	assert_all(REACH_SPECIAL, (const char *const[]){
		"0.0.0.0", "10.0.0.0", "10.255.255.255", "100.64.0.0",
		"127.0.0.1", "169.254.1.1", "172.16.0.0", "172.31.255.255",
		"192.0.0.1", "192.168.1.1", "198.19.255.255", "224.0.0.251",
		"255.255.255.255", "::", "::1", "2001:1::4", "fe80::1",
		"fd00::1", "ff02::1", "4000::1", NULL });
}

static void what_books_print_is_neither(void **state)
{
	(void)state;
	assert_all(REACH_DOCUMENTATION, (const char *const[]){
		"192.0.2.1", "198.51.100.255", "203.0.113.0", "2001:db8::1",
		"3fff:fff::1", NULL });
}
/* clang-format on */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_routers_pass_on_is_public),
		cmocka_unit_test(what_stays_in_a_network_is_special),
		cmocka_unit_test(what_books_print_is_neither),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
