/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process table from inside: what its parts share.  proctab.c finds
 * processes, proctab_read.c reads them from /proc, proctab_program.c has their
 * programs over time, proctab_describe.c their records, proctab_events.c hears
 * the kernel, proctab_deleted.c asks on, proctab_forget.c makes room, and
 * proctab_totals.c closes a file.
 */
#ifndef PKTWHO_PROCESS_PROCTAB_TABLE_H
#define PKTWHO_PROCESS_PROCTAB_TABLE_H

#include "process/proctab.h"

#define PROCTAB_BUCKETS 16384
#define PROCTAB_ENDED	4096 /* are kept of which nothing was written */
#define PROCTAB_USERS	1024
#define PROCTAB_LOGINS	64

/* With so many bytes of records, arguments are cut. */
#define PROCTAB_BYTES (8u << 20)

struct user {
	uint32_t uid;
	char name[64]; /* "": nobody is known here */
};

struct login {
	char session[sizeof(((struct process *)0)->session_id)];
	char tty[sizeof(((struct process *)0)->tty)];
	char address[sizeof(((struct process *)0)->session_address)];
	uint64_t asked_ns; /* 0: nothing is known */
};

struct ended {
	uint32_t pid;
	uint64_t start_ns;
};

struct proctab {
	struct proc *heads[PROCTAB_BUCKETS];
	struct ended ended[PROCTAB_ENDED]; /* the last ones, a ring */
	uint64_t ends;			   /* so far */
	uint32_t count;
	uint32_t programs;
	uint64_t forgotten;  /* of the file being written */
	uint64_t cut;	     /* programs, their arguments */
	uint64_t folded;     /* ... and what it says one was before */
	uint64_t pruned_ns;  /* CLOCK_MONOTONIC */
	uint32_t looks;	     /* for what may be forgotten */
	bool forgot_running; /* some, of which /proc can tell again */
	struct rests *rests; /* of its programs' records */
	struct ended_records *ended_records; /* or NULL: none yet */
	uint32_t ended_section;		     /* the file they are of */
	struct proctab_options options;
	uint8_t boot_id[16];
	char host[64];	       /* its name */
	uint64_t boot_real_ns; /* Unix time at CLOCK_BOOTTIME 0 */
	uint64_t scan_until_ns;
	uint32_t *unread; /* pids that the scan put off */
	size_t unread_count, unread_room, unread_next;
	uint32_t ask_bucket, ask_place; /* whose executable may be deleted */
	uint32_t deleted_pid;		/* 0: nobody's was, the last time */
	uint64_t deleted_id;
	struct user users[PROCTAB_USERS]; /* each at its uid's place */
	uint32_t nameless[PROCTAB_USERS]; /* uids + 1, so are these */
	struct login logins[PROCTAB_LOGINS];
	unsigned next_login;
	struct process scratch; /* 8 KB: not on anyone's stack */
	struct process parent;
	uint8_t encoded[PROCESS_MAX];
};

/* ---- processes ---- */

/* Both, or one of them in the whole ticks that /proc tells. */
bool proc_began(uint64_t at_ns, uint64_t start_ns);

/* The life of @pid that began then, or NULL. */
struct proc *proctab_find(struct proctab *t, uint32_t pid, uint64_t start_ns);

/* The life of that pid which is not over, or NULL. */
struct proc *proctab_find_running(struct proctab *t, uint32_t pid);

/*
 * The process an event names, or NULL.  Where /proc had told only the tick in
 * which it started, the table has the exact time from then on.
 */
struct proc *proctab_find_owner(struct proctab *t, const struct probe_owner *o);

/* A new process with one program, which has no record yet. */
struct proc *proctab_add(struct proctab *t, uint32_t pid, uint64_t start_ns,
			 const char *name, uint64_t exec_gen,
			 uint64_t from_mono_ns);
void proctab_remove(struct proctab *t, struct proc *p);

/* Frees a process that is in no bucket any more. */
void proc_free(struct proctab *t, struct proc *p);

