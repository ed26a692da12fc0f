/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/cut/cut_parts.h"

#include <stdlib.h>
#include <string.h>

#include "archive/out.h"
#include "output/pcapng/pcapng_option.h"
#include "output/pcapng/pcapng_writer.h"

/* On which machine it was captured, and what its user said of it. */
void cut_keep_section(struct cut *c, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint16_t code;

	c->section = wbuf_of(c->section_bytes, sizeof(c->section_bytes));
	rbuf_claim(&b, 16);
	while (!b.failed && take_option(&b, &code, &value))
		if ((code == PCAPNG_OPT_COMMENT ||
		     code == PCAPNG_SHB_HARDWARE || code == PCAPNG_SHB_OS) &&
		    value.left + 8 <= c->section.cap - c->section.len)
			put_option(&c->section, code, value.p, value.left);
}

static int put_section(struct cut *c)
{
	static const char program[] = "pktwho " PKTWHO_VERSION;
	struct wbuf w = wbuf_of(c->block, sizeof(c->block));

	wbuf_u32(&w, PCAPNG_BLOCK_SHB);
	wbuf_u32(&w, 0);
	wbuf_u32(&w, PCAPNG_BYTE_ORDER_MAGIC);
	wbuf_u16(&w, PCAPNG_VERSION_MAJOR);
	wbuf_u16(&w, PCAPNG_VERSION_MINOR);
	wbuf_u64(&w, UINT64_MAX); /* its length: not known */
	wbuf_put(&w, c->section_bytes, c->section.len);
	put_option(&w, PCAPNG_SHB_USERAPPL, program, strlen(program));
	wbuf_u32(&w, PCAPNG_OPT_END);
	wbuf_u32(&w, (uint32_t)w.len + 4);
	put_le(c->block + 4, w.len, 4);
	return archive_out_block(c->writer, c->block, w.len);
}

int cut_open_writer(struct cut *c)
{
	int err;

	if (c->writer)
		return 0;
	err = archive_out_open(&c->writer, c->options->to,
			       c->options->compression);
	return err ? err : put_section(c);
}

static int put_table(struct cut *c)
{
	struct table_header t = {
		.length = (uint32_t)c->table.len - TABLE_HEADER_LEN,
		.count = c->table_count,
	};

	if (!c->table_count)
		return 0;
	table_header_encode(&t, c->table_bytes, TABLE_HEADER_LEN);
	c->table_count = 0;
	return archive_out_custom(c->writer, PKTWHO_PEN, c->table_bytes,
				  c->table.len);
}

static void begin_cut_table(struct cut *c)
{
	c->table = wbuf_of(c->table_bytes, sizeof(c->table_bytes));
	wbuf_claim(&c->table, TABLE_HEADER_LEN);
}

static void add_person(void *ctx, struct person *person)
{
	uint8_t bytes[PROCESS_MAX];
	struct cut *c = ctx;
	struct process p;
	size_t len = person->packets ? person_describe(person, &p, bytes) : 0;

	if (!len)
		return;
	if (c->table.cap - c->table.len < len) {
		put_table(c);
		begin_cut_table(c);
	}
	wbuf_put(&c->table, bytes, len);
	c->table_count++;
}

static int put_late_name(void *ctx, const uint8_t addr[16], const char *name)
{
	struct cut *c = ctx;

	return archive_out_name(c->writer, addr, name);
}

int cut_close_writer(struct cut *c)
{
	const struct cut_interfaces *all = &c->interfaces;
	int err = addresses_rest(c->addresses, put_late_name, c);

	for (uint32_t i = 0; !err && i < all->count; i++) {
		const struct cut_interface *one = &all->out[i];
		const struct pcapng_statistics s = {
			.interface = i,
			.start_ns = one->first_ns,
			.end_ns = one->last_ns,
			.received = one->packets,
			.if_dropped = one->if_dropped,
			.os_dropped = one->os_dropped,
			.delivered = one->packets,
		};

		if (one->packets)
			err = pcapng_writer_statistics(c->writer, &s);
	}
	begin_cut_table(c);
	people_each(c->people, add_person, c);
	err = err ? err : put_table(c);
	return archive_out_close(c->writer, err);
}
