/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>

#include "exact.h"
#include "owner/packets/packettab.h"
#include "process/proctab.h"

#define MS  1000000ull
#define SEC 1000000000ull
#define T   (1000 * SEC)

#define HOST  1
#define OTHER 2
#define THIRD 3

static struct proc alice, bob;

/* A datagram of port 53, told by its fingerprint alone. */
static struct packettab_packet datagram(struct proc *owner, uint64_t mono_ns,
					uint64_t fingerprint)
{
	struct packettab_packet p = { .fingerprint = fingerprint,
				      .mono_ns = mono_ns,
				      .netns = HOST,
				      .owner = owner,
				      .sends = true };

	p.key.proto = IPPROTO_UDP;
	p.key.local_port = 53;
	return p;
}

static void tell(struct packettab *t, struct packettab_packet p)
{
	packettab_add(t, &p);
}

static void assert_found(struct packettab *t, struct packettab_packet q,
			 const struct proc *owner)
{
	const struct packettab_packet *out = NULL;

	assert_int_equal(packettab_find(t, &q, &out), PACKETTAB_FOUND);
	assert_ptr_equal(out->owner, owner);
}

static void assert_not(struct packettab *t, struct packettab_packet q,
		       enum packettab_found found)
{
	const struct packettab_packet *out;

	assert_int_equal(packettab_find(t, &q, &out), found);
}

static void each_packet_has_its_own_sender(void **state)
{
	struct packettab *t = *state;

	tell(t, datagram(&alice, T, 3));
	tell(t, datagram(&bob, T + 1, 5));
	assert_found(t, datagram(NULL, T + 2, 3), &alice);
	assert_found(t, datagram(NULL, T + 2, 5), &bob);
}

static void history_tells_of_flows_that_nobody_shares(void **state)
{
	struct packettab *t = *state;
	struct packettab_packet received = datagram(NULL, T, 7);

	assert_not(t, datagram(NULL, T, 3), PACKETTAB_NOT_SHARED);
	tell(t, datagram(&alice, T, 3));
	received.sends = false;
	assert_not(t, received, PACKETTAB_NOT_SHARED);
	assert_not(t, datagram(NULL, T - MS, 7), PACKETTAB_NOT_SHARED);
	assert_not(t, datagram(NULL, T + 2 * SEC, 7), PACKETTAB_NOT_SHARED);
}

static void what_was_not_told_of_a_shared_flow_is_missing(void **state)
{
	struct packettab *t = *state;

	tell(t, datagram(&alice, T, 3));
	assert_not(t, datagram(NULL, T + MS, 7), PACKETTAB_MISSING);
	/* Too little was captured to tell it by. */
	assert_not(t, datagram(NULL, T + MS, 0), PACKETTAB_MISSING);
}

/* Another processor has not seen yet that the socket has two users. */
static void whoever_had_it_sends_just_then(void **state)
{
	struct packettab *t = *state;
	struct packettab_packet q = datagram(NULL, T, 7), read = q;
	const struct packettab_packet *out = NULL;

	tell(t, datagram(&bob, T, 3));
	for (int us = -49; us < 50; us += 7) {
		q.mono_ns = T + (uint64_t)(int64_t)us * 1000;
		assert_int_equal(packettab_find(t, &q, &out), PACKETTAB_FORMER);
		assert_true(out->mono_ns == T && !out->owner);
	}
	assert_found(t, datagram(NULL, T + 1000, 3), &bob);
	assert_not(t, datagram(NULL, T + 201000, 7), PACKETTAB_MISSING);
	assert_not(t, datagram(NULL, T - 201000, 7), PACKETTAB_NOT_SHARED);
	/* Too little was captured to say that it was not told. */
	assert_not(t, datagram(NULL, T, 0), PACKETTAB_MISSING);
	read.sends = false;
	assert_not(t, read, PACKETTAB_NOT_SHARED);
}

