/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory for the targets that read files. */
#ifndef PKTWHO_FUZZ_TREE_H
#define PKTWHO_FUZZ_TREE_H

#include <fcntl.h>
#include <stdlib.h>

#include "fuzz.h"

/*
 * A directory of our own, opened, in memory where there is a place for that.
 * It is left to the system.
 */
static inline int make_directory(void)
{
	char shm[] = "/dev/shm/pktwho-fuzz-XXXXXX";
	char tmp[] = "/tmp/pktwho-fuzz-XXXXXX";
	const char *dir = mkdtemp(shm);
	int fd;

	if (!dir)
		dir = mkdtemp(tmp);
	fd = dir ? open(dir, O_RDONLY | O_DIRECTORY) : -1;
	LAW(fd >= 0);
	return fd;
}

#endif
