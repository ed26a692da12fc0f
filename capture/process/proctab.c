/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/proctab.h"

#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/clocks.h"
#include "lookup/lookup.h"
#include "process/container.h"
#include "lookup/container_name.h"
#include "process/filter.h"
#include "packet/flow.h"
#include "bpf/event.h"
#include "process/procfs.h"

#define BUCKETS		16384
#define MAX_PROGRAMS	65536	/* then those that ended are forgotten at once */
#define MAX_ENDED	4096	/* of which nothing was written */
#define USERS		64
#define KEEP_EXITED_NS	60000000000ull
#define MAX_ANCESTORS	8
#define EXEC_TAKES_NS	1000000000ull	/* from its rename to its event */
#define KEEP_CHANGES_NS	1000000000ull	/* far more than a packet is held */
#define MAX_CHANGES	64		/* of name or user, within that time */

struct user {
	uint32_t uid;
	bool known;
	char name[64];
};

struct ended {
	uint32_t pid;
	uint64_t start_ns;
};

struct proctab {
	struct proc *heads[BUCKETS];
	struct ended ended[MAX_ENDED];	/* the last ones, a ring */
	uint64_t ends;			/* so far */
	uint32_t count;
	uint32_t programs;
	uint64_t forgotten;		/* of the file being written */
	struct proctab_options options;
	uint8_t boot_id[16];
	char host[64];			/* its name */
	uint64_t boot_real_ns;		/* Unix time at CLOCK_BOOTTIME 0 */
	struct user users[USERS];
	struct process scratch;		/* 8 KB: not on anyone's stack */
	struct process parent;
	uint8_t encoded[PROCESS_MAX];
};

struct proctab *proctab_new(const struct proctab_options *options)
{
	struct proctab *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
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

static void free_program(struct proctab *t, struct program *i)
{
	t->programs--;
	free(i->record);
	free(i);
}

static void proc_free(struct proctab *t, struct proc *p)
{
	for (struct program *i = p->program, *older; i; i = older) {
		older = i->older;
		free_program(t, i);
	}
	free(p);
}

void proctab_free(struct proctab *t)
{
	if (!t)
		return;
	for (int b = 0; b < BUCKETS; b++)
		for (struct proc *p = t->heads[b], *next; p; p = next) {
			next = p->next;
			proc_free(t, p);
		}
	free(t);
}

/* ---- records ---- */

/*
 * It may be asked of the network, so each uid is looked up once; a slot that
 * two uids share is looked up again.
 */
static const char *cached_user_name(struct proctab *t, uint32_t uid)
{
	struct user *u = &t->users[uid % USERS];

	if (!u->known || u->uid != uid) {
		*u = (struct user){ .uid = uid };
		u->known = lookup_user(t->options.lookup, uid, u->name,
				       sizeof(u->name)) != -EAGAIN;
	}
	return u->name;
}

static void mark_field(struct process *p, enum field f)
{
	p->has |= 1ull << f;
}

static void set_string(struct process *p, enum field f, char *out, size_t size,
		       const char *s)
{
	snprintf(out, size, "%s", s);
	mark_field(p, f);
}

#define SET_STRING(p, field, member, s) \
	set_string(p, field, (p)->member, sizeof((p)->member), s)

static void set_user(struct proctab *t, struct process *p, uint32_t uid)
{
	const char *name = cached_user_name(t, uid);

	p->uid = uid;
	mark_field(p, FIELD_UID);
	p->has &= ~(1ull << FIELD_USER);
	if (*name)
		SET_STRING(p, FIELD_USER, user, name);
}

static void mask(struct process *p)
{
	bool masked;

	p->cmdline_len = (uint16_t)mask_arguments(p->cmdline, p->cmdline_len,
						  &masked);
	if (masked)
		p->flags |= PROCESS_CMDLINE_MASKED;
}

static void withhold(const struct proctab *t, struct process *p)
{
	if (t->options.cmdline == CMDLINE_FULL ||
	    !process_has(p, FIELD_CMDLINE))
		return;
	if (t->options.cmdline == CMDLINE_MASKED) {
		mask(p);
	} else {
		p->has &= ~(1ull << FIELD_CMDLINE);
		p->flags |= PROCESS_CMDLINE_WITHHELD;
	}
	mark_field(p, FIELD_FLAGS);
}

/* Makes @p the program's record.  Without memory the old one stays. */
static void set_program_record(struct proctab *t, struct program *i,
			       struct process *p)
{
	uint8_t *record;
	int len;

