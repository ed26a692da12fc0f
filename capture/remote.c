/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
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

#include "log.h"
#include "pcapng_writer.h"
#include "signals.h"

#define COMMAND_MAX	8192
#define PATIENCE_MS	3000	/* for the other side to end, once asked to */

/* ---- the command there ---- */

struct text {
	char *buf;
	size_t size;
	size_t len;
	bool full;
};

static void add(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
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
	add(t, "'");
	for (; *s; s++)
		add(t, *s == '\'' ? "'\\''" : "%c", *s);
	add(t, "'");
}

static void add_option(struct text *t, const char *option, const char *value)
{
	if (!value)
		return;
	add(t, " %s ", option);
	add_quoted(t, value);
}

static void add_flag(struct text *t, const char *option, bool set)
{
	if (set)
		add(t, " %s", option);
}

static void add_filters(struct text *t, const struct filter *f)
{
	static const char *const words[FILTER_KINDS] = {
		[FILTER_PROC] = "--proc",
		[FILTER_PID] = "--pid",
		[FILTER_USER] = "--user",
		[FILTER_CONTAINER] = "--container",
		[FILTER_UNIT] = "--unit",
	};

	for (int kind = 0; kind < FILTER_KINDS; kind++)
		for (int i = 0; i < f->counts[kind]; i++)
			add_option(t, words[kind], f->terms[kind][i]);
	add_flag(t, "--follow", f->follow);
}

/* Databases stay here; all else is for the other side to do. */
static void add_arguments(struct text *t, const struct options *o)
{
	for (int i = 0; i < o->interface_count; i++) {
		add_option(t, "-i", o->interfaces[i].name);
		add_option(t, "-f", o->interfaces[i].filter);
	}
	add(t, " -s %d", o->snaplen);
	if (o->buffer_mib)
		add(t, " -B %d", o->buffer_mib);
	if (o->max_packets)
		add(t, " -c %" PRIu64, o->max_packets);
	if (o->max_duration_ns)
		add(t, " -a duration:%.9f", (double)o->max_duration_ns / 1e9);
	add_filters(t, &o->filter);
	add_flag(t, "-p", o->no_promiscuous);
	add_flag(t, "--hash", o->hash);
	add_flag(t, "--no-comments", o->no_comments);
	add_flag(t, "--no-process-table", o->no_process_table);
	add_flag(t, "--no-cmdline", o->no_cmdline);
}

/* The shell there knows the connection, which sudo would take away. */
static void add_run(struct text *t, const struct options *o,
		    const char *program)
{
	add(t, "%s%s -q -w - -a eof --exclude-connection \"$SSH_CONNECTION\"",
	    o->remote.sudo ? "sudo -n " : "", program);
	add_arguments(t, o);
}

