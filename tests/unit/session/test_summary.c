/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>

#include "host/log.h"
#include "session/summary.h"

static char said[2048];

static void hear(const char *line)
{
	assert_true(strlen(said) + strlen(line) < sizeof(said));
	strcat(said, line);
}

static int tell(const struct summary *s, const struct options *o, int err,
		int shown)
{
	static const char *const names[] = { "eth0", "lo" };
	struct summary two = *s;

	*said = '\0';
	two.names = names;
	two.interface_count = 2;
	return summary_tell(&two, o, err, shown);
}

static struct options to_a_file(void)
{
	return (struct options){ .write = "a.pcapng" };
}

static void what_went_well_is_one_line(void **state)
{
	struct options o = to_a_file();
	struct summary s = { .packets = 7 };

	(void)state;
	assert_int_equal(tell(&s, &o, 0, 0), 0);
	assert_string_equal(said, "pktwho: 7 packets, 0 dropped\n");
	s.packets = 1;
	assert_int_equal(tell(&s, &o, 0, 0), 0);
	assert_string_equal(said, "pktwho: 1 packet, 0 dropped\n");
	o.quiet = true;
	assert_int_equal(tell(&s, &o, 0, 0), 0);
	assert_string_equal(said, "");
}

static void only_who_dropped_is_named(void **state)
{
	struct options o = to_a_file();
	struct summary s = { .packets = 7,
			     .dropped = 6,
			     .interfaces[1] = { .received = 13,
						.os_dropped = 4,
						.if_dropped = 1,
						.own_drops = 2 } };

	(void)state;
	assert_int_equal(tell(&s, &o, 0, 0), 0);
	assert_string_equal(said,
			    "pktwho: 7 packets, 6 dropped\n"
			    "pktwho: warning: lo: of 13 packets the kernel "
			    "dropped 4, the interface 1, and 2 could not be "
			    "written in time\n");
}

static void a_reader_that_has_gone_is_no_error(void **state)
{
	struct options o = to_a_file();
	struct summary s = { .interfaces[0].own_drops = 1 };

	(void)state;
	assert_int_equal(tell(&s, &o, -EPIPE, 0), 0);
	assert_null(strstr(said, "warning"));
	assert_non_null(strstr(said, "eth0"));
	assert_int_equal(tell(&s, &o, -ETIMEDOUT, 0), 0);
}

static void a_file_that_failed_is_named_with_what_it_has(void **state)
{
	struct options o = to_a_file();
	struct summary s = { .packets = 7, .dropped = 2, .unwritten = 2 };

	(void)state;
	assert_int_equal(tell(&s, &o, -EIO, -EBADF), -EIO);
	assert_string_equal(said, "pktwho: cannot write a.pcapng: "
				  "Input/output error\n"
				  "pktwho: 7 packets, 2 dropped\n");
	assert_int_equal(tell(&s, &o, 0, -EBADF), -EBADF);
	assert_string_equal(said, "");
}

static void a_full_disk_is_a_failure_though_it_went_on(void **state)
{
	struct options o = to_a_file();
	struct summary s = { .packets = 7,
			     .dropped = 3,
			     .unwritten = 3,
			     .disk_full = -ENOSPC,
			     .interfaces[0].own_drops = 2 };

	(void)state;
	assert_int_equal(tell(&s, &o, 0, 0), -ENOSPC);
	assert_string_equal(said, "pktwho: 3 packets had no room in a.pcapng: "
				  "No space left on device\n"
				  "pktwho: 7 packets, 3 dropped\n");
	s.interfaces[0].received = 12;
	s.interfaces[0].os_dropped = 2;
	tell(&s, &o, 0, 0);
	assert_non_null(strstr(said, "pktwho: warning: eth0: of 12 packets the "
				     "kernel dropped 2, the interface 0\n"));
}

/* That is no failure: it is what the bounds are for. */
static void what_was_given_up_is_counted(void **state)
{
	struct options o = to_a_file();
	struct summary s = { .packets = 7,
			     .left_out_unnamed = 1,
			     .flows_forgotten = 2,
			     .processes_forgotten = 3,
			     .arguments_cut = 4,
			     .events_lost = true };

	(void)state;
	assert_int_equal(tell(&s, &o, 0, 0), 0);
	assert_string_equal(said,
			    "pktwho: 7 packets, 0 dropped, 1 left out, "
			    "owner not known, 2 flows forgotten, 3 processes "
			    "forgotten, 4 programs' arguments cut, kernel "
			    "events were lost\n");
	s = (struct summary){ .packets = 7,
			      .flows_forgotten = 1,
			      .processes_forgotten = 1,
			      .arguments_cut = 1 };
	tell(&s, &o, 0, 0);
	assert_string_equal(said, "pktwho: 7 packets, 0 dropped, 1 flow "
				  "forgotten, 1 process forgotten, 1 program's "
				  "arguments cut\n");
}

static void what_could_not_be_told_is_a_failure(void **state)
{
	struct options o = to_a_file();
	struct summary s = { .packets = 7,
			     .events_lost = true,
			     .unanswered = true,
			     .detached = true };

	(void)state;
	assert_int_equal(tell(&s, &o, 0, 0), 0);
	assert_string_equal(said,
			    "pktwho: 7 packets, 0 dropped, kernel events "
			    "were lost, lookups had no answer, hooks were "
			    "detached\n");
	s.incomplete = true;
	assert_int_equal(tell(&s, &o, 0, 0), -ESRCH);
	assert_int_equal(tell(&s, &o, -EIO, 0), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_went_well_is_one_line),
		cmocka_unit_test(only_who_dropped_is_named),
		cmocka_unit_test(a_reader_that_has_gone_is_no_error),
		cmocka_unit_test(a_file_that_failed_is_named_with_what_it_has),
		cmocka_unit_test(a_full_disk_is_a_failure_though_it_went_on),
		cmocka_unit_test(what_was_given_up_is_counted),
		cmocka_unit_test(what_could_not_be_told_is_a_failure),
	};

	log_set_sink(hear, LOG_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
