/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Expert items: what an investigator should look at.  Each says why on its
 * own, has a preference that switches it off, and is described in
 * docs/fields.md.  Nothing is looked at while nobody would see it.
 */
#ifndef PKTWHO_PLUGIN_PROC_EXPERT_H
#define PKTWHO_PLUGIN_PROC_EXPERT_H

#include "compat.h"
#include <epan/prefs.h>

#include "record.h"

/* Once, while protocols register; @proto is "proc". */
void expert_items_init(int proto, module_t *prefs);

/* Says of which allowed countries there is none, once they have changed. */
void expert_items_check_countries(void);

/* Does a statistic or a dialog wait for everybody's expert items? */
bool expert_items_have_a_tap(void);

/* Would anybody see an item of ours? */
bool expert_items_are_wanted(proto_tree *tree);

/*
 * Adds to @item what is odd about the packet and about the processes that its
 * options describe; @block may be NULL.  Of a packet without owners there is
 * no @item: then one is made in @tree, if there is anything to say.
 */
void expert_items_packet(proto_item *item, proto_tree *tree, tvbuff_t *tvb,
			 packet_info *pinfo, const struct attribution *a,
			 wtap_block_t block);

/* The same for a row of the process table. */
void expert_items_row(proto_item *item, packet_info *pinfo,
		      const struct process *p);

#endif
