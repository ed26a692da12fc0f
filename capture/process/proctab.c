/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/proctab_table.h"

#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packet/flow.h"
#include "bpf/event.h"
#include "host/clocks.h"
#include "process/records/ended.h"
#include "process/filter/filter.h"
#include "process/procfs.h"

struct proctab *proctab_new(const struct proctab_options *options)
{
	struct proctab *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->rests = rests_new();
	if (!t->rests) {
		free(t);
		return NULL;
	}
	t->options = *options;
	t->boot_real_ns = (uint64_t)clock_difference(CLOCK_BOOTTIME);
	procfs_boot_id(options->proc_fd, t->boot_id);
	gethostname(t->host, sizeof(t->host) - 1);
	return t;
}

void proctab_leave_proc(struct proctab *t)
{
	t->options.proc_fd = -1;
}

void proc_free(struct proctab *t, struct proc *p)
{
	for (struct program *i = p->program, *older; i; i = older) {
		older = i->older;
		program_free(t, i);
	}
	free(p);
}

void proctab_free(struct proctab *t)
{
	if (!t)
		return;
	for (int b = 0; b < PROCTAB_BUCKETS; b++)
		for (struct proc *p = t->heads[b], *next; p; p = next) {
			next = p->next;
			proc_free(t, p);
		}
	rests_free(t->rests);
	ended_free(t->ended_records);
	free(t->unread);
	free(t);
}

static struct proc **head_of_pid(struct proctab *t, uint32_t pid)
{
	return &t->heads[pid * 2654435761u >> 18];
}

bool proc_began(uint64_t a, uint64_t b)
{
	return a == b || (a / PROCFS_TICK_NS == b / PROCFS_TICK_NS &&
			  (!(a % PROCFS_TICK_NS) || !(b % PROCFS_TICK_NS)));
}

struct proc *proctab_find(struct proctab *t, uint32_t pid, uint64_t start_ns)
{
	struct proc *p = *head_of_pid(t, pid);

	while (p && (p->pid != pid || !proc_began(p->start_ns, start_ns)))
		p = p->next;
	return p;
}

struct proc *proctab_find_running(struct proctab *t, uint32_t pid)
{
	struct proc *best = NULL;

	for (struct proc *p = *head_of_pid(t, pid); p; p = p->next)
		if (p->pid == pid && !p->exited_mono_ns &&
		    (!best || p->start_ns > best->start_ns))
			best = p;
	return best;
}

struct proc *proctab_add(struct proctab *t, uint32_t pid, uint64_t start_ns,
			 const char *name, uint64_t exec_gen,
			 uint64_t from_mono_ns)
{
	struct proc **head = head_of_pid(t, pid);
	struct proc *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pid = pid;
	p->start_ns = start_ns;
	if (!program_add(t, p, name, exec_gen, from_mono_ns)) {
		free(p);
		return NULL;
	}
	p->next = *head;
	*head = p;
	t->count++;
	return p;
}

void proctab_remove(struct proctab *t, struct proc *p)
{
	struct proc **at = head_of_pid(t, p->pid);

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	proc_free(t, p);
	t->count--;
}

/* What the kernel tells, which /proc is to complete. */
static struct proc *add_owner(struct proctab *t, const struct probe_owner *o)
{
	struct proc *p = proctab_add(t, o->tgid, o->start_ns, o->comm,
				     o->exec_gen, 0);

	if (!p)
		return NULL;
	p->unread = true;
	describe_owner(t, &t->scratch, o);
	program_set_record(t, p->program, &t->scratch);
	return p;
}

struct proc *proctab_find_owner(struct proctab *t, const struct probe_owner *o)
{
	struct proc *p = proctab_find(t, o->tgid, o->start_ns);

	if (!p || p->start_ns == o->start_ns)
		return p;
	p->start_ns = o->start_ns;
	for (struct program *i = p->program; i; i = i->older) {
		program_set_exec_gen(t, i, i->exec_gen);
		if (!program_read(i, &t->scratch))
			continue;
		t->scratch.start_ns = t->boot_real_ns + o->start_ns;
		program_set_record(t, i, &t->scratch);
	}
	return p;
}

void program_learn_exec_gen(struct proctab *t, struct program *i,
			    const struct probe_owner *o)
{
	if (i->exec_gen == o->exec_gen || i->exec_gen || i->older)
		return;
	program_set_exec_gen(t, i, o->exec_gen);
	if (program_read(i, &t->scratch))
		program_set_record(t, i, &t->scratch);
}

/* /proc may have been read after the event, when it had another name. */
static void learn_name(struct proctab *t, struct program *i,
		       const struct probe_owner *o)
{
	if (i->exec_gen || i->older || !strcmp(i->name, o->comm) ||
	    !program_read(i, &t->scratch))
		return;
	program_set_name(i, o->comm);
	describe_name(&t->scratch, o->comm);
	program_set_record(t, i, &t->scratch);
}