/* The last of those that are told says so; nothing is missing after it. */
static void nothing_is_missing_once_telling_ends(void **state)
{
	struct packettab *t = *state;
	struct packettab_packet last = datagram(&alice, T + SEC, 5);

	tell(t, datagram(&alice, T, 3));
	last.closing = true;
	tell(t, last);
	assert_not(t, datagram(NULL, T + SEC - 1, 7), PACKETTAB_MISSING);
	assert_not(t, datagram(NULL, T + SEC, 7), PACKETTAB_NOT_SHARED);
	assert_found(t, datagram(NULL, T + SEC, 5), &alice);
	tell(t, datagram(&bob, T + SEC + MS, 9));
	assert_not(t, datagram(NULL, T + SEC + 2 * MS, 7), PACKETTAB_MISSING);
}

static void a_sent_packet_may_have_waited(void **state)
{
	struct packettab *t = *state;
	struct packettab_packet received = datagram(&alice, T, 3);

	tell(t, datagram(&alice, T, 3));
	tell(t, datagram(&bob, T + 100 * MS, 5));
	assert_found(t, datagram(NULL, T + SEC, 3), &alice);
	/* Either may be the one that waited, unless one comes at once. */
	tell(t, datagram(&bob, T + 500 * MS, 3));
	assert_not(t, datagram(NULL, T + SEC, 3), PACKETTAB_AMBIGUOUS);
	assert_found(t, datagram(NULL, T + 500 * MS + 1, 3), &bob);
	received.sends = false;
	tell(t, received);
	received.mono_ns = T + SEC;
	assert_not(t, received, PACKETTAB_NOT_SHARED);
}

static void a_forged_packet_leaves_the_flow_alone(void **state)
{
	struct packettab *t = *state;
	struct packettab_packet forged = datagram(&bob, T, 3);

	forged.alone = true;
	tell(t, forged);
	assert_found(t, datagram(NULL, T, 3), &bob);
	assert_not(t, datagram(NULL, T, 5), PACKETTAB_NOT_SHARED);
}

static void two_senders_of_the_same_are_ambiguous(void **state)
{
	struct packettab *t = *state;

	tell(t, datagram(&alice, T, 3));
	tell(t, datagram(&bob, T + MS, 3));
	assert_not(t, datagram(NULL, T, 3), PACKETTAB_AMBIGUOUS);
	tell(t, datagram(&alice, T + SEC, 9));
	tell(t, datagram(&bob, T + SEC + 20 * MS, 9));
	assert_found(t, datagram(NULL, T + SEC + 19 * MS, 9), &bob);
}

static void a_namespace_elsewhere_is_ambiguous_only_with_another(void **state)
{
	struct packettab *t = *state;
	struct packettab_packet there = datagram(&alice, T, 3);

	there.netns = OTHER;
	tell(t, there);
	assert_found(t, datagram(NULL, T, 3), &alice);
	there.owner = &bob;
	there.netns = THIRD;
	tell(t, there);
	assert_not(t, datagram(NULL, T, 3), PACKETTAB_AMBIGUOUS);
	tell(t, datagram(&bob, T, 3));
	assert_found(t, datagram(NULL, T, 3), &bob);
}

static void the_oldest_are_forgotten_with_their_references(void **state)
{
	struct packettab *t = *state;

	tell(t, datagram(&alice, T, 3));
	assert_int_equal(alice.refs, 1);
	for (uint64_t i = 0; i < 32768; i++)
		tell(t, datagram(&bob, T + i, 5 + 2 * i));
	assert_int_equal(alice.refs, 0);
	assert_int_equal(bob.refs, 32768);
	assert_not(t, datagram(NULL, T + MS, 3), PACKETTAB_MISSING);
	assert_found(t, datagram(NULL, T, 5), &bob);
}

/* What nobody asks for any more must not keep its process. */
static void what_is_old_is_forgotten_with_its_references(void **state)
{
	struct packettab *t = *state;

	for (uint64_t i = 0; i < 100; i++)
		tell(t, datagram(&alice, T, 3 + 2 * i));
	tell(t, datagram(&bob, T + 3000 * MS, 301));
	assert_int_equal(alice.refs, 100);
	for (uint64_t i = 1; i <= 50; i++)
		tell(t, datagram(&bob, T + 3000 * MS + i, 301 + 2 * i));
	assert_int_equal(alice.refs, 0);
	assert_int_equal(bob.refs, 51);
	assert_found(t, datagram(NULL, T + 3000 * MS, 301), &bob);
}

