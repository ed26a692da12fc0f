/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interfaces of the files that are read, and which of the new file's each is:
 * one that is described alike in several files is one there.  Those without
 * packets are left out, so the new file numbers them by their first packets.
 *
 * Blocks are whole blocks of PCAPNG, as archive_file_blocks() hands them on;
 * what is in them is not trusted.  A struct of zeros has no interfaces.
 */
#ifndef PKTWHO_ARCHIVE_CUT_CUT_INTERFACES_H
#define PKTWHO_ARCHIVE_CUT_CUT_INTERFACES_H

#include <stddef.h>
#include <stdint.h>

#include "archive/packet.h"

struct cut_interface {
	uint8_t *block; /* as it was described; our own */
	size_t len;
	uint64_t packets;  /* in the new file */
	uint64_t first_ns; /* Unix epoch */
	uint64_t last_ns;
	uint64_t if_dropped; /* in the files that were read */
	uint64_t os_dropped;
};

struct cut_interfaces {
	struct archive_interfaces in;	      /* of the section that is read */
	uint32_t numbers[ARCHIVE_INTERFACES]; /* theirs in the new file */
	struct cut_interface out[ARCHIVE_INTERFACES];
	uint32_t count; /* of the new file, with packets or not */
};

/* The next interface of the section.  0, -EMFILE for too many, or -ENOMEM. */
int cut_interfaces_add(struct cut_interfaces *c, const uint8_t *block,
		       size_t len);

/* Another section begins: of the last one's those without packets are gone. */
void cut_interfaces_forget(struct cut_interfaces *c);

void cut_interfaces_fini(struct cut_interfaces *c);

/*
 * That of the section's interface @in, whose number in the new file is *@number
 * from now on.  If it has no packets yet, the caller describes it first and
 * counts the packet then.  Valid until the next call.
 */
struct cut_interface *cut_interfaces_of(struct cut_interfaces *c, uint32_t in,
					uint32_t *number);

/*
 * A block of statistics: what captures lost is lost in the new file, too,
 * whosever it was.
 */
void cut_interfaces_drops(struct cut_interfaces *c, const uint8_t *block,
			  size_t len);

#endif
