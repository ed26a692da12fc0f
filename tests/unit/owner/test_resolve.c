/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends of a packet, from tables that were told what the kernel tells. */
#include "exact.h"

#include <netinet/in.h>

#include "owner/flowtab/flowtab.h"
#include "owner/local/local.h"
#include "owner/nat/nat.h"
#include "bpf/event.h"
#include "owner/packets/arrivals.h"
#include "owner/packets/packettab.h"
#include "owner/packets/unread.h"
#include "owner/resolve/resolve.h"
#include "packet/raw_packet.h"
#include "process/proctab.h"

#define T    1000000000000ull /* when packets are seen */
#define HOST 1		      /* network namespace */
#define FIN  0x01
#define SYN  0x02
#define RST  0x04
#define ACK  0x10

static const uint8_t here[4] = { 127, 0, 0, 1 };
static const uint8_t far[4] = { 198, 51, 100, 7 };
static const uint8_t farther[4] = { 203, 0, 113, 9 };

static struct proc alice, bob;

static struct world {
	struct flowtab *flows;
	struct packettab *packets;
	struct local *local;
	struct nat *nat;
	struct resolver *resolver;
} w;

static int open_world(void **state)
{
	(void)state;
	w.flows = flowtab_new(64);
	w.packets = packettab_new();
	w.nat = nat_new(16);
	assert_int_equal(local_open(&w.local), 0);
	w.resolver = resolver_new(w.flows, w.packets, w.local, w.nat, HOST);
	assert_non_null(w.resolver);
	resolver_told_until(w.resolver, T + 1000000000);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	resolver_free(w.resolver);
	local_close(w.local);
	nat_free(w.nat);
	packettab_free(w.packets);
	flowtab_free(w.flows);
	return 0;
}

#define world_test(f) \
	cmocka_unit_test_setup_teardown(f, open_world, close_world)

static struct flow_key key(const uint8_t from[4], uint16_t from_port,
			   const uint8_t to[4], uint16_t to_port)
{
	struct flow_key k = { .proto = IPPROTO_TCP,
			      .local_port = from_port,
			      .remote_port = to_port };

	address_from_ipv4(k.local, from);
	address_from_ipv4(k.remote, to);
	return k;
}

static struct packet packet(struct flow_key k, uint8_t tcp_flags)
{
	return (struct packet){ .outer.key = k,
				.outer.tcp_flags = tcp_flags,
				.kind = PACKET_IP };
}

static void use(struct proc *owner, uint64_t cookie, struct flow_key k)
{
	struct flowtab_event e = { .ts_ns = T - 1000,
				   .cookie = cookie,
				   .netns = HOST,
				   .owner = owner,
				   .attr = ATTR_SOCKET };

	flowtab_flow(w.flows, &e, &k);
}

static bool settled;

static struct verdict see(const struct packet *p, uint8_t direction)
{
	struct verdict v;

	settled = resolve(w.resolver, p, T, direction, &v);
	return v;
}

static void expect_kernel(const struct verdict_end *end, uint8_t reason)
{
	assert_null(end->owner);
	assert_int_equal(end->attr, ATTR_KERNEL);
	assert_int_equal(end->reason, reason);
}

static void both_ends_of_a_local_flow_are_named(void **state)
{
	struct flow_key k = key(here, 40000, here, 80);
	struct packet there = packet(k, ACK);
	struct packet back = packet(flow_reversed(&k), ACK);
	struct verdict v;

	(void)state;
	use(&alice, 1, k);
	use(&bob, 2, flow_reversed(&k));
	v = see(&there, SOURCE_LOOPBACK);
	assert_ptr_equal(v.src.owner, &alice);
	assert_ptr_equal(v.dst.owner, &bob);
	assert_int_equal(v.direction, DIRECTION_LOCAL);
	assert_true(settled);
	v = see(&back, SOURCE_LOOPBACK);
	assert_ptr_equal(v.src.owner, &bob);
	assert_ptr_equal(v.dst.owner, &alice);
}

/* Bob's packet socket reads it, while alice holds the one it is for. */
static struct verdict see_unread(uint8_t proto)
{
	struct flow_key k = key(far, 53, here, 40000);
	struct packettab_packet copy = { .mono_ns = T,
					 .netns = HOST,
					 .fingerprint = 5,
					 .owner = &bob,
					 .attr = ATTR_SOCKET,
					 .alone = true,
					 .copy = true },
				pending = copy;
	struct packet p;

	k.proto = proto;
	p = packet(k, ACK);
	p.outer.fingerprint = 5;
	p.outer.tcp_payload = 10;
	copy.key = pending.key = flow_reversed(&k);
	pending.copy = false;
	pending.pending = true;
	pending.cookie = 1;
	pending.owner = &alice;
	use(&alice, 1, pending.key);
	packettab_add(w.packets, &pending);
	packettab_add(w.packets, &copy);
	packettab_expect_copies(w.packets, T - 1000);
	return see(&p, SOURCE_IN);
}

/* On two processors at once: the first has not seen the other's take-over. */
static void who_had_a_socket_sends_as_another_begins_to(void **state)
{
	struct flow_key k = key(here, 40000, far, 53);
	struct flowtab_event e = { .ts_ns = T - 1000000,
				   .cookie = 1,
				   .netns = HOST,
				   .owner = &alice,
				   .attr = ATTR_SOCKET };
	struct packettab_packet told = { .fingerprint = 77,
					 .mono_ns = T - 500,
					 .netns = HOST,
					 .owner = &bob,
					 .attr = ATTR_SOCKET,
					 .sends = true };
	struct packet p;

	(void)state;
	k.proto = IPPROTO_UDP;
	p = packet(k, 0);
	p.outer.fingerprint = 78;
	told.key = k;
	flowtab_flow(w.flows, &e, &k);
	e.ts_ns = T - 1000;
	e.owner = &bob;
	flowtab_owner(w.flows, &e);
	packettab_add(w.packets, &told);
	assert_ptr_equal(see(&p, SOURCE_OUT).src.owner, &alice);
	p.outer.fingerprint = 77;
	assert_ptr_equal(see(&p, SOURCE_OUT).src.owner, &bob);
	/* A datagram is told before it is cut into pieces. */
	p.outer.fingerprint = 78;
	p.outer.fragment = p.outer.first_fragment = true;
	assert_ptr_equal(see(&p, SOURCE_OUT).src.owner, &alice);
	p.outer.first_fragment = false;
	p.outer.fingerprint = 0;
	p.outer.key.local_port = p.outer.key.remote_port = 0;
	assert_ptr_equal(see(&p, SOURCE_OUT).src.owner, &alice);
}

