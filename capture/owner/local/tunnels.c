/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/local/tunnels.h"

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <netinet/in.h>
#include <string.h>

#include "interface/netlink.h"
#include "packet/parse.h"

static const struct rtattr *inside(const struct rtattr *a, int type)
{
	return a ? netlink_attribute(RTA_DATA(a), RTA_PAYLOAD(a), type) : NULL;
}

static void take_address(uint8_t out[16], const struct rtattr *a)
{
	static const uint8_t none[4];

	memset(out, 0, 16);
	if (!a)
		return;
	if (RTA_PAYLOAD(a) == 16)
		memcpy(out, RTA_DATA(a), 16);
	else if (RTA_PAYLOAD(a) == 4 && memcmp(RTA_DATA(a), none, 4))
		address_from_ipv4(out, RTA_DATA(a));
}

static bool is_text(const struct rtattr *kind)
{
	return kind && memchr(RTA_DATA(kind), 0, RTA_PAYLOAD(kind));
}

/* True if it is a tunnel that runs right above IP. */
static bool is_kind(const struct rtattr *kind, bool *gre)
{
	static const char *const plain[] = { "ipip", "sit", "ip6tnl", "vti" };
	static const char *const with_gre[] = { "gre",	  "gretap",
						"ip6gre", "ip6gretap",
						"erspan", "ip6erspan" };

	*gre = true;
	for (size_t i = 0; i < sizeof(with_gre) / sizeof(*with_gre); i++)
		if (!strcmp(RTA_DATA(kind), with_gre[i]))
			return true;
	*gre = false;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (!strcmp(RTA_DATA(kind), plain[i]))
			return true;
	return false;
}

static void take_link(void *ctx, const struct nlmsghdr *h)
{
	struct tunnels *t = ctx;
	const struct ifinfomsg *link = NLMSG_DATA(h);
	struct tunnel *out = &t->tunnel[t->count];
	const struct rtattr *info, *data, *kind;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) ||
	    !(link->ifi_flags & IFF_UP) || t->count == MAX_TUNNELS)
		return;
	info = netlink_attribute(IFLA_RTA(link), IFLA_PAYLOAD(h),
				 IFLA_LINKINFO);
	kind = inside(info, IFLA_INFO_KIND);
	if (!is_text(kind))
		return;
	t->shapes |= !strcmp(RTA_DATA(kind), "ifb");
	if (!is_kind(kind, &out->gre))
		return;
	data = inside(info, IFLA_INFO_DATA);
	take_address(out->local, inside(data, out->gre ? IFLA_GRE_LOCAL :
							 IFLA_IPTUN_LOCAL));
	take_address(out->remote, inside(data, out->gre ? IFLA_GRE_REMOTE :
							  IFLA_IPTUN_REMOTE));
	t->count++;
}

int tunnels_read(struct tunnels *t, int fd)
{
	t->count = 0;
	t->shapes = false;
	return netlink_each(fd, RTM_GETLINK, RTM_NEWLINK, take_link, t);
}

static bool fits(const uint8_t own[16], const uint8_t addr[16])
{
	static const uint8_t any[16];

	return !memcmp(own, any, 16) || !memcmp(own, addr, 16);
}

bool tunnels_take(const struct tunnels *t, const struct flow_key *key)
{
	bool gre = key->proto == IPPROTO_GRE;

	for (size_t i = 0; i < t->count; i++)
		if (t->tunnel[i].gre == gre &&
		    fits(t->tunnel[i].local, key->local) &&
		    fits(t->tunnel[i].remote, key->remote))
			return true;
	return false;
}
