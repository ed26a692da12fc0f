/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/files/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/child.h"
#include "host/privilege/landlock.h"
#include "host/log.h"
#include "host/place.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/privilege/sudo_user.h"
#include "host/watch.h"
#include "output/files/opener_ring.h"
#include "output/pcapng/pcapng_writer.h"

enum { ASK_NEXT = 'n', ASK_FREEZE = 'f', ASK_KEEP = 'k' };

#define TEMPORARY_END ".pcapng"

#define GIVEN 10 /* descriptors, which a shell has names for */

#define START_MS    20000 /* nothing waits yet; it looks for earlier files */
#define PATIENCE_MS 2000  /* packets wait, in the kernel's rings */

struct opener {
	int fd;
	pid_t pid;	  /* 0: there is no child */
	int opened;	  /* and this is what it would open */
	char asked;	  /* what has no answer yet, or 0 */
	bool has_started; /* it has answered */
	bool is_late;	  /* it was waited for in vain */
	bool owes_freeze; /* asked for while it was late */
	char name[PATH_MAX];
};

struct answer {
	int err;
	char name[NAME_MAX + 1];
};

/* ---- the child ---- */

/* ^C is the capture's, whose end is ours. */
static void ignore_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMIN, SIG_IGN);
}

/* What is ours is closed when another program starts. */
static bool was_given(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}

/*
 * The capture's pipes, and those to its command, must not stay open; what a
 * shell has given us may be what is to be made, as "/dev/stdout".
 */
static void keep_only(int a, int b, bool with_given)
{
	const int kept[] = { a < b ? a : b, a < b ? b : a };
	unsigned next = GIVEN;

	for (int fd = 0; fd < GIVEN; fd++)
		if (fd != STDERR_FILENO && fd != a && fd != b &&
		    !(with_given && was_given(fd)))
			close(fd);
	for (int i = 0; i < 2; i++) {
		if (kept[i] > (int)next)
			syscall(SYS_close_range, next, kept[i] - 1, 0);
		if (kept[i] >= (int)next)
			next = (unsigned)kept[i] + 1;
	}
	syscall(SYS_close_range, next, ~0u, 0);
}

static void send_answer(int fd, struct answer *a, int file)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { a, sizeof(*a) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (!a->err) {
		memcpy(CMSG_DATA(&control.header), &file, sizeof(file));
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
	}
	if (sendmsg(fd, &m, MSG_NOSIGNAL) < 0)
		_exit(1);
}

static int make_temporary(const char *template, char name[NAME_MAX + 1])
{
	char path[PATH_MAX];
	const char *slash;
	int fd;

	snprintf(path, sizeof(path), "%s", template);
	fd = mkostemps(path, strlen(TEMPORARY_END), O_CLOEXEC);
	slash = strrchr(path, '/');
	snprintf(name, NAME_MAX + 1, "%.*s", NAME_MAX,
		 slash ? slash + 1 : path);
	return fd < 0 ? -errno : fd;
}

static int open_asked_for(struct opener_ring *r, char name[NAME_MAX + 1])
{
	const struct opener_options *o = &r->options;

	if (!o->single)
		return opener_ring_next(r, name);
	if (o->temporary)
		return make_temporary(o->path, name);
	memcpy(name, r->base, sizeof(r->base));
	return pcapng_output_open(o->path);
}

/* An existing file becomes its owner's alone, which a ring has none of. */
static void keep_rights(const struct opener_options *o)
{
	if (!o->of_host && privilege_become_reader())
		_exit(1);
	if (o->single)
		privilege_keep_output();
	else
		privilege_keep_files();
	child_ends_with_parent();
}

static _Noreturn void child(struct opener_ring *r, int fd)
{
	struct answer a;
	char ask;

	ignore_signals();
	keep_only(fd, r->dir_fd, r->options.single);
	keep_rights(&r->options);
	if (r->options.total || r->options.free)
		opener_ring_find_earlier(r);
	tzset(); /* the last file that it reads */
	sandbox_enter();
	/* A link may lead a single one elsewhere. */
	if (!r->options.single)
		landlock_write_in(r->dir_fd);
	while (recv(fd, &ask, 1, 0) == 1) {
		int file;

		if (ask != ASK_NEXT)
			opener_ring_freeze(r);
		if (ask == ASK_KEEP)
			continue;
		memset(&a, 0, sizeof(a));
		file = open_asked_for(r, a.name);
		a.err = file < 0 ? file : 0;
		send_answer(fd, &a, file);
		if (file < 0)
			continue;
		close(file);
		if (r->options.single)
			break;
	}
	_exit(0);
}

/* ---- the parent ---- */

/* What the caller of sudo named, the caller must reach. */
static int open_named(const char *path, const char **base)
{
	struct sudo_user_rights root;
	int fd, err = sudo_user_enter(&root);

	if (err)
		return err;
	fd = place_open(path, base);
	sudo_user_leave(&root);
	return fd;
}

