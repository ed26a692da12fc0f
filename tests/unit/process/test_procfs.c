/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>

#include "process/procfs.h"
#include "tree.h"

#define BOOT 1700000000000000000ull

static struct process read_process(uint32_t pid)
{
	struct process p;
	uint64_t start_ns;

	memset(&p, 0xee, sizeof(p));
	assert_int_equal(procfs_read(tree_fd, pid, BOOT, &p, &start_ns), 0);
	return p;
}

static void a_process_is_read_whole(void **state)
{
	struct process p;
	uint64_t start_ns = 0;

	(void)state;
	tree_stat(42, "nginx", 7, 12345);
	tree_text("42/status",
		  "Name:\tnginx\nTgid:\t42\nUid:\t1\t33\t1\t1\n"
		  "Gid:\t1\t34\t1\t1\nNStgid:\t42\t5\nNSpid:\t42\t9\t5\n");
	tree_file("42/cmdline", "nginx\0-g\0a b\0", 13);
	tree_link("42/exe", "/usr/sbin/nginx");
	tree_text("42/cgroup", "0::/system.slice/nginx.service\n");
	tree_text("42/loginuid", "1000");
	tree_link("42/ns/net", "net:[4026531840]");
	tree_text("7/comm", "systemd\n");
	assert_int_equal(procfs_read(tree_fd, 42, BOOT, &p, &start_ns), 0);

	assert_int_equal(start_ns, 12345 * PROCFS_TICK_NS);
	assert_int_equal(p.start_ns, BOOT + 123450000000);
	assert_int_equal(p.pid, 42);
	assert_int_equal(p.ppid, 7);
	assert_int_equal(p.uid, 33); /* the effective one */
	assert_int_equal(p.gid, 34);
	assert_int_equal(p.vpid, 5); /* the innermost one */
	assert_int_equal(p.loginuid, 1000);
	assert_int_equal(p.netns, 4026531840);
	assert_int_equal(p.flags, 0);
	assert_string_equal(p.name, "nginx");
	assert_string_equal(p.pname, "systemd");
	assert_string_equal(p.exepath, "/usr/sbin/nginx");
	assert_string_equal(p.cgroup, "/system.slice/nginx.service");
	assert_string_equal(p.unit, "nginx.service");
	assert_int_equal(p.cmdline_len, 12);
	assert_memory_equal(p.cmdline, "nginx\0-g\0a b", 13);
	assert_int_equal(p.has, 1 << FIELD_PID | 1 << FIELD_PPID |
					1 << FIELD_START | 1 << FIELD_NAME |
					1 << FIELD_EXEPATH |
					1 << FIELD_CMDLINE | 1 << FIELD_UID |
					1 << FIELD_GID | 1 << FIELD_VPID |
					1 << FIELD_LOGINUID | 1 << FIELD_PNAME |
					1 << FIELD_CGROUP | 1 << FIELD_UNIT |
					1 << FIELD_NETNS | 1 << FIELD_FLAGS);
}

static void tty_stat(uint32_t device)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "42 (x) S 1 2 3 %u 8 9 10 11 12 13 14 15 16 "
		 "17 18 19 20 21 500 23\n",
		 device);
	tree_text("42/stat", text);
}

static void its_surroundings_are_read(void **state)
{
	static const struct {
		uint32_t device;
		const char *name;
	} ttys[] = {
		{ 136 << 8 | 7, "pts/7" },
		{ 137 << 8 | 1, "pts/257" },
		{ 4 << 8 | 1, "tty1" },
		{ 4 << 8 | 64, "ttyS0" },
		{ 136 << 8 | 0x100000, "pts/256" },
		{ 0, "" },
		{ 229 << 8, "" },
	};
	char deep[300] = "/";
	struct process p;

	(void)state;
	for (size_t i = 0; i < sizeof(ttys) / sizeof(*ttys); i++) {
		tty_stat(ttys[i].device);
		p = read_process(42);
		assert_int_equal(process_has(&p, FIELD_TTY),
				 *ttys[i].name != 0);
		assert_string_equal(p.tty, ttys[i].name);
		assert_false(process_has(&p, FIELD_CWD));
		assert_false(process_has(&p, FIELD_SESSION_ID));
		assert_int_equal(procfs_start(tree_fd, 42),
				 500 * PROCFS_TICK_NS);
	}
	assert_int_equal(procfs_start(tree_fd, 43), 0);
	tree_link("42/cwd", "/home/alice");
	tree_text("42/sessionid", "17");
	p = read_process(42);
	assert_string_equal(p.cwd, "/home/alice");
	assert_string_equal(p.session_id, "17");
	/* A part of a path is another's. */
	memset(deep + 1, 'd', sizeof(deep) - 2);
	tree_link("42/cwd", deep);
	tree_text("42/sessionid", "4294967295");
	p = read_process(42);
	assert_false(process_has(&p, FIELD_CWD));
	assert_false(process_has(&p, FIELD_SESSION_ID));
	tree_text("42/cgroup",
		  "0::/user.slice/user-7.slice/session-c2.scope\n");
	p = read_process(42);
	assert_string_equal(p.session_id, "c2");
}