	p->id = i->id;
	mark_field(p, FIELD_ID);
	if (*t->host)
		SET_STRING(p, FIELD_HOST, host, t->host);
	if (t->options.containers)
		container_names_set(t->options.containers, p);
	len = process_encode(p, t->encoded, sizeof(t->encoded));
	record = len > 0 ? malloc((size_t)len) : NULL;
	if (!record)
		return;
	memcpy(record, t->encoded, (size_t)len);
	free(i->record);
	i->record = record;
	i->record_len = (uint32_t)len;
	i->version++;
	i->uid = process_has(p, FIELD_UID) ? p->uid : 0;
	i->netns = process_has(p, FIELD_NETNS) ? p->netns : 0;
	i->exe_deleted = p->flags & PROCESS_EXE_DELETED;
	i->matched = !t->options.filter ||
		     filter_matches(t->options.filter, p);
}

/* ---- processes ---- */

static struct proc **head_of_pid(struct proctab *t, uint32_t pid)
{
	return &t->heads[pid * 2654435761u >> 18];
}

/* /proc tells no more than the tick in which a process started. */
static bool same_start(uint64_t a, uint64_t b)
{
	return a == b || (a / PROCFS_TICK_NS == b / PROCFS_TICK_NS &&
			  (!(a % PROCFS_TICK_NS) || !(b % PROCFS_TICK_NS)));
}

static struct proc *find_life(struct proctab *t, uint32_t pid,
			      uint64_t start_ns)
{
	struct proc *p = *head_of_pid(t, pid);

	while (p && (p->pid != pid || !same_start(p->start_ns, start_ns)))
		p = p->next;
	return p;
}

/* The life of that pid which is not over, or NULL. */
static struct proc *find_running(struct proctab *t, uint32_t pid)
{
	struct proc *best = NULL;

