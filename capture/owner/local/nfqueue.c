/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/local/nfqueue.h"

#include <fcntl.h>
#include <unistd.h>

int nfqueue_open(void)
{
	return open("/proc/net/netfilter/nfnetlink_queue",
		    O_RDONLY | O_CLOEXEC);
}

bool nfqueue_is_bound(int fd)
{
	char first;

	return fd >= 0 && pread(fd, &first, 1, 0) == 1;
}
