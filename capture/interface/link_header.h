/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header that stands before the network layer in the file, made of what the
 * kernel keeps beside a packet: its addresses, its type, a VLAN's tag.  Pure.
 */
#ifndef PKTWHO_INTERFACE_LINK_HEADER_H
#define PKTWHO_INTERFACE_LINK_HEADER_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr_ll;
struct source_packet;
struct tpacket3_hdr;

enum link_header {
	LINK_HEADER_OF_DEVICE, /* the device's own, or none */
	LINK_HEADER_ETHERNET,  /* the same; a VLAN's tag is put back */
	LINK_HEADER_SLL,       /* the "cooked" ones, made here */
	LINK_HEADER_SLL2,
};

/* True if the kernel should hand over packets without their own header. */
bool link_header_is_cooked(enum link_header header);

/* So many bytes in front of each packet link_header_complete() may write. */
int link_header_room(enum link_header header);

/* Lengthens @p to the front; it may then be longer than the snapshot. */
void link_header_complete(struct source_packet *p, enum link_header header,
			  const struct tpacket3_hdr *h,
			  const struct sockaddr_ll *ll);

#endif
