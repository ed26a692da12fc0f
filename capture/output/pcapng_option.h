/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One option of a PCAPNG block (section 3.5): header, value, padding. */
#ifndef PKTWHO_OUTPUT_PCAPNG_OPTION_H
#define PKTWHO_OUTPUT_PCAPNG_OPTION_H

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

#endif