/* We were stopped: what is told of all that time comes before its packets. */
static void what_packets_may_ask_for_is_remembered(void **state)
{
	struct packettab *t = *state;

	packettab_done(t, T);
	tell(t, datagram(&alice, T, 3));
	for (uint64_t i = 0; i < 100; i++)
		tell(t, datagram(&bob, T + 4000 * MS, 5 + 2 * i));
	assert_found(t, datagram(NULL, T, 3), &alice);
	packettab_done(t, T + 4000 * MS);
	tell(t, datagram(&bob, T + 4000 * MS, 301));
	assert_int_equal(alice.refs, 0);
}

static void a_copy_is_apart_from_the_socket_it_is_for(void **state)
{
	struct packettab *t = *state;
	struct packettab_packet read = datagram(&alice, T, 3), copy;

	read.sends = false;
	copy = read;
	copy.owner = &bob;
	copy.copy = copy.alone = true;
	tell(t, copy);
	assert_not(t, read, PACKETTAB_NOT_SHARED);
	assert_found(t, copy, &bob);
	tell(t, read);
	assert_found(t, read, &alice);
	assert_found(t, copy, &bob);
}

static void copies_are_expected_for_a_while(void **state)
{
	struct packettab *t = *state;

	assert_false(packettab_copies_expected(t, T));
	packettab_expect_copies(t, T);
	assert_true(packettab_copies_expected(t, T + 60 * SEC));
	assert_false(packettab_copies_expected(t, T + 600 * SEC));
}

/* It came in when nobody knew who of several would read it. */
static struct packettab_packet pending(uint8_t proto, uint64_t fingerprint,
				       uint64_t position)
{
	struct packettab_packet p = datagram(NULL, T, fingerprint);

	p.key.proto = proto;
	p.sends = false;
	p.pending = true;
	p.cookie = 9;
	p.position = position;
	return p;
}

static void read_by(struct packettab *t, struct proc *owner, uint64_t mono_ns,
		    uint64_t position)
{
	struct socket_read r = { .cookie = 9,
				 .position = position,
				 .mono_ns = mono_ns,
				 .owner = owner,
				 .tid = owner == &alice ? 1 : 2 };

	packettab_read(t, &r);
}

static void read_past_by(struct packettab *t, struct proc *owner,
			 uint64_t mono_ns, uint64_t position)
{
	struct socket_read r = { .cookie = 9,
				 .position = position,
				 .mono_ns = mono_ns,
				 .owner = owner,
				 .stream = true };

	packettab_read(t, &r);
}

/* @count datagrams wait, each behind the one before. */
static void tell_queue(struct packettab *t, struct packettab_packet *queue,
		       unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		queue[i] = pending(IPPROTO_UDP, 2 * i + 3, i + 1);
		tell(t, queue[i]);
	}
}

static void a_datagram_is_whose_turn_it_was(void **state)
{
	struct packettab_packet queue[2];
	struct packettab *t = *state;

	tell_queue(t, queue, 2);
	read_by(t, &alice, T - 1, 1); /* of an earlier one */
	assert_not(t, queue[0], PACKETTAB_MISSING);
	read_by(t, &alice, T + MS, 1);
	assert_found(t, queue[0], &alice);
	assert_not(t, queue[1], PACKETTAB_MISSING);
	read_by(t, &bob, T + 2 * MS, 2);
	assert_found(t, queue[0], &alice);
	assert_found(t, queue[1], &bob);
}

/* Two read at once: what is told of them may have changed places. */
static void readers_at_once_are_not_told_apart(void **state)
{
	struct packettab_packet queue[2];
	struct packettab *t = *state;

	tell_queue(t, queue, 2);
	read_by(t, &alice, T + MS, 1);
	assert_found(t, queue[0], &alice);
	read_by(t, &bob, T + MS + 500, 2);
	assert_not(t, queue[0], PACKETTAB_AMBIGUOUS);
	assert_not(t, queue[1], PACKETTAB_AMBIGUOUS);
}

static void readers_at_once_are_told_in_any_order(void **state)
{
	struct packettab_packet queue[2];
	struct packettab *t = *state;

	tell_queue(t, queue, 2);
	read_by(t, &alice, T + MS, 1);
	read_by(t, &bob, T + MS - 500, 2);
	assert_not(t, queue[0], PACKETTAB_AMBIGUOUS);
	assert_not(t, queue[1], PACKETTAB_AMBIGUOUS);
}

