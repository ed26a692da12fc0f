/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From where a login came: systemd's word first, then utmp's. */
#include "tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <utmp.h>

#include "lookup/login.h"

static char address[64];

static int ask(const char *id, const char *tty)
{
	memset(address, 0, sizeof(address));
	return login_address(tree_fd, id, tty, address, sizeof(address));
}

static void assert_from(const char *id, const char *tty, const char *from)
{
	assert_int_equal(ask(id, tty), 0);
	assert_string_equal(address, from);
}

static struct utmp entry(short type, const char *line, const char *host,
			 const char *from)
{
	struct utmp u = { .ut_type = type };
	int family = strchr(from, ':') ? AF_INET6 : AF_INET;

	memcpy(u.ut_line, line, strlen(line));
	memcpy(u.ut_host, host, strlen(host));
	if (*from)
		assert_int_equal(inet_pton(family, from, u.ut_addr_v6), 1);
	return u;
}

static void systemd_has_a_file_for_each(void **state)
{
	(void)state;
	tree_text("run/systemd/sessions/3",
		  "UID=0\nREMOTE=1\nREMOTE_HOST=192.0.2.1\nTTY=pts/0\n");
	tree_text("run/systemd/sessions/c1", "REMOTE_HOST=host.example");
	tree_text("run/systemd/sessions/4", "REMOTE=0\nTTY=tty1\n");
	tree_text("run/systemd/sessions/5", "X_REMOTE_HOST=192.0.2.5\n");
	assert_from("3", "", "192.0.2.1");
	assert_from("c1", "pts/0", "host.example");
	assert_int_equal(ask("4", ""), -ENOENT);
	assert_int_equal(ask("5", ""), -ENOENT);
	assert_int_equal(ask("6", ""), -ENOENT);
	assert_int_equal(ask("", ""), -ENOENT);
}

static void an_id_is_no_path(void **state)
{
	(void)state;
	tree_text("run/systemd/x", "REMOTE_HOST=192.0.2.1\n");
	tree_text("run/systemd/sessions/a.b", "REMOTE_HOST=192.0.2.1\n");
	assert_int_equal(ask("../x", ""), -ENOENT);
	assert_int_equal(ask("a.b", ""), -ENOENT);
	tree_link("run/systemd/sessions/9", "../x");
	assert_int_equal(ask("9", ""), -ENOENT);
}

static void utmp_has_terminals(void **state)
{
	struct utmp all[] = {
		entry(DEAD_PROCESS, "pts/1", "", "192.0.2.7"),
		entry(USER_PROCESS, "pts/10", "", "192.0.2.8"),
		entry(USER_PROCESS, "pts/1", "ignored", "192.0.2.9"),
		entry(USER_PROCESS, "pts/2", "", "2001:db8::2"),
		entry(USER_PROCESS, "pts/3", "by.name", ""),
		entry(USER_PROCESS, "tty1", "", ""),
	};

	(void)state;
	assert_int_equal(ask("", "pts/1"), -ENOENT);
	/* What is cut at its end is no entry. */
	tree_file("run/utmp", all, sizeof(all) - 1);
	assert_from("", "pts/1", "192.0.2.9");
	assert_from("7", "pts/2", "2001:db8::2");
	assert_from("", "pts/3", "by.name");
	assert_int_equal(ask("", "tty1"), -ENOENT);
	assert_int_equal(ask("", "pts/4"), -ENOENT);
	assert_int_equal(ask("", ""), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(systemd_has_a_file_for_each),
		tree_test(an_id_is_no_path),
		tree_test(utmp_has_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
