/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From where somebody logged in, as this host's files have it. */
#ifndef PKTWHO_LOOKUP_LOGIN_H
#define PKTWHO_LOOKUP_LOGIN_H

#include <stddef.h>

/*
 * The address or host name, of systemd's record of the session @id or, where
 * there is none, utmp's of the terminal @tty, below @root_fd, an open "/".
 * Both may be "".  @id becomes part of a path: only letters and digits are
 * taken.  0, or -ENOENT: nothing is known, or it is a login at the machine.
 */
int login_address(int root_fd, const char *id, const char *tty, char *out,
		  size_t size);

#endif
