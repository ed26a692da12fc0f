/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/devices.h"

#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clocks.h"
#include "interface/netlink.h"

#define MAX_DEVICES 16384
#define PASSING	    64 /* of those told of last */

struct devices {
	int fd; /* of changes */
	int ask_fd;
	struct netlink_pace pace;
	unsigned changes;
	unsigned count;
	unsigned room;
	struct device *all;
	unsigned passed;
	struct device passing[PASSING]; /* each may be gone by now */
};

static struct device *find(const struct devices *d, unsigned index)
{
	for (unsigned i = 0; i < d->count; i++)
		if (d->all[i].index == index)
			return &d->all[i];
	return NULL;
}

/* Room for one more, or NULL. */
static struct device *add(struct devices *d)
{
	unsigned room = d->room ? 2 * d->room : 16;
	struct device *all;

	if (d->count == d->room) {
		all = room <= MAX_DEVICES ?
			      realloc(d->all, room * sizeof(*all)) :
			      NULL;
		if (!all)
			return NULL;
		d->all = all;
		d->room = room;
	}
	memset(&d->all[d->count], 0, sizeof(*d->all));
	return &d->all[d->count++];
}

/* All of it but its addresses; false if it has no name. */
static bool read_device(struct device *one, const struct nlmsghdr *h)
{
	const struct ifinfomsg *link = NLMSG_DATA(h);
	const struct rtattr *name, *mac;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*link)))
		return false;
	name = netlink_attribute(IFLA_RTA(link), IFLA_PAYLOAD(h), IFLA_IFNAME);
	mac = netlink_attribute(IFLA_RTA(link), IFLA_PAYLOAD(h), IFLA_ADDRESS);
	if (!name || RTA_PAYLOAD(name) > IF_NAMESIZE)
		return false;
	memset(one, 0, sizeof(*one));
	one->index = (unsigned)link->ifi_index;
	one->up = link->ifi_flags & IFF_UP;
	one->type = link->ifi_type;
	memcpy(one->name, RTA_DATA(name),
	       strnlen(RTA_DATA(name), RTA_PAYLOAD(name)));
	one->name[IF_NAMESIZE - 1] = '\0';
	if (mac && RTA_PAYLOAD(mac) == sizeof(one->mac))
		memcpy(one->mac, RTA_DATA(mac), sizeof(one->mac));
	return true;
}

static void take_device(void *ctx, const struct nlmsghdr *h)
{
	struct device read, *one = read_device(&read, h) ? add(ctx) : NULL;

	if (one)
		*one = read;
}

static bool is_set(const uint8_t *bytes, size_t len)
{
	static const uint8_t none[17];

	return memcmp(bytes, none, len) != 0;
}

static void set_mask(uint8_t mask[4], unsigned bits)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned of_it = bits > 8 * i ? bits - 8 * i : 0;

		mask[i] = (uint8_t)(0xff00 >> (of_it < 8 ? of_it : 8));
	}
}

static struct device *find_passing(struct devices *d, unsigned index)
{
	for (unsigned i = 0; i < PASSING; i++)
		if (d->passing[i].index == index)
			return &d->passing[i];
	return NULL;
}

static void set_address(struct device *one, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *of = NLMSG_DATA(h);
	const struct rtattr *local, *address;

	local = netlink_attribute(IFA_RTA(of), IFA_PAYLOAD(h), IFA_LOCAL);
	address = netlink_attribute(IFA_RTA(of), IFA_PAYLOAD(h), IFA_ADDRESS);
	/* IFA_ADDRESS of a device between two is the other's. */
	address = local ? local : address;
	if (!address)
		return;
	if (of->ifa_family == AF_INET && RTA_PAYLOAD(address) == 4 &&
	    !is_set(one->ipv4, 8)) {
		memcpy(one->ipv4, RTA_DATA(address), 4);
		set_mask(one->ipv4 + 4, of->ifa_prefixlen);
	} else if (of->ifa_family == AF_INET6 && RTA_PAYLOAD(address) == 16 &&
		   !is_set(one->ipv6, 17)) {
		memcpy(one->ipv6, RTA_DATA(address), 16);
		one->ipv6[16] = of->ifa_prefixlen;
	}
}

