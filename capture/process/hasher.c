/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sha2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/privilege.h"

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
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	bool stop;
	bool left;		/* it is the thread that frees this */
	/* Counters that only grow: question @i and its answer are slot i. */
	uint64_t questions;
	uint64_t answers;
	uint64_t taken;
	struct hasher_answer ring[HASHER_QUEUE];
	struct cached cache[CACHE];		/* the thread's alone */
};

/*
 * The file itself is looked at before it is opened to be read: a path that a
 * process has in its own root may be a device's in ours.
 */
static int open_file(int dir, const char *path, struct file_id wanted)
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
	int fd = q->exe.dev ? open_file(AT_FDCWD, q->path, q->exe) : -1;

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
	fd = open_file(h->proc_fd, link, wanted);
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

static bool must_stop(struct hasher *h)
{
	bool stop;

	pthread_mutex_lock(&h->lock);
	stop = h->stop;
	pthread_mutex_unlock(&h->lock);
	return stop;
}

static bool hash_file(struct hasher *h, int fd, uint8_t out[32])
{
	static uint8_t buf[1 << 20];	/* there is one thread */
	SHA2_CTX sha;
	ssize_t n;

	SHA256Init(&sha);
	while ((n = read(fd, buf, sizeof(buf))) > 0 && !must_stop(h))
		SHA256Update(&sha, buf, (size_t)n);
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

static void answer(struct hasher *h, struct hasher_answer *a)
{
	int fd = open_executable(h, &a->question, &a->linked);

	a->known = fd >= 0 && hash_cached(h, fd, a->sha256);
	if (fd >= 0)
		close(fd);
}

static void free_hasher(struct hasher *h)
{
	pthread_cond_destroy(&h->asked);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static void *work(void *ctx)
{
	struct hasher *h = ctx;
	bool left;

	privilege_give_up(false);	/* each thread has capabilities of its own */
	pthread_mutex_lock(&h->lock);
	while (!h->stop) {
		if (h->answers == h->questions) {
			pthread_cond_wait(&h->asked, &h->lock);
			continue;
		}
		/* The slot stays the thread's until it is counted. */
		pthread_mutex_unlock(&h->lock);
		answer(h, &h->ring[h->answers % HASHER_QUEUE]);
		pthread_mutex_lock(&h->lock);
		h->answers++;
	}
	left = h->left;
	pthread_mutex_unlock(&h->lock);
	if (left)
		free_hasher(h);
	return NULL;
}

int hasher_open(struct hasher **out, int proc_fd)
{
	struct hasher *h = calloc(1, sizeof(*h));
	sigset_t all, old;
	int err;

	if (!h)
		return -ENOMEM;
	h->proc_fd = proc_fd;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->asked, NULL);
	/* Signals are for the event loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&h->thread, NULL, work, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err) {
		free(h);
		return -err;
	}
	*out = h;
	return 0;
}

void hasher_close(struct hasher *h)
{
	pthread_t thread;
	bool left;

	if (!h)
		return;
	thread = h->thread;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_signal(&h->asked);
	/* A file system may never answer: then the thread is left to its fate. */
	left = h->left = h->answers < h->questions;
	pthread_mutex_unlock(&h->lock);
	if (left) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	free_hasher(h);
}

bool hasher_ask(struct hasher *h, const struct hasher_question *q)
{
	bool room;

	pthread_mutex_lock(&h->lock);
	room = h->questions - h->taken < HASHER_QUEUE;
	if (room) {
		h->ring[h->questions % HASHER_QUEUE].question = *q;
		h->questions++;
		pthread_cond_signal(&h->asked);
	}
	pthread_mutex_unlock(&h->lock);
	return room;
}

bool hasher_take(struct hasher *h, struct hasher_answer *a)
{
	bool have;

	pthread_mutex_lock(&h->lock);
	have = h->taken < h->answers;
	if (have)
		*a = h->ring[h->taken++ % HASHER_QUEUE];
	pthread_mutex_unlock(&h->lock);
	return have;
}

bool hasher_busy(struct hasher *h)
{
	bool busy;

	pthread_mutex_lock(&h->lock);
	busy = h->taken < h->questions;
	pthread_mutex_unlock(&h->lock);
	return busy;
}
