/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides which processes and programs are forgotten, and when. */
#include "process/proctab_table.h"

#include "process/procfs.h"

#define KEEP_EXITED_NS 60000000000ull
#define PRUNE_NS       10000000000ull /* between two looks */

/* With so many, or as many bytes of records, at each look. */
#define MANY_PROGRAMS	    16384
#define MANY_BYTES	    (PROCTAB_BYTES / 4 * 3)
#define KEEP_ONE_OF_MANY_NS 1000000000ull /* far more than a packet is held */

/* Even those of the file are forgotten, if what ended has no room either. */
#define MAX_PROGRAMS 65536
#define MAX_BYTES    (PROCTAB_BYTES / 2 * 3)

/* With more, those that run go, too, if nobody has asked for them. */
#define MANY_RUNNING   32768
#define KEEP_SILENT_NS 2000000000ull

/* /proc is asked for the end of each process at one in so many looks. */
#define ASK_OF 8

bool proctab_has_many(const struct proctab *t)
{
	return t->programs > MANY_PROGRAMS ||
	       rests_bytes(t->rests) > MANY_BYTES;
}

bool proctab_is_full(const struct proctab *t)
{
	return t->programs > MAX_PROGRAMS || rests_bytes(t->rests) > MAX_BYTES;
}

static uint64_t keep_ns(const struct proctab *t)
{
	return proctab_has_many(t) ? KEEP_ONE_OF_MANY_NS : KEEP_EXITED_NS;
}

static bool is_written(const struct proc *p)
{
	const struct program *i = p->program;

	while (i && !i->section)
		i = i->older;
	return i;
}

/* A socket's last packets may still ask for it: what is long goes. */
static void proc_shrink(struct proctab *t, struct proc *p)
{
	struct process *s = &t->scratch;

	for (struct program *i = p->program; i; i = i->older) {
		if (!program_read(i, s))
			continue;
		s->has &= ~(1ull << FIELD_EXEPATH | 1ull << FIELD_CMDLINE |
			    1ull << FIELD_CGROUP | 1ull << FIELD_APID |
			    1ull << FIELD_ANAME | 1ull << FIELD_AEXE |
			    1ull << FIELD_CWD | 1ull << FIELD_SCRIPT);
		i->shortened = true;
		program_set_record(t, i, s);
	}
}

/*
 * Whoever starts short programs without end would else have us keep a minute
 * of them.
 */
void proctab_remember_end(struct proctab *t, const struct proc *ended)
{
	struct ended *e = &t->ended[t->ends++ % PROCTAB_ENDED];
	struct proc *p = proctab_find(t, e->pid, e->start_ns);

	if (p && p != ended && p->exited_mono_ns && !is_written(p)) {
		if (p->refs)
			proc_shrink(t, p);
		else
			proctab_remove(t, p);
	}
	e->pid = ended->pid;
	e->start_ns = ended->start_ns;
}

static bool in_file(const struct proc *p, uint32_t section)
{
	for (const struct program *i = p->program; i; i = i->older)
		if (i->section == section)
			return true;
	return false;
}

/*
 * Forgets programs from before the last execs, if the file has nothing of them
 * or there are too many.
 */
static void prune_images(struct proctab *t, struct proc *p,
			 uint64_t now_mono_ns, uint32_t section)
{
	bool full = proctab_is_full(t);
	struct program *next = p->program;

	for (struct program *i; (i = next->older);) {
		bool in_file = i->section == section;

		if ((in_file && !full) ||
		    next->from_mono_ns + keep_ns(t) >= now_mono_ns) {
			next = i;
			continue;
		}
		t->forgotten += in_file;
		program_take_past(next, i);
		next->older = i->older;
		program_free(t, i);
	}
}

/*
 * Its end was told while the ring was full, which it is when many end.  /proc is
 * ahead of the events: what it did last, and its end, may still be told.
 */
static bool ended_untold(const struct proctab *t, struct proc *p,
			 uint64_t now_mono_ns)
{
	if (t->count <= 2 * PROCTAB_ENDED || p->refs)
		return false;
	if (!p->gone_mono_ns && p->pid % ASK_OF == t->looks % ASK_OF &&
	    procfs_has_ended(t->options.proc_fd, p->pid))
		p->gone_mono_ns = now_mono_ns;
	return p->gone_mono_ns &&
	       p->gone_mono_ns + KEEP_ONE_OF_MANY_NS < now_mono_ns;
}

/* The table is to have it, which another time may know. */
static bool awaits_hash(struct proctab *t, const struct proc *p)
{
	const struct program *i = p->program;

	return i->hash_asked && program_read(i, &t->scratch) &&
	       !process_has(&t->scratch, FIELD_SHA256) &&
	       !process_has(&t->scratch, FIELD_SHA256_REASON);
}

bool proctab_passes_over(struct proctab *t, const struct proc *parent)
{
	if (t->programs <= MAX_PROGRAMS || t->options.proc_fd < 0 ||
	    (parent && proc_is_followed(t, parent)))
		return false;
	t->forgot_running = true;
	return true;
}

/* /proc tells of it again, should it ever send. */
static bool is_needless(struct proctab *t, const struct proc *p,
			uint64_t now_mono_ns)
{
	const struct program *i = p->program;

	if (t->programs <= MANY_RUNNING || t->options.proc_fd < 0 || p->refs ||
	    p->unread || proc_is_followed(t, p) || is_written(p) ||
	    i->from_mono_ns + KEEP_SILENT_NS >= now_mono_ns)
		return false;
	t->forgot_running = true;
	return true;
}

/* No packet will name it any more. */
static bool is_over(struct proctab *t, struct proc *p, uint64_t now_mono_ns)
{
	if (!p->exited_mono_ns)
		return ended_untold(t, p, now_mono_ns) ||
		       is_needless(t, p, now_mono_ns);
	if (p->refs || p->exited_mono_ns + keep_ns(t) >= now_mono_ns)
		return false;
	return p->exited_mono_ns + KEEP_EXITED_NS < now_mono_ns ||
	       !awaits_hash(t, p);
}

/* The file's table keeps what it is to have of it, as long as there is room. */
static bool may_go(struct proctab *t, struct proc *p, uint64_t now_mono_ns,
		   uint32_t section)
{
	bool full = proctab_is_full(t);

	if (!is_over(t, p, now_mono_ns))
		return false;
	if (!in_file(p, section) || proctab_put_away(t, p, section))
		return true;
	t->forgotten += full;
	return full;
}

void proctab_prune(struct proctab *t, uint64_t now_mono_ns, uint32_t section)
{
	if (!proctab_has_many(t) && now_mono_ns < t->pruned_ns + PRUNE_NS)
		return;
	t->pruned_ns = now_mono_ns;
	t->looks++;
	for (int b = 0; b < PROCTAB_BUCKETS; b++)
		for (struct proc **at = &t->heads[b], *p; (p = *at);) {
			if (!may_go(t, p, now_mono_ns, section)) {
				prune_images(t, p, now_mono_ns, section);
				at = &p->next;
				continue;
			}
			*at = p->next;
			proc_free(t, p);
			t->count--;
		}
}

uint64_t proctab_folded(const struct proctab *t)
{
	return t->folded;
}

uint64_t proctab_cut(const struct proctab *t)
{
	return t->cut;
}

uint64_t proctab_forgotten(const struct proctab *t)
{
	return t->forgotten;
}
