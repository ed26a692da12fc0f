/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The record of a packet: its sender and its receivers. */
#include "record_parts.h"

#include <errno.h>
#include <string.h>

/* The byte that says what follows, above the direction's three bits. */
enum {
	SHAPE_DIRECTION = 0x07,
	SHAPE_SRC = 0x08, /* that end is named */
	SHAPE_DST = 0x10,
	SHAPE_SRC_COUNTRY = 0x20,
	SHAPE_DST_COUNTRY = 0x40,
	SHAPE_REASONS = 0x80,
};

#define SHAPE_AT   RECORD_HEADER_LEN
#define HOW_AT	   5
#define REASONS_AT 6

/* Version 1: sizes of the head and of an end, and which ends follow. */
enum { HEAD_1 = 16, END_1 = 28, SRC_1 = 1, DST_1 = 2 };

static uint8_t at_most(uint8_t v, uint8_t max)
{
	return v < max ? v : max;
}

/* Two numbers in one byte, the sender's in its lower half. */
static void put_halves(struct wbuf *w, uint8_t src, uint8_t dst)
{
	wbuf_u8(w, (uint8_t)(at_most(src, ATTRIBUTION_MAX_NUMBER) |
			     at_most(dst, ATTRIBUTION_MAX_NUMBER) << 4));
}

static void take_halves(struct rbuf *r, uint8_t *src, uint8_t *dst)
{
	uint8_t both = rbuf_u8(r);

	*src = both & 0x0f;
	*dst = both >> 4;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static void put_varint(struct wbuf *w, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		wbuf_u8(w, (uint8_t)(v | 0x80));
	wbuf_u8(w, (uint8_t)v);
}

static uint32_t take_varint(struct rbuf *r)
{
	uint64_t v = 0;
	uint8_t byte;

	for (int shift = 0; shift < 35; shift += 7) {
		byte = rbuf_u8(r);
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80) && v <= UINT32_MAX)
			return (uint32_t)v;
	}
	r->failed = true;
	return 0;
}

/* The last end's name ends with the payload and needs no length. */
static void encode_end(struct wbuf *w, const struct packet_end *e, bool last)
{
	size_t len = strnlen(e->name, RECORD_NAME_LEN - 1);

	put_varint(w, e->pid);
	wbuf_u64(w, e->id);
	if (!last)
		wbuf_u8(w, (uint8_t)len);
	wbuf_put(w, e->name, len);
}

int attribution_encode(const struct attribution *a, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);
	const char *src = a->src.country, *dst = a->dst.country;
	bool reasons = a->src.reason || a->dst.reason;

	record_put_header(&w, RECORD_ATTRIBUTION);
	wbuf_u8(&w, (uint8_t)(at_most(a->direction, ATTRIBUTION_MAX_DIRECTION) |
			      (a->src.present ? SHAPE_SRC : 0) |
			      (a->dst.present ? SHAPE_DST : 0) |
			      (*src ? SHAPE_SRC_COUNTRY : 0) |
			      (*dst ? SHAPE_DST_COUNTRY : 0) |
			      (reasons ? SHAPE_REASONS : 0)));
	put_halves(&w, a->src.attr, a->dst.attr);
	if (reasons)
		put_halves(&w, a->src.reason, a->dst.reason);
	wbuf_put(&w, src, *src ? 2 : 0);
	wbuf_put(&w, dst, *dst ? 2 : 0);
	if (a->src.present)
		encode_end(&w, &a->src, !a->dst.present);
	if (a->dst.present)
		encode_end(&w, &a->dst, true);
	return w.failed ? -ENOSPC : (int)w.len;
}