/* Two would take away each other's files.  The child holds it to its end. */
static int lock_directory(int place)
{
	int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;

	close(place);
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

/* No package brings it, as it is not there before the first ring. */
static int open_of_host(const char *path, const char **base)
{
	const char *slash = strrchr(path, '/');
	char *directory = strndup(path, slash ? (size_t)(slash - path) : 0);
	int fd;

	if (directory)
		mkdir(directory, 0750);
	free(directory);
	fd = place_open(path, base);
	return fd < 0 ? fd : lock_directory(fd);
}

static int open_directory(struct opener_ring *r, const char *path)
{
	const char *base;

	r->dir_fd = r->options.of_host ? open_of_host(path, &base) :
					 open_named(path, &base);
	if (r->dir_fd < 0)
		return r->dir_fd;
	snprintf(r->base, sizeof(r->base), "%s", base);
	return 0;
}

static int fork_child(struct opener *p, struct opener_ring *r)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	p->pid = fork();
	if (!p->pid)
		child(r, fds[1]);
	close(fds[1]);
	p->fd = fds[0];
	return p->pid < 0 ? -errno : 0;
}

static void tell_why(const struct opener_options *o, int err)
{
	if (o->of_host && err == -EWOULDBLOCK)
		log_error("another pktwho record writes %s", o->path);
	else if (o->single)
		log_error("cannot write %s: %s", o->path, strerror(-err));
	else
		log_error("cannot write files like %s: %s%s", o->path,
			  strerror(-err),
			  o->of_host && err != -ENOSPC ?
				  ": run as root, or say -w FILE" :
				  "");
}

/* What names begin with, for whoever is told of them; one is all known. */
static int start_child(struct opener *p, const struct opener_options *o)
{
	struct opener_ring r = { .options = *o, .dir_fd = -1 };
	const char *slash = strrchr(o->path, '/');
	int err = open_directory(&r, o->path);

	if (err)
		return err;
	snprintf(p->name, sizeof(p->name), "%.*s",
		 o->single ? PATH_MAX :
		 slash	   ? (int)(slash + 1 - o->path) :
			     0,
		 o->path);
	err = fork_child(p, &r);
	close(r.dir_fd);
	return err;
}

static int open_now(struct opener *p, const char *path)
{
	snprintf(p->name, sizeof(p->name), "%s", path);
	p->opened = pcapng_output_open(path);
	return p->opened < 0 ? p->opened : 0;
}

static bool is_stream(const char *path)
{
	return !strcmp(path, "-") || pcapng_output_is_pipe(path);
}

int opener_start(struct opener **out, const struct opener_options *o)
{
	struct opener *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		err = -ENOMEM;
	else if (o->single && is_stream(o->path))
		err = open_now(p, o->path);
	else
		err = start_child(p, o);
	if (err) {
		tell_why(o, err);
		free(p);
		return err;
	}
	*out = p;
	return 0;
}

/* A descriptor, or -errno. */
static int receive_file(struct opener *p, struct answer *a)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { a, sizeof(*a) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	ssize_t n;
	int fd;

	do
		n = recvmsg(p->fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*a))
		return n < 0 && errno != ECONNRESET ? -errno : -ECHILD;
	if (a->err)
		return a->err;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -ECHILD;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Whoever runs it may have stopped it; the first time that is waited for. */
static int await_file(struct opener *p)
{
	struct watch w = { .fd = p->fd, .events = POLLIN };
	int ms = p->is_late ? 0 : p->has_started ? PATIENCE_MS : START_MS, n;

	do
		n = watch_wait(&w, 1, ms);
	while (n == -EINTR);
	if (n < 0)
		return n;
	p->is_late = !n;
	p->has_started |= n > 0;
	return n ? 0 : -ETIME;
}

const char *opener_why(int err)
{
	return err == -ETIME ?
		       "the process that opens its files does not answer" :
		       strerror(-err);
}

/*
 * What was asked for and has not come is what comes now.  Then what was to be
 * frozen is so with the file after that.
 */
static int put_question(struct opener *p, char what)
{
	p->owes_freeze |= what == ASK_FREEZE && p->asked != ASK_FREEZE;
	if (p->asked)
		return 0;
	what = p->owes_freeze ? ASK_FREEZE : ASK_NEXT;
	if (send(p->fd, &what, 1, MSG_NOSIGNAL) != 1)
		return errno == EPIPE ? -ECHILD : -errno;
	p->asked = what;
	p->owes_freeze = false;
	return 0;
}

static int ask_for_file(struct opener *p, char what, const char **name)
{
	char *base = strrchr(p->name, '/');
	struct answer a;
	int fd = put_question(p, what);

	fd = fd ? fd : await_file(p);
	if (fd)
		return fd;
	fd = receive_file(p, &a);
	p->asked = 0;
	if (fd < 0)
		return fd;
	base = base ? base + 1 : p->name;
	a.name[NAME_MAX] = '\0';
	snprintf(base, sizeof(p->name) - (size_t)(base - p->name), "%s",
		 a.name);
	*name = p->name;
	return fd;
}

int opener_next(struct opener *p, const char **name)
{
	*name = p->name;
	if (!p->pid)
		return p->opened;
	return ask_for_file(p, ASK_NEXT, name);
}

int opener_freeze(struct opener *p, const char **name)
{
	return ask_for_file(p, ASK_FREEZE, name);
}

/* The child does it before it sees that we have gone. */
void opener_keep(struct opener *p)
{
	const char what = ASK_KEEP;

	if (send(p->fd, &what, 1, MSG_NOSIGNAL) != 1)
		log_warn("no files are kept: %s", strerror(errno));
}

void opener_stop(struct opener *p)
{
	if (!p)
		return;
	if (p->owes_freeze)
		opener_keep(p);
	if (p->pid) {
		close(p->fd);
		child_reap(p->pid, NULL, PATIENCE_MS);
	}
	free(p);
}