/* A port of short programs: one had it long ago, one for 40 us, the next now. */
static void who_had_a_port_for_an_instant_sent_its_packet(void **state)
{
	struct flow_key k = key(here, 40000, far, 53);
	struct flowtab_event e = { .ts_ns = T - 8000000000,
				   .cookie = 1,
				   .netns = HOST,
				   .owner = &alice,
				   .attr = ATTR_SOCKET };
	struct packettab_packet told = { .fingerprint = 77,
					 .mono_ns = T + 115000,
					 .netns = HOST,
					 .owner = &alice,
					 .attr = ATTR_SOCKET,
					 .sends = true };
	struct packet p;

	(void)state;
	k.proto = IPPROTO_UDP;
	p = packet(k, 0);
	p.outer.fingerprint = 78;
	told.key = k;
	flowtab_flow(w.flows, &e, &k);
	flowtab_close(w.flows, 1, T - 7000000000);
	e = (struct flowtab_event){ .ts_ns = T - 1000,
				    .cookie = 2,
				    .netns = HOST,
				    .owner = &bob,
				    .attr = ATTR_SOCKET };
	flowtab_flow(w.flows, &e, &k);
	flowtab_close(w.flows, 2, T + 40000);
	e = (struct flowtab_event){ .ts_ns = T + 114500,
				    .cookie = 3,
				    .netns = HOST,
				    .owner = &alice,
				    .attr = ATTR_SOCKET };
	flowtab_flow(w.flows, &e, &k);
	packettab_add(w.packets, &told);
	assert_ptr_equal(see(&p, SOURCE_OUT).src.owner, &bob);
}

static void who_listens_in_does_not_read_a_connection(void **state)
{
	struct verdict v = see_unread(IPPROTO_TCP);

	(void)state;
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_HOLDER);
}

static void a_packet_socket_reads_what_no_other_does(void **state)
{
	struct verdict v = see_unread(IPPROTO_UDP);

	(void)state;
	assert_ptr_equal(v.dst.owner, &bob);
	assert_int_equal(v.dst.attr, ATTR_SOCKET);
}

static void an_end_elsewhere_has_no_owner(void **state)
{
	struct flow_key k = key(here, 40001, far, 80);
	struct packet there = packet(k, ACK);
	struct packet back = packet(flow_reversed(&k), ACK);
	struct verdict v;

	(void)state;
	use(&alice, 1, k);
	v = see(&there, SOURCE_OUT);
	assert_ptr_equal(v.src.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_NONE);
	assert_int_equal(v.direction, DIRECTION_OUT);
	v = see(&back, SOURCE_IN);
	assert_int_equal(v.src.attr, ATTR_NONE);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.direction, DIRECTION_IN);
}

/* A host that has no address yet sends from "::", and so does ours. */
static void the_unspecified_address_is_not_ours(void **state)
{
	static const uint8_t none[4], group[4] = { 224, 0, 0, 22 };
	struct flow_key k = key(none, 0, group, 0);
	struct packet report;
	struct verdict v;

	(void)state;
	k.proto = IPPROTO_IGMP;
	report = packet(k, 0);
	use(&alice, 1, k);
	v = see(&report, SOURCE_IN);
	assert_int_equal(v.src.attr, ATTR_NONE);
	assert_null(v.src.owner);
	v = see(&report, SOURCE_OUT);
	assert_ptr_equal(v.src.owner, &alice);
}

/* Until something is told, the next packet of the flow has the same owners. */
static void an_open_flow_of_one_owner_is_steady(void **state)
{
	struct flow_key k = key(here, 40010, far, 80), other = k;
	struct packet there = packet(k, ACK), back = there, syn;
	struct flowtab_event later = { .ts_ns = T + 1000,
				       .cookie = 2,
				       .netns = HOST,
				       .owner = &bob,
				       .attr = ATTR_SOCKET };

	(void)state;
	use(&alice, 1, k);
	assert_true(see(&there, SOURCE_OUT).steady);
	back.outer.key = flow_reversed(&k);
	assert_true(see(&back, SOURCE_IN).steady);
	/* It may be a packet socket's. */
	other.local_port++;
	there.outer.key = other;
	assert_false(see(&there, SOURCE_IN).steady);
	syn = packet(other, SYN);
	assert_false(see(&syn, SOURCE_OUT).steady);
	/* Another has these addresses from then on. */
	there.outer.key = k;
	flowtab_flow(w.flows, &later, &k);
	assert_ptr_equal(see(&there, SOURCE_OUT).src.owner, &alice);
	assert_false(see(&there, SOURCE_OUT).steady);
}

static void use_in(uint64_t netns, uint64_t cookie, struct flow_key k)
{
	struct flowtab_event e = { .ts_ns = T - 1000,
				   .cookie = cookie,
				   .netns = netns,
				   .owner = &bob,
				   .attr = ATTR_SOCKET };

	flowtab_flow(w.flows, &e, &k);
}

/* Two containers have the sender's address: that does not make it ours. */
static void who_reads_is_known_whoever_sends(void **state)
{
	struct flow_key k = key(here, 40012, far, 80);
	struct packet back = packet(flow_reversed(&k), ACK);
	struct verdict v;

	(void)state;
	use(&alice, 1, k);
	use_in(HOST + 1, 2, flow_reversed(&k));
	use_in(HOST + 2, 3, flow_reversed(&k));
	v = see(&back, SOURCE_IN);
	assert_int_equal(v.src.attr, ATTR_UNKNOWN);
	assert_int_equal(v.src.reason, REASON_AMBIGUOUS);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.direction, DIRECTION_LOCAL);
}

