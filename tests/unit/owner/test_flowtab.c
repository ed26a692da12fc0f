/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>

#include "exact.h"
#include "owner/flowtab/flowtab.h"
#include "process/proctab.h"

#define MS  1000000ull
#define SEC 1000000000ull
#define T   (1000 * SEC) /* when the tests begin */

#define HOST  1 /* network namespaces */
#define OTHER 2
#define THIRD 3

static struct proc alice, bob, carol;

static struct flow_key key_of(uint8_t proto, uint16_t port)
{
	struct flow_key k = { .proto = proto,
			      .local_port = port,
			      .remote_port = 443 };

	k.local[15] = 1;
	k.remote[15] = 2;
	return k;
}

static struct flowtab_event by(struct proc *owner, uint64_t ts_ns,
			       uint64_t cookie)
{
	return (struct flowtab_event){ .ts_ns = ts_ns,
				       .cookie = cookie,
				       .netns = HOST,
				       .owner = owner,
				       .attr = ATTR_SOCKET };
}

static void own(struct flowtab *t, struct proc *owner, uint64_t ts_ns,
		uint64_t cookie)
{
	struct flowtab_event e = by(owner, ts_ns, cookie);

	flowtab_owner(t, &e);
}

static void use_in(struct flowtab *t, uint64_t netns, struct proc *owner,
		   uint64_t ts_ns, uint64_t cookie, const struct flow_key *key)
{
	struct flowtab_event e = by(owner, ts_ns, cookie);

	e.netns = netns;
	flowtab_flow(t, &e, key);
}

static void use(struct flowtab *t, struct proc *owner, uint64_t ts_ns,
		uint64_t cookie, const struct flow_key *key)
{
	use_in(t, HOST, owner, ts_ns, cookie, key);
}

/* A socket of the kernel's own. */
static void use_kernel_in(struct flowtab *t, uint64_t netns, uint64_t ts_ns,
			  uint64_t cookie, const struct flow_key *key)
{
	struct flowtab_event e = by(NULL, ts_ns, cookie);

	e.netns = netns;
	e.kernel = true;
	flowtab_flow(t, &e, key);
}

static void use_kernel(struct flowtab *t, uint64_t ts_ns, uint64_t cookie,
		       const struct flow_key *key)
{
	use_kernel_in(t, HOST, ts_ns, cookie, key);
}

enum { RECEIVES = 0, SENDS = 1, SYN = 2, RST = 4, FIN = 8 };

static bool find(struct flowtab *t, const struct flow_key *key, uint64_t ts_ns,
		 int how, struct flowtab_answer *a)
{
	struct flowtab_query q = { .key = *key,
				   .ts_ns = ts_ns,
				   .netns = HOST,
				   .sends = how & SENDS,
				   .syn = how & SYN,
				   .rst = how & RST,
				   .fin = how & FIN };

	memset(a, 0xee, sizeof(*a));
	return flowtab_find(t, &q, a);
}

static void assert_answer(struct flowtab *t, const struct flow_key *key,
			  uint64_t ts_ns, int how, const struct proc *owner,
			  uint8_t attr, uint8_t reason)
{
	struct flowtab_answer a;

	assert_true(find(t, key, ts_ns, how, &a));
	assert_ptr_equal(a.owner, owner);
	assert_int_equal(a.attr, attr);
	assert_int_equal(a.reason, reason);
}

static void assert_owner(struct flowtab *t, const struct flow_key *key,
			 uint64_t ts_ns, const struct proc *owner)
{
	assert_answer(t, key, ts_ns, SENDS, owner, ATTR_SOCKET, REASON_NONE);
	assert_answer(t, key, ts_ns, RECEIVES, owner, ATTR_SOCKET, REASON_NONE);
}

static void assert_nobody(struct flowtab *t, const struct flow_key *key,
			  uint64_t ts_ns, int how)
{
	struct flowtab_answer a;

	assert_false(find(t, key, ts_ns, how, &a));
	assert_all_zero(&a, sizeof(a));
}

static struct flowtab_stats stats_of(const struct flowtab *t)
{
	struct flowtab_stats s;

	flowtab_stats(t, &s);
	return s;
}

static int begin(void **state)
{
	alice.refs = bob.refs = carol.refs = 0;
	alice.exited_mono_ns = 0;
	*state = flowtab_new(64);
	return !*state;
}

static int end(void **state)
{
	flowtab_free(*state);
	return 0;
}

/* ---- owners ---- */

/* Of those that inherited a socket the last to hold it reads. */
static void who_has_ended_reads_nothing(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 1);
	struct flowtab_answer a;

	use(t, &alice, T, 7, &k);
	alice.exited_mono_ns = T + SEC;
	assert_answer(t, &k, T + 1, RECEIVES, &alice, ATTR_SOCKET, REASON_NONE);
	assert_true(find(t, &k, T + 2 * SEC, RECEIVES, &a));
	assert_null(a.owner);
	assert_int_equal(a.reason, REASON_AMBIGUOUS);
	assert_true(a.waits);
	own(t, &bob, T + 2 * SEC + MS, 7);
	own(t, &carol, T + 2 * SEC + 2 * MS, 7);
	assert_answer(t, &k, T + 2 * SEC, RECEIVES, &bob, ATTR_SOCKET,
		      REASON_NONE);
}

static void a_socket_that_ends_with_its_owner_was_unread(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 1);

	use(t, &alice, T, 7, &k);
	alice.exited_mono_ns = T + SEC;
	flowtab_close(t, 7, T + SEC + MS);
	assert_answer(t, &k, T + SEC + 1, RECEIVES, &alice, ATTR_SOCKET,
		      REASON_NONE);
}

static void an_owner_counts_from_its_time(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);
	struct flow_key other = key_of(IPPROTO_TCP, 2);

	assert_nobody(t, &k, T, SENDS);
	use(t, &alice, T, 7, &k);
	own(t, &bob, T + 10 * MS, 7);
	assert_owner(t, &k, T, &alice);
	assert_owner(t, &k, T + 10 * MS - 1, &alice);
	assert_owner(t, &k, T + 10 * MS, &bob);
	assert_owner(t, &k, T + 9 * SEC, &bob);
	assert_nobody(t, &other, T, SENDS);
	flowtab_free(NULL);
}

/* The packet is seen before the event that follows it in the kernel. */
static void a_packet_may_be_older_than_its_flow(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, &alice, T, 7, &k);
	assert_owner(t, &k, T - FLOWTAB_HOLD_NS, &alice);
	assert_nobody(t, &k, T - FLOWTAB_HOLD_NS - 1, SENDS);
}

static void events_may_come_out_of_order(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, &carol, T + 30 * MS, 7, &k);
	own(t, &alice, T + 10 * MS, 7);
	own(t, &bob, T + 20 * MS, 7);
	own(t, &bob, T + 20 * MS, 7);
	assert_owner(t, &k, T + 15 * MS, &alice);
	assert_owner(t, &k, T + 25 * MS, &bob);
	assert_owner(t, &k, T + 35 * MS, &carol);

	flowtab_close(t, 7, T + 50 * MS);
	own(t, &alice, T + 40 * MS, 7); /* before the end, told after */
	assert_owner(t, &k, T + 45 * MS, &alice);
	assert_answer(t, &k, T + 60 * MS, SENDS, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
}

