/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices as messages of netlink tell them, whole and cut. */
#include "link_messages.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>

#include "interface/devices.h"
#include "interface/netlink.h"

static bool told;		  /* that something has changed */
static struct message changed[4]; /* what, in this order */
static int change_count;
static bool refused;
static int stage; /* what there is */

int __wrap_netlink_each(int fd, uint16_t request, uint16_t answer,
			void (*take)(void *ctx, const struct nlmsghdr *h),
			void *ctx);
int __wrap_netlink_each(int fd, uint16_t request, uint16_t answer,
			void (*take)(void *ctx, const struct nlmsghdr *h),
			void *ctx)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	struct message eth = link_of(7, "eth0", ARPHRD_ETHER, IFF_UP);

	assert_int_equal(fd, 1000);
	if (refused)
		return -ENOBUFS;
	put(&eth, IFLA_ADDRESS, mac, sizeof(mac));
	if (request == RTM_GETLINK) {
		assert_int_equal(answer, RTM_NEWLINK);
		give(take, ctx, link_of(1, "lo", ARPHRD_LOOPBACK, IFF_UP));
		if (stage == 0)
			give(take, ctx, eth);
		for (int i = 0; i < 40; i++)
			give(take, ctx, link_of(100 + i, "x", ARPHRD_NONE, 0));
		return 0;
	}
	assert_int_equal(answer, RTM_NEWADDR);
	give(take, ctx, address_of(1, AF_INET, 8, IFA_LOCAL, "127.0.0.1"));
	give(take, ctx, address_of(1, AF_INET, 8, IFA_LOCAL, "127.0.0.2"));
	give(take, ctx, address_of(7, AF_INET, 31, IFA_LOCAL, "192.0.2.1"));
	give(take, ctx, address_of(7, AF_INET6, 64, IFA_ADDRESS, "fe80::1"));
	give(take, ctx, address_of(7, AF_INET6, 64, IFA_ADDRESS, "fe80::2"));
	give(take, ctx, address_of(99, AF_INET, 8, IFA_LOCAL, "10.0.0.1"));
	return 0;
}

int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	(void)domain;
	(void)type;
	(void)protocol;
	return 1000;
}

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)addr;
	(void)len;
	return 0;
}

int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)addr;
	(void)len;
	return 0;
}

ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
	(void)fd;
	assert_int_equal(flags, MSG_DONTWAIT);
	if (change_count) {
		const struct message *m = &changed[--change_count];

		assert_true(m->h.nlmsg_len <= size);
		memcpy(buf, m, m->h.nlmsg_len);
		return m->h.nlmsg_len;
	}
	errno = told ? ENOBUFS : EAGAIN;
	told = false;
	return -1;
}

static void what_is_told_of_each(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	static const uint8_t ipv4[8] = { 192, 0, 2, 1, 255, 255, 255, 254 };
	static const uint8_t lo[8] = { 127, 0, 0, 1, 255, 0, 0, 0 };
	static const uint8_t ipv6[17] = { 0xfe, 0x80, [15] = 1, [16] = 64 };
	const struct device *d;
	struct devices *all;
	unsigned n = 0;

	(void)state;
	assert_int_equal(devices_open(&all), 0);
	d = devices_find(all, 7);
	assert_ptr_equal(devices_named(all, "eth0"), d);
	assert_string_equal(d->name, "eth0");
	assert_true(d->up);
	assert_int_equal(d->type, ARPHRD_ETHER);
	assert_memory_equal(d->mac, mac, sizeof(mac));
	assert_memory_equal(d->ipv4, ipv4, sizeof(ipv4));
	assert_memory_equal(d->ipv6, ipv6, sizeof(ipv6));
	assert_memory_equal(devices_find(all, 1)->ipv4, lo, sizeof(lo));
	assert_false(devices_find(all, 139)->up);
	assert_null(devices_find(all, 8));
	assert_null(devices_named(all, "eth1"));
	while (devices_at(all, n))
		n++;
	assert_int_equal(n, 42);
	devices_close(all);
	devices_close(NULL);
}

static void changes_are_heard_of(void **state)
{
	struct devices *all;
	unsigned changes;

	(void)state;
	assert_int_equal(devices_open(&all), 0);
	changes = devices_refresh(all, false);
	stage = 1;
	assert_int_equal(devices_refresh(all, false), changes);
	assert_non_null(devices_find(all, 7));
	told = true;
	assert_int_not_equal(devices_refresh(all, false), changes);
	assert_null(devices_find(all, 7));
	assert_non_null(devices_find(all, 1));
	/* Where the kernel does not tell, what was known stays. */
	refused = told = true;
	devices_refresh(all, false);
	assert_non_null(devices_find(all, 1));
	devices_close(all);
	assert_int_equal(devices_open(&all), -ENOBUFS);
	refused = false;
	stage = 0;
}

static void tell_of(struct message m, uint16_t type)
{
	m.h.nlmsg_type = type;
	memmove(changed + 1, changed, sizeof(changed) - sizeof(*changed));
	changed[0] = m;
	change_count++;
}

static void one_that_has_gone_is_known(void **state)
{
	static const uint8_t ipv4[8] = { 192, 0, 2, 9, 255, 255, 255, 0 };
	struct message cut = link_of(51, "y", ARPHRD_NONE, 0);
	const struct device *d;
	struct devices *all;

	(void)state;
	assert_int_equal(devices_open(&all), 0);
	assert_null(devices_passed(all, 50));
	tell_of(link_of(50, "veth0", ARPHRD_ETHER, 0), RTM_NEWLINK);
	tell_of(address_of(50, AF_INET, 24, IFA_LOCAL, "192.0.2.9"),
		RTM_NEWADDR);
	tell_of(link_of(50, "veth0", ARPHRD_ETHER, IFF_UP), RTM_NEWLINK);
	tell_of(link_of(50, "veth0", ARPHRD_ETHER, 0), RTM_DELLINK);
	devices_refresh(all, true);
	assert_null(devices_find(all, 50));
	d = devices_passed(all, 50);
	assert_string_equal(d->name, "veth0");
	assert_true(d->up);
	assert_memory_equal(d->ipv4, ipv4, sizeof(ipv4));
	cut.h.nlmsg_len = NLMSG_LENGTH(4);
	tell_of(cut, RTM_NEWLINK);
	tell_of(cut, RTM_NEWADDR);
	for (int i = 100; i < 163; i++) {
		tell_of(link_of(i, "x", ARPHRD_NONE, 0), RTM_NEWLINK);
		devices_refresh(all, true);
	}
	assert_non_null(devices_passed(all, 50));
	assert_null(devices_passed(all, 51));
	assert_null(devices_passed(all, 0));
	tell_of(link_of(163, "x", ARPHRD_NONE, 0), RTM_NEWLINK);
	devices_refresh(all, true);
	assert_null(devices_passed(all, 50));
	devices_close(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_has_gone_is_known),
		cmocka_unit_test(what_is_told_of_each),
		cmocka_unit_test(changes_are_heard_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
