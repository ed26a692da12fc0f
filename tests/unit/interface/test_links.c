/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "interface/links.h"

static struct ifaddrs *made;		/* NULL: they cannot be known */

int __wrap_getifaddrs(struct ifaddrs **all);
int __wrap_getifaddrs(struct ifaddrs **all)
{
	*all = made;
	if (!made)
		errno = EMFILE;
	return made ? 0 : -1;
}

void __wrap_freeifaddrs(struct ifaddrs *all);
void __wrap_freeifaddrs(struct ifaddrs *all)
{
	assert_ptr_equal(all, made);
}

static struct rtnl_link_stats of_tun = { .rx_missed_errors = 9 };
static struct rtnl_link_stats of_eth0 = { .rx_missed_errors = 3,
					  .rx_fifo_errors = 2 };

/* eth0 has an IPv4 address before its own, tun0 has none at all. */
static struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_ifindex = 1 };
static struct sockaddr_ll eth0 = { .sll_family = AF_PACKET, .sll_ifindex = 7 };
static struct sockaddr ipv4 = { .sa_family = AF_INET };
static struct ifaddrs links[] = {
	{ &links[1], "tun0", 0, NULL, NULL, { NULL }, &of_tun },
	{ &links[2], "eth0", 0, &ipv4, NULL, { NULL }, NULL },
	{ &links[3], "lo", 0, (void *)&lo, NULL, { NULL }, NULL },
	{ NULL, "eth0", 0, (void *)&eth0, NULL, { NULL }, &of_eth0 },
};

static void a_name_has_its_index(void **state)
{
	(void)state;
	made = links;
	assert_int_equal(links_index("lo"), 1);
	assert_int_equal(links_index("eth0"), 7);
	assert_int_equal(links_index("eth"), 0);
	assert_int_equal(links_index("tun0"), 0);
}

static void an_index_that_is_there_is_known(void **state)
{
	(void)state;
	made = links;
	assert_true(links_have(1));
	assert_true(links_have(7));
	assert_false(links_have(2));
}

/* The kernel gives a tunnel no address, and yet counts what it loses. */
static void drops_are_of_the_interface_that_was_asked_for(void **state)
{
	(void)state;
	made = links;
	assert_int_equal(links_drops("eth0", 1), 5);
	assert_int_equal(links_drops("lo", 1), 1);
	assert_int_equal(links_drops("tun0", 1), 1);
	assert_int_equal(links_drops("wlan0", 1), 1);
}

static void what_cannot_be_known_is_taken_to_be_there(void **state)
{
	(void)state;
	made = NULL;
	assert_true(links_have(7));
	assert_int_equal(links_index("lo"), 0);
	assert_int_equal(links_drops("eth0", 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_its_index),
		cmocka_unit_test(an_index_that_is_there_is_known),
		cmocka_unit_test(drops_are_of_the_interface_that_was_asked_for),
		cmocka_unit_test(what_cannot_be_known_is_taken_to_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