static void the_listener_owns_until_the_child_does(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);
	struct flowtab_event listener = by(&alice, T, 7);

	listener.attr = ATTR_LISTENER;
	flowtab_flow(t, &listener, &k);
	own(t, &bob, T + MS, 7);
	assert_answer(t, &k, T, RECEIVES | SYN, &alice, ATTR_LISTENER, 0);
	assert_owner(t, &k, T + MS, &bob);
}

static void what_comes_before_the_accept_is_the_acceptors(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);
	struct flowtab_event child = by(&alice, T, 7);
	struct flowtab_answer a;

	child.attr = ATTR_LISTENER;
	flowtab_flow(t, &child, &k);
	assert_answer(t, &k, T + 1, RECEIVES, &alice, ATTR_LISTENER, 0);
	assert_true(find(t, &k, T + 1, RECEIVES, &a));
	assert_true(a.waits);
	assert_true(find(t, &k, T + 1, SENDS, &a));
	assert_false(a.waits);

	own(t, &bob, T + MS, 7);
	own(t, &carol, T + 2 * MS, 7);
	assert_answer(t, &k, T + 1, RECEIVES, &bob, ATTR_ACCEPTED, 0);
	assert_true(find(t, &k, T + 1, RECEIVES, &a));
	assert_false(a.waits);
	assert_answer(t, &k, T + 1, RECEIVES | SYN, &alice, ATTR_LISTENER, 0);
	assert_answer(t, &k, T + 1, SENDS, &alice, ATTR_LISTENER, 0);
	assert_owner(t, &k, T + 2 * MS, &carol);
}

/* The socket that listens has its packets alone. */
static void nobody_accepts_a_listener(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);
	struct flowtab_event listener = by(&alice, T, 7);
	struct flowtab_answer a;

	listener.attr = ATTR_LISTENER;
	flowtab_bound(t, &listener, &k);
	flowtab_flow(t, &listener, &k);
	assert_true(find(t, &k, T + 1, RECEIVES, &a));
	assert_ptr_equal(a.owner, &alice);
	assert_false(a.waits);
}

static void a_socket_may_have_no_known_owner(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, NULL, T, 7, &k);
	assert_answer(t, &k, T, SENDS, NULL, ATTR_UNKNOWN, REASON_BEFORE);
	use(t, &alice, T + MS, 7, &k);
	use(t, NULL, T + 2 * MS, 7, &k); /* tells nothing new */
	assert_owner(t, &k, T + 3 * MS, &alice);
}

static void one_process_sends_what_another_reads(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 80);
	struct flowtab_event e;

	use(t, &alice, T, 7, &k);
	e = by(&bob, T + MS, 7);
	e.roles = FLOWTAB_READER;
	flowtab_owner(t, &e);
	assert_answer(t, &k, T + 2 * MS, SENDS, &alice, ATTR_SOCKET,
		      REASON_NONE);
	assert_answer(t, &k, T + 2 * MS, 0, &bob, ATTR_SOCKET, REASON_NONE);
	assert_answer(t, &k, T, 0, &alice, ATTR_SOCKET, REASON_NONE);
}

/* Each packet of who took the socket over is told. */
static void who_had_it_may_be_sending_as_it_is_taken(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 80);
	struct flowtab_query q = {
		.key = k, .netns = HOST, .sends = true, .ts_ns = T + MS + 1000
	};
	struct flowtab_answer a;

	use(t, &alice, T, 7, &k);
	own(t, &bob, T + MS, 7);
	assert_true(flowtab_find(t, &q, &a));
	assert_ptr_equal(a.owner, &bob);
	q.untold = true;
	assert_true(flowtab_find(t, &q, &a));
	assert_ptr_equal(a.owner, &alice);
	q.ts_ns = T + 2 * MS;
	assert_true(flowtab_find(t, &q, &a));
	assert_ptr_equal(a.owner, &bob);
	q.ts_ns = T + 1000;
	assert_true(flowtab_find(t, &q, &a));
	assert_ptr_equal(a.owner, &alice);
}

/* It reads where another did last at @read_ns, and left nothing @emptied_ns. */
static void read_after(struct flowtab *t, struct proc *owner, uint64_t ts_ns,
		       uint64_t read_ns, uint64_t emptied_ns)
{
	struct flowtab_event e = by(owner, ts_ns, 7);

	e.roles = FLOWTAB_READER;
	e.read_ns = read_ns;
	e.emptied_ns = emptied_ns;
	flowtab_owner(t, &e);
}

static void what_waits_is_read_by_who_reads_next(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 80);
	struct flowtab_answer a;

	use(t, &alice, T, 7, &k);
	read_after(t, &bob, T + 10 * MS, T + 4 * MS, T + 4 * MS);
	assert_answer(t, &k, T + 3 * MS, RECEIVES, &alice, ATTR_SOCKET,
		      REASON_NONE);
	/* It may have been on its way to the socket. */
	assert_answer(t, &k, T + 4 * MS - 1, RECEIVES, NULL, ATTR_UNKNOWN,
		      REASON_AMBIGUOUS);
	assert_answer(t, &k, T + 4 * MS, RECEIVES, &bob, ATTR_SOCKET,
		      REASON_NONE);
	assert_true(find(t, &k, T + 9 * MS, RECEIVES, &a));
	assert_int_equal(a.as_of_ns, T + 10 * MS);
	assert_false(a.steady);
	assert_answer(t, &k, T + 9 * MS, SENDS, &alice, ATTR_SOCKET,
		      REASON_NONE);
	assert_true(find(t, &k, T + 11 * MS, RECEIVES, &a));
	assert_ptr_equal(a.owner, &bob);
	assert_int_equal(a.as_of_ns, 0);
}

static void what_waited_behind_a_read_may_be_either_readers(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 80);

	use(t, &alice, T, 7, &k);
	read_after(t, &bob, T + 10 * MS, T + 4 * MS, T + 2 * MS);
	assert_answer(t, &k, T + MS, RECEIVES, &alice, ATTR_SOCKET,
		      REASON_NONE);
	assert_answer(t, &k, T + 3 * MS, RECEIVES, NULL, ATTR_UNKNOWN,
		      REASON_AMBIGUOUS);
	assert_answer(t, &k, T + 4 * MS, RECEIVES, &bob, ATTR_SOCKET,
		      REASON_NONE);
}

/* Bob has sent last, alice reads first, and leaves a part of it to bob. */
static void what_waited_behind_a_read_may_be_its_senders(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 80);

	use(t, &bob, T, 7, &k);
	read_after(t, &alice, T + 4 * MS, 1, 0);
	assert_answer(t, &k, T + 3 * MS, RECEIVES, &alice, ATTR_SOCKET,
		      REASON_NONE);
	read_after(t, &bob, T + 10 * MS, T + 4 * MS, 0);
	assert_answer(t, &k, T + 3 * MS, RECEIVES, NULL, ATTR_UNKNOWN,
		      REASON_AMBIGUOUS);
	assert_answer(t, &k, T + 5 * MS, RECEIVES, &bob, ATTR_SOCKET,
		      REASON_NONE);
}

