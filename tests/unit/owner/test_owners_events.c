/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel program tells, and which table has it then. */
#include "exact.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "owner/flowtab/flowtab.h"
#include "owner/memo.h"
#include "owner/owners_parts.h"
#include "owner/packets/packettab.h"
#include "packet/raw_packet.h"

#define T	  1000000000000ull
#define HERE	  1
#define ALICE_PID 7

static struct proc alice = { .pid = ALICE_PID };
static struct owners o;
static struct probe_handler told;
static unsigned forks, exits, renames, execs, moves, ends;

static uint64_t owner_ns; /* from when on the last one is what it is */

/* ---- what it asks, answered ---- */

struct proc *__wrap_proctab_owner(struct proctab *t,
				  const struct probe_owner *owner, uint64_t ns);
struct proc *__wrap_proctab_owner(struct proctab *t,
				  const struct probe_owner *owner, uint64_t ns)
{
	(void)t;
	owner_ns = ns;
	return owner->tgid == ALICE_PID ? &alice : NULL;
}

struct proc *__wrap_proctab_holder(struct proctab *t,
				   const struct probe_owner *owner);
struct proc *__wrap_proctab_holder(struct proctab *t,
				   const struct probe_owner *owner)
{
	return __wrap_proctab_owner(t, owner, 0);
}

void __wrap_proctab_fork(struct proctab *t, const struct probe_event *e);
void __wrap_proctab_fork(struct proctab *t, const struct probe_event *e)
{
	(void)t;
	(void)e;
	forks++;
}

void __wrap_proctab_exit(struct proctab *t, const struct probe_event *e);
void __wrap_proctab_exit(struct proctab *t, const struct probe_event *e)
{
	(void)t;
	(void)e;
	exits++;
}

void __wrap_proctab_rename(struct proctab *t, const struct probe_event *e);
void __wrap_proctab_rename(struct proctab *t, const struct probe_event *e)
{
	(void)t;
	(void)e;
	renames++;
}

struct program *__wrap_proctab_exec(struct proctab *t,
				    const struct probe_exec *x);
struct program *__wrap_proctab_exec(struct proctab *t,
				    const struct probe_exec *x)
{
	(void)t;
	(void)x;
	execs++;
	return NULL;
}

void __wrap_proctab_move(struct proctab *t, const struct probe_exec *x);
void __wrap_proctab_move(struct proctab *t, const struct probe_exec *x)
{
	(void)t;
	assert_int_equal(x->event.kind, PROBE_MOVED);
	moves++;
}

uint64_t __wrap_namespace_cookie(const struct namespace *n);
uint64_t __wrap_namespace_cookie(const struct namespace *n)
{
	(void)n;
	return HERE;
}

static struct flow_key key(uint16_t port, uint16_t remote_port, uint8_t proto)
{
	struct flow_key k = { .local_port = port,
			      .remote_port = remote_port,
			      .proto = proto };

	address_from_ipv4(k.local, (const uint8_t[]){ 192, 0, 2, 1 });
	address_from_ipv4(k.remote, remote_port ?
					    (const uint8_t[]){ 192, 0, 2, 2 } :
					    (const uint8_t[]){ 0, 0, 0, 0 });
	return k;
}

/* Cookie 1 is alice's already, 2 is the kernel's. */
int __wrap_namespace_each_udp(struct namespace *n,
			      void (*found)(void *ctx, uint64_t cookie,
					    const struct flow_key *key),
			      void *ctx);
int __wrap_namespace_each_udp(struct namespace *n,
			      void (*found)(void *ctx, uint64_t cookie,
					    const struct flow_key *key),
			      void *ctx)
{
	struct flow_key k = key(4789, 0, IPPROTO_UDP);

	(void)n;
	found(ctx, 2, &k);
	k.local_port = 53;
	found(ctx, 1, &k);
	return 0;
}

static void on_end(void *ctx, const char *name, uint32_t status)
{
	(void)ctx;
	assert_string_equal(name, "curl");
	assert_int_equal(status, 256);
	ends++;
}

/* ---- the tests ---- */

static int open_owners(void **state)
{
	(void)state;
	forks = exits = renames = execs = moves = ends = 0;
	alice = (struct proc){ .pid = ALICE_PID };
	o = (struct owners){
		.flows = flowtab_new(64),
		.packets = packettab_new(),
		.told = 1,
		.namespace_count = 1,
		.ended = on_end,
	};
	told = owners_listen(&o);
	return !o.flows || !o.packets;
}

