/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The programs of a process, and from when to when it ran each. */
#include "process/proctab_table.h"

#include <stdlib.h>
#include <string.h>

#define KEEP_CHANGES_NS 1000000000ull /* far more than a packet is held */
#define MAX_CHANGES	256	      /* of name or user, within that time, */
#define FEW_CHANGES	16	      /* ... if there are many programs, ... */
#define LEAST_CHANGES	2	      /* ... and if there are too many */

void program_free(struct proctab *t, struct program *i)
{
	t->programs--;
	kept_record_drop(&i->record);
	free(i);
}

void program_set_name(struct program *i, const char *name)
{
	memset(i->name, 0, sizeof(i->name));
	memcpy(i->name, name, strnlen(name, sizeof(i->name) - 1));
}

void program_set_exec_gen(struct proctab *t, struct program *i,
			  uint64_t exec_gen)
{
	i->exec_gen = exec_gen;
	i->id = process_id(t->boot_id, i->proc->pid, i->proc->start_ns,
			   exec_gen);
}

struct program *program_add(struct proctab *t, struct proc *p, const char *name,
			    uint64_t exec_gen, uint64_t from_mono_ns)
{
	struct program *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	t->programs++;
	i->proc = p;
	i->older = p->program;
	i->from_mono_ns = from_mono_ns;
	i->lost_mono_ns = from_mono_ns;
	program_set_name(i, name);
	program_set_exec_gen(t, i, exec_gen);
	p->program = i;
	return i;
}

void program_fold(struct program *into, const struct program *old)
{
	if (old->section != into->section)
		return;
	if (old->packets && (!into->packets || old->first_ns < into->first_ns))
		into->first_ns = old->first_ns;
	if (old->last_ns > into->last_ns)
		into->last_ns = old->last_ns;
	into->packets += old->packets;
	into->bytes += old->bytes;
}

void program_take_past(struct program *newer, const struct program *old)
{
	if (newer->lost_mono_ns == newer->from_mono_ns &&
	    newer->exec_gen == old->exec_gen && newer->uid == old->uid &&
	    newer->netns == old->netns)
		newer->from_mono_ns = old->from_mono_ns;
	/* Events come in any order: nothing is lost after it has begun. */
	newer->lost_mono_ns = old->lost_mono_ns < newer->from_mono_ns ?
				      old->lost_mono_ns :
				      newer->from_mono_ns;
}

/* Even of one that changes all the time only so many are kept. */
static int most_changes(const struct proctab *t)
{
	if (proctab_is_full(t))
		return LEAST_CHANGES;
	return proctab_has_many(t) ? FEW_CHANGES : MAX_CHANGES;
}

/* Changes that no packet is old enough to have missed become one. */
static void forget_changes(struct proctab *t, struct program *newest,
			   uint64_t now_mono_ns)
{
	struct program *i = newest->older, *old;
	int most = most_changes(t), n = 0;

	for (;
	     i && n < most && i->from_mono_ns + KEEP_CHANGES_NS >= now_mono_ns;
	     n++)
		i = i->older;
	while (i && n < 2 * MAX_CHANGES && (old = i->older) &&
	       old->exec_gen == i->exec_gen) {
		if (old->section > i->section) {
			i = old; /* its totals are the file's */
			n++;
			continue;
		}
		program_fold(i, old);
		program_take_past(i, old);
		t->folded += old->section != 0;
		i->older = old->older;
		program_free(t, old);
	}
}

struct program *program_change(struct proctab *t, struct proc *p,
			       uint64_t mono_ns)
{
	struct program *old = p->program, *i;

	if (!program_read(old, &t->scratch))
		return NULL;
	if (mono_ns <= old->from_mono_ns)
		return old;
	i = program_add(t, p, old->name, old->exec_gen, mono_ns);
	if (!i)
		return NULL;
	i->exe = old->exe;
	i->hash_asked = old->hash_asked;
	/* program_set_record() counts on from there. */
	i->version = old->version;
	forget_changes(t, i, mono_ns);
	return i;
}

struct program *proc_program_at(const struct proc *p, uint64_t mono_ns)
{
	struct program *i = p->program;

	while (i->from_mono_ns > mono_ns && i->older)
		i = i->older;
	return i;
}

bool proc_forgot(const struct proc *p, uint64_t mono_ns)
{
	const struct program *i = p->program;

	while (i && i->from_mono_ns > mono_ns) {
		if (i->lost_mono_ns <= mono_ns)
			return true;
		i = i->older;
	}
	return false;
}
