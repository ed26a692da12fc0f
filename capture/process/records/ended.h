/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of processes that ended, which the table at the end of the file
 * has: compressed, as they are much alike, and no more than ENDED_MAX of it.
 *
 * Not on the packet path: allocates.
 */
#ifndef PKTWHO_PROCESS_RECORDS_ENDED_H
#define PKTWHO_PROCESS_RECORDS_ENDED_H

#include <stddef.h>
#include <stdint.h>

#define ENDED_MAX (16u << 20) /* bytes, compressed */

struct ended_records;

/* NULL without memory. */
struct ended_records *ended_new(void);
void ended_free(struct ended_records *e); /* NULL is fine */

/* Keeps a copy of process_encode()'s bytes.  0, -ENOSPC or -ENOMEM. */
int ended_add(struct ended_records *e, const uint8_t *record, size_t len);
void ended_clear(struct ended_records *e);

/*
 * Calls @fn for each, the first one first; the bytes are borrowed for the call.
 * Stops when that returns non-zero, which is returned, or with -ENOMEM.
 */
int ended_each(const struct ended_records *e,
	       int (*fn)(void *ctx, uint8_t *record, size_t len), void *ctx);

#endif
