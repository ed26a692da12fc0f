/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The questions of lookup.h, and who answers them. */
#ifndef PKTWHO_LOOKUP_ANSWER_H
#define PKTWHO_LOOKUP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/netns.h"
#include "lookup/container_state.h"
#include "process/hasher.h"
#include "process/procfs.h"
#include "record.h"

struct answerer;

/* Who waits for one of these does not wait for the others. */
enum channel_kind {
	CHANNEL_PROCESSES,
	CHANNEL_NAMES,
	CHANNEL_FILES,
	CHANNEL_KERNEL,
	CHANNELS
};

enum question_kind {
	QUESTION_PROCESS,
	QUESTION_EXE_DELETED,
	QUESTION_HOLDER,
	QUESTION_USER,
	QUESTION_CONTAINER,
	QUESTION_PODS,
	QUESTION_LOGIN,
	QUESTION_HASH,
	QUESTION_TRANSLATIONS,
};

struct question {
	uint32_t number; /* of its channel */
	uint32_t kind;
	uint32_t id; /* pid, uid, conntrack's status bits or a count */
	uint32_t with_exe;
	uint64_t value; /* the Unix time of boot, an inode, or which namespace */
	union {
		struct {
			char container[sizeof(
				((struct process *)0)->container_id)];
			char pod_uid[sizeof(((struct process *)0)->pod_uid)];
		};
		struct {
			char session[sizeof(((struct process *)0)->session_id)];
			char tty[sizeof(((struct process *)0)->tty)];
		};
		struct hasher_question hash;
	};
};

#define PODS_IN_ANSWER 32

struct answer {
	uint32_t number; /* the question's */
	int32_t err;
	union {
		struct {
			struct process process;
			uint64_t start_ns;
			struct file_id exe;
		};
		char name[sizeof(((struct process *)0)->user)];
		struct container_state container;
		char address[sizeof(((struct process *)0)->session_address)];
		struct {
			uint32_t pod_count;
			struct pod_address pods[PODS_IN_ANSWER];
		};
		uint32_t pid;
		uint32_t deleted;
		struct hasher_answer hash;
	};
};

/*
 * Translations come as the kernel's own messages, any number of these, before
 * the answer.
 */
#define PART_BYTES (64u << 10)
#define PART_MORE  1 /* in place of an error */

struct part {
	uint32_t number;
	int32_t err;
	uint8_t bytes[PART_BYTES];
};

/* Below two directories that are borrowed.  NULL without memory. */
struct answerer *answerer_new(int proc_fd, int root_fd);
void answerer_free(struct answerer *w); /* NULL is fine */

/*
 * Of the network namespace that this thread is in translations can be asked
 * for, from then on: it has the next number, from 0.
 */
void answerer_track(struct answerer *w);
int answerer_translations(const struct answerer *w, const struct question *q,
			  int (*take)(void *ctx, const void *bytes, size_t len),
			  void *ctx);
/* Appends the descriptors for that to @fds; how many. */
size_t answerer_descriptors(const struct answerer *w, int fds[NETNS_MAX]);

/* Answers any but QUESTION_TRANSLATIONS; the bytes of @a that count. */
size_t answer(struct answerer *w, const struct question *q, struct answer *a);

/*
 * Serves these sockets, each in a thread, until their other ends are closed:
 * from when the first of them says a byte.  One at @signals, if not -1, is a
 * signal for @command, and comes back once it was sent.  What privileges this
 * process has it gives up, but for what each thread needs.
 */
_Noreturn void answer_all(struct answerer *w, const int fds[CHANNELS],
			  int signals, int command);

#endif
