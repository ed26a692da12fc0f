/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Says what there is to say of a capture that has ended. */
#ifndef PKTWHO_SESSION_SUMMARY_H
#define PKTWHO_SESSION_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "output/output.h"
#include "session/captures.h"

struct summary {
	uint64_t packets; /* written, or shown */
	uint64_t dropped;
	uint64_t unwritten;	   /* of those: taken, or the disk was full */
	int disk_full;		   /* once at least, as -errno */
	uint64_t left_out_unnamed; /* their owner may be one that was asked for */
	uint64_t flows_forgotten;     /* while they were open */
	uint64_t processes_forgotten; /* of the table */
	uint64_t arguments_cut;	      /* programs whose are */
	bool events_lost;
	bool unanswered; /* lookups */
	bool detached;	 /* hooks of the kernel program */
	bool incomplete; /* not all was told that was to be */
	int interface_count;
	const char *const *names; /* of the interfaces; borrowed */
	struct output_interface_stats interfaces[CAPTURES_MAX];
};

/*
 * Says it on stderr.  @err is what became of the file, @shown of what is
 * shown, as -errno.  Returns the capture's: a reader that has gone has had
 * enough, and is no error; -ESRCH if packets are there, but not all that was
 * to be told of them.
 */
int summary_tell(const struct summary *s, const struct options *o, int err,
		 int shown);

#endif
