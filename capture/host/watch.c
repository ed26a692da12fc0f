/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/watch.h"

#include <errno.h>

int watch_wait(struct watch *watches, unsigned count, int timeout_ms)
{
	struct pollfd fds[WATCH_MAX];
	int n, err;

	if (count > WATCH_MAX)
		count = WATCH_MAX;
	for (unsigned i = 0; i < count; i++)
		fds[i] = (struct pollfd){ watches[i].fd, watches[i].events, 0 };
	n = poll(fds, count, timeout_ms);
	err = n < 0 ? -errno : 0;
	/* All are known before the first function changes any. */
	for (unsigned i = 0; i < count; i++)
		watches[i].ready = n > 0 ? fds[i].revents : 0;
	for (unsigned i = 0; i < count && n > 0; i++)
		if (fds[i].revents && watches[i].fn)
			watches[i].fn(watches[i].ctx);
	return err ? err : n;
}

bool watch_has_room(int fd, int timeout_ms)
{
	struct watch w = { .fd = fd, .events = POLLOUT };
	int n;

	do
		n = watch_wait(&w, 1, timeout_ms);
	while (n == -EINTR);
	return n > 0;
}
