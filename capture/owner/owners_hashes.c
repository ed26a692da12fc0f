/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/owners_parts.h"

#include "bpf/probe.h"
#include "lookup/lookup.h"
#include "process/hasher.h"

void owners_hash(struct owners *o, struct program *i)
{
	struct hasher_question q = {
		.pid = i->proc->pid,
		.start_ns = i->proc->start_ns,
		.exec_gen = i->exec_gen,
		.exe = i->exe,
	};

	if (i->hash_asked)
		return;
	program_exepath(o->processes, i, q.path, sizeof(q.path));
	i->hash_asked = lookup_hash(o->lookup, &q);
}

bool owners_hashing(const struct owners *o)
{
	return lookup_hashing(o->lookup);
}

/*
 * Of a process's link it is known only once all that happened before the
 * answer has been told.
 */
static bool hash_is_right(struct owners *o, const struct hasher_answer *a)
{
	if (!a->known || !a->linked)
		return a->known;
	if (!o->probe)
		return false;
	probe_consume(o->probe);
	return !probe_lost(o->probe) &&
	       proctab_ran_last(o->processes, a->question.pid,
				a->question.start_ns, a->question.exec_gen);
}

static void take_hash(struct owners *o, const struct hasher_answer *a)
{
	const struct hasher_question *q = &a->question;

	if (hash_is_right(o, a))
		proctab_set_sha256(o->processes, q->pid, q->start_ns,
				   q->exec_gen, a->sha256);
	else
		proctab_set_no_sha256(o->processes, q->pid, q->start_ns,
				      q->exec_gen,
				      a->known ? HASH_REASON_CHANGED :
						 a->reason);
}

void owners_take_hashes(struct owners *o)
{
	struct hasher_answer a;

	while (lookup_hashed(o->lookup, &a))
		take_hash(o, &a);
}
