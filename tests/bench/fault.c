/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded: makes a call fail.  FAULT is
 *
 *   write:N:ERRNO   from the Nth write to a capture file on, after a half one
 *   short:N         no such write takes more than N bytes
 *   bpf:CMD:N:ERRNO the Nth bpf(2) of that command and all later ones
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char kind[16];
static long first, second, third, count;

__attribute__((constructor)) static void begin(void)
{
	const char *fault = getenv("FAULT");

	if (fault)
		sscanf(fault, "%15[^:]:%ld:%ld:%ld", kind, &first, &second,
		       &third);
}

static int is(const char *what)
{
	return !strcmp(kind, what);
}

static ssize_t really_write(int fd, const void *bytes, size_t size)
{
	struct iovec v = { (void *)(size_t)bytes, size };

	return writev(fd, &v, 1);
}

static int is_capture(int fd)
{
	struct stat st;

	return fd > STDERR_FILENO && !fstat(fd, &st) && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (!is_capture(fd) || !(is("write") || is("short")))
		return really_write(fd, bytes, size);
	if (is("short"))
		return really_write(fd, bytes,
				    size < (size_t)first ? size :
							   (size_t)first);
	if (++count < first)
		return really_write(fd, bytes, size);
	if (count == first && size > 1000)
		return really_write(fd, bytes, size / 2 + 3);
	errno = (int)second;
	return -1;
}

long syscall(long number, ...)
{
	static long (*next)(long, ...);
	long a[6];
	va_list ap;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_bpf && is("bpf") && a[0] == first &&
	    ++count >= second) {
		errno = (int)third;
		return -1;
	}
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