	for (struct proc *p = *head_of_pid(t, pid); p; p = p->next)
		if (p->pid == pid && !p->exited_mono_ns &&
		    (!best || p->start_ns > best->start_ns))
			best = p;
	return best;
}

static void set_program_name(struct program *i, const char *name)
{
	memset(i->name, 0, sizeof(i->name));
	memcpy(i->name, name, strnlen(name, sizeof(i->name) - 1));
}

static void set_exec_gen(struct proctab *t, struct program *i, uint64_t exec_gen)
{
	i->exec_gen = exec_gen;
	i->id = process_id(t->boot_id, i->proc->pid, i->proc->start_ns,
			   exec_gen);
}

/* A new program on top of @p's, which is NULL for its first. */
static struct program *program_add(struct proctab *t, struct proc *p,
			       const char *name, uint64_t exec_gen,
			       uint64_t from_mono_ns)
{
	struct program *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	t->programs++;
	i->proc = p;
	i->older = p->program;
	i->from_mono_ns = from_mono_ns;
	i->lost_mono_ns = from_mono_ns;
	set_program_name(i, name);
	set_exec_gen(t, i, exec_gen);
	p->program = i;
	return i;
}

static void fold(struct program *into, const struct program *old)
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

/*
 * @old is about to be forgotten.  A packet of its time is the newer one's if
 * that differs in no more than its name, else nobody's: never an older one's.
 */
static void take_past(struct program *newer, const struct program *old)
{
	if (newer->lost_mono_ns == newer->from_mono_ns &&
	    newer->exec_gen == old->exec_gen && newer->uid == old->uid &&
	    newer->netns == old->netns)
		newer->from_mono_ns = old->from_mono_ns;
	/* Events come in any order: nothing is lost after it has begun. */
	newer->lost_mono_ns = old->lost_mono_ns < newer->from_mono_ns ?
				      old->lost_mono_ns : newer->from_mono_ns;
}

/* Changes that no packet is old enough to have missed become one. */
static void forget_changes(struct proctab *t, struct program *newest,
			   uint64_t now_mono_ns)
{
	struct program *i = newest->older, *old;

	/* Even of one that changes all the time only so many are kept. */
	for (int n = 0; i && n < MAX_CHANGES &&
	     i->from_mono_ns + KEEP_CHANGES_NS >= now_mono_ns; n++)
		i = i->older;
	while (i && (old = i->older) && old->exec_gen == i->exec_gen) {
		if (old->section > i->section)
			break;		/* its totals are the file's */
		fold(i, old);
		take_past(i, old);
		i->older = old->older;
		free_program(t, old);
	}
}

/*
 * The same program under another name or user.  Its record, decoded, is left
 * in t->scratch for the caller to change and set.  NULL without memory.
 */
static struct program *program_change(struct proctab *t, struct proc *p,
				  uint64_t mono_ns)
{
	struct program *old = p->program, *i;

	if (process_decode(&t->scratch, old->record, old->record_len) < 0)
		return NULL;
	if (mono_ns <= old->from_mono_ns)
		return old;
	i = program_add(t, p, old->name, old->exec_gen, mono_ns);
	if (!i)
		return NULL;
	i->exe = old->exe;
	i->hash_asked = old->hash_asked;
	i->version = old->version;	/* set_record() counts on from there */
	forget_changes(t, i, mono_ns);
	return i;
}

static struct proc *proc_add(struct proctab *t, uint32_t pid,
			     uint64_t start_ns, const char *name,
			     uint64_t exec_gen, uint64_t from_mono_ns)
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

/* Into t->scratch, as it is now.  0, or -errno: it is not known. */
static int read_proc(struct proctab *t, uint32_t pid, uint64_t *start_ns,
		     struct file_id *exe)
{
	*exe = (struct file_id){ 0 };
	if (t->options.proc_fd < 0)
		return -ESRCH;
	return lookup_process(t->options.lookup, pid, t->boot_real_ns,
			      &t->scratch, start_ns,
			      t->options.exe_inodes ? exe : NULL);
}

/* What is known of the parent and those above it, as they are now. */
static void set_ancestors(struct proctab *t, struct process *s)
{
	const struct proc *parent = find_running(t, s->ppid);
	struct process *p = &t->parent;

	if (!process_has(s, FIELD_PPID) || !s->ppid)
		return;
	if (!parent || parent->pid == s->pid ||
	    process_decode(p, parent->program->record,
			   parent->program->record_len) < 0) {
		memset(p, 0, sizeof(*p));
		p->pid = s->ppid;
		memcpy(p->name, s->pname, sizeof(p->name));
	}
	process_descend(s, p);
}

/* Once its parent is known, which was not when it was read. */
static void adopt(struct proctab *t, struct program *i)
{
	struct process *s = &t->scratch;

	if (process_decode(s, i->record, i->record_len) < 0)
		return;
	set_ancestors(t, s);
	set_program_record(t, i, s);
}

/* As read_proc() has just told of the process. */
static void set_image_read(struct proctab *t, struct program *i,
			   struct file_id exe)
{
	struct process *s = &t->scratch;

	i->exe = exe;
	if (process_has(s, FIELD_UID))
		set_user(t, s, s->uid);
	withhold(t, s);
	set_ancestors(t, s);
	set_program_record(t, i, s);
}

/*
 * From /proc, as it is now, which is left in t->scratch; NULL if there is no
 * such process.  *@is_new: it was not known.
 */
static struct proc *read_process(struct proctab *t, uint32_t pid, bool *is_new,
				 struct file_id *exe)
{
	uint64_t start_ns = 0;
	struct proc *p;

	if (read_proc(t, pid, &start_ns, exe))
		return NULL;
	p = find_life(t, pid, start_ns);
	*is_new = !p;
	if (p)
		return p;
	p = proc_add(t, pid, start_ns, t->scratch.name, 0, 0);
	if (p)
		set_image_read(t, p->program, *exe);
	return p;
}

static struct proc *add_from_procfs(struct proctab *t, uint32_t pid)
{
	struct file_id exe;
	bool is_new;