static void what_waited_behind_a_read_may_be_of_a_later_name(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 80);
	struct flowtab_event e = by(&alice, T + 10 * MS, 7);

	use(t, &alice, T, 7, &k);
	e.roles = FLOWTAB_READER;
	e.read_ns = T + 4 * MS;
	e.emptied_ns = T + 2 * MS;
	flowtab_owner(t, &e); /* another thread of it */
	assert_answer(t, &k, T + 3 * MS, RECEIVES, &alice, ATTR_SOCKET,
		      REASON_NONE);
	e.renamed = true;
	flowtab_owner(t, &e);
	assert_answer(t, &k, T + 3 * MS, RECEIVES, NULL, ATTR_UNKNOWN,
		      REASON_AMBIGUOUS);
}

/* Who sends is taken for the reader, too, until it or another reads. */
static void who_has_sent_first_reads_what_waited(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 80);

	use(t, &alice, T, 7, &k);
	own(t, &bob, T + 10 * MS, 7);
	assert_answer(t, &k, T + 5 * MS, RECEIVES, &alice, ATTR_SOCKET,
		      REASON_NONE);
	read_after(t, &bob, T + 11 * MS, T + 4 * MS, T + 4 * MS);
	assert_answer(t, &k, T + 5 * MS, RECEIVES, &bob, ATTR_SOCKET,
		      REASON_NONE);
	assert_answer(t, &k, T + 5 * MS, SENDS, &alice, ATTR_SOCKET,
		      REASON_NONE);
}

/* Each owner in the table is one reference to its process, as each of both. */
/* @owner writes from @sequence on. */
static void write_from(struct flowtab *t, struct proc *owner, uint64_t ts_ns,
		       uint64_t cookie, uint32_t sequence)
{
	struct flowtab_event e = by(owner, ts_ns, cookie);

	e.writes = true;
	e.sequence = sequence;
	flowtab_owner(t, &e);
}

static void assert_writer(struct flowtab *t, const struct flow_key *key,
			  uint64_t ts_ns, uint32_t sequence,
			  const struct proc *owner, uint64_t as_of_ns)
{
	struct flowtab_query q = { .key = *key,
				   .ts_ns = ts_ns,
				   .netns = HOST,
				   .sends = true,
				   .data = true,
				   .sequence = sequence };
	struct flowtab_answer a;

	assert_true(flowtab_find(t, &q, &a));
	assert_ptr_equal(a.owner, owner);
	assert_int_equal(a.as_of_ns, as_of_ns);
}

static void bytes_that_waited_are_who_wrote_them(void **state)
{
	struct flow_key k = key_of(IPPROTO_TCP, 80);
	struct flowtab *t = *state;

	use(t, &alice, T, 1, &k);
	write_from(t, &bob, T + MS, 1, 0xfffffff0);
	write_from(t, &carol, T + 2 * MS, 1, 0x10);
	assert_writer(t, &k, T + 9 * MS, 0xffffff00, &alice, T);
	assert_writer(t, &k, T + 9 * MS, 0xfffffff0, &bob, T + MS);
	assert_writer(t, &k, T + 9 * MS, 0xf, &bob, T + MS);
	assert_writer(t, &k, T + 9 * MS, 0x10, &carol, T + 2 * MS);
	/* What has no bytes has no sequence number of its own. */
	assert_owner(t, &k, T + 9 * MS, &carol);
	own(t, &alice, T + 20 * MS, 1); /* closes it, writes nothing */
	assert_writer(t, &k, T + 9 * MS, 0xf, &bob, T + MS);
	assert_owner(t, &k, T, &alice);
}

static void what_two_write_at_once_is_neithers(void **state)
{
	struct flow_key k = key_of(IPPROTO_TCP, 80);
	struct flowtab_event e = by(&bob, T + MS, 1);
	struct flowtab_query q = { .key = k,
				   .ts_ns = T + 9 * MS,
				   .netns = HOST,
				   .sends = true,
				   .data = true,
				   .sequence = 150 };
	struct flowtab *t = *state;
	struct flowtab_answer a;

	use(t, &alice, T, 1, &k);
	write_from(t, &alice, T + 1, 1, 10);
	e.writes = e.disputed = true;
	e.disputed_from = 100;
	e.sequence = 200;
	flowtab_owner(t, &e);
	assert_writer(t, &k, T + 9 * MS, 99, &alice, T + 1);
	assert_writer(t, &k, T + 9 * MS, 200, &bob, T + MS);
	assert_true(flowtab_find(t, &q, &a));
	assert_null(a.owner);
	assert_int_equal(a.reason, REASON_AMBIGUOUS);
	assert_false(a.waits);
}

static void a_writer_may_have_become_another_program(void **state)
{
	struct flow_key k = key_of(IPPROTO_TCP, 80);
	struct flowtab *t = *state;

	use(t, &alice, T, 1, &k);
	write_from(t, &alice, T + MS, 1, 100);
	write_from(t, &alice, T + 2 * MS, 1, 200);
	assert_writer(t, &k, T + 9 * MS, 150, &alice, T + MS);
	assert_writer(t, &k, T + 9 * MS, 250, &alice, T + 2 * MS);
}

static void its_first_bytes_may_be_of_another_program(void **state)
{
	struct flow_key k = key_of(IPPROTO_TCP, 80);
	struct flowtab_event e = by(&alice, T + MS, 1);
	struct flowtab *t = *state;

	use(t, &alice, T, 1, &k);
	flowtab_owner(t, &e); /* the same, as before */
	assert_writer(t, &k, T + 9 * MS, 150, &alice, T);
	e.renamed = true;
	flowtab_owner(t, &e);
	assert_writer(t, &k, T + 9 * MS, 150, &alice, T + MS);
}

static void the_past_is_forgotten_with_its_references(void **state)
{
	struct flowtab *t = *state;

	for (int i = 0; i < 1000; i++) {
		own(t, &alice, T + i * 4 * SEC, 7);
		own(t, &bob, T + (i * 4 + 2) * SEC, 7);
		assert_true(alice.refs + bob.refs <= 4);
	}
	flowtab_close(t, 7, T + 5000 * SEC);
	assert_int_equal(alice.refs + bob.refs, 0);
	assert_int_equal(stats_of(t).sockets, 0);
}

/* ---- the end of a flow ---- */

/* We were stopped: the packet is older than what is left of the past. */
static void what_is_forgotten_is_nobody_elses(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, &alice, T, 7, &k);
	own(t, &bob, T + 10 * MS, 7);
	own(t, &carol, T + 5 * SEC, 7);
	assert_answer(t, &k, T + MS, SENDS, NULL, ATTR_UNKNOWN, REASON_LOST);
	assert_owner(t, &k, T + 10 * MS, &bob);
	assert_owner(t, &k, T + 5 * SEC, &carol);
}

