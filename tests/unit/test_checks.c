/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>

#include "checks.h"
#include "host/log.h"
#include "options.h"
#include "process/filter/filter.h"

static char said[512];

static void hear(const char *line)
{
	snprintf(said, sizeof(said), "%s", line);
}

static int listen_to_the_log(void **state)
{
	(void)state;
	log_set_sink(hear, LOG_INFO);
	*said = '\0';
	return 0;
}

static void a_user_must_be_there(void **state)
{
	static const struct {
		const char *term;
		int err;
	} users[] = {
		{ "root", 0 },
		{ "0", 0 },
		{ "4000000000", 0 },
		{ "ro*", 0 },
		{ "no-such-user", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		struct filter f = { 0 };

		assert_true(filter_add(&f, FILTER_USER, users[i].term));
		assert_int_equal(checks_users(&f), users[i].err);
	}
	assert_non_null(strstr(said, "there is no user no-such-user"));
}

static void our_own_connection_is_left_out(void **state)
{
	static struct options o = { .exclude = "192.0.2.1 50000 192.0.2.2 22",
				    .interface_count = 2 };

	(void)state;
	o.interfaces[1].filter = "udp";
	assert_int_equal(checks_exclude(&o), 0);
	assert_non_null(strstr(o.interfaces[0].filter, "192.0.2.1"));
	assert_non_null(strstr(o.interfaces[1].filter, "(udp)"));
	assert_non_null(strstr(o.interfaces[1].filter, "50000"));
	o.exclude = "192.0.2.1";
	assert_int_equal(checks_exclude(&o), -EINVAL);
	assert_non_null(strstr(said, "is no connection"));
}

static void a_display_filter_is_no_capture_filter(void **state)
{
	struct options o = { .interface_count = 1 };

	(void)state;
	o.interfaces[0].name = "lo";
	assert_int_equal(checks_filters(&o), 0);
	o.interfaces[0].filter = "tcp port 80";
	assert_int_equal(checks_filters(&o), 0);
	o.interfaces[0].filter = "http";
	assert_int_equal(checks_filters(&o), -EINVAL);
	assert_string_not_equal(said, "");
}

#define test(f) cmocka_unit_test_setup(f, listen_to_the_log)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_user_must_be_there),
		test(our_own_connection_is_left_out),
		test(a_display_filter_is_no_capture_filter),
	};

	return cmocka_run_group_tests_name("checks", tests, NULL, NULL);
}
