/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/polling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/clocks.h"
#include "packet/flow_hash.h"
#include "packet/parse.h"
#include "process/proctab.h"
#include "process/procfs.h"
#include "record.h"
#include "owner/sockdiag.h"

#define ASKED		4096	/* keys remembered, a power of two */
#define HOLDERS		16384	/* sockets remembered, a power of two */
#define ASK_AGAIN_NS	1000000000ull
#define MAX_PIDS	32768	/* looked at in one scan */
#define SCAN_SHARE	10		/* scans may take a tenth of the time */
#define SCAN_SAVED_NS	50000000	/* and so much at once */

struct asked {
	struct flow_key key;
	uint64_t ts_ns;
	uint64_t cookie;	/* what it was, while it is; 0: nothing */
};

struct holder {
	uint64_t inode;
	uint64_t seen_ns;		/* that it still was, CLOCK_MONOTONIC */
	uint32_t pid;
};

struct polling {
	struct flow_hash hash;
	struct flowtab *flows;
	struct proctab *processes;
	int proc_fd;
	int diag_fd;
	uint64_t netns;
	uint64_t saved_at_ns;
	int64_t saved_ns;		/* time that scans may take */
	uint64_t scan_began_ns;
	uint32_t scanning_pid;
	uint32_t pids[MAX_PIDS];
	size_t pid_count;
	struct asked asked[ASKED];
	struct holder holders[HOLDERS];
};

int polling_open(struct polling **out, struct flowtab *flows,
		  struct proctab *processes, int proc_fd, uint64_t netns)
{
	struct polling *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	flow_hash_init(&f->hash);
	f->flows = flows;
	f->processes = processes;
	f->proc_fd = proc_fd;
	f->netns = netns;
	f->diag_fd = sockdiag_open();
	if (f->diag_fd < 0) {
		err = f->diag_fd;
		free(f);
		return err;
	}
	*out = f;
	return 0;
}

void polling_close(struct polling *f)
{
	if (!f)
		return;
	close(f->diag_fd);
	free(f);
}

static struct holder *holder_slot(struct polling *f, uint64_t inode)
{
	return &f->holders[(inode * 0x9e3779b97f4a7c15u >> 40) & (HOLDERS - 1)];
}

static void remember(void *ctx, uint64_t inode)
{
	struct polling *f = ctx;

	*holder_slot(f, inode) = (struct holder){ inode, f->scan_began_ns,
						  f->scanning_pid };
}

static void add_pid(void *ctx, uint32_t pid)
{
	struct polling *f = ctx;

	if (f->pid_count < MAX_PIDS)
		f->pids[f->pid_count++] = pid;
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
static void scan(struct polling *f, const struct holder *wanted,
		 uint64_t inode)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);

	f->saved_ns += (int64_t)((begin - f->saved_at_ns) / SCAN_SHARE);
	f->saved_at_ns = begin;
	if (f->saved_ns > SCAN_SAVED_NS)
		f->saved_ns = SCAN_SAVED_NS;
	if (f->saved_ns <= 0)
		return;
	f->scan_began_ns = begin;
	f->pid_count = 0;
	procfs_each(f->proc_fd, add_pid, f);
	qsort(f->pids, f->pid_count, sizeof(*f->pids), newest_first);
	for (size_t i = 0; i < f->pid_count && wanted->inode != inode; i++) {
		f->scanning_pid = f->pids[i];
		procfs_each_socket(f->proc_fd, f->pids[i], remember, f);
	}
	f->saved_ns -= (int64_t)(clock_ns(CLOCK_MONOTONIC) - begin);
}

static uint32_t holder_of(struct polling *f, uint64_t inode)
{
	struct holder *h = holder_slot(f, inode);
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	/* It may have passed it on, or ended, and another have its pid. */
	if (h->inode == inode && h->seen_ns + ASK_AGAIN_NS < now) {
		h->inode = 0;
		f->scan_began_ns = now;
		f->scanning_pid = h->pid;
		procfs_each_socket(f->proc_fd, h->pid, remember, f);
	}
	if (h->inode != inode)
		scan(f, h, inode);
	return h->inode == inode ? h->pid : 0;
}

/*
 * The flow's socket, or if it is gone already or not accepted yet, the one
 * that listens there.
 */
static bool find_socket(struct polling *f, const struct flow_key *key,
			struct sockdiag_socket *s)
{
	struct flow_key listener = *key;

	if (!sockdiag_find(f->diag_fd, key, s) && s->inode)
		return true;
	memset(listener.remote, 0, sizeof(listener.remote));
	memcpy(listener.remote, key->remote, 12);	/* IPv4 stays IPv4 */
	listener.remote_port = 0;
	return !sockdiag_find(f->diag_fd, &listener, s) && s->inode;
}

static struct asked *asked_slot(struct polling *f, const struct flow_key *key)
{
	return &f->asked[flow_hash(&f->hash, key) & (ASKED - 1)];
}

static bool asked_lately(struct asked *a, const struct flow_key *key,
			 uint64_t ts_ns, bool begins)
{
	bool same = !memcmp(&a->key, key, sizeof(*key));

	if (!begins && same && a->ts_ns + ASK_AGAIN_NS > ts_ns)
		return true;
	if (!same)
		*a = (struct asked){ .key = *key };
	a->ts_ns = ts_ns;
	return false;
}

/* It was there when we asked before. */
static void ended(struct polling *f, struct asked *a, uint64_t ts_ns)
{
	if (a->cookie)
		flowtab_close(f->flows, a->cookie, ts_ns);
	a->cookie = 0;
}

void polling_learn(struct polling *f, const struct flow_key *key,
		    uint64_t ts_ns, bool begins)
{
	struct flowtab_event e = { .netns = f->netns };
	struct asked *a = asked_slot(f, key);
	struct sockdiag_socket s;
	uint32_t pid;

	if (asked_lately(a, key, ts_ns, begins))
		return;
	if (!find_socket(f, key, &s)) {
		ended(f, a, ts_ns);
		return;
	}
	pid = holder_of(f, s.inode);
	if (!pid) {
		/* It may only be that no scan was due. */
		a->ts_ns = 0;
		return;
	}
	e.ts_ns = ts_ns;
	e.cookie = s.cookie;
	e.owner = proctab_look_up(f->processes, pid, ts_ns);
	e.tid = pid;
	e.attr = s.listening ? ATTR_LISTENER : ATTR_SCAN;
	flowtab_flow(f->flows, &e, key);
	a->cookie = s.cookie;
}
