/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/talk.h"

/* What was told of the flows that began and ended. */
struct told {
	struct flow last;
	int begun;
	int ended[FLOW_STOPPED + 1];
	uint64_t packets; /* of what ended */
	uint64_t bytes;
};

static struct told told;
static struct actors *actors;
static struct flows *flows;
static struct talker curl, nginx, worker;

static void begun(void *ctx, const struct flow *f)
{
	struct told *t = ctx;

	t->begun++;
	t->last = *f;
}

static void ended(void *ctx, const struct flow *f)
{
	struct told *t = ctx;
	uint64_t packets[2], bytes[2];

	flow_sums(f, packets, bytes);
	t->ended[f->over]++;
	t->packets += packets[0] + packets[1];
	t->bytes += bytes[0] + bytes[1];
	t->last = *f;
}

static void make(uint32_t max, bool keep)
{
	struct flows_options o = {
		.max = max,
		.keep = keep,
		.ctx = &told,
		.begun = begun,
		.ended = ended,
		.country = country_of_talk,
	};

	memset(&told, 0, sizeof(told));
	o.actors = actors = actors_new(8);
	flows = flows_new(&o);
	assert_non_null(flows);
	talker_init(&curl, 10, "curl");
	talker_init(&nginx, 20, "nginx");
	talker_init(&worker, 21, "nginx");
}

static void unmake(void)
{
	flows_free(flows);
	actors_free(actors);
}

static struct flows_stats stats(void)
{
	struct flows_stats s;

	flows_stats(flows, &s);
	return s;
}

static void a_connection_is_told_once(void **state)
{
	(void)state;
	make(16, false);
	converse(flows, &curl, NULL, 40000, S);
	assert_int_equal(told.begun, 1);
	assert_int_equal(stats().open, 1);
	flows_expire(flows, S + 500 * MS);
	assert_int_equal(told.ended[FLOW_ENDED], 0);
	flows_expire(flows, 3 * S);
	assert_int_equal(told.ended[FLOW_ENDED], 1);
	assert_int_equal(told.last.state, FLOW_CLOSED);
	assert_int_equal(told.packets, 10);
	assert_int_equal(told.bytes, CONVERSE_SENT + CONVERSE_RECEIVED);
	assert_int_equal(told.last.rtt_ns, 2 * MS);
	assert_int_equal(told.last.first_ns, EPOCH + S);
	assert_int_equal(told.last.last_ns, EPOCH + S + 9 * MS);
	assert_string_equal(told.last.ends[FLOW_CLIENT].actor->name, "curl");
	assert_string_equal(told.last.ends[FLOW_SERVER].actor->name,
			    "(remote)");
	assert_string_equal(told.last.ends[FLOW_SERVER].country, "NL");
	assert_string_equal(told.last.ends[FLOW_CLIENT].country, "");
	assert_int_equal(told.last.ends[0].retransmissions +
				 told.last.ends[1].retransmissions,
			 0);
	assert_int_equal(stats().here, 0);
	unmake();
}

static void the_client_is_who_asked(void **state)
{
	(void)state;
	make(16, false);
	/* Its answer is the first that is seen. */
	SAY(flows, .back = true, .flags = SYN | ACK, .from = 40000, .to = 443);
	assert_int_equal(told.last.key.local_port, 40000);
	/* In the middle of a connection the lower port serves. */
	SAY(flows, .back = true, .flags = ACK, .from = 40001, .to = 443);
	assert_int_equal(told.last.key.local_port, 40001);
	SAY(flows, .flags = ACK, .from = 22, .to = 40002);
	assert_int_equal(told.last.key.local_port, 40002);
	SAY(flows, .back = true, .proto = UDP, .from = 40003, .to = 53);
	assert_int_equal(told.last.key.local_port, 40003);
	SAY(flows, .proto = UDP, .from = 5000, .to = 4000);
	assert_int_equal(told.last.key.local_port, 5000);
	unmake();
}

static void both_ends_are_one_flow(void **state)
{
	(void)state;
	make(16, false);
	converse(flows, &curl, &nginx, 40000, S);
	assert_int_equal(told.begun, 1);
	flows_stop(flows);
	assert_int_equal(told.ended[FLOW_ENDED], 1);
	assert_string_equal(told.last.ends[FLOW_SERVER].actor->name, "nginx");
	unmake();
}

