/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files to be read whose names lead wherever somebody else has put a link. */
#ifndef PKTWHO_HOST_REGULAR_H
#define PKTWHO_HOST_REGULAR_H

#include <sys/stat.h>

/*
 * Opens a regular file to read it, and says in *@st what it is.  -EINVAL: it
 * is something else, which is not opened: to open a device alone may do
 * something, as a watchdog's begins to count.  Else a descriptor or -errno.
 */
int regular_open(int dir_fd, const char *path, struct stat *st);

#endif
