/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection as one line of JSON, in the names of the Elastic Common Schema
 * (https://www.elastic.co/guide/en/ecs/); docs/log.md has all of them.  Pure.
 */
#ifndef PKTWHO_VIEW_LINES_LINE_H
#define PKTWHO_VIEW_LINES_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "view/flows/flows.h"
#include "view/flows/resolved.h"

#define LINE_SCHEMA_VERSION 1

struct line {
	const char *action; /* "start", "interval", "end" */
	uint64_t ts_ns;	    /* of the line, Unix epoch */
	uint64_t sequence;
	uint64_t lost;		       /* lines that nobody took in time */
	const char *host;	       /* "": not known */
	const char *const *interfaces; /* names, by flow.interface */
	const struct resolved *names;  /* or NULL */
};

#define LINE_MAX_SIZE 65536 /* more than two longest records */

/* The line with its newline, into @buf; its length, or 0: it does not fit. */
size_t line_format(const struct line *l, const struct flow *f, char *buf,
		   size_t size);

#endif
