/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <time.h>

#include "exact.h"
#include "owner/owned_packet.h"
#include "record.h"
#include "view/lines/packet_line.h"

static struct proc curl_proc = { .pid = 4535 }, nginx_proc = { .pid = 12 };
static struct program curl = { .proc = &curl_proc, .name = "curl" };
static struct program nginx = { .proc = &nginx_proc, .name = "ngi\nnx" };
static struct frame frame;
static struct verdict verdict;
static struct owned_packet packet = { .frame = &frame, .verdict = &verdict };

static int utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

static void begin_tcp(void)
{
	struct flow_key *k = &frame.packet.outer.key;

	memset(&frame, 0, sizeof(frame));
	memset(&verdict, 0, sizeof(verdict));
	packet.src = packet.dst = NULL;
	frame.ts_ns = 3661000002000;
	frame.len = 74;
	frame.packet.kind = PACKET_IP;
	frame.packet.outer.tcp_flags = PACKET_TCP_SYN;
	frame.packet.outer.tcp_seq = 7;
	k->proto = 6;
	address_from_ipv4(k->local, (const uint8_t[]){ 192, 0, 2, 1 });
	address_from_ipv4(k->remote, (const uint8_t[]){ 192, 0, 2, 2 });
	k->local_port = 52728;
	k->remote_port = 80;
}

static void expect(const char *begin, const char *rest)
{
	char out[PACKET_LINE_MAX];

	assert_int_equal(packet_line_begin(&packet, out), strlen(begin));
	assert_string_equal(out, begin);
	assert_int_equal(packet_line_rest(&packet, out), strlen(rest));
	assert_string_equal(out, rest);
}

static void both_ends_are_named(void **state)
{
	(void)state;
	begin_tcp();
	packet.src = &curl;
	packet.dst = &nginx;
	verdict.src.attr = verdict.dst.attr = ATTR_SOCKET;
	expect("curl[4535] > ngi?nx[12]       01:01:01.000002 "
	       "IP 192.0.2.1.52728 > 192.0.2.2.80: ",
	       "Flags [S], seq 7, ack 0, length 0");
}

static void who_is_elsewhere_has_no_name(void **state)
{
	(void)state;
	begin_tcp();
	packet.dst = &curl;
	verdict.dst.attr = ATTR_SOCKET;
	frame.packet.outer.key.proto = 17;
	expect("> curl[4535]                  01:01:01.000002 "
	       "IP 192.0.2.1.52728 > 192.0.2.2.80: ",
	       "UDP, length 74");
	begin_tcp();
	verdict.src.attr = ATTR_KERNEL;
	verdict.src.reason = REASON_RESET;
	frame.packet.outer.tcp_flags = 0x14;
	expect("(kernel: reset) >             01:01:01.000002 "
	       "IP 192.0.2.1.52728 > 192.0.2.2.80: ",
	       "Flags [R.], seq 7, ack 0, length 0");
}

static void what_is_no_ip_has_no_addresses(void **state)
{
	(void)state;
	begin_tcp();
	frame.packet.kind = PACKET_NOT_IP;
	frame.packet.outer.key = (struct flow_key){ .proto = FLOW_FRAME,
						    .local_port = 0x806 };
	expect(">                             01:01:01.000002 ",
	       "ARP, length 74");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_are_named),
		cmocka_unit_test(who_is_elsewhere_has_no_name),
		cmocka_unit_test(what_is_no_ip_has_no_addresses),
	};

	return cmocka_run_group_tests(tests, utc, NULL);
}
