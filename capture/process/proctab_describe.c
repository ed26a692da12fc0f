/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes a program's record of what is known of its process. */
#include "process/proctab_table.h"

#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/flow.h"
#include "bpf/event.h"
#include "host/clocks.h"
#include "lookup/container_name.h"
#include "lookup/lookup.h"
#include "process/container.h"
#include "process/filter/filter.h"
#include "process/script.h"

#define LOGIN_NS 5000000000ull /* then it may be another's terminal */

static void set_string(struct process *p, enum field f, char *out, size_t size,
		       const char *s)
{
	snprintf(out, size, "%s", s);
	process_set_field(p, f);
}

#define SET_STRING(p, field, member, s) \
	set_string(p, field, (p)->member, sizeof((p)->member), s)

/*
 * It may be asked of the network, so each uid is looked up once; a slot that
 * two uids share is looked up again.  Uids without a name, of which a user may
 * have 65,536, take no place from those that have one.
 */
static const char *cached_user_name(struct proctab *t, uint32_t uid)
{
	uint32_t *nameless = &t->nameless[uid % PROCTAB_USERS];
	struct user *u = &t->users[uid % PROCTAB_USERS], asked = { .uid = uid };

	if (*u->name && u->uid == uid)
		return u->name;
	if (*nameless == uid + 1 ||
	    lookup_user(t->options.lookup, uid, asked.name,
			sizeof(asked.name)) == -EAGAIN)
		return "";
	if (!*asked.name) {
		*nameless = uid + 1;
		return "";
	}
	*u = asked;
	return u->name;
}

void describe_name(struct process *s, const char *name)
{
	SET_STRING(s, FIELD_NAME, name, name);
}

void describe_user(struct proctab *t, struct process *s, uint32_t uid)
{
	const char *name = cached_user_name(t, uid);

	s->uid = uid;
	process_set_field(s, FIELD_UID);
	process_clear_field(s, FIELD_USER);
	if (*name)
		SET_STRING(s, FIELD_USER, user, name);
}

static struct login *find_login(struct proctab *t, const struct process *p)
{
	for (int i = 0; i < PROCTAB_LOGINS; i++)
		if (t->logins[i].asked_ns &&
		    !strcmp(t->logins[i].session, p->session_id) &&
		    !strcmp(t->logins[i].tty, p->tty))
			return &t->logins[i];
	return &t->logins[t->next_login++ % PROCTAB_LOGINS];
}

static const char *cached_login_address(struct proctab *t,
					const struct process *p)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	struct login *l = find_login(t, p);

	if (l->asked_ns && now - l->asked_ns < LOGIN_NS)
		return l->address;
	*l = (struct login){ .asked_ns = now };
	memcpy(l->session, p->session_id, sizeof(l->session));
	memcpy(l->tty, p->tty, sizeof(l->tty));
	if (lookup_login(t->options.lookup, l->session, l->tty, l->address,
			 sizeof(l->address)) == -EAGAIN)
		l->asked_ns = 0;
	return l->address;
}

/* It may have ended since: what was known of a parent's is handed down. */
static void set_login(struct proctab *t, struct process *p)
{
	const char *address;

	if (process_has(p, FIELD_SESSION_ADDRESS) ||
	    (!process_has(p, FIELD_SESSION_ID) && !process_has(p, FIELD_TTY)))
		return;
	address = cached_login_address(t, p);
	if (*address)
		SET_STRING(p, FIELD_SESSION_ADDRESS, session_address, address);
}

static void mask(struct process *p)
{
	bool masked;

	p->cmdline_len = (uint16_t)mask_arguments(p->cmdline, p->cmdline_len,
						  &masked);
	if (masked)
		p->flags |= PROCESS_CMDLINE_MASKED;
}

void describe_withhold(const struct proctab *t, struct process *p)
{
	/* The script is found in the arguments, before they are gone. */
	script_set(p);
	if (t->options.cmdline == CMDLINE_FULL ||
	    !process_has(p, FIELD_CMDLINE))
		return;
	if (t->options.cmdline == CMDLINE_MASKED) {
		mask(p);
	} else {
		process_clear_field(p, FIELD_CMDLINE);
		p->flags |= PROCESS_CMDLINE_WITHHELD;
	}
	process_set_field(p, FIELD_FLAGS);
}