static void after_its_end_a_tcp_flow_is_the_kernels(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, &alice, T, 7, &k);
	flowtab_close(t, 7, T + SEC);
	assert_owner(t, &k, T + SEC - 1, &alice);
	assert_answer(t, &k, T + SEC, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	assert_answer(t, &k, T + 30 * SEC, SENDS, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	assert_answer(t, &k, T + 30 * SEC, RECEIVES | RST, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
}

/* A TIME_WAIT lasts a minute: what comes later is of another flow. */
static void an_old_end_explains_nothing(void **state)
{
	struct flowtab *t = *state;
	struct flow_key tcp = key_of(IPPROTO_TCP, 1);
	struct flow_key udp = key_of(IPPROTO_UDP, 1);

	use(t, &alice, T, 7, &tcp);
	use(t, &alice, T, 8, &udp);
	flowtab_close(t, 7, T + SEC);
	flowtab_close(t, 8, T + SEC);
	assert_nobody(t, &tcp, T + 62 * SEC, RECEIVES);
	assert_nobody(t, &tcp, T + 62 * SEC, SENDS | RST);
	assert_nobody(t, &udp, T + 62 * SEC, SENDS);
}

/* close() with unread data sends its RST a moment after the end. */
static void the_reset_of_a_close_is_the_owners(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, &alice, T, 7, &k);
	flowtab_close(t, 7, T + SEC);
	assert_answer(t, &k, T + SEC + MS / 2, SENDS | RST, &alice, ATTR_SOCKET,
		      REASON_NONE);
	assert_answer(t, &k, T + SEC + 2 * MS, SENDS | RST, &alice, ATTR_KERNEL,
		      REASON_RESET);
	assert_answer(t, &k, T + SEC + MS / 2, RECEIVES | RST, &alice,
		      ATTR_KERNEL, REASON_TIME_WAIT);
}

static void what_udp_sent_was_its_owners(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 1);

	use(t, &alice, T, 7, &k);
	flowtab_close(t, 7, T + SEC);
	assert_answer(t, &k, T + 2 * SEC, SENDS, &alice, ATTR_SOCKET, 0);
	assert_answer(t, &k, T + 2 * SEC, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_NO_SOCKET);
}

static void a_key_lives_again(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, &alice, T, 7, &k);
	flowtab_close(t, 7, T + SEC);
	assert_nobody(t, &k, T + 2 * SEC, SENDS | SYN);
	use(t, &bob, T + 2 * SEC, 8, &k);

	/* Its own SYN left before the event; stragglers are the old flow's. */
	assert_answer(t, &k, T + 2 * SEC - MS, SENDS | SYN, &bob, ATTR_SOCKET,
		      REASON_NONE);
	assert_answer(t, &k, T + 2 * SEC - MS, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	assert_owner(t, &k, T + 3 * SEC, &bob);
	assert_owner(t, &k, T, &alice);
	assert_answer(t, &k, T, SENDS | SYN, &alice, ATTR_SOCKET, 0);
}

/* Of two processors the one that came later may be the first to tell. */
static void who_takes_a_flow_over_is_told_apart(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 1);
	struct flowtab_event taker = by(&bob, T, 8);

	taker.takes = true;
	flowtab_flow(t, &taker, &k);
	use(t, &alice, T + 100, 7, &k);
	assert_owner(t, &k, T - 1000, &alice);
	taker = by(&carol, T + 200, 9);
	taker.takes = true;
	flowtab_flow(t, &taker, &k);
	assert_owner(t, &k, T - 1000, &alice);
	assert_owner(t, &k, T + MS, &carol);
}

/* They are bound to two devices: only who stays is known. */
static void two_connections_of_one_key_are_ambiguous(void **state)
{
	struct flow_key key = key_of(IPPROTO_TCP, 40001);
	struct flowtab *t = *state;
	struct flowtab_answer a;

	use(t, &alice, T, 1, &key);
	use(t, &bob, T + MS, 2, &key);
	assert_true(find(t, &key, T + 2 * MS, SENDS, &a));
	assert_null(a.owner);
	assert_int_equal(a.reason, REASON_AMBIGUOUS);
	flowtab_close(t, 2, T + 3 * MS);
	assert_true(find(t, &key, T + 4 * MS, SENDS, &a));
	assert_ptr_equal(a.owner, &alice);
}

/* connect() tried again on the same socket: another flow, another life. */
static void a_socket_lives_again(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1), k2 = key_of(IPPROTO_TCP, 2);

	use(t, &alice, T, 7, &k);
	flowtab_close(t, 7, T + SEC);
	use(t, &alice, T + 2 * SEC, 7, &k2);
	assert_owner(t, &k2, T + 3 * SEC, &alice);
	assert_answer(t, &k, T + 3 * SEC, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	flowtab_close(t, 7, T + 4 * SEC);
	assert_answer(t, &k2, T + 5 * SEC, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
}

/* ---- namespaces and the kernel ---- */

static void the_packets_own_namespace_comes_first(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use_in(t, HOST, &alice, T, 7, &k);
	use_in(t, OTHER, &bob, T + SEC, 8, &k);
	use_in(t, THIRD, &carol, T + 2 * SEC, 9, &k);
	assert_owner(t, &k, T + 3 * SEC, &alice);
}

static void one_other_namespace_is_no_question(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use_in(t, OTHER, &alice, T, 7, &k);
	flowtab_close(t, 7, T + SEC);
	use_in(t, THIRD, &bob, T + 2 * SEC, 8, &k);
	assert_owner(t, &k, T + 3 * SEC, &bob);
}

/* Seen in a router that refused it, which bob's socket did not know. */
static void what_came_before_its_flow_was_sent_on_may_be_nobodys(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 1);
	struct flowtab_event e = by(&bob, T + 30 * MS, 7);

	e.netns = OTHER;
	e.roles = FLOWTAB_SENDER;
	flowtab_flow(t, &e, &k);
	assert_answer(t, &k, T, RECEIVES, NULL, ATTR_UNKNOWN, REASON_AMBIGUOUS);
	assert_answer(t, &k, T + 30 * MS - 1000, RECEIVES, &bob, ATTR_SOCKET,
		      REASON_NONE);
	assert_answer(t, &k, T, SENDS, &bob, ATTR_SOCKET, REASON_NONE);
	k.remote_port++;
	e.roles = FLOWTAB_READER;
	flowtab_flow(t, &e, &k);
	assert_answer(t, &k, T, RECEIVES, &bob, ATTR_SOCKET, REASON_NONE);
}

static void what_a_loopback_carries_is_of_no_other_namespace(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 1);
	struct flowtab_query q = {
		.key = k, .ts_ns = T + MS, .netns = HOST, .only_here = true
	};
	struct flowtab_answer a;

	use_in(t, OTHER, &alice, T, 7, &k);
	assert_false(flowtab_find(t, &q, &a));
	use(t, &bob, T, 8, &k);
	assert_true(flowtab_find(t, &q, &a));
	assert_ptr_equal(a.owner, &bob);
}

