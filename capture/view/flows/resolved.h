/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which name was resolved to which address, and by whom, as far as it was
 * seen.  Of fixed size: the oldest is forgotten.  Pure.
 */
#ifndef PKTWHO_VIEW_FLOWS_RESOLVED_H
#define PKTWHO_VIEW_FLOWS_RESOLVED_H

#include <linux/types.h>
#include <stdint.h>

#define RESOLVED_NAME 256

struct resolved;

struct resolved_name {
	uint8_t addr[16];
	uint32_t pid;
	char who[40];			/* process that asked last */
	char name[RESOLVED_NAME];
};

/* NULL without memory. */
struct resolved *resolved_new(uint32_t max);
void resolved_free(struct resolved *t);		/* NULL is fine */

/* A later name of the same address takes the place of the one before. */
void resolved_put(struct resolved *t, const uint8_t addr[16], const char *name,
		  const char *who, uint32_t pid);

/* NULL: nothing is known, or @t is.  Valid until the next resolved_put(). */
const struct resolved_name *resolved_get(const struct resolved *t,
					 const __u8 addr[16]);

#endif
