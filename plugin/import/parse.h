/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Other tools' words on a packet's process, read from their bytes: comments
 * of ptcpdump, RustNet and etl2pcapng, Wireshark 5's process blocks, Apple's
 * PKTAP header.  docs/fields.md says which of their words become which field.
 *
 * Knows nothing of Wireshark.  Nothing here allocates or keeps state, and any
 * bytes are safe.  What a process chose for itself (its name, its arguments)
 * cannot pass for another key: each dialect is read in its own fixed order.
 */
#ifndef PKTWHO_PLUGIN_IMPORT_PARSE_H
#define PKTWHO_PLUGIN_IMPORT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* Which end of the packet the process is at. */
enum import_end {
	IMPORT_EITHER, /* nobody says */
	IMPORT_SRC,
	IMPORT_DST,
};

struct imported {
	/*
	 * As much of it as `has` says; without FIELD_ID, which nobody else
	 * has, and with a name that may be cut: `name` is all of it.
	 */
	struct process process;
	enum import_end end;
	char name[256];
	uint32_t tid;		/* its thread; 0: not said */
	uint32_t effective_pid; /* for whom it works; 0: for itself */
	char effective_name[21];
};

/* Nothing is known yet. */
void import_clear(struct imported *i);

/* Is a process named, by number or by name? */
bool import_is_named(const struct imported *i);

/* Is anything known of it, if only its container or pod? */
bool import_is_placed(const struct imported *i);

/* The name of the process, whose number is known, from elsewhere. */
void import_set_name(struct imported *i, const char *name, size_t len);
void import_set_pid(struct imported *i, uint32_t pid);

/*
 * Adds what one packet comment says to what is known; what is known stays.
 * False, and nothing has changed, if no tool we know writes such a comment.
 */
bool import_comment(struct imported *i, const char *text, size_t len);

/*
 * Reads a custom block of Wireshark's own number, from after the number on.
 * 0, -ENOENT if the block is none of a process, or -EBADMSG; *@i is then as
 * after import_clear().
 */
int import_block(struct imported *i, const uint8_t *p, size_t size);

/*
 * Adds what a PKTAP header at the start of a packet says.  False if the
 * header is cut short or names nobody.
 */
bool import_pktap(struct imported *i, const uint8_t *p, size_t size);

#endif
