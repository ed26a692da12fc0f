/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The output from inside: what its parts share.  output.c has files and what
 * they begin with, output_packet.c the packets and what stands before them,
 * output_end.c what closes a file.
 */
#ifndef PKTWHO_OUTPUT_OUTPUT_PARTS_H
#define PKTWHO_OUTPUT_OUTPUT_PARTS_H

#include "bytes.h"
#include "output/interfaces.h"
#include "output/output.h"
#include "output/peers.h"
#include "owner/owned_packet.h"
#include "pcapng.h"
#include "record.h"

#define OUTPUT_INTERFACES 128
#define OUTPUT_PROGRAMS	  (1 + RECEIVERS_MAX) /* that one packet can name */
#define OUTPUT_KEYS	  131072 /* bytes that wait, or will be repeated */
#define OUTPUT_TABLE	  (PCAPNG_MAX_BLOCK - 64)

/* What is counted anew in each file. */
struct file {
	struct limits_file limits;
	uint64_t start_ns;
	uint64_t packets;
	uint64_t interface_packets[OUTPUT_INTERFACES];
	uint64_t ends[ATTR_COUNT]; /* packet ends by how they are known */
	uint64_t end_bytes;	   /* that closing it will take, at most */
	/* Of the capture, when the file began. */
	struct output_interface_stats before[OUTPUT_INTERFACES];
	struct output_stats stats_before;
	uint64_t forgotten_before;
	uint64_t folded_before;
};

struct output {
	const char *path; /* of the file that is open */
	struct pcapng_writer *writer;
	struct packet_options *options_cache;
	struct comments *comments; /* NULL: all packets have theirs */
	struct host_names *names;  /* NULL: none are told */
	struct peers *peers;	   /* of the file */
	struct country_cache *countries;
	bool countries_are_shared;
	struct proctab *processes; /* or NULL */
	bool process_table;
	bool process_blocks;
	uint32_t section; /* the file's number, from 1 */
	struct limits limits;
	struct opener *opener;
	enum compression compression;
	const char *const *file_comments;
	bool group_read;
	int names_fd;	   /* 0: nobody is told */
	bool freeze;	   /* files of the ring, so far */
	int no_file;	   /* why there is none now, or 0 */
	uint64_t retry_ns; /* CLOCK_MONOTONIC */
	uint64_t unwritten;
	struct pcapng_interface interfaces[OUTPUT_INTERFACES];
	int interface_count;
	struct interfaces devices; /* behind `any` */
	char os[160];
	struct file file;
	char keys[OUTPUT_KEYS];
	size_t keys_len;
	size_t keys_written; /* of them, into this file */
	/* Option bytes, one each end and receiver. */
	uint8_t record[OUTPUT_PROGRAMS][PROCESS_MAX + 16];
	struct wbuf table; /* records of the block being filled */
	uint32_t table_count;
	uint8_t table_bytes[OUTPUT_TABLE]; /* or the contents */
};

/* Of TLS keys no more than @size bytes stay, from the beginning of a line on. */
void output_forget_keys(struct output *o, size_t size);
/* Writes those that are not in this file yet.  0 or -errno. */
int output_write_keys(struct output *o);

/* Processes that had no room in the table, so far. */
uint64_t output_forgotten(const struct output *o);
/* ... and records of one that became another, so far. */
uint64_t output_folded(const struct output *o);

/* Statistics and the table; the file is closed.  0 or the first error. */
int output_end_file(struct output *o,
		    const struct output_interface_stats *interfaces,
		    const struct output_stats *stats);

#endif
