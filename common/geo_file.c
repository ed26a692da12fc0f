/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "geo_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3, not yet in every libc */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define FILE_MAX     (1u << 30) /* the largest that one can buy has a third */
#define COPY_AT_ONCE (1u << 20)

/*
 * An open(2) that waits for nobody, and an error for what cannot be a
 * database: a pipe would be waited for, a device has no end.
 */
static int open_database_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode) || !st.st_size)
		err = -EBADMSG;
	else if (st.st_size > FILE_MAX)
		err = -EFBIG;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/*
 * A kernel may insist on hearing that it is not for execution; none knew the
 * word before 6.3.
 */
static int open_memory(void)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("pktwho-geo", flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("pktwho-geo", flags);
	return fd < 0 ? -errno : fd;
}

/* To the end of @from, wherever that is by now. */
static int copy_all(int to, int from)
{
	size_t copied = 0;
	ssize_t n;

	do {
		n = sendfile(to, from, NULL, COPY_AT_ONCE);
		if (n < 0)
			return -errno;
		copied += (size_t)n;
		if (copied > FILE_MAX)
			return -EFBIG;
	} while (n);
	return 0;
}

int geo_file_open(const char *path)
{
	int from = open_database_file(path), to, err;

	if (from < 0)
		return from;
	to = open_memory();
	err = to < 0 ? to : copy_all(to, from);
	close(from);
	if (!err &&
	    fcntl(to, F_ADD_SEALS,
		  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		err = -errno;
	if (!err)
		return to;
	if (to >= 0)
		close(to);
	return err;
}