/* Both ends have a socket here, alice the one of @k; bob's packet comes in. */
static struct verdict see_of_both(struct flow_key k)
{
	struct packet back = packet(flow_reversed(&k), ACK);

	use(&alice, 1, k);
	use(&bob, 2, flow_reversed(&k));
	return see(&back, SOURCE_IN);
}

/* An address of ours that comes in is forged, and nobody's packet. */
static void own_addresses_do_not_come_in(void **state)
{
	static const uint8_t here_too[4] = { 127, 0, 0, 2 };
	struct verdict v = see_of_both(key(here, 40013, here_too, 80));

	(void)state;
	assert_null(v.src.owner);
	assert_null(v.dst.owner);
	assert_int_equal(v.direction, DIRECTION_IN);
}

/* Bob's transparent proxy has a socket with its client's address. */
static void a_proxy_is_not_its_client(void **state)
{
	struct flow_key k = key(here, 40014, far, 80);
	struct packet back = packet(flow_reversed(&k), ACK);
	struct verdict v = see_of_both(k);

	(void)state;
	assert_null(v.src.owner);
	assert_int_equal(v.src.attr, ATTR_NONE);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.direction, DIRECTION_IN);
	use_in(HOST + 1, 3, flow_reversed(&k));
	assert_ptr_equal(see(&back, SOURCE_IN).src.owner, &bob);
}

static void what_has_ended_is_not_steady(void **state)
{
	struct flow_key k = key(here, 40011, far, 80);
	struct packet there = packet(k, ACK);

	(void)state;
	use(&alice, 1, k);
	alice.exited_mono_ns = T + 1;
	assert_false(see(&there, SOURCE_OUT).steady);
	alice.exited_mono_ns = 0;
	assert_true(see(&there, SOURCE_OUT).steady);
	flowtab_close(w.flows, 1, T + 1);
	assert_ptr_equal(see(&there, SOURCE_OUT).src.owner, &alice);
	assert_false(see(&there, SOURCE_OUT).steady);
}

static void the_kernel_answers_for_a_closed_port(void **state)
{
	struct flow_key k = key(far, 40002, here, 81);
	struct packet syn = packet(k, SYN);
	struct packet rst = packet(flow_reversed(&k), RST | ACK);
	struct verdict v;

	(void)state;
	v = see(&syn, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NO_SOCKET);
	assert_false(settled); /* a late event may tell of a socket */
	v = see(&rst, SOURCE_OUT);
	expect_kernel(&v.src, REASON_RESET);
}

static void what_is_lost_is_not_claimed_to_be_nobodys(void **state)
{
	struct packet syn = packet(key(far, 40003, here, 82), SYN);
	struct verdict v;

	(void)state;
	resolver_doubt(w.resolver, REASON_LOST, T);
	v = see(&syn, SOURCE_IN);
	assert_int_equal(v.dst.attr, ATTR_UNKNOWN);
	assert_int_equal(v.dst.reason, REASON_LOST);
	resolver_doubt(w.resolver, REASON_LOST, T - 1);
	v = see(&syn, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NO_SOCKET);
}

static void expect_unknown(const struct verdict_end *end, uint8_t reason)
{
	assert_null(end->owner);
	assert_int_equal(end->attr, ATTR_UNKNOWN);
	assert_int_equal(end->reason, reason);
}

static struct proc *sender_of(const struct packet *p)
{
	return see(p, SOURCE_OUT).src.owner;
}

/* The events of a flow's next life may have been lost, or of the one before. */
static void a_flow_of_another_time_is_in_doubt(void **state)
{
	struct flow_key k = key(here, 40005, far, 53);
	struct flowtab_event later = { .ts_ns = T + 1000,
				       .cookie = 2,
				       .netns = HOST,
				       .owner = &bob,
				       .attr = ATTR_SOCKET };
	struct packet p;
	struct verdict v;

	(void)state;
	k.proto = IPPROTO_UDP;
	p = packet(k, 0);
	use(&alice, 1, k);
	resolver_doubt(w.resolver, REASON_LOST, T);
	assert_ptr_equal(sender_of(&p), &alice);
	alice.exited_mono_ns = T - 10;
	v = see(&p, SOURCE_OUT);
	alice.exited_mono_ns = 0;
	expect_unknown(&v.src, REASON_LOST);
	flowtab_close(w.flows, 1, T - 10);
	v = see(&p, SOURCE_OUT);
	expect_unknown(&v.src, REASON_LOST);
	resolver_doubt(w.resolver, REASON_LOST, T - 1);
	assert_ptr_equal(sender_of(&p), &alice);
	p.outer.key.local_port = k.local_port = 40006;
	flowtab_flow(w.flows, &later, &k);
	assert_ptr_equal(sender_of(&p), &bob);
	resolver_doubt(w.resolver, REASON_LOST, T);
	v = see(&p, SOURCE_OUT);
	expect_unknown(&v.src, REASON_LOST);
}

static void nothing_is_claimed_without_evidence(void **state)
{
	struct packet syn = packet(key(far, 40003, here, 82), SYN);
	struct flow_key k = key(here, 40004, far, 80);
	struct packet known = packet(k, ACK);
	struct verdict v;

	(void)state;
	use(&alice, 1, k);
	resolver_claim_nothing(w.resolver, REASON_NO_SOCKET);
	/* Another doubt has come and gone meanwhile. */
	resolver_doubt(w.resolver, REASON_LOST, T - 1);
	v = see(&syn, SOURCE_IN);
	expect_unknown(&v.dst, REASON_NO_SOCKET);
	v = see(&known, SOURCE_OUT);
	assert_ptr_equal(v.src.owner, &alice);
}

/* A firewall that asks its user holds what came in for seconds. */
static void what_may_be_delayed_is_nobodys_for_certain(void **state)
{
	struct packet syn = packet(key(far, 40003, here, 82), SYN);
	struct packet reset = packet(key(here, 82, far, 40003), RST);
	struct verdict v;

	(void)state;
	v = see(&syn, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NO_SOCKET);
	resolver_expect_delays(w.resolver, true);
	v = see(&syn, SOURCE_IN);
	expect_unknown(&v.dst, REASON_NO_SOCKET);
	v = see(&reset, SOURCE_OUT);
	expect_kernel(&v.src, REASON_RESET);
	resolver_expect_delays(w.resolver, false);
	v = see(&syn, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NO_SOCKET);
}

