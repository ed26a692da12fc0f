/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/pcapng_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sudo_user.h"
#include "host/clocks.h"
#include "host/compressor.h"
#include "host/place.h"
#include "host/watch.h"
#include "output/pcapng_option.h"

#define BUFFER_SIZE	(512u << 10)	/* above any block we write */
#define FLUSH_AT	(192u << 10)
#define STALL_MS	1000
#define RETRY_NS	250000000ull	/* a full disk */
#define PIECE_NS	1000000000ull	/* few bytes wait to be compressed */
#define PIECE_MIN	4096		/* less is not worth it, if it can wait */
#define PIECE_MAX	65536u		/* as much may not fit on a full disk */
#define PIPE_SIZE	(1 << 20)	/* what anybody may have: pipe(7) */

/* How much of what waits is to go out. */
enum extent { WHAT_IS_DUE, ALL, TO_THE_END };

struct pcapng_writer {
	int fd;
	int old_flags;		/* of the descriptor, to be put back; -1: none */
	bool close_fd;
	int error;
	bool endures;
	int full;		/* why the disk took no more; 0: it did */
	uint64_t retry_ns;	/* CLOCK_MONOTONIC */
	bool has_tail;		/* after the end: what could not be cut off */
	int cancel_fd;
	uint64_t patient_until;	/* CLOCK_MONOTONIC; 0: not at all */
	off_t begin;		/* where we began: stdout may hold something */
	uint64_t written;	/* bytes in the file: whole blocks, or pieces */
	struct compressor *compressor;	/* NULL: blocks go out as they are */
	struct {
		const uint8_t *bytes;	/* the compressor's */
		size_t len;		/* 0: there is none */
		size_t done;
		size_t blocks;		/* what it holds, at the buffer's begin */
		bool is_last;
		uint64_t due_ns;	/* the next one, CLOCK_MONOTONIC */
	} piece;
	struct wbuf buf;
	uint8_t bytes[BUFFER_SIZE];
};

/*
 * Until somebody opens it to read, signals end us as they end anybody: there
 * is nothing yet to be closed.
 */
static int open_fifo(int dir, const char *name, int flags)
{
	sigset_t none, old;
	int fd, err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &old);
	fd = openat(dir, name, flags);
	err = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return fd;
}

/*
 * What is opened may not be what was looked at: only now is it emptied, and a
 * FIFO has not kept us waiting.
 */
static int empty(int fd, bool shared)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	if (!S_ISREG(st.st_mode))
		return 0;
	/* A file of ours may have been given a second name there. */
	if (shared && st.st_nlink > 1)
		return -EMLINK;
	/* It may be another's who lets us write; captures are secrets. */
	if (st.st_mode & 077 && fchmod(fd, 0600) && errno != EPERM)
		return -errno;
	return ftruncate(fd, 0) ? -errno : 0;
}

/*
 * A FIFO is opened, never created: with fs.protected_fifos a root process
 * that passes O_CREAT may not open a user's (Linux 4.19).
 */
static int open_existing(int dir, const char *name, mode_t mode)
{
	bool shared = place_is_shared(dir);
	int flags = O_WRONLY | O_CLOEXEC, fd, err;

	if (shared)
		flags |= O_NOFOLLOW;
	/* With O_CREAT fs.protected_regular looks at whose it is. */
	if (S_ISREG(mode))
		flags |= O_CREAT;
	fd = S_ISFIFO(mode) ? open_fifo(dir, name, flags) :
			      openat(dir, name, flags | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	err = empty(fd, shared);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int open_at(const char *path)
{
	const char *name;
	int dir = place_open(path, &name), fd;
	struct stat st;

	if (dir < 0)
		return dir;
	if (!fstatat(dir, name, &st, 0)) {
		fd = open_existing(dir, name, st.st_mode);
	} else {
		fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL,
			    0600);
		fd = fd < 0 ? -errno : fd;
	}
	close(dir);
	return fd;
}

int pcapng_output_open(const char *path)
{
	struct sudo_user_rights root;
	int fd;

	if (!strcmp(path, "-"))
		return STDOUT_FILENO;
	fd = sudo_user_enter(&root);
	if (fd)
		return fd;
	fd = open_at(path);
	sudo_user_leave(&root);
	return fd;
}

static bool is_pipe(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode);
}

