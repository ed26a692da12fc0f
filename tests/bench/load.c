/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traffic of one kind, from one address; it fails if it could not send it all.
 *
 *   load peers ADDRESS PEERS COUNT RATE SIZE	one socket, to PEERS addresses in
 *						a row and over again
 *   load sockets ADDRESS SOCKETS COUNT RATE	connected ones, in turn
 *   load shared ADDRESS PROCESSES COUNT RATE	one socket for all of them
 *   load connect ADDRESS COUNT RATE		TCP, 100 bytes each way
 *   load bulk ADDRESS MIB			TCP, one connection
 *   load serve					who takes the last two
 *
 * RATE is in a second, 0: as fast as it goes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH	64
#define DISCARD 9 /* RFC 863 */
#define SERVICE 7000
#define TICK_NS 1000000 /* to wake for each of many would be the load */
#define SMALL	18
#define PORTS	50000 /* of each of our addresses, the next ones are */
#define OWN	"192.0.2.3"
#define SOME	15000

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Until the next one is due, if @done are done since @start_ns. */
static void pace(long start_ns, long done, long rate)
{
	long at = rate ? start_ns + done * 1000000000 / rate : 0;
	struct timespec ts = { at / 1000000000,
			       at % 1000000000 / TICK_NS * TICK_NS };

	if (at > now_ns() + TICK_NS)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static struct sockaddr_in address(const char *text, unsigned plus, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
		exit(2);
	a.sin_addr.s_addr = htonl(ntohl(a.sin_addr.s_addr) + plus);
	return a;
}

static bool is_transient(void)
{
	return errno == ENOBUFS || errno == ECONNREFUSED || errno == EAGAIN;
}

static int peers(const char *to, unsigned count, long packets, long rate,
		 size_t size)
{
	static char payload[65000];
	struct iovec iov = { payload, size % sizeof(payload) };
	struct sockaddr_in a[BATCH];
	struct mmsghdr m[BATCH];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	long start_ns = now_ns();

	memset(m, 0, sizeof(m));
	for (long sent = 0; sent < packets;) {
		long n = packets - sent < BATCH ? packets - sent : BATCH;
		int done;

		for (long i = 0; i < n; i++) {
			a[i] = address(to, (unsigned)(sent + i) % count,
				       DISCARD);
			m[i].msg_hdr.msg_name = &a[i];
			m[i].msg_hdr.msg_namelen = sizeof(a[i]);
			m[i].msg_hdr.msg_iov = &iov;
			m[i].msg_hdr.msg_iovlen = 1;
		}
		pace(start_ns, sent, rate);
		done = sendmmsg(fd, m, (unsigned)n, 0);
		if (done < 0 && !is_transient())
			return -1;
		sent += done > 0 ? done : 0;
	}
	return 0;
}

/* A process may have only so many. */
static int some_sockets(const char *to, unsigned first, unsigned count,
			long packets, long rate)
{
	struct rlimit limit = { SOME + 100, SOME + 100 };
	struct sockaddr_in peer = address(to, 0, DISCARD);
	int fds[SOME];
	char payload[SMALL] = "";
	long start_ns;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	for (unsigned i = 0; i < count; i++) {
		struct sockaddr_in own = address(OWN, (first + i) / PORTS,
						 10000 + (int)((first + i) %
							       PORTS));

		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (fds[i] < 0 ||
		    bind(fds[i], (struct sockaddr *)&own, sizeof(own)) ||
		    connect(fds[i], (struct sockaddr *)&peer, sizeof(peer)))
			return -1;
	}
	start_ns = now_ns();
	for (long sent = 0; sent < packets; sent++) {
		if (!(sent % BATCH))
			pace(start_ns, sent, rate);
		while (send(fds[sent % count], payload, SMALL, 0) < 0)
			if (!is_transient())
				return -1;
	}
	return 0;
}

static int wait_for(int processes)
{
	int status, failed = 0;

	for (int p = 0; p < processes; p++)
		failed |= wait(&status) < 0 || status;
	return failed ? -1 : 0;
}

static int sockets(const char *to, unsigned count, long packets, long rate)
{
	int processes = (int)((count + SOME - 1) / SOME);
	unsigned each = count / (unsigned)processes;

	for (int p = 0; p < processes; p++)
		if (!fork())
			_exit(some_sockets(to, (unsigned)p * each, each,
					   packets / processes,
					   rate / processes) ?
				      1 :
				      0);
	return wait_for(processes);
}

static int shared(const char *to, int processes, long packets, long rate)
{
	struct sockaddr_in peer = address(to, 0, DISCARD);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char payload[SMALL] = "";
	long start_ns = now_ns();

	if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)))
		return -1;
	for (int p = 0; p < processes; p++) {
		if (fork())
			continue;
		for (long sent = 0; sent < packets / processes; sent++) {
			if (!(sent % BATCH))
				pace(start_ns, sent, rate / processes);
			while (send(fd, payload, SMALL, 0) < 0)
				if (!is_transient())
					_exit(1);
		}
		_exit(0);
	}
	return wait_for(processes);
}

static int connections(const char *to, long count, long rate)
{
	struct sockaddr_in peer = address(to, 0, SERVICE);
	long start_ns = now_ns();
	char data[100] = "";

	for (long i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		pace(start_ns, i, rate);
		if (fd < 0 ||
		    connect(fd, (struct sockaddr *)&peer, sizeof(peer)) ||
		    send(fd, data, sizeof(data), 0) < 0 ||
		    recv(fd, data, sizeof(data), 0) < 0)
			return -1;
		close(fd);
	}
	return 0;
}

static int bulk(const char *to, long mib)
{
	static char data[1 << 20];
	struct sockaddr_in peer = address(to, 0, SERVICE);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)))
		return -1;
	for (long i = 0; i < mib; i++)
		if (send(fd, data, sizeof(data), 0) != sizeof(data))
			return -1;
	return 0;
}

/* Answers the first bytes, and takes whatever follows. */
static int serve(void)
{
	static char data[1 << 20];
	struct sockaddr_in own = address("0.0.0.0", 0, SERVICE);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) || listen(fd, 1000))
		return -1;
	puts("ready");
	fflush(stdout);
	for (;;) {
		int c = accept(fd, NULL, NULL);

		if (recv(c, data, sizeof(data), 0) > 0 &&
		    send(c, data, 100, MSG_NOSIGNAL) > 0)
			while (recv(c, data, sizeof(data), 0) > 0)
				;
		close(c);
	}
}

static int run(int argc, char **argv)
{
	long n[4] = { 0 };

	for (int i = 3; i < argc && i < 7; i++)
		n[i - 3] = atol(argv[i]);
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	if (argc == 7 && !strcmp(argv[1], "peers"))
		return peers(argv[2], (unsigned)n[0], n[1], n[2], (size_t)n[3]);
	if (argc == 6 && !strcmp(argv[1], "sockets"))
		return sockets(argv[2], (unsigned)n[0], n[1], n[2]);
	if (argc == 6 && !strcmp(argv[1], "shared"))
		return shared(argv[2], (int)n[0], n[1], n[2]);
	if (argc == 5 && !strcmp(argv[1], "connect"))
		return connections(argv[2], n[0], n[1]);
	if (argc == 4 && !strcmp(argv[1], "bulk"))
		return bulk(argv[2], n[0]);
	fputs("usage: see the head of load.c\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	if (!run(argc, argv))
		return 0;
	perror("load");
	return 1;
}
