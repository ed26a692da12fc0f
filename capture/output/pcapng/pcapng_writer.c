/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/pcapng/pcapng_writer_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/files/compressor.h"
#include "host/watch.h"
#include "pcapng.h"

#define FLUSH_AT  (192u << 10)
#define STALL_MS  1000
#define RETRY_NS  250000000ull	/* a full disk */
#define PIECE_NS  1000000000ull /* few bytes wait to be compressed */
#define PIECE_MIN 4096		/* less is not worth it, if it can wait */
#define PIECE_MAX 65536u	/* as much may not fit on a full disk */
#define PIPE_SIZE (1 << 20)	/* what anybody may have: pipe(7) */

/* How much of what waits is to go out. */
enum extent { WHAT_IS_DUE, ALL, TO_THE_END };

/*
 * A pipe's reader may be slow or asleep.  Packets must not wait for it in the
 * kernel, where signals and other packets would wait too.
 */
static void stop_blocking(struct pcapng_writer *w)
{
	struct stat st;

	w->old_flags = -1;
	if (fstat(w->fd, &st) || !pcapng_output_streams(&st))
		return;
	w->old_flags = fcntl(w->fd, F_GETFL);
	fcntl(w->fd, F_SETFL, w->old_flags | O_NONBLOCK);
	/* Else a reader gets no more than 64 KiB from one flush to the next. */
	fcntl(w->fd, F_SETPIPE_SZ, PIPE_SIZE);
}

int pcapng_writer_take(struct pcapng_writer **out, int fd)
{
	struct pcapng_writer *w = calloc(1, sizeof(*w));

	if (!w) {
		if (fd != STDOUT_FILENO)
			close(fd);
		return -ENOMEM;
	}
	w->buf = wbuf_of(w->bytes, sizeof(w->bytes));
	w->fd = fd;
	w->close_fd = fd != STDOUT_FILENO;
	w->begin = lseek(w->fd, 0,
			 fcntl(w->fd, F_GETFL) & O_APPEND ? SEEK_END :
							    SEEK_CUR);
	w->has_name = pcapng_output_has_name(fd);
	stop_blocking(w);
	*out = w;
	return 0;
}

int pcapng_writer_pipe(const struct pcapng_writer *w)
{
	return w->old_flags < 0 ? -1 : w->fd;
}

int pcapng_writer_compress(struct pcapng_writer *w, enum compression c)
{
	if (c == COMPRESSION_NONE)
		return 0;
	return compressor_new(&w->compressor, c, PCAPNG_WRITER_BUFFER);
}

bool pcapng_writer_waits(const struct pcapng_writer *w)
{
	return w->compressor ? w->piece.len : w->buf.len;
}

uint64_t pcapng_writer_size(const struct pcapng_writer *w)
{
	return w->written + (w->compressor && w->buf.len ?
				     compressor_bound(w->buf.len) :
				     w->buf.len);
}

uint64_t pcapng_writer_position(const struct pcapng_writer *w)
{
	return w->taken;
}

/* Cuts off the part of a block that a failed write left behind. */
static void cut_back(struct pcapng_writer *w)
{
	struct stat st;

	if (!fstat(w->fd, &st) && S_ISREG(st.st_mode) &&
	    ftruncate(w->fd, w->begin + (off_t)w->written))
		return; /* the error that is reported came first */
}

/* Where the last whole block of a short write ends. */
static size_t whole_blocks(const uint8_t *p, size_t len)
{
	size_t at = 0, total;

	while (len - at >= 12) {
		total = (size_t)get_le(p + at + 4, 4);
		if (total > len - at)
			break;
		at += total;
	}
	return at;
}

static uint64_t packets_in(const uint8_t *p, size_t len)
{
	uint64_t packets = 0;

	for (size_t at = 0; at < len; at += get_le(p + at + 4, 4))
		packets += get_le(p + at, 4) == PCAPNG_BLOCK_EPB;
	return packets;
}

/* Where the last block ends that is out with so many of the buffer's bytes. */
static size_t whole_after(const struct pcapng_writer *w, size_t done)
{
	size_t begun = w->begun.left;

	return done < begun ?
		       0 :
		       begun + whole_blocks(w->bytes + begun, done - begun);
}

static void note_begun(struct pcapng_writer *w, size_t done)
{
	size_t whole = whole_after(w, done);
	const uint8_t *next = w->bytes + whole;

	if (done < w->begun.left) {
		w->begun.left -= done;
		return;
	}
	w->begun.left = 0;
	if (whole == done)
		return;
	w->begun.left = whole + get_le(next + 4, 4) - done;
	w->begun.is_packet = get_le(next, 4) == PCAPNG_BLOCK_EPB;
}

