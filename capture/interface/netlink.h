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
 * A descriptor to ask through, by NETLINK_ROUTE or another protocol, of the
 * network namespace that this thread is in: it stays that one's.  Or -errno.
 */
int netlink_open(int protocol);

/*
 * Asks for all there are, by RTM_GETLINK or another request without
 * arguments, and calls @take for each message of type @answer.  0 or -errno.
 */
int netlink_each(int fd, uint16_t request, uint16_t answer,
		 void (*take)(void *ctx, const struct nlmsghdr *h), void *ctx);

/* Hears of every change of an interface or its addresses.  Or -errno. */
int netlink_watch(void);

/* Calls @take for each message that has come, and tells whether any had. */
bool netlink_hear(int fd, void (*take)(void *ctx, const struct nlmsghdr *h),
		  void *ctx);

/*
 * Reads all that has come, and tells whether anything had.  Before the rest of
 * an answer that nobody read on is taken, the kernel hears no other question.
 */
bool netlink_drain(int fd);

/*
 * How often a list is read that changes all the time: with thousands of links
 * that takes milliseconds, and would be done for each of them.  Zeros begin.
 */
struct netlink_pace {
	bool has_news;
	uint64_t urgent_ns; /* not again before; CLOCK_MONOTONIC */
	uint64_t next_ns;
};

/*
 * Whether any @news came since the list was read, and it is time to read it,
 * which netlink_was_read() is to follow; what came is kept in mind.  @urgent: it
 * is read sooner.
 */
bool netlink_is_due(struct netlink_pace *p, bool news, uint64_t now_ns,
		    bool urgent);
/* @took_ns of a processor: what others take makes no list long. */
void netlink_was_read(struct netlink_pace *p, uint64_t now_ns,
		      uint64_t took_ns);

#endif
