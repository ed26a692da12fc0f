/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/screen/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "host/clocks.h"
#include "host/watch.h"

#define CHUNK 4096
#define MS    1000000ull

/* Opened anew, as what others share must go on waiting for them. */
static int open_terminal_again(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int outlet_open(struct outlet *o, int fd)
{
	*o = (struct outlet){ .memory = -1 };
	o->curses = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	o->blocking = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	o->terminal = open_terminal_again(fd);
	if (o->terminal >= 0)
		o->memory = memfd_create("pktwho-screen", MFD_CLOEXEC);
	if (o->curses >= 0 && o->blocking >= 0 &&
	    (o->terminal < 0 || o->memory >= 0))
		return 0;
	outlet_close(o);
	return -EMFILE;
}

void outlet_close(struct outlet *o)
{
	const int fds[] = { o->curses, o->blocking, o->terminal, o->memory };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* ^Z must find the terminal there: curses answers it. */
static void hold_stop(int how)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(how, &stop, NULL);
}

void outlet_catch(struct outlet *o)
{
	if (o->terminal < 0)
		return;
	hold_stop(SIG_BLOCK);
	dup3(o->memory, o->curses, O_CLOEXEC);
}

void outlet_release(struct outlet *o)
{
	if (o->terminal < 0)
		return;
	dup3(o->blocking, o->curses, O_CLOEXEC);
	hold_stop(SIG_UNBLOCK);
}

void outlet_add(struct outlet *o, const char *bytes, size_t n)
{
	int fd = o->terminal < 0 ? o->blocking : o->memory;

	while (n) {
		ssize_t len = write(fd, bytes, n);

		if (len < 0 && errno != EINTR)
			return;
		bytes += len < 0 ? 0 : len;
		n -= len < 0 ? 0 : (size_t)len;
	}
}

static void begin_anew(struct outlet *o)
{
	if (ftruncate(o->memory, 0) || lseek(o->memory, 0, SEEK_SET) < 0)
		return;
	o->sent = 0;
}

bool outlet_flush(struct outlet *o, int timeout_ms)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ms * MS;
	char bytes[CHUNK];
	ssize_t n;

	if (o->terminal < 0)
		return true;
	while ((n = pread(o->memory, bytes, sizeof(bytes), o->sent)) > 0) {
		n = write(o->terminal, bytes, (size_t)n);
		if (n > 0) {
			o->sent += n;
			continue;
		}
		/* One that has gone is told of by its keys. */
		if (errno != EAGAIN && errno != EINTR)
			break;
		if (clock_ns(CLOCK_MONOTONIC) >= end ||
		    !watch_has_room(o->terminal, timeout_ms))
			return false;
	}
	if (o->sent)
		begin_anew(o);
	return true;
}

void outlet_drop(struct outlet *o)
{
	if (o->terminal < 0)
		return;
	begin_anew(o);
	tcflush(o->terminal, TCOFLUSH);
}
