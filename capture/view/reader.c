/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/reader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "output/pcapng/pcapng_option.h"
#include "owner/owned_packet.h"
#include "pcapng.h"
#include "record.h"
#include "view/reader_programs.h"

#define MAX_BLOCK (16u << 20) /* no program writes a larger one */
#define SECOND	  1000000000ull

struct interface {
	uint16_t linktype;
	uint64_t per_second; /* units of its time stamps */
	unsigned namespace;  /* the first interface of that */
	char name[300];
};

struct reader {
	uint8_t *buf; /* a block that is not complete */
	size_t len;
	size_t room;
	int error;
	bool begun;	/* a section */
	uint32_t first; /* interface of this section */
	uint32_t count;
	struct interface interfaces[READER_INTERFACES];
	const char *names[READER_INTERFACES];
	struct reader_programs *programs;
	uint64_t time_ns;
	uint64_t dropped;
};

struct reader *reader_new(void)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->programs = reader_programs_new();
	if (!r->programs) {
		free(r);
		return NULL;
	}
	for (int i = 0; i < READER_INTERFACES; i++)
		r->names[i] = r->interfaces[i].name;
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	reader_programs_free(r->programs);
	free(r->buf);
	free(r);
}

/* ---- options ---- */

static void read_payload(struct reader *r, struct rbuf v, struct attribution *a,
			 struct receivers *others)
{
	if (rbuf_u32(&v) != PKTWHO_PEN)
		return;
	switch (record_kind(v.p, v.left)) {
	case RECORD_ATTRIBUTION:
		attribution_decode(a, v.p, v.left);
		break;
	case RECORD_RECEIVER:
		receivers_take(others, v.p, v.left);
		break;
	case RECORD_PROCESS:
		reader_programs_learn(r->programs, v.p, v.left);
		break;
	}
}

/* ---- blocks ---- */

static int read_section(struct reader *r, struct rbuf b)
{
	uint32_t magic = rbuf_u32(&b);

	if (magic == __builtin_bswap32(PCAPNG_BYTE_ORDER_MAGIC))
		return -EPROTONOSUPPORT;
	if (magic != PCAPNG_BYTE_ORDER_MAGIC)
		return -EBADMSG;
	r->begun = true;
	r->first += r->count;
	r->count = 0;
	return 0;
}

static struct interface *interface_at(struct reader *r, uint32_t number)
{
	uint64_t n = (uint64_t)r->first + number;

	return &r->interfaces[n < READER_INTERFACES ? n : READER_INTERFACES - 1];
}

/* "blue/eth0" is of the same as "blue/lo", "eth0" as "lo". */
static bool is_of_one(const char *a, const char *b)
{
	const char *end_a = strrchr(a, '/'), *end_b = strrchr(b, '/');
	ptrdiff_t len = end_a ? end_a - a : 0;

	return len == (end_b ? end_b - b : 0) && !strncmp(a, b, (size_t)len);
}

static int read_interface(struct reader *r, struct rbuf b)
{
	struct interface *i = interface_at(r, r->count);
	struct rbuf value;
	uint16_t code;

	i->linktype = rbuf_u16(&b);
	i->per_second = 1000000;
	rbuf_claim(&b, 6);
	if (b.failed)
		return -EBADMSG;
	while (take_option(&b, &code, &value)) {
		if (code == PCAPNG_IF_TSRESOL && value.left)
			i->per_second = units_per_second(*value.p);
		if (code == PCAPNG_IF_NAME)
			snprintf(i->name, sizeof(i->name), "%.*s",
				 (int)value.left, (const char *)value.p);
	}
	i->namespace = 0;
	while (!is_of_one(r->interfaces[i->namespace].name, i->name))
		i->namespace ++;
	r->count++;
	return i->per_second ? 0 : -EBADMSG;
}

static void set_end(struct verdict_end *v, const struct packet_end *e)
{
	v->attr = e->attr;
	v->reason = e->reason;
}

static unsigned take_others(struct reader *r, const struct receivers *from,
			    struct owned_other *to)
{
	unsigned n = 0;

	for (unsigned i = 0; i < from->count; i++) {
		set_end(&to[n].end, &from->of[i]);
		to[n].program = reader_programs_of(r->programs, &from->of[i],
						   false);
		n += to[n].program != NULL;
	}
	return n;
}

