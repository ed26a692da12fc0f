/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/metrics/exporter.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bytes.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/place.h"
#include "host/privilege/landlock.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/signals.h"
#include "host/privilege/sudo_user.h"
#include "host/watch.h"

#define TEXT_MAX  (192u << 10) /* of METRICS_PROGRAMS, and more */
#define ASK_MAX	  4096
#define SECONDS	  2    /* that a reader has for each step */
#define WAITING	  16   /* readers */
#define FILE_MODE 0644 /* another program is to read it */

struct exporter {
	int fd;
};

/* The child's. */
struct server {
	int from;
	int listens; /* -1: it writes a file */
	int dir_fd;  /* where it writes, and what */
	const char *name;
	size_t len;
	char text[TEXT_MAX];
};

/* ---- the child ---- */

/* Others wait meanwhile: who takes a byte now and then is no reader. */
static bool send_all(int fd, const char *bytes, size_t len, uint64_t until_ns)
{
	while (len && clock_ns(CLOCK_MONOTONIC) < until_ns) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return !len;
}

/* Its first line is enough; the rest of the headers is of no use here. */
static bool asks_for_metrics(int fd, uint64_t until_ns)
{
	char ask[ASK_MAX + 1];
	size_t len = 0;

	do {
		ssize_t n = recv(fd, ask + len, ASK_MAX - len, 0);

		if (n <= 0 || clock_ns(CLOCK_MONOTONIC) > until_ns)
			return false;
		len += (size_t)n;
		ask[len] = '\0';
	} while (!strstr(ask, "\r\n\r\n") && len < ASK_MAX);
	return !strncmp(ask, "GET /metrics ", 13) || !strncmp(ask, "GET / ", 6);
}

static void answer_reader(const struct server *s, int fd)
{
	struct timeval limit = { .tv_sec = SECONDS };
	uint64_t until_ns = clock_ns(CLOCK_MONOTONIC) + SECONDS * 1000000000ull;
	char head[200];
	int n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!asks_for_metrics(fd, until_ns)) {
		send_all(fd, "HTTP/1.0 404 Not Found\r\n\r\n", 26, until_ns);
		return;
	}
	n = snprintf(head, sizeof(head),
		     "HTTP/1.0 200 OK\r\nContent-Type: "
		     "text/plain; version=0.0.4; charset=utf-8\r\n"
		     "Content-Length: %zu\r\n\r\n",
		     s->len);
	if (send_all(fd, head, (size_t)n, until_ns))
		send_all(fd, s->text, s->len, until_ns);
}

/*
 * Whoever reads it sees the old one, or the new.  A FIFO, or another name of
 * some file, that stands in the new one's place is not written to.
 */
static void write_file(const struct server *s)
{
	char new[NAME_MAX + 1];
	int fd;

	snprintf(new, sizeof(new), "%s.new", s->name);
	unlinkat(s->dir_fd, new, 0);
	fd = openat(s->dir_fd, new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    FILE_MODE);
	if (fd < 0)
		return;
	if (write(fd, s->text, s->len) == (ssize_t)s->len)
		renameat(s->dir_fd, new, s->dir_fd, s->name);
	close(fd);
}

/* False when the capture is gone. */
static bool take_text(struct server *s)
{
	ssize_t n = recv(s->from, s->text, sizeof(s->text), 0);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	s->len = (size_t)n;
	if (s->listens < 0)
		write_file(s);
	return true;
}

