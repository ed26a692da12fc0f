/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headers from what the kernel keeps beside a packet. */
#include "exact.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>

#include "interface/link_header.h"
#include "packet/raw_packet.h"

#define ROOM 32

static uint8_t memory[ROOM + 256];
static struct source_packet packet;

/* Completes these bytes, which have a tag unless it is 0, as sent by us. */
static void complete(enum link_header header, const void *bytes, uint32_t len,
		     uint16_t tag, uint16_t tag_type)
{
	struct tpacket3_hdr h = { .hv1.tp_vlan_tci = tag,
				  .hv1.tp_vlan_tpid = tag_type };
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = 3,
		.sll_pkttype = PACKET_OUTGOING,
		.sll_hatype = ARPHRD_ETHER,
		.sll_halen = 6,
		.sll_addr = { 1, 2, 3, 4, 5, 6 },
	};

	assert_true(link_header_room(header) <= ROOM);
	if (tag)
		h.tp_status |= TP_STATUS_VLAN_VALID;
	if (tag_type)
		h.tp_status |= TP_STATUS_VLAN_TPID_VALID;
	memcpy(memory + ROOM, bytes, len);
	packet = (struct source_packet){
		.data = memory + ROOM,
		.caplen = len,
		.len = len + 100,
	};
	link_header_complete(&packet, header, &h, &ll);
	assert_true(packet.data >= memory + ROOM - link_header_room(header));
	assert_int_equal(packet.len, packet.caplen + 100);
}

static const uint8_t frame[20] = { 1, 1, 1, 1, 1,    1,	  2,   2,   2,	 2,
				   2, 2, 8, 0, 0x45, 'a', 'b', 'c', 'd', 'e' };

static void a_devices_own_header_stays(void **state)
{
	(void)state;
	complete(LINK_HEADER_OF_DEVICE, frame, sizeof(frame), 7, 0);
	assert_int_equal(packet.caplen, sizeof(frame));
	assert_memory_equal(packet.data, frame, sizeof(frame));
	assert_false(link_header_is_cooked(LINK_HEADER_OF_DEVICE));
	assert_false(link_header_is_cooked(LINK_HEADER_ETHERNET));
	assert_true(link_header_is_cooked(LINK_HEADER_SLL));
	assert_true(link_header_is_cooked(LINK_HEADER_SLL2));
}

static void a_tag_goes_back_behind_the_addresses(void **state)
{
	static const uint8_t dot1q[4] = { 0x81, 0, 0x60, 7 };
	static const uint8_t dot1ad[4] = { 0x88, 0xa8, 0, 7 };

	(void)state;
	complete(LINK_HEADER_ETHERNET, frame, sizeof(frame), 0x6007, 0);
	assert_int_equal(packet.caplen, 24);
	assert_memory_equal(packet.data, frame, 12);
	assert_memory_equal(packet.data + 12, dot1q, 4);
	assert_memory_equal(packet.data + 16, frame + 12, 8);
	complete(LINK_HEADER_ETHERNET, frame, sizeof(frame), 7, ETH_P_8021AD);
	assert_memory_equal(packet.data + 12, dot1ad, 4);
}

/* A packet that is cut within its addresses has no place for a tag. */
static void a_short_packet_gets_no_tag(void **state)
{
	(void)state;
	complete(LINK_HEADER_ETHERNET, frame, 11, 7, 0);
	assert_int_equal(packet.caplen, 11);
}

static void the_cooked_headers_are_made_here(void **state)
{
	static const uint8_t sll[16] = { 0, 4, 0, 1, 0, 6, 1, 2,
					 3, 4, 5, 6, 0, 0, 8, 0 };
	static const uint8_t sll2[20] = { 8, 0, 0, 0, 0, 0, 0, 3, 0, 1,
					  4, 6, 1, 2, 3, 4, 5, 6, 0, 0 };

	(void)state;
	complete(LINK_HEADER_SLL, frame, sizeof(frame), 0, 0);
	assert_int_equal(packet.caplen, 36);
	assert_memory_equal(packet.data, sll, sizeof(sll));
	assert_memory_equal(packet.data + 16, frame, sizeof(frame));
	complete(LINK_HEADER_SLL, frame, sizeof(frame), 7, 0);
	assert_int_equal(packet.caplen, 40);
	assert_memory_equal(packet.data + 14, "\x81\0\0\x07\x08\0", 6);
	complete(LINK_HEADER_SLL2, frame, sizeof(frame), 0, 0);
	assert_int_equal(packet.caplen, 40);
	assert_memory_equal(packet.data, sll2, sizeof(sll2));
}

/* 40 bytes of IPv4, behind tags or not. */
static void cooked(const char *tags, uint32_t len, uint16_t tag, uint16_t type)
{
	uint8_t bytes[64] = { 0 };

	memcpy(bytes, tags, len);
	memcpy(bytes + len, "\x45\0\0\x28", 4);
	complete(LINK_HEADER_SLL2, bytes, len + 40, tag, type);
}

static void assert_tags(uint16_t protocol, const char *tags, uint32_t len)
{
	assert_int_equal(packet.data[0] << 8 | packet.data[1], protocol);
	assert_int_equal(packet.caplen, 20 + len + 40);
	assert_memory_equal(packet.data + 20, tags, len);
	assert_memory_equal(packet.data + 20 + len, "\x45\0\0\x28", 4);
}

/* On `any` the kernel names the innermost protocol, whatever is before it. */
static void all_tags_are_in_a_cooked_packet(void **state)
{
	static const char two[] = "\0\x05\x81\0\0\x07\x08\0";
	static const char same[] = "\0\x05\x81\0\0\x05\x08\0";

	(void)state;
	cooked("", 0, 0, 0);
	assert_tags(ETH_P_IP, "", 0);
	cooked("", 0, 5, ETH_P_8021Q);
	assert_tags(ETH_P_8021Q, "\0\x05\x08\0", 4);
	cooked("\0\x05\x08\0", 4, 5, ETH_P_8021Q);
	assert_tags(ETH_P_8021Q, "\0\x05\x08\0", 4);
	/* The outer one beside it, the inner one in it. */
	cooked("\0\x07\x08\0", 4, 5, ETH_P_8021AD);
	assert_tags(ETH_P_8021AD, two, 8);
	cooked("\0\x05\x08\0", 4, 5, ETH_P_8021AD);
	assert_tags(ETH_P_8021AD, same, 8);
	cooked(two, 8, 5, ETH_P_8021AD);
	assert_tags(ETH_P_8021AD, two, 8);
	cooked(same, 8, 5, ETH_P_8021AD);
	assert_tags(ETH_P_8021AD, same, 8);
	/* This priority looks like the version of IP. */
	cooked("\x45\x05\x08\0", 4, 0x4505, ETH_P_8021Q);
	assert_tags(ETH_P_8021Q, "\x45\x05\x08\0", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_devices_own_header_stays),
		cmocka_unit_test(a_tag_goes_back_behind_the_addresses),
		cmocka_unit_test(a_short_packet_gets_no_tag),
		cmocka_unit_test(the_cooked_headers_are_made_here),
		cmocka_unit_test(all_tags_are_in_a_cooked_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
