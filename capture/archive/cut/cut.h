/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `pktwho cut`: packets of some processes, of some time, or with some host,
 * out of many files into one of ours.  Files whose tables name none of the
 * processes are not read.
 */
#ifndef PKTWHO_ARCHIVE_CUT_CUT_H
#define PKTWHO_ARCHIVE_CUT_CUT_H

#include <stdint.h>

#include "host/files/compressor.h"
#include "options.h"

struct archive_list;
struct filter;
struct opener;

struct cut_options {
	const struct filter *filter;
	const char *host;    /* "192.0.2.1", "2001:db8::/32"; NULL: any */
	const char *country; /* "JP"; NULL: any */
	uint64_t from_ns;    /* Unix time */
	struct opener *to;   /* who makes the new file */
	const char *path;    /* what that is called */
	enum compression compression;
	enum options_comments comments; /* of packets */
	bool process_blocks;		/* for Wireshark 5: process_block.h */
};

/*
 * The file is made with the first packet.  How many it has, -EINVAL for a host
 * or country that is none, -EPIPE, or -errno (logged).
 */
long archive_cut(struct archive_list *l, const struct cut_options *o);

#endif
