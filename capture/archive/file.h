/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A capture file of ours to be searched: its end first, where what closed it
 * tells which processes and what time are in it, then perhaps its packets.
 * A file that is still written has no such end.  Any bytes are safe; only
 * little-endian sections are read.
 */
#ifndef PKTWHO_ARCHIVE_FILE_H
#define PKTWHO_ARCHIVE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct peer;

struct archive_file {
	char *path;
	int fd;
	uint8_t *unpacked; /* of a compressed one; or NULL */
	uint64_t size;
	uint64_t changed_ns;	 /* on disk */
	uint64_t end_ns;	 /* when it was closed; 0: not told */
	uint32_t processes;	 /* that its table has */
	uint8_t *contents_bytes; /* what is in it, as it says; or NULL */
	struct contents contents;
	bool is_named; /* by the user; no directory has it */
	bool is_cut;   /* no block is where one should be */
};

/* Takes @fd over, also on failure, and copies @path.  0 or -errno. */
int archive_file_open(struct archive_file *f, int fd, const char *path);

/*
 * Before anything else is asked of it; unpacks it.  0; -EBADMSG if it is none
 * of PCAPNG, -EPROTONOSUPPORT if it is big-endian, or -errno.
 */
int archive_file_load(struct archive_file *f);
void archive_file_close(struct archive_file *f);

/*
 * Tells of the error with which it was read, or of an end that is missing
 * unless somebody writes there now.  True if it could be read, or lies only
 * beside others.
 */
bool archive_file_tell(const struct archive_file *f, int err);

/* A record of the process table, decoded and as it stands there. */
typedef void archive_process_fn(void *ctx, const struct process *p,
				const uint8_t *record, size_t len);

/*
 * From the end backwards, as far as it is no packet; before what follows here.
 * 0 or -errno.
 */
int archive_file_end(struct archive_file *f, archive_process_fn *fn, void *ctx);

/* The table had each process of its packets, under each of its names. */
bool archive_file_has_all(const struct archive_file *f);

/* False only if none of its packets is of that peer. */
bool archive_file_may_have(const struct archive_file *f, const struct peer *p);

/* A whole block, its lengths included; other than 0 ends it. */
typedef int archive_block_fn(void *ctx, const uint8_t *block, size_t len);

/* All of them, up to where they are no blocks.  0, @fn's word, or -errno. */
int archive_file_blocks(struct archive_file *f, archive_block_fn *fn,
			void *ctx);

#endif
