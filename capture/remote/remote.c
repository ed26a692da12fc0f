/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/signals.h"
#include "host/watch.h"
#include "output/files/opener.h"
#include "output/pcapng/pcapng_writer.h"
#include "remote/blocks.h"
#include "remote/command.h"
#include "remote/ssh.h"

#define PIECE	    4096	 /* of our program: a pipe takes it whole */
#define PATIENCE_MS 3000	 /* for the other side to end, once asked to */
#define AGAIN_NS    200000000ull /* timeout(1) sends its signal twice */
#define GIVE_UP_NS  15000000000ull /* with what a slow reader has not had */

enum {
	FD_SIGNAL,
	FD_EOF,
	FD_END,
	FD_STDERR,
	FD_STDOUT,
	FD_OUTPUT,
	FD_STDIN,
	FDS
};

struct remote {
	const struct options *options;
	struct pcapng_writer *writer; /* NULL: nothing has come yet */
	struct opener *opener;
	const char *path; /* what is written, or will be */
	struct ssh ssh;
	int exe_fd; /* what is copied there, or -1 */
	off_t exe_at;
	uint64_t stopped_ns; /* CLOCK_MONOTONIC; 0: not asked to */
	bool told_to_end;    /* by a signal, as it did not */
	int error;
	struct blocks blocks; /* what came */
	char line[1024];      /* of ssh's stderr */
	size_t len;
	struct watch fds[FDS];
};

