/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landlock: from now on no path but what is allowed here, and as far as this
 * kernel has that, no TCP and no abstract socket of others.  What is open stays
 * open.  Signals are not its business: the kernel asks it also for the one that
 * ends a helper with us.
 */
#ifndef PKTWHO_HOST_PRIVILEGE_LANDLOCK_H
#define PKTWHO_HOST_PRIVILEGE_LANDLOCK_H

#include <stdint.h>

/* The version of it that this kernel has, or -errno; 0 never. */
int landlock_version(void);

/*
 * For good, in this thread, which must have no_new_privs.  @dir_fd: a
 * directory, below which @access (LANDLOCK_ACCESS_FS_...) still is, as far as
 * this kernel knows it; -1: none.  0 or -errno.
 */
#define LANDLOCK_TRUNCATE (1u << 14) /* Linux 6.2 */

int landlock_enter(int dir_fd, uint64_t access);

/*
 * For a helper that never sees a packet: no more than to make, to write and to
 * remove files in there; -1: not even that.
 */
void landlock_write_in(int dir_fd);

#endif
