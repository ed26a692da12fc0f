/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdio.h>

#include "process/script.h"
#include "random.h"

/* "|" stands for the zero byte between arguments. */
static struct process of(const char *exepath, const char *args, const char *cwd)
{
	struct process p = { .cmdline_len = (uint16_t)strlen(args) };

	snprintf(p.exepath, sizeof(p.exepath), "%s", exepath);
	snprintf(p.cwd, sizeof(p.cwd), "%s", cwd);
	p.has = *cwd ? 1ull << FIELD_CWD : 0;
	for (size_t i = 0; args[i]; i++)
		p.cmdline[i] = args[i] == '|' ? '\0' : args[i];
	script_set(&p);
	return p;
}

static void assert_runs(const char *exepath, const char *args,
			const char *script)
{
	struct process p = of(exepath, args, "");

	if (strcmp(p.script, script))
		fail_msg("%s %s: \"%s\", not \"%s\"", exepath, args, p.script,
			 script);
	assert_int_equal(process_has(&p, FIELD_SCRIPT), *script != '\0');
}

static void interpreters_run_files(void **state)
{
	(void)state;
	assert_runs("/usr/bin/python3.11", "python3|/srv/app.py|-v",
		    "/srv/app.py");
	assert_runs("/usr/bin/python3.11", "python3|-u|-W|once|app.py",
		    "app.py");
	assert_runs("/usr/bin/python3.11", "python3|-Wonce|app.py", "app.py");
	assert_runs("/usr/bin/bash", "sh|-eu|-o|pipefail|./a b.sh|x", "a b.sh");
	assert_runs("/usr/bin/dash", "sh|+x|--|-odd.sh", "-odd.sh");
	assert_runs("/usr/bin/perl", "perl|-w|-T|/usr/sbin/x.pl",
		    "/usr/sbin/x.pl");
	assert_runs("/usr/bin/node", "node|--max-old-space-size=9|s.js",
		    "s.js");
	assert_runs("/usr/bin/lua5.4", "lua|-l|socket|s.lua", "s.lua");
}

static void what_is_no_file_is_none(void **state)
{
	(void)state;
	assert_runs("/usr/bin/curl", "curl|http://h/", "");
	assert_runs("/usr/bin/bash", "bash|-c|curl h|x", "");
	assert_runs("/usr/bin/bash", "bash|-ec|curl h", "");
	assert_runs("/usr/bin/bash", "bash|-s|arg", "");
	assert_runs("/usr/bin/bash", "-bash", "");
	assert_runs("/usr/bin/bash", "", "");
	assert_runs("/usr/bin/bash", "bash|-o", "");
	assert_runs("/usr/bin/bash", "bash|--", "");
	assert_runs("/usr/bin/python3.11", "python3|-m|http.server", "");
	assert_runs("/usr/bin/python3.11", "python3|-", "");
	assert_runs("/usr/bin/perl", "perl|-pe|s/a/b/|file", "");
	assert_runs("/usr/bin/pythonic", "pythonic|a.py", "");
	assert_runs("", "sh|a.sh", "");
}

static void a_relative_one_becomes_absolute(void **state)
{
	struct process p = of("/bin/sh", "sh|./a.sh", "/home/alice");
	char deep[300] = "sh|/";

	(void)state;
	assert_string_equal(p.script, "/home/alice/a.sh");
	p = of("/bin/sh", "sh|a.sh", "/");
	assert_string_equal(p.script, "/a.sh");
	p = of("/bin/sh", "sh|/a.sh", "/home/alice");
	assert_string_equal(p.script, "/a.sh");
	/* One that does not fit would be another's. */
	memset(deep + 4, 'd', sizeof(deep) - 5);
	p = of("/bin/sh", deep, "");
	assert_false(process_has(&p, FIELD_SCRIPT));
}

static void any_bytes_are_safe(void **state)
{
	static const char letters[] = "-/.ceo+x";
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct process p = { .exepath = "/bin/bash" };

		p.cmdline_len = (uint16_t)below(24);
		for (int at = 0; at < p.cmdline_len; at++)
			p.cmdline[at] = letters[below(sizeof(letters))];
		script_set(&p);
		assert_true(memchr(p.script, 0, sizeof(p.script)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interpreters_run_files),
		cmocka_unit_test(what_is_no_file_is_none),
		cmocka_unit_test(a_relative_one_becomes_absolute),
		cmocka_unit_test(any_bytes_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
