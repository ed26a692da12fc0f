/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a file ends: how much it may hold, and for how long. */
#ifndef PKTWHO_OUTPUT_FILES_LIMITS_H
#define PKTWHO_OUTPUT_FILES_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* 0: no limit. */
struct limits {
	uint64_t bytes;
	uint64_t packets;
	uint64_t duration_ns;
	uint64_t interval_ns; /* ends at each multiple of it, in Unix time */
};

/* The same moment by both clocks. */
struct moment {
	uint64_t mono_ns;
	uint64_t unix_ns;
};

/* When a file began; all zero before the first. */
struct limits_file {
	uint64_t begin_ns; /* CLOCK_MONOTONIC */
	uint64_t end_ns;   /* of its interval, in Unix time */
};

/*
 * A file begins.  If the one before ended by its duration, this one's begins
 * where that ended, and not with the packet that told of it.
 */
void limits_begin(const struct limits *l, struct limits_file *f,
		  const struct moment *at);

/* Whether that moment belongs to another file. */
bool limits_time_is_up(const struct limits *l, const struct limits_file *f,
		       const struct moment *at);

#endif
