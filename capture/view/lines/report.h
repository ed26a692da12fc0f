/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table for scripts, and for people without a terminal. */
#ifndef PKTWHO_VIEW_LINES_REPORT_H
#define PKTWHO_VIEW_LINES_REPORT_H

#include <stddef.h>

#include "view/flows/losses.h"
#include "view/rows/table.h"

struct report {
	const struct table *table;
	enum table_group group;
	uint64_t now_ns; /* Unix epoch */
	struct view_losses losses;
	struct flows_stats flows;
};

/* Lines with a title, columns of @width together.  To be freed, or NULL. */
char *report_text(const struct report *r, int width, size_t *len);

/* One line with one object.  To be freed, or NULL. */
char *report_json(const struct report *r, size_t *len);

#endif
