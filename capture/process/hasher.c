/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/regular.h"

#define CTIME_TICK_NS 10000000 /* a jiffy where CONFIG_HZ is least */

#define CACHE 256 /* files remembered, a power of two */

struct cached {
	dev_t dev;
	ino_t inode;
	off_t size;
	struct timespec changed; /* not modified: that can be set */
	uint8_t sha256[32];
};

struct hasher {
	int proc_fd;
	struct cached cache[CACHE];
	uint8_t buf[1 << 20];
};

/* A path that a process has in its own root may be a device's in ours. */
static int open_wanted_file(int dir, const char *path, struct file_id wanted)
{
	struct stat st;
	int fd = regular_open(dir, path, &st);

	if (fd < 0 || (st.st_ino == wanted.inode &&
		       (!wanted.dev || procfs_device(fd) == wanted.dev)))
		return fd;
	close(fd);
	return -1;
}

static uint64_t changed_ns(const struct stat *st)
{
	return (uint64_t)st->st_ctim.tv_sec * 1000000000 +
	       (uint64_t)st->st_ctim.tv_nsec;
}

/*
 * An inode number may be another file's by now, and a file have other bytes.
 * Both change the ctime, but within one tick of the kernel it may be the same
 * again; a generation is not, where the file system has them.
 */
static bool is_unchanged(int fd, struct file_id wanted)
{
	unsigned long generation = 0;
	struct stat st;

	if (fstat(fd, &st) || changed_ns(&st) != wanted.changed_ns)
		return false;
	return !wanted.generation ||
	       ioctl(fd, FS_IOC_GETVERSION, &generation) ||
	       (uint32_t)generation == wanted.generation;
}

static int open_unchanged(const struct hasher_question *q)
{
	int fd = q->exe.dev ? open_wanted_file(AT_FDCWD, q->path, q->exe) : -1;

	if (fd < 0 || is_unchanged(fd, q->exe))
		return fd;
	close(fd);
	return -1;
}

/* True if that pid is still the process that was asked for. */
static bool is_alive(const struct hasher *h, const struct hasher_question *q)
{
	return procfs_start(h->proc_fd, q->pid) / PROCFS_TICK_NS ==
	       q->start_ns / PROCFS_TICK_NS;
}

/*
 * The running process's own link is exact, even for a file that was deleted
 * and so changed, but only as long as the process runs it: *@linked.  By path
 * it must still be the file that was executed, which in another mount
 * namespace may have been somebody else's: then there is no hash.
 */
static int open_executable(const struct hasher *h,
			   const struct hasher_question *q, bool *linked)
{
	struct file_id wanted = { .inode = q->exe.inode };
	int fd, by_path;
	char link[32];

	*linked = false;
	if (!q->exe.inode)
		return -1;
	snprintf(link, sizeof(link), "%" PRIu32 "/exe", q->pid);
	fd = open_wanted_file(h->proc_fd, link, wanted);
	if (fd >= 0 && is_unchanged(fd, q->exe))
		return fd;
	by_path = open_unchanged(q);
	if (by_path < 0 && fd >= 0 && is_alive(h, q)) {
		*linked = true;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return by_path;
}

/*
 * A file that was written a tick before the process started, or earlier, gets
 * another ctime when it is written again; nobody can until the process ends.
 */
static bool can_change_unseen(const struct hasher_question *q)
{
	return q->exe.changed_ns + CTIME_TICK_NS >
	       q->start_ns + (uint64_t)clock_difference(CLOCK_BOOTTIME);
}

static enum hash_reason why_not_open(const struct hasher_question *q)
{
	struct stat st;

	if (!q->exe.inode)
		return HASH_REASON_NO_FILE;
	if (stat(q->path, &st))
		return errno == ENOENT || errno == ENOTDIR ?
			       HASH_REASON_GONE :
			       HASH_REASON_UNREADABLE;
	return HASH_REASON_CHANGED;
}

static bool hash_file(struct hasher *h, int fd, uint8_t out[32])
{
	SHA2_CTX sha;
	ssize_t n;

	SHA256Init(&sha);
	while ((n = read(fd, h->buf, sizeof(h->buf))) > 0)
		SHA256Update(&sha, h->buf, (size_t)n);
	SHA256Final(out, &sha);
	return !n;
}

/*
 * Judges how the file changed while it was read: nobody can write to one that
 * runs, but anybody may delete it.
 */
static enum hash_reason judge_change(const struct hasher *h,
				     const struct hasher_question *q,
				     const struct stat *before,
				     const struct stat *after, bool *linked)
{
	if (changed_ns(before) == changed_ns(after))
		return HASH_REASON_NONE;
	if (before->st_nlink == after->st_nlink)
		return HASH_REASON_CHANGED;
	if (!is_alive(h, q))
		return HASH_REASON_GONE;
	*linked = true;
	return HASH_REASON_NONE;
}

static void remember(struct cached *c, const struct stat *st)
{
	c->inode = st->st_ino;
	c->dev = st->st_dev;
	c->size = st->st_size;
	c->changed = st->st_ctim;
}

static bool is_remembered(const struct cached *c, const struct stat *st)
{
	return c->inode == st->st_ino && c->dev == st->st_dev &&
	       c->size == st->st_size &&
	       c->changed.tv_sec == st->st_ctim.tv_sec &&
	       c->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static enum hash_reason hash_cached(struct hasher *h,
				    const struct hasher_question *q, int fd,
				    struct hasher_answer *a)
{
	enum hash_reason reason;
	struct stat st, then;
	struct cached *c;

	if (fstat(fd, &st))
		return HASH_REASON_UNREADABLE;
	if (st.st_size > HASHER_BYTES)
		return HASH_REASON_LARGE;
	c = &h->cache[st.st_ino & (CACHE - 1)];
	if (!is_remembered(c, &st)) {
		c->inode = 0;
		if (!hash_file(h, fd, c->sha256) || fstat(fd, &then))
			return HASH_REASON_UNREADABLE;
		reason = judge_change(h, q, &st, &then, &a->linked);
		if (reason)
			return reason;
		remember(c, &then);
	}
	memcpy(a->sha256, c->sha256, sizeof(a->sha256));
	return HASH_REASON_NONE;
}

void hasher_hash(struct hasher *h, const struct hasher_question *q,
		 struct hasher_answer *a)
{
	int fd = open_executable(h, q, &a->linked);

	a->question = *q;
	a->reason = fd < 0 ? why_not_open(q) : hash_cached(h, q, fd, a);
	if (!a->reason && can_change_unseen(q)) {
		a->linked = true;
		if (!is_alive(h, q))
			a->reason = why_not_open(q);
	}
	a->known = !a->reason;
	if (fd >= 0)
		close(fd);
}

struct hasher *hasher_new(int proc_fd)
{
	struct hasher *h = calloc(1, sizeof(*h));

	if (h)
		h->proc_fd = proc_fd;
	return h;
}

void hasher_free(struct hasher *h)
{
	free(h);
}
