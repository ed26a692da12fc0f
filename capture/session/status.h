/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a capture is doing, told each second while it runs: in a line at the
 * end of the terminal, and in one of JSON in the file of --stats.
 */
#ifndef PKTWHO_SESSION_STATUS_H
#define PKTWHO_SESSION_STATUS_H

#include <stdint.h>

struct captures;
struct ending;
struct files;
struct options;
struct owners;
struct status;
struct summary;

/* Counts packets that were handed on. */
struct counts {
	uint64_t bytes;	  /* original lengths */
	uint64_t unnamed; /* an end is here, its owner not known */
	uint64_t lag_ns;  /* the longest since that was told */
};

/* The status asks these; all are borrowed. */
struct status_sources {
	const struct options *options;
	struct files *files;
	struct captures *captures;
	struct owners *owners;
	const struct ending *ending;
	struct counts *counts;
};

/* Opens the file with the rights of the user.  0 or -errno (logged). */
int status_open(struct status **out, const struct status_sources *of);
void status_close(struct status *s); /* NULL is fine */

/* Tells it if it is time; @now_ns is of CLOCK_MONOTONIC. */
void status_update(struct status *s, uint64_t now_ns);

/* The last line: what is in the file, which is closed, and what is not. */
void status_end(struct status *s, const struct summary *end, uint64_t now_ns);

/* Tells who has asked by a signal. */
void status_answer(const struct status *s);

#endif
