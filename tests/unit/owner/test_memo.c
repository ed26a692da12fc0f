/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/memo.h"

#include <netinet/in.h>
#include <string.h>

#include "exact.h"
#include "packet/raw_packet.h"
#include "record.h"

#define MS 1000000ull

static const struct packet datagram = {
	.outer.key = { .local = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 },
		       .remote = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 2 },
		       .local_port = 5000,
		       .remote_port = 53,
		       .proto = IPPROTO_UDP },
	.kind = PACKET_IP,
};

static const struct verdict answer = {
	.src = { .tid = 7, .attr = ATTR_SOCKET },
	.direction = DIRECTION_OUT,
	.steady = true,
};

static struct memo *m;
static uint64_t told;

static int open_memo(void **state)
{
	(void)state;
	told = 1;
	m = memo_new(&told);
	return !m;
}

static int close_memo(void **state)
{
	(void)state;
	memo_free(m);
	return 0;
}

static bool finds(const struct packet *p, uint64_t ts_ns, uint8_t direction)
{
	struct verdict v;
	bool settled = false;

	if (!memo_find(m, p, ts_ns, direction, &v, &settled))
		return false;
	assert_true(settled);
	assert_memory_equal(&v, &answer, sizeof(v));
	return true;
}

static void the_next_of_a_flow_has_the_same_answer(void **state)
{
	(void)state;
	assert_false(finds(&datagram, 1000, SOURCE_OUT));
	memo_keep(m, &datagram, 1000, SOURCE_OUT, &answer, true);
	assert_true(finds(&datagram, 1000, SOURCE_OUT));
	assert_true(finds(&datagram, 1000 + MS, SOURCE_OUT));
	/* It may have been another's before, and is to be asked for again. */
	assert_false(finds(&datagram, 999, SOURCE_OUT));
	assert_false(finds(&datagram, 1000 + 101 * MS, SOURCE_OUT));
}

static void nothing_holds_once_something_was_told(void **state)
{
	(void)state;
	memo_keep(m, &datagram, 1000, SOURCE_OUT, &answer, true);
	told++;
	assert_false(finds(&datagram, 1001, SOURCE_OUT));
	memo_keep(m, &datagram, 1001, SOURCE_OUT, &answer, true);
	assert_true(finds(&datagram, 1001, SOURCE_OUT));
}

/* A receiver elsewhere on this host may still be told of. */
static void what_waits_goes_on_waiting(void **state)
{
	bool settled = true;
	struct verdict v;

	(void)state;
	memo_keep(m, &datagram, 1000, SOURCE_OUT, &answer, false);
	assert_true(memo_find(m, &datagram, 1000, SOURCE_OUT, &v, &settled));
	assert_false(settled);
}

/* Whatever an answer depends on makes another packet of it. */
static void another_packet_is_not_alike(void **state)
{
	struct packet p = datagram;

	(void)state;
	p.outer.key.proto = IPPROTO_TCP;
	memo_keep(m, &p, 1000, SOURCE_OUT, &answer, true);
	assert_true(finds(&p, 1000, SOURCE_OUT));
	assert_false(finds(&p, 1000, SOURCE_IN));
	p.outer.tcp_payload = 1;
	assert_false(finds(&p, 1000, SOURCE_OUT));
	p.outer.tcp_payload = 0;
	p.outer.tcp_flags = PACKET_TCP_FIN;
	assert_false(finds(&p, 1000, SOURCE_OUT));
	p.outer.tcp_flags = PACKET_TCP_RST;
	assert_false(finds(&p, 1000, SOURCE_OUT));
	p.outer.tcp_flags = PACKET_TCP_SYN;
	assert_false(finds(&p, 1000, SOURCE_OUT));
	p.outer.tcp_flags = 0;
	for (size_t i = 0; i < sizeof(p.outer.key); i++) {
		uint8_t *byte = (uint8_t *)&p.outer.key + i;

		*byte ^= 1;
		assert_false(finds(&p, 1000, SOURCE_OUT));
		*byte ^= 1;
	}
	assert_true(finds(&p, 1000, SOURCE_OUT));
}

/* Neither is it kept, nor has it the answer to a plain packet of its flow. */
static void refuses(const struct packet *p, const struct verdict *v)
{
	if (v->steady) {
		memo_keep(m, &datagram, 1000, SOURCE_OUT, &answer, true);
		assert_true(finds(&datagram, 1000, SOURCE_OUT));
		assert_false(finds(p, 1000, SOURCE_OUT));
		told++;
	}
	memo_keep(m, p, 1000, SOURCE_OUT, v, true);
	assert_false(finds(p, 1000, SOURCE_OUT));
}

static void only_what_is_steady_is_kept(void **state)
{
	struct verdict v = answer;
	struct packet p;

	(void)state;
	v.steady = false;
	refuses(&datagram, &v);
	p = datagram, p.outer.fragment = true;
	refuses(&p, &answer);
	p = datagram, p.is_error = true;
	refuses(&p, &answer);
	p = datagram, p.is_tunnel = true;
	refuses(&p, &answer);
	p = datagram, p.outer.no_ports = true;
	refuses(&p, &answer);
	p = datagram, p.outer.source_routed = true;
	refuses(&p, &answer);
	p = datagram, p.kind = PACKET_NOT_IP;
	refuses(&p, &answer);
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_memo, close_memo)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_next_of_a_flow_has_the_same_answer),
		test(nothing_holds_once_something_was_told),
		test(what_waits_goes_on_waiting),
		test(another_packet_is_not_alike),
		test(only_what_is_steady_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
