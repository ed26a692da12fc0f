/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An Enhanced Packet Block of ours, taken apart.  Pure; any bytes are safe. */
#ifndef PKTWHO_ARCHIVE_PACKET_H
#define PKTWHO_ARCHIVE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

#define ARCHIVE_INTERFACES 2048 /* of one section; later ones are as the last */

struct archive_interfaces {
	uint32_t count;
	struct {
		uint16_t linktype;
		uint64_t per_second; /* units of its time stamps */
	} of[ARCHIVE_INTERFACES];
};

/* Of an Interface Description Block. */
void archive_interface_add(struct archive_interfaces *s, const uint8_t *block,
			   size_t len);

struct archive_packet {
	uint32_t interface;
	uint16_t linktype;
	uint64_t ts_ns;
	uint32_t caplen;
	uint32_t len;
	const uint8_t *data; /* these are inside the block */
	struct attribution owners;
	struct receivers others;
	size_t options_end; /* offset in the block: no more options */
	bool commented;
	bool has_flags;
	bool has_threads;
	int record_count;
	struct {
		const uint8_t *p;
		size_t len;
	} records[1 + RECEIVERS_MAX];
};

/* 0 or -EBADMSG. */
int archive_packet_read(struct archive_packet *p,
			const struct archive_interfaces *s,
			const uint8_t *block, size_t len);

#endif