/* In whatever order they are found: all orders of four lives. */
static void two_other_namespaces_are_ambiguous(void **state)
{
	static const struct {
		uint64_t netns, from, cookie;
	} lives[] = {
		{ OTHER, T, 1 },
		{ THIRD, T + MS, 2 },
		{ OTHER, T + 2 * MS, 3 },
		{ THIRD, T + 3 * MS, 4 },
	};
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	(void)state;
	for (int order = 0; order < 256; order++) {
		struct flowtab *t = flowtab_new(64);
		unsigned int used = 0;

		for (int i = 0; i < 4; i++) {
			int n = order >> 2 * i & 3;

			use_in(t, lives[n].netns, &alice, lives[n].from,
			       lives[n].cookie, &k);
			used |= 1u << n;
		}
		flowtab_close(t, 2, T + 10 * MS);
		flowtab_close(t, 3, T + 10 * MS);
		/* Open after that: 1 in one namespace, 4 in the other. */
		if ((used & 9) == 9)
			assert_answer(t, &k, T + SEC, SENDS, NULL, ATTR_UNKNOWN,
				      REASON_AMBIGUOUS);
		flowtab_free(t);
	}
}

/* As each sends from "::" before its interface has an address. */
static void the_kernel_of_two_other_namespaces_is_the_kernel(void **state)
{
	struct flow_key k = key_of(IPPROTO_ICMPV6, 0);
	struct flowtab *t = *state;

	use_kernel_in(t, OTHER, T, 1, &k);
	use_kernel_in(t, THIRD, T + MS, 2, &k);
	assert_answer(t, &k, T + 2 * MS, SENDS, NULL, ATTR_KERNEL, REASON_ICMP);
	use_in(t, OTHER, &alice, T + 3 * MS, 3, &k);
	assert_answer(t, &k, T + 4 * MS, SENDS, NULL, ATTR_UNKNOWN,
		      REASON_AMBIGUOUS);
}

/* TIME_WAIT and the RSTs of no socket are sent through the kernel's own. */
static void the_kernel_acts_on_behalf_of_the_last_owner(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1), k2 = key_of(IPPROTO_TCP, 2);
	struct flow_key echo = key_of(IPPROTO_ICMP, 3);

	use(t, &alice, T, 7, &k);
	flowtab_close(t, 7, T + SEC);
	use_kernel(t, T + 2 * SEC, 99, &k);
	assert_answer(t, &k, T + 3 * SEC, SENDS, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	assert_answer(t, &k, T + 3 * SEC, SENDS | RST, &alice, ATTR_KERNEL,
		      REASON_RESET);

	use_kernel(t, T, 99, &k2);
	assert_answer(t, &k2, T + SEC, SENDS | RST, NULL, ATTR_KERNEL,
		      REASON_RESET);
	use_kernel(t, T, 99, &echo);
	assert_answer(t, &echo, T + SEC, SENDS, NULL, ATTR_KERNEL, REASON_ICMP);
}

static void without_ports_nobody_is_meant(void **state)
{
	struct flowtab *t = *state;
	struct flow_key udp = key_of(IPPROTO_UDP, 1), raw = key_of(253, 0);

	use(t, &alice, T, 7, &udp);
	use(t, &alice, T, 8, &raw);
	flowtab_close(t, 7, T + SEC);
	flowtab_close(t, 8, T + SEC);
	assert_answer(t, &udp, T + 2 * SEC, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_NO_SOCKET);
	assert_answer(t, &raw, T + 2 * SEC, RECEIVES, NULL, ATTR_KERNEL,
		      REASON_NO_SOCKET);
}

/* ---- frames ---- */

static void frame_in(struct flowtab *t, uint64_t netns, struct proc *owner,
		     uint64_t ts_ns, const struct flow_key *key)
{
	struct flowtab_event e = by(owner, ts_ns, 0);

	e.netns = netns;
	flowtab_frame(t, &e, key);
}

static void a_frame_is_its_senders_for_a_moment(void **state)
{
	struct flowtab *t = *state;
	struct flow_key arp = { .proto = FLOW_FRAME, .local_port = 0x0806 };
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	frame_in(t, HOST, &alice, T, &arp);
	frame_in(t, HOST, &bob, T, &k); /* at the very same time */
	frame_in(t, OTHER, &carol, T, &arp);
	assert_answer(t, &arp, T, SENDS, &alice, ATTR_SOCKET, 0);
	assert_answer(t, &k, T + MS / 2, SENDS | SYN, &bob, ATTR_SOCKET, 0);
	assert_nobody(t, &arp, T, RECEIVES);
	assert_nobody(t, &arp, T - 1, SENDS);
	assert_nobody(t, &arp, T + FLOWTAB_FRAME_NS, SENDS);
	assert_nobody(t, &k, T + FLOWTAB_FRAME_NS, SENDS);
}

/* All ARP has one key: what is over must not pile up behind it. */
static void frames_do_not_pile_up(void **state)
{
	struct flowtab *t = flowtab_new(65536);
	struct flow_key arp = { .proto = FLOW_FRAME, .local_port = 0x0806 };

	(void)state;
	for (uint64_t i = 0; i < 20000; i++)
		frame_in(t, HOST, &alice, T + i * 10 * MS, &arp);
	assert_in_range(stats_of(t).flows, 1, 200);
	assert_int_equal(stats_of(t).flows, stats_of(t).sockets);
	flowtab_free(t);
}

/* ---- bounds ---- */

/* Two sockets share a port and use it in turn. */
static void lives_of_one_key_do_not_pile_up(void **state)
{
	struct flowtab *t = flowtab_new(65536);
	struct flow_key k = key_of(IPPROTO_UDP, 1);
	uint64_t now = T;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		now += MS / 10;
		use(t, i % 2 ? &alice : &bob, now, 7 + i % 2, &k);
	}
	assert_in_range(stats_of(t).flows, 2, 256);
	assert_owner(t, &k, now, &alice);
	assert_owner(t, &k, now - MS / 10, &bob);
	/* What came before those that are kept is not the next one's. */
	assert_answer(t, &k, now - 40 * MS, SENDS, NULL, ATTR_UNKNOWN,
		      REASON_LOST);

	/* All that a later one replaced long ago goes with the next. */
	use(t, &bob, now + 3 * SEC, 7, &k);
	assert_int_equal(stats_of(t).flows, 2);
	assert_owner(t, &k, now + 2 * SEC, &alice);
	assert_owner(t, &k, now + 3 * SEC, &bob);
	flowtab_free(t);
}

static void what_happens_elsewhere_takes_no_life(void **state)
{
	struct flowtab *t = flowtab_new(65536);
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	(void)state;
	use(t, &alice, T, 7, &k);
	for (int i = 0; i < 2000; i++) {
		struct proc *owner = i % 2 ? &bob : &carol;

		use_in(t, HOST + 1, owner, T + i * MS / 10, 8 + i % 2, &k);
		frame_in(t, HOST + 1, owner, T + i * MS / 10, &k);
	}
	assert_in_range(stats_of(t).flows, 3, 1 + 256 + 256);
	assert_owner(t, &k, T, &alice);
	assert_owner(t, &k, T + SEC, &alice);
	flowtab_free(t);
}

