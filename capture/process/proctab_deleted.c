/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Of unlink() no event tells, and a process may have done all that tells of it
 * before its executable goes.  So those that have sockets are asked about, a
 * few at a time.
 */
#include "process/proctab_table.h"

#include "lookup/lookup.h"

void program_learn_deleted(struct proctab *t, struct program *i)
{
	struct process *s = &t->scratch;

	if (i->exe_deleted || !program_read(i, s))
		return;
	s->flags |= PROCESS_EXE_DELETED;
	process_set_field(s, FIELD_FLAGS);
	program_set_record(t, i, s);
}

static bool may_be_deleted(const struct proc *p)
{
	return p->refs && !p->exited_mono_ns && !p->program->exe_deleted;
}

/*
 * By bucket and place in it, as processes come and go meanwhile.  NULL at the
 * end, once.
 */
static const struct proc *next_to_ask(struct proctab *t)
{
	for (; t->ask_bucket < PROCTAB_BUCKETS; t->ask_bucket++) {
		const struct proc *p = t->heads[t->ask_bucket];

		for (uint32_t place = 0; p; p = p->next)
			if (may_be_deleted(p) && place++ == t->ask_place)
				break;
		if (p) {
			t->ask_place++;
			return p;
		}
		t->ask_place = 0;
	}
	t->ask_bucket = 0;
	return NULL;
}

bool proctab_ask_deleted(struct proctab *t)
{
	struct proc *p = t->deleted_pid ?
				 proctab_find_running(t, t->deleted_pid) :
				 NULL;
	const struct proc *next;

	/* If it runs another program by now, the event has come meanwhile. */
	if (p && p->program->id == t->deleted_id)
		program_learn_deleted(t, p->program);
	t->deleted_pid = 0;
	next = t->options.proc_fd >= 0 ? next_to_ask(t) : NULL;
	if (!next)
		return false;
	if (lookup_exe_deleted(t->options.lookup, next->pid)) {
		t->deleted_pid = next->pid;
		t->deleted_id = next->program->id;
	}
	return true;
}
