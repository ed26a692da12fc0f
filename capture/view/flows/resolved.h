/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which name was resolved to which address, and by whom, as far as it was
 * seen.  Of fixed size: the oldest is forgotten.  Pure.
 */
#ifndef PKTWHO_VIEW_FLOWS_RESOLVED_H
#define PKTWHO_VIEW_FLOWS_RESOLVED_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#define RESOLVED_NAME	   256
#define RESOLVED_NAMES_MAX 8 /* of one address; then the last is replaced */

struct resolved;

struct resolved_name {
	uint8_t addr[16];
	uint64_t at_ns; /* of the answer, Unix epoch */
	uint32_t pid;
	char who[40]; /* process that asked */
	char name[RESOLVED_NAME];
};

/* NULL without memory. */
struct resolved *resolved_new(uint32_t max);
void resolved_free(struct resolved *t); /* NULL is fine */

/* The address has this name from @at_ns on. */
void resolved_put(struct resolved *t, const uint8_t addr[16], const char *name,
		  const char *who, uint32_t pid, uint64_t at_ns);

/*
 * The name that the address had at @ts_ns, or the first that it got after it.
 * NULL: nothing is known, or @t is.  Valid until the next resolved_put().
 */
const struct resolved_name *resolved_get(const struct resolved *t,
					 const __u8 addr[16], uint64_t ts_ns);

/* Whether it ever was one of the address's. */
bool resolved_has(const struct resolved *t, const __u8 addr[16],
		  const char *name);

#endif
