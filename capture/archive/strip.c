/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/strip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "archive/list.h"
#include "archive/out.h"
#include "host/log.h"
#include "output/files/opener.h"
#include "output/pcapng/pcapng_option.h"
#include "output/pcapng/pcapng_writer.h"
#include "output/process_block.h"
#include "record.h"

#define COMMENT_MAX 256

struct strip {
	const struct strip_options *options;
	struct pcapng_writer *writer;
	long packets;
	struct process process; /* 8 KB: not on the stack */
	struct wbuf block;
	uint8_t bytes[PCAPNG_MAX_BLOCK];
};

static bool strips(const struct strip *s, enum strip_what what)
{
	return s->options->what & what;
}

/* ---- records ---- */

/* "user-1000.slice" and "user@1000.service" have the number of theirs. */
static bool names_a_user(const char *text)
{
	return strstr(text, "user-") || strstr(text, "user@");
}

static void leave_out(struct process *p, enum field f)
{
	p->has &= ~(1ull << f);
}

static void strip_users(struct process *p)
{
	leave_out(p, FIELD_UID);
	leave_out(p, FIELD_GID);
	leave_out(p, FIELD_USER);
	leave_out(p, FIELD_LOGINUID);
	leave_out(p, FIELD_TTY);
	leave_out(p, FIELD_SESSION_ID);
	leave_out(p, FIELD_SESSION_ADDRESS);
	if (names_a_user(p->cgroup))
		leave_out(p, FIELD_CGROUP);
	if (names_a_user(p->unit))
		leave_out(p, FIELD_UNIT);
}

static void strip_arguments(struct process *p)
{
	leave_out(p, FIELD_SCRIPT);
	if (!process_has(p, FIELD_CMDLINE))
		return;
	leave_out(p, FIELD_CMDLINE);
	p->flags |= PROCESS_CMDLINE_WITHHELD;
	p->flags &= ~(PROCESS_CMDLINE_TRUNCATED | PROCESS_CMDLINE_MASKED);
	p->has |= 1ull << FIELD_FLAGS;
}

/* What the record becomes; its length, or 0 if it is none. */
static size_t strip_record(struct strip *s, const uint8_t *record, size_t len,
			   uint8_t out[PROCESS_MAX], size_t *taken)
{
	int n = process_decode(&s->process, record, len);

	*taken = n > 0 ? (size_t)n : 0;
	if (n <= 0)
		return 0;
	if (strips(s, STRIP_ARGUMENTS))
		strip_arguments(&s->process);
	if (strips(s, STRIP_USERS))
		strip_users(&s->process);
	n = process_encode(&s->process, out, PROCESS_MAX);
	return n > 0 ? (size_t)n : 0;
}

/* ---- options ---- */

static bool is_our_comment(const uint8_t *text, size_t len)
{
	return len >= 4 &&
	       (!memcmp(text, "src", 3) || !memcmp(text, "dst", 3)) &&
	       (text[3] == '=' || text[3] == '.');
}

/* Without " src.user=..." and " dst.user=...": no value of ours has a blank. */
static size_t strip_comment(const uint8_t *text, size_t len,
			    uint8_t out[COMMENT_MAX])
{
	size_t kept = 0, end;

	for (size_t at = 0; at < len && len <= COMMENT_MAX; at = end + 1) {
		const uint8_t *blank = memchr(text + at, ' ', len - at);
		bool user;

		end = blank ? (size_t)(blank - text) : len;
		user = end - at > 9 && (!memcmp(text + at, "src.user=", 9) ||
					!memcmp(text + at, "dst.user=", 9));
		if (user)
			continue;
		if (kept)
			out[kept++] = ' ';
		memcpy(out + kept, text + at, end - at);
		kept += end - at;
	}
	return kept;
}

static void strip_a_comment(struct strip *s, struct rbuf value)
{
	uint8_t text[COMMENT_MAX];
	size_t len;

	if (!is_our_comment(value.p, value.left)) {
		put_option(&s->block, PCAPNG_OPT_COMMENT, value.p, value.left);
		return;
	}
	if (strips(s, STRIP_PROCESSES))
		return;
	if (!strips(s, STRIP_USERS)) {
		put_option(&s->block, PCAPNG_OPT_COMMENT, value.p, value.left);
		return;
	}
	len = strip_comment(value.p, value.left, text);
	if (len)
		put_option(&s->block, PCAPNG_OPT_COMMENT, text, len);
}

