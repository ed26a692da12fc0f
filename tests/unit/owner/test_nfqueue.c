/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdio.h>
#include <unistd.h>

#include "owner/local/nfqueue.h"

/* The kernel's file has a line for each queue, from its start again and again. */
static void a_line_is_a_bound_queue(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_false(nfqueue_is_bound(fileno(f)));
	fputs("    7  12345     0 2 65531     0     0        0  1\n", f);
	fflush(f);
	assert_true(nfqueue_is_bound(fileno(f)));
	assert_true(nfqueue_is_bound(fileno(f)));
	assert_int_equal(ftruncate(fileno(f), 0), 0);
	assert_false(nfqueue_is_bound(fileno(f)));
	fclose(f);
}

static void a_kernel_without_queues_has_none(void **state)
{
	(void)state;
	assert_false(nfqueue_is_bound(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_bound_queue),
		cmocka_unit_test(a_kernel_without_queues_has_none),
	};

	return cmocka_run_group_tests_name("nfqueue", tests, NULL, NULL);
}
