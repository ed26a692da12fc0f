/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "view/line.h"

#define LEAST_ROOM  65536
#define PATIENCE_MS 2000

struct stream {
	int fd;
	int error;
	uint64_t sequence;		/* of the last line */
	uint64_t lost;
	const char *const *interfaces;
	const struct resolved *names;
	struct utsname host;
	char line[LINE_MAX_SIZE];	/* the one that is made */
	size_t limit;
	char *bytes;
	size_t room;			/* of them */
	size_t begin;			/* of what waits */
	size_t end;
};

struct stream *stream_new(int fd, const char *const *interfaces, size_t limit,
			  bool here)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = fd;
	s->limit = limit;
	s->interfaces = interfaces;
	if (here)
		uname(&s->host);
	return s;
}

void stream_set_names(struct stream *s, const struct resolved *names)
{
	s->names = names;
}

void stream_free(struct stream *s)
{
	if (s)
		free(s->bytes);
	free(s);
}

/* Less than PIPE_BUF never blocks once poll() said that there is room. */
static int write_some(struct stream *s, int timeout_ms)
{
	struct pollfd fd = { .fd = s->fd, .events = POLLOUT };
	size_t len = s->end - s->begin;
	ssize_t n;

	if (poll(&fd, 1, timeout_ms) <= 0)
		return -EAGAIN;
	n = write(s->fd, s->bytes + s->begin, len < PIPE_BUF ? len : PIPE_BUF);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	s->begin += (size_t)n;
	return 0;
}

int stream_flush(struct stream *s, bool patient)
{
	int err = 0;

	while (!s->error && s->begin < s->end) {
		err = write_some(s, patient ? PATIENCE_MS : 0);
		if (err == -EAGAIN)
			return 0;
		s->error = err;
	}
	if (s->begin == s->end)
		s->begin = s->end = 0;
	return s->error;
}

static bool grow(struct stream *s, size_t need)
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
	return len <= s->room - s->end || grow(s, s->end + len);
}

void stream_put(struct stream *s, const char *text, size_t len)
{
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

uint64_t stream_lost(const struct stream *s)
{
	return s->lost;
}
