/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new file made of others' blocks, or a pipe, whose reader has all the time
 * there is: no packet is lost meanwhile.
 */
#ifndef PKTWHO_ARCHIVE_OUT_H
#define PKTWHO_ARCHIVE_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "host/files/compressor.h"

struct opener;
struct pcapng_writer;

/* Makes the file that @to has for it.  0 or -errno. */
int archive_out_open(struct pcapng_writer **out, struct opener *to,
		     enum compression compression);

/* Appends a whole block.  0 or -errno. */
int archive_out_block(struct pcapng_writer *w, const uint8_t *block,
		      size_t len);

/* The name of an address, as a block.  0 or -errno. */
int archive_out_name(struct pcapng_writer *w, const uint8_t addr[16],
		     const char *name);

/* A custom block in the words of whom @pen is.  0 or -errno. */
int archive_out_custom(struct pcapng_writer *w, uint32_t pen,
		       const void *payload, size_t len);

/* @err: the first error there was; nothing is waited for after one. */
int archive_out_close(struct pcapng_writer *w, int err);

#endif