/* It was translated where nothing tracks that: by tc, or nftables' netdev. */
static void bytes_that_no_socket_sent_are_somebodys(void **state)
{
	struct packet out = packet(key(here, 81, far, 40013), ACK);
	struct packet in = packet(key(far, 40013, here, 81), ACK);
	struct flowtab_event tunnel = {
		.ts_ns = T - 1, .cookie = 2, .netns = HOST, .kernel = true
	};
	struct verdict v;

	(void)state;
	/* As of a connection that is gone. */
	v = see(&out, SOURCE_OUT);
	expect_kernel(&v.src, REASON_NO_SOCKET);
	v = see(&in, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NO_SOCKET);
	out.outer.tcp_payload = 10;
	v = see(&out, SOURCE_OUT);
	expect_unknown(&v.src, REASON_NO_SOCKET);
	/* So what comes in may have been for somebody, too. */
	v = see(&in, SOURCE_IN);
	expect_unknown(&v.dst, REASON_NO_SOCKET);
	out.outer.key.proto = IPPROTO_UDP;
	v = see(&out, SOURCE_OUT);
	expect_unknown(&v.src, REASON_NO_SOCKET);
	/* Whatever is in a tunnel: ARP is no packet of ours. */
	out.outer.key.remote_port = 4789;
	flowtab_bound(w.flows, &tunnel,
		      &(struct flow_key){ .proto = IPPROTO_UDP,
					  .local_port = 4789 });
	v = see(&out, SOURCE_OUT);
	expect_kernel(&v.src, REASON_NO_SOCKET);
	out.is_tunnel = true;
	v = see(&out, SOURCE_OUT);
	expect_kernel(&v.src, REASON_KERNEL_SOCKET);
}

/* Segment routing: the address is not the last one, or no device takes it. */
static void what_is_routed_on_is_nobodys_for_certain(void **state)
{
	struct packet in = packet(key(far, 0, here, 0), 0);
	struct verdict v;

	(void)state;
	in.outer.key.proto = IPPROTO_IPV6;
	v = see(&in, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NO_SOCKET);
	in.is_tunnel = true;
	v = see(&in, SOURCE_IN);
	expect_unknown(&v.dst, REASON_NO_SOCKET);
	in.is_tunnel = false;
	in.outer.source_routed = true;
	v = see(&in, SOURCE_IN);
	expect_unknown(&v.dst, REASON_NO_SOCKET);
}

/* "pktwho -s 34": whose ports they were nobody can tell. */
static void a_packet_without_its_ports_is_nobodys_for_certain(void **state)
{
	static const uint8_t group[4] = { 224, 0, 0, 251 };
	struct packet in = packet(key(far, 0, here, 0), 0);
	struct packet to_group = packet(key(far, 0, group, 0), 0);
	struct packet through = packet(key(far, 0, farther, 0), 0);
	struct verdict v;

	(void)state;
	in.outer.no_ports = true;
	to_group.outer.no_ports = through.outer.no_ports = true;
	v = see(&in, SOURCE_IN);
	expect_unknown(&v.dst, REASON_MALFORMED);
	v = see(&to_group, SOURCE_IN);
	expect_unknown(&v.dst, REASON_MALFORMED);
	v = see(&through, SOURCE_IN);
	assert_int_equal(v.src.attr, ATTR_FORWARDED);
}

static void of_an_unknown_time_nothing_is_claimed(void **state)
{
	struct flow_key k = key(here, 40005, here, 80);
	struct packet p = packet(k, ACK), out = packet(key(here, 1, far, 2), 0);
	struct verdict v;

	(void)state;
	use(&alice, 1, k);
	v = see(&p, SOURCE_LOOPBACK);
	assert_ptr_equal(v.src.owner, &alice);
	expect_kernel(&v.dst, REASON_NO_SOCKET);
	verdict_forget(&v);
	expect_unknown(&v.src, REASON_LOST);
	expect_unknown(&v.dst, REASON_LOST);
	v = see(&out, SOURCE_OUT);
	verdict_forget(&v);
	expect_unknown(&v.src, REASON_LOST);
	assert_int_equal(v.dst.attr, ATTR_NONE);
}

static void what_passes_through_is_nobodys(void **state)
{
	struct packet p = packet(key(far, 1, farther, 2), ACK);
	struct verdict v = see(&p, SOURCE_IN);

	(void)state;
	assert_int_equal(v.src.attr, ATTR_FORWARDED);
	assert_int_equal(v.dst.attr, ATTR_FORWARDED);
	assert_int_equal(v.direction, DIRECTION_FORWARDED);
}

static void the_wire_tells_which_end_is_here(void **state)
{
	struct packet arp = { .kind = PACKET_NOT_IP,
			      .ethertype = 0x0806,
			      .outer.key = { .proto = FLOW_FRAME,
					     .local_port = 0x0806 } };
	struct packet cut = { .kind = PACKET_MALFORMED };
	struct verdict v;

	(void)state;
	v = see(&arp, SOURCE_OUT);
	expect_kernel(&v.src, REASON_NOT_IP);
	assert_int_equal(v.dst.attr, ATTR_NONE);
	v = see(&arp, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NOT_IP);
	v = see(&cut, SOURCE_IN);
	assert_int_equal(v.dst.attr, ATTR_UNKNOWN);
	assert_int_equal(v.dst.reason, REASON_MALFORMED);
}

