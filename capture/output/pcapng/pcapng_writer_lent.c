/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A large packet goes into a file from where it is: to copy 64 KiB takes longer
 * than a call of the kernel.
 */
#include "output/pcapng/pcapng_writer_parts.h"

#include <string.h>
#include <sys/uio.h>

#define LARGE	16384
#define AROUND	65536		/* what else a block may have: as room, enough */

bool pcapng_writer_borrows(const struct pcapng_writer *w, uint32_t bytes)
{
	return bytes >= LARGE && w->has_name && !w->compressor && !w->error &&
	       !w->full && !w->has_tail &&
	       bytes <= w->buf.cap - AROUND - w->buf.len;
}

/* As if it had been copied at once. */
static void copy(struct pcapng_writer *w, size_t hole, const uint8_t *data,
		 uint32_t len)
{
	uint8_t *at = w->bytes + hole;

	memmove(at + len, at, w->buf.len - hole);
	memcpy(at, data, len);
	w->buf.len += len;
}

int pcapng_writer_lent_added(struct pcapng_writer *w, size_t at, size_t hole,
			     const uint8_t *data, uint32_t len)
{
	const struct iovec parts[] = {
		{ w->bytes, hole },
		{ bytes_unconst(data), len },
		{ w->bytes + hole, w->buf.len - hole },
	};
	size_t total = w->buf.len + len;
	ssize_t n;

	if (w->buf.failed)
		return pcapng_writer_block_added(w, at);
	pcapng_writer_look_for_cut(w);
	n = writev(w->fd, parts, 3);
	if (n == (ssize_t)total) {
		w->taken += total - at;
		w->written += total;
		w->buf.len = 0;
		return 0;
	}
	/* Why not is said when the rest is written. */
	copy(w, hole, data, len);
	if (n > 0)
		pcapng_writer_go_back(w, w->begin + (off_t)w->written);
	return pcapng_writer_block_added(w, at);
}
