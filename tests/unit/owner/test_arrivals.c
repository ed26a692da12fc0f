/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/types.h>

#include "exact.h"
#include "owner/packets/arrivals.h"
#include "packet/flow.h"
#include "bpf/event.h"

#define T    1000000000000ull
#define PORT 53

static uint8_t tables[2][PROBE_ARRIVALS];
static uint32_t now;

static struct arrivals begin(void)
{
	memset(tables, 0, sizeof(tables));
	now = 0;
	return (struct arrivals){ .tables = { tables[0], tables[1] },
				  .now = &now,
				  .turned_ns = T,
				  .since_ns = T };
}

static uint64_t arrival_of(__u64 word)
{
	const __u64 words[FLOW_ARRIVAL] = { word };

	return flow_arrival(7, words);
}

/* As the kernel does. */
static void mark(uint64_t arrival)
{
	tables[now][arrival_place(arrival)] = 1;
	tables[now][arrival_port_place(arrival, PORT)] = 1;
}

static void what_a_socket_got_is_found(void **state)
{
	struct arrivals a = begin();

	(void)state;
	mark(arrival_of(1));
	assert_int_equal(arrivals_find(&a, arrival_of(1), PORT, T + 1),
			 ARRIVED);
	assert_int_equal(arrivals_find(&a, arrival_of(2), PORT, T + 1),
			 ARRIVED_NOWHERE);
	assert_int_equal(arrivals_find(&a, arrival_of(1), PORT + 1, T + 1),
			 ARRIVED_ELSEWHERE);
	/* Nothing is known of what is not plain, or came before. */
	assert_int_equal(arrivals_find(&a, 0, PORT, T + 1), ARRIVED);
	assert_int_equal(arrivals_find(&a, arrival_of(2), PORT, T - 1),
			 ARRIVED);
}

static void a_mark_tells_what_came_again(void **state)
{
	struct arrivals a = begin();

	(void)state;
	tables[now][arrival_place(arrival_of(1))] = PROBE_ARRIVED | PROBE_AGAIN;
	tables[now][arrival_place(arrival_of(2))] = PROBE_ARRIVED;
	assert_true(arrivals_is_again(&a, arrival_of(1)));
	assert_false(arrivals_is_again(&a, arrival_of(2)));
	assert_false(arrivals_is_again(&a, 0));
}

static void a_mark_tells_after_how_many_reads_it_came(void **state)
{
	struct arrivals a = begin();

	(void)state;
	tables[now][arrival_place(arrival_of(1))] = PROBE_ARRIVED | 2;
	assert_true(arrivals_is_after(&a, arrival_of(1), 2, 7));
	assert_true(arrivals_is_after(&a, arrival_of(1), PROBE_READS_MASK, 7));
	assert_false(arrivals_is_after(&a, arrival_of(1), 3, 7));
	assert_false(arrivals_is_after(&a, arrival_of(2), 2, 7));
	assert_false(arrivals_is_after(&a, 0, 2, 7));
	/* Of 100 that were read since it is not one that comes late. */
	assert_false(arrivals_is_after(&a, arrival_of(1), 102, 7));
}

static void a_mark_lasts_for_a_turn(void **state)
{
	struct arrivals a = begin();

	(void)state;
	mark(arrival_of(1));
	assert_false(arrivals_turn(&a, T + ARRIVALS_TURN_NS - 1));
	assert_int_equal(now, 0);
	assert_true(arrivals_turn(&a, T + ARRIVALS_TURN_NS));
	a.turned_ns = T + ARRIVALS_TURN_NS;
	assert_int_equal(now, 1);
	assert_int_equal(a.since_ns, T);
	assert_int_equal(arrivals_find(&a, arrival_of(1), PORT, T + 1),
			 ARRIVED);
	assert_true(arrivals_turn(&a, T + 2 * ARRIVALS_TURN_NS));
	a.turned_ns = T + 2 * ARRIVALS_TURN_NS;
	assert_int_equal(now, 0);
	/* Forgotten, and so believed. */
	assert_int_equal(arrivals_find(&a, arrival_of(1), PORT, T + 1),
			 ARRIVED);
	assert_int_equal(arrivals_find(&a, arrival_of(1), PORT,
				       T + ARRIVALS_TURN_NS),
			 ARRIVED_NOWHERE);
}

/* It turned long after it had read the clock: since then it is marked. */
static void a_stop_takes_no_mark(void **state)
{
	const uint64_t late = T + 11 * ARRIVALS_TURN_NS;
	struct arrivals a = begin();

	(void)state;
	mark(arrival_of(1));
	assert_true(arrivals_turn(&a, T + ARRIVALS_TURN_NS));
	a.turned_ns = late;
	assert_false(arrivals_turn(&a, late + 1));
	assert_int_equal(arrivals_find(&a, arrival_of(1), PORT, late - 1),
			 ARRIVED);
	assert_true(arrivals_turn(&a, late + ARRIVALS_TURN_NS));
	assert_int_equal(arrivals_find(&a, arrival_of(1), PORT, late - 1),
			 ARRIVED);
}

/* At 50,000 packets/s few of those that no socket got are taken for others. */
static void few_are_mistaken(void **state)
{
	struct arrivals a = begin();
	unsigned mistaken = 0;

	(void)state;
	for (unsigned i = 0; i < 50000; i++)
		mark(arrival_of(i * 2654435761u));
	for (unsigned i = 0; i < 50000; i++)
		mistaken += arrivals_find(&a, arrival_of(~(__u64)i), PORT, T) ==
			    ARRIVED;
	assert_in_range(mistaken, 0, 50000 / 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_socket_got_is_found),
		cmocka_unit_test(a_mark_tells_after_how_many_reads_it_came),
		cmocka_unit_test(a_mark_tells_what_came_again),
		cmocka_unit_test(a_mark_lasts_for_a_turn),
		cmocka_unit_test(a_stop_takes_no_mark),
		cmocka_unit_test(few_are_mistaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