static int close_owners(void **state)
{
	(void)state;
	packettab_free(o.packets);
	flowtab_free(o.flows);
	return 0;
}

static struct probe_event event(uint8_t kind, struct flow_key k)
{
	return (struct probe_event){
		.ts_ns = T,
		.cookie = 1,
		.netns = HERE,
		.owner = { .tgid = ALICE_PID, .tid = 8, .comm = "curl" },
		.key = k,
		.kind = kind,
	};
}

static void tell(struct probe_event e)
{
	told.event(told.ctx, &e);
}

static struct flowtab_answer find(struct flow_key k, uint64_t ts_ns)
{
	struct flowtab_query q = {
		.key = k, .ts_ns = ts_ns, .netns = HERE, .sends = true
	};
	struct flowtab_answer a = { 0 };

	flowtab_find(o.flows, &q, &a);
	return a;
}

static enum flowtab_port port(uint16_t number, uint8_t proto)
{
	struct flowtab_query q = { .key = key(number, 9, proto),
				   .ts_ns = T + 1,
				   .netns = HERE };

	return flowtab_port(o.flows, &q);
}

static void a_flow_has_its_owner(void **state)
{
	struct flow_key k = key(40000, 80, IPPROTO_TCP);
	struct flowtab_answer a;

	(void)state;
	tell(event(PROBE_FLOW, k));
	a = find(k, T + 1);
	assert_ptr_equal(a.owner, &alice);
	assert_int_equal(a.tid, 8);
	assert_int_equal(a.attr, ATTR_SOCKET);
	assert_true(a.here);
}

