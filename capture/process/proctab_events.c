/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes in what the kernel tells of processes. */
#include "process/proctab_table.h"

#include <linux/types.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "packet/flow.h"
#include "bpf/event.h"

/* What /proc told after the program had ended is of the next one. */
static void disown(struct proctab *t, struct program *i, uint64_t end_ns)
{
	struct process *s = &t->scratch;

	if (i->read_ns <= end_ns || !program_read(i, s))
		return;
	s->has &= ~(1ull << FIELD_EXEPATH | 1ull << FIELD_CMDLINE |
		    1ull << FIELD_SCRIPT);
	i->exe = (struct file_id){ 0 };
	program_set_record(t, i, s);
}

struct program *proctab_exec(struct proctab *t, const struct probe_exec *x)
{
	const struct probe_owner *o = &x->event.owner;
	struct proc *p = proctab_find_owner(t, o);
	struct program *i;

	if (!p) {
		p = proctab_add(t, o->tgid, o->start_ns, o->comm, o->exec_gen,
				x->event.ts_ns);
	} else if (p->program->exec_gen != o->exec_gen) {
		disown(t, p->program, x->event.ts_ns);
		program_add(t, p, o->comm, o->exec_gen, x->event.ts_ns);
	}
	if (!p)
		return NULL;
	p->unread = false;
	i = p->program;
	if (i->exec_gen != o->exec_gen)
		return NULL; /* no memory */
	i->exe.inode = x->exe_inode;
	i->exe.changed_ns = x->exe_changed_ns;
	i->exe.generation = x->exe_generation;
	i->exe.dev = makedev(x->exe_dev >> 20, x->exe_dev & 0xfffff);
	/* An owner may have been told first, under a name of its own time. */
	program_set_name(i, o->comm);
	describe_exec(t, &t->scratch, x);
	describe_ancestors(t, &t->scratch);
	program_set_record(t, i, &t->scratch);
	return i;
}

void proctab_fork(struct proctab *t, const struct probe_event *e)
{
	const struct probe_owner *o = &e->owner;
	struct proc *parent, *p;

	parent = proctab_scans(t) || t->forgot_running ?
			 proctab_by_pid(t, e->parent_tgid) :
			 proctab_find_running(t, e->parent_tgid);
	p = proctab_find_owner(t, o);
	if (!p && proctab_passes_over(t, parent))
		return;
	if (!p) { /* else /proc told first */
		p = proctab_add(t, o->tgid, o->start_ns, o->comm, o->exec_gen,
				e->ts_ns);
		if (!p)
			return;
		if (parent)
			p->program->exe = parent->program->exe;
		describe_child(t, &t->scratch, parent, e);
		program_set_record(t, p->program, &t->scratch);
	}
	proc_descend(t, p, parent);
}

void proctab_exit(struct proctab *t, const struct probe_event *e)
{
	struct proc *p = proctab_find_owner(t, &e->owner);

	if (!p)
		return;
	p->exited_mono_ns = e->ts_ns;
	p->exit_status = e->exit_status;
	proctab_remember_end(t, p);
}

void proctab_rename(struct proctab *t, const struct probe_event *e)
{
	struct proc *p = proctab_find_owner(t, &e->owner);
	struct program *i = p ? p->program : NULL;

	if (i)
		program_learn_exec_gen(t, i, &e->owner);
	if (!i || i->exec_gen != e->owner.exec_gen ||
	    !strncmp(i->name, e->owner.comm, sizeof(i->name)))
		return;
	i = program_change(t, p, e->ts_ns);
	if (!i)
		return;
	program_set_name(i, e->owner.comm);
	describe_name(&t->scratch, i->name);
	/* Events of its sockets before this may come later, with their time. */
	describe_place(t, &t->scratch, &e->owner);
	program_set_record(t, i, &t->scratch);
}

void proctab_move(struct proctab *t, const struct probe_exec *x)
{
	struct proc *p = proctab_find_owner(t, &x->event.owner);
	struct program *i;

	/* What is not read yet is read as it is by then. */
	if (!p || p->unread)
		return;
	i = program_change(t, p, x->event.ts_ns);
	if (!i)
		return;
	describe_move(&t->scratch, x);
	program_set_record(t, i, &t->scratch);
}

/* The program after so many execs, its record in t->scratch; or NULL. */
static struct program *find_program(struct proctab *t, uint32_t pid,
				    uint64_t start_ns, uint64_t exec_gen)
{
	struct proc *p = proctab_find(t, pid, start_ns);
	struct program *i = p ? p->program : NULL;

	while (i && i->exec_gen != exec_gen)
		i = i->older;
	return i && program_read(i, &t->scratch) ? i : NULL;
}

void proctab_set_sha256(struct proctab *t, uint32_t pid, uint64_t start_ns,
			uint64_t exec_gen, const uint8_t sha256[32])
{
	struct program *i = find_program(t, pid, start_ns, exec_gen);

	if (!i)
		return;
	memcpy(t->scratch.sha256, sha256, sizeof(t->scratch.sha256));
	process_set_field(&t->scratch, FIELD_SHA256);
	process_clear_field(&t->scratch, FIELD_SHA256_REASON);
	program_set_record(t, i, &t->scratch);
}

void proctab_set_no_sha256(struct proctab *t, uint32_t pid, uint64_t start_ns,
			   uint64_t exec_gen, uint32_t reason)
{
	struct program *i = find_program(t, pid, start_ns, exec_gen);

	if (!i)
		return;
	t->scratch.sha256_reason = reason;
	process_set_field(&t->scratch, FIELD_SHA256_REASON);
	program_set_record(t, i, &t->scratch);
}
