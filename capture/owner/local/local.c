/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/local/local.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
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
	uint64_t last_bits;	/* of the last bytes: most others are told apart */
	uint8_t addr[MAX_ADDRESSES][16];	/* sorted */
};

struct local {
	int fd;
	bool stale;
	struct addresses own;
	struct addresses broadcast;
	struct tunnels tunnels;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void add(struct addresses *l, const struct sockaddr *sa)
{
	uint8_t *out = l->addr[l->count];

	if (!sa || l->count == MAX_ADDRESSES)
		return;
	if (sa->sa_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	} else if (sa->sa_family == AF_INET) {
		address_from_ipv4(out, (const __u8 *)&((const struct
				  sockaddr_in *)sa)->sin_addr);
	} else {
		return;
	}
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

static void read_addresses(struct local *l)
{
	struct ifaddrs *all, *a;

	if (getifaddrs(&all))
		return;		/* the old ones are better than none */
	l->own.count = l->broadcast.count = 0;
	for (a = all; a; a = a->ifa_next) {
		add(&l->own, a->ifa_addr);
		if (a->ifa_flags & IFF_BROADCAST)
			add(&l->broadcast, a->ifa_broadaddr);
	}
	freeifaddrs(all);
	sort(&l->own);
	sort(&l->broadcast);
}

static void read_all(struct local *l)
{
	int err = tunnels_read(&l->tunnels);

	if (err)
		log_debug("this host's tunnels are not known: %s",
			  strerror(-err));
	read_addresses(l);
}

static bool has(const struct addresses *l, const uint8_t addr[16])
{
	return l->last_bits & last_bit(addr) &&
	       bsearch(addr, l->addr, l->count, 16, compare);
}

bool local_refresh(struct local *l)
{
	bool changed = netlink_has_news(l->fd);

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
	if (l->fd < 0) {
		err = l->fd;
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
	return has(&l->own, addr);
}

/* Where none is set, getifaddrs() calls an address its own broadcast. */
bool local_is_group(const struct local *l, const uint8_t addr[16])
{
	static const uint8_t everywhere[4] = { 255, 255, 255, 255 };

	if (!address_is_ipv4(addr))
		return addr[0] == 0xff;
	return addr[12] >> 4 == 14 || !memcmp(addr + 12, everywhere, 4) ||
	       (has(&l->broadcast, addr) && !has(&l->own, addr));
}

bool local_has_tunnel(const struct local *l, const struct flow_key *key)
{
	return tunnels_take(&l->tunnels, key);
}

bool local_shapes(const struct local *l)
{
	return l->tunnels.shapes;
}
