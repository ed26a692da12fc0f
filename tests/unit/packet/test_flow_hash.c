/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/types.h>

#include "exact.h"
#include "packet/flow_hash.h"
#include "packet/flow_key.h"

#define BUCKETS 1024
#define MANY	64

static struct flow_key from(uint32_t host, uint16_t port)
{
	struct flow_key k = { .local = { [15] = 1 },
			      .local_port = 443,
			      .remote_port = port,
			      .proto = 6 };

	memcpy(k.remote + 12, &host, sizeof(host));
	return k;
}

static uint32_t bucket(const struct flow_hash *h, const struct flow_key *k)
{
	return flow_hash(h, k) % BUCKETS;
}

static uint32_t bucket_of_address(const struct flow_hash *h,
				  const struct flow_key *k)
{
	return flow_hash_address(h, k->remote) % BUCKETS;
}

/* Of so many that meet in one table, how many meet in another. */
static uint32_t
most_that_meet_again(uint32_t (*bucket_in)(const struct flow_hash *,
					   const struct flow_key *),
		     uint16_t port)
{
	uint32_t counts[BUCKETS] = { 0 }, found = 0, most = 0;
	struct flow_hash known, other;

	flow_hash_init(&known);
	flow_hash_init(&other);
	for (uint32_t host = 0; found < MANY; host++) {
		struct flow_key k = from(host, port);
		uint32_t *count;

		if (bucket_in(&known, &k))
			continue;
		found++;
		count = &counts[bucket_in(&other, &k)];
		if (++*count > most)
			most = *count;
	}
	return most;
}

/* Whoever knows one table's numbers fills a chain of that table alone. */
static void each_table_has_numbers_of_its_own(void **state)
{
	(void)state;
	assert_in_range(most_that_meet_again(bucket, 1000), 1, MANY / 4);
}

/* Nor can a chain of addresses be filled without them. */
static void addresses_meet_in_one_table_only(void **state)
{
	(void)state;
	assert_in_range(most_that_meet_again(bucket_of_address, 0), 1,
			MANY / 4);
}

/* 2048 that differ in the port alone: a bucket has 2 of them, not 30. */
static void neighbours_are_spread(void **state)
{
	uint32_t counts[BUCKETS] = { 0 };
	struct flow_hash h;

	(void)state;
	flow_hash_init(&h);
	for (uint16_t port = 0; port < 2 * BUCKETS; port++) {
		struct flow_key k = from(7, port);

		assert_in_range(++counts[bucket(&h, &k)], 1, 30);
		assert_int_equal(flow_hash(&h, &k), flow_hash(&h, &k));
	}
}

static void a_flow_and_its_reverse_meet(void **state)
{
	struct flow_key k = from(7, 1000), other = k;
	struct flow_key r = flow_reversed(&k);
	struct flow_hash h;

	(void)state;
	flow_hash_init(&h);
	assert_int_equal(flow_hash(&h, &k), flow_hash(&h, &r));
	other.local_port = k.remote_port;
	other.remote_port = k.local_port;
	assert_int_not_equal(flow_hash(&h, &k), flow_hash(&h, &other));
	/* Of this host's own two ends only the ports differ. */
	other = k;
	memcpy(other.local, other.remote, sizeof(other.local));
	r = flow_reversed(&other);
	assert_int_equal(flow_hash(&h, &other), flow_hash(&h, &r));
	assert_int_equal(flow_hash_one_way(&h, &other) ^ 1,
			 flow_hash_one_way(&h, &r));
	k.proto = 1;
	k.remote_port = FLOW_ECHO_ASKS;
	r = flow_reversed(&k);
	assert_int_equal(flow_hash(&h, &k), flow_hash(&h, &r));
	assert_int_equal(flow_hash_one_way(&h, &k) ^ 1,
			 flow_hash_one_way(&h, &r));
	other = k;
	other.proto = 17;
	assert_int_not_equal(flow_hash(&h, &k), flow_hash(&h, &other));
}

/* Nor do those whose two ports have the same sum. */
static void ports_of_one_sum_are_spread(void **state)
{
	uint32_t counts[BUCKETS] = { 0 };
	struct flow_hash h;

	(void)state;
	flow_hash_init(&h);
	for (uint16_t port = 0; port < 2 * BUCKETS; port++) {
		struct flow_key k = from(7, port);

		k.local_port = (uint16_t)(5000 - port);
		assert_in_range(++counts[bucket(&h, &k)], 1, 30);
	}
}

/* The cheap one needs no more than that. */
static void ports_in_a_row_are_spread_without_a_secret(void **state)
{
	uint32_t counts[BUCKETS] = { 0 };

	(void)state;
	for (uint16_t port = 0; port < 2 * BUCKETS; port++) {
		struct flow_key k = from(7, port);

		assert_in_range(++counts[flow_spread(&k) % BUCKETS], 1, 30);
	}
}

/* Process ids of a file may have been chosen to meet. */
static void numbers_that_differ_in_few_bits_are_spread(void **state)
{
	struct flow_hash h;

	(void)state;
	flow_hash_init(&h);
	for (int shift = 0; shift <= 48; shift += 4) {
		uint32_t counts[BUCKETS] = { 0 };

		for (uint64_t n = 0; n < 2 * BUCKETS; n++) {
			uint32_t to = flow_hash_number(&h, n << shift);

			assert_in_range(++counts[to % BUCKETS], 1, 60);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_table_has_numbers_of_its_own),
		cmocka_unit_test(addresses_meet_in_one_table_only),
		cmocka_unit_test(neighbours_are_spread),
		cmocka_unit_test(a_flow_and_its_reverse_meet),
		cmocka_unit_test(ports_of_one_sum_are_spread),
		cmocka_unit_test(numbers_that_differ_in_few_bits_are_spread),
		cmocka_unit_test(ports_in_a_row_are_spread_without_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