bool pcapng_output_is_pipe(const char *path)
{
	struct stat st;
	int err = strcmp(path, "-") ? stat(path, &st) :
				      fstat(STDOUT_FILENO, &st);

	return !err && is_pipe(&st);
}

bool pcapng_output_is_taken(const char *path)
{
	struct sudo_user_rights root;
	struct stat st;
	bool is;

	/* What the caller of sudo may not see is not to be told either. */
	if (sudo_user_enter(&root))
		return true;
	is = strcmp(path, "-") && !stat(path, &st) && S_ISREG(st.st_mode) &&
	     st.st_size;
	sudo_user_leave(&root);
	return is;
}

/*
 * A pipe's reader may be slow or asleep.  Packets must not wait for it in the
 * kernel, where signals and other packets would wait too.
 */
static void stop_blocking(struct pcapng_writer *w)
{
	struct stat st;

	w->old_flags = -1;
	if (fstat(w->fd, &st) || !is_pipe(&st))
		return;
	w->old_flags = fcntl(w->fd, F_GETFL);
	fcntl(w->fd, F_SETFL, w->old_flags | O_NONBLOCK);
	/* Else a reader gets no more than 64 KiB from one flush to the next. */
	fcntl(w->fd, F_SETPIPE_SZ, PIPE_SIZE);
}

int pcapng_writer_open(struct pcapng_writer **out, const char *path)
{
	int fd = pcapng_output_open(path);

	return fd < 0 ? fd : pcapng_writer_take(out, fd);
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
	w->begin = lseek(w->fd, 0, fcntl(w->fd, F_GETFL) & O_APPEND ? SEEK_END :
								      SEEK_CUR);
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
	return compressor_new(&w->compressor, c, BUFFER_SIZE);
}

bool pcapng_writer_waits(const struct pcapng_writer *w)
{
	return w->compressor ? w->piece.len : w->buf.len;
}

uint64_t pcapng_writer_size(const struct pcapng_writer *w)
{
	return w->written + (w->compressor && w->buf.len ?
				     compressor_bound(w->buf.len) : w->buf.len);
}

/* Cuts off the part of a block that a failed write left behind. */
static void cut_back(struct pcapng_writer *w)
{
	struct stat st;

	if (!fstat(w->fd, &st) && S_ISREG(st.st_mode) &&
	    ftruncate(w->fd, w->begin + (off_t)w->written))
		return;		/* the error that is reported came first */
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
	return w->endures && (err == ENOSPC || err == EDQUOT || err == EROFS);
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
		else if (errno != EINTR)	/* a socket's reader is reset */
			w->error = errno == ECONNRESET ? -EPIPE : -errno;
	}
	if (!w->error) {
		w->written += done;
		keep_rest(w, done);
		return 0;
	}
	w->written += whole_blocks(w->bytes, done);
	if (w->buf.len)
		cut_back(w);
	w->buf.len = 0;
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
		w->piece.len = w->buf.len = 0;
	}
	return w->error;
}

static int flush(struct pcapng_writer *w, enum extent extent)
{
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
	w->cancel_fd = cancel_fd;
	w->patient_until = clock_ns(CLOCK_MONOTONIC) + ns;
	return flush_patiently(w, ALL);
}