static void a_brief_reading_is_enough_for_a_list(void **state)
{
	struct process p;

	(void)state;
	tree_stat(42, "nginx", 7, 12345);
	tree_text("42/status", "Name:\tnginx\nUid:\t1\t33\t1\t1\n");
	tree_file("42/cmdline", "nginx\0", 6);
	tree_text("42/cgroup", "0::/system.slice/nginx.service\n");
	assert_int_equal(procfs_read_brief(tree_fd, 42, &p), 0);
	assert_int_equal(p.pid, 42);
	assert_int_equal(p.uid, 33);
	assert_string_equal(p.name, "nginx");
	assert_string_equal(p.unit, "nginx.service");
	assert_memory_equal(p.cmdline, "nginx", 6);
	assert_false(process_has(&p, FIELD_START));

	tree_stat(2, "kthreadd", 0, 1);
	tree_file("2/cmdline", "", 0);
	assert_int_equal(procfs_read_brief(tree_fd, 2, &p), 0);
	assert_string_equal(p.name, "kthreadd");
	assert_int_equal(p.cmdline_len, 0);
	assert_false(process_has(&p, FIELD_CMDLINE));

	assert_int_equal(procfs_read_brief(tree_fd, 43, &p), -ESRCH);
}

/* A name is any bytes; what looks like the end of it may be in it. */
static void a_name_is_any_bytes(void **state)
{
	static const char *const names[] = {
		"a) R 1 (b", ")",    "(",	  "((",	      "))",
		"a b",	     "a\nb", ") S 9 9 9", "\xff\x01", "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct process p;

		tree_stat(42, names[i], 7, 100);
		p = read_process(42);
		assert_string_equal(p.name, names[i]);
		assert_int_equal(p.ppid, 7);
		assert_int_equal(p.start_ns, BOOT + 1000000000);
	}
	/* A kernel worker's name is longer than a task's. */
	tree_stat(42, "kworker/u64:3-events_unbound", 2, 100);
	assert_string_equal(read_process(42).name, "kworker/u64:3-e");
	tree_text("7/comm", "new\nline\n");
	tree_stat(42, "x", 7, 100);
	assert_string_equal(read_process(42).pname, "new\nline");
}

static void a_process_that_vanished_is_none(void **state)
{
	struct process p;
	uint64_t start_ns;

	(void)state;
	assert_int_equal(procfs_read(tree_fd, 42, BOOT, &p, &start_ns), -ESRCH);
	tree_text("42/status", "Name:\tx\n");
	assert_int_equal(procfs_read(tree_fd, 42, BOOT, &p, &start_ns), -ESRCH);
	tree_text("42/stat", "");
	assert_int_equal(procfs_read(tree_fd, 42, BOOT, &p, &start_ns), -ESRCH);
	tree_text("42/stat", "42 (cut sho");
	assert_int_equal(procfs_read(tree_fd, 42, BOOT, &p, &start_ns), -ESRCH);
	tree_text("42/stat", "42 )x(");
	assert_int_equal(procfs_read(tree_fd, 42, BOOT, &p, &start_ns), -ESRCH);
}

