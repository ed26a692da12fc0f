/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/flow_filter.h"
#include "view/talk.h"

static void one_address_or_port_is_that_of_both_ends(void **state)
{
	struct flow_key k = { .proto = UDP,
			      .local_port = 5353,
			      .remote_port = 5353 };
	char text[FLOW_FILTER];

	(void)state;
	address_from_ipv4(k.local, (const uint8_t[4]){ 127, 0, 0, 1 });
	memcpy(k.remote, k.local, sizeof(k.remote));
	flow_filter(&k, text);
	assert_string_equal(text,
			    "ip.src#1 == 127.0.0.1 && ip.dst#1 == 127.0.0.1 && "
			    "udp.srcport == 5353 && udp.dstport == 5353 && "
			    "ip.proto#1 == 17");
}

/* Whichever protocol it is: its server is left out, with the server's port. */
static void a_server_is_told_from_what_it_asks(void **state)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
		const char *filter;
	} cases[] = {
		{ TCP, 80,
		  "(ip.src#1 == 192.0.2.2 && tcp.srcport == 80) || "
		  "(ip.dst#1 == 192.0.2.2 && tcp.dstport == 80)" },
		{ 1, FLOW_ECHO_ANSWERS,
		  "ip.addr#1 == 192.0.2.2 && icmp.ident#1 == 7" },
		{ 1, 0, "ip.addr#1 == 192.0.2.2 && icmp && !icmp.ident#1" },
		{ 47, 0, "ip.addr#1 == 192.0.2.2 && ip.proto#1 == 47" },
	};
	char text[FLOW_FILTER];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct flow_key k = { .proto = cases[i].proto,
				      .local_port = 7,
				      .remote_port = cases[i].port };

		address_from_ipv4(k.remote, (const uint8_t[4]){ 192, 0, 2, 2 });
		flow_filter_server(&k, text);
		assert_string_equal(text, cases[i].filter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address_or_port_is_that_of_both_ends),
		cmocka_unit_test(a_server_is_told_from_what_it_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