uint64_t pcapng_writer_unwritten(struct pcapng_writer *w)
{
	uint64_t packets = 0;
	size_t len = 0;

	w->retry_ns = 0;
	if (!flush_patiently(w, ALL) && w->full)
		len = w->buf.len;
	for (size_t at = 0; at < len; at += get_le(w->bytes + at + 4, 4))
		packets += get_le(w->bytes + at, 4) == PCAPNG_BLOCK_EPB;
	return packets;
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

static size_t block_begin(struct pcapng_writer *w, uint32_t type)
{
	size_t at = w->buf.len;

	wbuf_u32(&w->buf, type);
	wbuf_u32(&w->buf, 0);
	return at;
}

/* What is in the buffer from @at on is a block, if there was room for it. */
static int block_added(struct pcapng_writer *w, size_t at)
{
	if (w->error)
		return w->error;
	if (w->buf.failed) {
		w->buf.failed = false;
		w->buf.len = at;
		/* Below that mark there is room for any block we write. */
		return at >= FLUSH_AT ? -EAGAIN : -EMSGSIZE;
	}
	return w->buf.len < FLUSH_AT ? 0 : flush_patiently(w, WHAT_IS_DUE);
}

static int block_end(struct pcapng_writer *w, size_t at)
{
	uint32_t total = (uint32_t)(w->buf.len - at + 4);

	wbuf_u32(&w->buf, total);
	if (!w->buf.failed)
		put_le(w->bytes + at + 4, total, 4);
	return block_added(w, at);
}

static void put_string(struct wbuf *w, uint16_t code, const char *s)
{
	if (s && *s)
		put_option(w, code, s, strlen(s));
}

static void put_end_of_options(struct wbuf *w)
{
	wbuf_u32(w, PCAPNG_OPT_END);		/* and its length: none */
}

int pcapng_writer_section(struct pcapng_writer *w, const char *hardware,
			  const char *os, const char *userappl,
			  const char *comment)
{
	size_t at = block_begin(w, PCAPNG_BLOCK_SHB);

	wbuf_u32(&w->buf, PCAPNG_BYTE_ORDER_MAGIC);
	wbuf_u16(&w->buf, PCAPNG_VERSION_MAJOR);
	wbuf_u16(&w->buf, PCAPNG_VERSION_MINOR);
	wbuf_u64(&w->buf, UINT64_MAX);		/* section length: not known */
	put_string(&w->buf, PCAPNG_OPT_COMMENT, comment);
	put_string(&w->buf, PCAPNG_SHB_HARDWARE, hardware);
	put_string(&w->buf, PCAPNG_SHB_OS, os);
	put_string(&w->buf, PCAPNG_SHB_USERAPPL, userappl);
	put_end_of_options(&w->buf);
	return block_end(w, at);
}

static void put_filter(struct wbuf *w, const char *filter)
{
	uint8_t value[4096] = { PCAPNG_FILTER_STRING };
	size_t len = filter ? strnlen(filter, sizeof(value) - 1) : 0;

	if (!len)
		return;
	memcpy(value + 1, filter, len);
	put_option(w, PCAPNG_IF_FILTER, value, 1 + len);
}

static void put_known(struct wbuf *w, uint16_t code, const uint8_t *bytes,
		      size_t len)
{
	static const uint8_t none[17];

	if (memcmp(bytes, none, len))
		put_option(w, code, bytes, len);
}

int pcapng_writer_interface(struct pcapng_writer *w,
			    const struct pcapng_interface *i)
{
	static const uint8_t tsresol = PCAPNG_TSRESOL_NS;
	size_t at = block_begin(w, PCAPNG_BLOCK_IDB);

	wbuf_u16(&w->buf, i->linktype);
	wbuf_u16(&w->buf, 0);
	wbuf_u32(&w->buf, i->snaplen);
	put_string(&w->buf, PCAPNG_IF_NAME, i->name);
	put_known(&w->buf, PCAPNG_IF_IPV4ADDR, i->ipv4, sizeof(i->ipv4));
	put_known(&w->buf, PCAPNG_IF_IPV6ADDR, i->ipv6, sizeof(i->ipv6));
	put_known(&w->buf, PCAPNG_IF_MACADDR, i->mac, sizeof(i->mac));
	put_option(&w->buf, PCAPNG_IF_TSRESOL, &tsresol, 1);
	put_filter(&w->buf, i->filter);
	put_string(&w->buf, PCAPNG_IF_OS, i->os);
	put_string(&w->buf, PCAPNG_IF_HARDWARE, i->hardware);
	put_end_of_options(&w->buf);
	return block_end(w, at);
}

/* What of it can be kept: a BIG TCP packet of Linux 6.3 can be too large. */
static uint32_t kept_of(const struct pcapng_packet *p)
{
	size_t room = PCAPNG_MAX_BLOCK - 36;	/* all around it, section 4.3 */

	for (int i = 0; i < p->option_count; i++)
		room -= p->options[i].iov_len;
	return p->caplen < room ? p->caplen : (uint32_t)room;
}

int pcapng_writer_packet(struct pcapng_writer *w, const struct pcapng_packet *p)
{
	size_t at = block_begin(w, PCAPNG_BLOCK_EPB);
	uint32_t caplen = kept_of(p);
	uint8_t *h = wbuf_claim(&w->buf, 20);

	if (h) {
		put_le(h, p->interface, 4);
		put_le(h + 4, p->ts_ns >> 32, 4);
		put_le(h + 8, p->ts_ns, 4);
		put_le(h + 12, caplen, 4);
		put_le(h + 16, p->len, 4);
	}
	wbuf_put(&w->buf, p->data, caplen);
	wbuf_pad4(&w->buf);
	for (int i = 0; i < p->option_count; i++)
		wbuf_put(&w->buf, p->options[i].iov_base,
			 p->options[i].iov_len);
	put_end_of_options(&w->buf);
	return block_end(w, at);
}

int pcapng_writer_block(struct pcapng_writer *w, const void *block, size_t len)
{
	size_t at = w->buf.len;

	wbuf_put(&w->buf, block, len);
	return block_added(w, at);
}

int pcapng_writer_custom_of(struct pcapng_writer *w, uint32_t pen,
			    const void *payload, size_t len)
{
	size_t at = block_begin(w, PCAPNG_BLOCK_CB);

	wbuf_u32(&w->buf, pen);
	wbuf_put(&w->buf, payload, len);
	wbuf_pad4(&w->buf);
	return block_end(w, at);
}

int pcapng_writer_custom(struct pcapng_writer *w, const void *payload,
			 size_t len)
{
	return pcapng_writer_custom_of(w, PKTWHO_PEN, payload, len);
}

int pcapng_writer_keys(struct pcapng_writer *w, const char *lines, size_t len)
{
	size_t at = block_begin(w, PCAPNG_BLOCK_DSB);

	wbuf_u32(&w->buf, PCAPNG_DSB_TLS_KEYS);
	wbuf_u32(&w->buf, (uint32_t)len);
	wbuf_put(&w->buf, lines, len);
	wbuf_pad4(&w->buf);
	return block_end(w, at);
}

int pcapng_writer_name(struct pcapng_writer *w, const uint8_t addr[16],
		       const char *name)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = !memcmp(addr, mapped, sizeof(mapped));
	size_t at = block_begin(w, PCAPNG_BLOCK_NRB);
	size_t len = v4 ? 4 : 16, name_len = strlen(name) + 1;

	wbuf_u16(&w->buf, v4 ? PCAPNG_NRB_IPV4 : PCAPNG_NRB_IPV6);
	wbuf_u16(&w->buf, (uint16_t)(len + name_len));
	wbuf_put(&w->buf, addr + 16 - len, len);
	wbuf_put(&w->buf, name, name_len);
	wbuf_pad4(&w->buf);
	wbuf_u32(&w->buf, 0);			/* the last record */
	return block_end(w, at);
}

