/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a file lies that somebody named: who writes as root must not be led
 * elsewhere by whoever may write on the way there.
 */
#ifndef PKTWHO_HOST_PLACE_H
#define PKTWHO_HOST_PLACE_H

#include <stdbool.h>

/*
 * The directory of @path, open as a place only (O_PATH); *@name, within @path,
 * is what the file is called there.  A link in a directory that others may
 * write is followed if it is root's or our own, otherwise -ELOOP.  Or -errno.
 */
int place_open(const char *path, const char **name);

/*
 * Whether others than root and us may put something there.  If that is not
 * known, they may.
 */
bool place_is_shared(int dir_fd);

#endif
