/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>

#include "exact.h"
#include "owner/nat/nat.h"
#include "packet/parse.h"

#define SEC 1000000000ull
#define T   (1000 * SEC)

#define ROOM 8

/* From 10.0.0.@from:@port to 10.0.0.@to:@remote. */
static struct flow_key key(uint8_t from, uint16_t port, uint8_t to,
			   uint16_t remote)
{
	struct flow_key k = { .local_port = port,
			      .remote_port = remote,
			      .proto = IPPROTO_UDP };

	address_from_ipv4(k.local, (const __u8[4]){ 10, 0, 0, from });
	address_from_ipv4(k.remote, (const __u8[4]){ 10, 0, 0, to });
	return k;
}

/* 1 asks 2 for @port as 9, port 1000 more; 3 answers. */
static struct flow_key first_of(uint16_t port)
{
	return key(1, port, 2, 53);
}

static struct flow_key answer_of(uint16_t port)
{
	return key(3, 5300, 9, (uint16_t)(port + 1000));
}

static void add(struct nat *n, uint16_t port, bool watched)
{
	struct flow_key first = first_of(port), answer = answer_of(port);

	nat_add(n, &first, &answer, watched);
}

static void end_between(struct nat *n, uint16_t port, uint64_t since_ns,
			uint64_t now_ns)
{
	struct flow_key first = first_of(port), answer = answer_of(port);

	nat_look(n, since_ns, now_ns);
	nat_end(n, &first, &answer);
}

static void end(struct nat *n, uint16_t port, uint64_t now_ns)
{
	end_between(n, port, now_ns, now_ns);
}

static bool find(const struct nat *n, struct flow_key sent, uint64_t ts_ns)
{
	struct nat_ends ends;

	return nat_find(n, &sent, ts_ns, &ends);
}

static bool is_translated(const struct nat *n, uint16_t port, uint64_t ts_ns)
{
	return find(n, first_of(port), ts_ns);
}

static void assert_ends_at(const struct nat *n, uint64_t ts_ns,
			   struct flow_key sent, struct flow_key sender,
			   struct flow_key receiver)
{
	struct nat_ends e;

	assert_true(nat_find(n, &sent, ts_ns, &e));
	assert_true(e.sender_sure && e.receiver_sure);
	assert_memory_equal(&e.sender, &sender, sizeof(sender));
	assert_memory_equal(&e.receiver, &receiver, sizeof(receiver));
}

static void assert_ends(const struct nat *n, struct flow_key sent,
			struct flow_key sender, struct flow_key receiver)
{
	assert_ends_at(n, T, sent, sender, receiver);
}

/* It is another's than the sender's, whom all have in common. */
static void assert_doubtful(const struct nat *n, uint64_t ts_ns,
			    struct flow_key sent)
{
	struct nat_ends e;

	assert_true(nat_find(n, &sent, ts_ns, &e));
	assert_true(e.sender_sure);
	assert_false(e.receiver_sure);
}

static void each_of_four_views_has_both_sockets(void **state)
{
	struct nat *n = *state;
	struct flow_key first = first_of(7), answer = answer_of(7);

	add(n, 7, true);
	assert_ends(n, first, first, answer);
	assert_ends(n, flow_reversed(&answer), first, answer);
	assert_ends(n, answer, answer, first);
	assert_ends(n, flow_reversed(&first), answer, first);
}

static void what_is_not_translated_is_not_found(void **state)
{
	struct nat *n = *state;
	struct flow_key other;

	assert_false(is_translated(n, 7, T));
	add(n, 7, true);
	assert_false(is_translated(n, 8, T));
	other = first_of(7);
	other.proto = IPPROTO_TCP;
	assert_false(find(n, other, T));
}

static void its_packets_are_translated_until_it_ends(void **state)
{
	struct nat *n = *state;
	struct flow_key answer = answer_of(7);

	add(n, 7, true);
	end(n, 7, T);
	assert_true(is_translated(n, 7, T - 1));
	assert_true(find(n, answer, T - 1));
	assert_false(is_translated(n, 7, T + 1));
	assert_false(find(n, answer, T + 1));
	add(n, 7, true);
	assert_true(is_translated(n, 7, T + SEC));
}

/* One ends and another begins between two looks, whenever that was. */
static void of_two_in_turn_it_is_the_one_of_its_time(void **state)
{
	struct flow_key first = first_of(7), other = answer_of(9);
	struct nat *n = *state;

	add(n, 7, true);
	end_between(n, 7, T, T + SEC);
	assert_doubtful(n, T + SEC / 2, first);
	nat_add(n, &first, &other, true);
	assert_ends_at(n, T - SEC, first, first, answer_of(7));
	assert_doubtful(n, T + SEC / 2, first);
	assert_ends_at(n, T + 2 * SEC, first, first, other);
}

/* As in two of conntrack's zones. */
static void of_two_at_once_none_is_sure(void **state)
{
	struct flow_key first = first_of(7), other = answer_of(9);
	struct nat *n = *state;

	add(n, 7, true);
	nat_add(n, &first, &other, true);
	assert_doubtful(n, T, first);
	end(n, 7, T);
	assert_ends_at(n, T + 1, first, first, other);
}

