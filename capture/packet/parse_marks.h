/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two marks that tell a packet from others of its flow, made of its first
 * bytes as the kernel program makes them: see packet/flow.h.  Pure; any bytes
 * are safe.
 *
 * @r begins with the transport header, and the network header lies before it in
 * memory; of a FLOW_FRAME it begins with the payload.  @rest is how many bytes
 * the packet had from there on, also those that were not captured.
 */
#ifndef PKTWHO_PACKET_PARSE_MARKS_H
#define PKTWHO_PACKET_PARSE_MARKS_H

#include "packet/parse.h"

struct rbuf;

/* flow_fingerprint(), or 0 if too little of the packet is there. */
uint64_t parse_fingerprint(uint8_t proto, uint16_t ip_id, const struct rbuf *r,
			   size_t rest);

/*
 * Sets @t->arrival of a packet without options or extension headers, or of a
 * datagram's first piece, if enough of it is there; needs the protocol in
 * @t->key.
 */
void parse_arrival(struct packet_traits *t, uint16_t ip_id,
		   const struct rbuf *r, size_t rest);

#endif