static void a_later_fragment_is_the_first_ones(void **state)
{
	struct flow_key k = key(here, 40004, far, 53);
	struct packet first, later;
	struct verdict v;

	(void)state;
	k.proto = IPPROTO_UDP;
	first = packet(k, 0);
	first.outer.fragment = first.outer.first_fragment = true;
	first.outer.fragment_id = 77;
	later = first;
	later.outer.first_fragment = false;
	later.outer.key.local_port = later.outer.key.remote_port = 0;
	v = see(&later, SOURCE_OUT);
	assert_int_equal(v.src.attr, ATTR_UNKNOWN);
	assert_int_equal(v.src.reason, REASON_FRAGMENT);

	use(&alice, 1, k);
	v = see(&first, SOURCE_OUT);
	assert_ptr_equal(v.src.owner, &alice);
	assert_int_equal(v.src.attr, ATTR_SOCKET);
	v = see(&later, SOURCE_OUT);
	assert_ptr_equal(v.src.owner, &alice);
	assert_int_equal(v.src.attr, ATTR_FLOW);
	later.outer.fragment_id = 78;
	v = see(&later, SOURCE_OUT);
	assert_null(v.src.owner);
}

static void an_error_is_for_who_sent_what_it_quotes(void **state)
{
	struct flow_key k = key(here, 40005, far, 33434);
	struct packet error = packet(key(farther, 0, here, 0), 0);
	struct flowtab_event tunnel = {
		.ts_ns = T - 1, .cookie = 2, .netns = HOST, .kernel = true
	};
	struct packettab_packet told = { .fingerprint = 77,
					 .mono_ns = T,
					 .netns = HOST,
					 .owner = &bob,
					 .attr = ATTR_SOCKET,
					 .sends = true };
	struct verdict v;

	(void)state;
	k.proto = IPPROTO_UDP;
	told.key = k;
	use(&alice, 1, k);
	error.outer.key.proto = IPPROTO_ICMP;
	error.is_error = true;
	error.inner.key = k;
	v = see(&error, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_FLOW);
	assert_int_equal(v.src.attr, ATTR_NONE);

	/* Of a socket that two send through it quotes which packet it was. */
	packettab_add(w.packets, &told);
	error.inner.fingerprint = told.fingerprint;
	v = see(&error, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &bob);
	error.inner.fingerprint++;
	v = see(&error, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);

	error.inner.key.local_port++;
	v = see(&error, SOURCE_IN);
	expect_unknown(&v.dst, REASON_NO_SOCKET);

	/* A tunnel's, from whatever port, and so nobody's. */
	tunnel.cookie = 3;
	flowtab_bound(w.flows, &tunnel,
		      &(struct flow_key){ .proto = IPPROTO_UDP,
					  .local_port = 33434 });
	v = see(&error, SOURCE_IN);
	expect_kernel(&v.dst, REASON_ICMP);
	tunnel.cookie = 2;
	flowtab_flow(w.flows, &tunnel, &error.inner.key);
	v = see(&error, SOURCE_IN);
	expect_kernel(&v.dst, REASON_KERNEL_SOCKET);
}

