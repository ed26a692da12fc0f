/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/tunnels.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet/parse.h"

#define BUFFER 32768		/* iproute2 reads links in pieces of this size */

struct request {
	struct nlmsghdr header;
	struct ifinfomsg body;
};

/* The attribute of that type, or NULL. */
static const struct rtattr *find(const void *attrs, size_t len, int type)
{
	const struct rtattr *a = attrs;
	int left = (int)len;		/* below 0 after one without padding */

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static const struct rtattr *inside(const struct rtattr *a, int type)
{
	return a ? find(RTA_DATA(a), RTA_PAYLOAD(a), type) : NULL;
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

/* True if it is a tunnel that runs right above IP. */
static bool is_kind(const struct rtattr *kind, bool *gre)
{
	static const char *const plain[] = { "ipip", "sit", "ip6tnl", "vti" };
	static const char *const with_gre[] = { "gre", "gretap", "ip6gre",
						"ip6gretap", "erspan",
						"ip6erspan" };

	if (!kind || !memchr(RTA_DATA(kind), 0, RTA_PAYLOAD(kind)))
		return false;
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

static void take_link(struct tunnels *t, const struct nlmsghdr *h)
{
	const struct ifinfomsg *link = NLMSG_DATA(h);
	struct tunnel *out = &t->tunnel[t->count];
	const struct rtattr *info, *data;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*link)) ||
	    !(link->ifi_flags & IFF_UP) || t->count == MAX_TUNNELS)
		return;
	info = find(IFLA_RTA(link), IFLA_PAYLOAD(h), IFLA_LINKINFO);
	if (!is_kind(inside(info, IFLA_INFO_KIND), &out->gre))
		return;
	data = inside(info, IFLA_INFO_DATA);
	take_address(out->local, inside(data, out->gre ? IFLA_GRE_LOCAL :
							 IFLA_IPTUN_LOCAL));
	take_address(out->remote, inside(data, out->gre ? IFLA_GRE_REMOTE :
							  IFLA_IPTUN_REMOTE));
	t->count++;
}

/* 1 if more follow. */
static int read_links(struct tunnels *t, int fd)
{
	char buf[BUFFER] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (const void *)buf;
	ssize_t n = recv(fd, buf, sizeof(buf), 0);
	/* NLMSG_NEXT() takes the padding off, also behind the last. */
	size_t left = n < 0 ? 0 : NLMSG_ALIGN((size_t)n);

	if (n <= 0)
		return n ? -errno : -EPIPE;
	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EPROTO;
		if (h->nlmsg_type == RTM_NEWLINK)
			take_link(t, h);
	}
	return 1;
}

int tunnels_read(struct tunnels *t)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct request q = {
		.header = { .nlmsg_len = sizeof(q),
			    .nlmsg_type = RTM_GETLINK,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	int more;

	if (fd < 0)
		return -errno;
	t->count = 0;
	more = send(fd, &q, sizeof(q), 0) < 0 ? -errno : 1;
	while (more > 0)
		more = read_links(t, fd);
	close(fd);
	return more;
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
