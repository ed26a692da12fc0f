/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which process holds a socket, from /proc: dear, and so remembered. */
#ifndef PKTWHO_LOOKUP_HOLDERS_H
#define PKTWHO_LOOKUP_HOLDERS_H

#include <stdint.h>

struct holders;

/* @proc_fd: an open /proc, borrowed.  NULL without memory. */
struct holders *holders_new(int proc_fd);
void holders_free(struct holders *h); /* NULL is fine */

/* The process's id; 0 if nobody holds it, or another look is not due yet. */
uint32_t holders_find(struct holders *h, uint64_t inode);

#endif
