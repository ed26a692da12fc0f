/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ring's positions say. */
#include "bpf/probe_parts.h"
#include "exact.h"

static void what_began_before_is_waited_for(void **state)
{
	uint64_t positions[2] = { 0 }; /* read, written: a page each */
	struct probe p = { .positions = (const uint8_t *)positions,
			   .page = sizeof(*positions) };

	(void)state;
	positions[1] = 100;
	probe_measure_ring(&p);
	assert_false(probe_heard(&p));
	/* What begins meanwhile is not. */
	positions[1] = 150;
	positions[0] = 60;
	assert_false(probe_heard(&p));
	positions[0] = 100;
	assert_true(probe_heard(&p));
	probe_measure_ring(&p);
	assert_false(probe_heard(&p));
	positions[0] = 150;
	assert_true(probe_heard(&p));
}

static void without_its_positions_nothing_is_waited_for(void **state)
{
	struct probe p = { 0 };

	(void)state;
	probe_measure_ring(&p);
	assert_true(probe_heard(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_began_before_is_waited_for),
		cmocka_unit_test(without_its_positions_nothing_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
