/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The proc.* fields.  Each exists once for either end (proc.pid), once per
 * end (proc.src.pid, proc.dst.pid) and once for a row of the process table
 * (proc.table.pid); the table in rows.c says which and how.
 */
#ifndef PKTWHO_PLUGIN_PROC_FIELDS_H
#define PKTWHO_PLUGIN_PROC_FIELDS_H

#include "compat.h"
#include "import/parse.h"
#include "record.h"

/* Once, while protocols register; @proto is "proc". */
void fields_init(int proto);

/* As late as possible, so that our names win: see packet-pktwho.c. */
void fields_register(int proto);

/* Does anybody want the protocol, one of its fields, or one of the ends? */
bool fields_are_wanted(proto_tree *tree);

void fields_add_direction(proto_tree *tree, tvbuff_t *tvb, unsigned direction);

/* Adds the columns proc.summary and proc.pids; @i may be NULL. */
void fields_add_columns(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			const struct attribution *a,
			const struct receivers *others,
			const struct imported *i);

/*
 * Adds the parties: for each end its program or, if it has none, its address.
 * One field for both kinds, so that one filter fits every conversation.
 */
void fields_add_parties(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			const struct attribution *a,
			const struct receivers *others,
			const struct imported *i);

/*
 * Adds one end of a packet, @src or else the receiver: a subtree with what
 * the attribution says, and what the process records of the file add to it.
 * Costs little if nobody asks for a field of it.
 * @bytes: those of the attribution, for Wireshark to show where a value
 * stands, or NULL.
 */
void fields_add_end(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
		    const struct attribution *a, bool src, tvbuff_t *bytes);

/*
 * The same for the @n-th receiver beyond the first, who is number 0.  Its bytes
 * are not shown.
 */
void fields_add_receiver(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			 const struct packet_end *e, unsigned n);

/*
 * The same for what another tool says, the @n-th of several from 0 on; it may
 * not know which end it is.
 */
void fields_add_imported(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
			 const struct imported *i, unsigned n);

/*
 * Adds one row of the process table, @len bytes at @offset of @tvb, and
 * returns its item.  @name: all of the name; @n: the row, from 0.
 */
proto_item *fields_add_table_row(proto_tree *tree, tvbuff_t *tvb,
				 packet_info *pinfo, int offset, int len,
				 const struct process *p, const char *name,
				 unsigned n);

#endif
