/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who called us by sudo: files we make are theirs, and commands run as them.
 */
#ifndef PKTWHO_CALLER_H
#define PKTWHO_CALLER_H

/*
 * Becomes the caller, groups and home included; nothing happens without sudo.
 * 0 or -errno.
 */
int caller_become(void);

/* Gives a file that we have just made to the caller. */
void caller_give(int fd);

#endif
