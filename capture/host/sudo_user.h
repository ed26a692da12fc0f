/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who called us by sudo: files we make are theirs, and commands run as them.
 */
#ifndef PKTWHO_HOST_SUDO_USER_H
#define PKTWHO_HOST_SUDO_USER_H

/*
 * Becomes the caller, groups and home included; nothing happens without sudo.
 * 0 or -errno.
 */
int sudo_user_become(void);

/* Gives a file that we have just made to the caller. */
void sudo_user_give(int fd);

#endif
