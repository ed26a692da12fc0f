/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <sys/socket.h>

#include "interface/netlink.h"

#define MS 1000000ull

static int messages;

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	(void)fd;
	(void)buf;
	(void)len;
	assert_int_equal(flags, MSG_DONTWAIT);
	errno = EAGAIN;
	return messages-- > 0 ? 16 : -1;
}

static bool is_due(struct netlink_pace *p, int news, uint64_t now, bool urgent)
{
	messages = news;
	return netlink_is_due(p, netlink_drain(9), now, urgent);
}

static void a_short_list_is_read_whenever_it_changes(void **state)
{
	struct netlink_pace p = { 0 };

	(void)state;
	assert_false(is_due(&p, 0, 100 * MS, true));
	assert_true(is_due(&p, 3, 100 * MS, false));
	netlink_was_read(&p, 100 * MS, 900000);
	assert_false(is_due(&p, 0, 101 * MS, false));
	assert_true(is_due(&p, 1, 101 * MS, false));
}

/* It takes a twentieth of the time, or a third of it; nothing is forgotten. */
static void a_long_list_is_read_now_and_then(void **state)
{
	struct netlink_pace p = { 0 };

	(void)state;
	assert_true(is_due(&p, 1, 100 * MS, false));
	netlink_was_read(&p, 100 * MS, 10 * MS);
	assert_false(is_due(&p, 1, 111 * MS, true));
	assert_false(is_due(&p, 0, 139 * MS, true));
	assert_true(is_due(&p, 0, 140 * MS, true));
	assert_false(is_due(&p, 0, 309 * MS, false));
	assert_true(is_due(&p, 0, 310 * MS, false));
	netlink_was_read(&p, 310 * MS, 10 * MS);
	assert_false(is_due(&p, 0, 900 * MS, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_list_is_read_whenever_it_changes),
		cmocka_unit_test(a_long_list_is_read_now_and_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
