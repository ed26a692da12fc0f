/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "output/files/opener.h"

static char ring_path[sizeof(tree_path) + 16];

static struct opener *start(struct opener_options o)
{
	struct opener *opener;

	snprintf(ring_path, sizeof(ring_path), "%s/web.pcapng", tree_path);
	o.path = ring_path;
	assert_int_equal(opener_start(&opener, &o), 0);
	return opener;
}

/* A file of @bytes; returns what stands between "web_" and the time. */
static unsigned next_file(struct opener *o, size_t bytes)
{
	static const char zeros[4096];
	unsigned number;
	const char *name;
	int fd = opener_next(o, &name);

	assert_true(fd >= 0);
	assert_true(bytes <= sizeof(zeros));
	assert_int_equal(write(fd, zeros, bytes), bytes);
	close(fd);
	assert_int_equal(strncmp(name, tree_path, strlen(tree_path)), 0);
	assert_int_equal(access(name, F_OK), 0);
	assert_int_equal(sscanf(name + strlen(tree_path), "/web_%u_", &number),
			 1);
	return number;
}

static int files_left(void)
{
	int fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY), n = 0;
	DIR *dir = fdopendir(fd);
	const struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void each_file_is_new_and_has_a_name(void **state)
{
	struct opener *o = start((struct opener_options){ 0 });

	(void)state;
	assert_int_equal(next_file(o, 1), 1);
	assert_int_equal(next_file(o, 1), 2);
	assert_int_equal(next_file(o, 1), 3);
	assert_int_equal(files_left(), 3);
	opener_stop(o);
}

static void only_its_owner_may_read_unless_the_group_is_to(void **state)
{
	struct opener *o;
	struct stat st;
	const char *name;
	mode_t old = umask(077);

	(void)state;
	for (int group = 0; group < 2; group++) {
		int fd;

		o = start((struct opener_options){ .group_read = group });
		fd = opener_next(o, &name);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_mode & 0777, group ? 0640 : 0600);
		close(fd);
		opener_stop(o);
	}
	umask(old);
}

static int frozen(void)
{
	int fd = openat(tree_fd, ".", O_RDONLY | O_DIRECTORY), n = 0;
	DIR *dir = fdopendir(fd);
	const struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += !strncmp(e->d_name, "frozen_web_", 11);
	closedir(dir);
	return n;
}

static void freeze(struct opener *o)
{
	const char *name;
	int fd = opener_freeze(o, &name);

	assert_true(fd >= 0);
	close(fd);
}

/* In this run, and in one that counts what others have left. */
static void what_is_frozen_stays(void **state)
{
	const struct opener_options budget = { .total = 12288,
					       .file_bytes = 4096 };
	struct opener *o = start((struct opener_options){ .files = 2 });

	(void)state;
	for (int i = 0; i < 3; i++)
		next_file(o, 1000);
	freeze(o);
	assert_int_equal(frozen(), 2);
	for (int i = 0; i < 5; i++)
		next_file(o, 1000);
	assert_int_equal(frozen(), 2);
	assert_int_equal(files_left(), 4);
	opener_stop(o);
	o = start(budget);
	for (int i = 0; i < 5; i++)
		next_file(o, 1000);
	assert_int_equal(frozen(), 2);
	assert_int_equal(files_left(), 5);
	opener_stop(o);
}

static void what_is_kept_at_the_end_stays(void **state)
{
	struct opener *o = start((struct opener_options){ .files = 2 });

	(void)state;
	for (int i = 0; i < 3; i++)
		next_file(o, 1000);
	opener_keep(o);
	opener_stop(o);
	assert_int_equal(frozen(), 2);
	assert_int_equal(files_left(), 2);
}

static void where_none_is_removed_names_stay(void **state)
{
	struct opener *o = start((struct opener_options){ 0 });

	(void)state;
	next_file(o, 1);
	freeze(o);
	assert_int_equal(next_file(o, 1), 3);
	assert_int_equal(frozen(), 0);
	assert_int_equal(files_left(), 3);
	opener_stop(o);
}

static void the_oldest_makes_room(void **state)
{
	struct opener *o = start((struct opener_options){ .files = 2 });

	(void)state;
	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(next_file(o, 1), i);
	assert_int_equal(files_left(), 2);
	opener_stop(o);
}

/* The one child that there is. */
static void signal_opener(int signal)
{
	char path[64];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	fclose(file);
	assert_int_equal(kill(pid, signal), 0);
}

