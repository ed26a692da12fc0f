/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/files/opener_ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "host/log.h"
#include "host/plural.h"
#include "output/files/file_name.h"

#define TRIES  100 /* numbers, until a name is not taken */
#define FROZEN "frozen_"

/* A file of this run or of an earlier one. */
struct made {
	struct made *next;
	struct timespec changed; /* of an earlier one */
	uint64_t bytes;		 /* once it is closed */
	bool is_open;
	char name[NAME_MAX + 1];
};

/* ---- those there are ---- */

static bool removes(const struct opener_options *o)
{
	return o->files || o->total || o->free;
}

/* On the disk; some file systems compress, and some tell late. */
static uint64_t bytes_of(const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size,
		 blocks = (uint64_t)st->st_blocks * 512;

	return size > blocks ? size : blocks;
}

/* The last one is closed by now, and as large as it gets. */
static void measure(struct opener_ring *r)
{
	struct made *m = r->newest;
	struct stat st;

	if (!m || !m->is_open)
		return;
	m->is_open = false;
	if (!fstatat(r->dir_fd, m->name, &st, AT_SYMLINK_NOFOLLOW))
		m->bytes = bytes_of(&st);
	r->bytes += m->bytes;
}

static bool is_too_much(const struct opener_ring *r)
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

static void forget_oldest(struct opener_ring *r)
{
	struct made *m = r->oldest;

	r->oldest = m->next;
	if (!r->oldest)
		r->newest = NULL;
	r->bytes -= m->bytes;
	r->count--;
	free(m);
}

/*
 * Somebody else may have removed it, or put another file in its place.  One
 * that stays takes its part of the budget for ever; but on a disk that is
 * read-only for a while it is not given up, as no other can be made there either.
 */
static int remove_oldest(struct opener_ring *r)
{
	const char *name = r->oldest->name;

	if (unlinkat(r->dir_fd, name, 0) && errno != ENOENT) {
		if (errno == EROFS)
			return -EROFS;
		log_warn("cannot remove %s: %s", name, strerror(errno));
		r->bytes += r->oldest->bytes;
	}
	forget_oldest(r);
	return 0;
}

void opener_ring_freeze(struct opener_ring *r)
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
		log_info("kept %u file%s as " FROZEN "%s...", frozen,
			 plural_s(frozen), r->base);
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

static void append_made(struct opener_ring *r, struct made *m)
{
	if (r->newest)
		r->newest->next = m;
	else
		r->oldest = m;
	r->newest = m;
	r->count++;
	r->bytes += m->bytes;
}

static int remember(struct opener_ring *r, const char *name)
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

/* ---- those of earlier runs ---- */

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
static struct made *found(const struct opener_ring *r, const char *name)
{
	struct made *m;
	struct stat st;

	if (!file_name_is(name, r->base) ||
	    fstatat(r->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return NULL;
	m = new_made(name);
	if (m) {
		m->bytes = bytes_of(&st);
		m->changed = st.st_mtim;
	}
	return m;
}

void opener_ring_find_earlier(struct opener_ring *r)
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

/* ---- the next one ---- */

static int make(struct opener_ring *r, char name[NAME_MAX + 1])
{
	time_t now = time(NULL);
	struct tm tm;
	int fd = -1;

	localtime_r(&now, &tm);
	for (int i = 0; fd < 0 && i < TRIES; i++) {
		int err = file_name_make(name, NAME_MAX + 1, r->base,
					 ++r->number, &tm,
					 r->options.time_first);

		if (err)
			return err;
		fd = openat(r->dir_fd, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? -errno : fd;
}

int opener_ring_next(struct opener_ring *r, char name[NAME_MAX + 1])
{
	int fd, err;

	measure(r);
	while (is_too_much(r)) {
		err = remove_oldest(r);
		if (err)
			return err;
	}
	fd = make(r, name);
	if (fd < 0)
		return fd;
	/* Whatever the umask. */
	if (r->options.group_read && fchmod(fd, 0640))
		log_debug("group: %s", strerror(errno));
	err = remember(r, name);
	if (err) {
		unlinkat(r->dir_fd, name, 0);
		close(fd);
		return err;
	}
	return fd;
}