/* Ended between two files: what was read until then counts. */
static void what_was_read_until_then_counts(void **state)
{
	struct process p;

	(void)state;
	tree_stat(42, "gone", 7, 100);
	p = read_process(42);
	assert_string_equal(p.name, "gone");
	assert_int_equal(p.has, 1 << FIELD_PID | 1 << FIELD_PPID |
					1 << FIELD_START | 1 << FIELD_NAME |
					1 << FIELD_FLAGS);
	tree_text("42/status", "Name:\tgone\nUid:\t33");
	tree_text("42/cmdline", "");
	tree_text("42/cgroup", "garbage\n\n:\n");
	tree_text("42/loginuid", "4294967295"); /* never logged in */
	tree_link("42/ns/net", "nonsense");
	p = read_process(42);
	assert_false(process_has(&p, FIELD_UID));
	assert_false(process_has(&p, FIELD_CMDLINE));
	assert_false(process_has(&p, FIELD_CGROUP));
	assert_false(process_has(&p, FIELD_LOGINUID));
	assert_false(process_has(&p, FIELD_NETNS));
}

static void an_executable_tells_what_became_of_it(void **state)
{
	static const struct {
		const char *link, *path;
		uint32_t flags;
	} rows[] = {
		{ "/usr/bin/x", "/usr/bin/x", 0 },
		{ "/usr/bin/x (deleted)", "/usr/bin/x", PROCESS_EXE_DELETED },
		{ "/memfd:evil (deleted)", "/memfd:evil",
		  PROCESS_EXE_DELETED | PROCESS_EXE_MEMFD },
		{ "/memfd:evil", "/memfd:evil", 0 }, /* a file of / */
		{ "/tmp/x", "/tmp/x", PROCESS_EXE_WORLD_WRITABLE },
		{ "/nonexistent/x", "/nonexistent/x", 0 },
		{ " (deleted)", " (deleted)", 0 },
		{ "/x", "/x", 0 },
		{ "x", "x", 0 },
	};
	struct process p;

	(void)state;
	tree_stat(42, "x", 7, 100);
	tree_link("42/root", "/");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		tree_link("42/exe", rows[i].link);
		p = read_process(42);
		assert_string_equal(p.exepath, rows[i].path);
		assert_int_equal(p.flags, rows[i].flags);
	}
}

/* Its first thread has ended: the others have what it had. */
static void a_process_goes_on_without_its_first_thread(void **state)
{
	struct process p;

	(void)state;
	tree_stat(42, "java", 7, 100);
	tree_text("42/status", "Name:\tjava\nUid:\t1\t33\t1\t1\n");
	tree_text("42/cmdline", "");
	tree_text("42/task/42/cmdline", "");
	p = read_process(42);
	assert_string_equal(p.name, "java");
	assert_false(process_has(&p, FIELD_EXEPATH));

	tree_file("42/task/43/cmdline", "java\0-jar\0", 10);
	tree_link("42/task/43/exe", "/usr/bin/java");
	tree_link("42/task/43/ns/net", "net:[4026531840]");
	p = read_process(42);
	assert_int_equal(p.pid, 42);
	assert_int_equal(p.uid, 33);
	assert_string_equal(p.exepath, "/usr/bin/java");
	assert_int_equal(p.cmdline_len, 9);
	assert_int_equal(p.netns, 4026531840);
}

/* Process 42 runs that file of the tree, whose @path is from our root on. */
static void run_file(char *path, size_t size, const char *name)
{
	tree_stat(42, "x", 7, 100);
	tree_text(name, "");
	snprintf(path, size, "%s/%s", tree_path, name);
	tree_link("42/exe", path);
	tree_link("42/root", "/");
}

/* Nobody stops a file from being called as the kernel calls a deleted one. */
static void a_file_may_be_named_deleted(void **state)
{
	char path[256];
	struct process p;

	(void)state;
	run_file(path, sizeof(path), "bin/x (deleted)");
	p = read_process(42);
	assert_string_equal(p.exepath, path);
	assert_int_equal(p.flags & PROCESS_EXE_DELETED, 0);
	assert_false(procfs_exe_deleted(tree_fd, 42));

	unlinkat(tree_fd, "bin/x (deleted)", 0);
	p = read_process(42);
	assert_int_equal(p.flags & PROCESS_EXE_DELETED, PROCESS_EXE_DELETED);
	assert_true(procfs_exe_deleted(tree_fd, 42));
	assert_false(procfs_exe_deleted(tree_fd, 43));
}

/* In a container /tmp/x is below the container's root, not below ours. */
static void a_world_writable_directory_is_the_processs(void **state)
{
	struct process p;

	(void)state;
	tree_stat(43, "x", 7, 100);
	tree_dirs("43/root/tmp/");
	tree_link("43/exe", "/tmp/x");
	p = read_process(43);
	assert_int_equal(p.flags, 0);
	assert_int_equal(fchmodat(tree_fd, "43/root/tmp", 01777, 0), 0);
	p = read_process(43);
	assert_int_equal(p.flags, PROCESS_EXE_WORLD_WRITABLE);
}

