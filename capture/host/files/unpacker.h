/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is compressed, as it was: a piece at a time, so that a pipe is followed
 * and a file may be of any size.  Gzip and zstd are known by how they begin;
 * all else passes as it is.  Any bytes are safe.
 */
#ifndef PKTWHO_HOST_FILES_UNPACKER_H
#define PKTWHO_HOST_FILES_UNPACKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UNPACKER_BYTES 65536

struct unpacker;

/* NULL without memory. */
struct unpacker *unpacker_new(void);
void unpacker_free(struct unpacker *u); /* NULL is fine */

/*
 * Reads what comes next, up to UNPACKER_BYTES, once all that was read before
 * has been taken.  How many bytes, 0 at the end, or -errno.
 */
ssize_t unpacker_read(struct unpacker *u, int fd);

/*
 * Up to UNPACKER_BYTES of what that was: how many, and where they are until
 * the next call of either.  0: that was all of it.  -EBADMSG when it is
 * broken, or -ENOMEM.
 */
ssize_t unpacker_take(struct unpacker *u, const uint8_t **out);

/*
 * All that is in the file, if it is compressed: *@out, to be freed; else NULL.
 * If it is cut short or broken, what there is.  0, -EFBIG where that is more
 * than @max, or -errno.
 */
int unpacker_all(int fd, size_t max, uint8_t **out, size_t *len);

#endif
