/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for descriptors: nobody else asks the kernel what is ready. */
#ifndef PKTWHO_HOST_WATCH_H
#define PKTWHO_HOST_WATCH_H

#include <poll.h>
#include <stdbool.h>

#define WATCH_MAX 160

struct watch {
	int fd;		       /* negative: nothing is waited for */
	short events;	       /* POLLIN, ...; errors are always waited for */
	short ready;	       /* what watch_wait() found */
	void (*fn)(void *ctx); /* called when anything is; may be NULL */
	void *ctx;
};

/*
 * Waits until one of the first @count is ready, of at most WATCH_MAX, or for
 * @timeout_ms (-1: for ever); then calls the functions of those that are, in
 * their order.  The number of them, 0 after that time, or -errno: a signal came.
 */
int watch_wait(struct watch *watches, unsigned count, int timeout_ms);

/* Whether a line has room there, or has it in time, so that it blocks nobody. */
bool watch_has_room(int fd, int timeout_ms);

#endif
