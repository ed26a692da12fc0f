/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where lines go, and that a failure to get there is one. */
#include "tree.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host/log.h"
#include "options.h"
#include "output/files/opener.h"
#include "view/lines/destination.h"

static int journal_err; /* errno of connect(), 0: it is there */
static int made;	/* sockets that are open */

int __real_close(int fd);
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_close(int fd);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);

static int journal_fd = -1;

int __wrap_socket(int domain, int type, int protocol)
{
	journal_fd = __real_socket(domain, type, protocol);
	made++;
	return journal_fd;
}

int __wrap_close(int fd)
{
	made -= fd == journal_fd;
	return __real_close(fd);
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	const struct sockaddr_un *a = (const void *)to;

	assert_int_equal(fd, journal_fd);
	assert_int_equal(len, sizeof(*a));
	assert_string_equal(a->sun_path, "/run/systemd/journal/socket");
	errno = journal_err;
	return journal_err ? -1 : 0;
}

/* A line that cannot be written, as to a closed terminal, sets errno, too. */
static void say_nothing(const char *line)
{
	(void)line;
	errno = 0;
}

static char path[64];

static struct options to_file(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", tree_path, name);
	return (struct options){ .log_file = path };
}

static void without_a_file_it_is_the_standard_output(void **state)
{
	struct options o = { 0 };
	struct opener *opener = NULL;
	int fd = -1;

	(void)state;
	assert_int_equal(destination_open(&o, &opener, &fd), 0);
	assert_int_equal(fd, STDOUT_FILENO);
	assert_null(opener);
}

static void a_file_that_is_there_is_not_overwritten(void **state)
{
	struct options o = to_file("log");
	struct opener *opener = NULL;
	struct stat st;
	int fd = -1;

	(void)state;
	tree_text("log", "precious");
	assert_int_equal(destination_open(&o, &opener, &fd), -EEXIST);
	assert_int_equal(fstatat(tree_fd, "log", &st, 0), 0);
	assert_int_equal(st.st_size, 8);
	o.force = true;
	assert_int_equal(destination_open(&o, &opener, &fd), 0);
	assert_int_equal(write(fd, "new", 3), 3);
	close(fd);
	assert_int_equal(fstatat(tree_fd, "log", &st, 0), 0);
	assert_int_equal(st.st_size, 3);
}

static void a_directory_that_is_not_there_is_an_error(void **state)
{
	struct options o = to_file("no/log");
	struct opener *opener = NULL;
	int fd = -1;

	(void)state;
	assert_int_equal(destination_open(&o, &opener, &fd), -ENOENT);
}

static void of_several_files_the_first_is_open(void **state)
{
	struct options o = to_file("log");
	struct opener *opener = NULL;
	struct stat st;
	int fd = -1;

	(void)state;
	o.log_ring.asked = true;
	o.log_ring.files = 2;
	o.log_limits.bytes = 1000;
	assert_int_equal(destination_open(&o, &opener, &fd), 0);
	assert_non_null(opener);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	close(fd);
	opener_stop(opener);
}

static void the_journal_takes_lines_where_there_is_one(void **state)
{
	struct options o = { .journal = true };
	struct opener *opener = NULL;
	int fd = -1;

	(void)state;
	journal_err = made = 0;
	assert_int_equal(destination_open(&o, &opener, &fd), 0);
	assert_int_equal(fd, journal_fd);
	assert_int_equal(made, 1);
	close(fd);
}

static void without_a_journal_nothing_is_left_open(void **state)
{
	struct options o = { .journal = true };
	struct opener *opener = NULL;
	int fd = -1;

	(void)state;
	journal_err = ENOENT;
	made = 0;
	log_set_sink(say_nothing, LOG_ERROR);
	assert_int_equal(destination_open(&o, &opener, &fd), -ENOENT);
	log_set_sink(NULL, LOG_ERROR);
	assert_int_equal(made, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_it_is_the_standard_output),
		tree_test(a_file_that_is_there_is_not_overwritten),
		tree_test(a_directory_that_is_not_there_is_an_error),
		tree_test(of_several_files_the_first_is_open),
		cmocka_unit_test(the_journal_takes_lines_where_there_is_one),
		cmocka_unit_test(without_a_journal_nothing_is_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