/*
 * What a firewall held up tells late as whom it was sent: who had that user by the
 * time that was first told, had it then.
 */
static void begin_earlier(const struct proc *p, const struct probe_owner *o,
			  uint64_t mono_ns)
{
	struct program *i = p->program;

	while (i->older && i->older->from_mono_ns > mono_ns)
		i = i->older;
	if (!mono_ns || !i->older || i->older->exec_gen != i->exec_gen ||
	    i->exec_gen != o->exec_gen || i->uid != o->uid ||
	    (o->netns_ino && i->netns != o->netns_ino) ||
	    strcmp(i->name, o->comm) != 0)
		return;
	i->from_mono_ns = mono_ns;
	if (i->lost_mono_ns > mono_ns)
		i->lost_mono_ns = mono_ns;
}

/*
 * setuid() and setns() have no event of their own: owners carry the user and
 * the network namespace of their time.
 */
static void learn_place(struct proctab *t, struct proc *p,
			const struct probe_owner *o, uint64_t mono_ns)
{
	struct program *i = p->program;
	bool moved = o->netns_ino && i->netns != o->netns_ino;

	if (mono_ns < i->from_mono_ns) {
		begin_earlier(p, o, mono_ns);
		return;
	}
	if ((i->uid == o->uid && !moved) || i->exec_gen != o->exec_gen)
		return;
	i = program_change(t, p, mono_ns);
	if (!i)
		return;
	describe_place(t, &t->scratch, o);
	program_set_record(t, i, &t->scratch);
}

/*
 * Its exec was lost: what runs now is not what we know, and when it began is
 * not known either.
 */
static void catch_up(struct proctab *t, struct proc *p,
		     const struct probe_owner *o, uint64_t mono_ns)
{
	struct process *s = &t->scratch;
	uint64_t start_ns = 0;
	struct file_id exe;
	struct program *i;

	if (!p->program->exec_gen || o->exec_gen <= p->program->exec_gen)
		return;
	i = program_add(t, p, o->comm, o->exec_gen, mono_ns);
	if (!i)
		return;
	p->unread = false;
	if (i->older->from_mono_ns < mono_ns)
		i->lost_mono_ns = i->older->from_mono_ns;
	if (proctab_read(t, p->pid, &start_ns, &exe) ||
	    !proc_began(start_ns, p->start_ns))
		describe_owner(t, s, o);
	else
		i->exe = exe;
	describe_user(t, s, o->uid);
	describe_withhold(t, s);
	describe_ancestors(t, s);
	program_set_record(t, i, s);
}

struct proc *proctab_holder(struct proctab *t, const struct probe_owner *o)
{
	struct proc *p;

	if (!o->tgid)
		return NULL;
	p = proctab_find_owner(t, o);
	if (!proctab_scans(t) || (p && !p->unread))
		return proctab_owner(t, o, 0);
	return p ? p : add_owner(t, o);
}

struct proc *proctab_owner(struct proctab *t, const struct probe_owner *o,
			   uint64_t mono_ns)
{
	struct proc *p;

	if (!o->tgid)
		return NULL;
	p = proctab_find_owner(t, o);
	if (!p)
		p = add_owner(t, o);
	if (!p)
		return NULL;
	if (p->program->exec_gen == o->exec_gen)
		proctab_complete(t, p);
	catch_up(t, p, o, mono_ns);
	learn_name(t, p->program, o);
	program_learn_exec_gen(t, p->program, o);
	learn_place(t, p, o, mono_ns);
	if (o->exe_deleted && p->program->exec_gen == o->exec_gen)
		program_learn_deleted(t, p->program);
	return p;
}

/* --follow: what the filter keeps of it, it keeps of what it forks. */
static bool hands_down(const struct proctab *t, const struct proc *p)
{
	const struct filter *f = t->options.filter;

	return f && f->follow && program_wanted(p->program);
}

bool proc_is_followed(const struct proctab *t, const struct proc *p)
{
	return p->followed || hands_down(t, p);
}

void proc_descend(const struct proctab *t, struct proc *p,
		  const struct proc *parent)
{
	if (!parent)
		return;
	p->followed |= parent->followed;
	p->inherited |= hands_down(t, parent);
}

void proctab_follow(struct proctab *t, uint32_t pid)
{
	struct proc *p = proctab_by_pid(t, pid);

	if (p)
		p->followed = true;
}

bool proctab_ran_last(struct proctab *t, uint32_t pid, uint64_t start_ns,
		      uint64_t exec_gen)
{
	const struct proc *p = proctab_find(t, pid, start_ns);

	return p && p->program->exec_gen == exec_gen;
}
