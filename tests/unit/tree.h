/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A made-up /proc in a temporary directory, for tests. */
#ifndef PKTWHO_TREE_H
#define PKTWHO_TREE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exact.h"

/* A test with a tree of its own. */
#define tree_test(f) cmocka_unit_test_setup_teardown(f, tree_make, tree_remove)

static char tree_path[] = "/tmp/pktwho-tree-XXXXXX";
static int tree_fd;

static inline int tree_make(void **state)
{
	(void)state;
	strcpy(tree_path + sizeof(tree_path) - 7, "XXXXXX");
	if (!mkdtemp(tree_path))
		return -1;
	tree_fd = open(tree_path, O_RDONLY | O_DIRECTORY);
	return tree_fd < 0;
}

static inline int tree_unlink(const char *path, const struct stat *st, int type,
			      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int tree_remove(void **state)
{
	(void)state;
	close(tree_fd);
	return nftw(tree_path, tree_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* Makes the directories of @path, which is below the tree. */
static inline void tree_dirs(const char *path)
{
	char dir[256];

	for (const char *s = path; (s = strchr(s, '/')); s++) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(s - path), path);
		mkdirat(tree_fd, dir, 0755);
	}
}

static inline void tree_file(const char *path, const void *bytes, size_t n)
{
	int fd;

	tree_dirs(path);
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static inline void tree_text(const char *path, const char *text)
{
	tree_file(path, text, strlen(text));
}

static inline void tree_link(const char *path, const char *to)
{
	tree_dirs(path);
	unlinkat(tree_fd, path, 0);
	assert_int_equal(symlinkat(to, tree_fd, path), 0);
}

/* The stat of a process; field 22 is its start in ticks. */
static inline void tree_stat(uint32_t pid, const char *name, uint32_t ppid,
			     uint64_t ticks)
{
	char path[32], text[256];

	snprintf(path, sizeof(path), "%u/stat", pid);
	snprintf(text, sizeof(text),
		 "%u (%s) S %u 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 "
		 "%llu 23 24 25\n",
		 pid, name, ppid, (unsigned long long)ticks);
	tree_text(path, text);
}

#endif
