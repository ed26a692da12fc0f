/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file as a whole: section and interfaces, each packet with its owners,
 * the process records as they become due, and what closes it.
 *
 * A capture need not have a file: then the output is NULL, and nothing is done.
 */
#ifndef PKTWHO_OUTPUT_OUTPUT_H
#define PKTWHO_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "output/files/limits.h"
#include "output/pcapng/pcapng_writer.h"

struct country_cache;
struct devices;
struct flow_key;
struct opener;
struct output;
struct owned_packet;
struct proctab;
struct geo;

struct output_options {
	const char *path; /* "-" is stdout */
	int fd;		  /* of it, taken over; 0: not open yet */
	bool group_read;
	enum compression compression;	  /* not by name */
	const char *const *file_comments; /* of each, NULL ends; borrowed */
	enum options_comments comments;	  /* of packets */
	bool process_table;
	bool names;	     /* of addresses, by DNS */
	bool process_blocks; /* for Wireshark 5: process_block.h */
	struct geo *geo;     /* taken over; may be NULL */
	struct country_cache *shared_countries; /* instead; borrowed */
	uint32_t section;      /* number of the first file; 0: 1 */
	struct limits limits;  /* of a file */
	struct opener *opener; /* of a ring, taken over; NULL: one file */
	int names_fd;	       /* each file's, as it ends; taken over */
};

/* Counters of one interface, for its statistics block. */
struct output_interface_stats {
	uint64_t received;
	uint64_t if_dropped;
	uint64_t os_dropped;
	uint64_t own_drops; /* too large, or the reader was too slow */
};

struct output_stats {
	uint64_t events_lost;
	uint64_t evicted_open;
	uint64_t unanswered;	 /* lookup_unanswered() */
	uint64_t resolved_early; /* written before their owner could be told */
	uint64_t left_out_unnamed; /* an end is here, its owner not known */
};

/*
 * Opens the file and writes its first block: a live reader learns from it
 * that there is a capture.  0 or -errno (logged).
 */
int output_open(struct output **out, const struct output_options *o);

/*
 * Describes the interfaces, before the first packet.  @processes, which may be
 * NULL if there is to be no table of them, and what @interfaces name are
 * borrowed.  0, -EPIPE or -errno (logged).
 */
int output_begin(struct output *o, const struct pcapng_interface *interfaces,
		 int count, struct proctab *processes);

/*
 * Before output_begin(): packets of `any` belong to these, which are borrowed.
 * NULL: they are `any`'s.
 */
void output_set_devices(struct output *o, struct devices *const *devices);

/* Writes a note of each device that has vanished, */
void output_watch_devices(struct output *o);
/* ... and of a captured interface.  0, or -errno: not now. */
int output_tell_gone(struct output *o, uint32_t interface);

/* One more, before its first packet.  0 or -errno. */
int output_add_interface(struct output *o,
			 const struct pcapng_interface *interface);

/* What an address is called, from here on in this file.  0 or -errno. */
int output_name(struct output *o, const uint8_t addr[16], const char *name);

/* Closes a file that did not begin.  NULL is fine. */
void output_abandon(struct output *o);

/* A packet of that flow will be written soon. */
void output_prepare(const struct output *o, const struct flow_key *key);

/*
 * One packet.  0; -EAGAIN when a pipe's reader is too slow or there is no room
 * on the disk, and the packet is not written; or -errno when the file cannot
 * be written.
 */
int output_packet(struct output *o, const struct owned_packet *p);

/*
 * Lines of TLS keys, which open packets that were not written yet.  Those of
 * the last connections stand in the next file of a ring, too.
 */
void output_keys(struct output *o, const char *lines, size_t len);

/*
 * Whether the file has to end before that packet, or, if it is NULL, because
 * it is @now.  A file without packets ends only by its time.
 */
bool output_ends_before(struct output *o, const struct owned_packet *p,
			const struct moment *now);

/*
 * Closes the file as output_close() does, and begins the next one at @now.
 * Each file counts for itself, of counters that are the whole capture's.  0,
 * or -EAGAIN while that cannot be done: output_full() says why.
 */
int output_next(struct output *o, const struct moment *now,
		const struct output_interface_stats *interfaces,
		const struct output_stats *stats);

/* With the next one that begins opener_freeze() keeps those until then. */
void output_freeze(struct output *o);

/*
 * Why nothing can be written to the disk at present, as -errno; 0: it can.
 * What is written once it can be again has been kept, or been refused.
 */
int output_full(const struct output *o);

/* Somebody has made the file shorter, which nobody can read. */
bool output_is_cut(const struct output *o);

int output_flush(struct output *o);

/* As pcapng_writer_be_patient(), for the time given there. */
int output_be_patient(struct output *o, int cancel_fd);

/* As pcapng_writer_waits(). */
bool output_waits(const struct output *o);

/* A pipe that tells by POLLERR that its reader is gone, or -1. */
int output_pipe(const struct output *o);

/* Its name, until the next one begins. */
const char *output_path(const struct output *o);

/* The file's number, which no program has that is in none. */
#define OUTPUT_NO_SECTION UINT32_MAX
uint32_t output_section(const struct output *o);

/*
 * Statistics and the process table, then the end.  0 or the first error
 * there was.  @interfaces has one entry for each.  *@unwritten are packets
 * that were taken, and are in no file.
 */
int output_close(struct output *o,
		 const struct output_interface_stats *interfaces,
		 const struct output_stats *stats, uint64_t *unwritten);

#endif
