/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/local/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/log.h"
#include "interface/netlink.h"
#include "owner/local/tunnels.h"
#include "packet/parse.h"

#define MAX_ADDRESSES 4096

struct addresses {
	size_t count;
	uint64_t last_bits; /* of the last bytes: most others are told apart */
	uint8_t addr[MAX_ADDRESSES][16]; /* sorted */
};

struct known {
	struct addresses own;
	struct addresses broadcast;
	struct tunnels tunnels;
};

struct local {
	int fd; /* of changes */
	int ask_fd;
	bool stale;
	unsigned now; /* which is known: the other is read next */
	struct known known[2];
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void add(struct addresses *l, const struct rtattr *a)
{
	uint8_t *out = l->addr[l->count];

	if (!a || l->count == MAX_ADDRESSES)
		return;
	if (RTA_PAYLOAD(a) == 16)
		memcpy(out, RTA_DATA(a), 16);
	else if (RTA_PAYLOAD(a) == 4)
		address_from_ipv4(out, RTA_DATA(a));
	else
		return;
	l->count++;
}

static uint64_t last_bit(const uint8_t addr[16])
{
	return 1ull << (addr[15] & 63);
}

static void sort(struct addresses *l)
{
	qsort(l->addr, l->count, 16, compare);
	l->last_bits = 0;
	for (size_t i = 0; i < l->count; i++)
		l->last_bits |= last_bit(l->addr[i]);
}

/* IFA_ADDRESS of a device between two is the other's. */
static void take_own_address(void *ctx, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *of = NLMSG_DATA(h);
	const struct rtattr *local;
	struct known *k = ctx;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*of)))
		return;
	local = netlink_attribute(IFA_RTA(of), IFA_PAYLOAD(h), IFA_LOCAL);
	add(&k->own, local ? local :
			     netlink_attribute(IFA_RTA(of), IFA_PAYLOAD(h),
					       IFA_ADDRESS));
	add(&k->broadcast,
	    netlink_attribute(IFA_RTA(of), IFA_PAYLOAD(h), IFA_BROADCAST));
}

/* What cannot be known is as it was. */
static void read_all(struct local *l)
{
	const struct known *old = &l->known[l->now];
	struct known *new = &l->known[!l->now];
	int err = tunnels_read(&new->tunnels, l->ask_fd);

	if (err) {
		log_debug("this host's tunnels are not known: %s",
			  strerror(-err));
		new->tunnels = old->tunnels;
	}
	new->own.count = new->broadcast.count = 0;
	err = netlink_each(l->ask_fd, RTM_GETADDR, RTM_NEWADDR,
			   take_own_address, new);
	if (err) {
		new->own = old->own;
		new->broadcast = old->broadcast;
	}
	sort(&new->own);
	sort(&new->broadcast);
	l->now = !l->now;
}

static bool has(const struct addresses *l, const uint8_t addr[16])
{
	return l->last_bits & last_bit(addr) &&
	       bsearch(addr, l->addr, l->count, 16, compare);
}

bool local_refresh(struct local *l)
{
	bool changed = netlink_drain(l->fd);

	l->stale |= changed;
	return changed;
}

void local_catch_up(struct local *l)
{
	if (l->stale)
		read_all(l);
	l->stale = false;
}

int local_open(struct local **out)
{
	struct local *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->fd = netlink_watch();
	l->ask_fd = netlink_open(NETLINK_ROUTE);
	if (l->fd < 0 || l->ask_fd < 0) {
		err = l->fd < 0 ? l->fd : l->ask_fd;
		local_close(l);
		return err;
	}
	read_all(l);
	*out = l;
	return 0;
}

void local_close(struct local *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	if (l->ask_fd >= 0)
		close(l->ask_fd);
	free(l);
}

int local_fd(const struct local *l)
{
	return l->fd;
}

bool local_has(const struct local *l, const uint8_t addr[16])
{
	/* All of 127.0.0.0/8 is this host (RFC 1122, section 3.2.1.3). */
	if (address_is_ipv4(addr) && addr[12] == 127)
		return true;
	return has(&l->known[l->now].own, addr);
}

/* Nothing keeps an address from being set as its own broadcast. */
bool local_is_group(const struct local *l, const uint8_t addr[16])
{
	static const uint8_t everywhere[4] = { 255, 255, 255, 255 };
	const struct known *k = &l->known[l->now];

	if (!address_is_ipv4(addr))
		return addr[0] == 0xff;
	return addr[12] >> 4 == 14 || !memcmp(addr + 12, everywhere, 4) ||
	       (has(&k->broadcast, addr) && !has(&k->own, addr));
}

bool local_has_tunnel(const struct local *l, const struct flow_key *key)
{
	return tunnels_take(&l->known[l->now].tunnels, key);
}

bool local_shapes(const struct local *l)
{
	return l->known[l->now].tunnels.shapes;
}
