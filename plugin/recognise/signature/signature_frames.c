/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of frames of HTTP/2 and of WebSocket in the middle of a
 * connection whose beginning was not captured.
 */
#include "recognise/signature/signature.h"

/* ---- HTTP/2 ---- */

enum type {
	DATA,
	HEADERS,
	PRIORITY,
	RST_STREAM,
	SETTINGS,
	PUSH_PROMISE,
	PING,
	GOAWAY,
	WINDOW_UPDATE,
	CONTINUATION,
	TYPES
};

struct kind {
	uint8_t flags;	/* that it may have */
	uint8_t stream; /* bits: it is of none; of a client's */
	uint8_t size;	/* that it has, 0: any */
};

/* RFC 9113, 6 */
static const struct kind kinds[TYPES] = {
	[DATA] = { 0x09, 2, 0 },       [HEADERS] = { 0x2d, 2, 0 },
	[PRIORITY] = { 0, 2, 5 },      [RST_STREAM] = { 0, 2, 4 },
	[SETTINGS] = { 1, 1, 0 },      [PUSH_PROMISE] = { 0x0c, 2, 0 },
	[PING] = { 1, 1, 8 },	       [GOAWAY] = { 0, 1, 0 },
	[WINDOW_UPDATE] = { 0, 3, 4 }, [CONTINUATION] = { 4, 2, 0 },
};

struct frame {
	size_t at; /* its content */
	size_t end;
	unsigned type;
	unsigned flags;
};

/* Server push, whose streams are even, is nobody's any more. */
static bool frame_at(const struct payload *p, size_t at, struct frame *f)
{
	uint32_t size = be32_at(p, at) >> 8, stream = be32_at(p, at + 5);
	const struct kind *kind;

	*f = (struct frame){ at + 9, at + 9 + size, u8_at(p, at + 3),
			     u8_at(p, at + 4) };
	if (f->end > p->len || size > 16384 || f->type >= TYPES)
		return false;
	kind = &kinds[f->type];
	return !(f->flags & ~(unsigned)kind->flags) &&
	       (kind->stream & (stream ? 2 : 1)) && (!stream || stream % 2) &&
	       stream < 0x1000000 && (!kind->size || size == kind->size) &&
	       (f->type != SETTINGS || size % 6 == 0) &&
	       (f->type != GOAWAY || size >= 8);
}

/* RFC 7541, 5.1: a number after some bits; *@at is then behind it. */
static uint32_t number(const struct payload *p, size_t *at, unsigned bits)
{
	uint32_t most = (1u << bits) - 1, value = u8_at(p, (*at)++) & most;
	unsigned shift = 0, byte;

	if (value < most)
		return value;
	do {
		byte = u8_at(p, (*at)++);
		value += (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 21);
	return value;
}

static void skip_text(const struct payload *p, size_t *at)
{
	*at += number(p, at, 7);
}

/* One field that is named by @index, or by itself, and has a value. */
static void skip_literal(const struct payload *p, size_t *at, unsigned bits,
			 uint32_t *index)
{
	*index = number(p, at, bits);
	if (!*index)
		skip_text(p, at);
	skip_text(p, at);
}

/*
 * RFC 7541, 6: fields that fill the block.  First come a method, a path, a
 * scheme or a status of the table that everybody has, or two of them at least
 * among those that were sent before.
 */
static bool is_header_block(const struct payload *p, size_t at, size_t end)
{
	unsigned known = 0, count = 0;
	uint32_t index;

	for (; at < end; count++) {
		unsigned byte = u8_at(p, at);

		if (byte & 0x80)
			index = number(p, &at, 7);
		else if (byte & 0x40)
			skip_literal(p, &at, 6, &index);
		else if (byte & 0x20)
			return false;
		else
			skip_literal(p, &at, 4, &index);
		if ((byte & 0x80 && !index) || index > 300)
			return false;
		if (index && index <= 14)
			known += count ? 1 : 2;
	}
	return at == end && count >= 2 && known >= 2;
}

/* A message of gRPC, whose length is told again. */
static bool is_grpc(const struct payload *p, const struct frame *f)
{
	size_t size = f->end - f->at;

	return f->flags <= 1 && size > 5 && !u8_at(p, f->at) &&
	       be32_at(p, f->at + 1) + 5 == size;
}

/* All of a block that is not padded. */
static bool is_headers(const struct payload *p, const struct frame *f)
{
	size_t at = f->at + (f->flags & 0x20 ? 5 : 0);

	return (f->flags & 0x0c) == 4 && at < f->end &&
	       is_header_block(p, at, f->end);
}

/* 2: it is no frame of anybody else's; 1: two of them are not. */
static unsigned worth(const struct payload *p, const struct frame *f)
{
	uint32_t last = be32_at(p, f->end - 4);

	switch (f->type) {
	case DATA:
		return is_grpc(p, f) ? 2 : 0;
	case HEADERS:
		return is_headers(p, f) ? 2 : 0;
	case PING:
		return 2;
	case RST_STREAM:
		return last <= 13;
	case WINDOW_UPDATE:
		return last && last < 0x80000000;
	default:
		return 0;
	}
}

/* Frames that fill the segment, one of which is sure, or two nearly. */
bool is_http2_middle(const struct payload *p)
{
	unsigned sure = 0;
	struct frame f;

	if (p->len != p->full)
		return false;
	for (size_t at = 0; at < p->len; at = f.end) {
		if (!frame_at(p, at, &f))
			return false;
		sure += worth(p, &f);
	}
	return sure >= 2;
}

/* ---- WebSocket ---- */

/* RFC 6455, 5.2: where the payload of one frame of text begins, or 0. */
static size_t text_frame(const struct payload *p, bool *masked)
{
	unsigned size = u8_at(p, 1) & 0x7f;
	size_t at = 2;

	*masked = u8_at(p, 1) & 0x80;
	if (p->len < 6 || p->len != p->full || u8_at(p, 0) != 0x81)
		return 0;
	if (size == 126) {
		size = be16_at(p, 2);
		at = 4;
		if (size < 126)
			return 0;
	} else if (size == 127) {
		return 0;
	}
	at += *masked ? 4 : 0;
	return at + size == p->full ? at : 0;
}

/* A ping of the server's without a word, and its answer; or a client's. */
static bool is_pong(const struct payload *p)
{
	const uint8_t *o = p->other;
	static const uint8_t none[10];

	if (!o)
		return false;
	return (p->full == 6 && STARTS(p, "\x8a\x80") && o[0] == 0x89 &&
		!o[1] && !memcmp(o + 2, none, sizeof(none))) ||
	       (p->full == 2 && STARTS(p, "\x8a\0") && o[0] == 0x89 &&
		o[1] == 0x80 && !memcmp(o + 6, none, 6));
}

/* JSON, or of a client, whose mask makes it worth more, any plain text. */
bool is_websocket(const struct payload *p)
{
	static const uint8_t no_mask[4];
	const uint8_t *mask;
	uint8_t first = 0, last = 0;
	bool masked;
	size_t at = text_frame(p, &masked), size = p->len - at;

	if (!at || size < 12)
		return is_pong(p);
	if (masked && !be32_at(p, at - 4))
		return false;
	mask = masked ? p->p + at - 4 : no_mask;
	for (size_t i = 0; i < size; i++) {
		last = p->p[at + i] ^ mask[i % 4];
		first = i ? first : last;
		if ((last < ' ' && !strchr("\t\r\n", last)) || !last ||
		    last > '~')
			return false;
	}
	if ((first == '{' && last == '}') || (first == '[' && last == ']'))
		return true;
	return masked && size >= 24;
}
