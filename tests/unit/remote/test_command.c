/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a shell on another machine is told. */
#include "exact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "remote/command.h"

/* What the shell runs: its own "sh -c" is an echo here. */
static void check(char **argv, const char *expected)
{
	struct options o;
	int argc = 0;
	char command[4096], script[4200], out[4096];
	FILE *f;

	while (argv[argc])
		argc++;
	assert_int_equal(options_parse(&o, argc, argv), 0);
	assert_int_equal(remote_command(&o, 0, command, sizeof(command)), 0);
	assert_int_equal(strncmp(command, "exec sh -c ", 11), 0);
	snprintf(script, sizeof(script), "printf %%s %s", command + 11);
	f = popen(script, "r");
	assert_non_null(f);
	out[fread(out, 1, sizeof(out) - 1, f)] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_string_equal(out, expected);
}

#define RUN " -w - -a eof --exclude-connection \"$SSH_CONNECTION\""

#define CHECK(expected, ...) \
	check((char *[]){ "pktwho", "--remote", "web", __VA_ARGS__ }, expected)

static void options_go_along(void **state)
{
	(void)state;
	CHECK("pktwho" RUN " --log-level info", NULL);
	CHECK("pktwho" RUN " -i 'eth0' -s '96' --log-level error", "-i", "eth0",
	      "-s", "96", "--log-level", "error", NULL);
	CHECK("sudo -n pktwho" RUN " -q -i 'eth0' -f 'tcp and not '\\''x'\\''' "
	      "-c '5' -a 'duration:1.5' --proc 'it'\\''s,a*' --comments 'all' "
	      "--no-cmdline --log-level info",
	      "-q", "-i", "eth0", "-f", "tcp and not 'x'", "--remote-sudo",
	      "-c", "5", "-a", "duration:1.5", "--proc=it's,a*", "--comm=all",
	      "--no-cmdline", NULL);
}

static void what_is_for_this_side_stays(void **state)
{
	(void)state;
	CHECK("/opt/pktwho" RUN " -f 'udp' --log-level info", "-w",
	      "here.pcapng", "--remote-port", "2222", "-f", "udp",
	      "--remote-command", "/opt/pktwho", "--exclude-connection",
	      "192.0.2.1 1 192.0.2.2 2", NULL);
}

/* Where nothing can be executed that is made for a short time only. */
static void a_copy_finds_a_place(void **state)
{
	static const char program[] = "#!/bin/sh\necho \"$0\"\n";
	char *argv[] = { "pktwho", "--remote", "web", "--remote-copy", NULL };
	char home[] = "/var/tmp/pktwho.XXXXXX", command[4096], script[5000];
	char out[256];
	struct options o;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(home));
	assert_int_equal(options_parse(&o, 4, argv), 0);
	assert_int_equal(remote_command(&o, sizeof(program) - 1, command,
					sizeof(command)),
			 0);
	snprintf(script, sizeof(script),
		 "printf '%s' | env HOME=%s TMPDIR=/proc"
		 " sh -c 'eval \"$0\"' \"$(cat <<\\END\n%s\nEND\n)\" 2>&1",
		 program, home, command);
	f = popen(script, "r");
	assert_non_null(f);
	assert_non_null(fgets(out, sizeof(out), f));
	while (strncmp(out, home, strlen(home)) && fgets(out, sizeof(out), f))
		;
	assert_int_equal(pclose(f), 0);
	if (strncmp(out, home, strlen(home)))
		fail_msg("%s", out);
	/* Nothing of it is left. */
	assert_int_equal(rmdir(home), 0);
}

static void a_command_too_long_is_refused(void **state)
{
	char *argv[] = { "pktwho", "--remote", "web", "-f", "udp", NULL };
	struct options o;
	char command[64];

	(void)state;
	assert_int_equal(options_parse(&o, 5, argv), 0);
	assert_int_equal(remote_command(&o, 0, command, sizeof(command)),
			 -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_go_along),
		cmocka_unit_test(what_is_for_this_side_stays),
		cmocka_unit_test(a_copy_finds_a_place),
		cmocka_unit_test(a_command_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
