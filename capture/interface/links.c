/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/links.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "interface/netlink.h"

/* A kernel may have fewer, or more, than its headers here. */
#define COUNTED offsetof(struct rtnl_link_stats, rx_compressed)

/* The one that is looked for, by its name or else its number. */
struct link {
	const char *name;
	unsigned index;
	bool found;
	bool up;
	struct rtnl_link_stats stats;
};

static bool is_it(const struct link *l, const struct ifinfomsg *link,
		  const struct rtattr *name)
{
	size_t len = l->name ? strlen(l->name) + 1 : 0;

	if (!l->name)
		return l->index == (unsigned)link->ifi_index;
	return name && RTA_PAYLOAD(name) == len &&
	       !memcmp(RTA_DATA(name), l->name, len);
}

static void take_if_it(void *ctx, const struct nlmsghdr *h)
{
	struct link *l = ctx;
	const struct ifinfomsg *link = NLMSG_DATA(h);
	const struct rtattr *stats;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) ||
	    !is_it(l, link,
		   netlink_attribute(IFLA_RTA(link), IFLA_PAYLOAD(h),
				     IFLA_IFNAME)))
		return;
	l->found = true;
	l->up = link->ifi_flags & IFF_UP;
	l->index = (unsigned)link->ifi_index;
	stats = netlink_attribute(IFLA_RTA(link), IFLA_PAYLOAD(h), IFLA_STATS);
	if (stats && RTA_PAYLOAD(stats) >= COUNTED)
		memcpy(&l->stats, RTA_DATA(stats), COUNTED);
}

/* 0, also if there is none such, or -errno. */
static int look_for(int fd, struct link *l)
{
	return netlink_each(fd, RTM_GETLINK, RTM_NEWLINK, take_if_it, l);
}

unsigned links_index(int fd, const char *name)
{
	struct link l = { .name = name };

	return look_for(fd, &l) ? 0 : l.index;
}

enum link_state links_state(int fd, unsigned index)
{
	struct link l = { .index = index };

	if (look_for(fd, &l))
		return LINK_UP;
	return !l.found ? LINK_GONE : l.up ? LINK_UP : LINK_DOWN;
}

uint32_t links_drops(int fd, const char *name, uint32_t unknown)
{
	struct link l = { .name = name };

	if (look_for(fd, &l) || !l.found)
		return unknown;
	return l.stats.rx_missed_errors + l.stats.rx_fifo_errors;
}
