/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/opener.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/landlock.h"
#include "host/log.h"
#include "host/place.h"
#include "host/privilege.h"
#include "host/sandbox.h"
#include "host/sudo_user.h"
#include "output/file_name.h"

#define TRIES 100		/* numbers, until a name is not taken */
#define FROZEN "frozen_"

enum { ASK_NEXT = 'n', ASK_FREEZE = 'f', ASK_KEEP = 'k' };

struct opener {
	int fd;
	pid_t pid;
	char name[PATH_MAX];
};

struct answer {
	int err;
	char name[NAME_MAX + 1];
};

/* A file that the child has made, or an earlier one. */
struct made {
	struct made *next;
	struct timespec changed;	/* of an earlier one */
	uint64_t bytes;			/* once it is closed */
	bool is_open;
	char name[NAME_MAX + 1];
};

struct ring {
	struct opener_options options;
	char base[NAME_MAX + 1];
	int dir_fd;
	uint32_t number;		/* of the last name */
	struct made *oldest, *newest;
	uint64_t count, bytes;		/* of those in the list */
};

/* ---- the child: its files ---- */

static bool removes(const struct opener_options *o)
{
	return o->files || o->total || o->free;
}

/* The last one is closed by now, and as large as it gets. */
static void measure(struct ring *r)
{
	struct made *m = r->newest;
	struct stat st;

	if (!m || !m->is_open)
		return;
	m->is_open = false;
	if (!fstatat(r->dir_fd, m->name, &st, AT_SYMLINK_NOFOLLOW))
		m->bytes = (uint64_t)st.st_size;
	r->bytes += m->bytes;
}

static bool is_too_much(const struct ring *r)
{
	const struct opener_options *o = &r->options;
	struct statvfs disk;

	if (!r->oldest)
		return false;
	if (o->files && r->count >= o->files)
		return true;
	if (o->total && r->bytes + o->file_bytes > o->total)
		return true;
	return o->free && !fstatvfs(r->dir_fd, &disk) &&
	       (uint64_t)disk.f_bavail * disk.f_frsize <
		       o->free + o->file_bytes;
}

static void forget_oldest(struct ring *r)
{
	struct made *m = r->oldest;

	r->oldest = m->next;
	if (!r->oldest)
		r->newest = NULL;
	r->bytes -= m->bytes;
	r->count--;
	free(m);
}

/* Somebody else may have removed it, or put another file in its place. */
static void remove_oldest(struct ring *r)
{
	const char *name = r->oldest->name;

	if (unlinkat(r->dir_fd, name, 0) && errno != ENOENT)
		log_warn("cannot remove %s: %s", name, strerror(errno));
	forget_oldest(r);
}

/* Under a name that no ring takes for its own, in this run or a later one. */
static void freeze(struct ring *r)
{
	unsigned frozen = 0;

	measure(r);
	while (r->oldest) {
		const char *name = r->oldest->name;
		char kept[sizeof(FROZEN) + NAME_MAX];

		snprintf(kept, sizeof(kept), FROZEN "%s", name);
		if (!renameat2(r->dir_fd, name, r->dir_fd, kept,
			       RENAME_NOREPLACE))
			frozen++;
		else if (errno != ENOENT)
			log_warn("cannot keep %s: %s", name, strerror(errno));
		forget_oldest(r);
	}
	if (removes(&r->options))
		log_info("kept %u files as " FROZEN "%s...", frozen, r->base);
	else
		log_info("no file of %s is removed anyway", r->base);
}

static struct made *new_made(const char *name)
{
	struct made *m = calloc(1, sizeof(*m));

	if (m)
		snprintf(m->name, sizeof(m->name), "%s", name);
	return m;
}

static void append_made(struct ring *r, struct made *m)
{
	if (r->newest)
		r->newest->next = m;
	else
		r->oldest = m;
	r->newest = m;
	r->count++;
	r->bytes += m->bytes;
}

static int remember(struct ring *r, const char *name)
{
	struct made *m;

	if (!removes(&r->options))
		return 0;
	m = new_made(name);
	if (!m)
		return -ENOMEM;
	m->is_open = true;
	append_made(r, m);
	return 0;
}

/* ---- the child: files of earlier runs ---- */