static bool is_our_option(struct rbuf value)
{
	return rbuf_u32(&value) == PKTWHO_PEN &&
	       record_kind(value.p, value.left) != -EBADMSG;
}

/* What of ours we cannot read may hold what is not to be there. */
static void put_ours(struct strip *s, const uint8_t *payload, size_t len)
{
	int kind = record_kind(payload, len);
	uint8_t record[PROCESS_MAX];
	size_t taken;

	if (kind == RECORD_ATTRIBUTION || kind == RECORD_RECEIVER) {
		put_custom_option(&s->block, payload, len);
		return;
	}
	len = strip_record(s, payload, len, record, &taken);
	if (len)
		put_custom_option(&s->block, record, len);
}

static void put_custom(struct strip *s, struct rbuf value)
{
	if (!is_our_option(value))
		put_option(&s->block, PCAPNG_OPT_CUSTOM_BIN, value.p,
			   value.left);
	else if (!strips(s, STRIP_PROCESSES))
		put_ours(s, value.p + 4, value.left - 4);
}

static void put_one(struct strip *s, uint16_t code, struct rbuf value)
{
	if (code == PCAPNG_OPT_COMMENT)
		strip_a_comment(s, value);
	else if (code == PCAPNG_OPT_CUSTOM_BIN)
		put_custom(s, value);
	else if (code != PCAPNG_EPB_PROCESSID_THREADID ||
		 !strips(s, STRIP_PROCESSES))
		put_option(&s->block, code, value.p, value.left);
}

/* The options of a packet; what is cut ends them. */
static void put_options(struct strip *s, struct rbuf *b)
{
	struct rbuf value;
	uint16_t code;

	while (take_option(b, &code, &value))
		put_one(s, code, value);
	wbuf_u32(&s->block, PCAPNG_OPT_END);
}

/* ---- blocks ---- */

static void begin_block(struct strip *s, const uint8_t *block, size_t head)
{
	s->block = wbuf_of(s->bytes, sizeof(s->bytes));
	wbuf_put(&s->block, block, head);
}

static int end_block(struct strip *s)
{
	size_t len = s->block.len + 4;

	wbuf_u32(&s->block, (uint32_t)len);
	if (s->block.failed)
		return -EBADMSG;
	put_le(s->bytes + 4, len, 4);
	return archive_out_block(s->writer, s->bytes, len);
}

static int strip_packet(struct strip *s, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12);
	uint32_t caplen;

	rbuf_claim(&b, 12);
	caplen = rbuf_u32(&b);
	rbuf_claim(&b, 4);
	rbuf_claim(&b, caplen);
	rbuf_claim(&b, -(size_t)caplen & 3);
	s->packets++;
	if (b.failed)
		return archive_out_block(s->writer, block, len);
	begin_block(s, block, len - 4 - b.left);
	put_options(s, &b);
	return end_block(s);
}

/* Of a table: header, then records, each with less in it. */
static int put_stripped_table(struct strip *s, struct rbuf b)
{
	struct table_header t;
	size_t at = 12;

	if (table_header_decode(&t, b.p, b.left) < 0)
		return 0;
	rbuf_claim(&b, TABLE_HEADER_LEN);
	wbuf_claim(&s->block, TABLE_HEADER_LEN);
	for (uint32_t i = 0; i < t.count; i++) {
		uint8_t record[PROCESS_MAX];
		size_t taken,
			len = strip_record(s, b.p, b.left, record, &taken);

		if (!len)
			return 0;
		wbuf_put(&s->block, record, len);
		rbuf_claim(&b, taken);
	}
	t.length = (uint32_t)(s->block.len - at - TABLE_HEADER_LEN);
	table_header_encode(&t, s->bytes + at, TABLE_HEADER_LEN);
	return end_block(s);
}

