/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a captured frame to the flow it belongs to.  Pure: no allocation, no
 * state, and any bytes are safe.
 */
#ifndef PKTWHO_PACKET_PARSE_H
#define PKTWHO_PACKET_PARSE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/flow_key.h"

/* LINKTYPE_ numbers of the files (https://www.tcpdump.org/linktypes.html). */
enum linktype {
	LINKTYPE_NULL = 0,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101,
	LINKTYPE_LOOP = 108,
	LINKTYPE_LINUX_SLL = 113,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_LINUX_SLL2 = 276,
};

enum packet_kind {
	PACKET_IP,
	PACKET_NOT_IP,	  /* ARP, LLDP, a link type we cannot read */
	PACKET_MALFORMED, /* cut short before the addresses, or nonsense */
};

/* TCP flags of RFC 9293, section 3.1, as they stand in the header. */
#define PACKET_TCP_FIN 0x01
#define PACKET_TCP_SYN 0x02
#define PACKET_TCP_RST 0x04

/* What the headers of one packet say, and what tells it from others. */
struct packet_traits {
	struct flow_key key;  /* as its sender sees it: local is the source */
	uint64_t fingerprint; /* flow_fingerprint(); 0: too little is there */
	uint64_t arrival;     /* flow_arrival(), of a first fragment that of the
				   datagram; 0: it is not plain, or cut */
	uint32_t fragment_id; /* if fragment */
	uint32_t tcp_seq;
	uint32_t tcp_ack;
	uint32_t tcp_payload; /* bytes, also those that were not captured */
	uint8_t tcp_flags;
	bool fragment;	     /* part of a datagram; see first_fragment */
	bool first_fragment; /* ... the part that has the ports */
	bool no_ports;	     /* cut before them, or behind too many headers */
	bool source_routed;  /* its sender says which way it shall take */
};

struct packet {
	struct packet_traits outer;
	struct packet_traits inner; /* if is_error or is_tunnel */
	uint32_t above_ip;   /* captured bytes behind the outer IP header */
	uint16_t ethertype;  /* host order; 0 where the link has none */
	uint8_t kind;	     /* enum packet_kind, of the outer packet */
	bool is_error;	     /* ICMP, about the packet it quotes */
	bool is_tunnel;	     /* IPIP, 6in4, GRE, VXLAN, Geneve around one */
	bool wrong_checksum; /* no socket gets it; false if nobody looked */
};

void parse_packet(struct packet *p, uint32_t linktype, const uint8_t *data,
		  size_t caplen);

/*
 * The kernel's number of the device that a packet of `any` came by, as its
 * cooked header has it; 0: it has none.
 */
unsigned parse_device(uint32_t linktype, const uint8_t *data, size_t caplen);

/*
 * Sets @p->wrong_checksum of a parsed UDP datagram that is there as a whole: the
 * kernel looks at one of over 68 bytes only when it is read.
 */
void parse_checksum(struct packet *p, const uint8_t *data, size_t caplen);

#endif