/* More than the next may have been told before. */
static void who_is_told_late_may_have_read_sooner(void **state)
{
	struct packettab_packet queue[4];
	struct packettab *t = *state;

	tell_queue(t, queue, 4);
	read_by(t, &alice, T + MS, 1);
	read_by(t, &alice, T + MS + 4000, 2);
	read_by(t, &bob, T + MS + 15000, 3);
	read_by(t, &bob, T + MS + 19000, 4);
	assert_not(t, queue[0], PACKETTAB_AMBIGUOUS);
	assert_not(t, queue[1], PACKETTAB_AMBIGUOUS);
	assert_not(t, queue[2], PACKETTAB_AMBIGUOUS);
	/* He took it after he had told the one before. */
	assert_found(t, queue[3], &bob);
}

/* What came after the other's read was not there for that. */
static void who_reads_what_came_later_is_known(void **state)
{
	struct packettab_packet first = pending(IPPROTO_UDP, 3, 1);
	struct packettab_packet second = pending(IPPROTO_UDP, 5, 2);
	struct packettab *t = *state;

	tell(t, first);
	second.mono_ns = T + 2000;
	tell(t, second);
	read_by(t, &alice, T + 1000, 1);
	read_by(t, &bob, T + 3000, 2);
	assert_found(t, first, &alice);
	assert_found(t, second, &bob);
}

/* There was no room for all of it, or another's read is told after bob's. */
static void a_shorter_read_may_be_of_another_datagram(void **state)
{
	struct packettab_packet first = pending(IPPROTO_UDP, 3, 1);
	struct packettab *t = *state;
	struct socket_read r = { .cookie = 9,
				 .position = 1,
				 .mono_ns = T + MS,
				 .owner = &bob,
				 .length = 16 };
	const struct packettab_packet *out;

	first.length = 1024;
	tell(t, first);
	packettab_read(t, &r);
	assert_int_equal(packettab_find(t, &first, &out), PACKETTAB_UNSURE);
	assert_ptr_equal(out->owner, &bob);
	r = (struct socket_read){ .cookie = 9,
				  .position = 2,
				  .mono_ns = T + 2 * MS,
				  .owner = &alice,
				  .length = 1024 };
	packettab_read(t, &r);
	assert_not(t, first, PACKETTAB_AMBIGUOUS);
}

/* It came in while the one before was read, and is told that one's place. */
static void one_place_is_not_two_packets(void **state)
{
	struct packettab_packet first = pending(IPPROTO_UDP, 3, 1);
	struct packettab_packet second = pending(IPPROTO_UDP, 5, 1);
	struct packettab_packet third = pending(IPPROTO_UDP, 7, 3);
	struct packettab_packet fourth = pending(IPPROTO_UDP, 9, 3);
	struct packettab *t = *state;

	tell(t, first);
	tell(t, second);
	tell(t, third);
	read_by(t, &alice, T + MS, 1);
	read_by(t, &bob, T + 2 * MS, 2);
	read_by(t, &bob, T + 3 * MS, 3);
	assert_not(t, first, PACKETTAB_AMBIGUOUS);
	assert_not(t, second, PACKETTAB_AMBIGUOUS);
	assert_found(t, third, &bob);
	tell(t, fourth);
	assert_not(t, fourth, PACKETTAB_MISSING);
	read_by(t, &bob, T + 4 * MS, 4); /* either way */
	assert_found(t, third, &bob);
	assert_found(t, fourth, &bob);
}

/* What came at the same time, and was not told, may have the place. */
static void what_meets_another_may_have_the_next_place(void **state)
{
	struct packettab_packet first = pending(IPPROTO_UDP, 3, 1);
	struct packettab *t = *state;

	first.meets = true;
	tell(t, first);
	read_by(t, &alice, T + MS, 1);
	assert_not(t, first, PACKETTAB_MISSING);
	read_by(t, &bob, T + 2 * MS, 2);
	assert_not(t, first, PACKETTAB_AMBIGUOUS);
	/* By what comes next both are counted. */
	first.meets = false;
	first.fingerprint = 5;
	first.position = 2;
	tell(t, first);
	assert_found(t, first, &bob);
}