/* Nothing is written after an error: from there on all blocks are lost. */
static void lose_blocks(struct pcapng_writer *w, size_t from)
{
	if (from < w->begun.left) {
		w->unwritten += w->begun.is_packet;
		from = w->begun.left;
	}
	w->unwritten += packets_in(w->bytes + from, w->buf.len - from);
	w->begun.left = w->buf.len = w->piece.len = 0;
}

/* What a pipe did not take stays, and goes out first the next time. */
static void keep_rest(struct pcapng_writer *w, size_t done)
{
	w->buf.len -= done;
	memmove(w->bytes, w->bytes + done, w->buf.len);
}

void pcapng_writer_endure(struct pcapng_writer *w)
{
	struct stat st;

	w->endures = !fstat(w->fd, &st) && S_ISREG(st.st_mode);
}

int pcapng_writer_full(const struct pcapng_writer *w)
{
	return w->full;
}

static bool is_full(const struct pcapng_writer *w, int err)
{
	return w->endures &&
	       (err == ENOSPC || err == EDQUOT || err == EROFS || err == EFBIG);
}

/*
 * The file is whole whenever we are killed, and takes the rest later.  But for
 * btrfs, which cuts nothing within a sector either once a quota is reached:
 * there the begin of a block stays until that is written again.
 */
static void go_back(struct pcapng_writer *w, off_t end)
{
	w->has_tail = ftruncate(w->fd, end);
	if ((w->has_tail && !is_full(w, errno)) ||
	    lseek(w->fd, end, SEEK_SET) < 0)
		w->error = -errno;
}

static size_t stop_at_a_block(struct pcapng_writer *w, size_t done, int err)
{
	size_t whole = whole_blocks(w->bytes, done);

	w->full = -err;
	w->retry_ns = clock_ns(CLOCK_MONOTONIC) + RETRY_NS;
	if (whole < done)
		go_back(w, w->begin + (off_t)(w->written + whole));
	return whole;
}

