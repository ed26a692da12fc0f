/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <errno.h>

#include "lookup/lookup.h"
#include "owner/flowtab/flowtab.h"
#include "owner/owners_parts.h"

static int probe; /* is there by its address alone */

uint64_t __wrap_lookup_unanswered(const struct lookup *l);
uint64_t __wrap_lookup_unanswered(const struct lookup *l)
{
	(void)l;
	return 3;
}

uint64_t __wrap_probe_lost(const struct probe *p);
uint64_t __wrap_probe_lost(const struct probe *p)
{
	assert_ptr_equal(p, &probe);
	return 5;
}

unsigned __wrap_probe_fill(struct probe *p);
unsigned __wrap_probe_fill(struct probe *p)
{
	assert_ptr_equal(p, &probe);
	return 42;
}

void __wrap_flowtab_stats(const struct flowtab *t, struct flowtab_stats *s);
void __wrap_flowtab_stats(const struct flowtab *t, struct flowtab_stats *s)
{
	(void)t;
	*s = (struct flowtab_stats){ .flows = OWNERS_FLOWS / 4,
				     .evicted_open = 7 };
}

static void with_the_kernels_events(void **state)
{
	struct owners o = { .probe = (void *)&probe };
	struct owners_stats s;
	struct owners_fill f;

	(void)state;
	owners_stats(&o, &s);
	assert_int_equal(s.events_lost, 5);
	assert_int_equal(s.evicted_open, 7);
	assert_int_equal(s.unanswered, 3);
	assert_int_equal(s.refused, 0);
	owners_fill(&o, &f);
	assert_int_equal(f.events, 42);
	assert_int_equal(f.flows, 25);
	assert_false(owners_are_lost(&o));
	o.detached = true;
	assert_true(owners_are_lost(&o));
}

static void while_it_polls_none_is_lost(void **state)
{
	struct owners o = { .refused = -EPERM };
	struct owners_stats s;
	struct owners_fill f;

	(void)state;
	owners_stats(&o, &s);
	assert_int_equal(s.events_lost, 0);
	assert_int_equal(s.refused, -EPERM);
	owners_fill(&o, &f);
	assert_int_equal(f.events, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_the_kernels_events),
		cmocka_unit_test(while_it_polls_none_is_lost),
	};

	return cmocka_run_group_tests_name("owners_stats", tests, NULL, NULL);
}
