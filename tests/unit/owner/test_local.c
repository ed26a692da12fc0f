/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

#include "owner/local/local.h"

static struct ifaddrs list[4];
static struct sockaddr_in v4[2], broadcast, peer;
static struct sockaddr_in6 v6;
static bool unknown;
static int messages;			/* of a change, that wait */
static int asked;

int __wrap_getifaddrs(struct ifaddrs **all);
int __wrap_getifaddrs(struct ifaddrs **all)
{
	asked++;
	*all = list;
	return unknown ? -1 : 0;
}

void __wrap_freeifaddrs(struct ifaddrs *all);
void __wrap_freeifaddrs(struct ifaddrs *all)
{
	assert_ptr_equal(all, list);
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

static struct sockaddr_in ipv4(const char *text)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, text, &sa.sin_addr), 1);
	return sa;
}

/* 192.0.2.7/24, 10.1.2.3 to 10.1.2.4, 2001:db8::7. */
static int make(void **state)
{
	(void)state;
	v4[0] = ipv4("192.0.2.7");
	v4[1] = ipv4("10.1.2.3");
	broadcast = ipv4("192.0.2.255");
	peer = ipv4("10.1.2.4");
	v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	inet_pton(AF_INET6, "2001:db8::7", &v6.sin6_addr);
	memset(list, 0, sizeof(list));
	for (int i = 0; i < 3; i++)
		list[i].ifa_next = &list[i + 1];
	list[0].ifa_addr = (void *)&v4[0];
	list[0].ifa_flags = IFF_BROADCAST;
	list[0].ifa_broadaddr = (void *)&broadcast;
	/* Of point-to-point it is the other end. */
	list[1].ifa_addr = (void *)&v4[1];
	list[1].ifa_broadaddr = (void *)&peer;
	list[2].ifa_addr = (void *)&v6;
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
	v4[0] = ipv4("192.0.2.9");
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
	unknown = true;
	messages = 1;
	local_refresh(l);
	local_catch_up(l);
	assert_int_equal(asked, 2);
	assert_true(local_has(l, bytes("192.0.2.7")));
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