/* The second was told the first's place, so what follows is one place further. */
static void what_comes_behind_may_have_the_next_place(void **state)
{
	struct packettab_packet first = pending(IPPROTO_UDP, 3, 1);
	struct packettab_packet second = pending(IPPROTO_UDP, 5, 1);
	struct packettab_packet third = pending(IPPROTO_UDP, 7, 2);
	struct packettab_packet fourth = pending(IPPROTO_UDP, 9, 4);
	struct packettab_packet later = pending(IPPROTO_UDP, 11, 5);
	struct packettab *t = *state;

	tell(t, first);
	tell(t, second);
	tell(t, third);
	tell(t, fourth);
	read_by(t, &alice, T + MS, 1);
	read_by(t, &alice, T + 2 * MS, 2);
	read_by(t, &bob, T + 3 * MS, 3);
	read_by(t, &alice, T + 4 * MS, 4);
	assert_found(t, first, &alice);
	assert_found(t, second, &alice);
	assert_not(t, third, PACKETTAB_AMBIGUOUS);
	assert_found(t, fourth, &alice);
	/* What has been read is counted. */
	later.mono_ns = T + 5 * MS;
	tell(t, later);
	read_by(t, &bob, T + 6 * MS, 5);
	assert_found(t, later, &bob);
}

static void what_was_read_is_counted_again(void **state)
{
	struct packettab_packet first = pending(IPPROTO_UDP, 3, 1);
	struct packettab_packet second = pending(IPPROTO_UDP, 5, 1);
	struct packettab_packet third = pending(IPPROTO_UDP, 7, 2);
	struct packettab *t = *state;

	tell(t, first);
	tell(t, second); /* for which there was no room */
	read_by(t, &alice, T + MS, 1);
	third.mono_ns = T + 2 * MS;
	tell(t, third);
	read_by(t, &bob, T + 3 * MS, 2);
	assert_found(t, third, &bob);
}

static void one_place_may_be_of_two_names(void **state)
{
	static struct program was, is = { .from_mono_ns = T + 3 * MS };
	struct packettab_packet first = pending(IPPROTO_UDP, 3, 1);
	struct packettab_packet second = pending(IPPROTO_UDP, 5, 1);
	struct packettab *t = *state;

	is.older = &was;
	bob.program = &is;
	tell(t, first);
	tell(t, second);
	read_by(t, &bob, T + 2 * MS, 1);
	read_by(t, &bob, T + 4 * MS, 2);
	assert_not(t, first, PACKETTAB_AMBIGUOUS);
	is.from_mono_ns = T + MS;
	assert_found(t, first, &bob);
	is.from_mono_ns = T + 5 * MS;
	assert_found(t, second, &bob);
	bob.program = NULL;
}

/* Of the sockets that got a copy, one is read: others may be yet. */
static void a_copy_that_was_read_goes_first(void **state)
{
	struct packettab_packet q = pending(IPPROTO_UDP, 3, 1);
	struct packettab_packet unread = q, read = q, late = q;
	struct socket_read by_bob = {
		.cookie = 7, .position = 1, .mono_ns = T + 2 * MS, .owner = &bob
	};
	const struct packettab_packet *out;
	struct packettab *t = *state;
	unsigned count;

	unread.cookie = 5;
	unread.owner = &alice;
	late.cookie = 7;
	tell(t, unread);
	tell(t, read);
	tell(t, late);
	assert_not(t, q, PACKETTAB_MISSING);
	packettab_read(t, &by_bob);
	assert_int_equal(packettab_find(t, &q, &out), PACKETTAB_MISSING);
	assert_ptr_equal(out->owner, &bob);
	assert_int_equal(out->mono_ns, by_bob.mono_ns);
	packettab_readers(t, &count);
	assert_int_equal(count, 1);
}

