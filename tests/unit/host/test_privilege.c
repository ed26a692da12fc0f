/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process may do, in children of each kind; as root and without. */
#include "exact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/privilege/privilege.h"

static bool is_secure; /* as a program with capabilities is started */

unsigned long __real_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type);
unsigned long __wrap_getauxval(unsigned long type)
{
	return type == AT_SECURE ? is_secure : __real_getauxval(type);
}

static int uid; /* what geteuid() says; -1: the truth */

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return uid < 0 ? __real_geteuid() : (uid_t)uid;
}

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The value of such a line of /proc/self/status, as a hexadecimal number. */
static unsigned long long status_of(const char *name)
{
	char line[256];
	unsigned long long value = ~0ull;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %llx", &value);
	if (f)
		fclose(f);
	return value;
}

/* ---- giving up ---- */

static int give_up(void)
{
	privilege_give_up();
	if (status_of("CapEff") || status_of("CapPrm") || status_of("CapInh") ||
	    status_of("CapAmb"))
		return 1;
	if (!__real_geteuid() || !getuid() || !getegid())
		return 2;
	if (!setuid(0) || !seteuid(0))
		return 3;
	return privilege_now(NULL, 0) == PRIVILEGE_NONE ? 0 : 4;
}

static void nothing_is_left_of_what_is_given_up(void **state)
{
	(void)state;
	assert_int_equal(in_child(give_up), 0);
}

static int give_up_twice(void)
{
	privilege_give_up();
	return give_up();
}

static void giving_up_twice_is_no_harm(void **state)
{
	(void)state;
	assert_int_equal(in_child(give_up_twice), 0);
}

static int keep_for(enum privilege_use use)
{
	static const unsigned long long caps[] = {
		[PRIVILEGE_FOR_NOTHING] = 0,
		[PRIVILEGE_FOR_FILES] = 1 << 2,
		[PRIVILEGE_FOR_PROCESSES] = 1 << 19 | 1 << 2,
		[PRIVILEGE_FOR_TRANSLATIONS] = 1 << 12,
		[PRIVILEGE_FOR_SIGNALS] = 1 << 5,
	};
	bool was_root = !__real_geteuid();
	unsigned long long had = status_of("CapPrm");

	privilege_look_up(true);
	if (was_root && __real_geteuid() == 0)
		return 0; /* a container's root keeps what it has */
	privilege_keep(use);
	if (status_of("CapEff") != (caps[use] & had))
		return 1;
	if (status_of("CapPrm") != (caps[use] & had))
		return 2;
	/* And from here on no more. */
	privilege_keep(PRIVILEGE_FOR_PROCESSES);
	return status_of("CapPrm") & ~(caps[use] & had) ? 3 : 0;
}

static int keep_nothing(void)
{
	return keep_for(PRIVILEGE_FOR_NOTHING);
}
static int keep_files(void)
{
	return keep_for(PRIVILEGE_FOR_FILES);
}
static int keep_processes(void)
{
	return keep_for(PRIVILEGE_FOR_PROCESSES);
}
static int keep_kernel(void)
{
	return keep_for(PRIVILEGE_FOR_TRANSLATIONS);
}

static void each_use_keeps_what_it_takes(void **state)
{
	(void)state;
	assert_int_equal(in_child(keep_nothing), 0);
	assert_int_equal(in_child(keep_files), 0);
	assert_int_equal(in_child(keep_processes), 0);
	assert_int_equal(in_child(keep_kernel), 0);
}

static int make_files(void)
{
	unsigned long long had = status_of("CapPrm");
	unsigned long long wanted = __real_geteuid() ? 0 : had & 1 << 1;

	privilege_keep_files();
	return status_of("CapEff") == wanted && status_of("CapPrm") == wanted ?
		       0 :
		       1;
}

static void who_makes_files_keeps_roots_right_to(void **state)
{
	(void)state;
	assert_int_equal(in_child(make_files), 0);
}

static int drop(void)
{
	unsigned long long had = status_of("CapPrm");

	privilege_drop();
	return status_of("CapPrm") == (__real_geteuid() ? 0 : had) ? 0 : 1;
}

