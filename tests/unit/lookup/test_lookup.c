/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another process answers, and whoever asks outlives it. */
#include "tree.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

#include "host/child.h"
#include "host/log.h"
#include "lookup/container_state.h"
#include "lookup/lookup.h"
#include "process/hasher.h"

#define START 500000000000ull /* of the process: in whole ticks */
#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static useconds_t start_takes;

pid_t __real_fork(void);
pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
	pid_t pid = __real_fork();

	if (!pid)
		usleep(start_takes);
	return pid;
}

static int begin(void **state)
{
	struct lookup *l;

	if (tree_make(state))
		return -1;
	log_set_level(LOG_ERROR);
	tree_stat(41, "curl", 7, START / PROCFS_TICK_NS);
	tree_text("41/status", "Name:\tcurl\nUid:\t1\t2\t3\t4\n");
	tree_link("41/fd/3", "socket:[777]");
	tree_text("var/lib/docker/containers/" ID "/config.v2.json",
		  "{\"Name\":\"/shop\"}");
	l = lookup_new(tree_fd, tree_fd);
	*state = l;
	return !l || lookup_start(l, NULL);
}

/* Longer than any answer may take. */
static int begin_slowly(void **state)
{
	int err;

	start_takes = 600000;
	err = begin(state);
	start_takes = 0;
	return err;
}

static int end(void **state)
{
	struct lookup *l = *state;
	pid_t pid = lookup_pid(l);

	lookup_close(l);
	kill(pid, SIGCONT); /* if a test has failed in between */
	/* It ends by itself. */
	waitpid(pid, NULL, 0);
	return tree_remove(state);
}

static int ask_for(struct lookup *l, uint32_t pid)
{
	uint64_t start_ns = 0;
	struct process p;
	int err = lookup_process(l, pid, 0, &p, &start_ns, NULL);

	if (!err) {
		assert_int_equal(p.pid, pid);
		assert_string_equal(p.name, "curl");
		assert_int_equal(start_ns, 50000 * PROCFS_TICK_NS);
	}
	return err;
}

static void another_process_answers(void **state)
{
	struct lookup *l = *state;
	struct file_id exe = { 0 };
	uint64_t start_ns;
	struct container_state container;
	static struct pod_address pods[64];
	char name[128] = "";
	struct process p;
	uint32_t pid = 0;

	assert_int_equal(waitpid(lookup_pid(l), NULL, WNOHANG), 0);
	assert_int_equal(ask_for(l, 41), 0);
	assert_int_equal(ask_for(l, 42), -ESRCH);
	tree_file("abc", "abc", 3);
	tree_link("41/exe", "../abc");
	assert_int_equal(lookup_process(l, 41, 5, &p, &start_ns, &exe), 0);
	assert_int_equal(p.uid, 2);
	assert_int_equal(p.start_ns, 50000 * PROCFS_TICK_NS + 5);
	assert_int_not_equal(exe.inode, 0);
	assert_false(lookup_exe_deleted(l, 41));
	tree_link("41/exe", "/no/such/file (deleted)");
	assert_true(lookup_exe_deleted(l, 41));
	assert_int_equal(lookup_user(l, 0, name, sizeof(name)), 0);
	assert_string_equal(name, "root");
	assert_int_equal(lookup_user(l, 3999999999, name, sizeof(name)),
			 -ENOENT);
	assert_int_equal(lookup_container(l, ID, "", 0, &container), 0);
	assert_string_equal(container.name, "shop");
	assert_int_equal(lookup_container(l, "none", "", 0, &container),
			 -ENOENT);
	/* More than one answer holds. */
	for (int i = 0; i < 40; i++) {
		char path[64], text[200];

		snprintf(path, sizeof(path), POD_ADDRESSES "/%d", i);
		snprintf(text, sizeof(text),
			 "{\"cniArgs\":[[\"K8S_POD_NAME\","
			 "\"p%d\"],[\"K8S_POD_NAMESPACE\",\"n\"]],\"result\":"
			 "{\"ips\":[{\"address\":\"10.0.0.%d/8\"}]}}",
			 i, i);
		tree_text(path, text);
	}
	assert_int_equal(lookup_pods(l, pods, 64), 40);
	assert_int_equal(lookup_pods(l, pods, 35), 35);
	assert_int_equal(pods[34].name[0], 'n');
	assert_int_equal(lookup_holder(l, 777, &pid), 0);
	assert_int_equal(pid, 41);
	assert_int_equal(lookup_holder(l, 778, &pid), -ENOENT);
	assert_int_equal(lookup_unanswered(l), 0);
}

