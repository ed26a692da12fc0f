/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer from inside: pcapng_writer.c has the buffer and where it goes,
 * pcapng_writer_open.c the files, pcapng_writer_blocks.c what is in blocks.
 */
#ifndef PKTWHO_OUTPUT_PCAPNG_PCAPNG_WRITER_PARTS_H
#define PKTWHO_OUTPUT_PCAPNG_PCAPNG_WRITER_PARTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "bytes.h"
#include "output/pcapng/pcapng_writer.h"

struct stat;

#define PCAPNG_WRITER_BUFFER (512u << 10) /* above any block we write */

struct pcapng_writer {
	int fd;
	int old_flags; /* of the descriptor, to be put back; -1: none */
	bool close_fd;
	int error;
	bool endures;
	bool has_name;	   /* a regular file in a directory, at first */
	bool is_cut;	   /* by somebody else */
	int full;	   /* why the disk took no more; 0: it did */
	uint64_t retry_ns; /* CLOCK_MONOTONIC */
	bool has_tail;	   /* after the end: what could not be cut off */
	int cancel_fd;
	uint64_t patient_until; /* CLOCK_MONOTONIC; 0: not at all */
	off_t begin;		/* where we began: stdout may hold something */
	uint64_t written;	/* bytes in the file: whole blocks, or pieces */
	uint64_t taken;		/* bytes of blocks, compressed or not */
	uint64_t unwritten; /* packets that were taken, and lost by an error */
	struct compressor *compressor; /* NULL: blocks go out as they are */
	struct {
		const uint8_t *bytes; /* the compressor's */
		size_t len;	      /* 0: there is none */
		size_t done;
		size_t blocks; /* what it holds, at the buffer's begin */
		bool is_last;
		uint64_t due_ns; /* the next one, CLOCK_MONOTONIC */
	} piece;
	struct {	     /* the buffer's first block, in a pipe */
		size_t left; /* of its bytes; 0: it is not begun */
		bool is_packet;
	} begun;
	struct wbuf buf;
	uint8_t bytes[PCAPNG_WRITER_BUFFER];
};

/* A pipe, a FIFO or a socket. */
bool pcapng_output_streams(const struct stat *st);

/* A regular file in a directory. */
bool pcapng_output_has_name(int fd);

/* Before it is written: the rest would stand behind a hole. */
void pcapng_writer_look_for_cut(struct pcapng_writer *w);

/*
 * A block in the buffer, from where it begins.  The end says whether there was
 * room for it: 0 or -errno; it may write, and the next one says if that failed.
 */
size_t pcapng_writer_begin_block(struct pcapng_writer *w, uint32_t type);
int pcapng_writer_end_block(struct pcapng_writer *w, size_t at);
/* The same of one that is whole already. */
int pcapng_writer_block_added(struct pcapng_writer *w, size_t at);

#endif
