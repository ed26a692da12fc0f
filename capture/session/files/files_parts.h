/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of a capture from inside: files.c writes and watches them, and
 * files_open.c opens what they go to.
 */
#ifndef PKTWHO_SESSION_FILES_FILES_PARTS_H
#define PKTWHO_SESSION_FILES_FILES_PARTS_H

#include <limits.h>

#include "lookup/container_state.h"
#include "options.h"
#include "output/output.h"
#include "session/captures.h"
#include "session/files/files.h"

#define PODS_MAX 512 /* Kubernetes allows a node 110 */

struct files {
	const struct options *options;
	const struct captures *captures;
	struct owners *owners;
	struct lookup *lookup;
	struct ending *ending;
	struct opener *opener;	  /* of a ring, until the output has it */
	struct output *output;	  /* NULL: no file, or not any more */
	char last_path[PATH_MAX]; /* of the file that was closed last */
	struct output_interface_stats interfaces[CAPTURES_MAX];
	uint64_t resolved_early;
	uint64_t left_out_unnamed;
	uint64_t unwritten; /* packets, while the disk was full */
	int disk_full;	    /* once at least, as -errno */
	bool disk_has_room; /* again, and that was said */
	bool ended;	    /* the last file is full */
	bool was_cut;	    /* one of a ring, and that was said */
	bool told_gone[CAPTURES_MAX];
	uint64_t freeze_ns;    /* when to do so; 0: not asked for */
	bool has_pods;	       /* this is a node of Kubernetes */
	uint32_t pods_section; /* which file has these */
	int pod_count;
	struct pod_address pods[PODS_MAX];
};

#endif
