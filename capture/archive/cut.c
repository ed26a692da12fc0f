/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/cut.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/addresses.h"
#include "archive/list.h"
#include "archive/out.h"
#include "archive/packet.h"
#include "archive/peer.h"
#include "archive/people.h"
#include "host/log.h"
#include "output/comments.h"
#include "output/packet_options.h"
#include "output/pcapng/pcapng_option.h"
#include "output/pcapng/pcapng_writer.h"
#include "output/process_block.h"
#include "packet/parse.h"
#include "process/filter/filter.h"

#define SECTION_ROOM 8192	/* of what a section says of itself */
#define BLOCK_ROOM (PCAPNG_MAX_BLOCK + 2 * (PROCESS_MAX + 16) + COMMENT_MAX + 8)

/* One of the new file, which may be several files' */
struct interface {
	uint8_t *block;			/* as it was described */
	size_t len;
	uint64_t packets;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t if_dropped;		/* in the files that were read */
	uint64_t os_dropped;
};

struct cut {
	const struct cut_options *options;
	struct peer peer;
	struct people *people;
	struct comments *comments;
	struct addresses *addresses;
	struct process src;		/* scratch for the comment */
	struct process dst;
	bool file_wanted;		/* its table names one of them */
	struct archive_interfaces in;	/* of the section that is read */
	uint32_t numbers[ARCHIVE_INTERFACES];	/* theirs in the new file */
	struct interface out[ARCHIVE_INTERFACES];
	uint32_t out_count;
	struct pcapng_writer *writer;
	long packets;
	struct wbuf section;		/* options: of the first one's with a packet */
	struct wbuf keys;		/* blocks that wait for a packet */
	struct wbuf table;
	uint32_t table_count;
	uint8_t table_bytes[PCAPNG_MAX_BLOCK - 64];
	uint8_t block[BLOCK_ROOM];
	uint8_t key_bytes[PCAPNG_MAX_BLOCK];
	uint8_t section_bytes[SECTION_ROOM];
};

/* ---- what is wanted ---- */

/* Those whom a packet names. */
struct named {
	unsigned count;
	struct person *of[PEOPLE_NAMED];
};

static bool is_wanted(const struct cut *c, const struct archive_packet *p,
		      const struct named *named)
{
	if (p->ts_ns < c->options->from_ns || !peer_has(&c->peer, p))
		return false;
	if (filter_is_empty(c->options->filter))
		return true;
	for (unsigned i = 0; i < named->count; i++)
		if (named->of[i]->wanted)
			return true;
	return false;
}

/* ---- the new file ---- */