static void a_world_writable_file_is_one_wherever_it_lies(void **state)
{
	char path[256];
	struct process p;

	(void)state;
	run_file(path, sizeof(path), "bin/x");
	assert_int_equal(fchmodat(tree_fd, "bin/x", 0775, 0), 0);
	p = read_process(42);
	assert_int_equal(p.flags, 0);
	assert_int_equal(fchmodat(tree_fd, "bin/x", 0777, 0), 0);
	p = read_process(42);
	assert_int_equal(p.flags, PROCESS_EXE_WORLD_WRITABLE);
}

/* Whoever has a user namespace can mount another file there. */
static void a_path_may_be_of_a_users_mounts(void **state)
{
	char path[256];
	struct process p;

	(void)state;
	run_file(path, sizeof(path), "bin/x");
	tree_link("self/ns/mnt", "mnt:[4026531841]");
	tree_link("42/ns/user", "user:[4026531837]");
	tree_link("42/ns/mnt", "mnt:[4026532000]");
	p = read_process(42);
	assert_int_equal(p.flags, 0);
	tree_link("42/ns/user", "user:[4026532001]");
	p = read_process(42);
	assert_int_equal(p.flags, PROCESS_EXE_USER_MOUNT);
	tree_link("42/ns/mnt", "mnt:[4026531841]");
	p = read_process(42);
	assert_int_equal(p.flags, 0);
}

static void what_is_too_long_is_cut_and_said(void **state)
{
	char text[6000];
	struct process p;

	(void)state;
	memset(text, 'x', sizeof(text));
	tree_stat(42, "x", 7, 100);
	tree_file("42/cmdline", text, sizeof(text));
	memcpy(text, "0::/", 4);
	text[3000] = '\n';
	tree_file("42/cgroup", text, 3001);
	text[0] = '/';
	text[2000] = '\0';
	tree_link("42/exe", text);
	p = read_process(42);
	assert_int_equal(p.cmdline_len, sizeof(p.cmdline) - 1);
	assert_int_equal(strlen(p.cgroup), sizeof(p.cgroup) - 1);
	assert_int_equal(strlen(p.exepath), sizeof(p.exepath) - 1);
	assert_int_equal(p.flags,
			 PROCESS_CMDLINE_TRUNCATED | PROCESS_EXEPATH_TRUNCATED);
}

/* Version 2 counts, unless the controllers are still version 1's. */
static void the_cgroup_that_tells_most_is_taken(void **state)
{
	static const struct {
		const char *text, *cgroup;
	} rows[] = {
		{ "0::/a\n", "/a" },
		{ "12:pids:/b\n1:name=systemd:/c\n0::/a\n", "/a" },
		{ "0::/a\n12:pids:/b\n", "/a" },
		{ "12:pids:/b\n0::/\n", "/b" },
		{ "12:pids:/\n1:name=systemd:/c\n0::/\n", "/c" },
		{ "0::/\n", "/" },
		{ "0::/a:b\n", "/a:b" },
	};
	struct process p;

	(void)state;
	tree_stat(42, "x", 7, 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		tree_text("42/cgroup", rows[i].text);
		p = read_process(42);
		assert_string_equal(p.cgroup, rows[i].cgroup);
	}
}

/* ---- lists ---- */

struct list {
	uint64_t seen[8];
	size_t count;
};

static void note(struct list *l, uint64_t v)
{
	assert_true(l->count < 8);
	l->seen[l->count++] = v;
}

static bool noted(const struct list *l, uint64_t v)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->seen[i] == v)
			return true;
	return false;
}

static void note_pid(void *ctx, uint32_t pid)
{
	note(ctx, pid);
}

static void note_inode(void *ctx, uint64_t inode)
{
	note(ctx, inode);
}

static void each_pid_is_called(void **state)
{
	struct list l = { 0 };

	(void)state;
	tree_text("1/stat", "");
	tree_text("4194304/stat", "");
	tree_text("self/stat", "");
	tree_text("net/tcp", "");
	tree_text("cmdline", "");
	assert_int_equal(procfs_each(tree_fd, note_pid, &l), 0);
	assert_int_equal(l.count, 2);
	assert_true(noted(&l, 1) && noted(&l, 4194304));
	/* The descriptor is borrowed: the same again. */
	assert_int_equal(procfs_each(tree_fd, note_pid, &l), 0);
	assert_int_equal(l.count, 4);
}