/* It comes later than what it is about was sent. */
static void an_error_may_be_about_what_another_sent(void **state)
{
	struct flow_key k = key(here, 40015, far, 33434);
	struct packet error = packet(key(farther, 0, here, 0), 0);
	struct flowtab_event taken = { .ts_ns = T - 500,
				       .cookie = 1,
				       .netns = HOST,
				       .owner = &bob,
				       .attr = ATTR_SOCKET };
	struct program before = { .from_mono_ns = T - 5000000000 };
	struct program now = { .older = &before, .from_mono_ns = T - 200 };
	struct proc carol = { .program = &now };
	struct verdict v;

	(void)state;
	k.proto = IPPROTO_UDP;
	use(&alice, 1, k);
	error.outer.key.proto = IPPROTO_ICMP;
	error.is_error = true;
	error.inner.key = k;
	flowtab_owner(w.flows, &taken);
	v = see(&error, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
	resolve(w.resolver, &error, T + 2000000000, SOURCE_IN, &v);
	assert_ptr_equal(v.dst.owner, &bob);

	k.local_port++;
	use(&carol, 2, k);
	error.inner.key = k;
	v = see(&error, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
}

/* Who answers is told by the address that was asked, the reader by its own. */
static void a_translated_packet_is_its_readers(void **state)
{
	static const uint8_t container[4] = { 10, 5, 0, 1 };
	struct flow_key asked = key(far, 40006, here, 5000);
	struct flow_key own = key(container, 80, far, 40006);
	struct packet in = packet(asked, ACK);
	struct verdict v;

	(void)state;
	nat_add(w.nat, &asked, &own, true);
	use(&alice, 1, flow_reversed(&asked));
	use(&bob, 1, own);
	v = see(&in, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &bob);
	assert_int_equal(v.dst.attr, ATTR_FLOW);
	assert_false(v.steady);
}

/* Two servers have the addresses in turn, or in two zones of conntrack. */
static void of_two_translations_none_is_named(void **state)
{
	static const uint8_t container[4] = { 10, 5, 0, 1 };
	struct flow_key asked = key(far, 40006, here, 5000);
	struct flow_key one = key(container, 80, far, 40006);
	struct flow_key other = key(container, 81, far, 40006);
	struct packet in = packet(asked, ACK),
		      out = packet(flow_reversed(&one), ACK);
	struct verdict v;

	(void)state;
	nat_add(w.nat, &asked, &one, true);
	nat_add(w.nat, &asked, &other, true);
	use(&alice, 1, one);
	use(&bob, 2, other);
	v = see(&in, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
	v = see(&out, SOURCE_OUT);
	assert_ptr_equal(v.dst.owner, &alice);
}

/* Not told yet of the inner packet: unknown, but no longer the tunnel's. */
static void a_packet_in_a_tunnel_is_told_by_itself(void **state)
{
	struct flow_key outer = key(here, 40007, here, 4789);
	struct flow_key inner = key(far, 40008, farther, 80);
	struct packettab_packet told = {
		.key = flow_reversed(&inner),
		.fingerprint = 77,
		.mono_ns = T,
		.netns = HOST,
		.owner = &bob,
		.attr = ATTR_SOCKET,
	};
	struct packet p = packet(outer, 0);
	struct verdict v;

	(void)state;
	use(&alice, 1, flow_reversed(&inner));
	packettab_add(w.packets, &told);
	p.outer.key.proto = IPPROTO_UDP;
	p.is_tunnel = true;
	p.inner.key = inner;
	p.inner.tcp_payload = 5;
	p.inner.fingerprint = 77;
	v = see(&p, SOURCE_LOOPBACK);
	assert_ptr_equal(v.dst.owner, &bob);
	assert_int_equal(v.dst.attr, ATTR_FLOW);
	p.inner.fingerprint = 78;
	v = see(&p, SOURCE_LOOPBACK);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
	assert_false(settled);
	/* What carries no bytes nobody reads. */
	p.inner.tcp_payload = 0;
	v = see(&p, SOURCE_LOOPBACK);
	assert_ptr_equal(v.dst.owner, &alice);
}

static void a_fragment_in_a_tunnel_follows_the_first(void **state)
{
	struct flow_key outer = key(here, 40007, here, 4789);
	struct flow_key inner = key(far, 40008, farther, 80);
	struct packet p = packet(outer, 0);
	struct verdict v;

	(void)state;
	inner.proto = p.outer.key.proto = IPPROTO_UDP;
	use(&alice, 1, inner);
	use(&bob, 2, flow_reversed(&inner));
	p.is_tunnel = true;
	p.inner = (struct packet_traits){ .key = inner,
					  .fragment = true,
					  .fragment_id = 5 };
	p.inner.key.local_port = p.inner.key.remote_port = 0;
	v = see(&p, SOURCE_LOOPBACK);
	expect_unknown(&v.src, REASON_FRAGMENT);
	expect_unknown(&v.dst, REASON_FRAGMENT);
	p.inner.key = inner;
	p.inner.first_fragment = true;
	see(&p, SOURCE_LOOPBACK);
	p.inner.key.local_port = p.inner.key.remote_port = 0;
	p.inner.first_fragment = false;
	v = see(&p, SOURCE_LOOPBACK);
	assert_ptr_equal(v.src.owner, &alice);
	assert_ptr_equal(v.dst.owner, &bob);
	assert_int_equal(v.src.attr, ATTR_FLOW);
}

static uint8_t tables[2][PROBE_ARRIVALS];

/* No socket has got anything until a test marks it. */
static void watch_arrivals(void)
{
	static uint32_t now;
	static const struct arrivals a = { .tables = { tables[0], tables[1] },
					   .now = &now };

	memset(tables, 0, sizeof(tables));
	resolver_watch_arrivals(w.resolver, &a);
}

/* Its own FIN has left: TIME_WAIT, of which no hook tells, may have it. */
static void what_an_ended_connection_got_is_in_doubt(void **state)
{
	struct flow_key k = key(here, 40010, far, 80);
	struct packet fin = packet(k, FIN | ACK);
	struct packet theirs = packet(flow_reversed(&k), FIN | ACK);
	struct verdict v;

	(void)state;
	fin.outer.arrival = theirs.outer.arrival = 0x1234567800000001;
	use(&alice, 1, k);
	watch_arrivals();
	/* Who writes our address is not us. */
	see(&fin, SOURCE_IN);
	v = see(&theirs, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NOT_DELIVERED);
	see(&fin, SOURCE_OUT);
	v = see(&theirs, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
	flowtab_close(w.flows, 1, T);
	v = see(&theirs, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_KERNEL);
	assert_int_equal(v.dst.reason, REASON_TIME_WAIT);
}

/* The firewall drops it, or its checksum is wrong. */
static void what_no_socket_got_has_no_reader(void **state)
{
	struct flow_key k = key(far, 40009, here, 53);
	struct packet p = packet(k, 0);
	struct verdict v;

	(void)state;
	p.outer.key.proto = k.proto = IPPROTO_UDP;
	p.outer.arrival = 0x1234567800000001;
	use(&alice, 1, flow_reversed(&k));
	watch_arrivals();
	v = see(&p, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NOT_DELIVERED);
	assert_false(resolver_holds(w.resolver, &p, T, SOURCE_IN,
				    &(struct verdict){ .dst.owner = &alice }));

	/* So is a segment, also one without bytes. */
	p.outer.key.proto = k.proto = IPPROTO_TCP;
	use(&alice, 2, flow_reversed(&k));
	v = see(&p, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NOT_DELIVERED);
	p.outer.key.proto = k.proto = IPPROTO_UDP;

	/* By a port that nobody tells was rewritten. */
	tables[1][arrival_place(p.outer.arrival)] = 1;
	v = see(&p, SOURCE_IN);
	expect_unknown(&v.dst, REASON_NO_SOCKET);

	tables[1][arrival_port_place(p.outer.arrival, 53)] = 1;
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);

	/* Over loopback it may be on its way for longer. */
	memset(tables, 0, sizeof(tables));
	resolver_told_until(w.resolver, T + 10000000);
	v = see(&p, SOURCE_IN);
	expect_kernel(&v.dst, REASON_NOT_DELIVERED);
	assert_true(settled);
	v = see(&p, SOURCE_LOOPBACK);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_false(settled);
	resolver_told_until(w.resolver, T + 45000000);
	v = see(&p, SOURCE_LOOPBACK);
	expect_kernel(&v.dst, REASON_NOT_DELIVERED);

	/* What leaves comes to its socket later; so may what a queue holds. */
	v = see(&p, SOURCE_OUT);
	assert_ptr_equal(v.dst.owner, &alice);
	resolver_expect_delays(w.resolver, true);
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);
}

/* Who reads now need not be who has read it. */
static void what_comes_again_has_been_read_before(void **state)
{
	struct flow_key k = key(far, 40012, here, 80);
	struct packet p = packet(k, ACK);
	const struct flowtab_event taken = {
		.ts_ns = T - 10,
		.cookie = 1,
		.netns = HOST,
		.owner = &bob,
		.attr = ATTR_SOCKET,
	};
	uint8_t *own, *port;
	struct verdict v;

	(void)state;
	p.outer.tcp_payload = 5;
	p.outer.arrival = 0x1234567800000001;
	use(&alice, 1, flow_reversed(&k));
	watch_arrivals();
	own = &tables[0][arrival_place(p.outer.arrival)];
	port = &tables[0][arrival_port_place(p.outer.arrival, 80)];
	*own = *port = PROBE_ARRIVED | PROBE_AGAIN;
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_SOCKET);
	assert_false(v.steady);
	assert_false(resolver_holds(w.resolver, &p, T, SOURCE_IN, &v));

	flowtab_owner(w.flows, &taken);
	v = see(&p, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
	*own = *port = PROBE_ARRIVED;
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &bob);
}

static struct probe_progress progress[PROBE_PROGRESS];
static uint64_t forked_ns[PROBE_FORKERS];

/* A datagram to alice's socket 1, which was read as long before. */
static struct packet unread_datagram(uint64_t before_ns)
{
	static const struct unread u = { progress, forked_ns };
	struct flow_key k = key(far, 40011, here, 53);

	k.proto = IPPROTO_UDP;
	use(&alice, 1, flow_reversed(&k));
	memset(forked_ns, 0, sizeof(forked_ns));
	progress[1] = (struct probe_progress){ .cookie = 1,
					       .until = T - before_ns,
					       .held_ns = T - before_ns };
	resolver_watch_reads(w.resolver, &u);
	return packet(k, 0);
}

static void a_datagram_waits_until_it_is_read(void **state)
{
	struct packet p = unread_datagram(5);
	struct verdict v = see(&p, SOURCE_IN);

	(void)state;
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_HOLDER);
	assert_int_equal(v.unread, 1);
	assert_false(v.steady);
	assert_false(settled);
	/* What SCTP acknowledges nobody reads. */
	p.outer.key.proto = IPPROTO_SCTP;
	use(&alice, 1, flow_reversed(&p.outer.key));
	see(&p, SOURCE_IN);
	assert_true(settled);
	p.outer.key.proto = IPPROTO_UDP;
	progress[1].until = T;
	v = see(&p, SOURCE_IN);
	assert_int_equal(v.dst.attr, ATTR_SOCKET);
	assert_int_equal(v.unread, 0);
	assert_true(v.steady);
	assert_true(settled);
	/* What holds for this one does for the next once that is read. */
	assert_true(resolver_holds(w.resolver, &p, T, SOURCE_IN, &v));
	assert_false(resolver_holds(w.resolver, &p, T + 1, SOURCE_IN, &v));
}

