/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations that make, share, ask and close sockets. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "play.h"

#define FIRST_PORT 10000
#define PORTS	   8 /* of one program */
#define PROGRAMS   2500

static const struct {
	const char *name;
	int domain, type, protocol;
} kinds[] = {
	{ "tcp4", AF_INET, SOCK_STREAM, 0 },
	{ "tcp6", AF_INET6, SOCK_STREAM, 0 },
	{ "udp4", AF_INET, SOCK_DGRAM, 0 },
	{ "udp6", AF_INET6, SOCK_DGRAM, 0 },
	{ "ping4", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
	{ "ping6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 },
	{ "mptcp4", AF_INET, SOCK_STREAM, IPPROTO_MPTCP },
	{ "mptcp6", AF_INET6, SOCK_STREAM, IPPROTO_MPTCP },
	{ "raw4", AF_INET, SOCK_RAW, 253 },
	{ "raw6", AF_INET6, SOCK_RAW, 253 },
};

int parse_address(const char *text, struct sockaddr_storage *a)
{
	struct sockaddr_in6 *in6 = (void *)a;
	struct sockaddr_in *in = (void *)a;
	char ip[64];
	unsigned int port = 0;

	memset(a, 0, sizeof(*a));
	if (sscanf(text, "%63[^+]+%u", ip, &port) == 2)
		port += FIRST_PORT + me.program % PROGRAMS * PORTS;
	if (inet_pton(AF_INET, ip, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, ip, &in6->sin6_addr) != 1)
		return -EINVAL;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

static void text_address(char out[80], const struct sockaddr_storage *a)
{
	const struct sockaddr_in6 *in6 = (const void *)a;
	const struct sockaddr_in *in = (const void *)a;
	char ip[INET6_ADDRSTRLEN];

	strcpy(out, "- 0");
	if (a->ss_family == AF_INET)
		snprintf(out, 80, "%s %d",
			 inet_ntop(AF_INET, &in->sin_addr, ip, sizeof(ip)),
			 ntohs(in->sin_port));
	else if (a->ss_family == AF_INET6)
		snprintf(out, 80, "%s %d",
			 inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof(ip)),
			 ntohs(in6->sin6_port));
}

void tell_use(int fd, const char *kind)
{
	struct sockaddr_storage local = { 0 }, remote = { 0 };
	char text[2][80];
	socklen_t len = sizeof(local);
	uint64_t cookie = 0;
	int protocol = -1;

	getsockname(fd, (void *)&local, &len);
	len = sizeof(remote);
	if (strcmp(kind, "socket") && strcmp(kind, "bind"))
		getpeername(fd, (void *)&remote, &len);
	len = sizeof(cookie);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	len = sizeof(protocol);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	text_address(text[0], &local);
	text_address(text[1], &remote);
	tell("U %u %u %s %ju %d %s %s\n", me.program, me.who, kind,
	     (uintmax_t)cookie, protocol, text[0], text[1]);
}

/* It gets the descriptor of its name, and nothing on it blocks for long. */
static int place(int made, int fd)
{
	struct timeval limit = { 0, 10000 };

	if (made < 0)
		return -errno;
	if (dup2(made, fd) < 0)
		return -errno;
	close(made);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	limit.tv_usec = 50000;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return 0;
}

static int create(const char *name, int fd)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return place(socket(kinds[i].domain, kinds[i].type,
					    kinds[i].protocol),
				     fd);
	return -EINVAL;
}

/* A group and, after "%", the interface on which it is joined. */
static int join(const char *group, int fd)
{
	struct group_req request = { 0 };
	char ip[64], device[IFNAMSIZ];
	int six, err;

	if (sscanf(group, "%63[^%%]%%%15s", ip, device) != 2)
		return -EINVAL;
	err = parse_address(ip, &request.gr_group);
	if (err < 0)
		return err;
	six = request.gr_group.ss_family == AF_INET6;
	request.gr_interface = if_nametoindex(device);
	if (six)
		setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF,
			   &request.gr_interface, sizeof(int));
	return setsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP, MCAST_JOIN_GROUP,
			  &request, sizeof(request));
}

/* Of the sockets that share a port, this one takes every packet. */
static int steer(const char *nth, int fd)
{
	struct sock_filter ret = BPF_STMT(BPF_RET | BPF_K, atoi(nth));
	struct sock_fprog filter = { 1, &ret };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter,
			  sizeof(filter));
}

/* Two extension headers before each packet: they hold padding only. */
static int extend(int fd)
{
	static const unsigned char padding[8] = { 0, 0, 1, 4 };
	int err = setsockopt(fd, IPPROTO_IPV6, IPV6_HOPOPTS, padding, 8);

	return err ? err :
		     setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, padding, 8);
}