bool program_read(const struct program *i, struct process *out)
{
	return kept_record_read(&i->record, out);
}

void program_set_record(struct proctab *t, struct program *i, struct process *p)
{
	bool matched = i->matched, alarming = i->alarming;
	int len;

	p->id = i->id;
	process_set_field(p, FIELD_ID);
	if (*t->host)
		SET_STRING(p, FIELD_HOST, host, t->host);
	if (t->options.containers)
		container_names_set(t->options.containers, p);
	set_login(t, p);
	if (!i->shortened) {
		matched = !t->options.filter ||
			  filter_matches(t->options.filter, p);
		alarming = t->options.alarm &&
			   filter_matches(t->options.alarm, p);
	}
	if (rests_bytes(t->rests) > PROCTAB_BYTES)
		t->cut += kept_record_shorten(p);
	len = process_encode(p, t->encoded, sizeof(t->encoded));
	if (len < 0 ||
	    !kept_record_set(t->rests, &i->record, t->encoded, (size_t)len))
		return;
	i->version++;
	i->uid = process_has(p, FIELD_UID) ? p->uid : 0;
	i->netns = process_has(p, FIELD_NETNS) ? p->netns : 0;
	i->exe_deleted = p->flags & PROCESS_EXE_DELETED;
	i->matched = matched;
	i->alarming = alarming;
}

void describe_ancestors(struct proctab *t, struct process *s)
{
	const struct proc *parent = proctab_find_running(t, s->ppid);
	struct process *p = &t->parent;

	if (!process_has(s, FIELD_PPID) || !s->ppid)
		return;
	if (!parent || parent->pid == s->pid ||
	    !program_read(parent->program, p)) {
		memset(p, 0, sizeof(*p));
		p->pid = s->ppid;
		memcpy(p->name, s->pname, sizeof(p->name));
	}
	process_descend(s, p);
}

void program_adopt(struct proctab *t, struct program *i)
{
	struct process *s = &t->scratch;

	if (!program_read(i, s))
		return;
	describe_ancestors(t, s);
	program_set_record(t, i, s);
}

static void set_netns(struct process *p, uint32_t netns_ino)
{
	if (!netns_ino)
		return;
	p->netns = netns_ino;
	process_set_field(p, FIELD_NETNS);
}

void describe_place(struct proctab *t, struct process *s,
		    const struct probe_owner *o)
{
	describe_user(t, s, o->uid);
	set_netns(s, o->netns_ino);
	s->gid = o->gid;
	process_set_field(s, FIELD_GID);
}

void describe_owner(struct proctab *t, struct process *s,
		    const struct probe_owner *o)
{
	memset(s, 0, sizeof(*s));
	s->pid = o->tgid;
	process_set_field(s, FIELD_PID);
	s->start_ns = t->boot_real_ns + o->start_ns;
	process_set_field(s, FIELD_START);
	describe_name(s, o->comm);
	describe_place(t, s, o);
	s->flags = o->exe_deleted ? PROCESS_EXE_DELETED : 0;
	process_set_field(s, FIELD_FLAGS);
}

/* The kernel calls "pts0" what is /dev/pts/0. */
static void set_tty(struct process *s, const char *name)
{
	bool pts = !strncmp(name, "pts", 3) && name[3] != '/';

	snprintf(s->tty, sizeof(s->tty), "%s%.*s", pts ? "pts/" : "",
		 PROBE_TTY_LEN, pts ? name + 3 : name);
	process_set_field(s, FIELD_TTY);
}

static void set_surroundings(struct process *s, const struct probe_exec *x)
{
	const char *cwd = x->cwd + (x->cwd_at & (PROBE_CWD_LEN - 1));

	if (!(x->exe_flags & PROBE_CWD_CUT) && strlen(cwd) < sizeof(s->cwd))
		SET_STRING(s, FIELD_CWD, cwd, *cwd ? cwd : "/");
	if (*x->tty)
		set_tty(s, x->tty);
	procfs_set_session(s, x->sessionid);
}

