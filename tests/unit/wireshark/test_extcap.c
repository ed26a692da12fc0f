/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wireshark's calls in our own words, and what it is told of the dialog. */
#include "exact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"
#include "wireshark/extcap.h"

static int take(struct extcap *e, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return extcap_take(e, argc, argv);
}

#define TAKE(e, ...) take(e, (char *[]){ "pktwho", __VA_ARGS__, NULL })

/* All words, with blanks between. */
static const char *words(const struct extcap *e)
{
	static char text[1024];

	*text = '\0';
	for (int i = 0; i < e->argc; i++) {
		strcat(text, i ? " " : "");
		strcat(text, e->argv[i]);
	}
	assert_null(e->argv[e->argc]);
	return text;
}

static void its_words_are_told_from_ours(void **state)
{
	char *capture[] = { "pktwho", "--capture", NULL };
	char *asked[] = { "pktwho", "--extcap-interfaces", NULL };
	char *ours[] = { "pktwho", "-i", "lo", NULL };
	char *command[] = { "pktwho", "--", "x", "--capture", NULL };

	(void)state;
	assert_true(extcap_is_called(2, capture));
	assert_true(extcap_is_called(2, asked));
	assert_false(extcap_is_called(3, ours));
	assert_false(extcap_is_called(4, command));
}

static void a_capture_becomes_our_command_line(void **state)
{
	struct extcap e;

	(void)state;
	assert_int_equal(TAKE(&e, "--capture", "--extcap-interface",
			      "pktwho:eth0", "--fifo", "/f",
			      "--extcap-capture-filter=tcp", "--proc", "a b",
			      "--comments", "all", "--user", "",
			      "--proc-pattern", "c*", "--extcap-version=4.0",
			      "--extcap-control-in", "in"),
			 0);
	assert_true(e.capture);
	assert_string_equal(words(&e),
			    "pktwho --proc a b --comments all "
			    "--proc c* --interface eth0 -f tcp -w /f");
	assert_string_equal(e.control_in, "in");
	assert_null(e.control_out);
}

static void a_remote_one_needs_a_host(void **state)
{
	struct extcap e;

	(void)state;
	assert_int_equal(TAKE(&e, "--capture", "--extcap-interface",
			      EXTCAP_REMOTE, "--fifo", "/f"),
			 -EINVAL);
	assert_int_equal(TAKE(&e, "--capture", "--extcap-interface",
			      EXTCAP_REMOTE, "--fifo", "/f", "--remote", "web",
			      "--interface", "lo"),
			 0);
	assert_string_equal(words(&e),
			    "pktwho --remote web --interface lo -w /f");
}

static void what_cannot_be_captured_is_refused(void **state)
{
	char *many[2 * EXTCAP_MAX_WORDS] = {
		"pktwho",    "--capture", "--extcap-interface",
		"pktwho:lo", "--fifo",	  "/f"
	};
	struct extcap e;

	(void)state;
	assert_int_equal(TAKE(&e, "--capture", "--extcap-interface", "eth0",
			      "--fifo", "/f"),
			 -EINVAL);
	assert_int_equal(TAKE(&e, "--capture", "--fifo", "/f"), -EINVAL);
	assert_int_equal(TAKE(&e, "--capture", "--extcap-interface",
			      "pktwho:lo"),
			 -EINVAL);
	for (int i = 6; i < EXTCAP_MAX_WORDS + 8; i++)
		many[i] = "--follow";
	assert_int_equal(take(&e, many), -EINVAL);
}

/* What is printed for the dialog of @interface. */
static char *dialog(char *interface)
{
	static char text[1 << 20];
	int old = dup(STDOUT_FILENO), err;
	FILE *f = tmpfile();
	struct extcap e;

	assert_non_null(f);
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	err = TAKE(&e, "--extcap-config", "--extcap-interface", interface);
	fflush(stdout);
	dup2(old, STDOUT_FILENO);
	close(old);
	assert_int_equal(err, 0);
	rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void the_dialog_has_what_the_table_offers(void **state)
{
	static const struct {
		char *interface;
		int where;
	} rows[] = {
		{ "pktwho:lo", DIALOG_LOCAL },
		{ EXTCAP_REMOTE, DIALOG_REMOTE },
	};

	(void)state;
	for (int r = 0; r < 2; r++) {
		const char *text = dialog(rows[r].interface);

		for (int i = 0; i < options_count; i++) {
			const struct option_row *row = &options_table[i];
			char call[80];

			snprintf(call, sizeof(call), "{call=--%s}{display=",
				 row->name ? row->name : "");
			assert_int_equal(!!strstr(text, call),
					 !!(row->dialog.offered &
					    rows[r].where));
		}
	}
}

/* Wireshark sorts the pages by the numbers of their first arguments. */
static void processes_are_the_first_page(void **state)
{
	static const char *const pages[] = {
		"{group=Processes}",
		"{group=Capture}",
		"{group=Log}",
	};
	int before = -1;

	(void)state;
	for (int i = 0; i < 3; i++) {
		const char *text = dialog("pktwho:lo");
		const char *at = strstr(text, pages[i]);
		int number = -1;

		assert_non_null(at);
		while (at > text && at[-1] != '\n')
			at--;
		assert_int_equal(sscanf(at, "arg {number=%d}", &number), 1);
		assert_true(number > before);
		before = number;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_words_are_told_from_ours),
		cmocka_unit_test(a_capture_becomes_our_command_line),
		cmocka_unit_test(a_remote_one_needs_a_host),
		cmocka_unit_test(what_cannot_be_captured_is_refused),
		cmocka_unit_test(the_dialog_has_what_the_table_offers),
		cmocka_unit_test(processes_are_the_first_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
