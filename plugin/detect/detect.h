/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Expert items on how processes behave over time: proc.expert.beacon, scan,
 * first_contact and blocked.  A connection that this host opens is looked at
 * once, when the file is read for the first time, and what is odd about it is
 * kept with its first packet: however the file is looked at later, the same
 * items are there.  Each has a preference.
 */
#ifndef PKTWHO_PLUGIN_DETECT_DETECT_H
#define PKTWHO_PLUGIN_DETECT_DETECT_H

#include "compat.h"
#include <epan/prefs.h>

#include "record.h"

/* Once, while protocols register; @proto is "proc". */
void detect_init(int proto, module_t *prefs);

/* The preferences have changed: lists are read anew. */
void detect_reset(void);

/* Of each packet of the first pass, wanted or not. */
void detect_count(packet_info *pinfo, const struct attribution *a);

/* Adds to @item, which may be NULL, what was found in this packet. */
void detect_show(proto_item *item, packet_info *pinfo);

/* Would anybody see one of these items? */
bool detect_is_wanted(proto_tree *tree);

#endif
