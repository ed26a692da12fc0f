/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads processes from /proc, of which the kernel has not told yet. */
#include "process/proctab_table.h"

#include <errno.h>
#include <string.h>

#include "lookup/lookup.h"
#include "process/procfs.h"

#define MAX_ANCESTORS	8

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

struct proc *proctab_add_read(struct proctab *t, uint32_t pid)
{
	struct file_id exe;
	bool is_new;

	return read_process(t, pid, &is_new, &exe);
}

struct proc *proctab_by_pid(struct proctab *t, uint32_t pid)
{
	struct proc *p = proctab_find_running(t, pid);

	return p ? p : proctab_add_read(t, pid);
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

static void scan_one(void *ctx, uint32_t pid)
{
	struct proctab *t = ctx;

	/* Most of what a small host runs, and it takes as long to read. */
	if (!procfs_is_kernel_thread(t->options.proc_fd, pid))
		proctab_add_read(t, pid);
}

int proctab_scan(struct proctab *t)
{
	procfs_each(t->options.proc_fd, scan_one, t);
	/* Lower pids come first: parents, unless pids have begun anew. */
	for (int b = 0; b < PROCTAB_BUCKETS; b++)
		for (struct proc *p = t->heads[b]; p; p = p->next)
			if (program_read(p->program, &t->scratch) &&
			    t->scratch.ppid > p->pid)
				program_adopt(t, p->program);
	return (int)t->count;
}