/* Each container has a loopback, and its servers have the same ports. */
static void each_namespace_has_its_own(void **state)
{
	(void)state;
	make(16, false);
	for (uint32_t i = 0; i < 3; i++)
		for (unsigned n = 0; n < 2; n++)
			SAY(flows, .src = n ? &nginx : &curl, .from = 40000,
			    .to = 80, .flags = ACK, .seq = 100, .payload = 50,
			    .len = 100, .namespace = n,
			    .at_ns = S + i * 100 * MS + n * MS);
	assert_int_equal(stats().begun, 2);
	flows_stop(flows);
	assert_string_equal(told.last.ends[FLOW_CLIENT].actor->name, "nginx");
	assert_int_equal(told.last.namespace, 1);
	assert_int_equal(told.packets, 6);
	unmake();
}

static void ports_that_are_used_again_are_another_connection(void **state)
{
	(void)state;
	make(16, false);
	converse(flows, &curl, NULL, 40000, S);
	SAY(flows, .src = &curl, .at_ns = S + 20 * MS, .from = 40000, .to = 443,
	    .flags = SYN, .seq = 9000);
	assert_int_equal(told.begun, 2);
	assert_int_equal(told.ended[FLOW_ENDED], 1);
	/* Its SYN once more is the same one. */
	SAY(flows, .src = &curl, .at_ns = 2 * S, .from = 40000, .to = 443,
	    .flags = SYN, .seq = 9000);
	assert_int_equal(told.begun, 2);
	SAY(flows, .src = &curl, .at_ns = 3 * S, .from = 40000, .to = 443,
	    .flags = SYN, .seq = 12000);
	assert_int_equal(told.begun, 3);
	assert_int_equal(told.ended[FLOW_REPLACED], 1);
	assert_int_equal(told.last.ends[FLOW_CLIENT].retransmissions, 0);
	unmake();
}

static void note_neighbours(void *ctx, const struct flow *f)
{
	char *out = ctx;

	sprintf(out + strlen(out), "%s%s,", f->follows ? "<" : "",
		f->followed ? ">" : "");
}

/* Also one that came long after the other was over. */
static void a_flow_knows_that_another_had_its_ports(void **state)
{
	char neighbours[64] = "";

	(void)state;
	make(3, true);
	converse(flows, &curl, NULL, 40000, S);
	converse(flows, &curl, NULL, 40000, 5 * S);
	flows_expire(flows, 20 * S);
	SAY(flows, .src = &curl, .at_ns = 30 * S, .from = 40000, .to = 443,
	    .flags = SYN, .seq = 9000);
	flows_each(flows, note_neighbours, neighbours);
	assert_string_equal(neighbours, ">,<,");
	assert_int_equal(stats().here, 2);
	/* What is forgotten leaves nothing behind. */
	for (uint16_t port = 1; port < 9; port++)
		converse(flows, &curl, NULL, port, 40 * S);
	*neighbours = '\0';
	flows_each(flows, note_neighbours, neighbours);
	assert_string_equal(neighbours, ",,,");
	unmake();
}

static void what_is_sent_again_is_counted(void **state)
{
	const struct said data = { .src = &curl,
				   .at_ns = S,
				   .from = 40000,
				   .to = 443,
				   .flags = ACK,
				   .seq = 1,
				   .payload = 100 };
	struct said again = data, probe = data;

	(void)state;
	make(16, false);
	say(flows, &data);
	/* The same packet on a bridge and its port is not sent twice. */
	again.at_ns += 100000;
	say(flows, &again);
	again.at_ns += 300 * MS;
	say(flows, &again);
	again.payload = 50;
	again.at_ns += 300 * MS;
	say(flows, &again);
	probe.at_ns += 5 * S;
	probe.seq = 100;
	probe.payload = 1;
	say(flows, &probe);
	flows_stop(flows);
	assert_int_equal(told.last.ends[FLOW_CLIENT].retransmissions, 2);
	unmake();
}

static void send_bytes(uint32_t first, uint32_t count, uint64_t at_ns)
{
	SAY(flows, .src = &curl, .at_ns = at_ns, .from = 40000, .to = 443,
	    .flags = ACK, .seq = first, .payload = count);
}

