/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/holders.h"

#include <stdlib.h>

#include "host/clocks.h"
#include "process/procfs.h"

#define HOLDERS	      16384 /* sockets remembered, a power of two */
#define ASK_AGAIN_NS  1000000000ull
#define MAX_PIDS      32768    /* looked at in one scan */
#define SCAN_SHARE    10       /* scans may take a tenth of the time */
#define SCAN_SAVED_NS 50000000 /* and so much at once */

struct holder {
	uint64_t inode;
	uint64_t seen_ns; /* that it still was, CLOCK_MONOTONIC */
	uint32_t pid;
};

struct holders {
	int proc_fd;
	uint64_t saved_at_ns;
	int64_t saved_ns; /* time that scans may take */
	uint64_t scan_began_ns;
	uint32_t scanning_pid;
	uint32_t pids[MAX_PIDS];
	size_t pid_count;
	struct holder slots[HOLDERS];
};

struct holders *holders_new(int proc_fd)
{
	struct holders *h = calloc(1, sizeof(*h));

	if (h)
		h->proc_fd = proc_fd;
	return h;
}

void holders_free(struct holders *h)
{
	free(h);
}

static struct holder *holder_slot(struct holders *h, uint64_t inode)
{
	return &h->slots[(inode * 0x9e3779b97f4a7c15u >> 40) & (HOLDERS - 1)];
}

static void remember(void *ctx, uint64_t inode)
{
	struct holders *h = ctx;

	*holder_slot(h, inode) = (struct holder){ inode, h->scan_began_ns,
						  h->scanning_pid };
}

static void add_pid(void *ctx, uint32_t pid)
{
	struct holders *h = ctx;

	if (h->pid_count < MAX_PIDS)
		h->pids[h->pid_count++] = pid;
}

static int newest_first(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/*
 * Looks through /proc, the newest processes first, until somebody holds the
 * socket.  Nobody does if the process has ended: then all are looked at, which
 * costs 25 ms with hundreds of them, and packets wait.
 */
static void scan_holders(struct holders *h, const struct holder *wanted,
			 uint64_t inode)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);

	h->saved_ns += (int64_t)((begin - h->saved_at_ns) / SCAN_SHARE);
	h->saved_at_ns = begin;
	if (h->saved_ns > SCAN_SAVED_NS)
		h->saved_ns = SCAN_SAVED_NS;
	if (h->saved_ns <= 0)
		return;
	h->scan_began_ns = begin;
	h->pid_count = 0;
	procfs_each(h->proc_fd, add_pid, h);
	qsort(h->pids, h->pid_count, sizeof(*h->pids), newest_first);
	for (size_t i = 0; i < h->pid_count && wanted->inode != inode; i++) {
		h->scanning_pid = h->pids[i];
		procfs_each_socket(h->proc_fd, h->pids[i], remember, h);
	}
	h->saved_ns -= (int64_t)(clock_ns(CLOCK_MONOTONIC) - begin);
}

uint32_t holders_find(struct holders *h, uint64_t inode)
{
	struct holder *found = holder_slot(h, inode);
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	/* It may have passed it on, or ended, and another have its pid. */
	if (found->inode == inode && found->seen_ns + ASK_AGAIN_NS < now) {
		found->inode = 0;
		h->scan_began_ns = now;
		h->scanning_pid = found->pid;
		procfs_each_socket(h->proc_fd, found->pid, remember, h);
	}
	if (found->inode != inode)
		scan_holders(h, found, inode);
	return found->inode == inode ? found->pid : 0;
}
