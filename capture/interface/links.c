/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/links.h"

#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* A tunnel has no address of its own: NULL. */
static bool is_link(const struct ifaddrs *a)
{
	return a->ifa_addr && a->ifa_addr->sa_family == AF_PACKET;
}

static unsigned index_of(const struct ifaddrs *a)
{
	struct sockaddr_ll ll;

	if (!is_link(a))
		return 0;
	memcpy(&ll, a->ifa_addr, sizeof(ll));
	return (unsigned)ll.sll_ifindex;
}

unsigned links_index(const char *name)
{
	unsigned index = 0;
	struct ifaddrs *all;

	if (getifaddrs(&all))
		return 0;
	for (const struct ifaddrs *a = all; a && !index; a = a->ifa_next)
		if (!strcmp(a->ifa_name, name))
			index = index_of(a);
	freeifaddrs(all);
	return index;
}

bool links_have(unsigned index)
{
	struct ifaddrs *all;
	bool have = false;

	if (getifaddrs(&all))
		return true;
	for (const struct ifaddrs *a = all; a && !have; a = a->ifa_next)
		have = index_of(a) == index;
	freeifaddrs(all);
	return have;
}

uint32_t links_drops(const char *name, uint32_t unknown)
{
	uint32_t drops = unknown;
	struct ifaddrs *all;

	if (getifaddrs(&all))
		return unknown;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct rtnl_link_stats *st = a->ifa_data;

		if (st && is_link(a) && !strcmp(a->ifa_name, name))
			drops = st->rx_missed_errors + st->rx_fifo_errors;
	}
	freeifaddrs(all);
	return drops;
}
