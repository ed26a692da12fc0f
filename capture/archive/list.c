/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log.h"
#include "host/privilege/sudo_user.h"
#include "host/regular.h"
#include "options.h"

/* The others are read all the same. */
static int complain(struct archive_list *l, const char *path, int err)
{
	log_error("cannot read %s: %s", path, strerror(-err));
	l->has_failed = true;
	return err == -ENOMEM ? err : 0;
}

/* What a ring has removed meanwhile is no failure. */
static int add_file(struct archive_list *l, int dir, const char *name,
		    const char *path, uint64_t from_ns)
{
	struct archive_file *more;
	struct stat st;
	int fd = regular_open(dir, name, &st), err;

	if (fd < 0)
		return (fd == -ENOENT || fd == -EINVAL) && dir != AT_FDCWD ?
			       0 :
			       complain(l, path, fd);
	more = reallocarray(l->files, l->count + 1, sizeof(*more));
	if (!more) {
		close(fd);
		return -ENOMEM;
	}
	l->files = more;
	err = archive_file_open(&l->files[l->count], fd, path);
	if (err)
		return complain(l, path, err);
	l->files[l->count].is_named = dir == AT_FDCWD;
	if (l->files[l->count].changed_ns < from_ns)
		archive_file_close(&l->files[l->count]);
	else
		l->count++;
	return 0;
}

static int add_directory(struct archive_list *l, int fd, const char *path,
			 uint64_t from_ns)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *e;
	char name[PATH_MAX];
	int err = 0;

	if (!dir) {
		close(fd);
		return complain(l, path, -ENOMEM);
	}
	while (!err && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		err = add_file(l, fd, e->d_name, name, from_ns);
	}
	closedir(dir);
	return err;
}

static int by_age(const void *a, const void *b)
{
	const struct archive_file *x = a, *y = b;

	if (x->changed_ns != y->changed_ns)
		return x->changed_ns < y->changed_ns ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int add_path(struct archive_list *l, const char *path, uint64_t from_ns)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? add_file(l, AT_FDCWD, path, path, from_ns) :
			add_directory(l, fd, path, from_ns);
}

static bool is_of_record(const char *path)
{
	const size_t len = strlen(OPTIONS_RECORD_DIR);

	return !strncmp(path, OPTIONS_RECORD_DIR, len) &&
	       (!path[len] || path[len] == '/') && !strstr(path, "/..");
}

/* As who we are only what is nobody's but root's: the ring of record. */
static int add_named(struct archive_list *l, const char *path, uint64_t from_ns)
{
	struct sudo_user_rights root = { .groups = NULL };
	int err = is_of_record(path) ? 0 : sudo_user_enter(&root);

	if (err)
		return complain(l, path, err);
	err = add_path(l, path, from_ns);
	sudo_user_leave(&root);
	return err;
}

int archive_list_open(struct archive_list *l, char *const *paths,
		      uint64_t from_ns)
{
	struct rlimit many;
	int err = 0;

	*l = (struct archive_list){ 0 };
	/* All are open at once: a ring may remove them, and rights go. */
	if (!getrlimit(RLIMIT_NOFILE, &many)) {
		many.rlim_cur = many.rlim_max;
		setrlimit(RLIMIT_NOFILE, &many);
	}
	for (; !err && *paths; paths++)
		err = add_named(l, *paths, from_ns);
	if (err)
		archive_list_close(l);
	else if (l->count)
		qsort(l->files, l->count, sizeof(*l->files), by_age);
	return err;
}

void archive_list_close(struct archive_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		archive_file_close(&l->files[i]);
	free(l->files);
	*l = (struct archive_list){ 0 };
}
