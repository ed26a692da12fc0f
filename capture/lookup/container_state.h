/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container's name, as its runtime's files on this host have it. */
#ifndef PKTWHO_LOOKUP_CONTAINER_STATE_H
#define PKTWHO_LOOKUP_CONTAINER_STATE_H

#include <stddef.h>

/*
 * Below @root_fd, an open "/".  @id becomes part of a path: one with a slash, or
 * a dot in front, is nobody's.  0 or -ENOENT.
 */
int container_state_name(int root_fd, const char *id, char *out, size_t size);

#endif