static int by_change(const void *a, const void *b)
{
	const struct made *x = *(struct made *const *)a;
	const struct made *y = *(struct made *const *)b;

	if (x->changed.tv_sec != y->changed.tv_sec)
		return x->changed.tv_sec < y->changed.tv_sec ? -1 : 1;
	if (x->changed.tv_nsec != y->changed.tv_nsec)
		return x->changed.tv_nsec < y->changed.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* One of a name of ours; NULL if it is none, or nothing to be removed. */
static struct made *found(const struct ring *r, const char *name)
{
	struct made *m;
	struct stat st;

	if (!file_name_is(name, r->base) ||
	    fstatat(r->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return NULL;
	m = new_made(name);
	if (m) {
		m->bytes = (uint64_t)st.st_size;
		m->changed = st.st_mtim;
	}
	return m;
}

/* A budget holds over a restart, too. */
static void find_earlier(struct ring *r)
{
	int fd = openat(r->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct made **all = NULL, **more, *m;
	const struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir))) {
		m = found(r, e->d_name);
		more = m ? reallocarray(all, n + 1, sizeof(*all)) : NULL;
		if (more) {
			all = more;
			all[n++] = m;
		} else {
			free(m);
		}
	}
	if (n)
		qsort(all, n, sizeof(*all), by_change);
	for (size_t i = 0; i < n; i++)
		append_made(r, all[i]);
	free(all);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

/* ---- the child: the next file ---- */

static int make(struct ring *r, struct answer *a)
{
	time_t now = time(NULL);
	struct tm tm;
	int fd = -1;

	localtime_r(&now, &tm);
	for (int i = 0; fd < 0 && i < TRIES; i++) {
		int err = file_name_make(a->name, sizeof(a->name), r->base,
					 ++r->number, &tm,
					 r->options.time_first);

		if (err)
			return err;
		fd = openat(r->dir_fd, a->name, O_WRONLY | O_CREAT | O_EXCL |
						O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? -errno : fd;
}

static int next(struct ring *r, struct answer *a)
{
	int fd, err;

	measure(r);
	while (is_too_much(r))
		remove_oldest(r);
	fd = make(r, a);
	if (fd < 0)
		return fd;
	/* Whatever the umask. */
	if (r->options.group_read && fchmod(fd, 0640))
		log_debug("group: %s", strerror(errno));
	err = remember(r, a->name);
	if (err) {
		unlinkat(r->dir_fd, a->name, 0);
		close(fd);
		return err;
	}
	return fd;
}

/* ---- the child: what it may do ---- */

/* Of the files it needs no more than to make and remove some in there. */
static void confine_to(int dir_fd)
{
	int err = landlock_enter(dir_fd, LANDLOCK_ACCESS_FS_WRITE_FILE |
					 LANDLOCK_ACCESS_FS_MAKE_REG |
					 LANDLOCK_ACCESS_FS_REMOVE_FILE |
					 LANDLOCK_TRUNCATE);

	if (err)
		log_debug("no Landlock: %s", strerror(-err));
}

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

/* The capture's pipes, and those to its command, must not stay open. */
static void keep_only(int a, int b)
{
	unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a + b) - low;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (low > STDERR_FILENO + 1)
		syscall(SYS_close_range, STDERR_FILENO + 1, low - 1, 0);
	if (high > low + 1)
		syscall(SYS_close_range, low + 1, high - 1, 0);
	syscall(SYS_close_range, high + 1, ~0u, 0);
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

static _Noreturn void child(struct ring *r, int fd)
{
	struct answer a;
	char ask;

	ignore_signals();
	keep_only(fd, r->dir_fd);
	if (sudo_user_become())
		_exit(1);
	privilege_keep_files();
	if (r->options.total || r->options.free)
		find_earlier(r);
	tzset();		/* the last file that it reads */
	sandbox_enter();
	confine_to(r->dir_fd);
	while (recv(fd, &ask, 1, 0) == 1) {
		int file;

		if (ask != ASK_NEXT)
			freeze(r);
		if (ask == ASK_KEEP)
			continue;
		memset(&a, 0, sizeof(a));
		file = next(r, &a);
		a.err = file < 0 ? file : 0;
		send_answer(fd, &a, file);
		if (file >= 0)
			close(file);
	}
	_exit(0);
}

/* ---- the parent ---- */

static int open_directory(struct ring *r, const char *path)
{
	struct sudo_user_rights root;
	const char *base;
	int err = sudo_user_enter(&root);

	if (err)
		return err;
	r->dir_fd = place_open(path, &base);
	sudo_user_leave(&root);
	if (r->dir_fd < 0)
		return r->dir_fd;
	snprintf(r->base, sizeof(r->base), "%s", base);
	return 0;
}

static int fork_child(struct opener *p, struct ring *r)
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

int opener_start(struct opener **out, const struct opener_options *o)
{
	struct ring r = { .options = *o, .dir_fd = -1 };
	struct opener *p = calloc(1, sizeof(*p));
	const char *slash = strrchr(o->path, '/');
	int err = p ? open_directory(&r, o->path) : -ENOMEM;

	if (!err) {
		p->fd = -1;
		/* What names begin with, for whoever is told of them. */
		snprintf(p->name, sizeof(p->name), "%.*s",
			 slash ? (int)(slash + 1 - o->path) : 0, o->path);
		err = fork_child(p, &r);
	}
	if (r.dir_fd >= 0)
		close(r.dir_fd);
	if (err) {
		log_error("cannot write files like %s: %s", o->path,
			  strerror(-err));
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
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	ssize_t n;
	int fd;

	do
		n = recvmsg(p->fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*a))
		return n < 0 ? -errno : -ECHILD;
	if (a->err)
		return a->err;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return -ECHILD;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static int ask_for_file(struct opener *p, char what, const char **name)
{
	char *base = strrchr(p->name, '/');
	struct answer a;
	int fd;

	if (send(p->fd, &what, 1, MSG_NOSIGNAL) != 1)
		return errno == EPIPE ? -ECHILD : -errno;
	fd = receive_file(p, &a);
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
	close(p->fd);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(p);
}
