/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who takes part in traffic: a copy of what the capture knows of each process,
 * which stays as long as somebody shows it, and one stand-in for each way of
 * not knowing.  A process that gets another name or user is another actor of
 * the same id from then on.  What is kept for a screen is printable;
 * what two are told apart by, and found by, has the bytes that it has.
 *
 * Bounded: the one that was used least lately and has no flow any more goes
 * first, and what it sent and received goes to actors_forgotten().
 */
#ifndef PKTWHO_VIEW_FLOWS_ACTORS_H
#define PKTWHO_VIEW_FLOWS_ACTORS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "process/records/kept_record.h"

struct actors;
struct program;

/* Packets and bytes as one end counts them. */
struct actor_sums {
	uint64_t sent_packets;
	uint64_t sent_bytes;
	uint64_t received_packets;
	uint64_t received_bytes;
	uint64_t own_packets; /* in both: it talks to itself */
	uint64_t flows;
};

/* What many have in common, and are shown together by. */
enum actor_kind { ACTOR_PROGRAM, ACTOR_USER, ACTOR_CONTAINER, ACTOR_KINDS };

/* What another of the same kind has in its sums as well. */
struct actor_shared {
	uint64_t packets;
	uint64_t flows;
};

struct actor {
	struct actor *next; /* of its hash bucket */
	TAILQ_ENTRY(actor) idle;
	uint64_t id;	  /* process_id(); 0: a stand-in */
	uint32_t version; /* of the record */
	uint32_t refs;	  /* flows that name it */
	uint32_t pid;
	uint32_t flags; /* PROCESS_* */
	uint32_t uid;	/* if has_uid */
	bool has_uid;
	bool learned; /* from its program */
	uint8_t attr; /* of a stand-in: how it is (not) known */
	uint8_t reason;
	char name[40]; /* "curl", "(kernel: reset)" */
	char user[64];
	char container[80]; /* its name, or else its id, whole */
	char unit[96];
	char *exact[ACTOR_KINDS];  /* any bytes; NULL: as it is shown */
	struct kept_record record; /* any bytes */
	struct actor_sums past;	   /* of flows that are forgotten */
	struct actor_shared shared[ACTOR_KINDS]; /* of these */
	char *said;	   /* the record as the log says it, once */
	uint32_t said_len; /* line.c has made it */
};

/* NULL without memory. */
struct actors *actors_new(uint32_t max);
void actors_free(struct actors *t); /* NULL is fine */

/*
 * The process that ran @program; borrowed, and stays while refs is not 0.
 * Without room or memory it is actors_forgotten().
 */
struct actor *actors_get(struct actors *t, const struct program *program);

/* Who stands for an end that no process is named for. */
struct actor *actors_nobody(struct actors *t, uint8_t attr, uint8_t reason);

/* Who stands for all those there was no room for. */
struct actor *actors_forgotten(struct actors *t);

void actors_ref(struct actors *t, struct actor *a);
void actors_unref(struct actors *t, struct actor *a);

/* What is shown of it: "www-data", or "(none)". */
const char *actor_text(const struct actor *a, enum actor_kind kind);

/* What it is together with others by; any bytes. */
const char *actor_exact(const struct actor *a, enum actor_kind kind);

/* Whether it takes part here: a process, or nobody of this host. */
bool actor_is_here(const struct actor *a);

/* Adds to @a's past, from a flow that is being forgotten. */
void actor_sums_add(struct actor_sums *to, const struct actor_sums *more);

void actors_each(struct actors *t, void (*fn)(void *ctx, struct actor *a),
		 void *ctx);

/* Processes forgotten so far. */
uint64_t actors_lost(const struct actors *t);

/* Its record, all strings printable; all zero for a stand-in. */
void actor_process(const struct actor *a, struct process *p);

#endif
