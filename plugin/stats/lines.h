/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a line of a statistic is for, by the preference proc.stats_by: a
 * program, a process, a user, ... , a remote host or country, or a process
 * below its parents.
 */
#ifndef PKTWHO_PLUGIN_STATS_LINES_H
#define PKTWHO_PLUGIN_STATS_LINES_H

#include "compat.h"
#include <epan/prefs.h>
#include <epan/stat_tap_ui.h>

#include "import/import.h"
#include "record.h"

#define LINES_DEPTH 20 /* names of one path */

enum lines_key {
	LINES_PROGRAM,
	LINES_PROCESS,
	LINES_USER,
	LINES_CONTAINER,
	LINES_UNIT,
	LINES_HOST,
	LINES_COUNTRY,
	LINES_PARENTS,
};

/* Whose line it is. */
struct line {
	const char *name;     /* NULL: no process is named */
	const char **parents; /* the oldest first, ended by NULL; or NULL */
};

/* The names from the top of the tree down to the last. */
struct lines_path {
	const char *names[LINES_DEPTH];
	unsigned depth;
};

/* Once, while protocols register. */
void lines_init(module_t *prefs);

/* The first column of a table, whose head says what the lines are for. */
void lines_add_head(stat_tap_table_item *head);
/* That may be another thing now. */
void lines_name_heads(void);

/*
 * That of an end called @name, or of another tool's process; @remote is the
 * address it talks to, in the country @recorded.  Nobody's has no name.
 */
struct line lines_of_end(packet_info *pinfo, const struct packet_end *e,
			 bool sends, const char *name, const address *remote,
			 const char *recorded);
struct line lines_of_import(packet_info *pinfo, const struct imported *i,
			    const char *name, const address *remote);

/* The path of @line in the tree; @who stands for nobody as well. */
void lines_path(struct lines_path *p, packet_info *pinfo,
		const struct line *line, const char *who, const address *remote,
		const char *recorded);

#endif
