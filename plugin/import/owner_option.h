/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Option 8 of a packet, epb_processid_threadid, of which there may be several.
 * Wireshark hands it to plugins since 4.6.  Before that it would be thrown
 * away, so we have it read, and keep it for the packet that is dissected next.
 */
#ifndef PKTWHO_PLUGIN_IMPORT_OWNER_OPTION_H
#define PKTWHO_PLUGIN_IMPORT_OWNER_OPTION_H

#include "compat.h"

#define OWNER_OPTIONS 4		/* of one packet; more are not shown */

struct owner_options {
	unsigned count;
	struct {
		uint32_t pid;
		uint32_t tid;
	} of[OWNER_OPTIONS];
};

/* Once, while protocols register. */
void owner_option_init(void);

/*
 * To be called of every packet on the first pass: what was read last is its
 * own, and of no other.
 */
void owner_option_see(const packet_info *pinfo);

/* Those of this packet; @block has its options, and may be NULL. */
void owner_option_get(struct owner_options *o, const packet_info *pinfo,
		      wtap_block_t block);

#endif
