/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process records of the open file, by process id.  Filled on the first
 * pass over the file, emptied by Wireshark when the file is closed.
 *
 * Records are kept as they are in the file, a few hundred bytes each, and a
 * record that says the same as the one before it is not kept again: memory
 * grows with the number of different records, never with that of packets.
 */
#ifndef PKTWHO_PLUGIN_PROC_RECORDS_H
#define PKTWHO_PLUGIN_PROC_RECORDS_H

#include "compat.h"
#include "record.h"

/* Once, while protocols register. */
void records_init(void);

/*
 * Remembers the encoded record @raw, decoded as @p, that was seen in @frame.
 * @raw is copied.  A record without a process id cannot be found again and is
 * ignored.
 */
void records_put(const struct process *p, const uint8_t *raw, size_t len,
		 uint32_t frame);

/*
 * Decodes the latest record of process @id that was seen in or before @frame;
 * if there is none, the first one after it.  False if there is none at all.
 * A process that reads what it has sent under another name or user has two in
 * @frame: the first is of who @sends.
 * The hash of the executable is the same for all of a process id, and takes
 * time to make: any record that has it tells it for all.
 */
bool records_get(struct process *p, uint64_t id, uint32_t frame, bool sends);

/*
 * Makes @p, a record, that of its parent as of @frame: of the process of that
 * pid and name that was started last before it.  False, and @p as it was, if
 * the file has none.
 */
bool records_get_parent(struct process *p, uint32_t frame);

#endif
