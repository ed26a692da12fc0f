/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/child.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/signals.h"
#include "host/files/unpacker.h"
#include "host/watch.h"
#include "options.h"
#include "output/country_cache.h"
#include "view/reader.h"
#include "view/view.h"

#define IDLE_MS 100

enum { FD_FILE, FD_SIGNAL, FD_VIEW, FD_WORDS, FDS };

struct replay {
	const struct options *options;
	struct reader *reader;
	struct view *view;
	int file; /* FD_FILE, also after its end */
	struct watch fds[FDS];
	bool live;	   /* a pipe: time goes on without packets */
	bool has_said_why; /* whoever captures elsewhere, if nothing came */
	uint64_t read_ns;  /* when something came, CLOCK_MONOTONIC */
	struct unpacker *unpacker;
	bool has_more; /* of what was read, to be unpacked */
};

static void show_packet(void *ctx, const struct owned_packet *p)
{
	struct replay *r = ctx;

	view_packet(r->view, p);
}

/* The time of the file, or of the host whose packets come. */
static uint64_t now_ns(const struct replay *r)
{
	uint64_t now = reader_time(r->reader);

	if (r->live && now && r->fds[FD_FILE].fd >= 0)
		now += clock_ns(CLOCK_MONOTONIC) - r->read_ns;
	return now;
}

static int complain_of_capture(const struct replay *r, int err)
{
	if (err == -ENODATA && r->has_said_why)
		return err;
	log_error("cannot read %s: %s", r->options->read,
		  err == -EBADMSG	  ? "it is no PCAPNG, or damaged" :
		  err == -EPROTONOSUPPORT ? "it is big-endian" :
		  err == -ENODATA	  ? "nothing is in it" :
					    strerror(-err));
	return err;
}

/* 1: there is more, 0: it is the end, or -errno (logged). */
static int read_some(struct replay *r)
{
	const uint8_t *bytes;
	ssize_t n = r->has_more ? 1 : unpacker_read(r->unpacker, r->file);
	ssize_t len = n < 0 ? n : unpacker_take(r->unpacker, &bytes);
	int err = (int)len;

	r->has_more = len > 0;
	r->read_ns = clock_ns(CLOCK_MONOTONIC);
	if (len > 0)
		err = reader_take(r->reader, bytes, (size_t)len, show_packet,
				  r);
	if (!n && !err)
		err = reader_end(r->reader);
	return err < 0 ? complain_of_capture(r, err) : n > 0;
}

static void pass_words_on(struct replay *r)
{
	if (r->fds[FD_WORDS].ready && child_pass_on(r->fds[FD_WORDS].fd) <= 0)
		r->fds[FD_WORDS].fd = -1;
}

static int run_replay(struct replay *r)
{
	struct view_losses losses = { 0 };
	int more = 1, err = 0;

	while (!err && more >= 0) {
		/* Nothing but a key can come after the end. */
		if (!more && !view_waits(r->view))
			break;
		watch_wait(r->fds, FDS, r->has_more ? 0 : IDLE_MS);
		if (r->fds[FD_SIGNAL].ready ||
		    r->fds[FD_VIEW].ready & (POLLERR | POLLHUP))
			break;
		if (more > 0 && (r->has_more || r->fds[FD_FILE].ready))
			more = read_some(r);
		pass_words_on(r);
		if (!more && r->live)
			view_set_last(r->view);
		if (more <= 0)
			r->fds[FD_FILE].fd = -1;
		losses.dropped = reader_dropped(r->reader);
		err = view_update(r->view, &losses, now_ns(r));
	}
	return more < 0 ? more : err == -EPIPE ? 0 : err;
}

static int open_capture(struct replay *r)
{
	const char *path = r->options->read;
	struct stat st;
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) :
				     fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	r->file = fd;
	if (fd < 0 || fstat(fd, &st))
		return complain_of_capture(r, -errno);
	r->fds[FD_FILE] = (struct watch){ .fd = fd, .events = POLLIN };
	r->live = !S_ISREG(st.st_mode);
	return 0;
}

/*
 * Until something comes whoever writes the pipe has the terminal, and may ask
 * for a password there or say why nothing does.  0, -ECANCELED or -errno
 * (logged).
 */
static int wait_for_capture(struct replay *r)
{
	ssize_t n;

	while (!r->fds[FD_FILE].ready && !r->fds[FD_SIGNAL].ready) {
		watch_wait(r->fds, FDS, -1);
		pass_words_on(r);
	}
	if (r->fds[FD_SIGNAL].ready)
		return -ECANCELED;
	n = unpacker_read(r->unpacker, r->file);
	if (n <= 0)
		return complain_of_capture(r, n ? (int)n : -ENODATA);
	r->has_more = true;
	return 0;
}

static int open_replay_view(struct replay *r)
{
	const struct view_interfaces interfaces = {
		.names = reader_interfaces(r->reader),
	};
	struct geo *geo;
	int err = country_cache_databases(r->options->geo,
					  r->options->geo_count, &geo);

	if (err)
		return err;
	err = view_open(&r->view, r->options, geo, &interfaces);
	if (err)
		return err;
	r->fds[FD_VIEW].fd = view_fd(r->view, &r->fds[FD_VIEW].events);
	return 0;
}

static int open_replay(struct replay *r)
{
	int err = open_capture(r);

	if (err)
		return err;
	r->fds[FD_SIGNAL].fd = signals_open(false);
	r->fds[FD_SIGNAL].events = POLLIN;
	if (r->live && options_draw(r->options))
		err = wait_for_capture(r);
	return err ? err : open_replay_view(r);
}

int replay(const struct options *o, int words)
{
	static struct replay r;
	int err, closed;

	r.options = o;
	r.fds[FD_VIEW].fd = -1;
	r.fds[FD_WORDS] = (struct watch){ .fd = words, .events = POLLIN };
	r.has_said_why = words >= 0;
	r.reader = reader_new();
	r.unpacker = unpacker_new();
	err = r.reader && r.unpacker ? open_replay(&r) : -ENOMEM;
	if (err)
		goto out;
	/* What it reads is as hostile as what is captured. */
	privilege_give_up();
	err = sandbox_enter_capture(o->sandbox);
	err = err ? err : run_replay(&r);
	closed = view_close(r.view);
	err = err ? err : closed;
out:
	/* Whoever writes the pipe learns that nobody reads it any more. */
	if (r.file >= 0)
		close(r.file);
	unpacker_free(r.unpacker);
	reader_free(r.reader);
	return err == -ECANCELED ? 0 : err;
}
