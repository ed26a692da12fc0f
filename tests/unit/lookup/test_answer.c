/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of the process that has privileges, to one that may have been taken
 * over: any question, and never more than was asked for.
 */
#include "tree.h"

#include <errno.h>
#include <pwd.h>
#include <sys/wait.h>

#include "host/clocks.h"
#include "lookup/answer.h"
#include "lookup/spent.h"

#define ID "0123456789abcdef"

static struct answerer *answerer;
static struct answer a;
static size_t len;

/* Between two looks at it that much passes. */
static uint64_t late_ns;

uint64_t __real_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock);

uint64_t __wrap_clock_ns(clockid_t clock)
{
	static uint64_t passed;

	passed += late_ns;
	return __real_clock_ns(clock) + passed;
}

static int make(void **state)
{
	if (tree_make(state))
		return -1;
	tree_stat(41, "curl", 7, 50000);
	tree_text("41/status", "Name:\tcurl\nUid:\t1\t2\t3\t4\n");
	tree_link("41/exe", "/no/such/file (deleted)");
	tree_link("41/fd/3", "socket:[777]");
	tree_text("var/lib/docker/containers/" ID "/config.v2.json",
		  "{\"Name\":\"/shop\"}");
	answerer = answerer_new(tree_fd, tree_fd);
	return !answerer;
}

static int unmake(void **state)
{
	answerer_free(answerer);
	answerer_free(NULL);
	return tree_remove(state);
}

/* A question that ends where its memory does. */
static void ask(const struct question *q)
{
	struct question *copy = exact_copy(q, sizeof(*q));

	memset(&a, 0x55, sizeof(a));
	len = answer(answerer, copy, &a);
	assert_in_range(len, offsetof(struct answer, process), sizeof(a));
	assert_int_equal(a.number, q->number);
	free(copy);
}

static void a_process_is_told(void **state)
{
	struct question q = { .number = 9, .kind = QUESTION_PROCESS, .id = 41 };

	(void)state;
	ask(&q);
	assert_int_equal(a.err, 0);
	assert_string_equal(a.process.name, "curl");
	assert_int_equal(a.process.uid, 2);
	assert_int_equal(a.exe.inode, 0);
	q.id = 42;
	ask(&q);
	assert_int_equal(a.err, -ESRCH);
	q.id = UINT32_MAX;
	ask(&q);
	assert_int_equal(a.err, -ESRCH);
	q = (struct question){ .kind = QUESTION_EXE_DELETED, .id = 41 };
	ask(&q);
	assert_int_equal(a.deleted, 1);
}

static void who_holds_a_socket_is_told(void **state)
{
	struct question q = { .kind = QUESTION_HOLDER, .value = 777 };

	(void)state;
	ask(&q);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.pid, 41);
	q.value = 778;
	ask(&q);
	assert_int_equal(a.err, -ENOENT);
	assert_int_equal(a.pid, 0);
}

static void users_have_names(void **state)
{
	struct question q = { .kind = QUESTION_USER, .id = 0 };

	(void)state;
	ask(&q);
	assert_int_equal(a.err, 0);
	assert_string_equal(a.name, "root");
	q.id = 4000000000;
	ask(&q);
	assert_int_equal(a.err, -ENOENT);
	assert_string_equal(a.name, "");
}

/* Whoever runs containers may write what takes long, and ask for it often. */
static void a_users_files_cost_no_more_than_that(void **state)
{
	struct question q = { .kind = QUESTION_CONTAINER, .container = ID };
	int n;

	(void)state;
	late_ns = SPENT_MAX_NS / 4 + 1;
	for (q.id = 4242; q.id < 4244; q.id++) {
		for (n = 0; n < 4; n++) {
			ask(&q);
			assert_int_equal(a.err, -ENOENT);
		}
		ask(&q);
		assert_int_equal(a.err, -EAGAIN);
		assert_string_equal(a.container.name, "");
	}
	/* Root's are read, and in a while that user's, too. */
	q.id = 0;
	for (n = 0; n < 10; n++) {
		ask(&q);
		assert_string_equal(a.container.name, "shop");
	}
	late_ns = SPENT_OF_NS;
	clock_ns(CLOCK_MONOTONIC);
	late_ns = 0;
	q.id = 4242;
	ask(&q);
	assert_int_equal(a.err, -ENOENT);
}

static void a_container_is_a_name_and_no_path(void **state)
{
	struct question q = { .kind = QUESTION_CONTAINER, .container = ID };

	(void)state;
	ask(&q);
	assert_int_equal(a.err, 0);
	assert_string_equal(a.name, "shop");
	strcpy(q.container, "../containers/" ID);
	ask(&q);
	assert_int_equal(a.err, -ENOENT);
	assert_string_equal(a.name, "");
}

static void a_login_came_from_somewhere(void **state)
{
	struct question q = { .kind = QUESTION_LOGIN, .session = "3" };

	(void)state;
	tree_text("run/systemd/sessions/3", "REMOTE_HOST=2001:db8::1\n");
	ask(&q);
	assert_int_equal(a.err, 0);
	assert_string_equal(a.address, "2001:db8::1");
	strcpy(q.session, "4");
	ask(&q);
	assert_int_equal(a.err, -ENOENT);
	memset(q.session, '3', sizeof(q.session));
	ask(&q);
	assert_int_equal(a.err, -EINVAL);
}

static void text_without_an_end_is_refused(void **state)
{
	struct question q = { .kind = QUESTION_CONTAINER };

	(void)state;
	memset(q.container, 'a', sizeof(q.container));
	ask(&q);
	assert_int_equal(a.err, -EINVAL);
	memset(&q.hash, 'a', sizeof(q.hash));
	q.kind = QUESTION_HASH;
	ask(&q);
	assert_int_equal(a.err, -EINVAL);
	assert_int_equal(len, offsetof(struct answer, process));
}

static void a_file_is_hashed_only_if_it_is_the_one(void **state)
{
	struct question q = { .kind = QUESTION_HASH };
	char path[64];
	struct stat st;

	(void)state;
	tree_text("program", "abc");
	assert_int_equal(fstatat(tree_fd, "program", &st, 0), 0);
	tree_link("41/exe", "../program");
	snprintf(path, sizeof(path), "%s/program", tree_path);
	strcpy(q.hash.path, path);
	q.hash.pid = 41;
	/* It started long after the file was written. */
	q.hash.start_ns = clock_ns(CLOCK_BOOTTIME) + 1000000000;
	ask(&q);
	assert_false(a.hash.known);
	q.hash.exe.inode = st.st_ino;
	q.hash.exe.changed_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000 +
				(uint64_t)st.st_ctim.tv_nsec;
	ask(&q);
	assert_true(a.hash.known);
	assert_int_equal(a.hash.sha256[0], 0xba);
	assert_int_equal(a.hash.sha256[31], 0xad);
	q.hash.exe.inode++;
	ask(&q);
	assert_false(a.hash.known);
}

static void what_is_no_question_is_refused(void **state)
{
	static const uint32_t kinds[] = { QUESTION_TRANSLATIONS,
					  QUESTION_TRANSLATIONS + 1, 1000,
					  UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct question q = { .kind = kinds[i], .number = 3 };

		ask(&q);
		assert_int_equal(a.err, -EINVAL);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_process_is_told),
		test(who_holds_a_socket_is_told),
		test(users_have_names),
		test(a_users_files_cost_no_more_than_that),
		test(a_container_is_a_name_and_no_path),
		test(a_login_came_from_somewhere),
		test(text_without_an_end_is_refused),
		test(a_file_is_hashed_only_if_it_is_the_one),
		test(what_is_no_question_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
