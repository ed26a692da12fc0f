/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/nat/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/clocks.h"
#include "lookup/lookup.h"
#include "owner/nat/nat.h"
#include "packet/parse.h"

#define TRANSLATED   (IPS_SRC_NAT | IPS_DST_NAT)
#define BUFFER	     (64u << 10)
#define QUEUE_BYTES  (8 << 20)	   /* of events, until we read them */
#define UNWATCHED_NS 1000000000ull /* between two looks for their ends */
#define POLL_NS	     20000000ull   /* a packet waits longer for its owner */
#define AT_ONCE	     10000	   /* events, then others have their turn */
#define GROUP(g)     (1u << ((g)-1))
#define SYSCTL	     "/proc/sys/net/netfilter/nf_conntrack_"

struct conntrack {
	struct nat *nat;
	struct lookup *lookup;
	unsigned namespace; /* to that */
	int events;	    /* netlink */
	int enabled;	    /* sysctls; -1: there is none */
	int count;
	bool polls;	     /* events are switched off */
	bool incomplete;     /* not all that there are have been told */
	uint64_t asked_ns;   /* when all were last asked for */
	uint64_t read_ns;    /* when events were last read */
	uint64_t enabled_ns; /* when that was last read */
	_Alignas(8) uint8_t bytes[BUFFER];
};

/* ---- messages ---- */

/* The first attribute of that kind, or NULL. */
static const struct nlattr *attr_of(const uint8_t *at, size_t len,
				    uint16_t kind)
{
	while (len >= NLA_HDRLEN) {
		const struct nlattr *a = (const void *)at;
		size_t step = NLA_ALIGN(a->nla_len);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > len)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == kind)
			return a;
		if (step >= len)
			return NULL;
		at += step;
		len -= step;
	}
	return NULL;
}

static const struct nlattr *nested(const struct nlattr *a, uint16_t kind)
{
	return a ? attr_of((const uint8_t *)a + NLA_HDRLEN,
			   a->nla_len - NLA_HDRLEN, kind) :
		   NULL;
}

/* Its value, if it has just that many bytes. */
static bool value(void *out, const struct nlattr *a, size_t len)
{
	if (!a || a->nla_len != NLA_HDRLEN + len)
		return false;
	memcpy(out, (const uint8_t *)a + NLA_HDRLEN, len);
	return true;
}

static bool address(__u8 out[16], const struct nlattr *ip, uint16_t ipv4,
		    uint16_t ipv6)
{
	__u8 addr[4];

	if (!value(addr, nested(ip, ipv4), sizeof(addr)))
		return value(out, nested(ip, ipv6), 16);
	address_from_ipv4(out, addr);
	return true;
}

/* An echo's identifier, and whether this direction asks or answers. */
static bool echo_of(struct flow_key *k, const struct nlattr *proto)
{
	bool v4 = k->proto == IPPROTO_ICMP;
	__u8 type;

	if (!value(&k->local_port,
		   nested(proto, v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID),
		   2) ||
	    !value(&type,
		   nested(proto,
			  v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE),
		   1))
		return false;
	k->local_port = ntohs(k->local_port);
	if (type == (v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST))
		k->remote_port = FLOW_ECHO_ASKS;
	else if (type == (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		k->remote_port = FLOW_ECHO_ANSWERS;
	return k->remote_port;
}

/* False of what has neither ports nor an echo: sockets are told by them. */
static bool key_of(struct flow_key *k, const struct nlattr *tuple)
{
	const struct nlattr *ip = nested(tuple, CTA_TUPLE_IP);
	const struct nlattr *proto = nested(tuple, CTA_TUPLE_PROTO);

	memset(k, 0, sizeof(*k));
	if (!address(k->local, ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC) ||
	    !address(k->remote, ip, CTA_IP_V4_DST, CTA_IP_V6_DST) ||
	    !value(&k->proto, nested(proto, CTA_PROTO_NUM), 1))
		return false;
	if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6)
		return echo_of(k, proto);
	if (!value(&k->local_port, nested(proto, CTA_PROTO_SRC_PORT), 2) ||
	    !value(&k->remote_port, nested(proto, CTA_PROTO_DST_PORT), 2))
		return false;
	k->local_port = ntohs(k->local_port);
	k->remote_port = ntohs(k->remote_port);
	return k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP;
}

/*
 * When it ended is not told.  An entry lives on for seconds after its last
 * packet, and an expired one may end just as the next flow with its ports
 * begins: so it is taken for ended since we last looked.
 */
static void on_entry(struct conntrack *c, const struct nlmsghdr *m,
		     bool is_event)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	const uint8_t *attrs = (const uint8_t *)m + head;
	struct flow_key first, answer, reversed;
	uint32_t status;
	size_t len;

	if (m->nlmsg_len < head)
		return;
	len = m->nlmsg_len - head;
	if (!value(&status, attr_of(attrs, len, CTA_STATUS), sizeof(status)) ||
	    !(ntohl(status) & TRANSLATED) ||
	    !key_of(&first, attr_of(attrs, len, CTA_TUPLE_ORIG)) ||
	    !key_of(&answer, attr_of(attrs, len, CTA_TUPLE_REPLY)))
		return;
	/* A rule may translate an address to itself. */
	reversed = flow_reversed(&first);
	if (flow_key_equal(&reversed, &answer))
		return;
	if ((m->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE)
		nat_end(c->nat, &first, &answer);
	else
		nat_add(c->nat, &first, &answer, is_event);
}

/* NLMSG_NEXT() takes the padding off, also behind the last. */
static void take_messages(struct conntrack *c, const void *bytes, size_t len,
			  bool is_event)
{
	const struct nlmsghdr *m = bytes;
	size_t left = NLMSG_ALIGN(len);

	for (; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left))
		if (m->nlmsg_type >> 8 == NFNL_SUBSYS_CTNETLINK)
			on_entry(c, m, is_event);
}

