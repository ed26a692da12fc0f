/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "packet/parse.h"

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

int sockdiag_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static void set_address(__be32 out[4], const __u8 addr[16], int family)
{
	if (family == AF_INET)
		memcpy(out, addr + 12, 4);
	else
		memcpy(out, addr, 16);
}

/*
 * UDP looks a socket up as a packet would find it, so "source" is the remote
 * end there; TCP takes the socket's own view (net/ipv4/udp_diag.c,
 * inet_diag.c).
 */
static void set_id(struct inet_diag_sockid *id, const struct flow_key *k,
		   int family)
{
	bool swapped = k->proto == IPPROTO_UDP;

	set_address(id->idiag_src, swapped ? k->remote : k->local, family);
	set_address(id->idiag_dst, swapped ? k->local : k->remote, family);
	id->idiag_sport = htons(swapped ? k->remote_port : k->local_port);
	id->idiag_dport = htons(swapped ? k->local_port : k->remote_port);
	id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static int ask(int fd, const struct flow_key *key, int family,
	       struct sockdiag_socket *s)
{
	struct request q = {
		.header = { .nlmsg_len = sizeof(q),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.body = { .sdiag_family = (__u8)family,
			  .sdiag_protocol = key->proto,
			  .idiag_states = ~0u },
	};
	char buf[4096] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (const void *)buf;
	const struct inet_diag_msg *m;
	ssize_t n;

	set_id(&q.body.id, key, family);
	if (send(fd, &q, sizeof(q), 0) < 0)
		return -errno;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n < 0)
		return -errno;
	if (!NLMSG_OK(h, (size_t)n) || h->nlmsg_type == NLMSG_ERROR ||
	    h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return -ENOENT;
	m = NLMSG_DATA(h);
	s->cookie = (uint64_t)m->id.idiag_cookie[1] << 32 |
		    m->id.idiag_cookie[0];
	s->inode = m->idiag_inode;
	s->listening = key->proto == IPPROTO_TCP &&
		       m->idiag_state == TCP_LISTEN;
	return 0;
}

int sockdiag_find(int fd, const struct flow_key *key, struct sockdiag_socket *s)
{
	int err;

	if (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP)
		return -ENOENT;
	if (!address_is_ipv4(key->local))
		return ask(fd, key, AF_INET6, s);
	err = ask(fd, key, AF_INET, s);
	/* A v6 socket may speak IPv4 under mapped addresses. */
	return err == -ENOENT ? ask(fd, key, AF_INET6, s) : err;
}