static void frames_of_a_burst_are_one(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_UDP, 1);

	for (int i = 0; i < 1000; i++)
		frame_in(t, HOST, &alice, T + i * MS / 10, &k);
	assert_int_equal(stats_of(t).flows, 1);
	for (int i = 0; i < 1000; i += 99)
		assert_answer(t, &k, T + i * MS / 10, SENDS, &alice,
			      ATTR_SOCKET, REASON_NONE);
	assert_nobody(t, &k, T + 102 * MS, SENDS);
	/* Another's begins anew. */
	frame_in(t, HOST, &bob, T + 100 * MS, &k);
	assert_int_equal(stats_of(t).flows, 2);
	assert_answer(t, &k, T + 100 * MS, SENDS, &bob, ATTR_SOCKET,
		      REASON_NONE);
}

/* One address and port, connected again and again. */
static void ended_lives_of_one_key_do_not_pile_up(void **state)
{
	struct flowtab *t = flowtab_new(65536);
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		use(t, &alice, T + i * MS, 100 + i, &k);
		flowtab_close(t, 100 + i, T + i * MS + MS / 2);
	}
	assert_in_range(stats_of(t).flows, 1, 256);
	assert_answer(t, &k, T + 21 * SEC, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	flowtab_free(t);
}

/* Their memory, and their processes, are free for others. */
static void what_is_over_goes_while_others_come(void **state)
{
	struct flowtab *t = flowtab_new(65536);
	struct proc gone = { .pid = 7 };
	struct flow_key k = key_of(IPPROTO_TCP, 1);
	uint64_t now = T;

	(void)state;
	/* A minute after their end, ... */
	for (uint64_t i = 0; i < 1000; i++) {
		k.local_port = (uint16_t)(1000 + i);
		use(t, &alice, now, 100 + i, &k);
		flowtab_close(t, 100 + i, now);
	}
	now += 59 * SEC;
	k.local_port = 1;
	assert_true(alice.refs > 0);
	for (uint64_t i = 0; i < 300; i++) {
		k.remote_port = (uint16_t)i;
		use(t, &bob, now, 50, &k);
	}
	assert_int_equal(stats_of(t).flows, 1300);
	now += 2 * SEC;
	for (uint64_t i = 300; i < 700; i++) {
		k.remote_port = (uint16_t)i;
		use(t, &bob, now, 50, &k);
	}
	assert_int_equal(stats_of(t).flows, 700);
	assert_int_equal(alice.refs, 0);

	/* ... and soon if they are many, and each has a process that ended. */
	gone.exited_mono_ns = now;
	for (uint64_t i = 0; i < 60000; i++) {
		now += MS;
		k = key_of(IPPROTO_UDP, (uint16_t)i);
		use(t, &gone, now, 2000 + i, &k);
		flowtab_close(t, 2000 + i, now);
	}
	assert_in_range(stats_of(t).flows, 2000, 22000);
	assert_int_equal(stats_of(t).evicted_open, 0);
	flowtab_free(t);
}

/* What comes after its FIN is the kernel's, for it. */
static void what_waits_after_its_end_stays_longer(void **state)
{
	struct flowtab *t = flowtab_new(65536);
	struct proc gone = { .pid = 7 };
	struct flow_key k, last;
	uint64_t now = T;

	(void)state;
	gone.exited_mono_ns = T;
	for (uint64_t i = 0; i < 20000; i++) {
		now += MS / 5;
		k = key_of(IPPROTO_TCP, (uint16_t)i);
		use(t, &gone, now, 2000 + i, &k);
		if (i == 10000)
			last = k;
		assert_answer(t, &k, now, SENDS | (i == 10000 ? FIN : 0), &gone,
			      ATTR_SOCKET, REASON_NONE);
		flowtab_close(t, 2000 + i, now);
	}
	for (uint64_t i = 20000; i < 50000; i++) {
		now += MS / 5;
		k = key_of(IPPROTO_TCP, (uint16_t)i);
		use(t, &gone, now, 2000 + i, &k);
		flowtab_close(t, 2000 + i, now);
	}
	assert_in_range(stats_of(t).flows, 8000, 25000);
	assert_answer(t, &last, now, RECEIVES, &gone, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	flowtab_free(t);
}

/* We were stopped: all its events come before its packets. */
static void what_packets_may_ask_for_stays(void **state)
{
	struct flowtab *t = flowtab_new(65536);
	struct proc gone = { .pid = 7, .exited_mono_ns = T };
	struct flow_key first = key_of(IPPROTO_UDP, 0), k;
	uint64_t now = T;

	(void)state;
	flowtab_done(t, T);
	for (uint64_t i = 0; i < 40000; i++) {
		now += MS / 4;
		k = key_of(IPPROTO_UDP, (uint16_t)i);
		use(t, &gone, now, 2000 + i, &k);
		flowtab_close(t, 2000 + i, now + MS);
		if (i == 20000) /* another life of the first */
			use(t, &bob, now, 1, &first);
	}
	assert_owner(t, &first, T + MS, &gone);
	assert_int_equal(stats_of(t).flows, 40001);
	flowtab_done(t, now);
	for (uint64_t i = 0; i < 20000; i++) {
		k = key_of(IPPROTO_TCP, (uint16_t)i);
		use(t, &alice, now, 50000 + i, &k);
	}
	assert_in_range(stats_of(t).flows, 20000, 40000);
	flowtab_free(t);
}

static void closed_flows_are_forgotten_first(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k;

	for (uint16_t i = 0; i < 64; i++) {
		k = key_of(IPPROTO_TCP, i);
		use(t, &alice, T + i, 100 + i, &k);
	}
	flowtab_close(t, 140, T + SEC);
	flowtab_close(t, 141, T + SEC);
	k = key_of(IPPROTO_TCP, 40);
	assert_answer(t, &k, T + 2 * SEC, RECEIVES, &alice, ATTR_KERNEL,
		      REASON_TIME_WAIT);
	for (uint16_t i = 64; i < 66; i++) {
		k = key_of(IPPROTO_TCP, i);
		use(t, &bob, T + 3 * SEC, 100 + i, &k);
		assert_owner(t, &k, T + 3 * SEC, &bob);
		assert_int_equal(stats_of(t).evicted_open, 0);
		/* 41 was unused for longer. */
		k = key_of(IPPROTO_TCP, 41);
		assert_nobody(t, &k, T + 4 * SEC, RECEIVES);
	}
	for (uint16_t i = 0; i < 66; i++) {
		k = key_of(IPPROTO_TCP, i);
		if (i == 40 || i == 41)
			assert_nobody(t, &k, T + 4 * SEC, RECEIVES);
		else
			assert_owner(t, &k, T + 4 * SEC,
				     i < 64 ? &alice : &bob);
	}
	k = key_of(IPPROTO_TCP, 66);
	use(t, &carol, T + 5 * SEC, 166, &k);
	assert_owner(t, &k, T + 5 * SEC, &carol);
	assert_int_equal(stats_of(t).evicted_open, 1);
	assert_int_equal(stats_of(t).flows, 64);
}

static void flows_of_one_socket_are_forgotten_too(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k;

	for (uint16_t i = 0; i < 1000; i++) {
		k = key_of(IPPROTO_UDP, i);
		use(t, &alice, T + i * MS, 7, &k);
		assert_owner(t, &k, T + i * MS, &alice);
	}
	assert_int_equal(stats_of(t).evicted_open, 1000 - 64);
	assert_int_equal(alice.refs, 2);
}

/* Many times as many connections as fit, one after the other. */
static void a_long_capture_goes_on_naming(void **state)
{
	struct flowtab *t = *state;

	for (uint16_t i = 0; i < 5000; i++) {
		struct flow_key k = key_of(IPPROTO_TCP, i);
		struct proc *owner = i & 1 ? &alice : &bob;

		own(t, owner, T + i * MS, 100 + i);
		use(t, NULL, T + i * MS, 100 + i, &k);
		assert_owner(t, &k, T + i * MS, owner);
		flowtab_close(t, 100 + i, T + i * MS + 1);
	}
	assert_int_equal(stats_of(t).evicted_open, 0);
}

/* Each of a full table, though it may have been chosen to make room next. */
static void what_was_just_asked_for_stays(void **state)
{
	(void)state;
	for (uint16_t asked = 0; asked < 64; asked++) {
		struct flowtab *t = flowtab_new(64);
		struct flow_key k = key_of(IPPROTO_TCP, asked), one;
		uint64_t ts_ns = T;
		bool is_known;

		for (uint16_t i = 0; i < 66; i++, ts_ns += 100 * MS) {
			one = key_of(IPPROTO_TCP, i);
			use(t, &alice, ts_ns, 1, &one);
		}
		is_known = find(t, &k, ts_ns, SENDS,
				&(struct flowtab_answer){ 0 });
		one = key_of(IPPROTO_TCP, 66);
		use(t, &alice, ts_ns, 1, &one);
		if (is_known)
			assert_owner(t, &k, ts_ns, &alice);
		flowtab_free(t);
	}
}

/* A full table of accepted connections: listener, then child. */
static void each_socket_has_room_for_two_owners(void **state)
{
	struct flowtab *t = *state;

	for (uint16_t i = 0; i < 64; i++) {
		struct flow_key k = key_of(IPPROTO_TCP, i);

		use(t, &alice, T, 100 + i, &k);
		own(t, &bob, T + 10 * MS, 100 + i);
		assert_owner(t, &k, T + 5 * MS, &alice);
		assert_owner(t, &k, T + 10 * MS, &bob);
	}
	assert_int_equal(stats_of(t).evicted_open, 0);
}

/* Better no past than a present owner that is wrong. */
static void without_room_the_newest_owner_counts(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1);

	use(t, &alice, T, 7, &k);
	for (uint64_t i = 0; i < 1000; i++)
		own(t, i & 1 ? &carol : &alice, T + i, 8);
	own(t, &bob, T + MS, 7);
	assert_owner(t, &k, T + MS, &bob);
	own(t, &carol, T + 2 * MS, 7);
	assert_owner(t, &k, T + 2 * MS, &carol);
}

