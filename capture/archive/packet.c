/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "pcapng.h"

#define SECOND 1000000000ull

/* The next option; false at the end or where it is cut. */
static bool next_block_option(struct rbuf *r, uint16_t *code,
			      struct rbuf *value)
{
	uint16_t len;

	*code = rbuf_u16(r);
	len = rbuf_u16(r);
	*value = rbuf_sub(r, len);
	rbuf_claim(r, -(size_t)len & 3);
	return !r->failed && *code != PCAPNG_OPT_END;
}

/* 10^-n, or 2^-n where the first bit is set; finer ones are not. */
static uint64_t units_of_resolution(uint8_t resolution)
{
	uint64_t units = 1;

	if (resolution & 0x80)
		return (resolution & 0x7f) < 31 ? 1ull << (resolution & 0x7f) :
						  1000000;
	if (resolution > 9)
		return 1000000;
	while (resolution--)
		units *= 10;
	return units;
}

void archive_interface_add(struct archive_interfaces *s, const uint8_t *block,
			   size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint32_t n = s->count;
	uint16_t code;

	if (n == ARCHIVE_INTERFACES)
		n--;
	else
		s->count++;
	s->of[n].linktype = rbuf_u16(&b);
	s->of[n].per_second = 1000000;
	rbuf_claim(&b, 6);
	while (next_block_option(&b, &code, &value))
		if (code == PCAPNG_IF_TSRESOL && value.left)
			s->of[n].per_second = units_of_resolution(*value.p);
}

static void take_payload(struct archive_packet *p, struct rbuf v)
{
	if (rbuf_u32(&v) != PKTWHO_PEN)
		return;
	switch (record_kind(v.p, v.left)) {
	case RECORD_ATTRIBUTION:
		attribution_decode(&p->owners, v.p, v.left);
		break;
	case RECORD_PROCESS:
		if (p->record_count == 2)
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
		if (!next_block_option(&b, &code, &value))
			return 0;
		if (code == PCAPNG_OPT_CUSTOM_BIN)
			take_payload(p, value);
		p->commented |= code == PCAPNG_OPT_COMMENT;
	} while (1);
}
