/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of `pktwho log` and `pktwho top --batch`: to the standard output, into
 * files one after another, or to the journal.  A reader that is too slow does
 * not hold the capture up: it loses whole lines, and the log's next one says
 * how many.
 */
#ifndef PKTWHO_VIEW_LINES_STREAM_H
#define PKTWHO_VIEW_LINES_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/files/compressor.h"
#include "output/files/limits.h"
#include "view/flows/flows.h"
#include "view/flows/resolved.h"

struct stream;
struct opener;

/*
 * NULL without memory.  @fd is taken over but for the
 * standard output, @interfaces are borrowed.  No more than
 * @limit bytes wait for the reader.  @here: lines name this host.
 */
struct stream *stream_new(int fd, const char *const *interfaces, size_t limit,
			  bool here);
/*
 * Its descriptor is a file of @o's, which is borrowed, and it goes on in the
 * next one where @limits say so.
 */
void stream_set_files(struct stream *s, struct opener *o,
		      const struct limits *limits);

/*
 * Its descriptor is that of a file, which is compressed: by pieces, of which
 * the last is written with @patient.  0 or -ENOMEM.
 */
int stream_compress(struct stream *s, enum compression c);

/*
 * From now on keeps what a file has no room for (ENOSPC, EDQUOT, EROFS), and
 * tries again in later calls.
 */
void stream_endure(struct stream *s);

/* Its descriptor is a socket of the journal's: each line is an entry there. */
void stream_set_journal(struct stream *s);

/* Names for addresses; borrowed. */
void stream_set_names(struct stream *s, const struct resolved *names);

void stream_free(struct stream *s); /* NULL is fine */

/* Whole lines of @len bytes; 0: they could not be made, and are lost. */
void stream_put(struct stream *s, const char *text, size_t len);

/* @action: "start", "interval" or "end"; @ts_ns: Unix epoch. */
void stream_add(struct stream *s, const char *action, const struct flow *f,
		uint64_t ts_ns);

/*
 * Writes what the reader takes at once, or with @patient all that it takes
 * until it has taken nothing for two seconds.  0 or -errno; then nothing more
 * is written.
 */
int stream_flush(struct stream *s, bool patient);

/*
 * After the last flush: what is still kept is lost.  Why there was no room, as
 * -errno, or 0.
 */
int stream_end(struct stream *s);

/* Lines nobody took. */
uint64_t stream_lost(const struct stream *s);

#endif