/* Its own descriptors and those it serves by, no others. */
static void it_has_none_of_our_files(void **state)
{
	struct lookup *l = *state;
	char path[64], link[256];
	ssize_t n;

	assert_int_equal(ask_for(l, 41), 0); /* so it has begun */

	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", lookup_pid(l),
			 fd);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0 || fd == STDERR_FILENO)
			continue;
		link[n] = '\0';
		assert_true(!strncmp(link, "socket:", 7) ||
			    !strcmp(link, "/dev/null") ||
			    !strcmp(link, tree_path));
	}
}

static void hashes_come_when_they_are_there(void **state)
{
	static const uint8_t abc[2] = { 0xba, 0x78 };
	struct lookup *l = *state;
	struct hasher_question q = { .pid = 41,
				     .start_ns = START,
				     .exec_gen = 3 };
	struct hasher_answer a = { .known = false };
	struct stat st;

	tree_file("abc", "abc", 3);
	tree_link("41/exe", "../abc");
	assert_int_equal(fstatat(tree_fd, "abc", &st, 0), 0);
	q.exe.inode = st.st_ino;
	assert_false(lookup_hashing(l));
	assert_true(lookup_hash(l, &q));
	assert_true(lookup_hashing(l));
	for (int i = 0; i < 5000 && !lookup_hashed(l, &a); i++)
		usleep(1000);
	assert_true(a.known && a.linked);
	assert_memory_equal(a.sha256, abc, sizeof(abc));
	assert_int_equal(a.question.start_ns, START);
	assert_false(lookup_hashing(l));
}

static void suspend(const struct lookup *l)
{
	int status;

	kill(lookup_pid(l), SIGSTOP);
	assert_int_equal(waitpid(lookup_pid(l), &status, WUNTRACED),
			 lookup_pid(l));
	assert_true(WIFSTOPPED(status));
}

static void too_many_hashes_are_refused(void **state)
{
	struct hasher_question q = { .pid = 41 };
	struct lookup *l = *state;
	struct hasher_answer a;
	int asked = 0, answered = 0;

	suspend(l);
	while (asked <= HASHER_QUEUE && lookup_hash(l, &q))
		asked++;
	assert_in_range(asked, 16, HASHER_QUEUE);
	assert_true(lookup_hashing(l));
	kill(lookup_pid(l), SIGCONT);
	for (int i = 0; i < 5000 && answered < asked; i++) {
		while (lookup_hashed(l, &a))
			answered++;
		usleep(1000);
	}
	assert_int_equal(answered, asked);
	assert_true(lookup_hash(l, &q));
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void its_start_is_waited_for(void **state)
{
	struct lookup *l = *state;

	assert_int_equal(ask_for(l, 41), 0);
	assert_int_equal(lookup_unanswered(l), 0);
}

static void who_hangs_is_waited_for_once(void **state)
{
	struct lookup *l = *state;
	uint64_t begin = now_ms();
	char name[64];

	suspend(l);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(ask_for(l, 41), -EAGAIN);
		assert_int_equal(lookup_user(l, 0, name, sizeof(name)),
				 -EAGAIN);
	}
	assert_in_range(now_ms() - begin, 300, 5000);
	assert_int_equal(lookup_unanswered(l), 2000);
	assert_true(lookup_is_gone(l));
	/* Back again, the answer is there, and the next one comes, too. */
	kill(lookup_pid(l), SIGCONT);
	for (int i = 0; i < 5000 && ask_for(l, 41); i++)
		usleep(1000);
	assert_int_equal(ask_for(l, 41), 0);
	for (int i = 0; i < 5000 && lookup_user(l, 0, name, sizeof(name)); i++)
		usleep(1000);
	assert_string_equal(name, "root");
	assert_false(lookup_is_gone(l));
}

/* Whoever has many ids takes no more than a second of ten from packets. */
static void names_of_users_do_not_cost_all_the_time(void **state)
{
	struct lookup *l = *state;
	uint64_t begin = now_ms();
	uint32_t uid = 2000000000;
	char name[64];

	while (lookup_user(l, uid, name, sizeof(name)) == -ENOENT)
		uid++;
	assert_in_range(now_ms() - begin, 900, 9000);
	assert_int_equal(lookup_user(l, uid, name, sizeof(name)), -EAGAIN);
	assert_int_equal(lookup_unanswered(l), 2);
	/* Others' questions have their answers. */
	assert_int_equal(ask_for(l, 41), 0);
}

