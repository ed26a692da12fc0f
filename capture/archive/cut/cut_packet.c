/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/cut/cut_parts.h"

#include <net/if_arp.h>
#include <string.h>

#include "archive/out.h"
#include "output/pcapng/pcapng_option.h"
#include "output/process_block.h"

/* What opens later packets; of too much at once only the first is kept. */
void cut_keep_keys(struct cut *c, const uint8_t *block, size_t len)
{
	if (!c->keys.base)
		c->keys = wbuf_of(c->key_bytes, sizeof(c->key_bytes));
	if (len <= c->keys.cap - c->keys.len)
		wbuf_put(&c->keys, block, len);
}

static int put_keys(struct cut *c)
{
	int err = 0;

	for (size_t at = 0, len; !err && at < c->keys.len; at += len) {
		len = (size_t)get_le(c->key_bytes + at + 4, 4);
		err = archive_out_block(c->writer, c->key_bytes + at, len);
	}
	c->keys.len = 0;
	return err;
}

static int put_name(struct cut *c, const uint8_t addr[16])
{
	const char *name = addresses_due(c->addresses, addr);

	return name ? archive_out_name(c->writer, addr, name) : 0;
}

/* Before the packet, as the capture has them. */
static int put_names(struct cut *c, const struct packet *p)
{
	int err;

	if (p->kind != PACKET_IP)
		return 0;
	err = put_name(c, p->outer.key.local);
	return err ? err : put_name(c, p->outer.key.remote);
}

/* The new file does not say yet what is known of it. */
static bool is_news(const struct person *person)
{
	return !person->told && person->record;
}

static unsigned find_news(const struct cut *c, const struct named *named)
{
	unsigned news = 0;

	for (unsigned i = 0; c->options->process_blocks && i < named->count;
	     i++)
		news |= (unsigned)is_news(named->of[i]) << i;
	return news;
}

static void put_record(struct wbuf *w, const struct archive_packet *p,
		       struct person *person)
{
	if (!is_news(person) ||
	    w->len + person->record_len + 16 > PCAPNG_MAX_BLOCK)
		return;
	person->told = true;
	for (int i = 0; i < p->record_count; i++)
		if (p->records[i].len >= person->record_len &&
		    !memcmp(p->records[i].p, person->record,
			    person->record_len))
			return;
	put_custom_option(w, person->record, person->record_len);
}

/*
 * Writes them as a capture does: what is said later of a process holds from then
 * on.  @news: a bit for each that the new file did not tell of before.
 */
static int put_process_blocks(struct cut *c, const struct named *named,
			      unsigned news, uint64_t ts_ns)
{
	uint8_t payload[PROCESS_BLOCK_MAX];
	int err = 0;

	for (unsigned i = 0; !err && i < named->count; i++) {
		const struct person *one = named->of[i];
		size_t len = 0;

		if (news >> i & 1 &&
		    process_decode(&c->src, one->record, one->record_len) > 0)
			len = process_block(&c->src, one->packets ? ts_ns : 0,
					    payload);
		if (len)
			err = archive_out_custom(c->writer, PROCESS_BLOCK_PEN,
						 payload, len);
	}
	return err;
}

static const struct process *known(struct process *p,
				   const struct person *person)
{
	return person && person->record &&
			       process_decode(p, person->record,
					      person->record_len) > 0 ?
		       p :
		       NULL;
}

/* Ethernet without addresses, or what `any` says. */
static bool is_of_loopback(const struct archive_packet *p)
{
	static const uint8_t nowhere[12];

	if (p->linktype == LINKTYPE_LINUX_SLL2)
		return p->caplen >= 10 && p->data[8] == ARPHRD_LOOPBACK >> 8 &&
		       p->data[9] == (ARPHRD_LOOPBACK & 0xff);
	return p->linktype == LINKTYPE_ETHERNET &&
	       p->caplen >= sizeof(nowhere) &&
	       !memcmp(p->data, nowhere, sizeof(nowhere));
}

static void put_first_thread(struct wbuf *w, struct packet_end e)
{
	e.tid = e.pid;
	put_process_option(w, &e);
}

