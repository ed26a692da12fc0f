/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/netlink.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_NS	    1000000 /* less is nothing */
#define URGENT_PART 3	    /* of the time is for something else */
#define LEAST_PART  20
#define BUFFER	    32768 /* iproute2 reads links in pieces of this size */

struct request {
	struct nlmsghdr header;
	struct ifinfomsg body; /* as long as any request's without arguments */
};

const struct rtattr *netlink_attribute(const void *attrs, size_t len, int type)
{
	const struct rtattr *a = attrs;
	int left = (int)len; /* below 0 after one without padding */

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

/* Nobody but the kernel answers through it. */
int netlink_open(int protocol)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int err;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

bool netlink_hear(int fd, void (*take)(void *ctx, const struct nlmsghdr *h),
		  void *ctx)
{
	char buf[8192] __attribute__((aligned(8)));
	bool any = false;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0 ||
	       (n < 0 && errno == ENOBUFS)) {
		const struct nlmsghdr *h = (const void *)buf;
		size_t left = n < 0 || !take ? 0 : NLMSG_ALIGN((size_t)n);

		any = true;
		for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			take(ctx, h);
	}
	return any;
}

bool netlink_drain(int fd)
{
	return netlink_hear(fd, NULL, NULL);
}

/* 1 if more follow. */
static int read_answers_of(int fd, uint16_t answer,
			   void (*take)(void *ctx, const struct nlmsghdr *h),
			   void *ctx)
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
		if (h->nlmsg_type == answer)
			take(ctx, h);
	}
	return 1;
}

int netlink_each(int fd, uint16_t request, uint16_t answer,
		 void (*take)(void *ctx, const struct nlmsghdr *h), void *ctx)
{
	struct request q = {
		.header = { .nlmsg_len = sizeof(q),
			    .nlmsg_type = request,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	};
	int more;

	netlink_drain(fd);
	more = send(fd, &q, sizeof(q), 0) < 0 ? -errno : 1;
	while (more > 0)
		more = read_answers_of(fd, answer, take, ctx);
	return more;
}

int netlink_watch(void)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
			     RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err;

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&nl, sizeof(nl)))
		return fd;
	err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

bool netlink_is_due(struct netlink_pace *p, bool news, uint64_t now_ns,
		    bool urgent)
{
	p->has_news |= news;
	return p->has_news && now_ns >= (urgent ? p->urgent_ns : p->next_ns);
}

void netlink_was_read(struct netlink_pace *p, uint64_t now_ns, uint64_t took_ns)
{
	uint64_t rest = took_ns > LONG_NS ? took_ns : 0;

	p->has_news = false;
	p->urgent_ns = now_ns + (URGENT_PART + 1) * rest;
	p->next_ns = now_ns + (LEAST_PART + 1) * rest;
}