	return read_process(t, pid, &is_new, &exe);
}

static void set_netns(struct process *p, uint32_t netns_ino)
{
	if (!netns_ino)
		return;
	p->netns = netns_ino;
	mark_field(p, FIELD_NETNS);
}

/* What an event alone tells. */
static void process_of_owner(struct proctab *t, struct process *s,
			     const struct probe_owner *o)
{
	memset(s, 0, sizeof(*s));
	s->pid = o->tgid;
	mark_field(s, FIELD_PID);
	s->start_ns = t->boot_real_ns + o->start_ns;
	mark_field(s, FIELD_START);
	SET_STRING(s, FIELD_NAME, name, o->comm);
	set_user(t, s, o->uid);
	s->gid = o->gid;
	mark_field(s, FIELD_GID);
	set_netns(s, o->netns_ino);
	s->flags = o->exe_deleted ? PROCESS_EXE_DELETED : 0;
	mark_field(s, FIELD_FLAGS);
}

static struct proc *add_from_owner(struct proctab *t,
				   const struct probe_owner *o)
{
	struct proc *p = proc_add(t, o->tgid, o->start_ns, o->comm,
				  o->exec_gen, 0);

	if (!p)
		return NULL;
	process_of_owner(t, &t->scratch, o);
	set_program_record(t, p->program, &t->scratch);
	return p;
}

/* The process an event names; /proc may have told only its tick. */
static struct proc *find_owner(struct proctab *t, const struct probe_owner *o)
{
	struct proc *p = find_life(t, o->tgid, o->start_ns);

	if (!p || p->start_ns == o->start_ns)
		return p;
	p->start_ns = o->start_ns;
	for (struct program *i = p->program; i; i = i->older) {
		set_exec_gen(t, i, i->exec_gen);
		if (process_decode(&t->scratch, i->record, i->record_len) < 0)
			continue;
		t->scratch.start_ns = t->boot_real_ns + o->start_ns;
		set_program_record(t, i, &t->scratch);
	}
	return p;
}

/*
 * /proc knows no exec generation: the first event of the process tells it,
 * before any packet has been attributed.
 */
static void learn_exec_gen(struct proctab *t, struct program *i,
			   const struct probe_owner *o)
{
	if (i->exec_gen == o->exec_gen || i->exec_gen || i->older)
		return;
	set_exec_gen(t, i, o->exec_gen);
	if (process_decode(&t->scratch, i->record, i->record_len) > 0)
		set_program_record(t, i, &t->scratch);
}

static void set_place(struct proctab *t, struct process *s,
		      const struct probe_owner *o)
{
	set_user(t, s, o->uid);
	set_netns(s, o->netns_ino);
	s->gid = o->gid;
	mark_field(s, FIELD_GID);
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

	if ((i->uid == o->uid && !moved) || i->exec_gen != o->exec_gen)
		return;
	/* Of before the last change: that is known already. */
	if (mono_ns < i->from_mono_ns)
		return;
	i = program_change(t, p, mono_ns);
	if (!i)
		return;
	set_place(t, &t->scratch, o);
	set_program_record(t, i, &t->scratch);
}

/* Nor has unlink(): a program may delete itself once it runs. */
static void learn_deleted(struct proctab *t, struct program *i,
			  const struct probe_owner *o)
{
	struct process *s = &t->scratch;

	if (!o->exe_deleted || i->exe_deleted || i->exec_gen != o->exec_gen ||
	    process_decode(s, i->record, i->record_len) < 0)
		return;
	s->flags |= PROCESS_EXE_DELETED;
	mark_field(s, FIELD_FLAGS);
	set_program_record(t, i, s);
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
	if (i->older->from_mono_ns < mono_ns)
		i->lost_mono_ns = i->older->from_mono_ns;
	if (read_proc(t, p->pid, &start_ns, &exe) ||
	    !same_start(start_ns, p->start_ns))
		process_of_owner(t, s, o);
	else
		i->exe = exe;
	set_user(t, s, o->uid);
	withhold(t, s);
	set_ancestors(t, s);
	set_program_record(t, i, s);
}

struct proc *proctab_owner(struct proctab *t, const struct probe_owner *o,
			   uint64_t mono_ns)
{
	struct proc *p;

	if (!o->tgid)
		return NULL;
	p = find_owner(t, o);
	if (!p) {
		add_from_procfs(t, o->tgid);
		p = find_owner(t, o);
	}
	if (!p)
		p = add_from_owner(t, o);
	if (p) {
		catch_up(t, p, o, mono_ns);
		learn_exec_gen(t, p->program, o);
		learn_place(t, p, o, mono_ns);
		learn_deleted(t, p->program, o);
	}
	return p;
}

struct proc *proctab_by_pid(struct proctab *t, uint32_t pid)
{
	struct proc *p = find_running(t, pid);

