/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process in the words of Wireshark 5, whose frame.process.name and profile
 * then know it without our plugin (--process-blocks): the payload of a custom
 * block that belongs to packets by their epb_processid_threadid and by time.
 * That version is not released, and refuses a file with a wrong length.
 *
 * Pure.
 */
#ifndef PKTWHO_OUTPUT_PROCESS_BLOCK_H
#define PKTWHO_OUTPUT_PROCESS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "record.h"

#define PROCESS_BLOCK_PEN   32622u /* Wireshark's */
#define PROCESS_BLOCK_ENTRY 3	   /* the first number of the payload */
#define PROCESS_BLOCK_MAX   (PROCESS_MAX + 64)

/* Options, behind the entry's number, its length and the pid. */
enum process_block_option {
	PROCESS_BLOCK_END,
	PROCESS_BLOCK_NAME = 2,
	PROCESS_BLOCK_PATH,
	PROCESS_BLOCK_CMDLINE,
	PROCESS_BLOCK_PPID,
	PROCESS_BLOCK_UID,
	PROCESS_BLOCK_USER,
	PROCESS_BLOCK_START = 9,
};

/*
 * @from_ns: since when the process is so (Unix epoch), as a packet of before is
 * not this program's.  Bytes written, or 0 without a pid.
 */
size_t process_block(const struct process *p, uint64_t from_ns,
		     uint8_t out[PROCESS_BLOCK_MAX]);

#endif