/* Two capital letters, or nothing: a country never carries other text. */
static void take_country(struct rbuf *r, char country[3])
{
	const uint8_t *p = rbuf_claim(r, 2);

	if (p && p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z')
		memcpy(country, p, 2);
}

/* Up to a zero byte, if there is one, and no longer than the kernel's. */
static void take_name(struct rbuf *r, size_t len, char name[RECORD_NAME_LEN])
{
	const uint8_t *p = rbuf_claim(r, len);

	if (len > RECORD_NAME_LEN - 1)
		len = RECORD_NAME_LEN - 1;
	if (p)
		memcpy(name, p, strnlen((const char *)p, len));
}

static void take_end(struct rbuf *r, struct packet_end *e, bool last)
{
	e->present = true;
	e->pid = take_varint(r);
	e->id = rbuf_u64(r);
	take_name(r, last ? r->left : rbuf_u8(r), e->name);
}

static void take_attribution(struct rbuf *r, struct attribution *a)
{
	uint8_t shape = rbuf_u8(r);

	a->direction = shape & SHAPE_DIRECTION;
	take_halves(r, &a->src.attr, &a->dst.attr);
	if (shape & SHAPE_REASONS)
		take_halves(r, &a->src.reason, &a->dst.reason);
	if (shape & SHAPE_SRC_COUNTRY)
		take_country(r, a->src.country);
	if (shape & SHAPE_DST_COUNTRY)
		take_country(r, a->dst.country);
	if (shape & SHAPE_SRC)
		take_end(r, &a->src, !(shape & SHAPE_DST));
	if (shape & SHAPE_DST)
		take_end(r, &a->dst, true);
}

static void take_end_1(struct rbuf *r, struct packet_end *e, size_t end_len)
{
	struct rbuf end = rbuf_sub(r, end_len);

	e->present = true;
	e->pid = rbuf_u32(&end);
	e->id = rbuf_u64(&end);
	take_name(&end, RECORD_NAME_LEN, e->name);
	r->failed |= end.failed;
}

static uint8_t take_number_1(struct rbuf *r)
{
	return at_most(rbuf_u8(r), ATTRIBUTION_MAX_NUMBER);
}

/* Fixed places, and whole bytes for each number. */
static void take_attribution_1(struct rbuf *r, struct attribution *a)
{
	uint8_t head_len = rbuf_u8(r), end_len = rbuf_u8(r), ends;
	struct rbuf head;

	if (head_len < HEAD_1 || end_len < END_1) {
		r->failed = true;
		return;
	}
	head = rbuf_sub(r, head_len - RECORD_HEADER_LEN - 2);
	a->direction = at_most(rbuf_u8(&head), ATTRIBUTION_MAX_DIRECTION);
	ends = rbuf_u8(&head);
	a->src.attr = take_number_1(&head);
	a->src.reason = take_number_1(&head);
	a->dst.attr = take_number_1(&head);
	a->dst.reason = take_number_1(&head);
	take_country(&head, a->src.country);
	take_country(&head, a->dst.country);
	if (ends & SRC_1)
		take_end_1(r, &a->src, end_len);
	if (ends & DST_1)
		take_end_1(r, &a->dst, end_len);
	r->failed |= head.failed;
}

int attribution_decode(struct attribution *a, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);
	const uint8_t *header = r.p;
	int err;

	memset(a, 0, sizeof(*a));
	err = record_expect_header(&r, RECORD_ATTRIBUTION);
	if (err)
		return err;
	if (header[3] == ATTRIBUTION_VERSION)
		take_attribution(&r, a);
	else
		take_attribution_1(&r, a);
	if (r.failed) {
		memset(a, 0, sizeof(*a));
		return -EBADMSG;
	}
	return 0;
}

int receiver_encode(const struct packet_end *e, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);

	record_put_header(&w, RECORD_RECEIVER);
	wbuf_u8(&w, e->attr);
	encode_end(&w, e, true);
	return w.failed ? -ENOSPC : (int)w.len;
}

int receiver_decode(struct packet_end *e, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);
	int err;

	memset(e, 0, sizeof(*e));
	err = record_expect_header(&r, RECORD_RECEIVER);
	if (err)
		return err;
	e->attr = at_most(rbuf_u8(&r), ATTRIBUTION_MAX_NUMBER);
	take_end(&r, e, true);
	if (r.failed) {
		memset(e, 0, sizeof(*e));
		return -EBADMSG;
	}
	return 0;
}

int receivers_take(struct receivers *s, const void *buf, size_t size)
{
	struct packet_end e;
	int err = receiver_decode(&e, buf, size);

	if (!err && s->count < RECEIVERS_MAX - 1)
		s->of[s->count++] = e;
	return err;
}

static struct byte_range place(size_t at, size_t len)
{
	return (struct byte_range){ (uint16_t)at, (uint16_t)len };
}

static void find_places_1(struct end_places *out, const uint8_t *p,
			  const struct attribution *a, bool src)
{
	size_t at = p[RECORD_HEADER_LEN];

	out->attr = place(src ? 8 : 10, 1);
	out->reason = place(src ? 9 : 11, 1);
	if (!(src ? a->src.present : a->dst.present))
		return;
	if (!src && a->src.present)
		at += p[RECORD_HEADER_LEN + 1];
	out->pid = place(at, 4);
	out->id = place(at + 4, 8);
	out->name = place(at + 12, RECORD_NAME_LEN);
}

static size_t varint_len(const uint8_t *p)
{
	size_t len = 1;

	while (p[len - 1] & 0x80)
		len++;
	return len;
}

static void find_places(struct end_places *out, const uint8_t *p, size_t size,
			const struct attribution *a, bool src)
{
	uint8_t shape = p[SHAPE_AT];
	bool reasons = shape & SHAPE_REASONS;
	size_t at = REASONS_AT + reasons, len;

	out->attr = place(HOW_AT, 1);
	if (reasons)
		out->reason = place(REASONS_AT, 1);
	if (!(src ? a->src.present : a->dst.present))
		return;
	at += shape & SHAPE_SRC_COUNTRY ? 2 : 0;
	at += shape & SHAPE_DST_COUNTRY ? 2 : 0;
	if (!src && a->src.present) {
		at += varint_len(p + at) + 8;
		at += 1 + (size_t)p[at];
	}
	len = varint_len(p + at);
	out->pid = place(at, len);
	out->id = place(at + len, 8);
	at += len + 8;
	out->name = src && a->dst.present ? place(at + 1, p[at]) :
					    place(at, size - at);
}

int attribution_places(struct end_places *out, const void *buf, size_t size,
		       bool src)
{
	const uint8_t *p = buf;
	struct attribution a;
	int err = attribution_decode(&a, buf, size);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if (p[3] == ATTRIBUTION_VERSION)
		find_places(out, p, size, &a, src);
	else
		find_places_1(out, p, &a, src);
	return 0;
}
