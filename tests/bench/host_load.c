/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host_load KIND SECONDS: does one thing over loopback as often as it can and
 * prints how many of them a second of CPU, its own and its children's.  What
 * others pay for a capture is how much less that gets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* A bound socket of that type; *@out is its address. */
static int server(int type, struct sockaddr_in *out)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) ||
	    getsockname(fd, (struct sockaddr *)&a, &len) ||
	    (type == SOCK_STREAM && listen(fd, 512)))
		die("server");
	*out = a;
	return fd;
}

static int client(int type, const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)))
		die("client");
	return fd;
}

/* ---- kinds: each returns how many it did until @end ---- */

/* Datagrams that nobody reads: one socket, 64 a call. */
static long udp_send(double end)
{
	struct sockaddr_in a;
	int sink = server(SOCK_DGRAM, &a), fd = client(SOCK_DGRAM, &a);
	struct iovec iov = { "eighteen bytes....", 18 };
	struct mmsghdr batch[BATCH] = { 0 };
	long done = 0;

	for (int i = 0; i < BATCH; i++)
		batch[i].msg_hdr = (struct msghdr){ .msg_iov = &iov,
						    .msg_iovlen = 1 };
	while (now() < end)
		done += sendmmsg(fd, batch, BATCH, 0);
	close(sink);
	close(fd);
	return done;
}

/* Datagrams that are read: sent and received in turn. */
static long udp_loop(double end)
{
	struct sockaddr_in a;
	int in = server(SOCK_DGRAM, &a), out = client(SOCK_DGRAM, &a);
	char buf[32];
	long done = 0;

	while (now() < end)
		for (int i = 0; i < BATCH; i++, done++)
			if (send(out, buf, 18, 0) < 0 ||
			    recv(in, buf, sizeof(buf), 0) < 0)
				die("udp");
	close(in);
	close(out);
	return done;
}

static long udp_socket(double end)
{
	struct sockaddr_in a;
	int sink = server(SOCK_DGRAM, &a);
	long done = 0;

	for (; now() < end; done++) {
		int fd = client(SOCK_DGRAM, &a);

		if (send(fd, "x", 1, 0) < 0)
			die("send");
		close(fd);
	}
	close(sink);
	return done;
}

static void echo(int fd, size_t size)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(fd, buf, size, MSG_WAITALL)) > 0)
		if (send(fd, buf, (size_t)n, 0) < 0)
			break;
	close(fd);
}

/* A child that answers on each connection, one after another. */
static pid_t fork_echo(int listener, size_t size)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0)
			echo(fd, size);
	}
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void ask(int fd, size_t size)
{
	char buf[4096] = "question";

	if (send(fd, buf, size, 0) < 0 ||
	    recv(fd, buf, size, MSG_WAITALL) != (ssize_t)size)
		die("ask");
}

static long tcp_connect(double end)
{
	struct sockaddr_in a;
	pid_t pid = fork_echo(server(SOCK_STREAM, &a), 100);
	long done = 0;

	for (; now() < end; done++) {
		/* Or every port would be waiting for its end. */
		struct linger hard = { .l_onoff = 1 };
		int fd = client(SOCK_STREAM, &a);

		ask(fd, 100);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fd);
	}
	end_child(pid);
	return done;
}

/* Requests and answers over one connection, as HTTP keep-alive has them. */
static long tcp_requests(double end)
{
	struct sockaddr_in a;
	pid_t pid = fork_echo(server(SOCK_STREAM, &a), 500);
	int fd = client(SOCK_STREAM, &a);
	long done = 0;

	for (; now() < end; done++)
		ask(fd, 500);
	close(fd);
	end_child(pid);
	return done;
}

static long fork_exec(double end)
{
	long done = 0;

	for (; now() < end; done++) {
		pid_t pid = fork();

		if (!pid) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
	return done;
}

static double cpu(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		long (*run)(double end);
	} kinds[] = {
		{ "udp-send", udp_send },
		{ "udp-loop", udp_loop },
		{ "udp-socket", udp_socket },
		{ "tcp-connect", tcp_connect },
		{ "tcp-requests", tcp_requests },
		{ "fork-exec", fork_exec },
	};
	long done;

	if (argc != 3)
		return 2;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, argv[1]))
			continue;
		done = kinds[i].run(now() + atof(argv[2]));
		printf("%.0f\n", (double)done / (cpu(RUSAGE_SELF) +
						 cpu(RUSAGE_CHILDREN)));
		return 0;
	}
	return 2;
}
