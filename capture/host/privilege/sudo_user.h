/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who called us by sudo: files are opened with their rights, and commands run as them.
 */
#ifndef PKTWHO_HOST_PRIVILEGE_SUDO_USER_H
#define PKTWHO_HOST_PRIVILEGE_SUDO_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* False unless we are root and somebody called us by sudo. */
bool sudo_user_get(uid_t *uid, gid_t *gid);

/*
 * Becomes the caller, groups and home included; nothing happens without sudo.
 * 0 or -errno.
 */
int sudo_user_become(void);

struct sudo_user_rights {
	gid_t *groups; /* root's, to be had again; NULL: not away */
	int count;
};

/*
 * What is opened between these is opened with the caller's rights, and made
 * files are theirs; nothing happens without sudo.  0 or -errno, and then
 * nothing has changed.
 */
int sudo_user_enter(struct sudo_user_rights *root);
void sudo_user_leave(struct sudo_user_rights *root);

#endif
