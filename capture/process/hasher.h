/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SHA-256 of executables (--hash).  A disk is waited for: see lookup.h, which
 * also has the queue.
 */
#ifndef PKTWHO_PROCESS_HASHER_H
#define PKTWHO_PROCESS_HASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process/procfs.h"

struct hasher;

#define HASHER_QUEUE 256 /* questions that may wait */
#define HASHER_PATH  1024
#define HASHER_BYTES (512ll << 20) /* a larger file has no hash */

/* Names a file, and who asked for it. */
struct hasher_question {
	uint32_t pid;	    /* its /proc/PID/exe, while it runs */
	uint64_t start_ns;  /* handed back */
	uint64_t exec_gen;  /* handed back */
	struct file_id exe; /* that this must be, or else @path */
	char path[HASHER_PATH];
};

struct hasher_answer {
	struct hasher_question question;
	bool known;
	uint32_t reason; /* enum hash_reason, if it is not known */
	bool linked;	 /* right only if it has executed nothing since */
	uint8_t sha256[32];
};

/* @proc_fd: an open /proc, borrowed.  NULL without memory. */
struct hasher *hasher_new(int proc_fd);
void hasher_free(struct hasher *h); /* NULL is fine */

/* The same file's hash is remembered. */
void hasher_hash(struct hasher *h, const struct hasher_question *q,
		 struct hasher_answer *a);

#endif