/* On which machine it was captured, and what its user said of it. */
static void keep_section(struct cut *c, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint16_t code;

	c->section = wbuf_of(c->section_bytes, sizeof(c->section_bytes));
	rbuf_claim(&b, 16);
	while (!b.failed && take_option(&b, &code, &value))
		if ((code == PCAPNG_OPT_COMMENT || code == PCAPNG_SHB_HARDWARE ||
		     code == PCAPNG_SHB_OS) &&
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
	wbuf_u64(&w, UINT64_MAX);		/* its length: not known */
	wbuf_put(&w, c->section_bytes, c->section.len);
	put_option(&w, PCAPNG_SHB_USERAPPL, program, strlen(program));
	wbuf_u32(&w, PCAPNG_OPT_END);
	wbuf_u32(&w, (uint32_t)w.len + 4);
	put_le(c->block + 4, w.len, 4);
	return archive_out_block(c->writer, c->block, w.len);
}

static int open_writer(struct cut *c)
{
	int err;

	if (c->writer)
		return 0;
	err = archive_out_open(&c->writer, c->options->path,
			       c->options->compression);
	return err ? err : put_section(c);
}

/* The same interface of several files is one. */
static int add_interface(struct cut *c, const uint8_t *block, size_t len)
{
	uint32_t number = c->in.count, i = 0;

	if (number == ARCHIVE_INTERFACES)
		return -EMFILE;
	while (i < c->out_count && (c->out[i].len != len ||
				    memcmp(c->out[i].block, block, len)))
		i++;
	if (i == ARCHIVE_INTERFACES)
		return -EMFILE;
	if (i == c->out_count) {
		c->out[i].block = malloc(len);
		if (!c->out[i].block)
			return -ENOMEM;
		memcpy(c->out[i].block, block, len);
		c->out[i].len = len;
		c->out_count++;
	}
	c->numbers[number] = i;
	archive_interface_add(&c->in, block, len);
	return 0;
}

/* Another section: of the last one's those without packets are not needed. */
static void forget_interfaces(struct cut *c)
{
	c->in.count = 0;
	while (c->out_count && !c->out[c->out_count - 1].packets)
		free(c->out[--c->out_count].block);
}

/*
 * Its number is the order of first packets, as interfaces without any are
 * left out: described in the file when it is needed.
 */
static int describe_interface(struct cut *c, uint32_t *number)
{
	uint32_t n = *number, described = 0;

	while (described < c->out_count && c->out[described].packets)
		described++;
	if (!c->out[n].packets && n != described) {
		struct interface swap = c->out[n];

		c->out[n] = c->out[described];
		c->out[described] = swap;
		for (uint32_t i = 0; i < c->in.count; i++)
			if (c->numbers[i] == n)
				c->numbers[i] = described;
			else if (c->numbers[i] == described)
				c->numbers[i] = n;
		n = described;
	}
	*number = n;
	return c->out[n].packets ? 0 : archive_out_block(c->writer, c->out[n].block,
						 c->out[n].len);
}

/* What opens later packets; of too much at once only the first is kept. */
static void keep_keys(struct cut *c, const uint8_t *block, size_t len)
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

	for (unsigned i = 0; c->options->process_blocks && i < named->count; i++)
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
 * As a capture writes them: what is said later of a process is from then on.
 * @news: whom the new file did not tell of before this packet.
 */
static int put_process_blocks(struct cut *c, const struct named *named,
			      unsigned news, uint64_t ts_ns)
{
	uint8_t payload[PROCESS_BLOCK_MAX];
	int err = 0;

	for (unsigned i = 0; !err && i < named->count; i++) {
		const struct person *one = named->of[i];
		size_t len = 0;

		if (news >> i & 1 && process_decode(&c->src, one->record,
						    one->record_len) > 0)
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
	       process_decode(p, person->record, person->record_len) > 0 ?
		       p : NULL;
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
	struct comment_place place =
		comments_find(c->comments, packet, p->interface, 1,
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

static int cut_packet(struct cut *c, const struct archive_packet *p,
		      const uint8_t *block, const struct named *named)
{
	struct wbuf w = wbuf_of(c->block, sizeof(c->block));
	uint32_t number = c->numbers[p->interface];
	unsigned news = find_news(c, named);
	struct packet packet;
	int err = open_writer(c);

	parse_packet(&packet, p->linktype, p->data, p->caplen);
	err = err ? err : describe_interface(c, &number);
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
	if (!c->out[number].packets++)
		c->out[number].first_ns = p->ts_ns;
	c->out[number].last_ns = p->ts_ns;
	c->packets++;
	for (unsigned i = 0; i < named->count; i++)
		person_count(named->of[i], p->ts_ns, p->len);
	return 0;
}

/* ---- the end of it ---- */

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

static int close_writer(struct cut *c)
{
	int err = addresses_rest(c->addresses, put_late_name, c);

	for (uint32_t i = 0; !err && i < c->out_count; i++) {
		const struct pcapng_statistics s = {
			.interface = i,
			.start_ns = c->out[i].first_ns,
			.end_ns = c->out[i].last_ns,
			.received = c->out[i].packets,
			.if_dropped = c->out[i].if_dropped,
			.os_dropped = c->out[i].os_dropped,
			.delivered = c->out[i].packets,
		};

		if (c->out[i].packets)
			err = pcapng_writer_statistics(c->writer, &s);
	}
	begin_cut_table(c);
	people_each(c->people, add_person, c);
	if (!err)
		err = put_table(c);
	return archive_out_close(c->writer, err);
}

/* ---- the files ---- */

/* What their captures lost is lost here, too, whosever it was. */
static void count_drops(struct cut *c, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint32_t number = rbuf_u32(&b);
	struct interface *out;
	uint16_t code;

	if (b.failed || number >= c->in.count)
		return;
	out = &c->out[c->numbers[number]];
	rbuf_claim(&b, 8);
	while (!b.failed && take_option(&b, &code, &value))
		if (code == PCAPNG_ISB_IFDROP)
			out->if_dropped += rbuf_u64(&value);
		else if (code == PCAPNG_ISB_OSDROP)
			out->os_dropped += rbuf_u64(&value);
}

static int cut_a_packet(struct cut *c, const uint8_t *block, size_t len)
{
	struct archive_packet p;
	struct named named;

	if (archive_packet_read(&p, &c->in, block, len))
		return 0;
	for (int i = 0; i < p.record_count; i++)
		people_learn(c->people, p.records[i].p, p.records[i].len,
			     false);
	named.count = people_named(c->people, &p, named.of);
	return is_wanted(c, &p, &named) ? cut_packet(c, &p, block, &named) : 0;
}

static int cut_block(void *ctx, const uint8_t *block, size_t len)
{
	struct cut *c = ctx;

	switch (get_le(block, 4)) {
	case PCAPNG_BLOCK_SHB:
		forget_interfaces(c);
		if (!c->writer)
			keep_section(c, block, len);
		return 0;
	case PCAPNG_BLOCK_IDB:
		return add_interface(c, block, len);
	case PCAPNG_BLOCK_DSB:
		keep_keys(c, block, len);
		return 0;
	case PCAPNG_BLOCK_NRB:
		addresses_learn(c->addresses, block, len);
		return 0;
	case PCAPNG_BLOCK_ISB:
		count_drops(c, block, len);
		return 0;
	case PCAPNG_BLOCK_EPB:
		return cut_a_packet(c, block, len);
	default:
		return 0;
	}
}

static void on_process(void *ctx, const struct process *p,
		       const uint8_t *record, size_t len)
{
	struct cut *c = ctx;
	struct person *person = people_learn(c->people, record, len, true);

	(void)p;
	c->file_wanted |= person && person->wanted;
}

static int cut_file(struct cut *c, struct archive_file *f)
{
	bool all = filter_is_empty(c->options->filter);
	int err;

	c->file_wanted = false;
	c->in.count = 0;
	err = archive_file_load(f);
	err = err ? err : archive_file_end(f, on_process, c);
	if (!err && (all || !f->has_table || c->file_wanted) &&
	    (!f->end_ns || f->end_ns >= c->options->from_ns))
		err = archive_file_blocks(f, cut_block, c);
	/* What else lies in that directory is nobody's failure. */
	return err == -EBADMSG ? 0 : err;
}

static int cut_files(struct cut *c, struct archive_list *l)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->count; i++) {
		err = cut_file(c, &l->files[i]);
		if (err == -EPROTONOSUPPORT)
			log_error("cannot read %s: it is big-endian",
				  l->files[i].path);
		else if (err && err != -EPIPE)
			log_error("%s, into %s: %s", l->files[i].path,
				  c->options->path, strerror(-err));
		archive_file_close(&l->files[i]);
	}
	return err;
}

long archive_cut(struct archive_list *l, const struct cut_options *o)
{
	struct cut *c = calloc(1, sizeof(*c));
	long packets = 0;
	int err = c ? 0 : -ENOMEM, closed;

	if (err)
		return err;
	c->options = o;
	c->people = people_new(o->filter);
	c->comments = comments_new();
	c->addresses = addresses_new();
	if (!c->people || !c->comments || !c->addresses)
		err = -ENOMEM;
	else
		err = peer_parse(&c->peer, o->host, o->country);
	if (!err)
		err = cut_files(c, l);
	if (c->writer) {
		closed = close_writer(c);
		if (closed && !err && closed != -EPIPE)
			log_error("cannot write %s: %s", o->path,
				  strerror(-closed));
		err = err ? err : closed;
	}
	packets = c->packets;
	for (uint32_t i = 0; i < c->out_count; i++)
		free(c->out[i].block);
	people_free(c->people);
	comments_free(c->comments);
	addresses_free(c->addresses);
	free(c);
	return err ? err : packets;
}