/* What Wireshark 5 reads of a process: process_block.h. */
static int put_process_block(struct strip *s, const uint8_t *block, size_t len)
{
	const size_t options = 24, length_at = 16;
	struct rbuf b = rbuf_of(block + options, len - 4 - options), value;
	uint16_t code;

	begin_block(s, block, options);
	while (take_option(&b, &code, &value)) {
		bool user = code == PROCESS_BLOCK_UID ||
			    code == PROCESS_BLOCK_USER;

		if (!(user && strips(s, STRIP_USERS)) &&
		    !(code == PROCESS_BLOCK_CMDLINE &&
		      strips(s, STRIP_ARGUMENTS)))
			put_option(&s->block, code, value.p, value.left);
	}
	wbuf_u32(&s->block, PCAPNG_OPT_END);
	put_le(s->bytes + length_at, s->block.len - length_at - 4, 4);
	return end_block(s);
}

/* Others' custom blocks are theirs, but processes are processes. */
static int put_others_block(struct strip *s, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12);

	if (rbuf_u32(&b) != PROCESS_BLOCK_PEN)
		return archive_out_block(s->writer, block, len);
	if (strips(s, STRIP_PROCESSES))
		return 0;
	if (rbuf_u32(&b) != PROCESS_BLOCK_ENTRY || b.left < 8)
		return archive_out_block(s->writer, block, len);
	return put_process_block(s, block, len);
}

static int put_custom_block(struct strip *s, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12);

	if (!is_our_option(b))
		return put_others_block(s, block, len);
	rbuf_claim(&b, 4);
	if (strips(s, STRIP_PROCESSES) ||
	    record_kind(b.p, b.left) != RECORD_TABLE)
		return 0;
	begin_block(s, block, 12);
	return put_stripped_table(s, b);
}

/* Its comment has counters of processes' ends; the contents were the old file's. */
static bool keeps_of_statistics(const struct strip *s, uint16_t code,
				struct rbuf value)
{
	if (code == PCAPNG_OPT_COMMENT)
		return !strips(s, STRIP_PROCESSES);
	return code != PCAPNG_OPT_CUSTOM_BIN || !is_our_option(value);
}

static int put_statistics(struct strip *s, const uint8_t *block, size_t len)
{
	struct rbuf b = rbuf_of(block + 8, len - 12), value;
	uint16_t code;

	rbuf_claim(&b, 12);
	if (b.failed)
		return archive_out_block(s->writer, block, len);
	begin_block(s, block, 20);
	while (take_option(&b, &code, &value))
		if (keeps_of_statistics(s, code, value))
			put_option(&s->block, code, value.p, value.left);
	wbuf_u32(&s->block, PCAPNG_OPT_END);
	return end_block(s);
}

static int strip_block(void *ctx, const uint8_t *block, size_t len)
{
	struct strip *s = ctx;

	switch (get_le(block, 4)) {
	case PCAPNG_BLOCK_EPB:
		return strip_packet(s, block, len);
	case PCAPNG_BLOCK_CB:
		return put_custom_block(s, block, len);
	case PCAPNG_BLOCK_ISB:
		return put_statistics(s, block, len);
	case PCAPNG_BLOCK_NRB: /* names of addresses */
		return strips(s, STRIP_PROCESSES) ?
			       0 :
			       archive_out_block(s->writer, block, len);
	case PCAPNG_BLOCK_DSB:
		return strips(s, STRIP_KEYS) ?
			       0 :
			       archive_out_block(s->writer, block, len);
	default:
		return archive_out_block(s->writer, block, len);
	}
}

static int strip_file(struct strip *s, struct archive_file *f)
{
	int err = archive_file_load(f);

	if (err) {
		archive_file_tell(f, err);
		return err;
	}
	err = archive_out_open(&s->writer, s->options->to,
			       s->options->compression);
	err = err ? err : archive_file_blocks(f, strip_block, s);
	if (s->writer)
		err = archive_out_close(s->writer, err);
	if (err && err != -EPIPE)
		log_error("%s, into %s: %s", f->path, s->options->path,
			  opener_why(err));
	archive_file_tell(f, 0);
	return err;
}

long archive_strip(struct archive_list *l, const struct strip_options *o)
{
	struct strip *s = calloc(1, sizeof(*s));
	long packets;
	int err;

	if (!s)
		return -ENOMEM;
	s->options = o;
	err = strip_file(s, &l->files[0]);
	packets = s->packets;
	free(s);
	return err ? err : packets;
}