/* Each once, and no more than there is room for. */
static void all_who_read_a_copy_are_its_readers(void **state)
{
	static struct proc crowd[PACKETTAB_READERS + 2];
	struct packettab_packet q = pending(IPPROTO_UDP, 3, 1), p = q;
	struct socket_read read = { .position = 1, .mono_ns = T + MS };
	const struct packettab_packet *out, *readers;
	struct packettab *t = *state;
	unsigned count;

	for (unsigned i = 0; i < PACKETTAB_READERS + 2; i++) {
		p.cookie = 20 + i;
		tell(t, p);
	}
	for (unsigned i = 0; i < PACKETTAB_READERS + 2; i++) {
		assert_not(t, q, PACKETTAB_MISSING);
		read.cookie = 20 + i;
		read.owner = &crowd[i ? i - 1 : 0];
		packettab_read(t, &read);
	}
	assert_int_equal(packettab_find(t, &q, &out), PACKETTAB_FOUND);
	readers = packettab_readers(t, &count);
	assert_ptr_equal(out, readers);
	assert_int_equal(count, PACKETTAB_READERS);
	for (unsigned i = 1; i < count; i++)
		for (unsigned n = 0; n < i; n++)
			assert_ptr_not_equal(readers[i].owner,
					     readers[n].owner);
	/* The next packet has its own. */
	q.fingerprint = 5;
	packettab_find(t, &q, &out);
	packettab_readers(t, &count);
	assert_int_equal(count, 0);
}

static void a_segment_is_whose_reading_passed_it(void **state)
{
	struct packettab_packet first = pending(IPPROTO_TCP, 3, 0xfffffff0);
	struct packettab_packet second = pending(IPPROTO_TCP, 5, 0x20);
	struct packettab_packet third = pending(IPPROTO_TCP, 7, 0x40);
	struct packettab *t = *state;

	tell(t, first);
	tell(t, second);
	tell(t, third);
	first.position = 0xffffffe0; /* after the first byte of each */
	second.position = 0xfffffff1;
	third.position = 0x21;
	read_past_by(t, &alice, T + MS, 0x20);
	assert_found(t, first, &alice);
	assert_found(t, second, &alice);
	assert_not(t, third, PACKETTAB_MISSING);
	read_past_by(t, &bob, T + MS, 0x30); /* a part of it */
	assert_found(t, second, &alice);
	assert_found(t, third, &bob);
}

static void reads_are_forgotten_with_their_references(void **state)
{
	struct packettab *t = *state;

	read_by(t, &alice, T, 1);
	assert_int_equal(alice.refs, 1);
	for (uint64_t i = 0; i < 8192; i++)
		read_by(t, &bob, T, i);
	assert_int_equal(alice.refs, 0);
	assert_int_equal(bob.refs, 8192);
}

static int fresh_table(void **state)
{
	alice.refs = bob.refs = 0;
	*state = packettab_new();
	return *state ? 0 : -1;
}

static int free_table(void **state)
{
	packettab_free(*state);
	return alice.refs || bob.refs ? -1 : 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_table, free_table)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_packet_has_its_own_sender),
		TEST(history_tells_of_flows_that_nobody_shares),
		TEST(what_was_not_told_of_a_shared_flow_is_missing),
		TEST(whoever_had_it_sends_just_then),
		TEST(nothing_is_missing_once_telling_ends),
		TEST(a_sent_packet_may_have_waited),
		TEST(a_forged_packet_leaves_the_flow_alone),
		TEST(two_senders_of_the_same_are_ambiguous),
		TEST(a_namespace_elsewhere_is_ambiguous_only_with_another),
		TEST(a_datagram_is_whose_turn_it_was),
		TEST(readers_at_once_are_not_told_apart),
		TEST(readers_at_once_are_told_in_any_order),
		TEST(who_is_told_late_may_have_read_sooner),
		TEST(who_reads_what_came_later_is_known),
		TEST(a_shorter_read_may_be_of_another_datagram),
		TEST(one_place_is_not_two_packets),
		TEST(what_meets_another_may_have_the_next_place),
		TEST(what_comes_behind_may_have_the_next_place),
		TEST(what_was_read_is_counted_again),
		TEST(one_place_may_be_of_two_names),
		TEST(a_copy_that_was_read_goes_first),
		TEST(all_who_read_a_copy_are_its_readers),
		TEST(a_segment_is_whose_reading_passed_it),
		TEST(reads_are_forgotten_with_their_references),
		TEST(a_copy_is_apart_from_the_socket_it_is_for),
		TEST(copies_are_expected_for_a_while),
		TEST(the_oldest_are_forgotten_with_their_references),
		TEST(what_is_old_is_forgotten_with_its_references),
		TEST(what_packets_may_ask_for_is_remembered),
	};

	return cmocka_run_group_tests_name("packettab", tests, NULL, NULL);
}
