/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with information of ours, as expert items. */
#ifndef PKTWHO_PLUGIN_PROC_COMPLAINTS_H
#define PKTWHO_PLUGIN_PROC_COMPLAINTS_H

#include "compat.h"

struct complaints {
	const char *malformed; /* what is, or NULL */
	bool newer;	       /* of a version that we do not know */
};

/* Once, while protocols register. */
void complaints_register(int proto);

/* None if nothing is wrong. */
void complaints_add(proto_item *item, packet_info *pinfo,
		    const struct complaints *c);

#endif
