/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which packets of a flow say for people who sent them. */
#include <string.h>

#include "exact.h"
#include "output/comments.h"
#include "packet/parse.h"

static struct packet packet(uint16_t port)
{
	struct packet k = { .outer.key = { .local_port = port,
					   .remote_port = 443,
					   .proto = 6 } };

	address_from_ipv4(k.outer.key.local, (const uint8_t[]){ 192, 0, 2, 1 });
	address_from_ipv4(k.outer.key.remote,
			  (const uint8_t[]){ 192, 0, 2, 2 });
	return k;
}

/* A packet, and whether it had its comment. */
static bool say(struct comments *c, const struct packet *k, uint32_t interface,
		uint32_t file, uint32_t text)
{
	struct comment_place p = comments_find(c, k, interface, file, text);
	bool due = comments_due(c, &p);

	if (due)
		comments_told(c, &p);
	return due;
}

/* How many of so many packets have it. */
static int count(struct comments *c, const struct packet *k, uint32_t text)
{
	int n = 0;

	for (int i = 0; i < 100; i++)
		n += say(c, k, 0, 1, text);
	return n;
}

static void the_first_of_a_flow_have_it(void **state)
{
	struct comments *c = comments_new();
	struct packet k = packet(5000), back = k;

	(void)state;
	back.outer.key = flow_reversed(&k.outer.key);
	assert_int_equal(count(c, &k, 7), COMMENTS_FIRST);
	assert_int_equal(count(c, &k, 7), 0);
	/* Each way is filtered for itself. */
	assert_int_equal(count(c, &back, 8), COMMENTS_FIRST);
	assert_int_equal(count(c, &k, 7), 0);
	/* The same addresses and ports again, of another connection. */
	k.outer.tcp_flags = PACKET_TCP_SYN;
	assert_true(say(c, &k, 0, 1, 7));
	k.outer.tcp_flags = 0;
	assert_int_equal(count(c, &k, 7), COMMENTS_FIRST - 1);
	comments_free(c);
	comments_free(NULL);
}

static void what_changes_is_said(void **state)
{
	struct comments *c = comments_new();
	struct packet k = packet(5000);

	(void)state;
	count(c, &k, 7);
	assert_int_equal(count(c, &k, 8), 1);
	assert_int_equal(count(c, &k, 7), 1);
	comments_free(c);
}

static void each_file_and_interface_begins_anew(void **state)
{
	struct comments *c = comments_new();
	struct packet k = packet(5000);

	(void)state;
	count(c, &k, 7);
	assert_true(say(c, &k, 1, 1, 7));
	assert_false(say(c, &k, 0, 1, 7));
	for (int i = 0; i < COMMENTS_FIRST; i++)
		assert_true(say(c, &k, 0, 2, 7));
	assert_false(say(c, &k, 0, 2, 7));
	comments_free(c);
}

/* What could not be written is still due. */
static void a_packet_that_is_lost_does_not_count(void **state)
{
	struct comments *c = comments_new();
	struct packet k = packet(5000);
	struct comment_place p = comments_find(c, &k, 0, 1, 7);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(comments_due(c, &p));
	assert_int_equal(count(c, &k, 7), COMMENTS_FIRST);
	comments_free(c);
}

/* More flows than there is room for: no first packet goes without. */
static void no_flow_takes_anothers_word(void **state)
{
	struct comments *c = comments_new();

	(void)state;
	for (uint32_t remote = 0; remote < 3; remote++)
		for (uint32_t port = 1; port < 60000; port++) {
			struct packet k = packet((uint16_t)port);

			k.outer.key.remote[15] = (uint8_t)remote;
			assert_true(say(c, &k, 0, 1, 7));
		}
	comments_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_a_flow_have_it),
		cmocka_unit_test(what_changes_is_said),
		cmocka_unit_test(each_file_and_interface_begins_anew),
		cmocka_unit_test(a_packet_that_is_lost_does_not_count),
		cmocka_unit_test(no_flow_takes_anothers_word),
	};

	return cmocka_run_group_tests_name("comments", tests, NULL, NULL);
}