/* ---- what is there ---- */

static int on_answer(void *ctx, const void *bytes, size_t len)
{
	take_messages(ctx, bytes, len, false);
	return 0;
}

/* @all: events were lost, so an end may have been. */
static int ask_for_all(struct conntrack *c, bool all)
{
	uint64_t looked_ns = all ? c->read_ns : c->asked_ns;
	int err;

	c->asked_ns = clock_ns(CLOCK_MONOTONIC);
	nat_look(c->nat, looked_ns, c->asked_ns);
	nat_check_begin(c->nat, all);
	err = lookup_translations(c->lookup, c->namespace, IPS_SRC_NAT,
				  on_answer, c);
	err = err ? err :
		    lookup_translations(c->lookup, c->namespace, IPS_DST_NAT,
					on_answer, c);
	c->incomplete = err;
	if (err)
		return err;
	nat_check_end(c->nat);
	return 0;
}

/* ---- events ---- */

/* Of the entries that are not translated, the kernel need not tell us. */
static int attach_filter(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_IMM,
			 NLMSG_HDRLEN + sizeof(struct nfgenmsg)),
		BPF_STMT(BPF_LDX | BPF_IMM, CTA_STATUS),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
			 (uint32_t)(SKF_AD_OFF + SKF_AD_NLATTR)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, NLA_HDRLEN),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, TRANSLATED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) ?
		       -errno :
		       0;
}

static int open_events(void)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = GROUP(NFNLGRP_CONNTRACK_NEW) |
			     GROUP(NFNLGRP_CONNTRACK_DESTROY),
	};
	/* Nobody but the kernel tells through it. */
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_NETFILTER);
	int bytes = QUEUE_BYTES, err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	err = attach_filter(fd);
	if (err)
		goto fail;
	if (bind(fd, (struct sockaddr *)&nl, sizeof(nl)) ||
	    connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel))) {
		err = -errno;
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return err;
}

/* What the kernel has told, once.  0 or -errno. */
static int read_events(struct conntrack *c)
{
	ssize_t n = recv(c->events, c->bytes, sizeof(c->bytes), 0);

	if (n < 0)
		return -errno;
	take_messages(c, c->bytes, (size_t)n, true);
	return 0;
}

static bool is_zero(int fd)
{
	char first;

	return fd >= 0 && pread(fd, &first, 1, 0) == 1 && first == '0';
}

/* A question takes milliseconds: the kernel searches all namespaces' entries. */
static int ask_at_first(struct conntrack *c)
{
	if (!is_zero(c->count))
		return ask_for_all(c, false);
	c->asked_ns = clock_ns(CLOCK_MONOTONIC);
	return 0;
}

/* Without events (net.netfilter.nf_conntrack_events=0) all are asked for. */
static bool must_ask(struct conntrack *c, uint64_t now)
{
	if (now >= c->enabled_ns + UNWATCHED_NS) {
		c->enabled_ns = now;
		c->polls = is_zero(c->enabled);
	}
	if (now < c->asked_ns + (c->polls ? POLL_NS : UNWATCHED_NS))
		return false;
	if (nat_unwatched(c->nat) || c->incomplete)
		return true;
	return c->polls && !is_zero(c->count);
}

int conntrack_fd(const struct conntrack *c)
{
	return c ? c->events : -1;
}

void conntrack_refresh(struct conntrack *c, bool changed)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	int err = 0;

	if (!c)
		return;
	nat_look(c->nat, c->read_ns, now);
	for (int i = 0; changed && !err && i < AT_ONCE; i++)
		err = read_events(c);
	if (err == -ENOBUFS)
		ask_for_all(c, true);
	else if (must_ask(c, now))
		ask_for_all(c, false);
	c->read_ns = now;
}

bool conntrack_is_incomplete(const struct conntrack *c)
{
	return c && c->incomplete;
}

/* ---- open and close ---- */

bool conntrack_is_kept(void)
{
	return !access(SYSCTL "count", F_OK);
}

int conntrack_open(struct conntrack **out, struct nat *nat,
		   struct lookup *lookup, unsigned namespace)
{
	struct conntrack *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->nat = nat;
	c->lookup = lookup;
	c->namespace = namespace;
	c->read_ns = clock_ns(CLOCK_MONOTONIC);
	c->enabled = open(SYSCTL "events", O_RDONLY | O_CLOEXEC);
	c->count = open(SYSCTL "count", O_RDONLY | O_CLOEXEC);
	/* First the events: what begins meanwhile is told twice. */
	c->events = open_events();
	err = c->events < 0 ? c->events : ask_at_first(c);
	if (err && err != -EAGAIN) {
		conntrack_close(c);
		return err;
	}
	*out = c;
	return 0;
}

void conntrack_close(struct conntrack *c)
{
	if (!c)
		return;
	if (c->events >= 0)
		close(c->events);
	if (c->enabled >= 0)
		close(c->enabled);
	if (c->count >= 0)
		close(c->count);
	free(c);
}
