/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <netinet/in.h>

#include "packet/parse.h"
#include "view/flows/names.h"

static void addresses_are_as_people_write_them(void **state)
{
	static const uint8_t v4[4] = { 192, 0, 2, 1 };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	char text[INET6_ADDRSTRLEN];
	uint8_t mapped[16];

	(void)state;
	address_from_ipv4(mapped, v4);
	name_address(mapped, text, sizeof(text));
	assert_string_equal(text, "192.0.2.1");
	name_address(v6, text, sizeof(text));
	assert_string_equal(text, "2001:db8::1");
}

static void protocols_have_names_or_numbers(void **state)
{
	static const struct {
		struct flow_key key;
		const char *name;
		bool ports;
	} rows[] = {
		{ { .proto = IPPROTO_TCP }, "tcp", true },
		{ { .proto = IPPROTO_UDP }, "udp", true },
		{ { .proto = IPPROTO_ICMP }, "icmp", false },
		{ { .proto = IPPROTO_ICMPV6 }, "ipv6-icmp", false },
		{ { .proto = 89 }, "89", false },
		{ { .proto = FLOW_FRAME, .local_port = 0x0806 }, "arp", false },
		{ { .proto = FLOW_FRAME, .remote_port = 0x88cc },
		  "lldp",
		  false },
		{ { .proto = FLOW_FRAME, .local_port = 0x88f7 },
		  "0x88f7",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_string_equal(name_protocol(&rows[i].key), rows[i].name);
		assert_int_equal(name_has_ports(rows[i].key.proto),
				 rows[i].ports);
	}
}

static void only_tcp_has_a_state(void **state)
{
	struct flow f = { .key = { .proto = IPPROTO_TCP },
			  .state = FLOW_RESET };

	(void)state;
	assert_string_equal(name_state(&f), "reset");
	assert_string_equal(name_over(&f), "");
	f.over = FLOW_ENDED;
	assert_string_equal(name_over(&f), "reset");
	f.over = FLOW_IDLE;
	assert_string_equal(name_over(&f), "idle");
	f.key.proto = IPPROTO_UDP;
	assert_string_equal(name_state(&f), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_as_people_write_them),
		cmocka_unit_test(protocols_have_names_or_numbers),
		cmocka_unit_test(only_tcp_has_a_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
