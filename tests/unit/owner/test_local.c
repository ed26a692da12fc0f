/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link_messages.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "interface/netlink.h"
#include "owner/local/local.h"

static const char *first; /* address of eth0 */
static bool unknown;
static int messages; /* of a change, that wait */
static int asked;

/* eth0 at 192.0.2.7/24 and 2001:db8::7, one from 10.1.2.3 to 10.1.2.4. */
int __wrap_netlink_each(int fd, uint16_t request, uint16_t answer,
			void (*take)(void *ctx, const struct nlmsghdr *h),
			void *ctx);
int __wrap_netlink_each(int fd, uint16_t request, uint16_t answer,
			void (*take)(void *ctx, const struct nlmsghdr *h),
			void *ctx)
{
	struct message eth = address_of(7, AF_INET, 24, IFA_ADDRESS, first);
	struct message tun = address_of(8, AF_INET, 32, IFA_ADDRESS,
					"10.1.2.4");
	struct message own = address_of(9, AF_INET, 32, IFA_LOCAL, "10.9.9.9");

	assert_true(fd >= 0);
	if (request == RTM_GETLINK)
		return 0;
	assert_int_equal(answer, RTM_NEWADDR);
	asked++;
	put_address(&eth, AF_INET, IFA_LOCAL, first);
	put_address(&eth, AF_INET, IFA_BROADCAST, "192.0.2.255");
	put_address(&tun, AF_INET, IFA_LOCAL, "10.1.2.3");
	put_address(&own, AF_INET, IFA_BROADCAST, "10.9.9.9");
	give(take, ctx, eth);
	if (unknown)
		return -ENOBUFS;
	give(take, ctx, tun);
	give(take, ctx, own);
	give(take, ctx,
	     address_of(7, AF_INET6, 64, IFA_ADDRESS, "2001:db8::7"));
	return 0;
}

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	if (flags != MSG_DONTWAIT)
		return __real_recv(fd, buf, len, flags);
	errno = EAGAIN;
	return messages-- > 0 ? 16 : -1;
}

static int make(void **state)
{
	(void)state;
	first = "192.0.2.7";
	unknown = false;
	messages = asked = 0;
	return 0;
}

static const uint8_t *bytes(const char *text)
{
	static uint8_t addr[16];
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "%s%s",
		 strchr(text, ':') ? "" : "::ffff:", text);
	assert_int_equal(inet_pton(AF_INET6, mapped, addr), 1);
	return addr;
}

static void all_addresses_are_known(void **state)
{
	struct local *l;

	(void)state;
	assert_int_equal(local_open(&l), 0);
	assert_true(local_has(l, bytes("192.0.2.7")));
	assert_true(local_has(l, bytes("10.1.2.3")));
	assert_true(local_has(l, bytes("2001:db8::7")));
	assert_false(local_has(l, bytes("192.0.2.8")));
	assert_false(local_has(l, bytes("10.1.1.3")));
	assert_false(local_has(l, bytes("192.0.2.255")));
	local_close(l);
}

static void all_of_127_is_this_host(void **state)
{
	struct local *l;

	(void)state;
	assert_int_equal(local_open(&l), 0);
	assert_true(local_has(l, bytes("127.0.0.1")));
	assert_true(local_has(l, bytes("127.255.1.2")));
	assert_false(local_has(l, bytes("128.0.0.1")));
	local_close(l);
}

static void groups_are_told_from_hosts(void **state)
{
	struct local *l;

	(void)state;
	assert_int_equal(local_open(&l), 0);
	assert_true(local_is_group(l, bytes("224.0.0.1")));
	assert_true(local_is_group(l, bytes("239.255.255.255")));
	assert_true(local_is_group(l, bytes("255.255.255.255")));
	assert_true(local_is_group(l, bytes("192.0.2.255")));
	assert_true(local_is_group(l, bytes("ff02::1")));
	assert_false(local_is_group(l, bytes("10.1.2.4")));
	assert_false(local_is_group(l, bytes("10.9.9.9")));
	assert_false(local_is_group(l, bytes("240.0.0.1")));
	assert_false(local_is_group(l, bytes("192.0.2.7")));
	assert_false(local_is_group(l, bytes("fe80::1")));
	local_close(l);
}

static void a_change_is_taken_in_once(void **state)
{
	struct local *l;

	(void)state;
	assert_int_equal(local_open(&l), 0);
	first = "192.0.2.9";
	local_refresh(l);
	local_catch_up(l);
	assert_int_equal(asked, 1);
	assert_false(local_has(l, bytes("192.0.2.9")));
	messages = 3;
	local_refresh(l);
	local_catch_up(l);
	assert_int_equal(asked, 2);
	assert_true(local_has(l, bytes("192.0.2.9")));
	assert_false(local_has(l, bytes("192.0.2.7")));
	local_close(l);
}

static void the_old_ones_are_better_than_none(void **state)
{
	struct local *l;

	(void)state;
	assert_int_equal(local_open(&l), 0);
	first = "192.0.2.9";
	unknown = true;
	messages = 1;
	local_refresh(l);
	local_catch_up(l);
	assert_int_equal(asked, 2);
	assert_true(local_has(l, bytes("192.0.2.7")));
	assert_true(local_has(l, bytes("2001:db8::7")));
	assert_false(local_has(l, bytes("192.0.2.9")));
	local_close(l);
}

#define test(f) cmocka_unit_test_setup(f, make)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(all_addresses_are_known),
		test(all_of_127_is_this_host),
		test(groups_are_told_from_hosts),
		test(a_change_is_taken_in_once),
		test(the_old_ones_are_better_than_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