static void who_reads_what_waited_is_waited_for(void **state)
{
	struct packet p = unread_datagram(0);
	const struct flowtab_event taken = {
		.ts_ns = T + 20,
		.cookie = 1,
		.netns = HOST,
		.owner = &bob,
		.attr = ATTR_SOCKET,
		.read_ns = T - 5,
		.emptied_ns = T - 5,
	};
	struct verdict v;

	(void)state;
	progress[1].until = progress[1].taken_ns = T + 20;
	resolver_told_until(w.resolver, T + 10);
	v = see(&p, SOURCE_OUT);
	assert_false(settled);
	/* If there is no more time: not who had it before. */
	assert_int_equal(v.dst.attr, ATTR_UNKNOWN);
	assert_int_equal(v.dst.reason, REASON_AMBIGUOUS);
	assert_int_equal(v.unread, 1);
	flowtab_owner(w.flows, &taken);
	resolver_told_until(w.resolver, T + 3000000);
	v = see(&p, SOURCE_OUT);
	assert_ptr_equal(v.dst.owner, &bob);
	assert_int_equal(v.dst.attr, ATTR_SOCKET);
	assert_true(settled);
}

/* The read before it ended between its capture and its coming to the socket. */
static void what_came_just_after_a_read_waits(void **state)
{
	const uint64_t read_ns = (T + 1000) & ~(uint64_t)PROBE_READS_MASK;
	struct packet p = unread_datagram(0);
	const struct flowtab_event taken = {
		.ts_ns = T + 20000,
		.cookie = 1,
		.netns = HOST,
		.owner = &alice,
		.attr = ATTR_SOCKET,
		.read_ns = read_ns,
		.emptied_ns = read_ns,
		.read_before = 5,
		.renamed = true,
	};
	struct verdict v;

	(void)state;
	p.outer.arrival = 0x1234567800000001;
	watch_arrivals();
	tables[0][arrival_place(p.outer.arrival)] = PROBE_ARRIVED | 5;
	progress[1].until = read_ns | 5;
	v = see(&p, SOURCE_OUT);
	assert_int_equal(v.dst.attr, ATTR_HOLDER);
	assert_false(settled);
	progress[1].until++;
	v = see(&p, SOURCE_OUT);
	assert_int_equal(v.dst.attr, ATTR_SOCKET);
	assert_true(settled);
	flowtab_owner(w.flows, &taken);
	v = see(&p, SOURCE_OUT);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
	/* It is what that read took. */
	tables[0][arrival_place(p.outer.arrival)] = PROBE_ARRIVED | 4;
	v = see(&p, SOURCE_OUT);
	assert_ptr_equal(v.dst.owner, &alice);
}

static void a_segment_waits_until_it_is_read(void **state)
{
	struct packet p = unread_datagram(0);
	const struct flowtab_event taken = {
		.ts_ns = T + 20,
		.cookie = 2,
		.netns = HOST,
		.owner = &bob,
		.attr = ATTR_SOCKET,
		.reads = true,
		.sequence = 1005,
	};
	struct verdict v;

	(void)state;
	p.outer.key.proto = IPPROTO_TCP;
	p.outer.tcp_seq = 1000;
	p.outer.tcp_payload = 5;
	use(&alice, 2, flow_reversed(&p.outer.key));
	progress[2] = (struct probe_progress){ .cookie = 2,
					       .until = PROBE_SEQUENCE | 1004,
					       .held_ns = T };
	v = see(&p, SOURCE_IN);
	assert_int_equal(v.dst.attr, ATTR_HOLDER);
	assert_false(settled);
	progress[2].until++;
	v = see(&p, SOURCE_IN);
	assert_int_equal(v.dst.attr, ATTR_SOCKET);
	assert_true(v.steady);
	assert_true(resolver_holds(w.resolver, &p, T, SOURCE_IN, &v));
	p.outer.tcp_seq += 5;
	assert_false(resolver_holds(w.resolver, &p, T, SOURCE_IN, &v));
	/* Nobody reads what has no bytes. */
	p.outer.tcp_payload = 0;
	v = see(&p, SOURCE_IN);
	assert_true(settled);
	p.outer.tcp_payload = 5;
	/* The next goes on where the last has stopped. */
	flowtab_owner(w.flows, &taken);
	progress[2].until = PROBE_SEQUENCE | 1010;
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &bob);
	p.outer.tcp_seq -= 5;
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);
}