static int set_option(const struct op *op, int fd)
{
	const char *name = op->words > 2 ? op->word[2] : "";
	const char *value = op->words > 3 ? op->word[3] : "";
	int one = 1, err = -1;

	errno = EINVAL;
	if (!strcmp(name, "reuseport"))
		err = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, 4);
	else if (!strcmp(name, "reuseaddr"))
		err = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, 4);
	else if (!strcmp(name, "broadcast"))
		err = setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, 4);
	else if (!strcmp(name, "zerocopy"))
		err = setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, 4);
	else if (!strcmp(name, "device"))
		err = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, value,
				 strlen(value));
	else if (!strcmp(name, "steer"))
		err = steer(value, fd);
	else if (!strcmp(name, "extend"))
		err = extend(fd);
	else if (!strcmp(name, "join"))
		err = join(value, fd);
	return err < 0 ? -errno : 0;
}

/* Only asks, for some time: none of it makes anybody the socket's user. */
static int ask(int fd)
{
	struct sockaddr_storage a;
	struct tcp_info info;

	for (int i = 0; i < 3000; i++) {
		socklen_t len = sizeof(a);

		getsockname(fd, (void *)&a, &len);
		len = sizeof(a);
		getpeername(fd, (void *)&a, &len);
		len = sizeof(info);
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	}
	return 0;
}

static int give(int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { "x", 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = space,
			    .msg_controllen = sizeof(space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(GIVE_FD, &m, 0) < 0 ? -errno : 0;
}

static int take(int fd)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, byte;
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = space,
			    .msg_controllen = sizeof(space) };
	struct cmsghdr *c;
	int made;

	if (recvmsg(TAKE_FD, &m, 0) < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(&made, CMSG_DATA(c), sizeof(made));
	return place(made, fd);
}

int enter(const char *host)
{
	char path[128], name[64];
	int fd, err;

	snprintf(name, sizeof(name), "CHAOS_NETNS_%s", host);
	snprintf(path, sizeof(path), "/run/netns/%s",
		 getenv(name) ? getenv(name) : "-");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err;
}

static int with_address(const struct op *op, int fd)
{
	struct sockaddr_storage a;
	int len = op->words > 2 ? parse_address(op->word[2], &a) : -EINVAL;

	if (len < 0)
		return len;
	if (!strcmp(op->word[0], "bind"))
		return bind(fd, (void *)&a, len) ? -errno : 0;
	return connect(fd, (void *)&a, len) ? -errno : 0;
}

static int fd_of(const struct op *op, int nth)
{
	if (op->words <= nth || *op->word[nth] != 's')
		return -1;
	return FIRST_FD + atoi(op->word[nth] + 1);
}

/* After these the log says that this process uses the socket. */
static int using_op(const struct op *op, int fd)
{
	const char *name = op->word[0];
	int to = fd_of(op, 2);

	if (!strcmp(name, "socket") && op->words > 2)
		return create(op->word[2], fd);
	if (!strcmp(name, "bind") || !strcmp(name, "connect"))
		return with_address(op, fd);
	if (!strcmp(name, "listen"))
		return listen(fd, 64) ? -errno : 0;
	if (!strcmp(name, "accept") && to >= 0)
		return place(accept(fd, NULL, NULL), to);
	if (!strcmp(name, "shutdown"))
		return shutdown(fd, SHUT_WR) ? -errno : 0;
	return -ENOSYS;
}

int socket_op(const struct op *op)
{
	const char *name = op->word[0];
	int fd = fd_of(op, 1), to = fd_of(op, 2), err;

	if (fd < 0)
		return -EINVAL;
	err = using_op(op, fd);
	if (err != -ENOSYS) {
		if (!strcmp(name, "accept") && !err)
			tell_use(to, name);
		if (fd >= 0 && (!err || !strcmp(name, "connect")))
			tell_use(fd, name);
		return err;
	}
	if (!strcmp(name, "send"))
		return send_op(op, fd);
	if (!strcmp(name, "recv"))
		return recv_op(op, fd);
	if (!strcmp(name, "close"))
		return close(fd) ? -errno : 0;
	if (!strcmp(name, "dup") && to >= 0)
		return dup2(fd, to) < 0 ? -errno : 0;
	if (!strcmp(name, "opt"))
		return set_option(op, fd);
	if (!strcmp(name, "ask"))
		return ask(fd);
	if (!strcmp(name, "give"))
		return give(fd);
	if (strcmp(name, "take"))
		return -EINVAL;
	err = take(fd);
	if (!err)
		tell_use(fd, name);
	return err;
}
