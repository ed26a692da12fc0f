/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads processes from /proc.  What /proc says is of now, while events say
 * what was: it counts for the program they name, and only until that has
 * executed another.
 */
#include "process/proctab_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/clocks.h"
#include "lookup/lookup.h"
#include "process/procfs.h"

#define MAX_ANCESTORS 8
#define ASK_AGAIN_NS  100000000ull

int proctab_read(struct proctab *t, uint32_t pid, uint64_t *start_ns,
		 struct file_id *exe)
{
	*exe = (struct file_id){ 0 };
	if (t->options.proc_fd < 0)
		return -ESRCH;
	return lookup_process(t->options.lookup, pid, t->boot_real_ns,
			      &t->scratch, start_ns,
			      t->options.exe_inodes ? exe : NULL);
}

/* Sets what proctab_read() has just told of the process. */
static void set_image_read(struct proctab *t, struct program *i,
			   struct file_id exe)
{
	struct process *s = &t->scratch;

	i->exe = exe;
	i->read_ns = clock_ns(CLOCK_MONOTONIC);
	if (process_has(s, FIELD_UID))
		describe_user(t, s, s->uid);
	describe_withhold(t, s);
	describe_ancestors(t, s);
	program_set_record(t, i, s);
}

/*
 * Reads a process from /proc as it is now, into t->scratch; NULL if there is no
 * such process.  *@is_new: it was not known.
 */
static struct proc *read_process(struct proctab *t, uint32_t pid, bool *is_new,
				 struct file_id *exe)
{
	uint64_t start_ns = 0;
	struct proc *p;

	if (proctab_read(t, pid, &start_ns, exe))
		return NULL;
	p = proctab_find(t, pid, start_ns);
	*is_new = !p;
	if (p)
		return p;
	p = proctab_add(t, pid, start_ns, t->scratch.name, 0, 0);
	if (p)
		set_image_read(t, p->program, *exe);
	return p;
}

static struct proc *read_by_pid(struct proctab *t, uint32_t pid, int ancestors);

/* Its record, just read, has parents that were not known when it was made. */
static void read_parents(struct proctab *t, struct proc *p, int ancestors)
{
	const struct proc *parent;
	uint32_t ppid = t->scratch.ppid;

	if (!ppid || !ancestors)
		return;
	parent = proctab_find_running(t, ppid);
	if (parent && !parent->unread)
		return;
	if (read_by_pid(t, ppid, ancestors - 1))
		program_adopt(t, p->program);
}

/* Adds what /proc tells; what an event has told of that time stays. */
static void add_told(struct proctab *t, const struct program *i)
{
	struct process *s = &t->scratch, told;

	if (!program_read(i, &told))
		return;
	s->start_ns = told.start_ns;
	s->uid = told.uid;
	s->gid = told.gid;
	if (process_has(&told, FIELD_NETNS))
		s->netns = told.netns;
	s->flags |= told.flags;
}

static void complete(struct proctab *t, struct proc *p, int ancestors)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), start_ns = 0;
	struct program *i = p->program;
	struct file_id exe;
	bool is_same;
	int err;

	if (now < p->asked_ns + ASK_AGAIN_NS)
		return;
	p->asked_ns = now;
	err = proctab_read(t, p->pid, &start_ns, &exe);
	if (err == -EAGAIN)
		return;
	is_same = !err && proc_began(start_ns, p->start_ns);
	if (is_same && strcmp(t->scratch.name, i->name))
		return; /* an event is to come, of a rename or exec */
	p->unread = false;
	if (!is_same)
		return; /* it has ended */
	add_told(t, i);
	set_image_read(t, i, exe);
	read_parents(t, p, ancestors);
}

void proctab_complete(struct proctab *t, struct proc *p)
{
	if (p->unread)
		complete(t, p, MAX_ANCESTORS);
}

static struct proc *read_by_pid(struct proctab *t, uint32_t pid, int ancestors)
{
	struct proc *p = proctab_find_running(t, pid);
	struct file_id exe;
	bool is_new;

	if (p && p->unread)
		complete(t, p, ancestors);
	if (p)
		return p;
	p = read_process(t, pid, &is_new, &exe);
	if (p && is_new)
		read_parents(t, p, ancestors);
	return p;
}

struct proc *proctab_by_pid(struct proctab *t, uint32_t pid)
{
	return read_by_pid(t, pid, MAX_ANCESTORS);
}

/* True if /proc, in t->scratch, tells of another program, name or user. */
static bool has_changed(const struct proctab *t, const struct program *i)
{
	const struct process *now = &t->scratch;
	struct process old;

	if (!program_read(i, &old))
		return true;
	return strcmp(old.name, now->name) ||
	       strcmp(old.exepath, now->exepath) || old.uid != now->uid ||
	       (process_has(&old, FIELD_CMDLINE) &&
		(old.cmdline_len != now->cmdline_len ||
		 memcmp(old.cmdline, now->cmdline, now->cmdline_len)));
}

/* @ancestors: how many that are not known yet may be read, too. */
static struct proc *look_up_process(struct proctab *t, uint32_t pid,
				    uint64_t mono_ns, int ancestors)
{
	struct proc *p, *parent;
	struct file_id exe;
	struct program *i;
	uint32_t ppid;
	bool is_new;

	p = read_process(t, pid, &is_new, &exe);
	if (!p)
		return NULL;
	if (!is_new && has_changed(t, p->program)) {
		i = program_add(t, p, t->scratch.name, p->program->exec_gen + 1,
				mono_ns);
		if (i)
			set_image_read(t, i, exe);
	}
	if (!is_new)
		return p;
	ppid = t->scratch.ppid;
	parent = proctab_find_running(t, ppid);
	if (!parent && ppid && ancestors)
		parent = look_up_process(t, ppid, mono_ns, ancestors - 1);
	if (parent)
		program_adopt(t, p->program);
	proc_descend(t, p, parent);
	return p;
}

struct proc *proctab_look_up(struct proctab *t, uint32_t pid, uint64_t mono_ns)
{
	return look_up_process(t, pid, mono_ns, MAX_ANCESTORS);
}

/* Without memory it is read when somebody asks for it. */
static void put_off(struct proctab *t, uint32_t pid)
{
	size_t room = t->unread_room ? 2 * t->unread_room : 1024;
	uint32_t *all;

	if (t->unread_count == t->unread_room) {
		all = realloc(t->unread, room * sizeof(*all));
		if (!all)
			return;
		t->unread = all;
		t->unread_room = room;
	}
	t->unread[t->unread_count++] = pid;
}

static void scan_one(void *ctx, uint32_t pid)
{
	struct proctab *t = ctx;

	if (clock_ns(CLOCK_MONOTONIC) >= t->scan_until_ns)
		put_off(t, pid);
	/* Most of what a small host runs, and it takes as long to read. */
	else if (!procfs_is_kernel_thread(t->options.proc_fd, pid))
		proctab_by_pid(t, pid);
}

int proctab_scan(struct proctab *t, uint64_t until_ns)
{
	t->scan_until_ns = until_ns;
	procfs_each(t->options.proc_fd, scan_one, t);
	return (int)t->count;
}

bool proctab_scan_on(struct proctab *t, uint64_t until_ns)
{
	while (proctab_scans(t) && clock_ns(CLOCK_MONOTONIC) < until_ns)
		proctab_by_pid(t, t->unread[t->unread_next++]);
	return proctab_scans(t);
}

bool proctab_scans(const struct proctab *t)
{
	return t->unread_next < t->unread_count;
}