	return p ? p : add_from_procfs(t, pid);
}

/* What is meant for the parent and its descendants. */
static void descend(const struct proctab *t, struct proc *p,
		    const struct proc *parent)
{
	const struct filter *f = t->options.filter;

	if (!parent)
		return;
	p->followed |= parent->followed;
	p->inherited |= f && f->follow && program_wanted(parent->program);
}

/* Whether /proc, in t->scratch, tells of another program, name or user. */
static bool has_changed(const struct proctab *t, const struct program *i)
{
	const struct process *now = &t->scratch;
	struct process old;

	if (process_decode(&old, i->record, i->record_len) < 0)
		return true;
	return strcmp(old.name, now->name) || strcmp(old.exepath, now->exepath) ||
	       old.uid != now->uid ||
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
	parent = find_running(t, ppid);
	if (!parent && ppid && ancestors)
		parent = look_up_process(t, ppid, mono_ns, ancestors - 1);
	if (parent)
		adopt(t, p->program);
	descend(t, p, parent);
	return p;
}

struct proc *proctab_look_up(struct proctab *t, uint32_t pid, uint64_t mono_ns)
{
	return look_up_process(t, pid, mono_ns, MAX_ANCESTORS);
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

static void scan_one(void *ctx, uint32_t pid)
{
	add_from_procfs(ctx, pid);
}

int proctab_scan(struct proctab *t)
{
	procfs_each(t->options.proc_fd, scan_one, t);
	/* Lower pids come first: parents, unless pids have begun anew. */
	for (int b = 0; b < BUCKETS; b++)
		for (struct proc *p = t->heads[b]; p; p = p->next)
			if (process_decode(&t->scratch, p->program->record,
					   p->program->record_len) > 0 &&
			    t->scratch.ppid > p->pid)
				adopt(t, p->program);
	return (int)t->count;
}

void proctab_follow(struct proctab *t, uint32_t pid)
{
	struct proc *p = proctab_by_pid(t, pid);

	if (p)
		p->followed = true;
}

/* ---- kernel events ---- */

static void process_of_exec(struct proctab *t, struct process *s,
			    const struct probe_exec *x)
{
	const char *path = x->path + (x->path_at & (PROBE_PATH_LEN - 1));
	const char *cgroup = x->cgroup + (x->cgroup_at & (PROBE_CGROUP_LEN - 1));

	process_of_owner(t, s, &x->event.owner);
	s->ppid = x->ppid;
	mark_field(s, FIELD_PPID);
	SET_STRING(s, FIELD_PNAME, pname, x->pcomm);
	SET_STRING(s, FIELD_EXEPATH, exepath, path);
	s->vpid = x->vpid;
	mark_field(s, FIELD_VPID);
	s->netns = x->netns_ino;
	mark_field(s, FIELD_NETNS);
	if (x->loginuid != UINT32_MAX) {
		s->loginuid = x->loginuid;
		mark_field(s, FIELD_LOGINUID);
	}
	if (x->args_len) {
		s->cmdline_len = (uint16_t)x->args_len;
		memcpy(s->cmdline, x->args, x->args_len);
		while (s->cmdline_len && !s->cmdline[s->cmdline_len - 1])
			s->cmdline_len--;
		mark_field(s, FIELD_CMDLINE);
	}
	s->flags = (x->exe_flags & PROBE_EXE_DELETED ? PROCESS_EXE_DELETED : 0) |
		   (x->exe_flags & PROBE_EXE_MEMFD ? PROCESS_EXE_MEMFD : 0) |
		   (x->exe_flags & PROBE_EXE_WORLD_WRITABLE ?
			    PROCESS_EXE_WORLD_WRITABLE : 0) |
		   (x->exe_flags & PROBE_PATH_CUT ?
			    PROCESS_EXEPATH_TRUNCATED : 0) |
		   (x->exe_flags & PROBE_ARGS_CUT ?
			    PROCESS_CMDLINE_TRUNCATED : 0);
	SET_STRING(s, FIELD_CGROUP, cgroup, *cgroup ? cgroup : "/");
	container_identify(s);
	withhold(t, s);
}

/* exec names the task a moment before it counts as the new program. */
static void undo_exec_rename(struct proctab *t, struct proc *p,
			     const struct probe_exec *x)
{
	struct program *i = p->program;

	if (!i->older || i->older->exec_gen != i->exec_gen || i->section ||
	    i->from_mono_ns + EXEC_TAKES_NS < x->event.ts_ns ||
	    strncmp(i->name, x->event.owner.comm, sizeof(i->name)))
		return;
	p->program = i->older;
	free_program(t, i);
}

void proctab_exec(struct proctab *t, const struct probe_exec *x)
{
	const struct probe_owner *o = &x->event.owner;
	struct proc *p = find_owner(t, o);
	struct program *i;

	if (!p) {
		p = proc_add(t, o->tgid, o->start_ns, o->comm, o->exec_gen,
			     x->event.ts_ns);
	} else if (p->program->exec_gen != o->exec_gen) {
		undo_exec_rename(t, p, x);
		program_add(t, p, o->comm, o->exec_gen, x->event.ts_ns);
	}
	if (!p)
		return;
	i = p->program;
	if (i->exec_gen != o->exec_gen)
		return;		/* no memory */
	i->exe.inode = x->exe_inode;
	i->exe.changed_ns = x->exe_changed_ns;
	i->exe.generation = x->exe_generation;
	i->exe.dev = makedev(x->exe_dev >> 20, x->exe_dev & 0xfffff);
	/* An owner may have been told first, under a name of its own time. */
	set_program_name(i, o->comm);
	process_of_exec(t, &t->scratch, x);
	set_ancestors(t, &t->scratch);
	set_program_record(t, i, &t->scratch);
}

void program_exepath(struct proctab *t, const struct program *i, char *out,
		   size_t size)
{
	bool known = process_decode(&t->scratch, i->record, i->record_len) > 0;

	snprintf(out, size, "%s", known ? t->scratch.exepath : "");
}

bool proctab_runs(struct proctab *t, uint32_t pid, uint64_t start_ns,
		  uint64_t exec_gen)
{
	const struct proc *p = find_life(t, pid, start_ns);

	return p && !p->exited_mono_ns && p->program->exec_gen == exec_gen;
}

void proctab_set_sha256(struct proctab *t, uint32_t pid, uint64_t start_ns,
			uint64_t exec_gen, const uint8_t sha256[32])
{
	struct proc *p = find_life(t, pid, start_ns);
	struct program *i = p ? p->program : NULL;

	while (i && i->exec_gen != exec_gen)
		i = i->older;
	if (!i || process_decode(&t->scratch, i->record, i->record_len) < 0)
		return;
	memcpy(t->scratch.sha256, sha256, sizeof(t->scratch.sha256));
	mark_field(&t->scratch, FIELD_SHA256);
	set_program_record(t, i, &t->scratch);
}

/* A child is its parent until it says otherwise, under a pid of its own. */
static void inherit(struct proctab *t, struct process *s,
		    const struct proc *parent, const struct probe_event *e)
{
	const struct probe_owner *o = &e->owner;
	const struct program *i = parent ? parent->program : NULL;

	if (!i || process_decode(s, i->record, i->record_len) < 0) {
		process_of_owner(t, s, o);
	} else {
		process_descend(s, s);
		s->has &= ~(1ull << FIELD_VPID);	/* not told by the event */
		s->pid = o->tgid;
		s->start_ns = t->boot_real_ns + o->start_ns;
		SET_STRING(s, FIELD_NAME, name, o->comm);
		SET_STRING(s, FIELD_PNAME, pname, i->name);
		set_user(t, s, o->uid);
		set_netns(s, o->netns_ino);
		s->gid = o->gid;
		mark_field(s, FIELD_GID);
	}
	s->ppid = e->parent_tgid;
	mark_field(s, FIELD_PPID);
	if (!process_has(s, FIELD_APID))
		set_ancestors(t, s);
	s->flags |= PROCESS_FORKED;
	mark_field(s, FIELD_FLAGS);
}

void proctab_fork(struct proctab *t, const struct probe_event *e)
{
	const struct probe_owner *o = &e->owner;
	struct proc *parent = find_running(t, e->parent_tgid), *p;

	p = find_owner(t, o);
	if (!p) {		/* else /proc told first */
		p = proc_add(t, o->tgid, o->start_ns, o->comm, o->exec_gen,
			     e->ts_ns);
		if (!p)
			return;
		if (parent)
			p->program->exe = parent->program->exe;
		inherit(t, &t->scratch, parent, e);
		set_program_record(t, p->program, &t->scratch);
	}
	descend(t, p, parent);
}

static void proc_remove(struct proctab *t, struct proc *p)
{
	struct proc **at = head_of_pid(t, p->pid);

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	proc_free(t, p);
	t->count--;
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
	bool matched;

	for (struct program *i = p->program; i; i = i->older) {
		if (process_decode(s, i->record, i->record_len) < 0)
			continue;
		s->has &= ~(1ull << FIELD_EXEPATH | 1ull << FIELD_CMDLINE |
			    1ull << FIELD_CGROUP | 1ull << FIELD_APID |
			    1ull << FIELD_ANAME | 1ull << FIELD_AEXE);
		matched = i->matched;
		set_program_record(t, i, s);
		i->matched = matched;
	}
}

/*
 * Whoever starts short programs without end would else have us keep a minute
 * of them.
 */
static void remember_end(struct proctab *t, const struct proc *ended)
{
	struct ended *e = &t->ended[t->ends++ % MAX_ENDED];
	struct proc *p = find_life(t, e->pid, e->start_ns);

	if (p && p != ended && p->exited_mono_ns && !is_written(p)) {
		if (p->refs)
			proc_shrink(t, p);
		else
			proc_remove(t, p);
	}
	e->pid = ended->pid;
	e->start_ns = ended->start_ns;
}

void proctab_exit(struct proctab *t, const struct probe_event *e)
{
	struct proc *p = find_owner(t, &e->owner);

	if (!p)
		return;
	p->exited_mono_ns = e->ts_ns;
	p->exit_status = e->exit_status;
	remember_end(t, p);
}

void proctab_rename(struct proctab *t, const struct probe_event *e)
{
	struct proc *p = find_owner(t, &e->owner);
	struct program *i = p ? p->program : NULL;

	if (i)
		learn_exec_gen(t, i, &e->owner);
	/* exec renames too, just before its own event. */
	if (!i || i->exec_gen != e->owner.exec_gen ||
	    !strncmp(i->name, e->owner.comm, sizeof(i->name)))
		return;
	i = program_change(t, p, e->ts_ns);
	if (!i)
		return;
	set_program_name(i, e->owner.comm);
	SET_STRING(&t->scratch, FIELD_NAME, name, i->name);
	/* What it did with sockets until now may be told later, for then. */
	set_place(t, &t->scratch, &e->owner);
	set_program_record(t, i, &t->scratch);
}

/* ---- the table's end ---- */

static bool in_file(const struct proc *p, uint32_t section)
{
	for (const struct program *i = p->program; i; i = i->older)
		if (i->section == section)
			return true;
	return false;
}

/*
 * What it was before its last execs, if the file has none of it, or we too
 * many.
 */
static void prune_images(struct proctab *t, struct proc *p,
			 uint64_t now_mono_ns, uint32_t section)
{
	bool full = t->programs > MAX_PROGRAMS;
	struct program *next = p->program;

	for (struct program *i; (i = next->older);) {
		bool in_file = i->section == section;

		if ((in_file && !full) ||
		    next->from_mono_ns + KEEP_EXITED_NS >= now_mono_ns) {
			next = i;
			continue;
		}
		t->forgotten += in_file;
		take_past(next, i);
		next->older = i->older;
		free_program(t, i);
	}
}

/* Its end was told while the ring was full, which it is when many end. */
static bool ended_untold(const struct proctab *t, const struct proc *p)
{
	return t->count > 2 * MAX_ENDED && !p->exited_mono_ns && !p->refs &&
	       !is_written(p) && procfs_has_ended(t->options.proc_fd, p->pid);
}

void proctab_prune(struct proctab *t, uint64_t now_mono_ns, uint32_t section)
{
	bool full = t->programs > MAX_PROGRAMS;

	for (int b = 0; b < BUCKETS; b++)
		for (struct proc **at = &t->heads[b], *p; (p = *at);) {
			bool old = (p->exited_mono_ns && !p->refs &&
				    p->exited_mono_ns + KEEP_EXITED_NS <
					    now_mono_ns) ||
				   ended_untold(t, p);

			if (!old || (in_file(p, section) && !full)) {
				prune_images(t, p, now_mono_ns, section);
				at = &p->next;
				continue;
			}
			t->forgotten += in_file(p, section);
			*at = p->next;
			proc_free(t, p);
			t->count--;
		}
}

uint64_t proctab_forgotten(const struct proctab *t)
{
	return t->forgotten;
}

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
		if (!sum->record)
			*sum = *i;
		else
			fold(sum, i);
	}
	return i;
}

