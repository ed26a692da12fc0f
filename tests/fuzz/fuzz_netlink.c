/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes through netlink sockets, any bytes as answers of sock_diag, as
 * events of connection tracking, and as links: the first byte says which.  Nothing is asked
 * of the kernel: the linker puts what is below in place of these calls.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "lookup/lookup.h"
#include "owner/nat/conntrack.h"
#include "owner/nat/nat.h"
#include "interface/netlink.h"
#include "owner/polling/sockdiag.h"
#include "owner/local/tunnels.h"

#define TRANSLATIONS 64
#define TRACKING     1 /* in the first byte */
#define NUMBERED     2 /* an answer has our number */
#define LINKS	     4
#define PIECE	     512 /* of one message of the kernel's */

static const uint8_t *rest;
static size_t rest_size;
static bool numbered;
static uint32_t asked; /* the number of the last question */

ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t size, int flags);
int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len);

ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
	struct nlmsghdr *h = buf;
	size_t n = rest_size < PIECE ? rest_size : PIECE;

	(void)fd;
	if (!n || flags & MSG_DONTWAIT) {
		errno = EAGAIN;
		return -1;
	}
	n = n < size ? n : size;
	memcpy(buf, rest, n);
	rest += n;
	rest_size -= n;
	if (numbered && n >= sizeof(*h))
		h->nlmsg_seq = asked;
	return (ssize_t)n;
}

ssize_t __wrap_send(int fd, const void *buf, size_t size, int flags)
{
	const struct nlmsghdr *h = buf;

	(void)fd;
	(void)flags;
	LAW(size >= sizeof(*h) && h->nlmsg_len == size);
	asked = h->nlmsg_seq;
	return (ssize_t)size;
}

int __wrap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	LAW(addr->sa_family == AF_NETLINK && len == sizeof(struct sockaddr_nl));
	return 0;
}

int __wrap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return __wrap_bind(fd, addr, len);
}

static void give(const uint8_t *data, size_t size)
{
	rest = data;
	rest_size = size;
}

/* ---- sock_diag ---- */

static void count(void *ctx, uint64_t cookie, const struct flow_key *key)
{
	static const __u8 none[sizeof(key->reserved)];
	size_t *n = ctx;

	(void)cookie;
	LAW(key->proto == IPPROTO_UDP);
	LAW(!memcmp(key->reserved, none, sizeof(none)));
	++*n;
}

static void diag(const uint8_t *data, size_t size)
{
	struct flow_key key = { .proto = IPPROTO_TCP, .local_port = 80 };
	struct sockdiag_socket s;
	int fd = sockdiag_open();
	size_t found = 0;

	LAW(fd >= 0);
	give(data, size);
	/* An answer to nobody's question is none. */
	if (!sockdiag_find(fd, &key, &s))
		LAW(numbered && size >= NLMSG_HDRLEN);
	give(data, size);
	if (!sockdiag_each_udp(fd, count, &found))
		LAW(numbered);
	LAW(found <= size / NLMSG_HDRLEN);
	LAW(!found || numbered);
	close(fd);
}

/* ---- connection tracking ---- */

static void translation_laws(const struct nat *n, const uint8_t *data,
			     size_t size)
{
	struct flow_key sent = { .proto = IPPROTO_UDP };
	struct nat_ends e;

	for (size_t i = 0; i + 16 <= size; i += 16) {
		memcpy(sent.local, data + i, 16);
		if (!nat_find(n, &sent, 1, &e))
			continue;
		LAW(e.sender.proto == sent.proto &&
		    e.receiver.proto == sent.proto);
	}
	LAW(nat_unwatched(n) <= TRANSLATIONS);
}

static void tracking(const uint8_t *data, size_t size)
{
	struct lookup *l = lookup_new(STDIN_FILENO, STDIN_FILENO);
	struct nat *n = nat_new(TRANSLATIONS);
	struct conntrack *c = NULL;
	size_t first = size / 2;

	LAW(l && n);
	lookup_track(l);
	give(data, first);
	if (!conntrack_open(&c, n, l, 0)) {
		give(data + first, size - first);
		conntrack_refresh(c, true);
		translation_laws(n, data, size);
	}
	conntrack_close(c);
	nat_free(n);
	lookup_close(l);
}

/* ---- links ---- */

static void links(const uint8_t *data, size_t size)
{
	static struct tunnels t;
	const struct flow_key key = { .proto = IPPROTO_GRE };
	int fd = netlink_open(NETLINK_ROUTE);

	LAW(fd >= 0);
	give(data, size);
	tunnels_read(&t, fd);
	LAW(t.count <= MAX_TUNNELS && t.count <= size / NLMSG_HDRLEN);
	for (size_t i = 0; i < t.count; i++)
		LAW(*(uint8_t *)&t.tunnel[i].gre <= 1);
	tunnels_take(&t, &key);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	numbered = data[0] & NUMBERED;
	if (data[0] & LINKS)
		links(data + 1, size - 1);
	else if (data[0] & TRACKING)
		tracking(data + 1, size - 1);
	else
		diag(data + 1, size - 1);
	return 0;
}
