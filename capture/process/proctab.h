/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process table: who is who, by pid, start time and exec.
 *
 * A `proc` is one life of a pid.  Each exec within it makes a new `program`,
 * which is what a packet is attributed to: it has the process id, the name,
 * the record, and the totals of the process table.  Another name or user makes
 * one too, with the same process id: a packet has those of its own time.
 *
 * Times are CLOCK_MONOTONIC nanoseconds (@mono_ns) unless said otherwise.
 * Not on the packet path: allocates when a process appears.
 */
#ifndef PKTWHO_PROCESS_PROCTAB_H
#define PKTWHO_PROCESS_PROCTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process/mask/mask.h"
#include "process/procfs.h"
#include "process/records/kept_record.h"
#include "record.h"

struct proctab;
struct proc;

struct program {
	struct program *older; /* what it was before */
	struct proc *proc;
	uint64_t from_mono_ns; /* since when it runs */
	uint64_t read_ns;      /* when /proc told of it; 0: it did not */
	uint64_t lost_mono_ns; /* from then to that it was others, */
			       /* which are forgotten */
	uint64_t id;	       /* process_id() */
	uint64_t exec_gen;
	char name[RECORD_NAME_LEN];
	uint64_t netns;		   /* its inode; 0: not known */
	struct file_id exe;	   /* the executable */
	struct kept_record record; /* without totals */
	uint32_t version;	   /* grows whenever the record changes */
	uint32_t uid;
	bool matched;	  /* by the filter */
	bool alarming;	  /* by the other one */
	bool exe_deleted; /* PROCESS_EXE_DELETED in the record */
	bool shortened;	  /* the record: it was asked for both before */
	bool hash_asked;  /* --hash: owners_hash() */

	/* Bookkeeping of the file being written; the session's. */
	uint32_t section; /* the file it was last written to */
	uint32_t written_version;
	uint32_t until_repeat; /* packets until its record is due again */
	uint64_t written_ns;   /* Unix epoch */
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_ns; /* Unix epoch */
	uint64_t last_ns;
};

struct proc {
	struct proc *next;	 /* of its hash bucket */
	struct program *program; /* the newest; never NULL */
	uint64_t start_ns;	 /* since boot; of /proc, whole ticks */
	uint64_t exited_mono_ns; /* 0: it runs */
	uint64_t gone_mono_ns;	 /* ... but /proc has it no more since then */
	uint32_t pid;
	uint32_t exit_status;
	uint32_t refs;	   /* sockets that name it */
	bool unread;	   /* /proc has not told of it yet, ... */
	uint64_t asked_ns; /* ... and was last asked then */
	bool followed;	   /* the command, or one of its descendants */
	bool inherited;	   /* from one that matched, with --follow */
};

struct proctab_options {
	enum cmdline_mode cmdline;
	bool exe_inodes;       /* of what runs already, too: for --hash */
	int proc_fd;	       /* an open /proc, borrowed */
	struct lookup *lookup; /* borrowed */
	struct container_names *containers; /* borrowed; NULL: no names */
	const struct filter *filter; /* borrowed; NULL or empty: all match */
	const struct filter *alarm;  /* borrowed; NULL: nobody is alarming */
};

struct probe_owner;
struct probe_event;
struct probe_exec;

/* NULL without memory.  Options are copied. */
struct proctab *proctab_new(const struct proctab_options *options);
void proctab_free(struct proctab *t);

/* /proc has other pids than kernel events: it is asked for nothing more. */
void proctab_leave_proc(struct proctab *t);

/*
 * Every process there is, from /proc, as many as can be read until then; the
 * others by proctab_scan_on(), or when they are asked for.  Returns how many
 * are known.
 */
int proctab_scan(struct proctab *t, uint64_t until_ns);

/* More of them, until then.  True if there are others: proctab_scans(). */
bool proctab_scan_on(struct proctab *t, uint64_t until_ns);
bool proctab_scans(const struct proctab *t);

/*
 * Asks /proc of the next process that has a socket whether its executable is
 * deleted; what that says is in the record with the next call.  False once all
 * were asked about.
 */
bool proctab_ask_deleted(struct proctab *t);

/*
 * Kernel events, in any order; each is borrowed for the call.  An exec returns
 * what runs now, or NULL without memory.
 */
