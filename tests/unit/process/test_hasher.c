/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The right file's hash or none: never another file's. */
#include "tree.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#include "host/clocks.h"
#include "process/hasher.h"

/* FIPS 180-2, appendix B.1. */
static const uint8_t abc[32] = {
	0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
	0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
	0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
};

static struct hasher *h;

static int make(void **state)
{
	if (tree_make(state))
		return -1;
	h = hasher_new(tree_fd);
	return h ? 0 : -1;
}

static int unmake(void **state)
{
	hasher_free(h);
	return tree_remove(state);
}

static struct hasher_answer ask(const struct hasher_question *q)
{
	struct hasher_answer a;

	hasher_hash(h, q, &a);
	return a;
}

/* Of a process that starts long after the file was written. */
static struct hasher_question file(const char *name)
{
	struct hasher_question q = {
		.pid = 7,
		.exec_gen = 3,
		.start_ns = clock_ns(CLOCK_BOOTTIME) + 1000000000,
	};
	struct stat st;
	int fd;

	snprintf(q.path, sizeof(q.path), "%s/%s", tree_path, name);
	fd = open(q.path, O_PATH);
	assert_int_equal(fstat(fd, &st), 0);
	q.exe = (struct file_id){
		.dev = procfs_device(fd),
		.inode = st.st_ino,
		.changed_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000 +
			      (uint64_t)st.st_ctim.tv_nsec,
	};
	assert_true(q.exe.dev);
	close(fd);
	return q;
}

static void by_path_if_it_is_still_that_file(void **state)
{
	struct hasher_question q;
	struct hasher_answer a;

	(void)state;
	tree_file("exe", "abc", 3);
	q = file("exe");
	a = ask(&q);
	assert_true(a.known);
	assert_memory_equal(a.sha256, abc, 32);
	assert_int_equal(a.question.exec_gen, 3);

	/* Another file system has the same numbers. */
	q.exe.dev++;
	assert_false(ask(&q).known);
	assert_int_equal(ask(&q).reason, HASH_REASON_CHANGED);
	q.exe.dev--;
	q.exe.inode++;
	assert_false(ask(&q).known);
	q.exe.inode = 0;
	assert_false(ask(&q).known);
	assert_int_equal(ask(&q).reason, HASH_REASON_NO_FILE);
}

static void by_the_running_process_even_if_deleted(void **state)
{
	struct hasher_question q;
	struct hasher_answer a;
	uint64_t ticks;

	(void)state;
	tree_file("abc", "abc", 3);
	tree_dirs("7/");
	tree_link("7/exe", "../abc");
	q = file("abc");
	ticks = q.start_ns / PROCFS_TICK_NS;
	tree_stat(7, "abc", 1, ticks);
	snprintf(q.path, sizeof(q.path), "%s/gone", tree_path);
	a = ask(&q);
	assert_true(a.known);
	assert_false(a.linked);
	assert_memory_equal(a.sha256, abc, 32);
	q.exe.changed_ns--; /* it was deleted, or is another one */
	a = ask(&q);
	assert_true(a.known && a.linked);
	tree_stat(7, "abc", 1, ticks + 1); /* that pid is another process's */
	a = ask(&q);
	assert_false(a.known || a.linked);
	assert_int_equal(a.reason, HASH_REASON_GONE);
	tree_stat(7, "abc", 1, ticks);
	q.exe.changed_ns++;
	q.exe.inode++; /* it has become another program */
	assert_false(ask(&q).known);
}

/* Within a tick the ctime says nothing: only one that runs is not changed. */
static void a_file_just_written_must_be_running(void **state)
{
	struct hasher_question q;
	struct hasher_answer a;
	uint64_t ticks;

	(void)state;
	tree_file("exe", "abc", 3);
	q = file("exe");
	q.start_ns = clock_ns(CLOCK_BOOTTIME) - 1000000000;
	ticks = q.start_ns / PROCFS_TICK_NS;
	a = ask(&q);
	assert_false(a.known);
	assert_int_equal(a.reason, HASH_REASON_CHANGED);
	tree_dirs("7/");
	tree_stat(7, "exe", 1, ticks);
	a = ask(&q);
	assert_true(a.known && a.linked);
	assert_memory_equal(a.sha256, abc, 32);
}

/* A device of that inode is not even opened: a FIFO would be waited for. */
static void only_a_file_is_opened(void **state)
{
	struct hasher_question q;
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", tree_path);
	assert_int_equal(mkfifo(path, 0600), 0);
	q = file("fifo");
	assert_false(ask(&q).known);
}

static void a_file_too_large_has_no_hash(void **state)
{
	struct hasher_question q;

	(void)state;
	tree_file("large", "", 0);
	tree_file("exe", "abc", 3);
	q = file("large");
	assert_int_equal(truncate(q.path, 1ll << 40), 0);
	q = file("large");
	assert_false(ask(&q).known);
	assert_int_equal(ask(&q).reason, HASH_REASON_LARGE);
	q = file("exe");
	assert_true(ask(&q).known);
}

/* Where the file system has generations, ext4 for one, they must agree. */
static void a_file_of_another_generation_is_not_it(void **state)
{
	unsigned long generation = 0;
	struct hasher_question q;
	int fd;

	(void)state;
	tree_file("exe", "abc", 3);
	q = file("exe");
	fd = open(q.path, O_RDONLY);
	if (ioctl(fd, FS_IOC_GETVERSION, &generation) || !generation) {
		close(fd);
		skip();
	}
	close(fd);
	q.exe.generation = (uint32_t)generation;
	assert_true(ask(&q).known);
	q.exe.generation++;
	assert_false(ask(&q).known);
}

static void a_changed_file_is_hashed_again(void **state)
{
	struct hasher_answer first, second;
	struct hasher_question q;

	(void)state;
	tree_file("exe", "abc", 3);
	q = file("exe");
	first = ask(&q);
	tree_file("exe", "abcd", 4);
	assert_false(ask(&q).known); /* not what was executed */
	q = file("exe");
	second = ask(&q);
	assert_true(second.known);
	assert_memory_not_equal(first.sha256, second.sha256, 32);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(by_path_if_it_is_still_that_file),
		test(by_the_running_process_even_if_deleted),
		test(a_file_just_written_must_be_running),
		test(only_a_file_is_opened),
		test(a_changed_file_is_hashed_again),
		test(a_file_too_large_has_no_hash),
		test(a_file_of_another_generation_is_not_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
