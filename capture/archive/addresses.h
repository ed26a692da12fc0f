/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What files say addresses are called, and which of these names a new file
 * needs: those of the addresses in it, each once, and no other's.
 */
#ifndef PKTWHO_ARCHIVE_ADDRESSES_H
#define PKTWHO_ARCHIVE_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>

struct addresses;

struct addresses *addresses_new(void);	  /* NULL without memory */
void addresses_free(struct addresses *a); /* NULL is fine */

/* A Name Resolution Block; any bytes are safe.  The later name counts. */
void addresses_learn(struct addresses *a, const uint8_t *block, size_t len);

/*
 * The new file has that address, IPv4's mapped.  Its name, which the file is
 * going to have now, or NULL: there is none, or it has it.  Valid until the
 * next call.
 */
const char *addresses_due(struct addresses *a, const uint8_t addr[16]);

/* Those that were learned after their address was there; until @fn fails. */
int addresses_rest(struct addresses *a,
		   int (*fn)(void *ctx, const uint8_t addr[16],
			     const char *name),
		   void *ctx);

#endif
