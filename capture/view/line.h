/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection as one line of JSON, in the names of the Elastic Common Schema
 * (https://www.elastic.co/guide/en/ecs/); docs/log.md has all of them.  Pure.
 * This module and report.c know jansson.h.
 */
#ifndef PKTWHO_VIEW_LINE_H
#define PKTWHO_VIEW_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "view/flows.h"

#define LINE_SCHEMA_VERSION 1

struct line {
	const char *action;		/* "start", "interval", "end" */
	uint64_t ts_ns;			/* of the line, Unix epoch */
	uint64_t sequence;
	uint64_t lost;			/* lines that nobody took in time */
	const char *host;
	const char *const *interfaces;	/* names, by flow.interface */
};

/*
 * The line with its newline, to be freed; *@len is its length.  NULL without
 * memory.
 */
char *line_format(const struct line *l, const struct flow *f, size_t *len);

#endif