/* It is what nobody has seen before, and came too soon to be an answer. */
static void what_comes_late_is_not_sent_again(void **state)
{
	(void)state;
	make(16, false);
	send_bytes(0, 100, S);
	/* Gaps of one and of two segments, of which the second comes first. */
	send_bytes(200, 100, S + 1 * MS);
	send_bytes(500, 100, S + 1 * MS);
	send_bytes(400, 100, S + 2 * MS);
	send_bytes(300, 100, S + 2 * MS);
	send_bytes(100, 100, S + 3 * MS);
	/* In a middle, whose rest comes so late that it was asked for. */
	send_bytes(1000, 100, S + 4 * MS);
	send_bytes(700, 100, S + 5 * MS);
	send_bytes(800, 200, S + 8 * MS);
	send_bytes(600, 100, S + 9 * MS);
	/* What was late has been seen now. */
	send_bytes(300, 100, S + 10 * MS);
	flows_stop(flows);
	assert_int_equal(told.last.ends[FLOW_CLIENT].retransmissions, 3);
	unmake();
}

/* Of more gaps than are kept the oldest is forgotten. */
static void gaps_are_bounded(void **state)
{
	(void)state;
	make(16, false);
	for (uint32_t i = 0; i < FLOW_HOLES + 2; i++)
		send_bytes(200 * i, 100, S + i * 1000);
	for (uint32_t i = 0; i < FLOW_HOLES + 1; i++)
		send_bytes(200 * i + 100, 100, S + MS + i * 1000);
	flows_stop(flows);
	assert_int_equal(told.last.ends[FLOW_CLIENT].retransmissions, 1);
	unmake();
}

/* Its last packets may still wait to be read, whatever the time. */
static void a_stall_ends_nothing(void **state)
{
	(void)state;
	make(16, false);
	converse(flows, &curl, &nginx, 40000, S);
	flows_expire(flows, flows_time(flows, 9 * S));
	assert_int_equal(told.ended[FLOW_ENDED], 0);
	flows_expire(flows, flows_time(flows, 9 * S + S / 2));
	assert_int_equal(told.ended[FLOW_ENDED], 0);
	flows_expire(flows, flows_time(flows, 11 * S));
	assert_int_equal(told.ended[FLOW_ENDED], 1);
	assert_int_equal(told.begun, 1);
	unmake();
}

static void a_reset_ends_it(void **state)
{
	(void)state;
	make(16, false);
	SAY(flows, .src = &curl, .at_ns = S, .from = 40000, .to = 81,
	    .flags = SYN);
	SAY(flows, .dst = &curl, .at_ns = S, .from = 40000, .to = 81,
	    .flags = RST | ACK, .back = true);
	flows_expire(flows, 2 * S + MS);
	assert_int_equal(told.ended[FLOW_ENDED], 1);
	assert_int_equal(told.last.state, FLOW_RESET);
	unmake();
}

static void silence_ends_what_is_not_tcp(void **state)
{
	(void)state;
	make(16, false);
	SAY(flows, .src = &curl, .at_ns = S, .from = 40000, .to = 53,
	    .proto = UDP);
	SAY(flows, .src = &curl, .at_ns = S, .from = 40000, .to = 443,
	    .flags = ACK);
	flows_expire(flows, 30 * S);
	assert_int_equal(told.ended[FLOW_IDLE], 0);
	SAY(flows, .src = &curl, .at_ns = 30 * S, .from = 40000, .to = 53,
	    .proto = UDP);
	flows_expire(flows, 59 * S);
	assert_int_equal(told.ended[FLOW_IDLE], 0);
	flows_expire(flows, 61 * S);
	assert_int_equal(told.ended[FLOW_IDLE], 1);
	assert_int_equal(told.packets, 2);
	assert_int_equal(stats().open, 1);
	unmake();
}

static void each_part_is_its_owners(void **state)
{
	const struct flow_part *p = &told.last.part;

	(void)state;
	make(16, true);
	for (int i = 0; i < 3; i++)
		SAY(flows, .src = &curl, .dst = i ? &worker : &nginx,
		    .at_ns = S, .from = 40000, .to = 443, .flags = ACK,
		    .len = 100);
	/* The kernel's last packet leaves the name that was known. */
	SAY(flows, .dst = &curl, .at_ns = S, .from = 40000, .to = 443,
	    .flags = ACK, .len = 70, .back = true);
	flows_stop(flows);
	assert_int_equal(told.begun, 1);
	assert_int_equal(told.bytes, 370);
	assert_int_equal(told.last.ends[FLOW_SERVER].actor->pid, 21);
	assert_int_equal(p->bytes[FLOW_SERVER], 70);
	assert_string_equal(p->actors[FLOW_SERVER]->name, "(remote)");
	p = p->next;
	while (p->actors[FLOW_SERVER]->pid != 20)
		p = p->next;
	assert_int_equal(p->bytes[FLOW_CLIENT], 100);
	unmake();
}

