/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statistics by program, for tshark -z and Wireshark's Statistics menu:
 * `proc,tree` (packets and bytes by program, remote country and host),
 * `conv,proc` and `endpoints,proc`, `proc,tcp` (tcp.c); by process
 * `proc,table` (table.c).
 *
 * A program is what has the same proc.name: one row for a hundred workers.
 * A packet between two local programs counts for both, between two processes
 * of one program once, and in the total once.  The preference proc.stats_by
 * makes the lines of `proc,tree`, `proc,tcp` and `proc,latency` something
 * else: lines.h.
 */
#ifndef PKTWHO_PLUGIN_STATS_STATS_H
#define PKTWHO_PLUGIN_STATS_STATS_H

#include "compat.h"
#include <epan/prefs.h>
#include <epan/stat_tap_ui.h>

#include "import/import.h"
#include "record.h"
#include "stats/lines.h"

/* What the tap "proc" hands out; belongs to the packet. */
struct stats_packet {
	struct attribution owners;
	const struct packet_end *others; /* who received it, too */
	unsigned other_count;
	/* As proc.name shows them, NULL where no process is named. */
	const char *src;
	const char *dst;
	const char *other; /* an import's, of which no one says which end */
	const struct process *imported; /* another tool's word, or NULL */
	/* The lines to count for; without a name where those above are NULL. */
	struct line src_line;
	struct line dst_line;
	struct line other_line;
};

/* Once, while protocols register; @proto is "proc". */
void stats_init(int proto, module_t *prefs);

/* Does any statistic want to hear of packets? */
bool stats_are_wanted(void);

/*
 * Tells the statistics of a packet.  @owners is copied; @imported may be
 * NULL.  They hear of it when we have long returned.  Only of use while stats_are_wanted().
 */
void stats_packet(packet_info *pinfo, const struct attribution *owners,
		  const struct receivers *others,
		  const struct imported *imported);

/*
 * Bytes of the packet, for Wireshark's counters, which are ints: a damaged file
 * may claim more, and no packet is less than nothing.
 */
int stats_length(const packet_info *pinfo);

/* An end's program as proc.name shows it, or NULL. */
const char *stats_name_of(wmem_allocator_t *pool, const struct packet_end *e);

/* What stats_packet() was told of this packet, or NULL. */
const struct stats_packet *stats_packet_get(packet_info *pinfo);

/* One of the Statistics menu, which asks for a filter; @ui stays. */
void stats_register_window(stat_tap_table_ui *ui);

/* The same file is tapped again, or another: no row is left of the old one. */
void stats_clear_rows(stat_tap_table *table);

/*
 * The count in @column of a row has grown: it goes up before all that have
 * less, since tshark prints rows as they stand.  @places: for each row where
 * its owner, a guint, keeps which one it is.
 */
void stats_row_rise(stat_tap_table *table, GPtrArray *places, guint row,
		    guint column);

/* tcp.c: the table `proc,tcp`. */
void tcpstats_init(void);
bool tcpstats_are_wanted(void);

/* table.c: `proc,table`. */
void table_init(void);

#endif
