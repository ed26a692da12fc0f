/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What cut.c and its parts share: cut.c decides what is wanted, cut_packet.c
 * writes a packet and what comes before it, and cut_out.c how the new file
 * begins and ends.  Errors are -errno, which cut.c logs.
 */
#ifndef PKTWHO_ARCHIVE_CUT_CUT_PARTS_H
#define PKTWHO_ARCHIVE_CUT_CUT_PARTS_H

#include "archive/addresses.h"
#include "archive/cut/cut.h"
#include "archive/cut/cut_interfaces.h"
#include "archive/packet.h"
#include "archive/peer.h"
#include "archive/people.h"
#include "output/comments.h"
#include "output/packet_options.h"
#include "output/pcapng/pcapng_writer.h"
#include "bytes.h"
#include "pcapng.h"
#include "record.h"

#define SECTION_ROOM 8192 /* of what a section says of itself */
#define BLOCK_ROOM   (PCAPNG_MAX_BLOCK + 2 * (PROCESS_MAX + 16) + COMMENT_MAX + 8)

struct cut {
	const struct cut_options *options;
	struct peer peer;
	struct people *people;
	struct comments *comments;
	struct addresses *addresses;
	struct process src; /* scratch for the comment */
	struct process dst;
	bool file_wanted; /* its table names one of them */
	struct cut_interfaces interfaces;
	struct pcapng_writer *writer;
	long packets;
	struct wbuf section; /* options: of the first one's with a packet */
	struct wbuf keys;    /* blocks that wait for a packet */
	struct wbuf table;
	uint32_t table_count;
	uint8_t table_bytes[PCAPNG_MAX_BLOCK - 64];
	uint8_t block[BLOCK_ROOM];
	uint8_t key_bytes[PCAPNG_MAX_BLOCK];
	uint8_t section_bytes[SECTION_ROOM];
};

/* Those whom a packet names. */
struct named {
	unsigned count;
	struct person *of[PEOPLE_NAMED];
};

/* ---- cut_out.c ---- */

/* On which machine it was captured, and what its user said of it. */
void cut_keep_section(struct cut *c, const uint8_t *block, size_t len);

/* The new file is made with the first packet. */
int cut_open_writer(struct cut *c);

/* Writes what a file of ours ends with, and closes it. */
int cut_close_writer(struct cut *c);

/* ---- cut_packet.c ---- */

/* What opens later packets; of too much at once only the first is kept. */
void cut_keep_keys(struct cut *c, const uint8_t *block, size_t len);

/* The packet in @block, which @p was read from. */
int cut_write_packet(struct cut *c, const struct archive_packet *p,
		     const uint8_t *block, const struct named *named);

#endif
