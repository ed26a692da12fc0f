/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define LINKS 40 /* on one way, as the kernel has it */

static int walk(int *at, const char *path, size_t len, int *links);

static bool is_trusted_user(uid_t uid)
{
	return !uid || uid == geteuid();
}

bool place_is_shared(int dir_fd)
{
	struct stat st;

	return fstat(dir_fd, &st) || st.st_mode & (S_IWGRP | S_IWOTH) ||
	       !is_trusted_user(st.st_uid);
}

static void move(int *at, int fd)
{
	if (*at >= 0)
		close(*at);
	*at = fd;
}

static int follow_link(int *at, int link, int *links)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target));

	if (n < 0)
		return -errno;
	if (++*links > LINKS)
		return -ELOOP;
	return walk(at, target, (size_t)n, links);
}

/* What was looked at is what is read or entered: nobody can exchange it. */
static int step_into(int *at, const char *name, int *links)
{
	int fd = openat(*at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISLNK(st.st_mode)) {
		err = is_trusted_user(st.st_uid) || !place_is_shared(*at) ?
			      follow_link(at, fd, links) :
			      -ELOOP;
		close(fd);
		return err;
	}
	move(at, fd);
	return 0;
}

static int walk(int *at, const char *path, size_t len, int *links)
{
	const char *end = path + len;
	char name[NAME_MAX + 1];
	int err = 0;

	if (len && *path == '/')
		move(at, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	while (!err && path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t n = (size_t)((slash ? slash : end) - path);

		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, n);
		name[n] = '\0';
		if (n)
			err = step_into(at, name, links);
		path += n + 1;
	}
	return err;
}

int place_open(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	int at = open(*path == '/' ? "/" : ".",
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
	int links = 0, err;
	struct stat st;

	if (at < 0)
		return -errno;
	err = walk(&at, path, slash ? (size_t)(slash + 1 - path) : 0, &links);
	if (!err && fstat(at, &st))
		err = -errno;
	else if (!err && !S_ISDIR(st.st_mode))
		err = -ENOTDIR;
	else if (!err && slash && !slash[1])
		err = -EISDIR;
	if (err) {
		move(&at, -1);
		return err;
	}
	*name = slash ? slash + 1 : path;
	return at;
}
