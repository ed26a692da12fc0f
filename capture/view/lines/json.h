/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON (RFC 8259) into memory of a fixed size, one value behind another.  It
 * fails once and stays failed, as wbuf does.  Text that is
 * empty is left out with its name.  jansson, which we read JSON with, took
 * ten times as long: 130 us for a line.
 */
#ifndef PKTWHO_VIEW_LINES_JSON_H
#define PKTWHO_VIEW_LINES_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	char *at;
	char *end;
	bool failed;
	bool comma; /* the next value needs one before it */
};

struct json json_of(char *buf, size_t size);

/* @name is NULL in lists and for the whole. */
void json_open(struct json *j, const char *name, char bracket);
/* '}' or ']' after what was opened last. */
void json_close(struct json *j, char bracket);

/* Text is UTF-8 and printable: printable.h. */
void json_text(struct json *j, const char *name, const char *text);
void json_number(struct json *j, const char *name, uint64_t n);

/* Of the Unix epoch, as "2026-12-24T10:00:00.123456789Z". */
void json_time(struct json *j, const char *name, uint64_t ns);

/* Members of an object that were made before, without what is around them. */
void json_members(struct json *j, const char *members, size_t len);

/* Ends the line. */
void json_newline(struct json *j);

#endif
