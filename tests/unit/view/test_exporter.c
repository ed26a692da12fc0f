/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers for whoever asks, by HTTP or in a file. */
#include "tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "host/log.h"
#include "host/privilege/landlock.h"
#include "view/metrics/exporter.h"

#define TEXT "pktwho_packets_total 5\n"

/* What the process that gives them is confined to, as it says here itself. */
static struct {
	bool is_confined, has_directory;
} * shared;

void __real_landlock_write_in(int dir_fd);
void __wrap_landlock_write_in(int dir_fd);

void __wrap_landlock_write_in(int dir_fd)
{
	shared->is_confined = true;
	shared->has_directory = dir_fd >= 0;
	__real_landlock_write_in(dir_fd);
}

static char address[64];
static struct sockaddr_in server;

/* An address of this process alone, where another copy's ports are no matter. */
static void choose_port(void)
{
	uint32_t host = (INADDR_LOOPBACK & 0xff000000) | (uint32_t)getpid();
	int fd = socket(AF_INET, SOCK_STREAM, 0), port = 10000;
	char text[INET_ADDRSTRLEN];

	do {
		assert_in_range(port, 1, 30000);
		server = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(host),
			.sin_port = htons((uint16_t)port++),
		};
	} while (bind(fd, (struct sockaddr *)&server, sizeof(server)));
	close(fd);
	inet_ntop(AF_INET, &server.sin_addr, text, sizeof(text));
	snprintf(address, sizeof(address), "%s:%u", text,
		 ntohs(server.sin_port));
}

static char heard[4096];

static void ask(const char *question, size_t len)
{
	const struct timeval limit = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t at = 0;
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	assert_int_equal(connect(fd, (struct sockaddr *)&server,
				 sizeof(server)),
			 0);
	assert_int_equal(send(fd, question, len, MSG_NOSIGNAL), len);
	shutdown(fd, SHUT_WR);
	while (at < sizeof(heard) - 1 &&
	       (n = recv(fd, heard + at, sizeof(heard) - 1 - at, 0)) > 0)
		at += (size_t)n;
	heard[at] = '\0';
	close(fd);
}

static void ask_text(const char *question)
{
	ask(question, strlen(question));
}

