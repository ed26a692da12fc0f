/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of addresses, as DNS answers had them, for the file to say before the
 * first packet of an address in it (--names).  Fixed memory: of two addresses
 * that have one place the later one has it.
 */
#ifndef PKTWHO_OUTPUT_HOST_NAMES_H
#define PKTWHO_OUTPUT_HOST_NAMES_H

#include <stdint.h>

struct frame;
struct host_names;

/* NULL without memory. */
struct host_names *host_names_new(void);
void host_names_free(struct host_names *n); /* NULL is fine */

/* What an answer says, if it is one. */
void host_names_learn(struct host_names *n, const struct frame *f,
		      const uint8_t *data);

/* What that file has not been told of this address, or NULL. */
const char *host_names_due(const struct host_names *n, const uint8_t addr[16],
			   uint32_t section);
void host_names_told(struct host_names *n, const uint8_t addr[16],
		     uint32_t section);

#endif
