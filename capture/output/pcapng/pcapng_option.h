/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options of a PCAPNG block (section 3.5): header, value, padding.  Of files that
 * are little-endian.
 */
#ifndef PKTWHO_OUTPUT_PCAPNG_PCAPNG_OPTION_H
#define PKTWHO_OUTPUT_PCAPNG_PCAPNG_OPTION_H

#include "bytes.h"
#include "pcapng.h"

static inline void put_option(struct wbuf *w, uint16_t code, const void *value,
			      size_t len)
{
	wbuf_u16(w, code);
	wbuf_u16(w, (uint16_t)len);
	wbuf_put(w, value, len);
	wbuf_pad4(w);
}

/* A custom option of ours (3.5.1): its length counts the PEN. */
static inline void put_custom_option(struct wbuf *w, const void *payload,
				     size_t len)
{
	wbuf_u16(w, PCAPNG_OPT_CUSTOM_BIN);
	wbuf_u16(w, (uint16_t)(4 + len));
	wbuf_u32(w, PKTWHO_PEN);
	wbuf_put(w, payload, len);
	wbuf_pad4(w);
}

/* The next option of a block; false at the end or where it is cut. */
static inline bool take_option(struct rbuf *r, uint16_t *code,
			       struct rbuf *value)
{
	uint16_t len;

	*code = rbuf_u16(r);
	len = rbuf_u16(r);
	*value = rbuf_sub(r, len);
	rbuf_claim(r, -(size_t)len & 3);
	return !r->failed && *code != PCAPNG_OPT_END;
}

/*
 * What if_tsresol says, in units a second: 10^n, or 2^n where the first bit is
 * set; 0 if they are finer than we count.
 */
static inline uint64_t units_per_second(uint8_t resolution)
{
	uint64_t units = 1;

	if (resolution & 0x80)
		return (resolution & 0x7f) < 31 ? 1ull << (resolution & 0x7f) :
						  0;
	if (resolution > 9)
		return 0;
	while (resolution--)
		units *= 10;
	return units;
}

#endif
