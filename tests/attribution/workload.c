/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workloads for which Python is too slow.  They write the lines of truth.py
 * to a descriptor that they inherit.
 *
 *   workload client FD ENV CASE HOST TOKEN GENERATION IP PORT
 *       what a forked process becomes: one short connection
 *   workload load FD ENV CASE HOST IP PORT PER_SECOND SECONDS
 *       workers behind one listener, client processes that connect at the
 *       given rate together, and two busy loops
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS	     8
#define BUSY_LOOPS   2
#define CLIENTS	     20
#define END_TAKES_NS 20000000

static struct {
	int fd;
	const char *env, *name, *host; /* of the case */
} scene;

/* One process's lines, written at once: a line is never cut. */
static struct {
	char token[48];
	char text[4000];
	size_t len;
	unsigned int sockets;
} me;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

static void flush(void)
{
	if (me.len && write(scene.fd, me.text, me.len) != (ssize_t)me.len)
		die("log");
	me.len = 0;
}

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list args;

	if (me.len > sizeof(me.text) - 512)
		flush();
	va_start(args, format);
	me.len += vsnprintf(me.text + me.len, 512, format, args);
	va_end(args);
}

static void say_identity(uint64_t since, int generation, const char *name)
{
	say("id\t%s\t%d\t%ju\t%ju\t%d\t%d\t%s\n", me.token, getpid(),
	    (uintmax_t)since, (uintmax_t)now(), generation, geteuid(), name);
}

static void be(const char *name)
{
	uint64_t t0 = now();

	snprintf(me.token, sizeof(me.token), "%d.%ju", getpid(), (uintmax_t)t0);
	me.len = 0;
	me.sockets = 0;
	prctl(PR_SET_NAME, name);
	say_identity(t0, 0, name);
}

static void end(void)
{
	uint64_t t = now();

	say("end\t%s\t%ju\t%ju\n", me.token, (uintmax_t)t,
	    (uintmax_t)t + END_TAKES_NS);
	flush();
	_exit(0);
}

struct used {
	int fd;
	char id[64];
	char parent[64];
	char local[64]; /* ip TAB port */
	char remote[64];
};

static void text_address(char out[64], const struct sockaddr_storage *a)
{
	char ip[INET6_ADDRSTRLEN];

	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)a;

		inet_ntop(AF_INET, &in->sin_addr, ip, sizeof(ip));
		snprintf(out, 64, "%s\t%d", ip, ntohs(in->sin_port));
	} else {
		const struct sockaddr_in6 *in = (const void *)a;

		inet_ntop(AF_INET6, &in->sin6_addr, ip, sizeof(ip));
		snprintf(out, 64, "%s\t%d", ip, ntohs(in->sin6_port));
	}
}

static void used_init(struct used *s, int fd, const char *parent)
{
	s->fd = fd;
	snprintf(s->id, sizeof(s->id), "%s.%u", me.token, ++me.sockets);
	snprintf(s->parent, sizeof(s->parent), "%s", parent);
	strcpy(s->local, "-\t0");
	strcpy(s->remote, "-\t0");
}

static void say_use(struct used *s, const char *kind, uint64_t t0)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	uint64_t t1 = now();

	if (s->fd >= 0 && !getsockname(s->fd, (void *)&a, &len))
		text_address(s->local, &a);
	say("use\t%s\t%s\t%s\t%s\t%s\t%s\t%ju\t%ju\t%s\t%d\t%d\ttcp\t%s\t%s\n",
	    scene.env, scene.name, s->id, s->parent, scene.host, kind,
	    (uintmax_t)t0, (uintmax_t)t1, me.token, getpid(), gettid(),
	    s->local, s->remote);
}

static socklen_t parse_address(struct sockaddr_storage *a, const char *ip,
			       const char *port)
{
	struct sockaddr_in *in = (void *)a;
	struct sockaddr_in6 *in6 = (void *)a;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, ip, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(port));
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, ip, &in6->sin6_addr) != 1)
		die(ip);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(atoi(port));
	return sizeof(*in6);
}

static void open_socket(struct used *s, int family)
{
	uint64_t t0 = now();
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	used_init(s, fd, "-");
	say_use(s, "create", t0);
}

static void close_socket(struct used *s)
{
	uint64_t t0 = now();

	close(s->fd);
	s->fd = -1;
	say_use(s, "close", t0);
}

