/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file of a capture, or its ring of files: opened, changed for the next
 * one when its time has come, and watched for a disk that is full.  Without
 * -w there is none, and nothing is done.
 */
#ifndef PKTWHO_SESSION_FILES_FILES_H
#define PKTWHO_SESSION_FILES_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct captures;
struct ending;
struct files;
struct flow_key;
struct lookup;
struct moment;
struct options;
struct output_interface_stats;
struct output_stats;
struct owned_packet;
struct owners;
struct summary;

/*
 * Does what needs the user's rights, before the capture gives them up: starts a
 * ring's opener and opens a pipe, whose reader has work to do meanwhile.
 * @o and @e, which a failure ends, are borrowed.  0 or -errno (logged).
 */
int files_start(struct files **out, const struct options *o, struct ending *e);

/* Any other file, once a signal would close it. */
int files_open(struct files *f);

/* Describes the interfaces; all are borrowed.  0 or -errno (logged). */
int files_begin(struct files *f, struct captures *c, struct owners *o,
		struct lookup *l);

/* After a failure to open; a file that has begun is closed by files_end(). */
void files_abandon(struct files *f); /* NULL is fine */
void files_free(struct files *f);    /* NULL is fine */

/* 0 when the packet's file is open, -EAGAIN while it cannot be, or -errno. */
int files_choose(struct files *f, const struct owned_packet *p);

/* Hands it to output_prepare(). */
void files_prepare(const struct files *f, const struct flow_key *key);

/* Hands it to output_packet(). */
int files_packet(struct files *f, const struct owned_packet *p);

/* A packet was too late for the file, maybe because the disk is full. */
void files_miss(struct files *f);

/* One was handed on before its owner was known. */
void files_count_early(struct files *f);

/* One was left out that may be of a process that was asked for. */
void files_count_unnamed(struct files *f);

/*
 * Counts the whole capture so far, one entry for each interface.  Returns the
 * packets for which the disk had no room.
 */
uint64_t files_statistics(struct files *f,
			  struct output_interface_stats *interfaces,
			  struct output_stats *stats);

/* Hands them to output_keys(). */
void files_keys(struct files *f, const char *lines, size_t len);

/* The next file begins, because somebody asked for it. */
void files_next(struct files *f);

/*
 * The same in a moment, with what has led to it, and the files that are there
 * stay.
 */
void files_freeze(struct files *f);

/* Writes what waits, ends a file whose time is up, looks at the disk. */
void files_update(struct files *f);

bool files_wait(const struct files *f);	       /* output_waits() */
int files_pipe(const struct files *f);	       /* output_pipe() */
uint32_t files_section(const struct files *f); /* output_section() */
const char *files_path(const struct files *f); /* "no file" without one */

/* Calls output_be_patient(): until somebody asks a second time to stop. */
int files_be_patient(struct files *f, int cancel_fd);

/* Closes it.  0 or the first error there was; what is to be said in @s. */
int files_end(struct files *f, int cancel_fd, struct summary *s);

#endif
