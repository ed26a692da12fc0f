/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is in each kind of block. */
#include "output/pcapng/pcapng_writer_parts.h"

#include <string.h>

#include "output/pcapng/pcapng_option.h"
#include "packet/flow_key.h"

size_t pcapng_writer_begin_block(struct pcapng_writer *w, uint32_t type)
{
	size_t at = w->buf.len;

	wbuf_u32(&w->buf, type);
	wbuf_u32(&w->buf, 0);
	return at;
}

int pcapng_writer_end_block(struct pcapng_writer *w, size_t at)
{
	uint32_t total = (uint32_t)(w->buf.len - at + 4);

	wbuf_u32(&w->buf, total);
	if (!w->buf.failed)
		put_le(w->bytes + at + 4, total, 4);
	return pcapng_writer_block_added(w, at);
}

static void put_string(struct wbuf *w, uint16_t code, const char *s)
{
	if (s && *s)
		put_option(w, code, s, strlen(s));
}

static void put_end_of_options(struct wbuf *w)
{
	wbuf_u32(w, PCAPNG_OPT_END); /* and its length: none */
}

int pcapng_writer_section(struct pcapng_writer *w, const char *hardware,
			  const char *os, const char *userappl,
			  const char *const *comments)
{
	size_t at = pcapng_writer_begin_block(w, PCAPNG_BLOCK_SHB);

	wbuf_u32(&w->buf, PCAPNG_BYTE_ORDER_MAGIC);
	wbuf_u16(&w->buf, PCAPNG_VERSION_MAJOR);
	wbuf_u16(&w->buf, PCAPNG_VERSION_MINOR);
	wbuf_u64(&w->buf, UINT64_MAX); /* section length: not known */
	for (; comments && *comments; comments++)
		put_string(&w->buf, PCAPNG_OPT_COMMENT, *comments);
	put_string(&w->buf, PCAPNG_SHB_HARDWARE, hardware);
	put_string(&w->buf, PCAPNG_SHB_OS, os);
	put_string(&w->buf, PCAPNG_SHB_USERAPPL, userappl);
	put_end_of_options(&w->buf);
	return pcapng_writer_end_block(w, at);
}

static void put_filter(struct wbuf *w, const char *filter)
{
	uint8_t value[4096] = { PCAPNG_FILTER_STRING };
	size_t len = filter ? strnlen(filter, sizeof(value) - 1) : 0;

	if (!len)
		return;
	memcpy(value + 1, filter, len);
	put_option(w, PCAPNG_IF_FILTER, value, 1 + len);
}

static void put_known(struct wbuf *w, uint16_t code, const uint8_t *bytes,
		      size_t len)
{
	static const uint8_t none[17];

	if (memcmp(bytes, none, len))
		put_option(w, code, bytes, len);
}

int pcapng_writer_interface(struct pcapng_writer *w,
			    const struct pcapng_interface *i)
{
	static const uint8_t tsresol = PCAPNG_TSRESOL_NS;
	size_t at = pcapng_writer_begin_block(w, PCAPNG_BLOCK_IDB);

	wbuf_u16(&w->buf, i->linktype);
	wbuf_u16(&w->buf, 0);
	wbuf_u32(&w->buf, i->snaplen);
	put_string(&w->buf, PCAPNG_IF_NAME, i->name);
	put_known(&w->buf, PCAPNG_IF_IPV4ADDR, i->ipv4, sizeof(i->ipv4));
	put_known(&w->buf, PCAPNG_IF_IPV6ADDR, i->ipv6, sizeof(i->ipv6));
	put_known(&w->buf, PCAPNG_IF_MACADDR, i->mac, sizeof(i->mac));
	put_option(&w->buf, PCAPNG_IF_TSRESOL, &tsresol, 1);
	put_filter(&w->buf, i->filter);
	put_string(&w->buf, PCAPNG_IF_OS, i->os);
	put_string(&w->buf, PCAPNG_IF_HARDWARE, i->hardware);
	put_end_of_options(&w->buf);
	return pcapng_writer_end_block(w, at);
}

/* What of it can be kept: a BIG TCP packet of Linux 6.3 can be too large. */
static uint32_t kept_of(const struct pcapng_packet *p)
{
	size_t room = PCAPNG_MAX_BLOCK - 36; /* all around it, section 4.3 */

	for (int i = 0; i < p->option_count; i++)
		room -= p->options[i].iov_len;
	return p->caplen < room ? p->caplen : (uint32_t)room;
}

