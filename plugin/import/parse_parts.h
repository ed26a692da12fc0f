/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What parse.c and its parts share.  parse_comment.c has what tools write as
 * text, parse.c what they write in blocks and headers of their own.
 *
 * The first word on a field counts: later ones may be what a process forged.
 */
#ifndef PKTWHO_PLUGIN_IMPORT_PARSE_PARTS_H
#define PKTWHO_PLUGIN_IMPORT_PARSE_PARTS_H

#include "import/parse.h"

/* Bytes that are somebody else's, and not terminated. */
struct span {
	const char *p;
	size_t len;
};

#define NO_PID UINT32_MAX /* -1: macOS, Windows; 0 is nobody's either */

/* A text ends at a NUL, wherever its tool thought that it ends. */
void parse_set_text(struct imported *i, enum field f, char *to, size_t size,
		    struct span s);

#define SET_TEXT(i, field, member, s)                 \
	parse_set_text(i, field, (i)->process.member, \
		       sizeof((i)->process.member), s)

void parse_set_number(struct imported *i, enum field f, uint32_t *to,
		      uint32_t v);
void parse_set_name(struct imported *i, struct span s);
void parse_set_arguments(struct imported *i, struct span s);

/* The last part of a path; Windows' do not begin with a slash. */
struct span parse_base_name(struct span path);

#endif
