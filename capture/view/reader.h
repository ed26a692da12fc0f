/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our own files back to packets with their owners: what output.h wrote, as it
 * comes.  Any bytes are safe.  Other programs' PCAPNG is read as well, and
 * nobody owns its packets.  Both clocks of a packet are the file's.
 *
 * Not for big-endian files, which we do not write.
 */
#ifndef PKTWHO_VIEW_READER_H
#define PKTWHO_VIEW_READER_H

#include <stddef.h>
#include <stdint.h>

struct reader;
struct owned_packet;

#define READER_INTERFACES 2048 /* the last one stands for more */

/* NULL without memory. */
struct reader *reader_new(void);
void reader_free(struct reader *r); /* NULL is fine */

/*
 * Takes the next @n bytes, and calls @fn for each packet that they complete.
 * 0; -EBADMSG when it is no PCAPNG of ours, or damaged, -EPROTONOSUPPORT when
 * it is big-endian, -ENOMEM: then no more can be taken.
 */
int reader_take(struct reader *r, const uint8_t *bytes, size_t n,
		void (*fn)(void *ctx, const struct owned_packet *p), void *ctx);

/* That was all: 0, or -EBADMSG or -ENODATA where it was not even a beginning. */
int reader_end(const struct reader *r);

/* Names by number; "" for what was not described yet.  There as long as @r. */
const char *const *reader_interfaces(const struct reader *r);

/* Of the last packet, Unix epoch; 0: there was none. */
uint64_t reader_time(const struct reader *r);

/* Packets that the capture dropped, as the file's statistics say. */
uint64_t reader_dropped(const struct reader *r);

#endif