struct program *proctab_exec(struct proctab *t, const struct probe_exec *x);
void proctab_fork(struct proctab *t, const struct probe_event *e);
void proctab_exit(struct proctab *t, const struct probe_event *e);
void proctab_rename(struct proctab *t, const struct probe_event *e);
/* Into another cgroup. */
void proctab_move(struct proctab *t, const struct probe_exec *x);

/*
 * The process a kernel event names, made from /proc or, if it is gone, from
 * the event alone.  @mono_ns: when it was so.  Borrowed, and stays while refs
 * is not 0.  NULL only without memory or for an owner without pid.
 */
struct proc *proctab_owner(struct proctab *t, const struct probe_owner *o,
			   uint64_t mono_ns);

/*
 * The same of who holds a socket: as long as not all have been read it is what
 * the kernel tells, until proctab_complete() adds what /proc does.
 */
struct proc *proctab_holder(struct proctab *t, const struct probe_owner *o);
void proctab_complete(struct proctab *t, struct proc *p);

/* The same by pid alone, from /proc; NULL if there is no such process. */
struct proc *proctab_by_pid(struct proctab *t, uint32_t pid);

/*
 * The same where no kernel event tells of execs, forks and pids that begin
 * anew: /proc is asked each time.  What is new there holds from @mono_ns on.
 */
struct proc *proctab_look_up(struct proctab *t, uint32_t pid, uint64_t mono_ns);

/* Finds what the process was running at that time, unless that is forgotten. */
struct program *proc_program_at(const struct proc *p, uint64_t mono_ns);

/* True if it is forgotten: proc_program_at() then answers another program. */
bool proc_forgot(const struct proc *p, uint64_t mono_ns);

/*
 * The record, decoded: a program keeps no struct process, which is some thirty
 * times as large.  False, and *@out all zero, if there is none.
 */
bool program_read(const struct program *i, struct process *out);

/* The executable's path from the record, or "". */
void program_exepath(struct proctab *t, const struct program *i, char *out,
		     size_t size);

/* True if no event told that it has executed anything since. */
bool proctab_ran_last(struct proctab *t, uint32_t pid, uint64_t start_ns,
		      uint64_t exec_gen);

/* The SHA-256 of what that process was running after so many execs. */
void proctab_set_sha256(struct proctab *t, uint32_t pid, uint64_t start_ns,
			uint64_t exec_gen, const uint8_t sha256[32]);
/* ... or why there is none: enum hash_reason. */
void proctab_set_no_sha256(struct proctab *t, uint32_t pid, uint64_t start_ns,
			   uint64_t exec_gen, uint32_t reason);

/* True if the filter keeps this program's packets. */
static inline bool program_wanted(const struct program *i)
{
	return i->matched || i->proc->inherited;
}

/* Marks @pid and all it forks from now on (-- COMMAND). */
void proctab_follow(struct proctab *t, uint32_t pid);

/*
 * Forgets processes that ended more than a minute ago, or of many more than a
 * second ago, and that no socket refers to.  Of those that are in the file
 * being written (@section) the records stay, packed, for its table.  Of those
 * that are in no file either proctab_exit() keeps only the last few thousand,
 * and of those that only a socket refers to not the path, arguments and cgroup.
 * Of more than 32,768 programs also those that run, are in no file, and for two
 * seconds were asked for by nobody: /proc has them.
 * To be called each second; of few processes it looks more seldom.  Many are
 * 16,384 programs, or records of 6 MiB.
 */
void proctab_prune(struct proctab *t, uint64_t now_mono_ns, uint32_t section);

/* Processes that had to be left out of the table, for want of room. */
uint64_t proctab_forgotten(const struct proctab *t);

/* Programs whose arguments are cut, as there are many long ones. */
uint64_t proctab_cut(const struct proctab *t);

/* Records that a file has, and no table will have: of what became another. */
uint64_t proctab_folded(const struct proctab *t);

/*
 * Calls @fn for every program that was written to the file @section, with its
 * totals and exit status filled in, after what it was called before, if it was.  Stops when @fn returns non-zero.
 */
int proctab_each(struct proctab *t, uint32_t section,
		 int (*fn)(void *ctx, const struct process *p), void *ctx);

#endif
