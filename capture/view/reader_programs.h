/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The programs that the packets of a file name, as the file has told of them so
 * far.  Those that are told of are learned anew now and then, so memory does not
 * grow with the file.  No I/O, no clock.
 */
#ifndef PKTWHO_VIEW_READER_PROGRAMS_H
#define PKTWHO_VIEW_READER_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process/proctab.h"

struct reader_programs;

/* NULL without memory. */
struct reader_programs *reader_programs_new(void);
void reader_programs_free(struct reader_programs *t); /* NULL is fine */

/* A packet begins: what was lent out for the last one may be gone. */
void reader_programs_begin(struct reader_programs *t);

/* A process record of that packet: any bytes. */
void reader_programs_learn(struct reader_programs *t, const uint8_t *record,
			   size_t size);

/*
 * What this end, the sender's or a receiver's, runs.  NULL: nobody is named, or
 * no memory.  Borrowed until the next packet begins.
 */
struct program *reader_programs_of(struct reader_programs *t,
				   const struct packet_end *e, bool sends);

#endif