/* Its timestamps are two 32-bit halves, the high one first (section 4.6). */
static void put_time(struct wbuf *w, uint16_t code, uint64_t ts_ns)
{
	uint8_t value[8];

	put_le(value, ts_ns >> 32, 4);
	put_le(value + 4, ts_ns, 4);
	put_option(w, code, value, sizeof(value));
}

static void put_counter(struct wbuf *w, uint16_t code, uint64_t v)
{
	uint8_t value[8];

	put_le(value, v, 8);
	put_option(w, code, value, sizeof(value));
}

int pcapng_writer_statistics(struct pcapng_writer *w,
			     const struct pcapng_statistics *s)
{
	size_t at = block_begin(w, PCAPNG_BLOCK_ISB);

	wbuf_u32(&w->buf, s->interface);
	wbuf_u32(&w->buf, (uint32_t)(s->end_ns >> 32));
	wbuf_u32(&w->buf, (uint32_t)s->end_ns);
	put_string(&w->buf, PCAPNG_OPT_COMMENT, s->comment);
	put_time(&w->buf, PCAPNG_ISB_STARTTIME, s->start_ns);
	put_time(&w->buf, PCAPNG_ISB_ENDTIME, s->end_ns);
	if (!s->delivered_only) {
		put_counter(&w->buf, PCAPNG_ISB_IFRECV, s->received);
		put_counter(&w->buf, PCAPNG_ISB_IFDROP, s->if_dropped);
		put_counter(&w->buf, PCAPNG_ISB_OSDROP, s->os_dropped);
	}
	put_counter(&w->buf, PCAPNG_ISB_USRDELIV, s->delivered);
	put_end_of_options(&w->buf);
	return block_end(w, at);
}