static void transfer(struct used *s, const char *kind, bool sends)
{
	char data[200] = "";
	uint64_t t0 = now();

	if ((sends ? send(s->fd, data, sizeof(data), MSG_NOSIGNAL) :
		     recv(s->fd, data, sizeof(data), 0)) < 0)
		die(kind);
	say_use(s, kind, t0);
}

/* ---- client ---- */

static void one_connection(const char *ip, const char *port)
{
	struct sockaddr_storage a;
	socklen_t len = parse_address(&a, ip, port);
	struct used s;
	uint64_t t0;

	open_socket(&s, a.ss_family);
	text_address(s.remote, &a);
	t0 = now();
	if (connect(s.fd, (void *)&a, len))
		die("connect");
	say_use(&s, "connect", t0);
	transfer(&s, "send", true);
	transfer(&s, "recv", false);
	close_socket(&s);
}

static int client(char **argv)
{
	char name[16];

	snprintf(me.token, sizeof(me.token), "%s", argv[0]);
	prctl(PR_GET_NAME, name);
	say_identity(now(), atoi(argv[1]), name);
	one_connection(argv[2], argv[3]);
	end();
	return 0;
}

/* ---- load ---- */

static void work(struct used *listener)
{
	struct sockaddr_storage a;
	struct used s;
	uint64_t t0;
	int fd;

	for (;;) {
		socklen_t len = sizeof(a);

		t0 = now();
		fd = accept(listener->fd, (void *)&a, &len);
		if (fd < 0)
			die("accept");
		used_init(&s, fd, listener->id);
		text_address(s.remote, &a);
		say_use(&s, "accept", t0);
		say_use(listener, "accept", t0);
		transfer(&s, "recv", false);
		transfer(&s, "send", true);
		close_socket(&s);
		flush();
	}
}

static pid_t start(const char *name)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		be(name);
	}
	return pid;
}

static void serve(struct used *listener, const char *ip, const char *port)
{
	struct sockaddr_storage a;
	socklen_t len = parse_address(&a, ip, port);
	uint64_t t0;

	open_socket(listener, a.ss_family);
	setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
		   sizeof(int));
	t0 = now();
	if (bind(listener->fd, (void *)&a, len) || listen(listener->fd, 4096))
		die("listen");
	say_use(listener, "listen", t0);
	flush();
	for (int i = 0; i < WORKERS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "loadworker%d", i);
		if (!start(name))
			work(listener);
	}
}

static void sleep_until(uint64_t t)
{
	struct timespec at = { t / 1000000000, t % 1000000000 };

	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL) ==
	       EINTR)
		;
}

/* A process per connection would measure fork, which may take 1 ms. */
static void connect_again(char **argv, uint64_t begun, uint64_t step, int count)
{
	for (int i = 0; i < count; i++) {
		sleep_until(begun + i * step);
		one_connection(argv[0], argv[1]);
		flush();
	}
	end();
}

static int load(char **argv)
{
	int per_second = atoi(argv[2]), seconds = atoi(argv[3]);
	uint64_t begun, step = 1000000000ull * CLIENTS / per_second;
	struct used listener;
	pid_t clients[CLIENTS];
	char name[16];

	be("load");
	serve(&listener, argv[0], argv[1]);
	for (int i = 0; i < BUSY_LOOPS; i++)
		if (!start("busy")) {
			close(listener.fd);
			for (;;)
				__asm__ volatile("");
		}
	begun = now();
	for (int i = 0; i < CLIENTS; i++) {
		snprintf(name, sizeof(name), "loadclient%d", i);
		clients[i] = start(name);
		if (!clients[i]) {
			close(listener.fd);
			connect_again(argv, begun + i * (step / CLIENTS), step,
				      per_second * seconds / CLIENTS);
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		waitpid(clients[i], NULL, 0);
	printf("%ju\n", (uintmax_t)((now() - begun) / 1000000));
	sleep(1);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 10)
		return 2;
	scene.fd = atoi(argv[2]);
	scene.env = argv[3];
	scene.name = argv[4];
	scene.host = argv[5];
	signal(SIGPIPE, SIG_IGN);
	return strcmp(argv[1], "load") ? client(argv + 6) : load(argv + 6);
}
