/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/filter/doubts.h"
#include "process/filter/filter.h"

static char proc[] = "/tmp/pktwho-test-XXXXXX";

#define IN_UNIT "0::/system.slice/web-1.service\n"
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IN_CONTAINER "0::/system.slice/web-1.service/docker-" ID ".scope\n"

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/7/%s", proc, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_proc(void **state)
{
	char path[128];

	(void)state;
	if (!mkdtemp(proc))
		return -1;
	snprintf(path, sizeof(path), "%s/7", proc);
	if (mkdir(path, 0700))
		return -1;
	put("comm", "nginx\n");
	put("cgroup", IN_UNIT);
	return 0;
}

static int remove_proc(void **state)
{
	static const char *const names[] = { "/7/comm", "/7/cgroup", "/7", "" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s%s", proc, names[i]);
		if (remove(path))
			return -1;
	}
	return 0;
}

static void expect_of(const struct filter *f, const char *said)
{
	char text[512] = "";
	FILE *out = tmpfile();
	int old = dup(STDERR_FILENO);

	assert_non_null(out);
	dup2(fileno(out), STDERR_FILENO);
	doubts_tell(f, proc);
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
	expect(FILTER_PROC, "curl", "");	/* it may come yet */
	expect(FILTER_PID, "7", "");
	expect(FILTER_UNIT, "web-1", "");
	expect(FILTER_UNIT, "web-1.service", "");
	expect(FILTER_EXE, "/bin/sh", "");
	expect(FILTER_EXE, "*/sh", "");
}

static void what_is_not_there_is_told(void **state)
{
	(void)state;
	expect(FILTER_PROC, "ngnix", "pktwho: warning: no process is called "
	       "\"ngnix\" at present, but \"nginx\" is\n");
	expect(FILTER_PROC, "/usr/sbin/nginx", "pktwho: warning: nobody's name "
	       "is \"/usr/sbin/nginx\": a path is for --exe\n");
	expect(FILTER_PID, "8", "pktwho: warning: there is no process 8\n");
	expect(FILTER_UNIT, "web-2", "pktwho: warning: no unit is called "
	       "\"web-2\" at present, but \"web-1\" is\n");
	expect(FILTER_EXE, "sh", "pktwho: warning: no executable's path is "
	       "\"sh\": it begins with \"/\"\n");
	expect(FILTER_EXE, "/no/such", "pktwho: warning: there is no "
	       "executable /no/such\n");
}

static void a_unit_that_is_not_there_is_told(void **state)
{
	(void)state;
	expect(FILTER_UNIT, "other", "pktwho: warning: no process is in a unit "
	       "called \"other\" at present\n");
	expect(FILTER_UNIT, "web", "pktwho: warning: no unit is called \"web\" "
	       "at present, but \"web-1\" is\n");
}

/* Names of containers are known later: only what cannot be is told. */
static void a_container_that_is_not_there_is_told(void **state)
{
	(void)state;
	expect(FILTER_CONTAINER, "shop", "pktwho: warning: no process is in a "
	       "container at present, also none in \"shop\"\n");
	expect(FILTER_CONTAINER, "shop*", "");
	put("cgroup", IN_CONTAINER);
	expect(FILTER_CONTAINER, "shop", "");
	expect(FILTER_CONTAINER, "0123456789ab", "");
	expect(FILTER_CONTAINER, "0123456789ad", "pktwho: warning: no "
	       "container's id begins with \"0123456789ad\" at present\n");
	put("cgroup", IN_UNIT);
}

static void the_words_of_keep_are_doubted_too(void **state)
{
	struct filter f = { 0 };
	char why[64];

	(void)state;
	assert_int_equal(keep_compile(&f.keep, "nginx or not unit:web-2 or "
				      "pid:8", why, sizeof(why)), 0);
	expect_of(&f, "pktwho: warning: no unit is called \"web-2\" at present, "
		  "but \"web-1\" is\n"
		  "pktwho: warning: there is no process 8\n");
}

static void a_long_name_is_cut(void **state)
{
	(void)state;
	expect(FILTER_PROC, "averyveryverylongname", "pktwho: warning: the "
	       "kernel keeps 15 bytes of a name, so \"averyveryverylo\" is "
	       "looked for\n");
	expect(FILTER_PROC, "averyveryverylo", "");
}

static void near_is_one_letter(void **state)
{
	static const char *const near[] = {
		"curl", "curk", "curl", "cur", "cur", "curl", "curl", "crul",
		"ab", "ba",
	};
	static const char *const far[] = {
		"curl", "curl", "curl", "cu", "", "", "abcd", "badc",
		"curl", "lruc",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(near) / sizeof(*near); i += 2)
		assert_true(doubts_are_near(near[i], near[i + 1]));
	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i += 2)
		assert_false(doubts_are_near(far[i], far[i + 1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_no_doubt),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(a_unit_that_is_not_there_is_told),
		cmocka_unit_test(a_container_that_is_not_there_is_told),
		cmocka_unit_test(the_words_of_keep_are_doubted_too),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(near_is_one_letter),
	};

	return cmocka_run_group_tests(tests, make_proc, remove_proc);
}