/* ---- ports ---- */

static void bind_to(struct flowtab *t, uint64_t ts_ns, uint64_t cookie,
		    const struct flow_key *key, bool kernel)
{
	struct flowtab_event e = by(kernel ? NULL : &alice, ts_ns, cookie);

	e.kernel = kernel;
	flowtab_bound(t, &e, key);
}

static enum flowtab_port port_of(const struct flowtab *t,
				 const struct flow_key *key, uint64_t ts_ns)
{
	struct flowtab_query q = { .key = *key, .ts_ns = ts_ns, .netns = HOST };

	return flowtab_port(t, &q);
}

static void a_port_has_a_socket_until_that_ends(void **state)
{
	struct flow_key k = key_of(IPPROTO_UDP, 53);
	struct flow_key other = key_of(IPPROTO_UDP, 54);
	struct flow_key tcp = key_of(IPPROTO_TCP, 53);
	struct flowtab *t = *state;

	assert_int_equal(port_of(t, &k, T), FLOWTAB_PORT_FREE);
	bind_to(t, T, 1, &k, false);
	bind_to(t, T, 1, &k, false);
	assert_int_equal(port_of(t, &k, T), FLOWTAB_PORT_BOUND);
	assert_int_equal(port_of(t, &k, T - 1), FLOWTAB_PORT_FREE);
	assert_int_equal(port_of(t, &other, T), FLOWTAB_PORT_FREE);
	assert_int_equal(port_of(t, &tcp, T), FLOWTAB_PORT_FREE);
	flowtab_close(t, 1, T + SEC);
	assert_int_equal(port_of(t, &k, T + SEC), FLOWTAB_PORT_FREE);
}

static void a_port_belongs_to_an_address(void **state)
{
	struct flow_key k = key_of(IPPROTO_UDP, 53), any = k, any4 = k;
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };
	struct flowtab *t = *state;

	bind_to(t, T, 1, &k, false);
	k.local[0] = 0x20;
	assert_int_equal(port_of(t, &k, T), FLOWTAB_PORT_FREE);
	memcpy(any4.local, mapped, 16);
	bind_to(t, T, 2, &any4, false);
	assert_int_equal(port_of(t, &k, T), FLOWTAB_PORT_FREE);
	memset(any.local, 0, 16);
	bind_to(t, T, 3, &any, true);
	assert_int_equal(port_of(t, &k, T), FLOWTAB_PORT_KERNEL);
}

static void a_datagram_tells_its_sockets_port(void **state)
{
	struct flow_key k = key_of(IPPROTO_UDP, 4000);
	struct flow_key tcp = key_of(IPPROTO_TCP, 4000);
	struct flowtab *t = *state;

	use(t, &alice, T, 1, &k);
	use(t, &alice, T, 2, &tcp);
	assert_int_equal(port_of(t, &k, T), FLOWTAB_PORT_BOUND);
	assert_int_equal(port_of(t, &tcp, T), FLOWTAB_PORT_FREE);
}

/* ---- anything at all ---- */

#define PROCS	5
#define KEYS	48
#define COOKIES 160

/* xorshift64, Marsaglia 2003: the same run every time. */
static uint32_t below(uint32_t n)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32) % n;
}

static struct flow_key any_key(uint32_t n)
{
	return key_of(n % 3 ? IPPROTO_TCP : IPPROTO_UDP, (uint16_t)n);
}

static void count_socket(void *ctx, const struct flowtab_socket *s)
{
	int *count = ctx;

	assert_true(s->port != 0);
	assert_true(s->kernel ? !s->owner : s->owner == &alice);
	++*count;
}

static void what_is_bound_is_told_until_it_closes(void **state)
{
	struct flowtab *t = *state;
	struct flow_key k = key_of(IPPROTO_TCP, 1), l = key_of(IPPROTO_UDP, 2);
	int count = 0;

	flowtab_each_bound(t, 0, count_socket, &count);
	assert_int_equal(count, 0);
	bind_to(t, T, 7, &k, false);
	bind_to(t, T, 8, &l, true);
	flowtab_each_bound(t, HOST, count_socket, &count);
	assert_int_equal(count, 2);
	flowtab_each_bound(t, HOST + 1, count_socket, &count);
	assert_int_equal(count, 2);
	flowtab_close(t, 7, T + MS);
	flowtab_each_bound(t, 0, count_socket, &count);
	assert_int_equal(count, 3);
}

