/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A packet as a source hands it over, before anybody has looked into it. */
#ifndef PKTWHO_PACKET_RAW_PACKET_H
#define PKTWHO_PACKET_RAW_PACKET_H

#include <stdbool.h>
#include <stdint.h>

enum source_direction {
	SOURCE_UNKNOWN,
	SOURCE_IN, /* from the wire, or from elsewhere on this host */
	SOURCE_OUT,
	SOURCE_LOOPBACK, /* sent here, as it comes in */
};

/* Valid until the callback returns. */
struct source_packet {
	const uint8_t *data;
	uint32_t caplen;   /* bytes there */
	uint32_t len;	   /* bytes on the wire */
	uint64_t ts_ns;	   /* Unix epoch */
	uint8_t direction; /* enum source_direction */
	bool unchecked;	   /* nobody has compared its checksum yet */
};

#endif