static void set_cgroup(struct process *s, const struct probe_exec *x)
{
	const char *cgroup = x->cgroup +
			     (x->cgroup_at & (PROBE_CGROUP_LEN - 1));

	SET_STRING(s, FIELD_CGROUP, cgroup, *cgroup ? cgroup : "/");
	container_identify(s);
}

void describe_move(struct process *s, const struct probe_exec *x)
{
	s->has &= ~(1ull << FIELD_CONTAINER_ID | 1ull << FIELD_CONTAINER_NAME |
		    1ull << FIELD_CONTAINER_RUNTIME |
		    1ull << FIELD_CONTAINER_IMAGE | 1ull << FIELD_POD_UID |
		    1ull << FIELD_POD_NAME | 1ull << FIELD_POD_NAMESPACE |
		    1ull << FIELD_UNIT);
	set_cgroup(s, x);
}

static void set_flags(struct process *s, const struct probe_exec *x)
{
	static const struct {
		uint32_t probe, process;
	} flags[] = {
		{ PROBE_EXE_DELETED, PROCESS_EXE_DELETED },
		{ PROBE_EXE_MEMFD, PROCESS_EXE_MEMFD },
		{ PROBE_EXE_WORLD_WRITABLE, PROCESS_EXE_WORLD_WRITABLE },
		{ PROBE_EXE_USER_MOUNT, PROCESS_EXE_USER_MOUNT },
		{ PROBE_PATH_CUT, PROCESS_EXEPATH_TRUNCATED },
		{ PROBE_ARGS_CUT, PROCESS_CMDLINE_TRUNCATED },
	};

	s->flags = 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (x->exe_flags & flags[i].probe)
			s->flags |= flags[i].process;
}

void describe_exec(struct proctab *t, struct process *s,
		   const struct probe_exec *x)
{
	const char *path = x->path + (x->path_at & (PROBE_PATH_LEN - 1));

	describe_owner(t, s, &x->event.owner);
	s->ppid = x->ppid;
	process_set_field(s, FIELD_PPID);
	SET_STRING(s, FIELD_PNAME, pname, x->pcomm);
	SET_STRING(s, FIELD_EXEPATH, exepath, path);
	s->vpid = x->vpid;
	process_set_field(s, FIELD_VPID);
	s->netns = x->netns_ino;
	process_set_field(s, FIELD_NETNS);
	if (x->loginuid != UINT32_MAX) {
		s->loginuid = x->loginuid;
		process_set_field(s, FIELD_LOGINUID);
	}
	if (x->args_len) {
		s->cmdline_len = (uint16_t)x->args_len;
		memcpy(s->cmdline, x->args, x->args_len);
		while (s->cmdline_len && !s->cmdline[s->cmdline_len - 1])
			s->cmdline_len--;
		process_set_field(s, FIELD_CMDLINE);
	}
	set_flags(s, x);
	set_cgroup(s, x);
	set_surroundings(s, x);
	describe_withhold(t, s);
}

void describe_child(struct proctab *t, struct process *s,
		    const struct proc *parent, const struct probe_event *e)
{
	const struct probe_owner *o = &e->owner;
	const struct program *i = parent ? parent->program : NULL;

	if (!i || !program_read(i, s)) {
		describe_owner(t, s, o);
	} else {
		process_descend(s, s);
		/* Not told by the event. */
		process_clear_field(s, FIELD_VPID);
		s->pid = o->tgid;
		s->start_ns = t->boot_real_ns + o->start_ns;
		describe_name(s, o->comm);
		SET_STRING(s, FIELD_PNAME, pname, i->name);
		describe_place(t, s, o);
	}
	s->ppid = e->parent_tgid;
	process_set_field(s, FIELD_PPID);
	if (!process_has(s, FIELD_APID))
		describe_ancestors(t, s);
	s->flags |= PROCESS_FORKED;
	process_set_field(s, FIELD_FLAGS);
}

void program_exepath(struct proctab *t, const struct program *i, char *out,
		     size_t size)
{
	program_read(i, &t->scratch);
	snprintf(out, size, "%s", t->scratch.exepath);
}
