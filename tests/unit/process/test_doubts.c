/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tree.h"

#include "process/filter/doubts.h"
#include "process/filter/filter.h"

#define IN_UNIT "0::/system.slice/web-1.service\n"
#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD_ID \
	"f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD_UID "12345678_1234_1234_1234_123456789012"

static void put(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "proc/7/%s", name);
	tree_text(path, text);
}

static int make_proc(void **state)
{
	if (tree_make(state))
		return -1;
	put("comm", "nginx\n");
	put("cgroup", IN_UNIT);
	put("status", "Name:\tnginx\nUid:\t33\t33\t33\t33\n");
	return 0;
}

static void expect_of(const struct filter *f, const char *said)
{
	char text[512] = "";
	FILE *out = tmpfile();
	int old = dup(STDERR_FILENO);

	assert_non_null(out);
	dup2(fileno(out), STDERR_FILENO);
	doubts_tell(f, tree_path);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(out);
	text[fread(text, 1, sizeof(text) - 1, out)] = '\0';
	fclose(out);
	assert_string_equal(text, said);
}

static void expect(enum filter_kind kind, const char *term, const char *said)
{
	struct filter f = { 0 };

	assert_true(filter_add(&f, kind, term));
	expect_of(&f, said);
}

static void what_is_there_is_no_doubt(void **state)
{
	(void)state;
	expect(FILTER_PROC, "nginx", "");
	expect(FILTER_PROC, "ngi*", "");
	expect(FILTER_PROC, "curl", ""); /* it may come yet */
	expect(FILTER_PID, "7", "");
	expect(FILTER_UNIT, "web-1", "");
	expect(FILTER_UNIT, "web-1.service", "");
	expect(FILTER_EXE, "/bin/sh", "");
	expect(FILTER_EXE, "*/sh", "");
}

static void what_is_not_there_is_told(void **state)
{
	(void)state;
	expect(FILTER_PROC, "ngnix",
	       "pktwho: warning: no process is called "
	       "\"ngnix\" at present, but \"nginx\" is\n");
	expect(FILTER_PROC, "/usr/sbin/nginx",
	       "pktwho: warning: nobody's name "
	       "is \"/usr/sbin/nginx\": a path is for --exe\n");
	expect(FILTER_PID, "8", "pktwho: warning: there is no process 8\n");
	expect(FILTER_UNIT, "web-2",
	       "pktwho: warning: no unit is called "
	       "\"web-2\" at present, but \"web-1\" is\n");
	expect(FILTER_EXE, "sh",
	       "pktwho: warning: no executable's path is "
	       "\"sh\": it begins with \"/\"\n");
	expect(FILTER_EXE, "/no/such",
	       "pktwho: warning: there is no "
	       "executable /no/such\n");
}

static void a_unit_that_is_not_there_is_told(void **state)
{
	(void)state;
	expect(FILTER_UNIT, "other",
	       "pktwho: warning: no process is in a unit "
	       "called \"other\" at present\n");
	expect(FILTER_UNIT, "web",
	       "pktwho: warning: no unit is called \"web\" "
	       "at present, but \"web-1\" is\n");
}

static void a_container_that_is_not_there_is_told(void **state)
{
	(void)state;
	expect(FILTER_CONTAINER, "shop",
	       "pktwho: warning: no process is in a "
	       "container at present, also none in \"shop\"\n");
	expect(FILTER_CONTAINER, "shop*", "");
	put("cgroup", "0::/system.slice/docker-" ID ".scope\n");
	tree_text("var/lib/docker/containers/" ID "/config.v2.json",
		  "{\"Name\":\"/shop\"}");
	expect(FILTER_CONTAINER, "shop", "");
	expect(FILTER_CONTAINER, "0123456789ab", "");
	expect(FILTER_CONTAINER, "0123456789ad",
	       "pktwho: warning: no "
	       "container's id begins with \"0123456789ad\" at present; there "
	       "is 0123456789ab (shop)\n");
	expect(FILTER_CONTAINER, "01234567",
	       "pktwho: warning: 12 digits of a "
	       "container's id are needed, and none is called \"01234567\" at "
	       "present; there is 0123456789ab (shop)\n");
	expect(FILTER_CONTAINER, "zz",
	       "pktwho: warning: no container is "
	       "called \"zz\" at present; there is 0123456789ab (shop)\n");
	put("cgroup", IN_UNIT);
}

/* A user's own have files that only their user, or root, should read. */
static void a_container_may_be_called_so(void **state)
{
	(void)state;
	put("cgroup", "0::/user.slice/user-33.slice/user@33.service/user.slice/"
		      "libpod-" ID ".scope\n");
	expect(FILTER_CONTAINER, "zz", "");
	put("cgroup", IN_UNIT);
}

static void a_pod_that_is_not_there_is_told(void **state)
{
	(void)state;
	expect(FILTER_POD, "zz",
	       "pktwho: warning: no pod is called \"zz\" at "
	       "present\n");
	put("cgroup", "0::/kubepods.slice/kubepods-pod" POD_UID ".slice/"
		      "cri-containerd-" POD_ID ".scope\n");
	tree_text("run/containerd/io.containerd.runtime.v2.task/k8s.io/" POD_ID
		  "/config.json",
		  "{\"annotations\":{\"io.kubernetes.cri.container-name\":"
		  "\"c\",\"io.kubernetes.cri.sandbox-name\":\"shop-1\","
		  "\"io.kubernetes.cri.sandbox-namespace\":\"prod\"}}");
	expect(FILTER_POD, "shop-1", "");
	expect(FILTER_POD, "prod/shop-1", "");
	expect(FILTER_POD, "prod/*", "");
	expect(FILTER_POD, "test/shop-1",
	       "pktwho: warning: no pod is called "
	       "\"test/shop-1\" at present; there is prod/shop-1\n");
	put("cgroup", IN_UNIT);
}

static void a_number_that_nobody_runs_as_is_told(void **state)
{
	(void)state;
	expect(FILTER_USER, "33", "");
	expect(FILTER_USER, "www-data", "");
	expect(FILTER_USER, "77777",
	       "pktwho: warning: nobody runs as user "
	       "77777 at present\n");
}

static void the_words_of_keep_are_doubted_too(void **state)
{
	struct filter f = { 0 };
	char why[64];

	(void)state;
	assert_int_equal(keep_compile(&f.keep,
				      "nginx or not unit:web-2 or "
				      "pid:8",
				      why, sizeof(why)),
			 0);
	expect_of(&f,
		  "pktwho: warning: no unit is called \"web-2\" at present, "
		  "but \"web-1\" is\n"
		  "pktwho: warning: there is no process 8\n");
}

static void a_long_name_is_cut(void **state)
{
	(void)state;
	expect(FILTER_PROC, "averyveryverylongname",
	       "pktwho: warning: the "
	       "kernel keeps 15 bytes of a name, so \"averyveryverylo\" is "
	       "looked for\n");
	expect(FILTER_PROC, "averyveryverylo", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_no_doubt),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(a_unit_that_is_not_there_is_told),
		cmocka_unit_test(a_container_that_is_not_there_is_told),
		cmocka_unit_test(a_container_may_be_called_so),
		cmocka_unit_test(a_pod_that_is_not_there_is_told),
		cmocka_unit_test(a_number_that_nobody_runs_as_is_told),
		cmocka_unit_test(the_words_of_keep_are_doubted_too),
		cmocka_unit_test(a_long_name_is_cut),
	};

	return cmocka_run_group_tests(tests, make_proc, tree_remove);
}
