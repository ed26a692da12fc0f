/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists that the kernel gives by rtnetlink(7), and what is in their messages. */
#ifndef PKTWHO_INTERFACE_NETLINK_H
#define PKTWHO_INTERFACE_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The attribute of that type, or NULL. */
const struct rtattr *netlink_attribute(const void *attrs, size_t len, int type);

/*
 * Asks for all there are, by RTM_GETLINK or another request without
 * arguments, and calls @take for each message of type @answer.  0 or -errno.
 */
int netlink_each(uint16_t request, uint16_t answer,
		 void (*take)(void *ctx, const struct nlmsghdr *h), void *ctx);

/* Hears of every change of an interface or its addresses.  Or -errno. */
int netlink_watch(void);

/* Whether any came since; reads all that did. */
bool netlink_has_news(int fd);

#endif
