/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the detectors share: a connection that a process opens, and a finding. */
#ifndef PKTWHO_PLUGIN_DETECT_FOUND_H
#define PKTWHO_PLUGIN_DETECT_FOUND_H

#include "compat.h"
#include <epan/conversation.h>

#include "record.h"

enum detect_item { BEACON, SCAN, FIRST_CONTACT, BLOCKED, DETECT_ITEMS };

struct opening {
	packet_info *pinfo;
	const struct packet_end *owner;
	const char *program; /* as text_escape() has it */
	const char *remote;  /* the address, as text */
	const char *country; /* as recorded, "" for none */
	conversation_t *flow;
	double at;     /* seconds since the epoch */
	bool is_local; /* to this host itself */
};

/* Keeps a finding with the packet; @text is copied. */
void detect_found(const struct opening *o, enum detect_item item,
		  const char *text);

/* pattern.c: one connection after the other. */
void pattern_init(void);
void pattern_beacon(const struct opening *o);
void pattern_scan(const struct opening *o);

/* lists.c: files of the user's. */
void lists_init(module_t *prefs);
void lists_reset(void);
bool lists_have_baseline(void);
bool lists_have_blocked(void);
void lists_contact(const struct opening *o);
void lists_blocked(const struct opening *o);

/*
 * Where a remote end is, for the baseline: its country, or the network of an
 * address that has none, /24 or /48.
 */
const char *lists_place(wmem_allocator_t *pool, const address *a,
			const char *recorded);

#endif
