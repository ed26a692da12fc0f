/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written to, with the rights of the caller. */
#include "output/pcapng/pcapng_writer_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log.h"
#include "host/place.h"
#include "host/privilege/sudo_user.h"

/*
 * Until somebody opens it to read, signals end us as they end anybody: there
 * is nothing yet to be closed.
 */
static int open_existing_fifo(int dir, const char *name, int flags)
{
	sigset_t none, old;
	int fd, err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &old);
	fd = openat(dir, name, flags);
	err = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return fd;
}

/*
 * What is opened may not be what was looked at: only now is it emptied, and a
 * FIFO has not kept us waiting.
 */
static int empty(int fd, bool shared)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	if (!S_ISREG(st.st_mode))
		return 0;
	/* A file of ours may have been given a second name there. */
	if (shared && st.st_nlink > 1)
		return -EMLINK;
	/* It may be another's who lets us write; captures are secrets. */
	if (st.st_mode & 077 && fchmod(fd, 0600) && errno != EPERM)
		return -errno;
	return ftruncate(fd, 0) ? -errno : 0;
}

/*
 * A FIFO is opened, never created: with fs.protected_fifos a root process
 * that passes O_CREAT may not open a user's (Linux 4.19).
 */
static int open_existing(int dir, const char *name, mode_t mode)
{
	bool shared = place_is_shared(dir);
	int flags = O_WRONLY | O_CLOEXEC, fd, err;

	if (shared)
		flags |= O_NOFOLLOW;
	/* With O_CREAT fs.protected_regular looks at whose it is. */
	if (S_ISREG(mode))
		flags |= O_CREAT;
	fd = S_ISFIFO(mode) ? open_existing_fifo(dir, name, flags) :
			      openat(dir, name, flags | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	err = empty(fd, shared);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static int open_at(const char *path)
{
	const char *name;
	int dir = place_open(path, &name), fd;
	struct stat st;

	if (dir < 0)
		return dir;
	if (!fstatat(dir, name, &st, 0)) {
		fd = open_existing(dir, name, st.st_mode);
	} else {
		fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL,
			    0600);
		fd = fd < 0 ? -errno : fd;
	}
	close(dir);
	return fd;
}

int pcapng_output_open(const char *path)
{
	struct sudo_user_rights root;
	int fd;

	if (!strcmp(path, "-"))
		return STDOUT_FILENO;
	fd = sudo_user_enter(&root);
	if (fd)
		return fd;
	fd = open_at(path);
	sudo_user_leave(&root);
	return fd;
}

bool pcapng_output_streams(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode);
}

bool pcapng_output_has_name(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_nlink;
}

bool pcapng_writer_is_removed(const struct pcapng_writer *w)
{
	return w->has_name && !pcapng_output_has_name(w->fd);
}

void pcapng_writer_look_for_cut(struct pcapng_writer *w)
{
	const off_t end = w->begin + (off_t)w->written;
	off_t size;

	if (!w->has_name)
		return;
	/* Of all calls that tell the size the cheapest: in a sandbox, too. */
	size = lseek(w->fd, 0, SEEK_END);
	if (size == end)
		return;
	w->is_cut |= size >= 0 && size < end;
	lseek(w->fd, end, SEEK_SET);
}

bool pcapng_writer_is_cut(const struct pcapng_writer *w)
{
	return w->is_cut;
}

bool pcapng_output_is_pipe(const char *path)
{
	struct stat st;
	int err = strcmp(path, "-") ? stat(path, &st) :
				      fstat(STDOUT_FILENO, &st);

	return !err && pcapng_output_streams(&st);
}

static bool holds_something(const char *path)
{
	struct sudo_user_rights root;
	struct stat st;
	bool is;

	/* What the caller of sudo may not see is not to be told either. */
	if (sudo_user_enter(&root))
		return true;
	is = strcmp(path, "-") && !stat(path, &st) && S_ISREG(st.st_mode) &&
	     st.st_size;
	sudo_user_leave(&root);
	return is;
}

bool pcapng_output_is_taken(const char *path)
{
	bool is = holds_something(path);

	if (is)
		log_error("%s is there already: --force overwrites it", path);
	return is;
}

int pcapng_output_create(const char *path, bool force)
{
	int fd;

	if (!force && pcapng_output_is_taken(path))
		return -EEXIST;
	fd = pcapng_output_open(path);
	if (fd < 0)
		log_error("cannot write %s: %s", path, strerror(-fd));
	return fd;
}
