/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which of Wireshark's programs we are. */
#ifndef PKTWHO_PLUGIN_PROGRAM_H
#define PKTWHO_PLUGIN_PROGRAM_H

#include "compat.h"

/* As "tshark"; the letters' case does not matter. */
bool program_is(const char *name);

/*
 * Whether tshark was told to print the details of all packets, or their expert
 * items, which it gives no postdissector to know before it does.
 */
bool program_prints_details(void);
bool program_prints_experts(void);

/* Whether it was told to count something by fields that begin with "dpi". */
bool program_counts_by_our_names(void);

/*
 * Whether tshark shows us all there is of each packet the first time that it
 * reads it, since it prints that then.
 */
bool program_reads_whole_trees(void);

/*
 * Whether tshark reads twice, and for itself makes no trees the first time.  Not
 * if there is any doubt.
 */
bool program_filters_nothing_first(void);

/*
 * Whether an item is worth while that is there to be found, not to be looked at:
 * not for details that tshark prints as text, unless somebody names the field.
 */
bool program_wants_hidden(proto_tree *tree, const header_field_info *field);

/*
 * Whether somebody may ask for a field of a packet that was read before.  Of
 * tshark all is asked before it reads the first.
 */
bool program_asks_later(void);

/*
 * Whether tshark prints JSON whose objects have a key as often as a packet has
 * the field, of which most readers keep the last.
 */
bool program_repeats_keys(void);

/*
 * Whether somebody looks at a window that has our profile and uses another
 * one.  From 4.4 on Wireshark changes it by itself.
 */
bool program_could_have_our_profile(void);

#endif