static struct actor_sums total;

static void add_past(void *ctx, struct actor *a)
{
	(void)ctx;
	actor_sums_add(&total, &a->past);
}

static void add_flow(void *ctx, const struct flow *f)
{
	struct actor_sums s;

	(void)ctx;
	for (const struct flow_part *p = &f->part; p; p = p->next)
		for (int i = 0; i < 2; i++) {
			flow_part_sums(p, (enum flow_side)i, &s);
			actor_sums_add(&total, &s);
		}
}

/* A hundred connections in room for eight, of twenty processes in eight's. */
static void nothing_forgotten_is_lost(void **state)
{
	static struct talker many[20];

	(void)state;
	make(8, true);
	for (uint16_t i = 0; i < 20; i++)
		talker_init(&many[i], 100u + i, "many");
	for (uint16_t i = 0; i < 100; i++) {
		converse(flows, &many[i % 20], NULL, (uint16_t)(40000 + i),
			 S + i * 50 * MS);
		flows_expire(flows, S + i * 50 * MS);
		assert_true(stats().here <= 8);
	}
	assert_int_equal(stats().begun, 100);
	assert_int_equal(stats().forgotten, 92);
	assert_int_equal(stats().packets, 1000);
	assert_true(actors_lost(actors) >= 12);
	memset(&total, 0, sizeof(total));
	actors_each(actors, add_past, NULL);
	flows_each(flows, add_flow, NULL);
	/* Each packet has a sender and a receiver, named or not. */
	assert_int_equal(total.sent_packets, 1000);
	assert_int_equal(total.received_packets, 1000);
	assert_int_equal(total.sent_bytes, stats().bytes);
	assert_int_equal(total.received_bytes, stats().bytes);
	unmake();
}

static void what_is_over_makes_room_first(void **state)
{
	(void)state;
	make(4, true);
	SAY(flows, .src = &curl, .at_ns = S, .from = 1111, .to = 443,
	    .flags = ACK);
	for (uint16_t i = 0; i < 20; i++) {
		converse(flows, &curl, NULL, (uint16_t)(40000 + i),
			 S + i * 2 * S);
		flows_expire(flows, S + i * 2 * S + 2 * S);
	}
	assert_int_equal(stats().forgotten_open, 0);
	/* No end is in sight of these. */
	for (uint16_t i = 0; i < 8; i++)
		SAY(flows, .src = &curl, .at_ns = 99 * S,
		    .from = (uint16_t)(2000 + i), .to = 443, .flags = ACK);
	assert_int_equal(stats().forgotten_open, 5);
	assert_int_equal(told.ended[FLOW_FORGOTTEN], 5);
	assert_int_equal(stats().here, 4);
	unmake();
}

/* One that changes owners all the time is not given all the memory. */
static void parts_are_bounded(void **state)
{
	static struct talker many[40];

	(void)state;
	make(64, true);
	actors_free(actors);
	flows_free(flows);
	actors = actors_new(64);
	flows = flows_new(&(struct flows_options){
		.max = 64, .keep = true, .actors = actors });
	for (uint16_t i = 0; i < 40; i++) {
		talker_init(&many[i], 100u + i, "many");
		SAY(flows, .src = &many[i], .at_ns = S, .from = 40000,
		    .to = 443, .flags = ACK);
	}
	assert_int_equal(stats().mixed, 40 - 17 + 1);
	assert_int_equal(stats().packets, 40);
	memset(&total, 0, sizeof(total));
	flows_each(flows, add_flow, NULL);
	assert_int_equal(total.sent_packets, 40);
	unmake();
}