static void what_is_unread_at_a_fork_may_be_the_childs(void **state)
{
	struct packet p = unread_datagram(5);
	struct verdict v;

	(void)state;
	forked_ns[alice.pid % PROBE_FORKERS] = T + 1;
	v = see(&p, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
	assert_false(settled);
}

/* It accepted the connection, but nobody has read what came before. */
static void an_acceptors_child_may_read(void **state)
{
	static const struct unread u = { progress, forked_ns };
	struct flow_key k = key(far, 40012, here, 80);
	struct flowtab_event e = { .ts_ns = T - 1,
				   .cookie = 3,
				   .netns = HOST,
				   .owner = &bob,
				   .attr = ATTR_LISTENER };
	struct packettab_packet told = {
		.key = flow_reversed(&k),
		.fingerprint = 77,
		.mono_ns = T,
		.netns = HOST,
		.owner = &bob,
		.attr = ATTR_LISTENER,
		.alone = true,
		.pending = true,
		.cookie = 3,
		.position = 1,
	};
	struct packet p = packet(k, 0);
	struct verdict v;

	(void)state;
	p.outer.tcp_payload = 5;
	p.outer.fingerprint = 77;
	flowtab_flow(w.flows, &e, &told.key);
	e = (struct flowtab_event){ .ts_ns = T + 10,
				    .cookie = 3,
				    .netns = HOST,
				    .owner = &alice,
				    .attr = ATTR_SOCKET };
	flowtab_owner(w.flows, &e);
	packettab_add(w.packets, &told);
	memset(forked_ns, 0, sizeof(forked_ns));
	resolver_watch_reads(w.resolver, &u);
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_ACCEPTED);
	forked_ns[alice.pid % PROBE_FORKERS] = T + 5;
	v = see(&p, SOURCE_IN);
	assert_int_equal(v.dst.attr, ATTR_ACCEPTED);
	forked_ns[alice.pid % PROBE_FORKERS] = T + 20;
	v = see(&p, SOURCE_IN);
	expect_unknown(&v.dst, REASON_AMBIGUOUS);
}

static void nobody_reads_from_a_closed_socket(void **state)
{
	struct packet p = unread_datagram(5);
	struct verdict v;

	(void)state;
	flowtab_close(w.flows, 1, T + 1);
	v = see(&p, SOURCE_IN);
	assert_ptr_equal(v.dst.owner, &alice);
	assert_int_equal(v.dst.attr, ATTR_HOLDER);
	assert_true(settled);
}

static void what_a_queue_holds_may_be_of_who_it_was(void **state)
{
	struct flow_key k = key(here, 40010, far, 53);
	struct program before = { .from_mono_ns = T - 5000000000 };
	struct program now = { .older = &before, .from_mono_ns = T - 500 };
	struct proc carol = { .program = &now };
	struct packet p;
	struct verdict v;

	(void)state;
	k.proto = IPPROTO_UDP;
	p = packet(k, 0);
	use(&carol, 1, k);
	v = see(&p, SOURCE_OUT);
	assert_ptr_equal(v.src.owner, &carol);
	resolver_expect_delays(w.resolver, true);
	v = see(&p, SOURCE_OUT);
	expect_unknown(&v.src, REASON_AMBIGUOUS);
	now.from_mono_ns = T - 1000; /* since when it has the socket */
	v = see(&p, SOURCE_OUT);
	assert_ptr_equal(v.src.owner, &carol);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(both_ends_of_a_local_flow_are_named),
		world_test(who_had_a_port_for_an_instant_sent_its_packet),
		world_test(a_fragment_in_a_tunnel_follows_the_first),
		world_test(a_datagram_waits_until_it_is_read),
		world_test(what_came_just_after_a_read_waits),
		world_test(a_segment_waits_until_it_is_read),
		world_test(who_reads_what_waited_is_waited_for),
		world_test(what_is_unread_at_a_fork_may_be_the_childs),
		world_test(nobody_reads_from_a_closed_socket),
		world_test(an_acceptors_child_may_read),
		world_test(what_a_queue_holds_may_be_of_who_it_was),
		world_test(what_an_ended_connection_got_is_in_doubt),
		world_test(what_no_socket_got_has_no_reader),
		world_test(what_comes_again_has_been_read_before),
		world_test(who_had_a_socket_sends_as_another_begins_to),
		world_test(who_listens_in_does_not_read_a_connection),
		world_test(a_packet_socket_reads_what_no_other_does),
		world_test(an_end_elsewhere_has_no_owner),
		world_test(an_open_flow_of_one_owner_is_steady),
		world_test(what_has_ended_is_not_steady),
		world_test(who_reads_is_known_whoever_sends),
		world_test(own_addresses_do_not_come_in),
		world_test(a_proxy_is_not_its_client),
		world_test(the_kernel_answers_for_a_closed_port),
		world_test(what_is_lost_is_not_claimed_to_be_nobodys),
		world_test(a_flow_of_another_time_is_in_doubt),
		world_test(nothing_is_claimed_without_evidence),
		world_test(the_unspecified_address_is_not_ours),
		world_test(what_is_routed_on_is_nobodys_for_certain),
		world_test(bytes_that_no_socket_sent_are_somebodys),
		world_test(what_may_be_delayed_is_nobodys_for_certain),
		world_test(a_packet_without_its_ports_is_nobodys_for_certain),
		world_test(of_an_unknown_time_nothing_is_claimed),
		world_test(what_passes_through_is_nobodys),
		world_test(the_wire_tells_which_end_is_here),
		world_test(a_later_fragment_is_the_first_ones),
		world_test(an_error_is_for_who_sent_what_it_quotes),
		world_test(an_error_may_be_about_what_another_sent),
		world_test(a_translated_packet_is_its_readers),
		world_test(of_two_translations_none_is_named),
		world_test(a_packet_in_a_tunnel_is_told_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
