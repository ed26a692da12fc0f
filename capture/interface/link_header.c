/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface/link_header.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>

#include "bytes.h"
#include "packet/raw_packet.h"

#define VLAN_TAG      4
#define ETHERNET_VLAN 12 /* where a tag stands in the header */
#define SLL_BYTES     16
#define SLL2_BYTES    20
#define COOKED_ROOM   32 /* for the longer one and a tag */

static void put16(uint8_t *out, uint16_t v)
{
	v = htons(v);
	memcpy(out, &v, sizeof(v));
}

/* @protocol: in host byte order; the kernel's may be that of a tag's content. */
static void put_sll(uint8_t *out, const struct sockaddr_ll *ll,
		    uint16_t protocol)
{
	put16(out, ll->sll_pkttype);
	put16(out + 2, ll->sll_hatype);
	put16(out + 4, ll->sll_halen);
	memcpy(out + 6, ll->sll_addr, 8);
	put16(out + 14, protocol);
}

static void put_sll2(uint8_t *out, const struct sockaddr_ll *ll,
		     uint16_t protocol)
{
	uint32_t ifindex = htonl((uint32_t)ll->sll_ifindex);

	put16(out, protocol);
	put16(out + 2, 0);
	memcpy(out + 4, &ifindex, 4);
	put16(out + 8, ll->sll_hatype);
	out[10] = ll->sll_pkttype;
	out[11] = ll->sll_halen;
	memcpy(out + 12, ll->sll_addr, 8);
}

static void prepend(struct source_packet *p, uint32_t bytes)
{
	p->data -= bytes;
	p->caplen += bytes;
	p->len += bytes;
}

static uint16_t tag_type(const struct tpacket3_hdr *h)
{
	return h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid :
							  ETH_P_8021Q;
}

/* The kernel keeps a tag beside its packet; here it goes where it was. */
static void put_tag_back(struct source_packet *p, const struct tpacket3_hdr *h)
{
	uint8_t *data;

	if (!(h->tp_status & TP_STATUS_VLAN_VALID) || p->caplen < ETHERNET_VLAN)
		return;
	prepend(p, VLAN_TAG);
	data = bytes_unconst(p->data);
	memmove(data, data + VLAN_TAG, ETHERNET_VLAN);
	put16(data + ETHERNET_VLAN, tag_type(h));
	put16(data + ETHERNET_VLAN + 2, (uint16_t)h->hv1.tp_vlan_tci);
}

static uint16_t be16_at(const struct source_packet *p, uint32_t at)
{
	return (uint16_t)(p->data[at] << 8 | p->data[at + 1]);
}

/* So long that its second two bytes are not another's by chance. */
static bool is_ipv4(const struct source_packet *p)
{
	return p->data[0] >> 4 == 4 && (p->data[0] & 0xf) >= 5 &&
	       be16_at(p, 2) <= p->len;
}

/*
 * True if a tag is the first of the packet's own bytes, though the kernel names
 * the protocol within as the packet's, as it does without an Ethernet header:
 * Linux 6.11, vlan_get_protocol_dgram().
 */
static bool begins_with_tag(const struct source_packet *p, uint16_t protocol)
{
	uint16_t next;

	if (p->caplen <= VLAN_TAG)
		return false;
	next = be16_at(p, 2);
	if (next == ETH_P_8021Q || next == ETH_P_8021AD)
		return !is_ipv4(p);
	if (next != protocol)
		return false;
	if (protocol == ETH_P_IP)
		return p->data[VLAN_TAG] >> 4 == 4 && !is_ipv4(p);
	return protocol != ETH_P_IPV6 || p->data[VLAN_TAG] >> 4 == 6;
}

/*
 * Makes all tags part of the packet and returns its protocol in front of them.
 * The kernel tells of the outermost tag, which is beside the packet or in
 * it: of two with the same number one is beside it if it is a provider's.
 */
static uint16_t tag_cooked(struct source_packet *p,
			   const struct tpacket3_hdr *h, uint16_t protocol)
{
	uint16_t tci = (uint16_t)h->hv1.tp_vlan_tci, type = tag_type(h);
	uint8_t *data;

	if (!(h->tp_status & TP_STATUS_VLAN_VALID))
		return protocol;
	if (begins_with_tag(p, protocol)) {
		if (be16_at(p, 0) == tci &&
		    (type == ETH_P_8021Q || be16_at(p, 2) != protocol))
			return type;
		protocol = ETH_P_8021Q;
	}
	prepend(p, VLAN_TAG);
	data = bytes_unconst(p->data);
	put16(data, tci);
	put16(data + 2, protocol);
	return type;
}

bool link_header_is_cooked(enum link_header header)
{
	return header == LINK_HEADER_SLL || header == LINK_HEADER_SLL2;
}

int link_header_room(enum link_header header)
{
	return link_header_is_cooked(header) ? COOKED_ROOM : VLAN_TAG;
}

void link_header_complete(struct source_packet *p, enum link_header header,
			  const struct tpacket3_hdr *h,
			  const struct sockaddr_ll *ll)
{
	uint16_t protocol;

	switch (header) {
	case LINK_HEADER_OF_DEVICE:
		break;
	case LINK_HEADER_ETHERNET:
		put_tag_back(p, h);
		break;
	case LINK_HEADER_SLL:
		protocol = tag_cooked(p, h, ntohs(ll->sll_protocol));
		prepend(p, SLL_BYTES);
		put_sll(bytes_unconst(p->data), ll, protocol);
		break;
	case LINK_HEADER_SLL2:
		protocol = tag_cooked(p, h, ntohs(ll->sll_protocol));
		prepend(p, SLL2_BYTES);
		put_sll2(bytes_unconst(p->data), ll, protocol);
		break;
	}
}