static void take_device_address(void *ctx, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *of = NLMSG_DATA(h);
	struct device *one;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*of)))
		return;
	one = find(ctx, of->ifa_index);
	if (one)
		set_address(one, h);
}

/* One that goes at once is never in a list that is read. */
static void take_change(void *ctx, const struct nlmsghdr *h)
{
	struct devices *d = ctx;
	const struct ifaddrmsg *of = NLMSG_DATA(h);
	struct device read, *one;

	if (h->nlmsg_type == RTM_NEWLINK && read_device(&read, h)) {
		one = find_passing(d, read.index);
		if (one) {
			memcpy(read.ipv4, one->ipv4, sizeof(read.ipv4));
			memcpy(read.ipv6, one->ipv6, sizeof(read.ipv6));
		} else {
			one = &d->passing[d->passed++ % PASSING];
		}
		*one = read;
	} else if (h->nlmsg_type == RTM_NEWADDR &&
		   h->nlmsg_len >= NLMSG_LENGTH(sizeof(*of))) {
		one = find_passing(d, of->ifa_index);
		if (one)
			set_address(one, h);
	}
}

/* Where the kernel does not tell, the old ones are better than none. */
static int read_devices(struct devices *d)
{
	struct devices now = { 0 };
	int err = netlink_each(d->ask_fd, RTM_GETLINK, RTM_NEWLINK, take_device,
			       &now);

	if (err)
		goto fail;
	err = netlink_each(d->ask_fd, RTM_GETADDR, RTM_NEWADDR,
			   take_device_address, &now);
	if (err)
		goto fail;
	free(d->all);
	d->all = now.all;
	d->count = now.count;
	d->room = now.room;
	d->changes++;
	return 0;
fail:
	free(now.all);
	return err;
}

int devices_open(struct devices **out)
{
	struct devices *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	d->fd = netlink_watch();
	d->ask_fd = netlink_open(NETLINK_ROUTE);
	err = d->fd < 0 ? d->fd : d->ask_fd < 0 ? d->ask_fd : read_devices(d);
	if (err) {
		devices_close(d);
		return err;
	}
	*out = d;
	return 0;
}

void devices_close(struct devices *d)
{
	if (!d)
		return;
	if (d->fd >= 0)
		close(d->fd);
	if (d->ask_fd >= 0)
		close(d->ask_fd);
	free(d->all);
	free(d);
}

unsigned devices_refresh(struct devices *d, bool urgent)
{
	uint64_t began, now = clock_ns(CLOCK_MONOTONIC);
	bool news = netlink_hear(d->fd, take_change, d);

	if (netlink_is_due(&d->pace, news, now, urgent)) {
		began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		read_devices(d);
		netlink_was_read(&d->pace, now,
				 clock_ns(CLOCK_THREAD_CPUTIME_ID) - began);
	}
	return d->changes;
}

const struct device *devices_find(const struct devices *d, unsigned index)
{
	return find(d, index);
}

const struct device *devices_passed(struct devices *d, unsigned index)
{
	return index ? find_passing(d, index) : NULL;
}

void device_name(char *out, size_t size, const char *any,
		 const struct device *d)
{
	const char *slash = strrchr(any, '/');

	snprintf(out, size, "%.*s%s", slash ? (int)(slash + 1 - any) : 0, any,
		 d->name);
}

const struct device *devices_named(const struct devices *d, const char *name)
{
	for (unsigned i = 0; d && i < d->count; i++)
		if (!strcmp(d->all[i].name, name))
			return &d->all[i];
	return NULL;
}

const struct device *devices_at(const struct devices *d, unsigned n)
{
	return n < d->count ? &d->all[n] : NULL;
}