static void close_watch(struct watch *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void watch_fd(struct remote *r, int which, int fd, short events)
{
	r->fds[which] = (struct watch){ .fd = fd, .events = events };
}

static int start_ssh(struct remote *r, const char *command)
{
	int err = ssh_start(&r->ssh, r->options, command);

	watch_fd(r, FD_STDIN, r->ssh.in, r->exe_fd >= 0 ? POLLOUT : 0);
	watch_fd(r, FD_STDOUT, r->ssh.out, POLLIN);
	watch_fd(r, FD_STDERR, r->ssh.err, POLLIN);
	watch_fd(r, FD_END, r->ssh.child.pid_fd, POLLIN);
	return err;
}

static void relay_line(const struct remote *r, const char *line)
{
	if (*line)
		log_error("%s: %s", r->options->remote.host, line);
}

/* Whatever ssh, the shell or pktwho there, at our log level, have to say. */
static void relay(struct remote *r)
{
	ssize_t n = read(r->fds[FD_STDERR].fd, r->line + r->len,
			 sizeof(r->line) - 1 - r->len);
	char *rest = r->line;

	if (n > 0)
		r->len += (size_t)n;
	else
		close_watch(&r->fds[FD_STDERR]);
	r->line[r->len] = '\0';
	while (strpbrk(rest, "\r\n"))
		relay_line(r, strsep(&rest, "\r\n"));
	r->len = strlen(rest);
	memmove(r->line, rest, r->len + 1);
	/* The end, or too long a line: as it is. */
	if (n <= 0 || r->len == sizeof(r->line) - 1) {
		relay_line(r, r->line);
		r->len = 0;
	}
}

static void copy_program(struct remote *r)
{
	uint8_t piece[PIECE];
	ssize_t n = pread(r->exe_fd, piece, sizeof(piece), r->exe_at);

	if (n > 0)
		n = write(r->fds[FD_STDIN].fd, piece, (size_t)n);
	if (n > 0)
		r->exe_at += n;
	else if (!n || errno != EAGAIN)
		r->fds[FD_STDIN].events = 0;
}

/* The other side ends when its standard input does. */
static void stop(struct remote *r)
{
	if (!r->stopped_ns)
		r->stopped_ns = clock_ns(CLOCK_MONOTONIC);
	close_watch(&r->fds[FD_STDIN]);
}

/* Nobody is there to write to, or nothing to write. */
static void fail_remote(struct remote *r, int err)
{
	if (r->error)
		return;
	r->error = err;
	r->blocks.len = 0;
	r->fds[FD_STDOUT].fd = -1;
	r->fds[FD_OUTPUT].fd = -1;
	stop(r);
	ssh_signal(&r->ssh, SIGTERM);
}

/* A second time means at once; a third ends an ssh that goes on. */
static void on_stop_signal(struct remote *r)
{
	struct signalfd_siginfo info;

	if (read(r->fds[FD_SIGNAL].fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (r->error)
		ssh_signal(&r->ssh, SIGKILL);
	if (r->stopped_ns &&
	    clock_ns(CLOCK_MONOTONIC) > r->stopped_ns + AGAIN_NS)
		fail_remote(r, -ETIMEDOUT);
	stop(r);
}

/* A file is made, and another emptied, once there is something to write. */
static int open_remote_writer(struct remote *r)
{
	int fd, err;

	if (r->writer)
		return 0;
	fd = opener_next(r->opener, &r->path);
	if (fd < 0)
		return fd;
	if (r->options->temporary)
		log_info("writing %s", r->path);
	err = pcapng_writer_take(&r->writer, fd);
	if (err)
		return err;
	err = pcapng_writer_compress(r->writer,
				     compression_of(r->options->compression,
						    r->path));
	if (err)
		return err;
	/* A pipe tells by POLLERR that nobody reads it any more. */
	watch_fd(r, FD_OUTPUT, pcapng_writer_pipe(r->writer), 0);
	return 0;
}

/* What a pipe does not take yet stays; then nothing more is read from ssh. */
static void pass_on(struct remote *r)
{
	size_t at = 0;
	ssize_t len;
	int err = 0;

	if (r->error) {
		r->blocks.len = 0;
		return;
	}
	while ((len = blocks_length(&r->blocks, at)) > 0) {
		/* A section header alone may be followed by an error. */
		if (!r->writer && (size_t)len == r->blocks.len)
			break;
		err = open_remote_writer(r);
		if (err)
			break;
		err = pcapng_writer_block(r->writer, r->blocks.bytes + at,
					  (size_t)len);
		if (err)
			break;
		at += (size_t)len;
	}
	if (!err && r->writer)
		err = pcapng_writer_flush(r->writer);
	if (len < 0 || (err && err != -EAGAIN)) {
		fail_remote(r, len < 0 ? (int)len : err);
		return;
	}
	blocks_take(&r->blocks, at);
	r->fds[FD_STDOUT].fd = err ? -1 : r->ssh.out;
	r->fds[FD_OUTPUT].events = r->writer && pcapng_writer_waits(r->writer) ?
					   POLLOUT :
					   0;
}

/* False when that was all, for now or for good. */
static bool receive_blocks(struct remote *r)
{
	size_t room;
	uint8_t *to = blocks_room(&r->blocks, &room);
	ssize_t n = read(r->ssh.out, to, room);

	if (n <= 0) {
		if (!n || errno != EAGAIN)
			r->fds[FD_STDOUT].fd = -1;
		return false;
	}
	blocks_add(&r->blocks, (size_t)n);
	pass_on(r);
	return true;
}

/*
 * False once ssh has ended, and all it said and sent has been taken; or if
 * nothing we do will end it.
 */
static bool step_remote(struct remote *r)
{
	int n = watch_wait(r->fds, FDS, r->stopped_ns ? PATIENCE_MS : -1);

	/* One that is stopped does not hear the first. */
	if (!n) {
		ssh_signal(&r->ssh, r->told_to_end ? SIGKILL : SIGTERM);
		r->told_to_end = true;
		return !r->ssh.child.missed;
	}
	/* A file takes all; that a link is slow is no reason to give up. */
	if (r->stopped_ns && r->fds[FD_OUTPUT].fd >= 0 &&
	    clock_ns(CLOCK_MONOTONIC) > r->stopped_ns + GIVE_UP_NS)
		fail_remote(r, -ETIMEDOUT);
	if (r->fds[FD_SIGNAL].ready)
		on_stop_signal(r);
	if (r->fds[FD_EOF].ready && signals_stdin_ended()) {
		r->fds[FD_EOF].fd = -1;
		stop(r);
	}
	if (r->fds[FD_OUTPUT].ready & ~POLLOUT)
		fail_remote(r, -EPIPE);
	else if (r->fds[FD_OUTPUT].ready)
		pass_on(r);
	if (r->fds[FD_STDIN].ready & POLLOUT)
		copy_program(r);
	else if (r->fds[FD_STDIN].ready)
		close_watch(&r->fds[FD_STDIN]);
	if (r->fds[FD_STDOUT].ready)
		receive_blocks(r);
	if (r->fds[FD_STDERR].ready)
		relay(r);
	return !r->ssh.child.missed &&
	       (!r->fds[FD_END].ready || r->fds[FD_STDOUT].ready ||
		r->fds[FD_STDERR].ready);
}

/* The end of the file, for which a slow reader is waited. */
static void finish_file(struct remote *r)
{
	int err = r->error;

	if (!err && r->writer)
		err = pcapng_writer_be_patient(r->writer,
					       PCAPNG_WRITER_PATIENCE_NS,
					       r->fds[FD_SIGNAL].fd);
	if (err) {
		fail_remote(r, err);
	} else {
		pass_on(r);
		while (!r->error && receive_blocks(r))
			;
	}
	err = pcapng_writer_close(r->writer);
	if (err)
		fail_remote(r, err);
}

/* A reader that has had enough is no error. */
static int tell_error(const struct remote *r)
{
	switch (r->error) {
	case 0:
	case -EPIPE:
		return 0;
	case -ETIMEDOUT:
		log_info("%s: its end was not waited for", r->path);
		return 0;
	case -EBADMSG:
		log_error("%s sent no capture: does a shell print something at "
			  "login?",
			  r->options->remote.host);
		break;
	default:
		log_error("cannot write %s: %s", r->path, opener_why(r->error));
	}
	return r->error;
}

static int wait_for_ssh(struct remote *r)
{
	int status;

	while (step_remote(r))
		;
	status = ssh_wait(&r->ssh);
	finish_file(r);
	if (r->error || r->stopped_ns)
		return tell_error(r);
	if (status)
		log_error("the capture on %s failed: ssh ended with %d",
			  r->options->remote.host, status);
	else if (!r->writer || r->blocks.len)
		log_error("the capture on %s is not whole",
			  r->options->remote.host);
	else
		return 0;
	return -EIO;
}

static int open_program(struct remote *r, off_t *size)
{
	struct stat st;

	*size = 0;
	if (!r->options->remote.copy)
		return 0;
	r->exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (r->exe_fd < 0 || fstat(r->exe_fd, &st))
		return -errno;
	*size = st.st_size;
	return 0;
}

static int open_signals(struct remote *r)
{
	int fd = signals_open(false);

	watch_fd(r, FD_SIGNAL, fd, POLLIN);
	return fd < 0 ? fd : 0;
}

static int open_remote(struct remote *r, char *command, size_t size)
{
	const struct opener_options file = {
		.path = r->path,
		.single = true,
		.temporary = r->options->temporary,
	};
	off_t program;
	int err = open_signals(r);

	err = err ? err : open_program(r, &program);
	err = err ? err : remote_command(r->options, program, command, size);
	if (err) {
		log_error("cannot capture on %s: %s", r->options->remote.host,
			  strerror(-err));
		return err;
	}
	err = opener_start(&r->opener, &file);
	/* Whoever waits for a pipe waits until somebody has opened it. */
	if (!err && pcapng_output_is_pipe(r->path)) {
		r->error = open_remote_writer(r);
		err = tell_error(r);
	}
	return err;
}

/* What it reads is as hostile as what is captured. */
static int run_remote(struct remote *r)
{
	int err;

	privilege_give_up();
	err = sandbox_enter_capture(r->options->sandbox);
	if (err) {
		ssh_signal(&r->ssh, SIGTERM);
		ssh_wait(&r->ssh);
		pcapng_writer_close(r->writer);
		return err;
	}
	return wait_for_ssh(r);
}

static void free_remote(struct remote *r)
{
	/* Those are closed elsewhere. */
	r->fds[FD_OUTPUT].fd = r->fds[FD_STDOUT].fd = r->fds[FD_EOF].fd =
		r->fds[FD_END].fd = -1;
	for (int i = 0; i < FDS; i++)
		close_watch(&r->fds[i]);
	if (r->ssh.out >= 0)
		close(r->ssh.out);
	if (r->exe_fd >= 0)
		close(r->exe_fd);
	opener_stop(r->opener);
	free(r);
}

int remote_capture(const struct options *o)
{
	struct remote *r = calloc(1, sizeof(*r));
	char command[REMOTE_COMMAND_MAX];
	int err;

	if (!r)
		return -ENOMEM;
	r->options = o;
	r->path = o->write;
	r->exe_fd = -1;
	r->ssh.out = -1;
	for (int i = 0; i < FDS; i++)
		r->fds[i].fd = -1;
	if (o->until_eof)
		watch_fd(r, FD_EOF, STDIN_FILENO, POLLIN);
	err = open_remote(r, command, sizeof(command));
	if (err) {
		pcapng_writer_close(r->writer);
	} else if ((err = start_ssh(r, command))) {
		log_error("cannot start ssh: %s", strerror(-err));
		pcapng_writer_close(r->writer);
	} else {
		err = run_remote(r);
	}
	free_remote(r);
	return err;
}