/* Nothing was asked since, or the answer came late: that is no end. */
static void its_end_is_seen_without_a_question(void **state)
{
	struct lookup *l = *state;

	assert_false(lookup_is_gone(l));
	suspend(l);
	assert_false(lookup_is_gone(l));
	assert_int_equal(ask_for(l, 41), -EAGAIN);
	kill(lookup_pid(l), SIGCONT);
	for (int i = 0; i < 100 && lookup_is_gone(l); i++)
		;
	assert_false(lookup_is_gone(l));
	assert_int_equal(ask_for(l, 42), -ESRCH);
	kill(lookup_pid(l), SIGKILL);
	waitpid(lookup_pid(l), NULL, 0);
	assert_true(lookup_is_gone(l));
}

/* An answer is never taken for that to another question. */
static void a_late_answer_is_its_own_questions(void **state)
{
	struct lookup *l = *state;
	int err = -EAGAIN;

	suspend(l);
	assert_int_equal(ask_for(l, 41), -EAGAIN);
	kill(lookup_pid(l), SIGCONT);
	for (int i = 0; err == -EAGAIN && i < 5000; i++) {
		usleep(1000);
		err = ask_for(l, 42);
	}
	assert_int_equal(err, -ESRCH);
	assert_int_equal(ask_for(l, 41), 0);
}

static void who_has_ended_answers_nothing(void **state)
{
	struct hasher_question q = { .pid = 41 };
	struct lookup *l = *state;
	struct hasher_answer a;
	uint32_t holder;
	char name[64];

	assert_true(lookup_hash(l, &q));
	kill(lookup_pid(l), SIGKILL);
	waitpid(lookup_pid(l), NULL, 0);
	assert_int_equal(ask_for(l, 41), -EPIPE);
	assert_int_equal(ask_for(l, 41), -EPIPE);
	assert_int_equal(lookup_user(l, 0, name, sizeof(name)), -EPIPE);
	assert_int_equal(lookup_holder(l, 777, &holder), -EPIPE);
	assert_false(lookup_exe_deleted(l, 41));
	assert_int_equal(lookup_translations(l, 0, 0, NULL, NULL), -EPIPE);
	while (lookup_hashed(l, &a))
		;
	assert_false(lookup_hashing(l));
	assert_false(lookup_hash(l, &q));
	assert_true(lookup_unanswered(l) >= 4);
}

static int add_bytes(void *ctx, const void *bytes, size_t len)
{
	(void)bytes;
	*(size_t *)ctx += len;
	return 0;
}

/* Whatever this kernel says, one question after the other ends. */
static void translations_are_asked_for(void **state)
{
	size_t first = 0, second = 0;
	struct lookup *l = *state;
	int err = lookup_translations(l, 0, 1 << 4, add_bytes, &first);

	assert_int_equal(lookup_translations(l, 0, 1 << 5, add_bytes, &second),
			 err);
	assert_int_equal(err || first, true);
}

/* A process that we may not signal would be root's; this one is ours. */
static void a_command_is_signalled_over_there(void **state)
{
	char *argv[] = { "sleep", "30", NULL };
	struct lookup *l = lookup_new(tree_fd, tree_fd);
	unsigned char number = SIGTERM;
	struct child command;
	int status;

	(void)state;
	assert_int_equal(child_fork(&command, argv, CHILD_SPEAKS), 0);
	assert_int_equal(lookup_start(l, &command), 0);
	child_go(&command);
	lookup_close(l);
	usleep(100000);
	assert_int_equal(write(command.signal_fd, &number, 1), 1);
	assert_int_equal(read(command.signal_fd, &number, 1), 1);
	assert_int_equal(waitpid(command.pid, &status, 0), command.pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	close(command.signal_fd);
	close(command.pid_fd);
}

#define lookup_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(its_start_is_waited_for,
						begin_slowly, end),
		lookup_test(another_process_answers),
		lookup_test(it_has_none_of_our_files),
		lookup_test(hashes_come_when_they_are_there),
		lookup_test(too_many_hashes_are_refused),
		lookup_test(who_hangs_is_waited_for_once),
		lookup_test(names_of_users_do_not_cost_all_the_time),
		lookup_test(its_end_is_seen_without_a_question),
		lookup_test(a_late_answer_is_its_own_questions),
		lookup_test(who_has_ended_answers_nothing),
		lookup_test(translations_are_asked_for),
		lookup_test(a_command_is_signalled_over_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