static int each_program(struct proctab *t, const struct proc *p,
			const struct program *i, bool last,
			int (*fn)(void *ctx, const struct process *p), void *ctx)
{
	struct process *s = &t->scratch;

	if (!i->record || process_decode(s, i->record, i->record_len) < 0)
		return 0;
	s->packets = i->packets;
	s->bytes = i->bytes;
	s->first_seen_ns = i->first_ns;
	s->last_seen_ns = i->last_ns;
	mark_field(s, FIELD_PACKETS);
	mark_field(s, FIELD_BYTES);
	mark_field(s, FIELD_FIRST_SEEN);
	mark_field(s, FIELD_LAST_SEEN);
	if (last && !p->exited_mono_ns &&
	    t->options.proc_fd >= 0 &&
	    lookup_exe_deleted(t->options.lookup, p->pid)) {
		s->flags |= PROCESS_EXE_DELETED;
		mark_field(s, FIELD_FLAGS);
	}
	if (p->exited_mono_ns && last) {
		s->exit_status = p->exit_status;
		s->flags |= PROCESS_EXITED;
		mark_field(s, FIELD_EXIT_STATUS);
		mark_field(s, FIELD_FLAGS);
	}
	return fn(ctx, s);
}

static int each_of(struct proctab *t, const struct proc *p, uint32_t section,
		   int (*fn)(void *ctx, const struct process *p), void *ctx)
{
	const struct program *i = p->program;
	struct program sum;
	bool last = true;
	int err = 0;

	while (i && !err) {
		i = sum_up(i, section, &sum);
		err = each_program(t, p, &sum, last, fn, ctx);
		last = false;
	}
	return err;
}

int proctab_each(struct proctab *t, uint32_t section,
		 int (*fn)(void *ctx, const struct process *p), void *ctx)
{
	int err;

	for (int b = 0; b < BUCKETS; b++)
		for (struct proc *p = t->heads[b]; p; p = p->next) {
			err = each_of(t, p, section, fn, ctx);
			if (err)
				return err;
		}
	return 0;
}