/* The program's bytes come first on the standard input. */
static void add_copy_and_run(struct text *t, const struct options *o,
			     off_t size)
{
	add(t, "f=$(mktemp) && head -c %jd >\"$f\" && chmod 700 \"$f\" && ",
	    (intmax_t)size);
	add_run(t, o, "\"$f\"");
	add(t, "; s=$?; rm -f \"$f\"; exit $s");
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
		add_run(&inner, o, o->remote.command);
	add(&outer, "exec sh -c ");
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

char *remote_exclude(const char *filter, const char *exclude)
{
	char a[80], b[80], *out;
	const char *s = exclude;
	unsigned p, q;
	bool has_filter = filter && *filter;
	int n;

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

enum { FD_SIGNAL, FD_END, FD_STDERR, FD_READER, FD_STDIN, FDS };

struct remote {
	const struct options *options;
	pid_t pid;
	int exe_fd;			/* what is copied there, or -1 */
	off_t exe_left;
	bool stopping;
	char line[1024];		/* of ssh's stderr */
	size_t len;
	struct pollfd fds[FDS];
};

static void close_fd(struct pollfd *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

/* Passwords and passphrases are ssh's business, ^C is ours. */
static _Noreturn void run_ssh(const struct options *o, const char *command,
			      const int fds[3])
{
	const char *argv[10];
	int n = 0;

	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	signals_restore();
	signal(SIGINT, SIG_IGN);
	argv[n++] = "ssh";
	argv[n++] = "-T";
	if (o->remote.port) {
		argv[n++] = "-p";
		argv[n++] = o->remote.port;
	}
	argv[n++] = "--";
	argv[n++] = o->remote.host;
	argv[n++] = command;
	argv[n] = NULL;
	execvp("ssh", (char *const *)argv);
	dprintf(2, "cannot run ssh: %s\n", strerror(errno));
	_exit(127);
}

static int start_ssh(struct remote *r, int out, const char *command)
{
	int in[2], err[2];

	if (pipe2(in, O_CLOEXEC))
		return -errno;
	if (pipe2(err, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return -errno;
	}
	r->pid = fork();
	if (!r->pid)
		run_ssh(r->options, command, (int[]){ in[0], out, err[1] });
	close(in[0]);
	close(err[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	r->fds[FD_STDIN] = (struct pollfd){ in[1], r->exe_left ? POLLOUT : 0,
					    0 };
	r->fds[FD_STDERR] = (struct pollfd){ err[0], POLLIN, 0 };
	if (r->pid < 0)
		return -errno;
	r->fds[FD_END] = (struct pollfd){
		(int)syscall(SYS_pidfd_open, r->pid, 0), POLLIN, 0
	};
	return 0;
}

/* Whatever ssh, the shell or pktwho there have to say. */
static void relay(struct remote *r)
{
	ssize_t n = read(r->fds[FD_STDERR].fd, r->line + r->len,
			 sizeof(r->line) - 1 - r->len);
	char *rest = r->line, *line;

	if (n <= 0) {
		close_fd(&r->fds[FD_STDERR]);
		return;
	}
	r->len += (size_t)n;
	r->line[r->len] = '\0';
	while (strpbrk(rest, "\r\n") && (line = strsep(&rest, "\r\n")))
		if (*line)
			log_warn("%s: %s", r->options->remote.host, line);
	r->len = strlen(rest);
	memmove(r->line, rest, r->len);
	if (r->len == sizeof(r->line) - 1)
		r->len = 0;
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
	if (r->stopping)
		kill(r->pid, SIGTERM);
	r->stopping = true;
	close_fd(&r->fds[FD_STDIN]);
}

/* False once ssh has ended and all it said was told. */
static bool step(struct remote *r)
{
	int n = poll(r->fds, FDS, r->stopping ? PATIENCE_MS : -1);
	struct signalfd_siginfo info;

	if (!n) {
		stop(r);
		return true;
	}
	if (r->fds[FD_SIGNAL].revents &&
	    read(r->fds[FD_SIGNAL].fd, &info, sizeof(info)) == sizeof(info))
		stop(r);
	if (r->fds[FD_READER].revents) {
		r->fds[FD_READER].fd = -1;
		stop(r);
		kill(r->pid, SIGTERM);
	}
	if (r->fds[FD_STDIN].revents & POLLOUT)
		copy_program(r);
	else if (r->fds[FD_STDIN].revents)
		close_fd(&r->fds[FD_STDIN]);
	if (r->fds[FD_STDERR].revents) {
		relay(r);
		return true;
	}
	return !r->fds[FD_END].revents;
}

static int wait_for_ssh(struct remote *r)
{
	int status = 0;

	while (step(r))
		;
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r->stopping || !status)
		return 0;
	log_error("the capture on %s failed: ssh ended with %d",
		  r->options->remote.host,
		  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
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
	int fd = signals_open();

	r->fds[FD_SIGNAL] = (struct pollfd){ fd, POLLIN, 0 };
	return fd < 0 ? fd : 0;
}

int remote_capture(const struct options *o)
{
	struct remote r = { .options = o, .exe_fd = -1 };
	char command[COMMAND_MAX];
	int err, out;

	for (int i = 0; i < FDS; i++)
		r.fds[i].fd = -1;
	err = open_signals(&r);
	if (!err)
		err = open_program(&r);
	if (!err)
		err = make_command(o, r.exe_left, command, sizeof(command));
	if (err) {
		log_error("cannot capture on %s: %s", o->remote.host,
			  strerror(-err));
		return err;
	}
	out = pcapng_output_open(o->write);
	if (out < 0) {
		log_error("cannot write %s: %s", o->write, strerror(-out));
		return out;
	}
	/* A pipe tells by POLLERR that nobody reads it any more. */
	if (pcapng_output_is_pipe(o->write))
		r.fds[FD_READER] = (struct pollfd){ out, 0, 0 };
	err = start_ssh(&r, out, command);
	if (err)
		log_error("cannot start ssh: %s", strerror(-err));
	else
		err = wait_for_ssh(&r);
	r.fds[FD_READER].fd = -1;
	for (int i = 0; i < FDS; i++)
		close_fd(&r.fds[i]);
	if (r.exe_fd >= 0)
		close(r.exe_fd);
	if (out != STDOUT_FILENO)
		close(out);
	return err;
}
