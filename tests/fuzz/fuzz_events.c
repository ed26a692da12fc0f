/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's events in any order, through the tables of processes and flows:
 * whoever is named is there, and every program can be written down as what it
 * was.  Eight bytes are one event or question.
 */
#include <linux/types.h>
#include <stdbool.h>
#include <string.h>

#include "packet/flow.h"
#include "bpf/event.h"
#include "fuzz.h"
#include "lookup/lookup.h"
#include "owner/flowtab/flowtab.h"
#include "process/proctab.h"
#include "record.h"

#define STEP	  8
#define MAX_FLOWS 64 /* the least; so that it is full at once */
#define MAX_STEPS 512
#define BEGIN	  1000000000000ull
#define PIDS	  8
#define COOKIES	  96
#define TCP	  6

enum op {
	OP_OWNER,
	OP_FLOW,
	OP_BOUND,
	OP_FRAME,
	OP_CLOSE,
	OP_FORK,
	OP_EXIT,
	OP_RENAME,
	OP_EXEC,
	OP_FIND,
	OP_PRUNE,
	OP_TABLE,
	OP_HASH,
	OPS
};

struct world {
	struct proctab *processes;
	struct flowtab *flows;
	uint64_t now;
};

static struct probe_owner owner_of(const uint8_t *d)
{
	struct probe_owner o = {
		.tgid = d[1] % (PIDS + 1),
		.tid = d[1] % (PIDS + 1),
		.start_ns = d[1] & 0x80 ? 10000000 : 20000001,
		.exec_gen = d[4] & 7,
		.exe_deleted = d[4] >> 3 & 1,
		.uid = d[4] >> 4 & 3,
		.netns_ino = d[4] >> 6,
	};

	snprintf(o.comm, sizeof(o.comm), "n%u", d[7] & 7u);
	return o;
}

static struct flow_key key_of(uint8_t which)
{
	return (struct flow_key){
		.local = { [15] = which & 1 },
		.remote = { [15] = which >> 1 & 3 },
		.local_port = which >> 3 & 3,
		.remote_port = which >> 5 & 1,
		.proto = which & 0x40 ? TCP : 17,
	};
}

static void program_laws(const struct proc *p)
{
	static struct process s;

	for (const struct program *i = p->program; i; i = i->older) {
		LAW(i->proc == p && i->id);
		LAW(program_read(i, &s));
		LAW(s.pid == p->pid && s.id == i->id);
		LAW(!strcmp(s.name, i->name));
		LAW(i->lost_mono_ns <= i->from_mono_ns);
	}
}

static void proc_laws(const struct world *w, const struct proc *p)
{
	const struct program *i = proc_program_at(p, w->now);

	LAW(p->pid && p->pid <= PIDS && p->program);
	LAW(i->from_mono_ns <= w->now || !i->older);
	program_laws(p);
}

static void find(struct world *w, const uint8_t *d)
{
	struct flowtab_query q = { .key = key_of(d[6]),
				   .ts_ns = w->now,
				   .netns = d[5] & 1,
				   .sends = d[5] & 2,
				   .syn = d[5] & 4,
				   .rst = d[5] & 8 };
	struct flowtab_answer a;

	if (!flowtab_find(w->flows, &q, &a))
		return;
	LAW(a.attr <= ATTR_UNKNOWN && a.reason <= REASON_KERNEL_SOCKET);
	if (a.owner)
		proc_laws(w, a.owner);
}

static int count(void *ctx, const struct process *p)
{
	(void)ctx;
	LAW(p->pid <= PIDS);
	return 0;
}

static void exec_event(struct world *w, const uint8_t *d,
		       const struct probe_event *e)
{
	struct probe_exec x = { .event = *e,
				.ppid = d[2] % (PIDS + 1),
				.exe_inode = d[5],
				.path_at = d[6],
				.cgroup_at = d[7] * 4u,
				.cwd_at = d[4] * 4u,
				.sessionid = d[4],
				.args_len = d[5] * 8u };

	memset(x.path, 'p', PROBE_PATH_LEN);
	memset(x.cgroup, '/', PROBE_CGROUP_LEN);
	memset(x.args, d[6], sizeof(x.args));
	memset(x.cwd, '/', PROBE_CWD_LEN);
	memset(x.tty, d[2], PROBE_TTY_LEN);
	proctab_exec(w->processes, &x);
}

