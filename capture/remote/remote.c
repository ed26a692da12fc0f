/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote/remote.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "host/clocks.h"
#include "host/log.h"
#include "output/pcapng_writer.h"
#include "remote/blocks.h"
#include "host/privilege.h"
#include "host/sandbox.h"
#include "host/signals.h"
#include "host/watch.h"

#define COMMAND_MAX	8192
#define PATIENCE_MS	3000	/* for the other side to end, once asked to */
#define AGAIN_NS	200000000ull	/* timeout(1) sends its signal twice */
#define GIVE_UP_NS	15000000000ull	/* with what a slow reader has not had */

/* ---- the command there ---- */

struct text {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

static void add_format(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_format(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->size - t->len)
		t->full = true;
	else
		t->len += (size_t)n;
}

/* A word as any shell takes it. */
static void add_quoted(struct text *t, const char *s)
{
	add_format(t, "'");
	for (; *s; s++)
		add_format(t, *s == '\'' ? "'\\''" : "%c", *s);
	add_format(t, "'");
}

static int add_option_word(void *text, const struct option_row *row,
			   const char *arg)
{
	if (row->place != OPTION_THERE)
		return 0;
	if (row->letter)
		add_format(text, " -%c", row->letter);
	else
		add_format(text, " --%s", row->name);
	if (arg) {
		add_format(text, " ");
		add_quoted(text, arg);
	}
	return 0;
}

/* The user's own words, but those for this side. */
static void add_arguments(struct text *t, const struct options *o)
{
	char **command;

	options_each(o->argc, o->argv, add_option_word, t, &command);
	add_format(t, " --log-level %s", log_level_name(o->log_level));
}

/* The shell there knows the connection, which sudo would take away. */
static void add_run(struct text *t, const struct options *o,
		    const char *program)
{
	add_format(t,
		   "%s%s -w - -a eof --exclude-connection \"$SSH_CONNECTION\"",
		   o->remote.sudo ? "sudo -n " : "", program);
	add_arguments(t, o);
}

/* The program's bytes come first on the standard input. */
static void add_copy_and_run(struct text *t, const struct options *o,
			     off_t size)
{
	add_format(t,
		   "f=$(mktemp) && head -c %jd >\"$f\" && chmod 700 \"$f\" && ",
		   (intmax_t)size);
	add_run(t, o, "\"$f\"");
	add_format(t, "; s=$?; rm -f \"$f\"; exit $s");
}

/* In a shell that we know, whatever the user's is. */
static int make_command(const struct options *o, off_t copy, char *out,
			size_t size)
{
	char script[COMMAND_MAX];
	struct text inner = { .buf = script, .size = sizeof(script) };
	struct text outer = { .buf = out, .size = size };

	if (copy)
		add_copy_and_run(&inner, o, copy);
	else
		add_run(&inner, o,
			o->remote.command ? o->remote.command : "pktwho");
	add_format(&outer, "exec sh -c ");
	add_quoted(&outer, script);
	return inner.full || outer.full ? -ENOSPC : 0;
}

int remote_command(const struct options *o, char *out, size_t size)
{
	return make_command(o, 0, out, size);
}

/* ---- the connection that brings the packets ---- */

/* One address of "fe80::1%eth0 22 ..."; filters know no zones. */
static bool parse_end(const char **s, char *addr, size_t size, unsigned *port)
{
	uint8_t binary[16];
	char word[80];
	int n = 0;

	if (sscanf(*s, " %79[^ %%]%*[^ ] %u%n", word, port, &n) < 2 &&
	    sscanf(*s, " %79[^ ] %u%n", word, port, &n) < 2)
		return false;
	*s += n;
	snprintf(addr, size, "%s", word);
	return n && *port - 1 < 65535 &&
	       (inet_pton(AF_INET, addr, binary) == 1 ||
		inet_pton(AF_INET6, addr, binary) == 1);
}

/* What sshd says of a connection that is not of TCP: nothing to exclude. */
static bool is_no_tcp(const char *exclude)
{
	return !*exclude || !strncmp(exclude, "UNKNOWN ", 8);
}

char *remote_exclude(const char *filter, const char *exclude)
{
	char a[80], b[80], *out;
	const char *s = exclude;
	unsigned p, q;
	bool has_filter = filter && *filter;
	int n;

	if (is_no_tcp(exclude))
		return strdup(has_filter ? filter : "");
	if (!parse_end(&s, a, sizeof(a), &p) ||
	    !parse_end(&s, b, sizeof(b), &q) || s[strspn(s, " ")])
		return NULL;
	n = asprintf(&out, "%s%s%snot (tcp and"
		     " ((src host %s and src port %u and"
		     " dst host %s and dst port %u) or"
		     " (src host %s and src port %u and"
		     " dst host %s and dst port %u)))",
		     has_filter ? "(" : "", has_filter ? filter : "",
		     has_filter ? ") and " : "", a, p, b, q, b, q, a, p);
	return n < 0 ? NULL : out;
}

/* ---- ssh ---- */

enum {
	FD_SIGNAL, FD_EOF, FD_END, FD_STDERR, FD_STDOUT, FD_OUTPUT, FD_STDIN, FDS
};

struct remote {
	const struct options *options;
	struct pcapng_writer *writer;	/* NULL: nothing has come yet */
	pid_t pid;			/* ssh's; 0: it has ended */
	int stdout_fd;			/* its; not polled while a reader is slow */
	int exe_fd;			/* what is copied there, or -1 */
	off_t exe_left;
	uint64_t stopped_ns;		/* CLOCK_MONOTONIC; 0: not asked to */
	int error;
	struct blocks blocks;		/* what came */
	char line[1024];		/* of ssh's stderr */
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

/* Passwords and passphrases are ssh's business, ^C is ours. */
static _Noreturn void run_ssh(const struct options *o, const char *command,
			      const int fds[3])
{
	const char *argv[12];
	char port[8];
	int n = 0;

	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	signals_restore();
	privilege_restore_environment();
	signal(SIGINT, SIG_IGN);
	argv[n++] = "ssh";
	argv[n++] = "-T";
	if (o->log_level < LOG_INFO) {
		/* No banner, and no word of a new host key. */
		argv[n++] = "-o";
		argv[n++] = "LogLevel=ERROR";
	}
	if (o->remote.port) {
		snprintf(port, sizeof(port), "%d", o->remote.port);
		argv[n++] = "-p";
		argv[n++] = port;
	}
	argv[n++] = "--";
	argv[n++] = o->remote.host;
	argv[n++] = command;
	argv[n] = NULL;
	execvp("ssh", bytes_unconst(argv));
	dprintf(2, "cannot run ssh: %s\n", strerror(errno));
	_exit(127);
}

/* Both ends are -1 where there is no pipe. */
static int open_pipes(int pipes[3][2])
{
	for (int i = 0; i < 3; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (int i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC))
			return -errno;
	return 0;
}

static int start_ssh(struct remote *r, const char *command)
{
	int pipes[3][2], err = open_pipes(pipes);

	r->pid = err ? -1 : fork();
	if (!r->pid)
		run_ssh(r->options, command, (int[]){ pipes[0][0], pipes[1][1],
						      pipes[2][1] });
	if (r->pid < 0 && !err)
		err = -errno;
	/* Ours are the other ends. */
	watch_fd(r, FD_STDIN, pipes[0][1], r->exe_left ? POLLOUT : 0);
	watch_fd(r, FD_STDOUT, pipes[1][0], POLLIN);
	r->stdout_fd = pipes[1][0];
	watch_fd(r, FD_STDERR, pipes[2][0], POLLIN);
	for (int i = 0; i < 3; i++)
		if (pipes[i][i > 0] >= 0)
			close(pipes[i][i > 0]);
	if (err)
		return err;
	fcntl(pipes[0][1], F_SETFL, O_NONBLOCK);
	fcntl(pipes[1][0], F_SETFL, O_NONBLOCK);
	watch_fd(r, FD_END, (int)syscall(SYS_pidfd_open, r->pid, 0), POLLIN);
	return 0;
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
	ssize_t n = sendfile(r->fds[FD_STDIN].fd, r->exe_fd, NULL,
			     (size_t)r->exe_left);

	if (n > 0)
		r->exe_left -= n;
	if (!r->exe_left || (n < 0 && errno != EAGAIN))
		r->fds[FD_STDIN].events = 0;
}

/* The other side ends when its standard input does. */
static void stop(struct remote *r)
{
	if (!r->stopped_ns)
		r->stopped_ns = clock_ns(CLOCK_MONOTONIC);
	close_watch(&r->fds[FD_STDIN]);
}

static void kill_ssh(const struct remote *r)
{
	if (r->pid)
		kill(r->pid, SIGTERM);
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
	kill_ssh(r);
}

/* A second time means at once. */
static void on_stop_signal(struct remote *r)
{
	struct signalfd_siginfo info;

	if (read(r->fds[FD_SIGNAL].fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (r->stopped_ns &&
	    clock_ns(CLOCK_MONOTONIC) > r->stopped_ns + AGAIN_NS)
		fail_remote(r, -ETIMEDOUT);
	stop(r);
}

/* A file is made, and another emptied, once there is something to write. */
static int open_remote_writer(struct remote *r)
{
	int err;

	if (r->writer)
		return 0;
	err = r->options->write_fd ?
		      pcapng_writer_take(&r->writer, r->options->write_fd) :
		      pcapng_writer_open(&r->writer, r->options->write);
	if (err)
		return err;
	err = pcapng_writer_compress(r->writer,
				     compression_of(r->options->compression,
						    r->options->write));
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
	r->fds[FD_STDOUT].fd = err ? -1 : r->stdout_fd;
	r->fds[FD_OUTPUT].events =
		r->writer && pcapng_writer_waits(r->writer) ? POLLOUT : 0;
}

/* False when that was all, for now or for good. */
static bool receive_blocks(struct remote *r)
{
	size_t room;
	uint8_t *to = blocks_room(&r->blocks, &room);
	ssize_t n = read(r->stdout_fd, to, room);

	if (n <= 0) {
		if (!n || errno != EAGAIN)
			r->fds[FD_STDOUT].fd = -1;
		return false;
	}
	blocks_add(&r->blocks, (size_t)n);
	pass_on(r);
	return true;
}

/* False once ssh has ended, and all it said and sent has been taken. */
static bool step_remote(struct remote *r)
{
	int n = watch_wait(r->fds, FDS, r->stopped_ns ? PATIENCE_MS : -1);

	if (!n) {
		kill_ssh(r);
		return true;
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
	return !r->fds[FD_END].ready || r->fds[FD_STDOUT].ready ||
	       r->fds[FD_STDERR].ready;
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
		log_info("%s: its end was not waited for",
			 r->options->write);
		return 0;
	case -EBADMSG:
		log_error("%s sent no capture: does a shell print something at "
			  "login?", r->options->remote.host);
		break;
	default:
		log_error("cannot write %s: %s", r->options->write,
			  strerror(-r->error));
	}
	return r->error;
}

static int wait_for_ssh(struct remote *r)
{
	int status = 0;

	while (step_remote(r))
		;
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	r->pid = 0;
	finish_file(r);
	if (r->error || r->stopped_ns)
		return tell_error(r);
	if (status)
		log_error("the capture on %s failed: ssh ended with %d",
			  r->options->remote.host, WIFEXITED(status) ?
			  WEXITSTATUS(status) : WTERMSIG(status));
	else if (!r->writer || r->blocks.len)
		log_error("the capture on %s is not whole",
			  r->options->remote.host);
	else
		return 0;
	return -EIO;
}

static int open_program(struct remote *r)
{
	struct stat st;

	if (!r->options->remote.copy)
		return 0;
	r->exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (r->exe_fd < 0 || fstat(r->exe_fd, &st))
		return -errno;
	r->exe_left = st.st_size;
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
	int err = open_signals(r);

	err = err ? err : open_program(r);
	err = err ? err : make_command(r->options, r->exe_left, command, size);
	if (err)
		log_error("cannot capture on %s: %s", r->options->remote.host,
			  strerror(-err));
	/* Whoever waits for a pipe waits until somebody has opened it. */
	if (!err && pcapng_output_is_pipe(r->options->write)) {
		r->error = open_remote_writer(r);
		err = tell_error(r);
	}
	return err;
}

int remote_capture(const struct options *o)
{
	struct remote *r = calloc(1, sizeof(*r));
	char command[COMMAND_MAX];
	int err;

	if (!r)
		return -ENOMEM;
	r->options = o;
	r->exe_fd = -1;
	r->stdout_fd = -1;
	for (int i = 0; i < FDS; i++)
		r->fds[i].fd = -1;
	if (o->until_eof)
		watch_fd(r, FD_EOF, STDIN_FILENO, POLLIN);
	err = open_remote(r, command, sizeof(command));
	if (err) {
		pcapng_writer_close(r->writer);
	} else if ((err = start_ssh(r, command))) {
		log_error("cannot start ssh: %s", strerror(-err));
	} else {
		sandbox_enter();
		err = wait_for_ssh(r);
	}
	/* Those are closed elsewhere. */
	r->fds[FD_OUTPUT].fd = r->fds[FD_STDOUT].fd = r->fds[FD_EOF].fd = -1;
	for (int i = 0; i < FDS; i++)
		close_watch(&r->fds[i]);
	if (r->stdout_fd >= 0)
		close(r->stdout_fd);
	if (r->exe_fd >= 0)
		close(r->exe_fd);
	free(r);
	return err;
}
