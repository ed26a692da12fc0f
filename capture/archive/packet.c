/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "output/pcapng/pcapng_option.h"

#define SECOND	     1000000000ull
#define MICROSECONDS 1000000 /* a second: where a file says nothing */

void archive_interface_add(struct archive_interfaces *s, const uint8_t *block,
			   size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint64_t units = 0;
	uint32_t n = s->count;
	uint16_t code;

	if (n == ARCHIVE_INTERFACES)
		n--;
	else
		s->count++;
	s->of[n].linktype = rbuf_u16(&b);
	rbuf_claim(&b, 6);
	while (take_option(&b, &code, &value))
		if (code == PCAPNG_IF_TSRESOL && value.left)
			units = units_per_second(*value.p);
	s->of[n].per_second = units ? units : MICROSECONDS;
}

static void take_payload(struct archive_packet *p, struct rbuf v)
{
	if (rbuf_u32(&v) != PKTWHO_PEN)
		return;
	switch (record_kind(v.p, v.left)) {
	case RECORD_ATTRIBUTION:
		attribution_decode(&p->owners, v.p, v.left);
		break;
	case RECORD_RECEIVER:
		receivers_take(&p->others, v.p, v.left);
		break;
	case RECORD_PROCESS:
		if (p->record_count == 1 + RECEIVERS_MAX)
			break;
		p->records[p->record_count].p = v.p;
		p->records[p->record_count++].len = v.left;
		break;
	}
}

int archive_packet_read(struct archive_packet *p,
			const struct archive_interfaces *s,
			const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint64_t ts, units;
	uint16_t code;

	memset(p, 0, sizeof(*p));
	p->interface = rbuf_u32(&b);
	ts = (uint64_t)rbuf_u32(&b) << 32;
	ts |= rbuf_u32(&b);
	p->caplen = rbuf_u32(&b);
	p->len = rbuf_u32(&b);
	p->data = rbuf_claim(&b, p->caplen);
	rbuf_claim(&b, -(size_t)p->caplen & 3);
	if (b.failed || p->interface >= s->count)
		return -EBADMSG;
	p->linktype = s->of[p->interface].linktype;
	units = s->of[p->interface].per_second;
	p->ts_ns = ts / units * SECOND + ts % units * SECOND / units;
	do {
		p->options_end = len - 4 - b.left;
		if (!take_option(&b, &code, &value))
			return 0;
		if (code == PCAPNG_OPT_CUSTOM_BIN)
			take_payload(p, value);
		p->commented |= code == PCAPNG_OPT_COMMENT;
		p->has_flags |= code == PCAPNG_EPB_FLAGS;
		p->has_threads |= code == PCAPNG_EPB_PROCESSID_THREADID;
	} while (1);
}
