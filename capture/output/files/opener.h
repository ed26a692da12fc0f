/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who makes the files of a ring, or the one file that a search or a far host's
 * capture writes once it has something to write: a child that stays what the
 * caller is, while who reads hostile bytes is nobody and may open nothing.  It
 * makes the names and knows which files are its own; all that it can be asked
 * for is the next one.  It can reach no other program and, for a ring where the
 * kernel has Landlock, no other directory.
 */
#ifndef PKTWHO_OUTPUT_FILES_OPENER_H
#define PKTWHO_OUTPUT_FILES_OPENER_H

#include <stdbool.h>
#include <stdint.h>

struct opener;

struct opener_options {
	const char *path; /* of which names are made: file_name.h */
	bool single;	  /* that very file, or pipe, or "-" */
	bool temporary;	  /* that, and a template with ".pcapng" at its
				   end (mkstemps(3)) */
	bool of_host;	  /* nobody named it: made and written as root */
	bool time_first;
	bool group_read;
	uint64_t files; /* then the oldest goes; 0: none goes */
	/* With these, what an earlier run has left of such names counts, too. */
	uint64_t total;	     /* bytes of all; 0: no limit */
	uint64_t free;	     /* bytes to be left on the disk */
	uint64_t file_bytes; /* the largest that one becomes; with those */
};

/*
 * Before threads and files of ours are there; the directory must be, but for
 * the host's own.  A single pipe is opened now, for which its reader is waited.
 * 0 or -errno (logged).  Strings are borrowed for the call.
 */
int opener_start(struct opener **out, const struct opener_options *o);

/*
 * A new, empty file, and what it is called until the next call; a single one
 * once.  Files that are too many are removed first.  A descriptor of the
 * caller's, or -errno:
 * -ETIME while the child, which somebody may have stopped, does not answer.  It is
 * waited for two seconds, once; what it makes then is what comes next.
 */
int opener_next(struct opener *o, const char **name);

/*
 * The same, and what is there so far stays: its files get a name that begins
 * with "frozen_" and count for nothing any more.  Where none is removed, they
 * keep their names.
 */
int opener_freeze(struct opener *o, const char **name);

/* Likewise, at the end: there is no other file. */
void opener_keep(struct opener *o);

/* Why there is no file, in words. */
const char *opener_why(int err);

/* One that does not answer ends with us.  NULL is fine. */
void opener_stop(struct opener *o);

#endif
