/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists of what runs now: this test does. */
#include "exact.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wireshark/choices.h"

static struct found {
	const char *wanted;
	int count;
	int times;
	char before[64];
	char display[160];
	enum choices_kind kind;
} f;

static void look(void *ctx, const char *value, const char *display)
{
	(void)ctx;
	f.count++;
	if (f.kind == CHOICES_PIDS)
		assert_true(strtoul(value, NULL, 10) >
			    strtoul(f.before, NULL, 10));
	else
		assert_true(strcmp(value, f.before) > 0);	/* and once */
	snprintf(f.before, sizeof(f.before), "%s", value);
	if (strcmp(value, f.wanted))
		return;
	f.times++;
	snprintf(f.display, sizeof(f.display), "%s", display);
}

static void find(enum choices_kind kind, const char *wanted)
{
	f = (struct found){ .wanted = wanted, .kind = kind };
	choices_each(kind, look, NULL);
}

static void this_process_is_in_each(void **state)
{
	const struct passwd *pw = getpwuid(getuid());
	char pid[16], both[64];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(both, sizeof(both), "%s test_choices", pid);
	find(CHOICES_NAMES, "test_choices");
	assert_int_equal(f.times, 1);
	assert_string_equal(f.display, "test_choices");
	find(CHOICES_PIDS, pid);
	assert_int_equal(f.times, 1);
	assert_string_equal(f.display, both);
	find(CHOICES_USERS, pw ? pw->pw_name : "");
	assert_int_equal(f.times, pw ? 1 : 0);
}

static void nothing_is_asked_for(void **state)
{
	(void)state;
	find(CHOICES_NONE, "");
	assert_int_equal(f.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_process_is_in_each),
		cmocka_unit_test(nothing_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
