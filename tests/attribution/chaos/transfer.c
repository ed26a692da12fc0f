/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sending and receiving, by every call that the kernel has for it:
 *   send sN CALL LENGTH COUNT [ADDRESS or "back"], recv sN CALL COUNT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#ifdef HAVE_URING
#include <liburing.h>
#endif

#include "play.h"

#define MOST 65536

struct message {
	int fd;
	int flags;
	unsigned char *data;
	size_t len;
	void *to; /* or NULL */
	socklen_t to_len;
};

/* Whom this process last heard on a descriptor, for "back". */
static struct asker {
	struct sockaddr_storage from;
	socklen_t len;
} askers[64];

static int last_asker(int fd, struct sockaddr_storage *to)
{
	const struct asker *a = &askers[(fd - FIRST_FD) & 63];

	*to = a->from;
	return a->len ? (int)a->len : -EDESTADDRREQ;
}

static ssize_t by_msg(const struct message *m, bool many)
{
	struct iovec io[2] = { { m->data, m->len / 2 },
			       { m->data + m->len / 2, m->len - m->len / 2 } };
	struct mmsghdr h = { .msg_hdr = { .msg_name = m->to,
					  .msg_namelen = m->to_len,
					  .msg_iov = io,
					  .msg_iovlen = 2 } };

	if (many)
		return sendmmsg(m->fd, &h, 1, m->flags);
	return sendmsg(m->fd, &h.msg_hdr, m->flags);
}

static ssize_t by_splice(const struct message *m)
{
	ssize_t n = -1;
	int pipe_fd[2];

	if (pipe(pipe_fd))
		return -1;
	if (write(pipe_fd[1], m->data, m->len) == (ssize_t)m->len)
		n = splice(pipe_fd[0], NULL, m->fd, NULL, m->len, 0);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	return n;
}

static ssize_t by_sendfile(const struct message *m)
{
	int file = memfd_create("data", MFD_CLOEXEC);
	off_t at = 0;
	ssize_t n = -1;

	if (write(file, m->data, m->len) == (ssize_t)m->len)
		n = sendfile(m->fd, file, &at, m->len);
	close(file);
	return n;
}

/* The last: a thread of the kernel's takes what is to be sent. */
enum { INTO, OUT, BY_KERNEL };

#ifdef HAVE_URING
static ssize_t by_uring(int fd, void *data, size_t len, int how)
{
	struct __kernel_timespec limit = { 0, 30000000 };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int n;

	n = io_uring_queue_init(4, &ring,
				how == BY_KERNEL ? IORING_SETUP_SQPOLL : 0);
	if (!n) {
		sqe = io_uring_get_sqe(&ring);
		if (how == INTO)
			io_uring_prep_recv(sqe, fd, data, len, 0);
		else
			io_uring_prep_send(sqe, fd, data, len, 0);
		io_uring_submit(&ring);
		n = io_uring_wait_cqe_timeout(&ring, &cqe, &limit);
		if (!n)
			n = cqe->res;
		io_uring_queue_exit(&ring);
	}
	errno = -n;
	return n < 0 ? -1 : n;
}
#else
static ssize_t by_uring(int fd, void *data, size_t len, int how)
{
	(void)fd, (void)data, (void)len, (void)how;
	errno = EOPNOTSUPP;
	return -1;
}
#endif

static ssize_t transmit(const char *call, struct message *m)
{
	struct iovec io = { m->data, m->len };

	if (!strcmp(call, "sendmsg") || !strcmp(call, "sendmmsg"))
		return by_msg(m, call[5] == 'm');
	if (m->to)
		return sendto(m->fd, m->data, m->len, m->flags, m->to,
			      m->to_len);
	if (!strcmp(call, "write"))
		return write(m->fd, m->data, m->len);
	if (!strcmp(call, "writev"))
		return writev(m->fd, &io, 1);
	if (!strcmp(call, "splice"))
		return by_splice(m);
	if (!strcmp(call, "sendfile"))
		return by_sendfile(m);
	if (!strcmp(call, "uring"))
		return by_uring(m->fd, m->data, m->len, OUT);
	if (!strcmp(call, "sqpoll"))
		return by_uring(m->fd, m->data, m->len, BY_KERNEL);
	if (!strcmp(call, "zerocopy"))
		m->flags |= MSG_ZEROCOPY;
	return send(m->fd, m->data, m->len, m->flags);
}

/* A ping socket wants the header of an echo request in front. */
static size_t header_of(int fd, unsigned char *data)
{
	socklen_t len = sizeof(int);
	int protocol = 0;

	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	if (protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6)
		return 0;
	memset(data, 0, 8);
	data[0] = protocol == IPPROTO_ICMP ? 8 : 128;
	return 8;
}