/* What the rest tells, and the capture has left out: packet_options.h. */
static void put_left_out(struct wbuf *w, const struct archive_packet *p)
{
	uint8_t flags[4];

	if (p->has_flags || p->has_threads || !is_of_loopback(p) ||
	    p->owners.direction == DIRECTION_UNKNOWN ||
	    w->len + 64 > PCAPNG_MAX_BLOCK)
		return;
	put_le(flags, PCAPNG_EPB_FLAG_INBOUND, 4);
	put_option(w, PCAPNG_EPB_FLAGS, flags, sizeof(flags));
	put_first_thread(w, p->owners.src);
	put_first_thread(w, p->owners.dst);
}

/* The comment is cheaper than the capture's, and as good: whom it is of. */
static void put_comment(struct cut *c, struct wbuf *w,
			const struct archive_packet *p)
{
	const struct person *src = people_of(c->people, &p->owners.src);
	const struct person *dst = people_of(c->people, &p->owners.dst);
	const struct option_key key = { .src = p->owners.src,
					.dst = p->owners.dst };
	char comment[COMMENT_MAX];
	size_t len = comment_format(comment, &key, known(&c->src, src),
				    known(&c->dst, dst));

	if (len && w->len + len + 8 <= PCAPNG_MAX_BLOCK)
		put_option(w, PCAPNG_OPT_COMMENT, comment, len);
}

static bool is_among_first(struct cut *c, const struct archive_packet *p,
			   const struct packet *packet)
{
	uint64_t ids = p->owners.src.id * 3 + p->owners.dst.id;
	struct comment_place place = comments_find(c->comments, packet,
						   p->interface, 1,
						   (uint32_t)(ids ^ ids >> 32));

	if (c->options->comments == COMMENTS_CHANGES &&
	    !comments_due(c->comments, &place))
		return false;
	comments_told(c->comments, &place);
	return true;
}

/* Later packets of a flow have less, and here they can be its first. */
static void put_first(struct cut *c, struct wbuf *w,
		      const struct archive_packet *p,
		      const struct packet *packet)
{
	if (!is_among_first(c, p, packet))
		return;
	if (!p->commented && c->options->comments != COMMENTS_NONE)
		put_comment(c, w, p);
	put_left_out(w, p);
}

int cut_write_packet(struct cut *c, const struct archive_packet *p,
		     const uint8_t *block, const struct named *named)
{
	struct wbuf w = wbuf_of(c->block, sizeof(c->block));
	struct cut_interface *interface;
	unsigned news = find_news(c, named);
	struct packet packet;
	uint32_t number;
	int err = cut_open_writer(c);

	parse_packet(&packet, p->linktype, p->data, p->caplen);
	interface = cut_interfaces_of(&c->interfaces, p->interface, &number);
	if (!err && !interface->packets)
		err = archive_out_block(c->writer, interface->block,
					interface->len);
	err = err ? err : put_keys(c);
	err = err ? err : put_names(c, &packet);
	/* A row before the first packet would be counted as one. */
	if (!err && c->packets)
		err = put_process_blocks(c, named, news, p->ts_ns);
	if (err)
		return err;
	wbuf_put(&w, block, p->options_end);
	put_le(c->block + 8, number, 4);
	for (unsigned i = 0; i < named->count; i++)
		put_record(&w, p, named->of[i]);
	put_first(c, &w, p, &packet);
	wbuf_u32(&w, PCAPNG_OPT_END);
	wbuf_u32(&w, (uint32_t)w.len + 4);
	put_le(c->block + 4, w.len, 4);
	err = archive_out_block(c->writer, c->block, w.len);
	if (!err && !c->packets)
		err = put_process_blocks(c, named, news, p->ts_ns);
	if (err)
		return err;
	if (!interface->packets++)
		interface->first_ns = p->ts_ns;
	interface->last_ns = p->ts_ns;
	c->packets++;
	for (unsigned i = 0; i < named->count; i++)
		person_count(named->of[i], p->ts_ns, p->len);
	return 0;
}
