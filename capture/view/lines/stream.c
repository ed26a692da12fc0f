/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/stream.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bytes.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/watch.h"
#include "output/files/opener.h"
#include "view/lines/line.h"

#define LEAST_ROOM  65536
#define PATIENCE_MS 2000
#define PIECE_MAX   65536	  /* bytes compressed at once */
#define PIECE_NS    1000000000ull /* few bytes wait to be compressed */

/* Of lines that wait, which stay until it is written. */
struct piece {
	const uint8_t *bytes; /* the compressor's */
	size_t len;	      /* 0: there is none */
	size_t done;
	size_t lines; /* bytes of them that it holds */
};

struct stream {
	int fd;
	int error;
	bool is_file; /* it takes any length at once */
	bool is_journal;
	bool endures;
	int full;		       /* why there was no room once, or 0 */
	struct compressor *compressor; /* NULL: lines go out as they are */
	uint64_t piece_ns;	       /* when it had the last piece */
	struct piece piece;
	struct opener *opener; /* of the next file; NULL: one only */
	struct limits limits;  /* of one file */
	struct limits_file file;
	uint64_t file_bytes; /* of this one; also what waits, if */
			     /* it is not compressed */
	uint64_t sequence;   /* of the last line */
	uint64_t lost;
	const char *const *interfaces;
	const struct resolved *names;
	struct utsname host;
	char line[LINE_MAX_SIZE]; /* the one that is made */
	size_t limit;
	char *bytes;
	size_t room;  /* of them */
	size_t begin; /* of what waits */
	size_t end;
};

struct stream *stream_new(int fd, const char *const *interfaces, size_t limit,
			  bool here)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct stat st;

	if (!s)
		return NULL;
	s->fd = fd;
	s->is_file = !fstat(fd, &st) && S_ISREG(st.st_mode);
	s->limit = limit;
	s->interfaces = interfaces;
	if (here)
		uname(&s->host);
	return s;
}

static struct moment now(void)
{
	return (struct moment){ .mono_ns = clock_ns(CLOCK_MONOTONIC),
				.unix_ns = clock_ns(CLOCK_REALTIME) };
}

void stream_set_files(struct stream *s, struct opener *o,
		      const struct limits *limits)
{
	struct moment begin = now();

	s->opener = o;
	s->limits = *limits;
	limits_begin(&s->limits, &s->file, &begin);
}

void stream_endure(struct stream *s)
{
	s->endures = s->is_file;
}

void stream_set_journal(struct stream *s)
{
	s->is_journal = true;
}

void stream_set_names(struct stream *s, const struct resolved *names)
{
	s->names = names;
}

int stream_compress(struct stream *s, enum compression c)
{
	if (c == COMPRESSION_NONE)
		return 0;
	return compressor_new(&s->compressor, c, PIECE_MAX);
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	compressor_free(s->compressor);
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	free(s->bytes);
	free(s);
}

static bool is_full(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -EROFS;
}

/* Where a quota is reached btrfs does not even cut: it is written over then. */
static int take_back(const struct stream *s, size_t half)
{
	off_t end = half ? lseek(s->fd, -(off_t)half, SEEK_CUR) : 0;

	if (end < 0 || (half && ftruncate(s->fd, end) && !is_full(-errno)))
		return -errno;
	return -EAGAIN;
}

/* The file ends before what is half there until there is room for more. */
static int wait_for_room(struct stream *s, int err, size_t half)
{
	if (!s->endures || !is_full(err))
		return err;
	if (!s->full)
		log_warn("no room for lines: %s; some wait until there is, the "
			 "others are lost and counted",
			 strerror(-err));
	s->full = err;
	return take_back(s, half);
}

static size_t half_line(const struct stream *s)
{
	size_t half = 0;

	while (half < s->begin && s->bytes[s->begin - half - 1] != '\n')
		half++;
	return half;
}

/*
 * Each line is an entry of its own.  What the journal refuses, or nobody reads
 * any more, is lost; for what it has no room for it is asked again.  Bytes, or
 * -1 with errno.
 */
