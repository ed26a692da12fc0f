/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which names this host resolved to which addresses, from the DNS answers in
 * the file: until it is closed, about 150 bytes for each of at most
 * DPI_NAMES_ADDRESSES addresses, and about 50 for each further name of one,
 * at most DPI_NAMES_EACH.  What is beyond is not kept.  And all names that
 * were asked for: about 80 bytes each, of at most DPI_NAMES_ASKED.  Until
 * somebody asks, up to 8 MiB of notes take their place.
 */
#ifndef PKTWHO_PLUGIN_DPI_NAMES_H
#define PKTWHO_PLUGIN_DPI_NAMES_H

#include "compat.h"
#include "recognise/dns_message.h"

#define DPI_NAMES_ADDRESSES 100000
#define DPI_NAMES_EACH	    32
#define DPI_NAMES_ASKED	    100000

struct dpi_name {
	struct dpi_name *next;
	uint32_t frame; /* of the answer */
	uint32_t until; /* ... and of the last that says the same */
	const char *name;
	const char *process; /* that asked, NULL if not known */
};

/* Once, while protocols register. */
void dpi_names_init(void);

/* Everything is copied. */
void dpi_names_put(const struct dns_message_address *address, uint32_t frame,
		   const char *name, const char *process);

/*
 * The name last resolved to @a before @frame; if there was none, the first one
 * after it.  NULL if there is none at all.
 */
const struct dpi_name *dpi_names_get(const address *a, uint32_t frame);

/* @name, in lower case, was asked for, or answered, whatever the answer is. */
void dpi_names_ask(const char *name);

/* Was it?  True also if it cannot be known. */
bool dpi_names_knows(const char *name);

#endif
