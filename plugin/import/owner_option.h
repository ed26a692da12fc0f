/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options by which a packet names its processes: option 8,
 * epb_processid_threadid, of which there may be several, and Apple's, by the
 * numbers of its blocks.  Wireshark hands them to plugins since 4.6.  Before
 * that they would be thrown away, so we have them read, and keep them for the
 * packet that is dissected next.
 */
#ifndef PKTWHO_PLUGIN_IMPORT_OWNER_OPTION_H
#define PKTWHO_PLUGIN_IMPORT_OWNER_OPTION_H

#include "compat.h"

#define OWNER_OPTIONS 4 /* of one packet; more are not shown */

/* Apple's, for a block of 0x80000001: a process by its number in the file. */
#define OPTION_APPLE_PROCESS   0x8001
#define OPTION_APPLE_EFFECTIVE 0x8003
#define NO_BLOCK	       UINT32_MAX

struct owner_options {
	uint32_t apple;	    /* its block, or NO_BLOCK */
	uint32_t effective; /* ... and that of whom it works for */
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

/*
 * Apple's block @number: the pid, 0 without such a block, and the name, which
 * may be NULL.
 */
const char *owner_option_process(const packet_info *pinfo, uint32_t number,
				 uint32_t *pid);

#endif