static void a_process_that_talks_to_itself_counts_once(void **state)
{
	struct actor_sums s;

	(void)state;
	make(8, true);
	converse(flows, &curl, &curl, 40000, S);
	flows_stop(flows);
	flow_part_sums(&told.last.part, FLOW_CLIENT, &s);
	assert_int_equal(s.sent_packets + s.received_packets - s.own_packets,
			 10);
	unmake();
}

static void a_rate_is_of_the_last_second(void **state)
{
	const struct flow_rate *r = &told.last.part.rate;

	(void)state;
	make(8, true);
	for (int i = 0; i < 10; i++)
		SAY(flows, .src = &curl,
		    .at_ns = 10 * S + (uint64_t)i * 100 * MS, .from = 40000,
		    .to = 443, .flags = ACK, .len = 1000);
	flows_stop(flows);
	assert_int_equal(flow_rate(r, FLOW_CLIENT, 10 * S + 999 * MS), 10000);
	assert_int_equal(flow_rate(r, FLOW_CLIENT, 11 * S), 10000);
	assert_int_equal(flow_rate(r, FLOW_CLIENT, 11 * S + 500 * MS), 5000);
	assert_int_equal(flow_rate(r, FLOW_CLIENT, 12 * S), 0);
	assert_int_equal(flow_rate(r, FLOW_SERVER, 11 * S), 0);
	unmake();
}

static void a_guess_does_not_take_the_place_of_knowledge(void **state)
{
	struct flow f = { 0 };

	(void)state;
	flow_set_speech(&f, "", false, "nothing", "");
	assert_null(f.speech);
	flow_set_speech(&f, "NTP", true, "", "");
	assert_true(f.speech->guessed);
	flow_set_speech(&f, "TLS", false, "a.test", "");
	flow_set_speech(&f, "NTP", true, "", "1.3");
	assert_string_equal(f.speech->app, "TLS");
	assert_false(f.speech->guessed);
	assert_string_equal(f.speech->host, "a.test");
	assert_string_equal(f.speech->detail, "1.3");
	free(f.speech);
}

static void what_a_process_is_called_is_made_printable(void **state)
{
	struct process p = { .pid = 10, .id = 1010 };
	struct process shown;
	const struct actor *a;

	(void)state;
	make(8, true);
	strcpy(curl.program.name, "\033[2Jx\n\xff");
	p.has = 1ull << FIELD_USER | 1ull << FIELD_EXEPATH |
		1ull << FIELD_CMDLINE | 1ull << FIELD_CONTAINER_NAME;
	strcpy(p.user, "a\033b");
	strcpy(p.container_name, "\u202ec");
	strcpy(p.exepath, "/tmp/\a");
	memcpy(p.cmdline, "a\033\0b\r", 5);
	p.cmdline_len = 5;
	talker_set(&curl, &p);
	a = actors_get(actors, &curl.program);
	assert_string_equal(a->name, "?[2Jx??");
	assert_string_equal(a->user, "a?b");
	assert_string_equal(a->container, "???c");
	actor_process(a, &shown);
	assert_string_equal(shown.exepath, "/tmp/?");
	assert_memory_equal(shown.cmdline, "a?\0b?", 5);
	unmake();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_told_once),
		cmocka_unit_test(the_client_is_who_asked),
		cmocka_unit_test(both_ends_are_one_flow),
		cmocka_unit_test(each_namespace_has_its_own),
		cmocka_unit_test(
			ports_that_are_used_again_are_another_connection),
		cmocka_unit_test(a_flow_knows_that_another_had_its_ports),
		cmocka_unit_test(what_is_sent_again_is_counted),
		cmocka_unit_test(what_comes_late_is_not_sent_again),
		cmocka_unit_test(gaps_are_bounded),
		cmocka_unit_test(a_stall_ends_nothing),
		cmocka_unit_test(a_reset_ends_it),
		cmocka_unit_test(silence_ends_what_is_not_tcp),
		cmocka_unit_test(each_part_is_its_owners),
		cmocka_unit_test(nothing_forgotten_is_lost),
		cmocka_unit_test(what_is_over_makes_room_first),
		cmocka_unit_test(parts_are_bounded),
		cmocka_unit_test(a_process_that_talks_to_itself_counts_once),
		cmocka_unit_test(a_rate_is_of_the_last_second),
		cmocka_unit_test(a_guess_does_not_take_the_place_of_knowledge),
		cmocka_unit_test(what_a_process_is_called_is_made_printable),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