static void who_asks_for_metrics_has_them(void **state)
{
	struct exporter *e;

	(void)state;
	choose_port();
	assert_int_equal(exporter_start(&e, address), 0);
	exporter_put(e, TEXT, strlen(TEXT));
	/* It takes the text before the question, which comes later. */
	ask_text("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(strncmp(heard, "HTTP/1.0 200 OK\r\n", 17), 0);
	assert_non_null(strstr(heard, "Content-Length: 23\r\n\r\n" TEXT));
	ask_text("GET / HTTP/1.0\r\n\r\n");
	assert_non_null(strstr(heard, "\r\n\r\n" TEXT));
	/* The newest is the one that counts. */
	exporter_put(e, "new 1\n", 6);
	ask_text("GET /metrics HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(heard, "\r\n\r\nnew 1\n"));
	exporter_stop(e);
}

static void other_questions_are_not_answered(void **state)
{
	static const char *const questions[] = {
		"GET /metrics/ HTTP/1.1\r\n\r\n",
		"POST /metrics HTTP/1.1\r\n\r\n",
		"GET /etc/passwd HTTP/1.1\r\n\r\n",
		"GET\r\n\r\n",
		"\r\n\r\n",
		"GET /metricsx HTTP/1.1\r\n\r\n",
		"get /metrics HTTP/1.1\r\n\r\n",
	};
	static char large[9000];
	struct exporter *e;

	(void)state;
	choose_port();
	assert_int_equal(exporter_start(&e, address), 0);
	exporter_put(e, TEXT, strlen(TEXT));
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		ask_text(questions[i]);
		assert_string_equal(heard, "HTTP/1.0 404 Not Found\r\n\r\n");
	}
	/* It ends without an end, or is too long, or holds a NUL. */
	ask("GET /metrics", 12);
	assert_null(strstr(heard, TEXT));
	ask("", 0);
	ask("GET \0/metrics HTTP/1.1\r\n\r\n", 26);
	assert_null(strstr(heard, TEXT));
	memset(large, 'x', sizeof(large));
	ask(large, sizeof(large));
	assert_null(strstr(heard, TEXT));
	ask_text("GET /metrics HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(heard, TEXT));
	exporter_stop(e);
}

/* Until the file holds that; a limit keeps a failure from hanging. */
static void await_file(const char *name, const char *text)
{
	char bytes[64];
	ssize_t n = 0;

	for (int i = 0; i < 2000; i++) {
		int fd = openat(tree_fd, name, O_RDONLY);

		n = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes) - 1);
		if (fd >= 0)
			close(fd);
		bytes[n > 0 ? n : 0] = '\0';
		if (!strcmp(bytes, text))
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	fail_msg("%s: %s", name, bytes);
}

static void a_file_is_the_old_or_the_new_one(void **state)
{
	struct exporter *e;
	char path[64];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/metrics", tree_path);
	assert_int_equal(exporter_start(&e, path), 0);
	exporter_put(e, "one 1\n", 6);
	await_file("metrics", "one 1\n");
	exporter_put(e, "two 2\n", 6);
	await_file("metrics", "two 2\n");
	assert_int_equal(fstatat(tree_fd, "metrics", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(fstatat(tree_fd, "metrics.new", &st, 0), -1);
	exporter_stop(e);
}

/* All that the file's needs is its directory, and the other's no path. */
static void it_can_open_nothing_else(void **state)
{
	struct exporter *e;
	char path[64];

	(void)state;
	memset(shared, 0, sizeof(*shared));
	snprintf(path, sizeof(path), "%s/metrics", tree_path);
	assert_int_equal(exporter_start(&e, path), 0);
	exporter_put(e, "one 1\n", 6);
	await_file("metrics", "one 1\n");
	assert_true(shared->is_confined && shared->has_directory);
	exporter_stop(e);
	memset(shared, 0, sizeof(*shared));
	choose_port();
	assert_int_equal(exporter_start(&e, address), 0);
	exporter_put(e, TEXT, strlen(TEXT));
	ask_text("GET / HTTP/1.0\r\n\r\n");
	assert_true(shared->is_confined && !shared->has_directory);
	exporter_stop(e);
}

/* Where others may write, what they have put there is not followed. */
static void a_link_in_its_way_is_not_followed(void **state)
{
	struct exporter *e;
	char path[64];

	(void)state;
	tree_text("precious", "kept");
	tree_link("metrics.new", "precious");
	snprintf(path, sizeof(path), "%s/metrics", tree_path);
	assert_int_equal(exporter_start(&e, path), 0);
	exporter_put(e, "one 1\n", 6);
	await_file("metrics", "one 1\n");
	await_file("precious", "kept");
	exporter_stop(e);
}

/* Nor is a second name of a file written to, or a FIFO's reader waited for. */
static void what_stands_in_its_way_is_replaced(void **state)
{
	struct exporter *e;
	char path[64];

	(void)state;
	tree_text("precious", "kept");
	assert_int_equal(linkat(tree_fd, "precious", tree_fd, "metrics.new", 0),
			 0);
	snprintf(path, sizeof(path), "%s/metrics", tree_path);
	assert_int_equal(exporter_start(&e, path), 0);
	exporter_put(e, "one 1\n", 6);
	await_file("metrics", "one 1\n");
	await_file("precious", "kept");
	assert_int_equal(mkfifoat(tree_fd, "metrics.new", 0600), 0);
	exporter_put(e, "two 2\n", 6);
	await_file("metrics", "two 2\n");
	exporter_stop(e);
}

static void a_directory_that_is_not_there_is_told(void **state)
{
	struct exporter *e;

	(void)state;
	assert_int_equal(exporter_start(&e, "/no/such/metrics"), -ENOENT);
}

/* A byte now and then, without an end: only its own 2 seconds are lost. */
static void a_slow_reader_keeps_others_waiting_once(void **state)
{
	struct exporter *e;
	pid_t slow;
	int fd;

	(void)state;
	choose_port();
	assert_int_equal(exporter_start(&e, address), 0);
	exporter_put(e, TEXT, strlen(TEXT));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&server,
				 sizeof(server)),
			 0);
	slow = fork();
	if (!slow)
		while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
			nanosleep(&(struct timespec){ .tv_nsec = 500000000 },
				  NULL);
	close(fd);
	ask_text("GET /metrics HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(heard, TEXT));
	kill(slow, SIGKILL);
	waitpid(slow, NULL, 0);
	exporter_stop(e);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const words[] = {
		"256.0.0.1:9464",
		"localhost:9464",
		"[::1:9464",
		"x:1",
		":9464",
		"127.0.0.1:99999",
		"65536",
		"0",
		"18446744073709551617",
	};
	struct exporter *e;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!exporter_start(&e, words[i]))
			fail_msg("%s", words[i]);
	exporter_stop(NULL);
}

static void a_port_in_use_is_told(void **state)
{
	struct exporter *e, *second;

	(void)state;
	choose_port();
	assert_int_equal(exporter_start(&e, address), 0);
	assert_int_equal(exporter_start(&second, address), -EADDRINUSE);
	exporter_stop(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_metrics_has_them),
		cmocka_unit_test(other_questions_are_not_answered),
		tree_test(a_file_is_the_old_or_the_new_one),
		tree_test(it_can_open_nothing_else),
		tree_test(a_link_in_its_way_is_not_followed),
		tree_test(what_stands_in_its_way_is_replaced),
		cmocka_unit_test(a_directory_that_is_not_there_is_told),
		cmocka_unit_test(a_slow_reader_keeps_others_waiting_once),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_port_in_use_is_told),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