static void any_event(struct flowtab *t, struct proc *procs, uint64_t ts_ns)
{
	struct flow_key k = any_key(below(KEYS));
	struct flowtab_event e = {
		.ts_ns = ts_ns,
		.cookie = 1 + below(COOKIES),
		.netns = 1 + below(3),
		.tid = below(2),
		.attr = below(2) ? ATTR_SOCKET : ATTR_LISTENER,
		.owner = below(10) ? &procs[below(PROCS)] : NULL,
	};

	switch (below(6)) {
	case 5:
		flowtab_bound(t, &e, &k);
		port_of(t, &k, ts_ns);
		break;
	case 0:
		flowtab_owner(t, &e);
		break;
	case 4:
		flowtab_frame(t, &e, &k);
		break;
	case 1:
		flowtab_close(t, e.cookie, ts_ns);
		break;
	default:
		flowtab_flow(t, &e, &k);
	}
}

static void assert_sane(struct flowtab *t, struct proc *procs, uint64_t ts_ns)
{
	struct flow_key k = any_key(below(KEYS));
	struct flowtab_stats s = stats_of(t);
	struct flowtab_answer a;
	int how = (int)below(8);
	uint32_t refs = 0;

	if (find(t, &k, ts_ns, how, &a)) {
		assert_int_not_equal(a.attr, ATTR_NONE);
		assert_int_equal(a.attr == ATTR_KERNEL ||
					 a.attr == ATTR_UNKNOWN,
				 a.reason != REASON_NONE);
		assert_true(!a.owner || a.owner->refs);
		assert_true(a.owner || a.attr >= ATTR_KERNEL);
		if (how & SYN)
			assert_int_not_equal(a.attr, ATTR_KERNEL);
	}
	for (int i = 0; i < PROCS; i++)
		refs += procs[i].refs;
	assert_true(s.flows <= 64 && s.sockets <= 64 && refs <= 4 * 64);
}

/* Closes all there is, and lets each key live again after a minute. */
static void drain(struct flowtab *t, uint64_t ts_ns)
{
	for (uint64_t cookie = 1; cookie <= COOKIES; cookie++)
		flowtab_close(t, cookie, ts_ns);
	for (uint32_t i = 0; i < KEYS; i++) {
		struct flow_key k = any_key(i);

		use(t, NULL, ts_ns + 100 * SEC, 1000 + i, &k);
		flowtab_close(t, 1000 + i, ts_ns + 101 * SEC);
	}
}

static void anything_is_safe_and_leaves_no_reference(void **state)
{
	struct proc procs[PROCS] = { 0 };
	uint64_t now = T;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct flowtab *t = flowtab_new(1);

		for (int i = 0; i < 10000; i++) {
			now += below(50) ? below(MS) : below(20) * SEC;
			any_event(t, procs, now - below(60 * MS));
			assert_sane(t, procs, now - below(60 * MS));
		}
		drain(t, now);
		for (int i = 0; i < PROCS; i++)
			assert_int_equal(procs[i].refs, 0);
		assert_int_equal(stats_of(t).flows, KEYS);
		assert_int_equal(stats_of(t).sockets, KEYS);
		flowtab_free(t);
	}
}

#define flowtab_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		flowtab_test(an_owner_counts_from_its_time),
		flowtab_test(what_waits_is_read_by_who_reads_next),
		flowtab_test(what_waited_behind_a_read_may_be_either_readers),
		flowtab_test(what_waited_behind_a_read_may_be_its_senders),
		flowtab_test(what_waited_behind_a_read_may_be_of_a_later_name),
		flowtab_test(who_has_sent_first_reads_what_waited),
		flowtab_test(who_has_ended_reads_nothing),
		flowtab_test(a_socket_that_ends_with_its_owner_was_unread),
		flowtab_test(a_port_has_a_socket_until_that_ends),
		flowtab_test(a_port_belongs_to_an_address),
		flowtab_test(a_datagram_tells_its_sockets_port),
		flowtab_test(a_packet_may_be_older_than_its_flow),
		flowtab_test(events_may_come_out_of_order),
		flowtab_test(the_listener_owns_until_the_child_does),
		flowtab_test(what_comes_before_the_accept_is_the_acceptors),
		flowtab_test(what_is_bound_is_told_until_it_closes),
		flowtab_test(nobody_accepts_a_listener),
		flowtab_test(a_socket_may_have_no_known_owner),
		flowtab_test(one_process_sends_what_another_reads),
		flowtab_test(who_had_it_may_be_sending_as_it_is_taken),
		flowtab_test(bytes_that_waited_are_who_wrote_them),
		flowtab_test(what_two_write_at_once_is_neithers),
		flowtab_test(a_writer_may_have_become_another_program),
		flowtab_test(its_first_bytes_may_be_of_another_program),
		flowtab_test(the_past_is_forgotten_with_its_references),
		flowtab_test(what_is_forgotten_is_nobody_elses),
		flowtab_test(after_its_end_a_tcp_flow_is_the_kernels),
		flowtab_test(an_old_end_explains_nothing),
		flowtab_test(the_reset_of_a_close_is_the_owners),
		flowtab_test(what_udp_sent_was_its_owners),
		flowtab_test(a_key_lives_again),
		flowtab_test(who_takes_a_flow_over_is_told_apart),
		flowtab_test(two_connections_of_one_key_are_ambiguous),
		flowtab_test(a_socket_lives_again),
		flowtab_test(the_packets_own_namespace_comes_first),
		flowtab_test(one_other_namespace_is_no_question),
		flowtab_test(
			what_came_before_its_flow_was_sent_on_may_be_nobodys),
		flowtab_test(what_a_loopback_carries_is_of_no_other_namespace),
		flowtab_test(two_other_namespaces_are_ambiguous),
		flowtab_test(the_kernel_of_two_other_namespaces_is_the_kernel),
		flowtab_test(the_kernel_acts_on_behalf_of_the_last_owner),
		flowtab_test(without_ports_nobody_is_meant),
		flowtab_test(a_frame_is_its_senders_for_a_moment),
		flowtab_test(frames_do_not_pile_up),
		flowtab_test(lives_of_one_key_do_not_pile_up),
		flowtab_test(ended_lives_of_one_key_do_not_pile_up),
		flowtab_test(what_happens_elsewhere_takes_no_life),
		flowtab_test(frames_of_a_burst_are_one),
		flowtab_test(what_is_over_goes_while_others_come),
		flowtab_test(what_waits_after_its_end_stays_longer),
		flowtab_test(what_packets_may_ask_for_stays),
		flowtab_test(closed_flows_are_forgotten_first),
		flowtab_test(flows_of_one_socket_are_forgotten_too),
		flowtab_test(a_long_capture_goes_on_naming),
		flowtab_test(what_was_just_asked_for_stays),
		flowtab_test(each_socket_has_room_for_two_owners),
		flowtab_test(without_room_the_newest_owner_counts),
		flowtab_test(anything_is_safe_and_leaves_no_reference),
	};

	return cmocka_run_group_tests_name("flowtab", tests, NULL, NULL);
}