static void flow_event(struct world *w, const uint8_t *d,
		       const struct probe_event *e)
{
	struct flow_key key = key_of(d[6]);
	struct flowtab_event f = {
		.ts_ns = e->ts_ns,
		.cookie = d[2] % COOKIES + 1u,
		.netns = d[5] & 1,
		.owner = proctab_owner(w->processes, &e->owner, e->ts_ns),
		.tid = e->owner.tid,
		.attr = d[5] & 2 ? ATTR_LISTENER :
			d[5] & 4 ? ATTR_SCAN :
				   ATTR_SOCKET,
		.roles = d[5] >> 3 & 3,
		.kernel = d[5] & 0x20,
	};

	if (f.owner)
		proc_laws(w, f.owner);
	switch (d[0] % OPS) {
	case OP_OWNER:
		flowtab_owner(w->flows, &f);
		break;
	case OP_FLOW:
		flowtab_flow(w->flows, &f, &key);
		break;
	case OP_BOUND:
		flowtab_bound(w->flows, &f, &key);
		break;
	default:
		flowtab_frame(w->flows, &f, &key);
	}
}

static void take(struct world *w, const uint8_t *d)
{
	static const uint8_t sha256[32] = { 1 };
	struct probe_event e = { .owner = owner_of(d),
				 .parent_tgid = d[2] % (PIDS + 1),
				 .exit_status = d[5] };

	/* Most of the time it goes on; events are a little out of order. */
	w->now += (uint64_t)(d[3] & 0x7f) *
		  (d[3] & 0x80 ? 1000000000 : 1000000);
	e.ts_ns = w->now - (d[7] >> 3) * 1000000u;
	switch (d[0] % OPS) {
	case OP_OWNER:
	case OP_FLOW:
	case OP_BOUND:
	case OP_FRAME:
		flow_event(w, d, &e);
		break;
	case OP_CLOSE:
		flowtab_close(w->flows, d[2] % COOKIES + 1u, e.ts_ns);
		break;
	case OP_FORK:
		if (e.owner.tgid)
			proctab_fork(w->processes, &e);
		break;
	case OP_EXIT:
		proctab_exit(w->processes, &e);
		break;
	case OP_RENAME:
		proctab_rename(w->processes, &e);
		break;
	case OP_EXEC:
		if (e.owner.tgid)
			exec_event(w, d, &e);
		break;
	case OP_FIND:
		find(w, d);
		break;
	case OP_PRUNE:
		proctab_prune(w->processes, w->now, d[5]);
		break;
	case OP_TABLE:
		proctab_each(w->processes, d[5] & 1, count, NULL);
		break;
	case OP_HASH:
		proctab_set_sha256(w->processes, e.owner.tgid, e.owner.start_ns,
				   e.owner.exec_gen, sha256);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lookup *lookup;
	struct proctab_options o = { .proc_fd = -1 };
	struct world w = { .now = BEGIN };
	struct flowtab_stats stats;

	/* Of /proc nothing is asked; users have the names of this host. */
	if (!lookup)
		lookup = lookup_new(0, 0);
	o.lookup = lookup;
	w.processes = proctab_new(&o);
	w.flows = flowtab_new(MAX_FLOWS);
	LAW(lookup && w.processes && w.flows);
	for (size_t n = 0; size >= STEP && n < MAX_STEPS; n++) {
		take(&w, data);
		data += STEP;
		size -= STEP;
		flowtab_stats(w.flows, &stats);
		LAW(stats.flows <= MAX_FLOWS && stats.sockets <= MAX_FLOWS);
	}
	flowtab_free(w.flows);
	proctab_free(w.processes);
	return 0;
}