size_t put_stamps(unsigned char *data, size_t len)
{
	struct stamp s = { .program = me.program, .who = me.who };
	size_t at = 0;

	s.seq = next_seq();
	memcpy(s.magic, STAMP_MAGIC, sizeof(s.magic));
	do {
		memcpy(data + at, &s, sizeof(s));
		at += sizeof(s);
		s.part++;
	} while (at + sizeof(s) <= len);
	return at;
}

int send_op(const struct op *op, int fd)
{
	static __thread unsigned char data[MOST + 8];
	struct sockaddr_storage to;
	struct message m = { .fd = fd, .data = data, .flags = MSG_NOSIGNAL };
	size_t len, head;
	int count, err = 0;

	if (op->words < 5)
		return -EINVAL;
	len = strtoul(op->word[3], NULL, 10);
	count = atoi(op->word[4]);
	if (len > MOST)
		return -EINVAL;
	if (op->words > 5) {
		int n = strcmp(op->word[5], "back") ?
				parse_address(op->word[5], &to) :
				last_asker(fd, &to);

		if (n < 0)
			return n;
		m.to = &to;
		m.to_len = n;
	}
	head = header_of(fd, data);
	for (int i = 0; i < count; i++) {
		m.len = head + put_stamps(data + head, len);
		if (transmit(op->word[2], &m) < 0)
			err = -errno;
		sched_yield(); /* others may be doing the same */
	}
	tell_use(fd, "send");
	return err;
}

static ssize_t receive_msg(int fd, void *data, bool many)
{
	struct iovec io = { data, MOST };
	struct mmsghdr h = { .msg_hdr = { .msg_iov = &io, .msg_iovlen = 1 } };

	if (!many)
		return recvmsg(fd, &h.msg_hdr, 0);
	if (recvmmsg(fd, &h, 1, 0, NULL) < 0)
		return -1;
	return h.msg_len;
}

static ssize_t receive_splice(int fd, void *data)
{
	ssize_t n = -1;
	int pipe_fd[2];

	if (pipe(pipe_fd))
		return -1;
	n = splice(fd, NULL, pipe_fd[1], NULL, MOST, 0);
	if (n > 0)
		n = read(pipe_fd[0], data, n);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	return n;
}

static ssize_t receive(const char *call, int fd, void *data)
{
	struct iovec io = { data, MOST };

	if (!strcmp(call, "recvmsg") || !strcmp(call, "recvmmsg"))
		return receive_msg(fd, data, call[4] == 'm' && call[5] == 'm');
	if (!strcmp(call, "read"))
		return read(fd, data, MOST);
	if (!strcmp(call, "readv"))
		return readv(fd, &io, 1);
	if (!strcmp(call, "splice"))
		return receive_splice(fd, data);
	if (!strcmp(call, "uring"))
		return by_uring(fd, data, MOST, INTO);
	if (!strcmp(call, "recvfrom")) {
		struct asker *a = &askers[(fd - FIRST_FD) & 63];

		a->len = sizeof(a->from);
		return recvfrom(fd, data, MOST, 0, (void *)&a->from, &a->len);
	}
	return recv(fd, data, MOST, 0);
}

/* Each sender's bytes among those that were read, with the last of each write. */
static void tell_read(const unsigned char *data, size_t len)
{
	const unsigned char *at = memmem(data, len, STAMP_MAGIC, 4);
	struct stamp s, next;

	for (; at && at + sizeof(s) <= data + len; at += sizeof(s)) {
		memcpy(&s, at, sizeof(s));
		if (at + 2 * sizeof(s) <= data + len) {
			memcpy(&next, at + sizeof(s), sizeof(next));
			if (next.who == s.who && next.seq == s.seq)
				continue;
		}
		tell("R %u %u %u %u %u\n", s.program, s.who, s.seq, me.who,
		     s.part);
	}
}

int recv_op(const struct op *op, int fd)
{
	static __thread unsigned char data[MOST];
	int count = op->words > 3 ? atoi(op->word[3]) : 1;
	ssize_t n;
	int err;

	if (op->words < 3)
		return -EINVAL;
	for (int i = 0; i < count; i++) {
		struct pollfd more = { fd, POLLIN, 0 };

		if (i && poll(&more, 1, 2) <= 0)
			break;
		n = receive(op->word[2], fd, data);
		err = n < 0 ? -errno : 0;
		if (!i)
			tell_use(fd, "recv");
		if (n <= 0)
			return err;
		tell_read(data, n);
	}
	return 0;
}