static void serve_readers(struct server *s)
{
	struct watch fds[] = { { .fd = s->from, .events = POLLIN },
			       { .fd = s->listens, .events = POLLIN } };
	int n;

	while ((n = watch_wait(fds, 2, -1)) > 0 || n == -EINTR) {
		int fd;

		if (fds[0].ready && !take_text(s))
			return;
		if (!(fds[1].ready & POLLIN))
			continue;
		fd = accept4(s->listens, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		answer_reader(s, fd);
		close(fd);
	}
}

/* To @name in the directory @fd; without a name it listens at @fd. */
static _Noreturn void be_exporter(int from, int fd, const char *name)
{
	static struct server s;

	s.from = dup2(from, STDIN_FILENO);
	fd = dup2(fd, STDOUT_FILENO);
	s.listens = name ? -1 : fd;
	s.dir_fd = fd;
	s.name = name;
	close_range(STDERR_FILENO, ~0u, 0);
	signals_ignore();
	setsid(); /* ^C is not for it: it ends with the capture */
	if (name) {
		if (sudo_user_become())
			_exit(1);
		privilege_keep_files();
	} else {
		privilege_give_up();
	}
	sandbox_enter();
	landlock_write_in(name ? fd : -1);
	serve_readers(&s);
	_exit(0);
}

/* ---- who starts it ---- */

/* Splits "[::1]:9464" in place; a number alone has no host. */
static bool split_address(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');

	*port = colon ? colon + 1 : text;
	if (!**port || strspn(*port, "0123456789") != strlen(*port) ||
	    strchr(text, '/'))
		return false;
	*host = NULL;
	if (!colon)
		return true;
	*colon = '\0';
	*host = text;
	if (*text == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = text + 1;
	}
	return true;
}

static int listen_at(const char *host, const char *port, int *fd)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	unsigned long number = strtoul(port, NULL, 10);
	struct addrinfo *a;
	int yes = 1;

	/* getaddrinfo(3) would take its last 16 bits. */
	if (!number || number > UINT16_MAX)
		return -EINVAL;
	if (getaddrinfo(host ? host : "127.0.0.1", port, &hints, &a))
		return -EINVAL;
	*fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		     0);
	if (*fd >= 0)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (*fd < 0 || bind(*fd, a->ai_addr, a->ai_addrlen) ||
	    listen(*fd, WAITING)) {
		int err = -errno;

		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		freeaddrinfo(a);
		return err;
	}
	freeaddrinfo(a);
	return 0;
}

static int fork_exporter(struct exporter *e, int where, const char *name)
{
	int fds[2], room = TEXT_MAX * 2;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	pid = fork();
	if (!pid)
		be_exporter(fds[1], where, name);
	close(fds[1]);
	e->fd = fds[0];
	return pid < 0 ? -errno : 0;
}

/* Its directory, with the rights that it will be written with. */
static int open_parent(const char *path, const char **name, int *fd)
{
	struct sudo_user_rights root;
	int err = sudo_user_enter(&root);

	if (err)
		return err;
	*fd = place_open(path, name);
	if (*fd < 0)
		err = *fd;
	else if (faccessat(*fd, ".", W_OK | X_OK, AT_EACCESS))
		err = -errno;
	sudo_user_leave(&root);
	return err;
}

int exporter_start(struct exporter **out, const char *where)
{
	struct exporter *e = calloc(1, sizeof(*e));
	const char *name = NULL;
	char text[128], *host, *port;
	int fd = -1, err;

	if (!e)
		return -ENOMEM;
	e->fd = -1;
	snprintf(text, sizeof(text), "%s", where);
	if (split_address(text, &host, &port))
		err = listen_at(host, port, &fd);
	else
		err = open_parent(where, &name, &fd);
	err = err ? err : fork_exporter(e, fd, name);
	if (fd >= 0)
		close(fd);
	if (err) {
		log_error("cannot give metrics at %s: %s", where,
			  strerror(-err));
		exporter_stop(e);
		return err;
	}
	*out = e;
	return 0;
}

/* It ends where its input does. */
void exporter_stop(struct exporter *e)
{
	if (e && e->fd >= 0)
		close(e->fd);
	free(e);
}

void exporter_put(struct exporter *e, const char *text, size_t len)
{
	if (send(e->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("metrics are late: %s", strerror(errno));
}