static int read_packet(struct reader *r, struct rbuf b,
		       void (*fn)(void *ctx, const struct owned_packet *p),
		       void *ctx)
{
	uint32_t number = rbuf_u32(&b);
	uint64_t ts = (uint64_t)rbuf_u32(&b) << 32;
	const struct interface *i = interface_at(r, number);
	struct owned_other others[RECEIVERS_MAX - 1] = { 0 };
	struct receivers receivers = { 0 };
	struct attribution a = { 0 };
	struct verdict v = { 0 };
	struct frame frame = { 0 };
	struct owned_packet p = { .frame = &frame, .verdict = &v };
	const uint8_t *data;
	struct rbuf value;
	uint16_t code;

	ts |= rbuf_u32(&b);
	frame.caplen = rbuf_u32(&b);
	frame.len = rbuf_u32(&b);
	data = rbuf_claim(&b, frame.caplen);
	rbuf_claim(&b, -(size_t)frame.caplen & 3);
	if (b.failed || number >= r->count)
		return -EBADMSG;
	reader_programs_begin(r->programs);
	while (take_option(&b, &code, &value))
		if (code == PCAPNG_OPT_CUSTOM_BIN)
			read_payload(r, value, &a, &receivers);
	frame.ts_ns = ts / i->per_second * SECOND +
		      ts % i->per_second * SECOND / i->per_second;
	frame.interface = (uint32_t)(i - r->interfaces);
	p.data = data;
	p.namespace = i->namespace;
	p.linktype = i->linktype;
	parse_packet(&frame.packet, i->linktype, data, frame.caplen);
	set_end(&v.src, &a.src);
	set_end(&v.dst, &a.dst);
	v.direction = a.direction;
	p.src = reader_programs_of(r->programs, &a.src, true);
	p.dst = reader_programs_of(r->programs, &a.dst, false);
	p.others = others;
	p.other_count = take_others(r, &receivers, others);
	p.mono_ns = r->time_ns = frame.ts_ns;
	fn(ctx, &p);
	return 0;
}

static void read_statistics(struct reader *r, struct rbuf b)
{
	struct rbuf value;
	uint16_t code;

	rbuf_claim(&b, 12);
	while (take_option(&b, &code, &value))
		if (code == PCAPNG_ISB_IFDROP || code == PCAPNG_ISB_OSDROP)
			r->dropped += rbuf_u64(&value);
}

static int read_block(struct reader *r, uint32_t type, struct rbuf b,
		      void (*fn)(void *ctx, const struct owned_packet *p),
		      void *ctx)
{
	if (type == PCAPNG_BLOCK_SHB)
		return read_section(r, b);
	if (!r->begun)
		return -EBADMSG;
	switch (type) {
	case PCAPNG_BLOCK_IDB:
		return read_interface(r, b);
	case PCAPNG_BLOCK_EPB:
		return read_packet(r, b, fn, ctx);
	case PCAPNG_BLOCK_ISB:
		read_statistics(r, b);
		return 0;
	default:
		return 0;
	}
}

/* ---- bytes ---- */

static int keep_bytes(struct reader *r, const uint8_t *bytes, size_t n)
{
	size_t room = r->room ? r->room : 65536;
	uint8_t *buf;

	while (room < r->len + n)
		room *= 2;
	if (room != r->room) {
		buf = realloc(r->buf, room);
		if (!buf)
			return -ENOMEM;
		r->buf = buf;
		r->room = room;
	}
	memcpy(r->buf + r->len, bytes, n);
	r->len += n;
	return 0;
}

/* How long the block at @p is, 0: too little is there, or -EBADMSG. */
static long block_length(const uint8_t *p, size_t n)
{
	uint64_t len;

	if (n < 12)
		return 0;
	len = get_le(p + 4, 4);
	/* Whose bytes are the other way round says so in its first block. */
	if (get_le(p, 4) == PCAPNG_BLOCK_SHB &&
	    get_le(p + 8, 4) == __builtin_bswap32(PCAPNG_BYTE_ORDER_MAGIC))
		return -EPROTONOSUPPORT;
	if (len < 12 || len % 4 || len > MAX_BLOCK)
		return -EBADMSG;
	if (n < len)
		return 0;
	return get_le(p + len - 4, 4) == len ? (long)len : -EBADMSG;
}

int reader_take(struct reader *r, const uint8_t *bytes, size_t n,
		void (*fn)(void *ctx, const struct owned_packet *p), void *ctx)
{
	size_t at = 0;

	if (!r->error)
		r->error = keep_bytes(r, bytes, n);
	while (!r->error) {
		long len = block_length(r->buf + at, r->len - at);

		if (len <= 0) {
			r->error = (int)len;
			break;
		}
		r->error = read_block(r, (uint32_t)get_le(r->buf + at, 4),
				      rbuf_of(r->buf + at + 8,
					      (size_t)len - 12),
				      fn, ctx);
		at += (size_t)len;
	}
	if (at) {
		memmove(r->buf, r->buf + at, r->len - at);
		r->len -= at;
	}
	return r->error;
}

int reader_end(const struct reader *r)
{
	if (r->begun)
		return 0;
	return r->len ? -EBADMSG : -ENODATA;
}

const char *const *reader_interfaces(const struct reader *r)
{
	return r->names;
}

uint64_t reader_time(const struct reader *r)
{
	return r->time_ns;
}

uint64_t reader_dropped(const struct reader *r)
{
	return r->dropped;
}
