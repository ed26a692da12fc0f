/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers that hold on.  Most packets are like one before them: of the same
 * flow, the same way.  While nothing is told in between they have the same
 * owners, and need not be resolved again.
 *
 * Fixed memory, no clock, no I/O.  Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef PKTWHO_OWNER_MEMO_H
#define PKTWHO_OWNER_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "owner/resolve/resolve.h"
#include "packet/parse.h"

struct memo;

/*
 * Counts, in *@told, whatever an answer depends on and may have changed: then
 * all are forgotten.  It is borrowed.  NULL without memory.
 */
struct memo *memo_new(const uint64_t *told);
void memo_free(struct memo *m);

/*
 * The answer to a packet like @p, if it holds at that time, and in @settled
 * what resolve() returned with it.
 */
bool memo_find(const struct memo *m, const struct packet *p, uint64_t ts_ns,
	       uint8_t direction, struct verdict *v, bool *settled);

/* Remembers what resolve() has found, if it is steady. */
void memo_keep(struct memo *m, const struct packet *p, uint64_t ts_ns,
	       uint8_t direction, const struct verdict *v, bool settled);

#endif
