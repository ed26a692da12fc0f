/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the packets of each process add up to, and what the rows of the process
 * table say that they do.
 */
#ifndef PKTWHO_PLUGIN_PROC_TOTALS_H
#define PKTWHO_PLUGIN_PROC_TOTALS_H

#include "compat.h"
#include <epan/packet.h>

#include "record.h"

struct totals {
	uint64_t id;
	uint64_t packets; /* counted in the file */
	uint64_t bytes;
	uint64_t table_packets; /* claimed by the tables so far */
	uint64_t table_bytes;
};

/* Once, while protocols register. */
void totals_init(void);

/* On the first pass, wanted or not. */
void totals_count(const packet_info *pinfo, const struct attribution *a,
		  const struct receivers *others);
void totals_count_row(const struct process *p);

/* Has this row totals? */
bool totals_are_told(const struct process *p);

/* Those of a process id, as far as the file was read; never NULL. */
struct totals *totals_of_process(uint64_t id);

#endif