static int ask_for_next(struct opener *o)
{
	const char *name;
	int fd = opener_next(o, &name);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* Whoever called sudo may stop it; what was to be frozen still is. */
static void one_that_is_stopped_is_waited_for_once(void **state)
{
	struct opener *o = start((struct opener_options){ .files = 2 });
	const char *name;
	time_t begin;

	(void)state;
	next_file(o, 1);
	signal_opener(SIGSTOP);
	assert_int_equal(ask_for_next(o), -ETIME);
	begin = time(NULL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ask_for_next(o), -ETIME);
	assert_int_equal(opener_freeze(o, &name), -ETIME);
	assert_in_range(time(NULL) - begin, 0, 1);
	signal_opener(SIGCONT);
	for (int i = 0; i < 1000 && ask_for_next(o); i++)
		usleep(10000);
	assert_int_equal(files_left(), 2);
	assert_int_equal(frozen(), 0);
	assert_int_equal(next_file(o, 1), 3);
	assert_int_equal(frozen(), 2);
	opener_stop(o);
}

/* It ends with this process; this test may not take long. */
static void one_that_is_stopped_does_not_hold_us_up(void **state)
{
	struct opener *o = start((struct opener_options){ 0 });
	time_t begin = time(NULL);

	(void)state;
	next_file(o, 1);
	signal_opener(SIGSTOP);
	opener_stop(o);
	assert_in_range(time(NULL) - begin, 2, 9);
	signal_opener(SIGKILL);
	while (wait(NULL) > 0)
		;
}

#define BLOCK 4096 /* of the file system of the test, or a part of it */

static void the_next_one_must_fit_into_the_budget(void **state)
{
	struct opener *o = start((struct opener_options){
		.total = 5 * BLOCK, .file_bytes = 2 * BLOCK });

	(void)state;
	next_file(o, BLOCK);
	next_file(o, BLOCK);
	next_file(o, BLOCK);
	assert_int_equal(files_left(), 3); /* 2 + 2 of 5 fit */
	next_file(o, BLOCK);
	assert_int_equal(files_left(), 4);
	next_file(o, BLOCK);
	assert_int_equal(files_left(), 4); /* 4 + 2 do not */
	opener_stop(o);
}

/* A byte takes a block of the disk. */
static void a_budget_counts_whole_blocks(void **state)
{
	struct opener *o = start((struct opener_options){
		.total = 3 * BLOCK, .file_bytes = BLOCK });

	(void)state;
	for (int i = 0; i < 9; i++)
		next_file(o, 1);
	assert_int_equal(files_left(), 3);
	opener_stop(o);
}

/* In the place of a file there is a directory, which may be as large. */
static void a_budget_counts_what_cannot_be_removed(void **state)
{
	struct opener *o = start((struct opener_options){
		.total = 4 * BLOCK, .file_bytes = BLOCK });
	const char *name;
	int fd = opener_next(o, &name);

	(void)state;
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	next_file(o, 1);
	unlink(name);
	assert_int_equal(mkdir(name, 0700), 0);
	for (int i = 0; i < 9; i++)
		next_file(o, 1);
	assert_int_equal(files_left(), 1 + 3);
	opener_stop(o);
}

/* One that was changed long ago, of @bytes. */
static void earlier(const char *name, size_t bytes, time_t changed)
{
	static const char zeros[4096];
	const struct timespec times[] = { { .tv_sec = changed },
					  { .tv_sec = changed } };

	tree_file(name, zeros, bytes);
	assert_int_equal(utimensat(tree_fd, name, times, 0), 0);
}

static void a_budget_counts_what_earlier_runs_left(void **state)
{
	struct opener *o;

	(void)state;
	earlier("web_00001_20261127093005.pcapng", BLOCK, 2000);
	earlier("web_00002_20261127093005.pcapng", BLOCK, 1000);
	earlier("other_00001_20261127093005.pcapng", BLOCK, 500);
	o = start((struct opener_options){ .total = 2 * BLOCK,
					   .file_bytes = BLOCK });
	next_file(o, 10);
	/* The one that was changed first goes, and nobody else's. */
	assert_int_equal(faccessat(tree_fd, "web_00001_20261127093005.pcapng",
				   F_OK, 0),
			 0);
	assert_int_not_equal(faccessat(tree_fd,
				       "web_00002_20261127093005.pcapng", F_OK,
				       0),
			     0);
	assert_int_equal(faccessat(tree_fd, "other_00001_20261127093005.pcapng",
				   F_OK, 0),
			 0);
	opener_stop(o);
}

static void a_file_that_is_there_is_not_taken(void **state)
{
	struct opener *o = start((struct opener_options){ 0 });
	const char *name;
	char kept[PATH_MAX];
	struct stat st;
	int fd = opener_next(o, &name);

	(void)state;
	snprintf(kept, sizeof(kept), "%s", name);
	assert_int_equal(write(fd, "kept", 4), 4);
	close(fd);
	opener_stop(o);
	/* Another run begins with the same number, maybe in the same second. */
	o = start((struct opener_options){ 0 });
	fd = opener_next(o, &name);
	assert_true(fd >= 0);
	close(fd);
	assert_string_not_equal(name, kept);
	assert_int_equal(stat(kept, &st), 0);
	assert_int_equal(st.st_size, 4);
	opener_stop(o);
}

static void without_a_directory_there_is_none(void **state)
{
	struct opener_options options = { .path = "/nonexistent/web.pcapng" };
	struct opener *o;

	(void)state;
	assert_int_equal(opener_start(&o, &options), -ENOENT);
}

static void a_directory_that_goes_is_told(void **state)
{
	struct opener *o = start((struct opener_options){ 0 });
	const char *name;

	(void)state;
	assert_int_equal(rmdir(tree_path), 0);
	assert_int_equal(opener_next(o, &name), -ENOENT);
	opener_stop(o);
	assert_int_equal(mkdir(tree_path, 0700), 0);
}

static void a_single_file_stays_until_it_is_asked_for(void **state)
{
	struct opener *o = start((struct opener_options){ .single = true });
	struct stat st;
	const char *name;
	int fd;

	(void)state;
	assert_int_equal(access(ring_path, F_OK), -1);
	tree_text("web.pcapng", "old");
	assert_int_equal(fchmodat(tree_fd, "web.pcapng", 0644, 0), 0);
	fd = opener_next(o, &name);
	assert_true(fd >= 0);
	assert_string_equal(name, ring_path);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close(fd);
	/* It has done what it was there for. */
	assert_int_equal(opener_next(o, &name), -ECHILD);
	opener_stop(o);
}

static void a_single_one_may_be_a_link_to_elsewhere(void **state)
{
	char elsewhere[] = "/tmp/pktwho_test_XXXXXX";
	const char *name;
	struct opener *o;
	struct stat st;
	int fd = mkstemp(elsewhere);

	(void)state;
	close(fd);
	assert_int_equal(symlinkat(elsewhere, tree_fd, "web.pcapng"), 0);
	o = start((struct opener_options){ .single = true });
	fd = opener_next(o, &name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "new", 3), 3);
	close(fd);
	assert_int_equal(stat(elsewhere, &st), 0);
	assert_int_equal(st.st_size, 3);
	unlink(elsewhere);
	opener_stop(o);
}

