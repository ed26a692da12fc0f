/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record of a process as it is kept in memory: a head that is its own, up to
 * its name, and a rest, which a shell's or a server's children have in common
 * and share.
 *
 * Not on the packet path: allocates.
 */
#ifndef PKTWHO_PROCESS_RECORDS_KEPT_RECORD_H
#define PKTWHO_PROCESS_RECORDS_KEPT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

#define KEPT_HEAD 68 /* bytes: to the end of the longest name */

struct rest;

/* All zero: none is kept. */
struct kept_record {
	struct rest *rest;
	uint8_t head_len;
	uint8_t head[KEPT_HEAD];
};

/*
 * The rests that were kept last, for others to share.  NULL without memory.  It
 * outlives the records.
 */
struct rests *rests_new(void);
void rests_free(struct rests *t); /* NULL is fine */

/* All that records of these have in common with others or not, each once. */
size_t rests_bytes(const struct rests *t);

/*
 * Keeps a copy of process_encode()'s bytes instead of what @r keeps.  False
 * without memory: that stays.
 */
bool kept_record_set(struct rests *t, struct kept_record *r,
		     const uint8_t *record, size_t len);
void kept_record_drop(struct kept_record *r);

/* 0: none is kept. */
size_t kept_record_len(const struct kept_record *r);

/* The same bytes again.  Returns how many. */
size_t kept_record_copy(const struct kept_record *r, uint8_t out[PROCESS_MAX]);

/*
 * Cuts long arguments, before they are kept: of thousands of programs they
 * would fill the memory.  False if they are short.
 */
bool kept_record_shorten(struct process *p);

/* Decoded.  False, and *@out all zero, if none is kept. */
bool kept_record_read(const struct kept_record *r, struct process *out);

#endif