int pcapng_writer_packet(struct pcapng_writer *w, const struct pcapng_packet *p)
{
	size_t at = pcapng_writer_begin_block(w, PCAPNG_BLOCK_EPB);
	uint32_t caplen = kept_of(p);
	uint8_t *h = wbuf_claim(&w->buf, 20);

	if (h) {
		put_le(h, p->interface, 4);
		put_le(h + 4, p->ts_ns >> 32, 4);
		put_le(h + 8, p->ts_ns, 4);
		put_le(h + 12, caplen, 4);
		put_le(h + 16, p->len, 4);
	}
	wbuf_put(&w->buf, p->data, caplen);
	wbuf_pad4(&w->buf);
	for (int i = 0; i < p->option_count; i++)
		wbuf_put(&w->buf, p->options[i].iov_base,
			 p->options[i].iov_len);
	put_end_of_options(&w->buf);
	return pcapng_writer_end_block(w, at);
}

int pcapng_writer_block(struct pcapng_writer *w, const void *block, size_t len)
{
	size_t at = w->buf.len;

	wbuf_put(&w->buf, block, len);
	return pcapng_writer_block_added(w, at);
}

int pcapng_writer_custom_of(struct pcapng_writer *w, uint32_t pen,
			    const void *payload, size_t len)
{
	size_t at = pcapng_writer_begin_block(w, PCAPNG_BLOCK_CB);

	wbuf_u32(&w->buf, pen);
	wbuf_put(&w->buf, payload, len);
	wbuf_pad4(&w->buf);
	return pcapng_writer_end_block(w, at);
}

int pcapng_writer_custom(struct pcapng_writer *w, const void *payload,
			 size_t len)
{
	return pcapng_writer_custom_of(w, PKTWHO_PEN, payload, len);
}

int pcapng_writer_keys(struct pcapng_writer *w, const char *lines, size_t len)
{
	size_t at = pcapng_writer_begin_block(w, PCAPNG_BLOCK_DSB);

	wbuf_u32(&w->buf, PCAPNG_DSB_TLS_KEYS);
	wbuf_u32(&w->buf, (uint32_t)len);
	wbuf_put(&w->buf, lines, len);
	wbuf_pad4(&w->buf);
	return pcapng_writer_end_block(w, at);
}

int pcapng_writer_name(struct pcapng_writer *w, const uint8_t addr[16],
		       const char *name)
{
	bool v4 = address_is_ipv4(addr);
	size_t at = pcapng_writer_begin_block(w, PCAPNG_BLOCK_NRB);
	size_t len = v4 ? 4 : 16, name_len = strlen(name) + 1;

	wbuf_u16(&w->buf, v4 ? PCAPNG_NRB_IPV4 : PCAPNG_NRB_IPV6);
	wbuf_u16(&w->buf, (uint16_t)(len + name_len));
	wbuf_put(&w->buf, addr + 16 - len, len);
	wbuf_put(&w->buf, name, name_len);
	wbuf_pad4(&w->buf);
	wbuf_u32(&w->buf, 0); /* the last record */
	return pcapng_writer_end_block(w, at);
}

/* Its timestamps are two 32-bit halves, the high one first (section 4.6). */
static void put_time(struct wbuf *w, uint16_t code, uint64_t ts_ns)
{
	uint8_t value[8];

	put_le(value, ts_ns >> 32, 4);
	put_le(value + 4, ts_ns, 4);
	put_option(w, code, value, sizeof(value));
}

static void put_counter(struct wbuf *w, uint16_t code, uint64_t v)
{
	uint8_t value[8];

	put_le(value, v, 8);
	put_option(w, code, value, sizeof(value));
}

int pcapng_writer_statistics(struct pcapng_writer *w,
			     const struct pcapng_statistics *s)
{
	size_t at = pcapng_writer_begin_block(w, PCAPNG_BLOCK_ISB);

	wbuf_u32(&w->buf, s->interface);
	wbuf_u32(&w->buf, (uint32_t)(s->end_ns >> 32));
	wbuf_u32(&w->buf, (uint32_t)s->end_ns);
	put_string(&w->buf, PCAPNG_OPT_COMMENT, s->comment);
	put_time(&w->buf, PCAPNG_ISB_STARTTIME, s->start_ns);
	put_time(&w->buf, PCAPNG_ISB_ENDTIME, s->end_ns);
	if (!s->delivered_only) {
		put_counter(&w->buf, PCAPNG_ISB_IFRECV, s->received);
		put_counter(&w->buf, PCAPNG_ISB_IFDROP, s->if_dropped);
		put_counter(&w->buf, PCAPNG_ISB_OSDROP, s->os_dropped);
	}
	put_counter(&w->buf, PCAPNG_ISB_USRDELIV, s->delivered);
	if (s->own_len)
		put_custom_option(&w->buf, s->own, s->own_len);
	put_end_of_options(&w->buf);
	return pcapng_writer_end_block(w, at);
}
