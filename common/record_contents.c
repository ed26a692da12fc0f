/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record_parts.h"

#include <errno.h>
#include <string.h>

#define HAS_ALL 1 /* the flag */

int contents_encode(const struct contents *c, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);

	record_put_header(&w, RECORD_CONTENTS);
	wbuf_u64(&w, c->position);
	wbuf_u16(&w, c->has_all ? HAS_ALL : 0);
	wbuf_u16(&w, (uint16_t)c->country_count);
	for (int f = 0; f < 2; f++) {
		wbuf_u8(&w, c->bits[f]);
		wbuf_u16(&w, (uint16_t)c->network_count[f]);
	}
	wbuf_put(&w, c->countries, 2 * c->country_count);
	for (int f = 0; f < 2; f++)
		wbuf_put(&w, c->networks[f],
			 c->network_count[f] * (c->bits[f] / 8));
	wbuf_u32(&w, c->processes);
	return w.failed ? -ENOSPC : (int)w.len;
}

static void take_contents(struct contents *c, struct rbuf *r)
{
	c->position = rbuf_u64(r);
	c->has_all = rbuf_u16(r) & HAS_ALL;
	c->country_count = rbuf_u16(r);
	for (int f = 0; f < 2; f++) {
		c->bits[f] = rbuf_u8(r);
		c->network_count[f] = rbuf_u16(r);
		r->failed |= c->bits[f] % 8 || c->bits[f] > (f ? 128 : 32);
	}
	c->countries = rbuf_claim(r, 2 * c->country_count);
	for (int f = 0; f < 2; f++)
		c->networks[f] = rbuf_claim(r, c->network_count[f] *
						       (c->bits[f] / 8));
	c->processes = rbuf_u32(r);
}

int contents_decode(struct contents *c, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);
	int err;

	memset(c, 0, sizeof(*c));
	err = record_expect_header(&r, RECORD_CONTENTS);
	if (err)
		return err;
	take_contents(c, &r);
	if (!r.failed)
		return 0;
	memset(c, 0, sizeof(*c));
	return -EBADMSG;
}
