/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who called us by sudo: files we make are theirs, and commands run as them.
 */
#ifndef PKTWHO_HOST_SUDO_USER_H
#define PKTWHO_HOST_SUDO_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* False unless we are root and somebody called us by sudo. */
bool sudo_user_get(uid_t *uid, gid_t *gid);

/*
 * Becomes the caller, groups and home included; nothing happens without sudo.
 * 0 or -errno.
 */
int sudo_user_become(void);

/* Gives a file that we have just made to the caller. */
void sudo_user_give(int fd);

#endif
