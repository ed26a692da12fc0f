/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames for a sample: Ethernet, IPv4 or IPv6, TCP, UDP or ICMP, and what is
 * said in them.  The same input gives the same bytes.  All return the bytes
 * written, 0 if they do not fit.
 */
#ifndef GOLDEN_FRAME_H
#define GOLDEN_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* TCP flags, RFC 9293. */
enum { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

#define ETHERNET_LEN 14

struct segment {
	const char *src, *dst; /* as text; a colon makes it IPv6 */
	uint16_t sport, dport;
	uint8_t proto; /* IPPROTO_TCP, _UDP or _ICMP */
	uint8_t flags; /* of TCP, as its seq and ack */
	uint32_t seq, ack;
	const void *data;
	size_t len;
};

/*
 * ICMP is "port unreachable", and its data the datagram that was.
 * TCP and UDP have no checksum, as if the card made it; UDP over IPv6 would
 * need one.
 */
size_t frame_make(uint8_t *out, size_t size, const struct segment *s);

/* A question for @address's record of @name, or with @answer the answer. */
size_t frame_dns(uint8_t *out, size_t size, const char *name,
		 const char *address, int answer);

/* TLS 1.3 (RFC 8446) in the clear: server name @host, ALPN h2. */
size_t frame_client_hello(uint8_t *out, size_t size, const char *host);
size_t frame_server_hello(uint8_t *out, size_t size);

#endif
