/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packet/links.h"

#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

static unsigned index_of(const struct ifaddrs *a)
{
	struct sockaddr_ll ll;

	if (!a->ifa_addr || a->ifa_addr->sa_family != AF_PACKET)
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
