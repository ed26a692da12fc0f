/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "link_messages.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>

#include "interface/links.h"
#include "interface/netlink.h"

#define FD 9

static bool refused;

/* A kernel of long ago counts fewer things. */
#define FEWER offsetof(struct rtnl_link_stats, rx_compressed)

int __wrap_netlink_each(int fd, uint16_t request, uint16_t answer,
			void (*take)(void *ctx, const struct nlmsghdr *h),
			void *ctx);
int __wrap_netlink_each(int fd, uint16_t request, uint16_t answer,
			void (*take)(void *ctx, const struct nlmsghdr *h),
			void *ctx)
{
	const struct rtnl_link_stats of_tun = { .rx_missed_errors = 9 };
	const struct rtnl_link_stats of_eth0 = { .rx_missed_errors = 3,
						 .rx_fifo_errors = 2 };
	struct message tun = link_of(3, "tun0", 0, 0);
	struct message eth = link_of(7, "eth0", 0, 0);

	assert_int_equal(fd, FD);
	assert_int_equal(request, RTM_GETLINK);
	assert_int_equal(answer, RTM_NEWLINK);
	if (refused)
		return -ENOBUFS;
	put(&tun, IFLA_STATS, &of_tun, FEWER);
	put(&eth, IFLA_STATS, &of_eth0, sizeof(of_eth0));
	give(take, ctx, tun);
	give(take, ctx, link_of(1, "lo", 0, IFF_UP));
	give(take, ctx, eth);
	return 0;
}

static void a_name_has_its_index(void **state)
{
	(void)state;
	assert_int_equal(links_index(FD, "lo"), 1);
	assert_int_equal(links_index(FD, "eth0"), 7);
	assert_int_equal(links_index(FD, "tun0"), 3);
	assert_int_equal(links_index(FD, "eth"), 0);
	assert_int_equal(links_index(FD, "eth01"), 0);
}

static void an_index_that_is_there_is_known(void **state)
{
	(void)state;
	assert_int_equal(links_state(FD, 1), LINK_UP);
	assert_int_equal(links_state(FD, 7), LINK_DOWN);
	assert_int_equal(links_state(FD, 2), LINK_GONE);
}

static void drops_are_of_the_interface_that_was_asked_for(void **state)
{
	(void)state;
	assert_int_equal(links_drops(FD, "eth0", 1), 5);
	assert_int_equal(links_drops(FD, "tun0", 1), 9);
	assert_int_equal(links_drops(FD, "lo", 1), 0);
	assert_int_equal(links_drops(FD, "wlan0", 1), 1);
}

static void what_cannot_be_known_is_taken_to_be_there(void **state)
{
	(void)state;
	refused = true;
	assert_int_equal(links_state(FD, 7), LINK_UP);
	assert_int_equal(links_index(FD, "lo"), 0);
	assert_int_equal(links_drops(FD, "eth0", 1), 1);
	refused = false;
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
