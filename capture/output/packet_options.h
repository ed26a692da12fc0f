/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is written beside a packet: its flags, the comment a person reads, the
 * standard's process option and our attribution, as ready option bytes.
 * Packets of the same owners share them, so they are built once and kept.
 */
#ifndef PKTWHO_OUTPUT_PACKET_OPTIONS_H
#define PKTWHO_OUTPUT_PACKET_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct kept_record;
struct packet_options;
struct wbuf;

/* All that the options depend on; compared as memory, so zero it first. */
struct option_key {
	struct packet_end src;
	struct packet_end dst;
	uint32_t epb_flags;
	uint8_t direction;
	bool loopback; /* what goes out comes in there */
	uint8_t reserved[2];
};

/* A packet's options, padded, without end-of-options. */
struct packet_stamp {
	const uint8_t *bytes;
	size_t len;
	size_t first_len; /* at the begin: for some packets only */
	uint32_t comment_hash;
};

/* For the comment; borrowed, and either may be NULL. */
struct option_records {
	const struct kept_record *src;
	const struct kept_record *dst;
};

#define COMMENT_MAX 255 /* bytes */
#define OTHERS_MAX  (RECEIVERS_MAX - 1)

/*
 * Without @comments there are none.  With @threads each packet says of what
 * threads it is.  NULL without memory.
 */
struct packet_options *packet_options_new(bool comments, bool threads);
void packet_options_free(struct packet_options *s);

/*
 * The options of a packet.  Those that only some packets of a flow have come
 * first: the comment, and on a loopback what is the same for all or said by the
 * attribution, too.  Borrowed until the next call.
 */
struct packet_stamp packet_options_get(struct packet_options *s,
				       const struct option_key *key,
				       const struct option_records *records);

/*
 * What is said of the receivers beyond the first, in options of their own.
 * Borrowed until the next call.
 */
struct packet_stamp packet_options_others(struct packet_options *s,
					  const struct packet_end *others,
					  unsigned count);

/* The standard's option for an owner, if there is one. */
void put_process_option(struct wbuf *w, const struct packet_end *e);

/*
 * The comment: docs/file-format.md has its grammar.  Writes at most
 * COMMENT_MAX bytes and returns their number; a part that would not fit is
 * left out whole.  The records are decoded, or NULL.
 */
size_t comment_format(char out[COMMENT_MAX], const struct option_key *key,
		      const struct process *src, const struct process *dst);

#endif