static ssize_t tell_journal(struct stream *s, const char *text, size_t len)
{
	static const char before[] =
		"SYSLOG_IDENTIFIER=pktwho\nPRIORITY=6\nMESSAGE=";
	const char *end = memchr(text, '\n', len);
	size_t line = end ? (size_t)(end - text) + 1 : len;
	struct iovec parts[] = {
		{ bytes_unconst(before), sizeof(before) - 1 },
		{ bytes_unconst(text), line },
	};
	struct msghdr entry = { .msg_iov = parts, .msg_iovlen = 2 };

	if (sendmsg(s->fd, &entry, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return -1;
		s->lost++;
	}
	return (ssize_t)line;
}

/* Less than PIPE_BUF never blocks where there is room for it. */
static ssize_t write_lines(struct stream *s)
{
	const char *bytes = s->bytes + s->begin;
	size_t len = s->end - s->begin;

	if (s->is_journal)
		return tell_journal(s, bytes, len);
	return write(s->fd, bytes,
		     len < PIPE_BUF || s->is_file ? len : PIPE_BUF);
}

static int write_some(struct stream *s, int timeout_ms)
{
	struct watch fd = { .fd = s->fd, .events = POLLOUT };
	size_t half;
	ssize_t n;
	int err;

	if (watch_wait(&fd, 1, timeout_ms) <= 0)
		return -EAGAIN;
	n = write_lines(s);
	if (n >= 0) {
		s->begin += (size_t)n;
		return 0;
	}
	if (errno == EINTR)
		return -EAGAIN;
	err = -errno;
	half = half_line(s);
	err = wait_for_room(s, err, half);
	if (err == -EAGAIN)
		s->begin -= half;
	return err;
}

static int write_piece(struct stream *s)
{
	struct piece *p = &s->piece;

	while (p->done < p->len) {
		ssize_t n = write(s->fd, p->bytes + p->done, p->len - p->done);

		if (n < 0 && errno != EINTR) {
			int err = wait_for_room(s, -errno, p->done);

			p->done = 0;
			return err;
		}
		p->done += n < 0 ? 0 : (size_t)n;
	}
	s->begin += p->lines;
	s->file_bytes += p->len;
	*p = (struct piece){ 0 };
	return 0;
}

static int pack_piece(struct stream *s, size_t len, bool last)
{
	const char *bytes = len ? s->bytes + s->begin : "";

	s->piece.lines = len;
	s->piece.len = compressor_run(s->compressor, (const uint8_t *)bytes,
				      len, last, &s->piece.bytes);
	return s->piece.len ? write_piece(s) : -ENOMEM;
}

/* What ends a file ends what is compressed in it. */
static int flush_compressed(struct stream *s, bool last)
{
	uint64_t at = clock_ns(CLOCK_MONOTONIC);
	bool is_time = at - s->piece_ns >= PIECE_NS;
	int err = s->piece.len ? write_piece(s) : 0;
	size_t waits = s->end - s->begin;

	if (err || (!last && waits < PIECE_MAX && !(waits && is_time)))
		return err;
	s->piece_ns = at;
	for (; !err && waits > PIECE_MAX; waits -= PIECE_MAX)
		err = pack_piece(s, PIECE_MAX, false);
	return err ? err : pack_piece(s, waits, last);
}

static int flush_to_reader(struct stream *s, bool patient)
{
	int err = 0;

	while (!err && s->begin < s->end)
		err = write_some(s, patient ? PATIENCE_MS : 0);
	return err;
}

int stream_flush(struct stream *s, bool patient)
{
	if (!s->error)
		s->error = s->compressor ? flush_compressed(s, patient) :
					   flush_to_reader(s, patient);
	if (s->error == -EAGAIN)
		s->error = 0;
	if (s->begin == s->end)
		s->begin = s->end = 0;
	return s->error;
}

static bool grow_buffer(struct stream *s, size_t need)
{
	size_t room = s->room ? s->room : LEAST_ROOM;
	char *bytes;

	while (room < need)
		room *= 2;
	bytes = room > s->limit ? NULL : realloc(s->bytes, room);
	if (!bytes)
		return false;
	s->bytes = bytes;
	s->room = room;
	return true;
}

static bool make_room(struct stream *s, size_t len)
{
	if (len <= s->room - s->end)
		return true;
	stream_flush(s, false);
	if (s->begin)
		memmove(s->bytes, s->bytes + s->begin, s->end - s->begin);
	s->end -= s->begin;
	s->begin = 0;
	return len <= s->room - s->end || grow_buffer(s, s->end + len);
}

/* What the file before had no room for is the first of the next one. */
static void begin_compressing(struct stream *s)
{
	s->piece = (struct piece){ 0 };
	if (s->compressor)
		compressor_restart(s->compressor);
}

/* Where there can be no other file, this one goes on. */
static void begin_next_file(struct stream *s, const struct moment *at)
{
	const char *name;
	int fd;

	stream_flush(s, true);
	fd = opener_next(s->opener, &name);
	if (fd < 0) {
		log_warn("no next file for lines: %s", opener_why(fd));
	} else {
		close(s->fd);
		s->fd = fd;
		begin_compressing(s);
	}
	s->file_bytes = 0;
	limits_begin(&s->limits, &s->file, at);
}

/* What the file would have with so much more, at most. */
static uint64_t bytes_with(const struct stream *s, size_t len)
{
	if (!s->compressor)
		return s->file_bytes + len;
	return s->file_bytes + compressor_bound(s->end - s->begin + len);
}

static void choose_file(struct stream *s, size_t len)
{
	struct moment at = now();
	bool is_full = s->limits.bytes && bytes_with(s, len) > s->limits.bytes;
	bool has_lines = s->file_bytes || s->begin < s->end;

	if (has_lines &&
	    (is_full || limits_time_is_up(&s->limits, &s->file, &at)))
		begin_next_file(s, &at);
	if (!s->compressor)
		s->file_bytes += len;
}

void stream_put(struct stream *s, const char *text, size_t len)
{
	if (s->opener)
		choose_file(s, len);
	if (len && make_room(s, len)) {
		memcpy(s->bytes + s->end, text, len);
		s->end += len;
	} else {
		s->lost++;
	}
}

void stream_add(struct stream *s, const char *action, const struct flow *f,
		uint64_t ts_ns)
{
	struct line l = {
		.action = action,
		.ts_ns = ts_ns,
		.sequence = ++s->sequence,
		.lost = s->lost,
		.host = s->host.nodename,
		.interfaces = s->interfaces,
		.names = s->names,
	};

	stream_put(s, s->line, line_format(&l, f, s->line, sizeof(s->line)));
}

int stream_end(struct stream *s)
{
	for (size_t at = s->begin; at < s->end; at++)
		s->lost += s->bytes[at] == '\n';
	return s->full;
}

uint64_t stream_lost(const struct stream *s)
{
	return s->lost;
}