static void a_single_one_may_be_what_a_shell_has_open(void **state)
{
	struct opener_options options = { .single = true };
	int given = openat(tree_fd, "given", O_RDWR | O_CREAT, 0600), fd;
	struct opener *o;
	const char *name;
	char path[32];
	struct stat st;

	(void)state;
	assert_true(given >= 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", given);
	options.path = path;
	assert_int_equal(opener_start(&o, &options), 0);
	fd = opener_next(o, &name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "new", 3), 3);
	close(fd);
	assert_int_equal(fstat(given, &st), 0);
	assert_int_equal(st.st_size, 3);
	close(given);
	opener_stop(o);
}

static void one_that_cannot_be_made_has_its_name(void **state)
{
	struct opener *o = start((struct opener_options){ .single = true });
	const char *name;

	(void)state;
	assert_int_equal(mkdirat(tree_fd, "web.pcapng", 0700), 0);
	assert_int_equal(opener_next(o, &name), -EISDIR);
	assert_string_equal(name, ring_path);
	opener_stop(o);
}

static void a_temporary_one_has_a_name_of_its_own(void **state)
{
	struct opener_options options = { .single = true, .temporary = true };
	char path[sizeof(tree_path) + 32];
	struct opener *o;
	const char *name;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/web_XXXXXX.pcapng", tree_path);
	options.path = path;
	assert_int_equal(opener_start(&o, &options), 0);
	assert_int_equal(files_left(), 0);
	fd = opener_next(o, &name);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(access(name, F_OK), 0);
	assert_string_not_equal(name, path);
	assert_string_equal(name + strlen(name) - 7, ".pcapng");
	assert_int_equal(files_left(), 1);
	opener_stop(o);
}

static void a_pipe_is_open_at_once(void **state)
{
	char path[sizeof(tree_path) + 16];
	struct opener *o;
	const char *name;
	int reader, fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/web.pcapng", tree_path);
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	o = start((struct opener_options){ .single = true });
	fd = opener_next(o, &name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	close(reader);
	opener_stop(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_file_is_new_and_has_a_name),
		tree_test(only_its_owner_may_read_unless_the_group_is_to),
		tree_test(the_oldest_makes_room),
		tree_test(one_that_is_stopped_is_waited_for_once),
		tree_test(one_that_is_stopped_does_not_hold_us_up),
		tree_test(what_is_frozen_stays),
		tree_test(what_is_kept_at_the_end_stays),
		tree_test(where_none_is_removed_names_stay),
		tree_test(the_next_one_must_fit_into_the_budget),
		tree_test(a_budget_counts_whole_blocks),
		tree_test(a_budget_counts_what_cannot_be_removed),
		tree_test(a_budget_counts_what_earlier_runs_left),
		tree_test(a_file_that_is_there_is_not_taken),
		cmocka_unit_test(without_a_directory_there_is_none),
		tree_test(a_directory_that_goes_is_told),
		tree_test(a_single_file_stays_until_it_is_asked_for),
		tree_test(a_single_one_may_be_a_link_to_elsewhere),
		tree_test(a_single_one_may_be_what_a_shell_has_open),
		tree_test(one_that_cannot_be_made_has_its_name),
		tree_test(a_temporary_one_has_a_name_of_its_own),
		tree_test(a_pipe_is_open_at_once),
	};

	unsetenv("SUDO_UID"); /* the files shall be ours */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
