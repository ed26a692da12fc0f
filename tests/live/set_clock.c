/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded: the clock is set by SET_CLOCK_BY seconds once the file of
 * SET_CLOCK_WHEN, which is there from the beginning, is not empty.  The
 * machine's own clock is not touched, so that packets keep its time.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int fd = -1;
static long by;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("SET_CLOCK_WHEN");
	const char *seconds = getenv("SET_CLOCK_BY");

	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	by = seconds ? strtol(seconds, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	long err = syscall(SYS_clock_gettime, clock, ts);
	struct stat st;

	if (!err && clock == CLOCK_REALTIME && !fstat(fd, &st) && st.st_size)
		ts->tv_sec += by;
	return (int)err;
}
