/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process table: what is counted, and how it is shown. */
#ifndef PKTWHO_PLUGIN_STATS_TABLE_H
#define PKTWHO_PLUGIN_STATS_TABLE_H

#include "stats/stats.h"

#include "proc/rows.h"

#define TABLE_COMMAND "proc,table"
#define TABLE_COLUMNS 10 /* of the text and of the window */

enum format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

/* Of a process, as few bytes as there may be many of them. */
struct entry {
	uint64_t id; /* 0: an import's */
	uint64_t packets;
	uint64_t bytes;
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t pid;
	bool has_pid;
	guint line; /* in the window's table */
	int record_len;
	uint8_t *record;  /* what its first packet says; an import's */
	const char *name; /* as text_escape() has it */
	char *owned;	  /* the same, to be freed; not in a key */
};

struct table {
	enum format format;
	GHashTable *entries; /* of struct entry, which is its own key */
};

/* Counts a packet; @of become whose it is, NULL where nobody's. */
void table_count(struct table *t, const packet_info *pinfo,
		 const struct stats_packet *s, struct entry *of[2]);

GHashTable *table_entries_new(void);

/*
 * The latest record, or what another tool says, and what was counted: a filter
 * may have left some out.
 */
void table_describe(struct process *p, const struct entry *e);

/* Of all that is known of a process, is it in the table? */
bool table_is_column(const struct row *row);
bool table_is_numeric(const struct row *row);

/* The row of that column, of TABLE_COLUMNS. */
const struct row *table_column(int column);

/* A cell as text; "" where nothing is known. */
const char *table_cell(wmem_allocator_t *pool, const struct row *row,
		       const struct process *p, const struct entry *e);

/* table_print.c: on stdout, in the order of @all. */
void table_print_text(const GPtrArray *all);
void table_print_csv(const GPtrArray *all);
void table_print_json(const GPtrArray *all);

/* table_window.c */
void table_window_register(void);

#endif