/* Each end asks the other, which is known by another port then. */
static void of_one_in_and_one_out_none_is_sure(void **state)
{
	struct flow_key first = key(1, 7, 3, 53), answer = key(3, 53, 9, 7);
	struct flow_key back = key(3, 53, 1, 7), got = key(1, 7, 3, 99);
	struct nat *n = *state;
	struct nat_ends e;

	nat_add(n, &first, &answer, true);
	nat_look(n, T, T + SEC);
	nat_add(n, &back, &got, true);
	assert_ends_at(n, T - 1, first, first, answer);
	assert_true(nat_find(n, &first, T + 1, &e));
	assert_false(e.sender_sure || e.receiver_sure);
	assert_ends_at(n, T + 1, got, got, back);
	assert_ends_at(n, T + 1, answer, answer, first);
}

/* Forged as if a socket had sent it to itself: an answer would be the same. */
static void to_itself_it_comes_or_goes(void **state)
{
	struct flow_key self = key(1, 7, 1, 7), answer = key(1, 7, 9, 7);
	struct nat *n = *state;
	struct nat_ends e;

	nat_add(n, &self, &answer, true);
	assert_true(nat_find(n, &self, T, &e));
	assert_memory_equal(&e.receiver, &answer, sizeof(answer));
	assert_false(e.sender_sure || e.receiver_sure);
	assert_ends(n, flow_reversed(&answer), self, answer);
	assert_ends(n, answer, answer, self);
}

static void the_end_of_another_ends_nothing(void **state)
{
	struct nat *n = *state;
	struct flow_key first = first_of(7), answer = answer_of(8);

	add(n, 7, true);
	nat_look(n, T, T);
	nat_end(n, &first, &answer);
	assert_true(is_translated(n, 7, T + 1));
}

static void the_unwatched_are_checked(void **state)
{
	struct nat *n = *state;

	add(n, 1, false);
	add(n, 2, false);
	add(n, 3, true);
	assert_int_equal(nat_unwatched(n), 2);
	nat_check_begin(n, false);
	add(n, 2, false);
	nat_look(n, T, T);
	nat_check_end(n);
	assert_int_equal(nat_unwatched(n), 1);
	assert_false(is_translated(n, 1, T + 1));
	assert_true(is_translated(n, 2, T + 1));
	assert_true(is_translated(n, 3, T + 1));
	end(n, 2, T + 2);
	assert_int_equal(nat_unwatched(n), 0);
}

static void after_a_loss_all_are_checked(void **state)
{
	struct nat *n = *state;

	add(n, 1, true);
	add(n, 2, true);
	nat_check_begin(n, true);
	add(n, 2, false);
	nat_look(n, T, T);
	nat_check_end(n);
	assert_false(is_translated(n, 1, T + 1));
	assert_true(is_translated(n, 2, T + 1));
	/* Its end is still told. */
	assert_int_equal(nat_unwatched(n), 0);
}

static void being_told_twice_changes_nothing(void **state)
{
	struct nat *n = *state;

	add(n, 1, false);
	add(n, 1, true);
	assert_int_equal(nat_unwatched(n), 0);
	end(n, 1, T);
	assert_false(is_translated(n, 1, T + 1));
}

static void the_place_of_the_ended_is_given_again(void **state)
{
	struct nat *n = *state;

	for (uint16_t port = 0; port < 100 * ROOM; port++) {
		add(n, port, true);
		assert_true(is_translated(n, port, T + port));
		end(n, port, T + port);
	}
	assert_int_equal(nat_lost(n), 0);
	for (uint16_t port = 0; port < ROOM; port++)
		add(n, port, true);
	for (uint16_t port = 0; port < ROOM; port++)
		assert_true(is_translated(n, port, T + SEC));
}

static void what_finds_no_place_is_lost(void **state)
{
	struct nat *n = *state;

	for (uint16_t port = 0; port < ROOM; port++)
		add(n, port, true);
	assert_int_equal(nat_lost(n), 0);
	add(n, ROOM, true);
	assert_int_equal(nat_lost(n), 1);
	assert_false(is_translated(n, ROOM, T));
	for (uint16_t port = 0; port < ROOM; port++)
		assert_true(is_translated(n, port, T));
}

static int new_table(void **state)
{
	*state = nat_new(ROOM);
	return *state ? 0 : -1;
}

static int free_table(void **state)
{
	nat_free(*state);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, new_table, free_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_of_four_views_has_both_sockets),
		TEST(what_is_not_translated_is_not_found),
		TEST(its_packets_are_translated_until_it_ends),
		TEST(of_two_in_turn_it_is_the_one_of_its_time),
		TEST(of_two_at_once_none_is_sure),
		TEST(of_one_in_and_one_out_none_is_sure),
		TEST(to_itself_it_comes_or_goes),
		TEST(the_end_of_another_ends_nothing),
		TEST(the_unwatched_are_checked),
		TEST(after_a_loss_all_are_checked),
		TEST(being_told_twice_changes_nothing),
		TEST(the_place_of_the_ended_is_given_again),
		TEST(what_finds_no_place_is_lost),
	};

	return cmocka_run_group_tests_name("nat", tests, NULL, NULL);
}
