/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/polling/sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "interface/netlink.h"
#include "packet/parse.h"

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

#define STALE 16 /* answers to questions that nobody waited for */

int sockdiag_open(void)
{
	return netlink_open(NETLINK_SOCK_DIAG);
}

/* Its number, which the answer has to have, or -errno. */
static int64_t put(int fd, struct request *q)
{
	static uint32_t last;

	q->header.nlmsg_seq = ++last;
	return send(fd, q, sizeof(*q), 0) < 0 ? -errno : (int64_t)last;
}

/* The bytes of the next answer of that number, or -errno. */
static ssize_t receive(int fd, uint32_t number, void *buf, size_t size)
{
	const struct nlmsghdr *h = buf;
	ssize_t n;

	for (int i = 0; i < STALE; i++) {
		n = recv(fd, buf, size, 0);
		if (n <= 0)
			return n ? -errno : -EPIPE;
		if (NLMSG_OK(h, (size_t)n) && h->nlmsg_seq == number)
			return n;
	}
	return -EPROTO;
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
	int64_t number;
	ssize_t n;

	set_id(&q.body.id, key, family);
	number = put(fd, &q);
	if (number < 0)
		return (int)number;
	n = receive(fd, (uint32_t)number, buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
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

static void key_of(const struct inet_diag_msg *m, struct flow_key *k)
{
	*k = (struct flow_key){ .proto = IPPROTO_UDP };
	if (m->idiag_family == AF_INET) {
		address_from_ipv4(k->local, (const __u8 *)m->id.idiag_src);
		address_from_ipv4(k->remote, (const __u8 *)m->id.idiag_dst);
	} else {
		memcpy(k->local, m->id.idiag_src, 16);
		memcpy(k->remote, m->id.idiag_dst, 16);
	}
	k->local_port = ntohs(m->id.idiag_sport);
	k->remote_port = ntohs(m->id.idiag_dport);
}

/* 1 if more follow. */
static int read_dump(int fd, uint32_t number,
		     void (*found)(void *ctx, uint64_t cookie,
				   const struct flow_key *key),
		     void *ctx)
{
	char buf[16384] __attribute__((aligned(8)));
	const struct nlmsghdr *h = (const void *)buf;
	ssize_t n = receive(fd, number, buf, sizeof(buf));
	/* NLMSG_NEXT() takes the padding off, also behind the last. */
	size_t left = n < 0 ? 0 : NLMSG_ALIGN((size_t)n);
	struct flow_key key;

	if (n < 0)
		return (int)n;
	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		const struct inet_diag_msg *m = NLMSG_DATA(h);

		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		    h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
			return -EPROTO;
		key_of(m, &key);
		found(ctx,
		      (uint64_t)m->id.idiag_cookie[1] << 32 |
			      m->id.idiag_cookie[0],
		      &key);
	}
	return 1;
}

int sockdiag_each_udp(int fd,
		      void (*found)(void *ctx, uint64_t cookie,
				    const struct flow_key *key),
		      void *ctx)
{
	static const __u8 families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < sizeof(families); i++) {
		struct request q = {
			.header = { .nlmsg_len = sizeof(q),
				    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
				    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
			.body = { .sdiag_family = families[i],
				  .sdiag_protocol = IPPROTO_UDP,
				  .idiag_states = ~0u },
		};
		int64_t number = put(fd, &q);
		int more;

		if (number < 0)
			return (int)number;
		do
			more = read_dump(fd, (uint32_t)number, found, ctx);
		while (more > 0);
		if (more < 0)
			return more;
	}
	return 0;
}