/* Hands down what is meant for the parent (or NULL) and its descendants. */
void proc_descend(const struct proctab *t, struct proc *p,
		  const struct proc *parent);

/* What it forks is to be followed. */
bool proc_is_followed(const struct proctab *t, const struct proc *p);

/* So many programs, or bytes of their records, that what ended goes soon, ... */
bool proctab_has_many(const struct proctab *t);
/* ... and so many that even the file's have to. */
bool proctab_is_full(const struct proctab *t);

/* Whether a new child of @parent is left to /proc, as there are too many. */
bool proctab_passes_over(struct proctab *t, const struct proc *parent);

/* The process has ended: an earlier one may be forgotten for it. */
void proctab_remember_end(struct proctab *t, const struct proc *ended);

/*
 * Keeps the records that the file's table is to have of it.  False if there is
 * no room.
 */
bool proctab_put_away(struct proctab *t, const struct proc *p,
		      uint32_t section);

/* ---- /proc ---- */

/* Into t->scratch, as it is now.  0, or -errno: it is not known. */
int proctab_read(struct proctab *t, uint32_t pid, uint64_t *start_ns,
		 struct file_id *exe);

/* ---- programs ---- */

/* A new program on top of the process's others.  NULL without memory. */
struct program *program_add(struct proctab *t, struct proc *p, const char *name,
			    uint64_t exec_gen, uint64_t from_mono_ns);
void program_free(struct proctab *t, struct program *i);

/*
 * The same program under another name or user.  Its record, decoded, is left
 * in t->scratch for the caller to change and set.  NULL without memory.
 */
struct program *program_change(struct proctab *t, struct proc *p,
			       uint64_t mono_ns);

void program_set_name(struct program *i, const char *name);

/* Also its process id, which depends on that. */
void program_set_exec_gen(struct proctab *t, struct program *i,
			  uint64_t exec_gen);

/*
 * /proc knows no exec generation: the first event of the process tells it,
 * before any packet has been attributed.
 */
void program_learn_exec_gen(struct proctab *t, struct program *i,
			    const struct probe_owner *o);

/* Adds the totals of @old, if they are the same file's. */
void program_fold(struct program *into, const struct program *old);

/*
 * @old is about to be forgotten.  A packet of its time is the newer one's if
 * that differs in no more than its name, else nobody's: never an older one's.
 */
void program_take_past(struct program *newer, const struct program *old);

/* ---- records ---- */

/* Makes @p the program's record.  Without memory the old one stays. */
void program_set_record(struct proctab *t, struct program *i,
			struct process *p);

/* Its executable has no name any more; what is in t->scratch is lost. */
void program_learn_deleted(struct proctab *t, struct program *i);

/* Once its parent is known, which was not when it was read. */
void program_adopt(struct proctab *t, struct program *i);

/* All that an owner alone tells; what @s said before is gone. */
void describe_owner(struct proctab *t, struct process *s,
		    const struct probe_owner *o);
/* The same of an exec, which tells more. */
void describe_exec(struct proctab *t, struct process *s,
		   const struct probe_exec *x);
/* Where it is from then on, and no more; the rest stays. */
void describe_move(struct process *s, const struct probe_exec *x);
/* A child is its parent until it says otherwise, under a pid of its own. */
void describe_child(struct proctab *t, struct process *s,
		    const struct proc *parent, const struct probe_event *e);

/* These change what @s says: its name, ... */
void describe_name(struct process *s, const char *name);
/* ... its user, ... */
void describe_user(struct proctab *t, struct process *s, uint32_t uid);
/* ... its user, group and network namespace, ... */
void describe_place(struct proctab *t, struct process *s,
		    const struct probe_owner *o);
/* ... its parent and those above it, as they are now, ... */
void describe_ancestors(struct proctab *t, struct process *s);
/* ... and its command line, as --cmdline demands. */
void describe_withhold(const struct proctab *t, struct process *s);

#endif
