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

#define NAMES "/run/netns"

static bool is_digits(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

static void find_path(char path[PATH_MAX], const char *word)
{
	if (strchr(word, '/'))
		snprintf(path, PATH_MAX, "%s", word);
	else if (is_digits(word))
		snprintf(path, PATH_MAX, "/proc/%s/ns/net", word);
	else
		snprintf(path, PATH_MAX, NAMES "/%s", word);
}

static int go(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

static int cannot_enter(const char *word, int err)
{
	if (err == -ENOENT)
		log_error("there is no network namespace %s: ip netns lists "
			  "names, and a process id is one, too", word);
	else if (err == -EEXIST)
		log_error("the network namespace %s is in the list twice", word);
	else
		log_error("cannot enter the network namespace %s: %s%s", word,
			  strerror(-err), err == -EPERM || err == -EACCES ?
				  ": run as root" : "");
	return err;
}

/* An open one, or -errno: another kind of file cannot be entered. */
static int open_one(const struct netns_list *l, const char *word)
{
	char path[PATH_MAX];
	int fd, err;

	find_path(path, word);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	err = go(fd);
	err = err ? err : go(l->home);
	if (err)
		close(fd);
	return err ? err : fd;
}

static void add(struct netns_list *l, const char *word, int fd)
{
	const char *slash = strrchr(word, '/');
	struct netns *n = &l->one[l->count++];

	snprintf(n->name, sizeof(n->name), "%s", slash ? slash + 1 : word);
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

/* Whether there was no room for it. */
static bool add_new(struct netns_list *l, const char *word)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	find_path(path, word);
	if (stat(path, &st) || have(l, &st))
		return false;
	if (l->count == NETNS_MAX)
		return true;
	fd = open_one(l, word);
	if (fd >= 0)
		add(l, word, fd);
	return false;
}

static int is_name(const struct dirent *e)
{
	return *e->d_name != '.';
}

static int is_process(const struct dirent *e)
{
	return is_digits(e->d_name);
}

/* True if there was no room for all. */
static bool add_each_of(struct netns_list *l, const char *dir,
			int (*is_one)(const struct dirent *e))
{
	struct dirent **entries;
	int count = scandir(dir, &entries, is_one, versionsort);
	bool full = false;

	for (int i = 0; i < count; i++) {
		full |= add_new(l, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return full;
}

/* Our own has no name; those of containers have none either, but processes. */
static void add_all(struct netns_list *l)
{
	bool full;

	l->all = true;
	add(l, "", dup(l->home));
	full = add_each_of(l, NAMES, is_name);
	full |= add_each_of(l, "/proc", is_process);
	if (full)
		log_warn("of more network namespaces %d are captured",
			 l->count);
}

/* ---- some ---- */

/* 0 or -errno; -EEXIST: it is there already, by another word. */
static int open_word(struct netns_list *l, const char *word)
{
	struct stat st;
	int fd;

	if (!*word || l->count == NETNS_MAX)
		return *word ? -ENOSPC : -EINVAL;
	fd = open_one(l, word);
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
