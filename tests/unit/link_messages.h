/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of rtnetlink(7), as the kernel would tell of links and addresses. */
#ifndef PKTWHO_TESTS_UNIT_LINK_MESSAGES_H
#define PKTWHO_TESTS_UNIT_LINK_MESSAGES_H

#include "exact.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct message {
	struct nlmsghdr h;
	uint8_t bytes[512];
};

static inline void put(struct message *m, uint16_t type, const void *value,
		       size_t len)
{
	struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(m->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), value, len);
	m->h.nlmsg_len = NLMSG_ALIGN(m->h.nlmsg_len) + (uint32_t)RTA_SPACE(len);
}

static inline struct message link_of(int index, const char *name, uint16_t type,
				     unsigned flags)
{
	struct message m = { .h.nlmsg_len = NLMSG_LENGTH(
				     sizeof(struct ifinfomsg)) };
	struct ifinfomsg *link = NLMSG_DATA(&m.h);

	link->ifi_index = index;
	link->ifi_type = type;
	link->ifi_flags = flags;
	put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	return m;
}

static inline void put_address(struct message *m, int family, uint16_t type,
			       const char *text)
{
	uint8_t bytes[16];

	assert_int_equal(inet_pton(family, text, bytes), 1);
	put(m, type, bytes, family == AF_INET ? 4 : 16);
}

static inline struct message address_of(unsigned index, int family,
					uint8_t bits, uint16_t type,
					const char *text)
{
	struct message m = { .h.nlmsg_len = NLMSG_LENGTH(
				     sizeof(struct ifaddrmsg)) };
	struct ifaddrmsg *of = NLMSG_DATA(&m.h);

	of->ifa_index = index;
	of->ifa_family = (uint8_t)family;
	of->ifa_prefixlen = bits;
	put_address(&m, family, type, text);
	return m;
}

/* Each also cut short, which must do no harm: memory ends where it does. */
static inline void give(void (*take)(void *ctx, const struct nlmsghdr *h),
			void *ctx, struct message m)
{
	struct nlmsghdr *cut = exact_copy(&m, sizeof(m.h));

	cut->nlmsg_len = sizeof(m.h);
	take(ctx, cut);
	free(cut);
	take(ctx, &m.h);
}

#endif
