/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is missing on a machine of the test, and that it is said. */
#include "tree.h"

#include <errno.h>
#include <sys/utsname.h>

#include "bpf/probe.h"
#include "doctor.h"
#include "host/privilege/privilege.h"

static enum privilege rights;
static int probe_err, hooks_missing;
static const char *kernel;

int __wrap_uname(struct utsname *u);
int __wrap_uname(struct utsname *u)
{
	memset(u, 0, sizeof(*u));
	snprintf(u->release, sizeof(u->release), "%s", kernel);
	return 0;
}

enum privilege __wrap_privilege_now(char *missing, size_t size);
enum privilege __wrap_privilege_now(char *missing, size_t size)
{
	if (missing)
		snprintf(missing, size, "cap_bpf");
	return rights;
}

int __wrap_probe_open(struct probe **out, const struct probe_handler *h);
int __wrap_probe_open(struct probe **out, const struct probe_handler *h)
{
	static int pretended;

	assert_non_null(h->event);
	*out = (struct probe *)(void *)&pretended;
	return probe_err;
}

int __wrap_probe_missing(const struct probe *p);
int __wrap_probe_missing(const struct probe *p)
{
	(void)p;
	return hooks_missing;
}

void __wrap_probe_close(struct probe *p);
void __wrap_probe_close(struct probe *p)
{
	(void)p;
}

static char text[8192];

/* What it says is in @text. */
static bool look(void)
{
	int before = dup(STDOUT_FILENO);
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	bool healthy;
	ssize_t n;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	healthy = doctor(0);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return healthy;
}

static void put_script(const char *name, const char *script)
{
	tree_text(name, script);
	assert_int_equal(fchmodat(tree_fd, name, 0755, 0), 0);
}

/* A Wireshark that has all of ours, of that version. */
static void put_wireshark(const char *extcap, const char *plugin)
{
	char script[1024];

	snprintf(script, sizeof(script), "#!/bin/sh\necho pktwho %s\n", extcap);
	put_script("extcap/pktwho", script);
	snprintf(script, sizeof(script),
		 "#!/bin/sh\ncase $2 in\n"
		 "folders) printf 'Extcap path:\\t\\t%s/extcap\\n"
		 "Global Plugins:\\t\\t%s/plugins/4.0\\n' ;;\n"
		 "plugins) printf '%s' ;;\nesac\n",
		 tree_path, tree_path, plugin);
	put_script("tshark", script);
}

static int make(void **state)
{
	char path[128];

	rights = PRIVILEGE_ALL;
	probe_err = hooks_missing = 0;
	kernel = "6.12.1";
	if (tree_make(state))
		return -1;
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", tree_path);
	setenv("PATH", path, 1);
	put_wireshark(PKTWHO_VERSION,
		      "pktwho.so " PKTWHO_VERSION " dissector\\n");
	return 0;
}

static void expect(const char *words)
{
	if (!strstr(text, words))
		fail_msg("not \"%s\" in:\n%s", words, text);
}

static void what_is_there_is_good(void **state)
{
	(void)state;
	look();
	expect("ok    kernel 6.12.1\n");
	expect("ok    permission: captures, and sees owners\n");
	expect("ok    eBPF: loaded, and all hooks attached\n");
	expect("ok    plugin pktwho.so " PKTWHO_VERSION);
	assert_non_null(strstr(text, "/extcap/pktwho\n"));
}

static void an_old_kernel_is_named(void **state)
{
	(void)state;
	kernel = "6.1.0-9-amd64";
	look();
	expect("ok    kernel 6.1.0-9-amd64\n");
	kernel = "6.0.19";
	assert_false(look());
	expect("FIX   kernel 6.0.19 is too old");
	kernel = "5.15";
	assert_false(look());
	expect("too old");
	kernel = "10.2";
	look();
	expect("ok    kernel 10.2\n");
	kernel = "unheard of";
	assert_false(look());
}

static void who_may_not_capture_is_told_what_to_do(void **state)
{
	(void)state;
	rights = PRIVILEGE_NONE;
	assert_false(look());
	expect("FIX   permission: this user cannot capture\n      -> ");
	assert_null(strstr(text, "eBPF: loaded"));
	rights = PRIVILEGE_SOME;
	look();
	expect("note  permission: captures, but without cap_bpf\n");
}

static void ebpf_that_is_refused_is_said(void **state)
{
	(void)state;
	probe_err = -EPERM;
	assert_false(look());
	expect("FIX   eBPF: Operation not permitted; owners are found by");
	probe_err = 0;
	hooks_missing = 3;
	look();
	expect("note  eBPF: 3 hooks are missing");
}

static void an_extcap_or_plugin_of_another_version_is_named(void **state)
{
	(void)state;
	put_wireshark("0.0.1", "pktwho.so 0.0.1 dissector\\n");
	assert_false(look());
	expect("is version 0.0.1, not " PKTWHO_VERSION);
	expect("FIX   plugin pktwho.so 0.0.1 is not of this version");
	/* It prints anything else, or very much of it. */
	put_wireshark("", "pktwho.so\\npktwho.so\\t\\n");
	assert_false(look());
	expect("is version unknown");
	put_script("extcap/pktwho", "#!/bin/sh\nprintf 'pktwho %01000d' 7\n");
	assert_false(look());
	expect("is version 000000");
}

static void a_plugin_for_another_wireshark_is_found(void **state)
{
	(void)state;
	put_wireshark(PKTWHO_VERSION, "other.so 1.0 dissector\\n");
	assert_false(look());
	expect("FIX   plugin pktwho.so: Wireshark does not find it");
	tree_text("plugins/4.2/epan/pktwho.so", "");
	assert_false(look());
	expect("plugin pktwho.so is for Wireshark 4.2, and this is 4.0");
}

static void without_tshark_that_is_said(void **state)
{
	(void)state;
	put_script("tshark", "#!/bin/sh\nexit 1\n");
	assert_false(look());
	expect("FIX   there is no tshark\n");
	/* One that says nothing of folders. */
	put_script("tshark", "#!/bin/sh\necho hello\n");
	assert_false(look());
	expect("FIX   extcap: not in Wireshark's list of interfaces");
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_there_is_good),
		test(an_old_kernel_is_named),
		test(who_may_not_capture_is_told_what_to_do),
		test(ebpf_that_is_refused_is_said),
		test(an_extcap_or_plugin_of_another_version_is_named),
		test(a_plugin_for_another_wireshark_is_found),
		test(without_tshark_that_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
