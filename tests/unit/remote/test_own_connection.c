/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdlib.h>

#include "remote/own_connection.h"

static void a_connection_is_left_out(void **state)
{
	char *filter = own_connection_exclude(NULL,
					      "192.0.2.1 50000 192.0.2.2 22");

	(void)state;
	assert_string_equal(filter,
			    "not (tcp and"
			    " ((src host 192.0.2.1 and src port 50000 and"
			    " dst host 192.0.2.2 and dst port 22) or"
			    " (src host 192.0.2.2 and src port 22 and"
			    " dst host 192.0.2.1 and dst port 50000)))");
	free(filter);
	filter = own_connection_exclude("udp or tcp",
					"fe80::1%eth0 50000 2001:db8::2 2222");
	assert_int_equal(strncmp(filter, "(udp or tcp) and not (tcp", 25), 0);
	assert_null(strchr(filter, '%'));
	assert_non_null(strstr(filter, "src host fe80::1 and src port 50000"));
	free(filter);
}

static void a_connection_that_is_not_of_tcp_has_no_packets(void **state)
{
	char *filter = own_connection_exclude("udp",
					      "UNKNOWN 65535 UNKNOWN 65535");

	(void)state;
	assert_string_equal(filter, "udp");
	free(filter);
	filter = own_connection_exclude(NULL, "");
	assert_string_equal(filter, "");
	free(filter);
}

static void what_is_no_connection_is_refused(void **state)
{
	static const char *const rows[] = {
		" ",
		"192.0.2.1 1 192.0.2.2",
		"192.0.2.1 1 192.0.2.2 x",
		"192.0.2.1 0 192.0.2.2 22",
		"192.0.2.1 1 192.0.2.2 65536",
		"host 1 192.0.2.2 22",
		"192.0.2.1 1 192.0.2.2 22 or tcp",
		"192.0.2.1) 1 192.0.2.2 22",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (own_connection_exclude("tcp", rows[i]))
			fail_msg("taken: \"%s\"", rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_left_out),
		cmocka_unit_test(
			a_connection_that_is_not_of_tcp_has_no_packets),
		cmocka_unit_test(what_is_no_connection_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
