/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flood ADDRESS COUNT SIZE [RATE]: that many UDP datagrams, as fast as they
 * go or RATE in a second.  It fails if it could not send each of them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH	64
#define DISCARD 9	/* RFC 863 */
#define TICK_NS 1000000 /* to wake for each of many would be the load */

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void sleep_until(long at_ns)
{
	struct timespec ts = { at_ns / 1000000000, at_ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* How many are due, at least one, @sent since @start_ns; waits until then. */
static long await_due(long start_ns, long sent, long rate)
{
	long at = sent * 1000000000 / rate;

	sleep_until(start_ns + (at + TICK_NS - 1) / TICK_NS * TICK_NS);
	return (now_ns() - start_ns) * rate / 1000000000 + 1 - sent;
}

static int flood(int fd, struct mmsghdr *batch, long count, long rate)
{
	long start_ns = now_ns(), sent = 0;

	while (sent < count) {
		long due = rate ? await_due(start_ns, sent, rate) : BATCH;
		int n;

		if (due > count - sent)
			due = count - sent;
		n = sendmmsg(fd, batch, due < BATCH ? (unsigned)due : BATCH, 0);
		if (n > 0)
			sent += n;
		/* A closed port answers by errors on the socket. */
		else if (errno != ECONNREFUSED && errno != ENOBUFS)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(DISCARD) };
	static char payload[65000];
	struct iovec iov = { .iov_base = payload };
	struct mmsghdr batch[BATCH];
	int fd;

	if (argc < 4 || argc > 5 ||
	    inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: flood ADDRESS COUNT SIZE [RATE]\n", stderr);
		return 2;
	}
	iov.iov_len = (size_t)atol(argv[3]) % sizeof(payload);
	memset(batch, 0, sizeof(batch));
	for (int i = 0; i < BATCH; i++) {
		batch[i].msg_hdr.msg_iov = &iov;
		batch[i].msg_hdr.msg_iovlen = 1;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    flood(fd, batch, atol(argv[2]), argc > 4 ? atol(argv[4]) : 0)) {
		perror("flood");
		return 1;
	}
	return 0;
}
