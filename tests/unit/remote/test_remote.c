/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a shell on another machine is told, and which connection is left out. */
#include "exact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "remote/remote.h"

static struct options plain(void)
{
	return (struct options){
		.interfaces = { { "eth0", NULL } },
		.interface_count = 1,
		.snaplen = 262144,
		.remote = { .host = "web" },
	};
}

/* What the shell runs: its own "sh -c" is an echo here. */
static void check(const struct options *o, const char *expected)
{
	char command[4096], script[4200], out[4096];
	FILE *f;

	assert_int_equal(remote_command(o, command, sizeof(command)), 0);
	assert_int_equal(strncmp(command, "exec sh -c ", 11), 0);
	snprintf(script, sizeof(script), "printf %%s %s", command + 11);
	f = popen(script, "r");
	assert_non_null(f);
	out[fread(out, 1, sizeof(out) - 1, f)] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_string_equal(out, expected);
}

#define RUN "pktwho -w - -a eof --exclude-connection \"$SSH_CONNECTION\""

static void options_go_along(void **state)
{
	struct options o = plain();

	(void)state;
	check(&o, RUN " -i 'eth0' -s 262144 --log-level error");
	o.log_level = LOG_INFO;
	o.quiet = true;
	o.interfaces[0].filter = "tcp and not 'x'";
	o.remote.sudo = true;
	o.max_packets = 5;
	o.max_duration_ns = 1500000000;
	o.no_cmdline = o.no_comments = true;
	filter_add(&o.filter, FILTER_PROC, "it's");
	check(&o, "sudo -n " RUN " -i 'eth0' -f 'tcp and not '\\''x'\\''' "
	      "-s 262144 -c 5 -a duration:1.500000000 --proc 'it'\\''s' "
	      "--no-comments --no-cmdline -q --log-level info");
}

static void a_command_too_long_is_refused(void **state)
{
	struct options o = plain();
	char command[64];

	(void)state;
	assert_int_equal(remote_command(&o, command, sizeof(command)), -ENOSPC);
}

static void a_connection_is_left_out(void **state)
{
	char *filter = remote_exclude(NULL, "192.0.2.1 50000 192.0.2.2 22");

	(void)state;
	assert_string_equal(filter, "not (tcp and"
		" ((src host 192.0.2.1 and src port 50000 and"
		" dst host 192.0.2.2 and dst port 22) or"
		" (src host 192.0.2.2 and src port 22 and"
		" dst host 192.0.2.1 and dst port 50000)))");
	free(filter);
	filter = remote_exclude("udp or tcp",
				"fe80::1%eth0 50000 2001:db8::2 2222");
	assert_int_equal(strncmp(filter, "(udp or tcp) and not (tcp", 25), 0);
	assert_null(strchr(filter, '%'));
	assert_non_null(strstr(filter, "src host fe80::1 and src port 50000"));
	free(filter);
}

static void a_connection_that_is_not_of_tcp_has_no_packets(void **state)
{
	char *filter = remote_exclude("udp", "UNKNOWN 65535 UNKNOWN 65535");

	(void)state;
	assert_string_equal(filter, "udp");
	free(filter);
	filter = remote_exclude(NULL, "");
	assert_string_equal(filter, "");
	free(filter);
}

static void what_is_no_connection_is_refused(void **state)
{
	static const char *const rows[] = {
		" ", "192.0.2.1 1 192.0.2.2", "192.0.2.1 1 192.0.2.2 x",
		"192.0.2.1 0 192.0.2.2 22", "192.0.2.1 1 192.0.2.2 65536",
		"host 1 192.0.2.2 22", "192.0.2.1 1 192.0.2.2 22 or tcp",
		"192.0.2.1) 1 192.0.2.2 22",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (remote_exclude("tcp", rows[i]))
			fail_msg("taken: \"%s\"", rows[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_go_along),
		cmocka_unit_test(a_command_too_long_is_refused),
		cmocka_unit_test(a_connection_is_left_out),
		cmocka_unit_test(a_connection_that_is_not_of_tcp_has_no_packets),
		cmocka_unit_test(what_is_no_connection_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
