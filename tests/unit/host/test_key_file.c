/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys are there for the command and for us, and gone with us. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files/key_file.h"

static void it_is_its_users_alone_until_it_is_closed(void **state)
{
	struct key_file k;
	struct stat st;
	char text[8];
	int fd;

	(void)state;
	assert_int_equal(key_file_open(&k, tree_path), 0);
	assert_string_equal(getenv("SSLKEYLOGFILE"), k.path);
	assert_int_equal(stat(k.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fd = open(k.path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "key\n", 4), 4);
	close(fd);
	assert_int_equal(pread(k.fd, text, sizeof(text), 0), 4);
	key_file_close(&k);
	assert_null(getenv("SSLKEYLOGFILE"));
	assert_int_equal(stat(k.path, &st), -1);
}

static void it_need_not_be_there_any_more(void **state)
{
	struct key_file k;

	(void)state;
	assert_int_equal(key_file_open(&k, tree_path), 0);
	assert_int_equal(unlink(k.path), 0);
	key_file_close(&k);
	assert_int_equal(key_file_open(&k, "/no/such/directory"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_its_users_alone_until_it_is_closed),
		cmocka_unit_test(it_need_not_be_there_any_more),
	};

	return cmocka_run_group_tests_name("key_file", tests, tree_make,
					   tree_remove);
}