static void threads_of_the_kernel_are_told_by_their_flags(void **state)
{
	(void)state;
	tree_text("2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0");
	tree_text("20/stat", "20 (a) 1 2) I 2 0 0 0 -1 69238880 0 0");
	tree_text("42/stat", "42 (kthreadd) S 7 0 0 0 -1 4194560 0 0");
	tree_text("43/stat", "43 (cut) S 7 0 0 0 -1");
	assert_true(procfs_is_kernel_thread(tree_fd, 2));
	assert_true(procfs_is_kernel_thread(tree_fd, 20));
	assert_false(procfs_is_kernel_thread(tree_fd, 42));
	assert_false(procfs_is_kernel_thread(tree_fd, 43));
	assert_false(procfs_is_kernel_thread(tree_fd, 44));
}

static void each_socket_is_called(void **state)
{
	struct list l = { 0 };

	(void)state;
	assert_int_equal(procfs_each_socket(tree_fd, 42, note_inode, &l),
			 -ESRCH);
	tree_link("42/fd/0", "/dev/null");
	tree_link("42/fd/1", "pipe:[7]");
	tree_link("42/fd/2", "socket:[123456789012]");
	tree_link("42/fd/3", "socket:[8]");
	tree_link("42/fd/4", "socket:[]");
	tree_link("42/fd/5", "/tmp/socket:[9]");
	assert_int_equal(procfs_each_socket(tree_fd, 42, note_inode, &l), 0);
	assert_int_equal(l.count, 2);
	assert_true(noted(&l, 123456789012) && noted(&l, 8));
}

static void the_boot_id_is_sixteen_bytes(void **state)
{
	static const char *const bad[] = {
		"",
		"0f1e2d3c\n",
		"zzzzzzzz-4b5a-6978-8796-a5b4c3d2e1f0\n",
	};
	uint8_t id[16];

	(void)state;
	assert_int_equal(procfs_boot_id(tree_fd, id), -ENOENT);
	tree_text("sys/kernel/random/boot_id",
		  "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n");
	assert_int_equal(procfs_boot_id(tree_fd, id), 0);
	assert_memory_equal(id,
			    "\x0f\x1e\x2d\x3c\x4b\x5a\x69\x78"
			    "\x87\x96\xa5\xb4\xc3\xd2\xe1\xf0",
			    16);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		tree_text("sys/kernel/random/boot_id", bad[i]);
		assert_int_equal(procfs_boot_id(tree_fd, id), -EBADMSG);
	}
}

/* And the real one: this test itself. */
static void the_real_proc_is_read(void **state)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY);
	struct process p;
	uint64_t start_ns = 0;

	(void)state;
	assert_int_equal(procfs_read(proc, (uint32_t)getpid(), 0, &p,
				     &start_ns),
			 0);
	assert_string_equal(p.name, "test_procfs");
	assert_int_equal(p.ppid, getppid());
	assert_int_equal(p.uid, geteuid());
	assert_true(start_ns > 0);
	assert_non_null(strstr(p.exepath, "/test_procfs"));
	close(proc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_process_is_read_whole),
		tree_test(its_surroundings_are_read),
		tree_test(a_brief_reading_is_enough_for_a_list),
		tree_test(a_name_is_any_bytes),
		tree_test(a_process_that_vanished_is_none),
		tree_test(what_was_read_until_then_counts),
		tree_test(an_executable_tells_what_became_of_it),
		tree_test(a_process_goes_on_without_its_first_thread),
		tree_test(a_file_may_be_named_deleted),
		tree_test(a_world_writable_directory_is_the_processs),
		tree_test(a_world_writable_file_is_one_wherever_it_lies),
		tree_test(a_path_may_be_of_a_users_mounts),
		tree_test(what_is_too_long_is_cut_and_said),
		tree_test(the_cgroup_that_tells_most_is_taken),
		tree_test(each_pid_is_called),
		tree_test(threads_of_the_kernel_are_told_by_their_flags),
		tree_test(each_socket_is_called),
		tree_test(the_boot_id_is_sixteen_bytes),
		cmocka_unit_test(the_real_proc_is_read),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}
