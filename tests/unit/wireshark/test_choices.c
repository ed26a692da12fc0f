/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists of what runs now: this test does. */
#include "exact.h"

#include <netinet/in.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wireshark/choices.h"

static struct found {
	const char *wanted;
	int count;
	int times;
	int falls;     /* of the order */
	bool is_first; /* found before that */
	char before[64];
	char display[160];
	enum choices_kind kind;
} f;

static void look(void *ctx, const char *value, const char *display)
{
	(void)ctx;
	f.count++;
	/* In order, and once; but what has a socket is before the others. */
	if (f.kind == CHOICES_PIDS ?
		    strtoul(value, NULL, 10) <= strtoul(f.before, NULL, 10) :
		    strcmp(value, f.before) <= 0)
		assert_int_equal(++f.falls, 1);
	snprintf(f.before, sizeof(f.before), "%s", value);
	if (strcmp(value, f.wanted))
		return;
	f.times++;
	f.is_first = !f.falls;
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
	char pid[16], start[100];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in any = { .sin_family = AF_INET };

	(void)state;
	snprintf(pid, sizeof(pid), "%d", getpid());
	/* A socket without a port is in no list of the kernel's. */
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	snprintf(start, sizeof(start), "%s test_choices (%s): ", pid,
		 pw ? pw->pw_name : "");
	find(CHOICES_NAMES, "test_choices");
	assert_int_equal(f.times, 1);
	assert_string_equal(f.display, "test_choices");
	find(CHOICES_PIDS, pid);
	assert_int_equal(f.times, 1);
	assert_memory_equal(f.display, start, strlen(start));
	assert_non_null(strstr(f.display, "test_choices"));
	assert_true(f.is_first);
	find(CHOICES_USERS, pw ? pw->pw_name : "");
	assert_int_equal(f.times, pw ? 1 : 0);
	close(fd);
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