static void flags_say_how_an_owner_is_known(void **state)
{
	static const struct {
		uint8_t flags;
		uint8_t attr;
	} hows[] = {
		{ 0, ATTR_SOCKET },
		{ PROBE_SCANNED, ATTR_SCAN },
		{ PROBE_LISTENING, ATTR_LISTENER },
		{ PROBE_INHERITED, ATTR_LISTENER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		struct flow_key k = key((uint16_t)(40000 + i), 80, IPPROTO_UDP);
		struct probe_event e = event(PROBE_FLOW, k);

		e.cookie = i + 1;
		e.flags = hows[i].flags;
		tell(e);
		assert_int_equal(find(k, T + 1).attr, hows[i].attr);
	}
}

static void a_socket_that_ended_has_its_flow_no_more(void **state)
{
	struct flow_key k = key(40000, 53, IPPROTO_UDP);

	(void)state;
	tell(event(PROBE_BOUND, key(53, 0, IPPROTO_UDP)));
	assert_int_equal(port(53, IPPROTO_UDP), FLOWTAB_PORT_BOUND);
	tell(event(PROBE_CLOSE, k));
	assert_int_equal(port(53, IPPROTO_UDP), FLOWTAB_PORT_FREE);
}

static void a_packet_is_told_by_its_fingerprint(void **state)
{
	struct probe_event e = event(PROBE_PACKET, key(40000, 53, IPPROTO_UDP));
	struct packettab_packet q = { .key = e.key,
				      .fingerprint = 77,
				      .mono_ns = T,
				      .netns = HERE,
				      .sends = true };
	const struct packettab_packet *found;

	(void)state;
	e.fingerprint = 77;
	e.flags = PROBE_SENDS | PROBE_ALONE;
	tell(e);
	assert_int_equal(packettab_find(o.packets, &q, &found),
			 PACKETTAB_FOUND);
	assert_ptr_equal(found->owner, &alice);
	assert_false(packettab_copies_expected(o.packets, T));
}

/* Whoever reads frames may read each that comes after. */
static void a_frame_that_is_read_makes_copies_expected(void **state)
{
	struct probe_event e = event(PROBE_FRAME, key(40000, 53, IPPROTO_UDP));

	(void)state;
	e.roles = PROBE_READER;
	tell(e);
	assert_true(packettab_copies_expected(o.packets, T));
}

static void processes_go_to_their_table(void **state)
{
	struct flow_key none = { 0 };
	struct probe_event e = event(PROBE_EXIT, none);
	static struct probe_exec x = { .event.kind = PROBE_EXEC };

	(void)state;
	tell(event(PROBE_FORK, none));
	tell(event(PROBE_RENAME, none));
	e.exit_status = 256;
	tell(e);
	told.exec(told.ctx, &x);
	x.event.kind = PROBE_MOVED;
	told.exec(told.ctx, &x);
	assert_int_equal(moves, 1);
	assert_int_equal(forks, 1);
	assert_int_equal(renames, 1);
	assert_int_equal(exits, 1);
	assert_int_equal(ends, 1);
	assert_int_equal(execs, 1);
}

/* Any event may change any answer. */
static void an_event_makes_the_memo_forget(void **state)
{
	struct packet p = { .outer.key = key(40000, 53, IPPROTO_UDP),
			    .kind = PACKET_IP };
	struct verdict v = { .steady = true };
	struct memo *m = memo_new(&o.told);
	bool settled;

	(void)state;
	memo_keep(m, &p, T, SOURCE_OUT, &v, true);
	assert_true(memo_find(m, &p, T, SOURCE_OUT, &v, &settled));
	tell(event(PROBE_FORK, p.outer.key));
	assert_false(memo_find(m, &p, T, SOURCE_OUT, &v, &settled));
	memo_free(m);
}

static struct probe_holder holder(struct flow_key k, uint32_t state)
{
	return (struct probe_holder){
		.cookie = 1,
		.netns = HERE,
		.owner = { .tgid = ALICE_PID, .tid = 8 },
		.key = k,
		.state = state,
	};
}

static void a_connection_from_before_is_a_flow(void **state)
{
	struct flow_key k = key(40000, 80, IPPROTO_TCP);
	struct probe_holder h = holder(k, TCP_ESTABLISHED);

	(void)state;
	told.holder(told.ctx, &h);
	assert_ptr_equal(find(k, T).owner, &alice);
	assert_int_equal(find(k, T).attr, ATTR_SCAN);
	assert_int_equal(port(40000, IPPROTO_TCP), FLOWTAB_PORT_FREE);
}

static void a_listener_from_before_has_its_port(void **state)
{
	struct probe_holder h = holder(key(80, 0, IPPROTO_TCP), TCP_LISTEN);

	(void)state;
	told.holder(told.ctx, &h);
	assert_int_equal(port(80, IPPROTO_TCP), FLOWTAB_PORT_BOUND);
}

static void a_packet_socket_from_before_reads_frames(void **state)
{
	struct flow_key k = { .proto = FLOW_FRAME };
	struct probe_holder h = holder(k, 0);

	(void)state;
	told.holder(told.ctx, &h);
	assert_true(packettab_copies_expected(o.packets,
					      clock_ns(CLOCK_MONOTONIC)));
}

static void a_socket_that_nobody_holds_is_the_kernels(void **state)
{
	(void)state;
	tell(event(PROBE_BOUND, key(53, 0, IPPROTO_UDP)));
	owners_find_kernel_sockets(&o);
	assert_int_equal(port(4789, IPPROTO_UDP), FLOWTAB_PORT_KERNEL);
	assert_int_equal(port(53, IPPROTO_UDP), FLOWTAB_PORT_BOUND);
}

/* Or its own packet would be of who it was before. */
static void who_tells_a_packet_is_so_when_it_leaves(void **state)
{
	struct probe_event e = event(PROBE_PACKET, (struct flow_key){ 0 });

	(void)state;
	e.owner.seen_ns = T - 5;
	tell(e);
	assert_int_equal(owner_ns, T - 5);
	e.owner.seen_ns = T + 5;
	tell(e);
	assert_int_equal(owner_ns, T);
}

/* It may be any bytes, and changes nothing. */
static void what_comes_soon_is_only_fetched(void **state)
{
	struct flow_key k = key(40000, 80, IPPROTO_TCP);
	struct probe_event e = event(PROBE_FLOW, k);

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		told.soon(told.ctx, &e);
		assert_int_equal(find(k, T + 1).attr, ATTR_NONE);
		tell(event(PROBE_FLOW, key((uint16_t)(byte + 1), 80, 17)));
		memset(&e, byte, sizeof(e));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_owners, close_owners)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flow_has_its_owner),
		TEST(flags_say_how_an_owner_is_known),
		TEST(a_socket_that_ended_has_its_flow_no_more),
		TEST(a_packet_is_told_by_its_fingerprint),
		TEST(a_frame_that_is_read_makes_copies_expected),
		TEST(processes_go_to_their_table),
		TEST(an_event_makes_the_memo_forget),
		TEST(a_connection_from_before_is_a_flow),
		TEST(a_listener_from_before_has_its_port),
		TEST(a_packet_socket_from_before_reads_frames),
		TEST(a_socket_that_nobody_holds_is_the_kernels),
		TEST(who_tells_a_packet_is_so_when_it_leaves),
		TEST(what_comes_soon_is_only_fetched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
