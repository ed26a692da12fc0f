/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/translations.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "interface/netlink.h"

#define BUFFER	  (32u << 10) /* the kernel fills no more of a larger one */
#define ANSWER_MS 500

struct question {
	struct nlmsghdr head;
	struct nfgenmsg family;
	struct nlattr status_attr;
	uint32_t status;
	struct nlattr mask_attr;
	uint32_t mask;
};

/* 1 when the kernel has said all, 0 if not, or -errno. */
static int end_of(const void *bytes, size_t len)
{
	const struct nlmsghdr *m = bytes;
	size_t left = NLMSG_ALIGN(len); /* as NLMSG_NEXT() does */

	for (; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
		if (m->nlmsg_type == NLMSG_ERROR)
			return m->nlmsg_len < NLMSG_LENGTH(sizeof(int)) ?
				       -EPROTO :
				       *(const int *)NLMSG_DATA(m);
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
	}
	return 0;
}

static int
read_translations(int fd, int (*take)(void *ctx, const void *bytes, size_t len),
		  void *ctx)
{
	_Alignas(8) char bytes[BUFFER];
	ssize_t n;
	int end, err;

	do {
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		err = take(ctx, bytes, (size_t)n);
		end = end_of(bytes, (size_t)n);
	} while (n < 0 || (!err && !end));
	return err ? err : end > 0 ? 0 : end;
}

int translations_open(void)
{
	const struct timeval patience = { .tv_usec = ANSWER_MS * 1000 };
	int fd = netlink_open(NETLINK_NETFILTER);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			   sizeof(patience));
	return fd;
}

int translations_ask(int fd, uint32_t status,
		     int (*take)(void *ctx, const void *bytes, size_t len),
		     void *ctx)
{
	const struct question q = {
		.head = { .nlmsg_len = sizeof(q),
			  .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 |
					IPCTNL_MSG_CT_GET,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.family = { .version = NFNETLINK_V0 },
		.status_attr = { NLA_HDRLEN + 4, CTA_STATUS },
		.status = htonl(status),
		.mask_attr = { NLA_HDRLEN + 4, CTA_STATUS_MASK },
		.mask = htonl(status),
	};

	netlink_drain(fd);
	if (send(fd, &q, sizeof(q), 0) < 0)
		return -errno;
	return read_translations(fd, take, ctx);
}