static void what_we_start_has_no_capability_of_ours(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop), 0);
}

/* ---- what is missing ---- */

static int name_missing(void)
{
	char missing[160], one[16];

	privilege_give_up();
	memset(missing, 'x', sizeof(missing));
	if (privilege_now(missing, sizeof(missing)) != PRIVILEGE_NONE ||
	    strcmp(missing, "cap_net_raw cap_net_admin cap_bpf cap_perfmon "
			    "cap_sys_ptrace cap_dac_read_search"))
		return 1;
	/* Whole names, as many as there is room for. */
	memset(one, 'x', sizeof(one));
	privilege_now(one, sizeof(one));
	if (strcmp(one, "cap_net_raw"))
		return 2;
	privilege_now(one, 1);
	return *one ? 3 : 0;
}

static void missing_capabilities_are_named(void **state)
{
	(void)state;
	assert_int_equal(in_child(name_missing), 0);
}

static void expect_advice(int err, const char *words)
{
	char out[320];

	privilege_advise(err, out, sizeof(out));
	if (!strstr(out, words))
		fail_msg("%s", out);
}

static int advise(void)
{
	privilege_give_up();
	uid = 1000;
	expect_advice(-EPERM, "not to be had in this container");
	expect_advice(-ENOENT, "run it as root, or ");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	expect_advice(-ENOENT, "no_new_privs");
	uid = 0;
	expect_advice(0, "root lacks cap_net_raw");
	return 0;
}

static void advice_is_for_who_asks(void **state)
{
	(void)state;
	assert_int_equal(in_child(advise), 0);
}

/* ---- the environment ---- */

static int restore(void)
{
	setenv("PKTWHO_KEPT_TMPDIR", "/kept", 1);
	setenv("PKTWHO_KEPT_LD_PRELOAD", "evil.so", 1);
	unsetenv("TMPDIR");
	privilege_restore_environment();
	return (getenv("LD_PRELOAD") ? 1 : 0) | (getenv("TMPDIR") ? 2 : 0) |
	       (getenv("PKTWHO_KEPT_TMPDIR") ? 4 : 0) |
	       (privilege_getenv("TMPDIR") ? 8 : 0);
}

static void run_as(int who, bool secure, int expected)
{
	uid = who;
	is_secure = secure;
	assert_int_equal(in_child(restore), expected);
	uid = -1;
	is_secure = false;
}

/* Else whoever sets root's environment chooses what root's ssh loads. */
static void only_a_program_with_capabilities_takes_variables_back(void **state)
{
	(void)state;
	run_as(1000, true, 1 | 2 | 8);
	run_as(1000, false, 4);
	run_as(0, true, 4);
	run_as(0, false, 4);
}

static int read_kept(void)
{
	setenv("PKTWHO_KEPT_TMPDIR", "/kept", 1);
	unsetenv("TMPDIR");
	if (!privilege_getenv("TMPDIR") ||
	    strcmp(privilege_getenv("TMPDIR"), "/kept"))
		return 1;
	setenv("TMPDIR", "/own", 1);
	return strcmp(privilege_getenv("TMPDIR"), "/own") ? 2 : 0;
}

static void a_variable_of_ones_own_goes_first(void **state)
{
	(void)state;
	uid = 1000;
	is_secure = true;
	assert_int_equal(in_child(read_kept), 0);
	uid = -1;
	is_secure = false;
}

static int start(void **state)
{
	(void)state;
	uid = -1;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_left_of_what_is_given_up),
		cmocka_unit_test(giving_up_twice_is_no_harm),
		cmocka_unit_test(each_use_keeps_what_it_takes),
		cmocka_unit_test(who_makes_files_keeps_roots_right_to),
		cmocka_unit_test(what_we_start_has_no_capability_of_ours),
		cmocka_unit_test(missing_capabilities_are_named),
		cmocka_unit_test(advice_is_for_who_asks),
		cmocka_unit_test(
			only_a_program_with_capabilities_takes_variables_back),
		cmocka_unit_test(a_variable_of_ones_own_goes_first),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
