/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/hasher.h"

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

#define CACHE 256	/* files remembered, a power of two */

struct cached {
	dev_t dev;
	ino_t inode;
	off_t size;
	struct timespec changed;	/* not modified: that can be set */
	uint8_t sha256[32];
};

struct hasher {
	int proc_fd;
	struct cached cache[CACHE];
	uint8_t buf[1 << 20];
};

/*
 * The file itself is looked at before it is opened to be read: a path that a
 * process has in its own root may be a device's in ours.
 */
static int open_wanted_file(int dir, const char *path, struct file_id wanted)
{
	int at = openat(dir, path, O_PATH | O_CLOEXEC), fd = -1;
	char self[32];
	struct stat st;

	if (at < 0)
		return -1;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	if (!fstat(at, &st) && S_ISREG(st.st_mode) &&
	    st.st_ino == wanted.inode &&
	    (!wanted.dev || procfs_device(at) == wanted.dev))
		fd = open(self, O_RDONLY | O_CLOEXEC);
	close(at);
	return fd;
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
	if (by_path < 0) {
		*linked = true;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return by_path;
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

/* A file that changes meanwhile has no hash. */
static bool hash_cached(struct hasher *h, int fd, uint8_t out[32])
{
	struct stat st, then;
	struct cached *c;

	if (fstat(fd, &st) || st.st_size > HASHER_BYTES)
		return false;
	c = &h->cache[st.st_ino & (CACHE - 1)];
	if (c->inode != st.st_ino || c->dev != st.st_dev ||
	    c->size != st.st_size ||
	    c->changed.tv_sec != st.st_ctim.tv_sec ||
	    c->changed.tv_nsec != st.st_ctim.tv_nsec) {
		c->inode = 0;
		if (!hash_file(h, fd, c->sha256) || fstat(fd, &then) ||
		    changed_ns(&then) != changed_ns(&st))
			return false;
		c->inode = st.st_ino;
		c->dev = st.st_dev;
		c->size = st.st_size;
		c->changed = st.st_ctim;
	}
	memcpy(out, c->sha256, 32);
	return true;
}

void hasher_hash(struct hasher *h, const struct hasher_question *q,
		 struct hasher_answer *a)
{
	int fd = open_executable(h, q, &a->linked);

	a->question = *q;
	a->known = fd >= 0 && hash_cached(h, fd, a->sha256);
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
