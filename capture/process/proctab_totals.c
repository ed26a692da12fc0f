/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process table of a file: what each program did in it. */
#include "process/proctab_table.h"

#include <string.h>

#include "lookup/lookup.h"
#include "process/records/ended.h"

/*
 * One program of a process, from its newest program on: its totals are those of
 * all its names and users.  Returns the program after it.
 */
static const struct program *sum_up(const struct program *i, uint32_t section,
				    struct program *sum)
{
	uint64_t exec_gen = i->exec_gen;

	memset(sum, 0, sizeof(*sum));
	for (; i && i->exec_gen == exec_gen; i = i->older) {
		if (i->section != section)
			continue;
		if (!kept_record_len(&sum->record))
			*sum = *i;
		else
			program_fold(sum, i);
	}
	return i;
}

static int each_program(struct proctab *t, const struct proc *p,
			const struct program *i, bool last,
			int (*fn)(void *ctx, const struct process *p),
			void *ctx)
{
	struct process *s = &t->scratch;

	if (!program_read(i, s))
		return 0;
	s->packets = i->packets;
	s->bytes = i->bytes;
	s->first_seen_ns = i->first_ns;
	s->last_seen_ns = i->last_ns;
	process_set_field(s, FIELD_PACKETS);
	process_set_field(s, FIELD_BYTES);
	process_set_field(s, FIELD_FIRST_SEEN);
	process_set_field(s, FIELD_LAST_SEEN);
	if (i->hash_asked && !process_has(s, FIELD_SHA256) &&
	    !process_has(s, FIELD_SHA256_REASON)) {
		s->sha256_reason = HASH_REASON_LATE;
		process_set_field(s, FIELD_SHA256_REASON);
	}
	if (last && !p->exited_mono_ns && t->options.proc_fd >= 0 &&
	    lookup_exe_deleted(t->options.lookup, p->pid)) {
		s->flags |= PROCESS_EXE_DELETED;
		process_set_field(s, FIELD_FLAGS);
	}
	if (p->exited_mono_ns && last) {
		s->exit_status = p->exit_status;
		s->flags |= PROCESS_EXITED;
		process_set_field(s, FIELD_EXIT_STATUS);
		process_set_field(s, FIELD_FLAGS);
	}
	return fn(ctx, s);
}

/* What it was in the file before it became the newest of those, without totals. */
static int each_before(struct proctab *t, const struct program *i,
		       const struct program *end, uint32_t section,
		       int (*fn)(void *ctx, const struct process *p), void *ctx)
{
	bool newest = true;
	int err = 0;

	for (; i != end && !err; i = i->older) {
		if (i->section != section)
			continue;
		if (!newest && program_read(i, &t->scratch))
			err = fn(ctx, &t->scratch);
		newest = false;
	}
	return err;
}

static int each_of(struct proctab *t, const struct proc *p, uint32_t section,
		   int (*fn)(void *ctx, const struct process *p), void *ctx)
{
	const struct program *i = p->program;
	struct program sum;
	bool last = true;
	int err = 0;

	while (i && !err) {
		const struct program *newest = i;

		i = sum_up(i, section, &sum);
		err = each_before(t, newest, i, section, fn, ctx);
		/* Last, as that is what a reader takes. */
		err = err ? err : each_program(t, p, &sum, last, fn, ctx);
		last = false;
	}
	return err;
}

static int put_record(void *ctx, const struct process *p)
{
	struct proctab *t = ctx;
	int len = process_encode(p, t->encoded, sizeof(t->encoded));

	return len < 0 ? len :
			 ended_add(t->ended_records, t->encoded, (size_t)len);
}

bool proctab_put_away(struct proctab *t, const struct proc *p, uint32_t section)
{
	if (!t->ended_records)
		t->ended_records = ended_new();
	if (!t->ended_records)
		return false;
	if (t->ended_section != section)
		ended_clear(t->ended_records);
	t->ended_section = section;
	return !each_of(t, p, section, put_record, t);
}

struct rows {
	struct proctab *table;
	int (*fn)(void *ctx, const struct process *p);
	void *ctx;
};

static int take_record(void *ctx, uint8_t *record, size_t len)
{
	const struct rows *r = ctx;

	if (process_decode(&r->table->scratch, record, len) < 0)
		return 0;
	return r->fn(r->ctx, &r->table->scratch);
}

int proctab_each(struct proctab *t, uint32_t section,
		 int (*fn)(void *ctx, const struct process *p), void *ctx)
{
	struct rows rows = { t, fn, ctx };
	int err = 0;

	/* First: of who was not put away whole what counts comes last. */
	if (t->ended_records && t->ended_section == section)
		err = ended_each(t->ended_records, take_record, &rows);
	for (int b = 0; b < PROCTAB_BUCKETS; b++)
		for (struct proc *p = t->heads[b]; p && !err; p = p->next)
			err = each_of(t, p, section, fn, ctx);
	return err;
}