static int flush_blocks(struct pcapng_writer *w)
{
	size_t done = 0;

	while (!w->error && !w->full && done < w->buf.len) {
		ssize_t n = write(w->fd, w->bytes + done, w->buf.len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			break;
		else if (is_full(w, errno))
			done = stop_at_a_block(w, done, errno);
		else if (errno != EINTR) /* a socket's reader is reset */
			w->error = errno == ECONNRESET ? -EPIPE : -errno;
	}
	if (!w->error) {
		w->written += done;
		note_begun(w, done);
		keep_rest(w, done);
		return 0;
	}
	done = whole_after(w, done);
	w->written += done;
	if (w->buf.len)
		cut_back(w);
	lose_blocks(w, done);
	return w->error;
}

/* ---- compressed ---- */

/* Of blocks that wait, which stay until it is written. */
static void make_piece(struct pcapng_writer *w, bool last)
{
	size_t len = w->buf.len;

	if (len > PIECE_MAX) {
		len = whole_blocks(w->bytes, PIECE_MAX);
		if (!len)
			len = (size_t)get_le(w->bytes + 4, 4);
	}
	w->piece.is_last = last && len == w->buf.len;
	w->piece.due_ns = clock_ns(CLOCK_MONOTONIC) + PIECE_NS;
	w->piece.blocks = len;
	w->piece.done = 0;
	w->piece.len = compressor_run(w->compressor, w->bytes, len,
				      w->piece.is_last, &w->piece.bytes);
	if (!w->piece.len)
		w->error = -ENOMEM;
}

static void end_piece(struct pcapng_writer *w)
{
	w->written += w->piece.len;
	w->piece.len = 0;
	keep_rest(w, w->piece.blocks);
}

/* It is begun again later, so that the file is whole meanwhile. */
static void stop_piece(struct pcapng_writer *w, int err)
{
	w->full = -err;
	w->retry_ns = clock_ns(CLOCK_MONOTONIC) + RETRY_NS;
	if (w->piece.done)
		go_back(w, w->begin + (off_t)w->written);
	w->piece.done = 0;
}

/* Few blocks become hardly smaller by themselves. */
static bool is_piece_due(const struct pcapng_writer *w, enum extent extent)
{
	if (extent == TO_THE_END)
		return !w->piece.is_last;
	if (extent == ALL)
		return w->buf.len;
	return w->buf.len >= PIECE_MAX ||
	       (w->buf.len && clock_ns(CLOCK_MONOTONIC) >= w->piece.due_ns);
}

static int flush_pieces(struct pcapng_writer *w, enum extent extent)
{
	while (!w->error && !w->full) {
		ssize_t n;

		if (!w->piece.len && !is_piece_due(w, extent))
			return 0;
		if (!w->piece.len)
			make_piece(w, extent == TO_THE_END);
		if (w->error)
			break;
		n = write(w->fd, w->piece.bytes + w->piece.done,
			  w->piece.len - w->piece.done);
		if (n >= 0)
			w->piece.done += (size_t)n;
		else if (errno == EAGAIN)
			return 0;
		else if (is_full(w, errno))
			stop_piece(w, errno);
		else if (errno != EINTR)
			w->error = errno == ECONNRESET ? -EPIPE : -errno;
		if (w->piece.done == w->piece.len)
			end_piece(w);
	}
	if (w->error) {
		if (w->piece.done)
			cut_back(w);
		lose_blocks(w, 0);
	}
	return w->error;
}

static int flush(struct pcapng_writer *w, enum extent extent)
{
	if (pcapng_writer_waits(w) || extent == TO_THE_END)
		pcapng_writer_look_for_cut(w);
	if (w->full && clock_ns(CLOCK_MONOTONIC) < w->retry_ns)
		return w->error;
	w->full = 0;
	return w->compressor ? flush_pieces(w, extent) : flush_blocks(w);
}

int pcapng_writer_flush(struct pcapng_writer *w)
{
	return flush(w, WHAT_IS_DUE);
}

int pcapng_writer_settle(struct pcapng_writer *w)
{
	if (w->compressor && w->buf.len < PIECE_MIN && w->written)
		return w->error;
	return flush(w, ALL);
}

/* A reader that takes nothing for so long will not take the end either. */
static int await_reader(struct pcapng_writer *w, uint64_t left_ns)
{
	struct watch p[] = { { .fd = w->fd, .events = POLLOUT },
			     { .fd = w->cancel_fd, .events = POLLIN } };
	uint64_t left_ms = left_ns / 1000000 + 1;
	bool stalls = left_ms > STALL_MS;
	int n = watch_wait(p, 2, stalls ? STALL_MS : (int)left_ms);

	if (p[1].ready || (!n && stalls))
		w->error = -ETIMEDOUT;
	return w->error;
}

/* All of it while there is patience left, then what the kernel takes. */
static int flush_patiently(struct pcapng_writer *w, enum extent extent)
{
	int err = flush(w, extent);
	uint64_t now;

	while (!err && (w->buf.len || w->piece.len) && !w->full &&
	       (now = clock_ns(CLOCK_MONOTONIC)) < w->patient_until) {
		err = await_reader(w, w->patient_until - now);
		if (!err)
			err = flush(w, extent);
	}
	return err;
}

int pcapng_writer_be_patient(struct pcapng_writer *w, uint64_t ns,
			     int cancel_fd)
{
	pcapng_writer_look_for_cut(w);
	w->cancel_fd = cancel_fd;
	w->patient_until = clock_ns(CLOCK_MONOTONIC) + ns;
	return flush_patiently(w, ALL);
}

uint64_t pcapng_writer_unwritten(struct pcapng_writer *w)
{
	w->retry_ns = 0;
	if (!flush_patiently(w, ALL) && w->buf.len) {
		w->error = w->full ? w->full : -ETIMEDOUT;
		lose_blocks(w, 0);
	}
	return w->unwritten;
}

int pcapng_writer_close(struct pcapng_writer *w)
{
	int err;

	if (!w)
		return 0;
	w->retry_ns = 0;
	err = flush_patiently(w, TO_THE_END);
	if (!err && (w->buf.len || w->piece.len))
		err = w->full ? w->full : -ETIMEDOUT;
	if (w->has_tail)
		cut_back(w);
	if (w->old_flags >= 0)
		fcntl(w->fd, F_SETFL, w->old_flags);
	if (w->close_fd && close(w->fd) && !err)
		err = -errno;
	compressor_free(w->compressor);
	free(w);
	return err;
}

/* ---- blocks ---- */

int pcapng_writer_block_added(struct pcapng_writer *w, size_t at)
{
	if (w->error || w->buf.failed) {
		w->buf.failed = false;
		w->buf.len = at;
		if (w->error)
			return w->error;
		/* Below that mark there is room for any block we write. */
		return at >= FLUSH_AT ? -EAGAIN : -EMSGSIZE;
	}
	w->taken += w->buf.len - at;
	/* It has been taken, whatever becomes of it: that is said later. */
	if (w->buf.len >= FLUSH_AT)
		flush_patiently(w, WHAT_IS_DUE);
	return 0;
}
