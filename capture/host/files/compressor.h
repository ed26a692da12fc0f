/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes made smaller, a piece at a time.  Whatever ends a file after one of
 * them, all before can be read: each is a gzip member of its own, or flushed
 * in the only zstd frame, since Wireshark 4.0 cannot always find the next one.
 * The fastest levels: a capture does not wait.
 */
#ifndef PKTWHO_HOST_FILES_COMPRESSOR_H
#define PKTWHO_HOST_FILES_COMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum compression {
	COMPRESSION_BY_NAME, /* what the file's suffix says */
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSIONS
};

/* zlib's windowBits, either way: the largest window, and gzip's header. */
#define COMPRESSION_GZIP_BITS (15 + 16)

/* dumpcap's words for them; NULL for COMPRESSION_BY_NAME. */
const char *compression_name(enum compression c);

/* Never COMPRESSION_BY_NAME.  @path may be NULL. */
enum compression compression_of(enum compression asked, const char *path);

/* Where ".gz" or ".zst" begins, or the end of the string. */
const char *compression_suffix(const char *path);

struct compressor;

/* For pieces of up to @piece_max bytes.  0 or -ENOMEM. */
int compressor_new(struct compressor **out, enum compression c,
		   size_t piece_max);
void compressor_free(struct compressor *c); /* NULL is fine */

/* What comes next is the first piece of another file. */
void compressor_restart(struct compressor *c);

/* As many bytes at most become of @len. */
size_t compressor_bound(size_t len);

/*
 * The piece, compressed: its length, and where it is until the next call.  The
 * last one may be empty.  0 when memory was lacking.
 */
size_t compressor_run(struct compressor *c, const uint8_t *piece, size_t len,
		      bool last, const uint8_t **out);

#endif
