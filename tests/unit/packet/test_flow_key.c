/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <netinet/in.h>

#include "packet/flow_key.h"

static const uint8_t alice[4] = { 192, 0, 2, 1 }, bob[4] = { 192, 0, 2, 2 };

static struct flow_key key(uint8_t proto, uint16_t local, uint16_t remote)
{
	struct flow_key k = { .local_port = local,
			      .remote_port = remote,
			      .proto = proto };

	address_from_ipv4(k.local, alice);
	address_from_ipv4(k.remote, bob);
	return k;
}

static void the_other_end_has_both_ends_turned_around(void **state)
{
	struct flow_key k = key(IPPROTO_TCP, 40000, 443);
	struct flow_key r = flow_reversed(&k), again = flow_reversed(&r);

	(void)state;
	assert_memory_equal(r.local, k.remote, sizeof(r.local));
	assert_memory_equal(r.remote, k.local, sizeof(r.remote));
	assert_int_equal(r.local_port, 443);
	assert_int_equal(r.remote_port, 40000);
	assert_int_equal(r.proto, IPPROTO_TCP);
	assert_memory_equal(&again, &k, sizeof(k));
}

/* Both ends know an echo by its identifier; one of them asks. */
static void who_asks_for_an_echo_is_answered_by_the_other(void **state)
{
	struct flow_key k = key(IPPROTO_ICMP, 0x1234, FLOW_ECHO_ASKS);
	struct flow_key r = flow_reversed(&k), again = flow_reversed(&r);

	(void)state;
	assert_int_equal(r.local_port, 0x1234);
	assert_int_equal(r.remote_port, FLOW_ECHO_ANSWERS);
	assert_memory_equal(&again, &k, sizeof(k));
}

static void other_icmp_has_no_roles(void **state)
{
	struct flow_key k = key(IPPROTO_ICMPV6, 0, 0);

	(void)state;
	assert_int_equal(flow_reversed(&k).remote_port, 0);
}

static void ipv4_is_mapped(void **state)
{
	uint8_t addr[16];

	(void)state;
	address_from_ipv4(addr, alice);
	assert_true(address_is_ipv4(addr));
	assert_memory_equal(addr + 12, alice, sizeof(alice));
	for (size_t i = 0; i < 12; i++) {
		addr[i] ^= 1;
		assert_false(address_is_ipv4(addr));
		addr[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_other_end_has_both_ends_turned_around),
		cmocka_unit_test(who_asks_for_an_echo_is_answered_by_the_other),
		cmocka_unit_test(other_icmp_has_no_roles),
		cmocka_unit_test(ipv4_is_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
