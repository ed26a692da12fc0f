/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys of TLS connections, as lines that come into a file, on their way into
 * the capture's: whole ones, as NSS's key log has them, and nothing else.
 */
#ifndef PKTWHO_SESSION_KEYS_H
#define PKTWHO_SESSION_KEYS_H

#include <stddef.h>
#include <stdint.h>

/*
 * A program writes a key while the packets that it opens are on their way:
 * so long these wait for it.
 */
#define KEYS_HOLD_NS 250000000ull

struct keys {
	int fd;	     /* -1: there are none */
	uint64_t at; /* read so far */
};

/*
 * Reads what has come since, at most @size bytes.  Returns its length, 0 when
 * there is nothing new.
 */
size_t keys_read(struct keys *k, char *out, size_t size);

/*
 * Leaves of @len bytes only the lines that may be of a key log; the new length.
 * *@taken: bytes that need not be looked at again; the rest is half a line.
 */
size_t keys_filter(char *text, size_t len, size_t *taken);

#endif
