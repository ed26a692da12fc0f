/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log.h"
#include "host/regular.h"

#define NAMES	   "/run/netns"
#define PATH_BYTES (PATH_MAX + 32) /* a word, and what is put around it */

static bool is_digits(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

/* A name of digits alone is a process's number first. */
static void find_path(char path[PATH_BYTES], const char *word)
{
	if (strchr(word, '/')) {
		snprintf(path, PATH_BYTES, "%s", word);
		return;
	}
	snprintf(path, PATH_BYTES, "/proc/%s/ns/net", word);
	if (!is_digits(word) || access(path, F_OK))
		snprintf(path, PATH_BYTES, NAMES "/%s", word);
}

static int go(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

static int cannot_enter(const char *word, int err)
{
	if (!*word && err == -EINVAL)
		log_error("a network namespace in the list has no name");
	else if (err == -ENOENT && !strcmp(word, "all"))
		log_error("\"all\" network namespaces are a list of one word");
	else if (err == -ENOENT)
		log_error("there is no network namespace %s: ip netns lists "
			  "names, and a process id is one, too",
			  word);
	else if (err == -EEXIST)
		log_error("the network namespace %s is in the list twice",
			  word);
	else if (err == -E2BIG)
		log_error("of network namespaces %d are captured at most",
			  NETNS_MAX);
	else if (err == -EMFILE)
		log_error("too many network namespaces for \"ulimit -n\", %s "
			  "among them",
			  word);
	else
		log_error("cannot enter %s%s: %s%s",
			  *word ? "the network namespace " :
				  "a network namespace",
			  word, strerror(-err),
			  err == -EPERM || err == -EACCES ? ": run as root" :
							    "");
	return err;
}

/* Who may not see what is there is not to learn it from us, who may. */
static int as_if_missing(int err)
{
	return err == -EINVAL || err == -ENOTDIR || err == -ELOOP ? -ENOENT :
								    err;
}

/* An open one, or -errno: another kind of file cannot be entered. */
static int open_one(const struct netns_list *l, const char *path)
{
	struct stat st;
	int fd = regular_open(AT_FDCWD, path, &st), err;

	if (fd < 0)
		return as_if_missing(fd);
	err = go(fd);
	err = err ? err : go(l->home);
	if (err)
		close(fd);
	return err ? as_if_missing(err) : fd;
}

static void add(struct netns_list *l, const char *word, int fd)
{
	const char *slash = strrchr(word, '/');
	struct netns *n = &l->one[l->count++];
	unsigned pid;

	if (sscanf(word, "/proc/%u/ns/net", &pid) == 1)
		snprintf(n->name, sizeof(n->name), "%u", pid);
	else
		snprintf(n->name, sizeof(n->name), "%s",
			 slash ? slash + 1 : word);
	n->fd = fd;
}

/* ---- all there are ---- */

static bool is_that_file(int fd, const struct stat *st)
{
	struct stat other;

	return !fstat(fd, &other) && other.st_dev == st->st_dev &&
	       other.st_ino == st->st_ino;
}

static bool have(const struct netns_list *l, const struct stat *st)
{
	for (int i = 0; i < l->count; i++)
		if (is_that_file(l->one[i].fd, st))
			return true;
	return false;
}

/* 0 or -errno; -ENOENT: it has ended meanwhile. */
static int add_new(struct netns_list *l, const char *path, const char *name)
{
	struct stat st;
	int fd;

	if (stat(path, &st))
		return -ENOENT;
	if (have(l, &st))
		return 0;
	fd = l->count == NETNS_MAX ? -E2BIG : open_one(l, path);
	if (fd < 0)
		return fd;
	add(l, name, fd);
	return 0;
}

static int is_name(const struct dirent *e)
{
	return *e->d_name != '.';
}

static int is_process(const struct dirent *e)
{
	return is_digits(e->d_name);
}

/* Returns why one is left out, as -errno. */
static int add_each_of(struct netns_list *l, const char *dir,
		       int (*is_one)(const struct dirent *e), const char *file)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, is_one, versionsort);
	char path[PATH_BYTES];
	int left_out = 0;

	for (int i = 0; i < count; i++) {
		int err;

		snprintf(path, sizeof(path), "%s/%s%s", dir, entries[i]->d_name,
			 file);
		err = add_new(l, path, entries[i]->d_name);
		if (err && err != -ENOENT)
			left_out = err;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return left_out;
}

/* Our own has no name; those of containers have none either, but processes. */
static void add_all(struct netns_list *l)
{
	int err, left_out;

	l->all = true;
	add(l, "", dup(l->home));
	left_out = add_each_of(l, NAMES, is_name, "");
	err = add_each_of(l, "/proc", is_process, "/ns/net");
	left_out = err ? err : left_out;
	if (left_out)
		log_warn("%d network namespace%s captured, and not all: %s",
			 l->count, l->count == 1 ? " is" : "s are",
			 left_out == -E2BIG ? "there are too many" :
					      strerror(-left_out));
}

/* ---- some ---- */

/* 0 or -errno; -EEXIST: it is there already, by another word. */
static int open_word(struct netns_list *l, const char *word)
{
	char path[PATH_BYTES];
	struct stat st;
	int fd;

	if (!*word || l->count == NETNS_MAX)
		return *word ? -E2BIG : -EINVAL;
	find_path(path, word);
	fd = open_one(l, path);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || have(l, &st)) {
		close(fd);
		return -EEXIST;
	}
	add(l, word, fd);
	return 0;
}

static int open_words(struct netns_list *l, const char *words)
{
	char word[PATH_MAX];
	size_t len;
	int err;

	do {
		len = strcspn(words, ",");
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		err = open_word(l, word);
		if (err)
			return cannot_enter(word, err);
		words += len + 1;
	} while (words[-1]);
	return 0;
}

int netns_open(struct netns_list *l, const char *words)
{
	int err = 0;

	l->count = 0;
	l->all = false;
	l->home = -1;
	if (!words) {
		l->one[l->count++] = (struct netns){ .fd = -1 };
		return 0;
	}
	l->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (l->home < 0)
		return cannot_enter(words, -errno);
	if (strcmp(words, "all"))
		err = open_words(l, words);
	else
		add_all(l);
	if (err)
		netns_close(l);
	return err;
}

void netns_close(struct netns_list *l)
{
	for (int i = 0; i < l->count; i++)
		if (l->one[i].fd >= 0)
			close(l->one[i].fd);
	if (l->home >= 0)
		close(l->home);
	l->count = 0;
	l->home = -1;
}

int netns_enter(const struct netns_list *l, int which)
{
	const struct netns *n = &l->one[which];
	int err = n->fd < 0 ? 0 : go(n->fd);

	return err ? cannot_enter(n->name, err) : 0;
}

void netns_leave(const struct netns_list *l)
{
	if (l->home >= 0)
		go(l->home);
}
