/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a process, a row for each: its name in the filters, what
 * it is called, where it lives in struct process and how it is told.  The
 * fields of the tree and the columns of the process table are made from this.
 */
#ifndef PKTWHO_PLUGIN_PROC_ROWS_H
#define PKTWHO_PLUGIN_PROC_ROWS_H

#include "compat.h"
#include "record.h"

/* For whom a field exists. */
enum scope { EITHER, SRC, DST, TABLE, SCOPES };

/* How a value travels from struct process into the tree. */
enum how {
	U32,
	U64,
	TIME,
	EXIT,
	TEXT,
	ARGUMENTS,
	BYTES,
	FLAG,
	ATTR,
	REASON,
	ANCESTORS, /* several values, the parent's first */
};

struct row {
	const char *word; /* the last part of the name */
	const char *title;
	const char *blurb; /* what it means, in a line */
	enum ftenum type;
	int display;
	unsigned scopes; /* a bit for each enum scope */
	enum how how;
	uint8_t field;	 /* enum field, of which it is there or not */
	uint16_t offset; /* in struct process */
	uint16_t size;
	uint32_t mask; /* FLAG: the bit */
};

/* Not of the process but of the packet: attr and reason have no member. */
enum { ROWS = 52 };

extern const struct row rows[ROWS];

/* The row's value where it is a number; TIME in nanoseconds. */
uint64_t row_number(const struct row *row, const struct process *p);

/* One of the values of a row of ANCESTORS. */
const char *row_ancestor(const struct row *row, const struct ancestor *a,
			 wmem_allocator_t *pool);

/* Of a TEXT, ARGUMENTS or ANCESTORS, escaped as text.h has it. */
const char *row_text(const struct row *row, const struct process *p,
		     wmem_allocator_t *pool);

#endif
