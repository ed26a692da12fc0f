/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bounded cursors: every byte this project encodes or decodes goes through
 * one of these two.  A cursor never touches a byte outside its buffer; the
 * first request that does not fit sets `failed`, and it stays failed, so
 * callers read straight down and test once at the end.
 *
 * Little-endian on every host.  Nothing here allocates.
 */
#ifndef PKTWHO_BYTES_H
#define PKTWHO_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Takes const away: some interfaces, as those of iovec and exec, only read
 * through a pointer but do not say so, and whoever lent the bytes as const may
 * write to them.
 */
static inline void *bytes_unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

/* A writer.  @base is the caller's and must outlive the cursor. */
struct wbuf {
	uint8_t *base;
	size_t len; /* bytes written */
	size_t cap; /* bytes available */
	bool failed;
};

static inline struct wbuf wbuf_of(void *base, size_t cap)
{
	return (struct wbuf){ .base = base, .cap = cap };
}

/* The next @n bytes to fill, or NULL if they do not fit. */
static inline uint8_t *wbuf_claim(struct wbuf *w, size_t n)
{
	uint8_t *p = w->base + w->len;

	if (w->failed || n > w->cap - w->len) {
		w->failed = true;
		return NULL;
	}
	w->len += n;
	return p;
}

/* @n is 8 at most.  One instruction where it is a constant. */
static inline void put_le(uint8_t *p, uint64_t v, size_t n)
{
	v = htole64(v);
	memcpy(p, &v, n);
}

static inline void wbuf_uint(struct wbuf *w, uint64_t v, size_t n)
{
	uint8_t *p = wbuf_claim(w, n);

	if (p)
		put_le(p, v, n);
}

static inline void wbuf_u8(struct wbuf *w, uint8_t v)
{
	wbuf_uint(w, v, 1);
}

static inline void wbuf_u16(struct wbuf *w, uint16_t v)
{
	wbuf_uint(w, v, 2);
}

static inline void wbuf_u32(struct wbuf *w, uint32_t v)
{
	wbuf_uint(w, v, 4);
}

static inline void wbuf_u64(struct wbuf *w, uint64_t v)
{
	wbuf_uint(w, v, 8);
}

static inline void wbuf_put(struct wbuf *w, const void *src, size_t n)
{
	uint8_t *p = wbuf_claim(w, n);

	if (p && n)
		memcpy(p, src, n);
}

/* Zeroes up to the next multiple of four, counted from the buffer's start. */
static inline void wbuf_pad4(struct wbuf *w)
{
	wbuf_uint(w, 0, -w->len & 3);
}

/* A reader.  @p is borrowed; any bytes are safe. */
struct rbuf {
	const uint8_t *p;
	size_t left;
	bool failed;
};

static inline struct rbuf rbuf_of(const void *p, size_t size)
{
	return (struct rbuf){ .p = p, .left = size };
}

/* The next @n bytes, or NULL if there are fewer. */
static inline const uint8_t *rbuf_claim(struct rbuf *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->failed || n > r->left) {
		r->failed = true;
		return NULL;
	}
	r->p += n;
	r->left -= n;
	return p;
}

static inline uint64_t get_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return le64toh(v);
}

/* Reads as 0 once the cursor has failed. */
static inline uint64_t rbuf_uint(struct rbuf *r, size_t n)
{
	const uint8_t *p = rbuf_claim(r, n);

	return p ? get_le(p, n) : 0;
}

static inline uint8_t rbuf_u8(struct rbuf *r)
{
	return (uint8_t)rbuf_uint(r, 1);
}

static inline uint16_t rbuf_u16(struct rbuf *r)
{
	return (uint16_t)rbuf_uint(r, 2);
}

/* In the order of the network. */
static inline uint16_t rbuf_be16(struct rbuf *r)
{
	const uint8_t *p = rbuf_claim(r, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t rbuf_u32(struct rbuf *r)
{
	return (uint32_t)rbuf_uint(r, 4);
}

static inline uint64_t rbuf_u64(struct rbuf *r)
{
	return rbuf_uint(r, 8);
}

/* A cursor over the next @n bytes alone; it cannot reach past them. */
static inline struct rbuf rbuf_sub(struct rbuf *r, size_t n)
{
	const uint8_t *p = rbuf_claim(r, n);

	return (struct rbuf){ .p = p, .left = p ? n : 0, .failed = !p };
}

#endif
