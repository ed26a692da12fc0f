/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output/packet_options.h"

#include <stdlib.h>
#include <string.h>

#include "output/pcapng/pcapng_option.h"
#include "process/records/kept_record.h"

#define SLOTS 4096 /* a power of two */
/* comment, flags, two process options, attribution: each with its header. */
#define STAMP_MAX (8 + 4 + 256 + 2 * 12 + 8 + ATTRIBUTION_MAX)
/* comment, process options, receivers. */
#define OTHERS_STAMP_MAX (4 + 256 + OTHERS_MAX * (12 + 8 + RECEIVER_MAX + 3))

_Static_assert(sizeof(struct packet_end) == 48, "no holes: compared as memory");
_Static_assert(sizeof(struct option_key) == 104,
	       "no holes: compared as memory");

struct slot {
	struct option_key key;
	uint32_t len;
	uint32_t first_len;
	uint32_t comment_hash;
	uint8_t bytes[STAMP_MAX];
};

struct packet_options {
	bool comments;
	bool threads;	    /* on each packet */
	struct process src; /* scratch for the comment */
	struct process dst;
	uint8_t others[OTHERS_STAMP_MAX];
	struct slot slots[SLOTS];
};

struct packet_options *packet_options_new(bool comments, bool threads)
{
	struct packet_options *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->comments = comments;
	s->threads = threads;
	return s;
}

void packet_options_free(struct packet_options *s)
{
	free(s);
}

/* ---- the comment ---- */

static void put_comment_text(struct wbuf *w, const char *s)
{
	wbuf_put(w, s, strlen(s));
}

/*
 * Whatever could end a value, begin another, or leave ASCII is \xHH, so a
 * process cannot forge a key and nothing is lost.
 */
static void put_escaped(struct wbuf *w, const char *s)
{
	static const char hex[] = "0123456789abcdef";

	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;

		if (c > ' ' && c < 0x7f && !strchr("\\=[]\"", c)) {
			wbuf_u8(w, c);
			continue;
		}
		put_comment_text(w, "\\x");
		wbuf_u8(w, (uint8_t)hex[c >> 4]);
		wbuf_u8(w, (uint8_t)hex[c & 15]);
	}
}

static void put_decimal(struct wbuf *w, uint32_t v)
{
	char digits[10];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	wbuf_put(w, digits + n, sizeof(digits) - n);
}

static void begin_item(struct wbuf *w, const char *key)
{
	if (w->len)
		wbuf_u8(w, ' ');
	put_comment_text(w, key);
	wbuf_u8(w, '=');
}

/* Takes back an item that did not fit. */
static void end_item(struct wbuf *w, size_t before)
{
	if (w->failed) {
		w->len = before;
		w->failed = false;
	}
}

static void put_item(struct wbuf *w, const char *key, const char *value)
{
	size_t before = w->len;

	if (!*value)
		return;
	begin_item(w, key);
	put_escaped(w, value);
	end_item(w, before);
}

/* The keys of one end: "src" or "dst", alone and with a dot. */
struct end_keys {
	const char *owner, *attr, *reason, *country, *user, *exe, *container;
};

static const struct end_keys src_keys = {
	"src",	    "src.attr", "src.reason",	 "src.country",
	"src.user", "src.exe",	"src.container",
};

static const struct end_keys dst_keys = {
	"dst",	    "dst.attr", "dst.reason",	 "dst.country",
	"dst.user", "dst.exe",	"dst.container",
};

static void put_owner(struct wbuf *w, const struct end_keys *k,
		      const struct packet_end *e)
{
	size_t before = w->len;

	if (e->attr) {
		begin_item(w, k->owner);
		if (e->pid) {
			put_escaped(w, e->name);
			wbuf_u8(w, '[');
			put_decimal(w, e->pid);
			wbuf_u8(w, ']');
		} else {
			wbuf_u8(w, '-');
		}
		end_item(w, before);
	}
	put_item(w, k->attr, attr_name(e->attr));
	put_item(w, k->reason, reason_name(e->reason));
	put_item(w, k->country, e->country);
}

static void put_details(struct wbuf *w, const struct end_keys *k,
			const struct process *p)
{
	if (!p)
		return;
	if (process_has(p, FIELD_USER))
		put_item(w, k->user, p->user);
	if (process_has(p, FIELD_EXEPATH))
		put_item(w, k->exe, p->exepath);
	if (process_has(p, FIELD_CONTAINER_ID))
		put_item(w, k->container, p->container_id);
}

size_t comment_format(char out[COMMENT_MAX], const struct option_key *key,
		      const struct process *src, const struct process *dst)
{
	struct wbuf w = wbuf_of(out, COMMENT_MAX);

	/* First what must be there, then what may be left out. */
	put_owner(&w, &src_keys, &key->src);
	put_owner(&w, &dst_keys, &key->dst);
	put_details(&w, &src_keys, src);
	put_details(&w, &dst_keys, dst);
	return w.len;
}

/* ---- the options ---- */

void put_process_option(struct wbuf *w, const struct packet_end *e)
{
	uint8_t value[8];

	if (!e->pid)
		return;
	put_le(value, e->pid, 4);
	put_le(value + 4, e->tid, 4);
	put_option(w, PCAPNG_EPB_PROCESSID_THREADID, value, sizeof(value));
}

static void put_receiver(struct wbuf *w, const struct packet_end *e)
{
	uint8_t value[RECEIVER_MAX];
	int len = receiver_encode(e, value, sizeof(value));

	if (len > 0)
		put_custom_option(w, value, (size_t)len);
}

static void put_attribution(struct wbuf *w, const struct option_key *key)
{
	const struct attribution a = { key->direction, key->src, key->dst };
	uint8_t value[ATTRIBUTION_MAX];
	int len = attribution_encode(&a, value, sizeof(value));

	if (len > 0)
		put_custom_option(w, value, (size_t)len);
}

static const struct process *decoded(struct process *p,
				     const struct kept_record *record)
{
	return record && kept_record_read(record, p) ? p : NULL;
}

/* FNV-1a */
static uint32_t text_hash(const char *s, size_t len)
{
	uint32_t h = 0x811c9dc5u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)s[i]) * 0x01000193u;
	return h;
}

static void put_comment(struct packet_options *s, struct slot *slot,
			struct wbuf *w, const struct option_records *r)
{
	char comment[COMMENT_MAX];
	size_t len = comment_format(comment, &slot->key,
				    decoded(&s->src, r->src),
				    decoded(&s->dst, r->dst));

	if (len)
		put_option(w, PCAPNG_OPT_COMMENT, comment, len);
	slot->comment_hash = text_hash(comment, len);
}

/* A process's first thread has its number. */
static bool is_first_thread(const struct packet_end *e)
{
	return !e->pid || e->pid == e->tid;
}

/* What is left out can be told from the rest: docs/file-format.md. */
static bool is_told_by_the_rest(const struct packet_options *s,
				const struct option_key *k)
{
	return k->loopback && !s->threads && is_first_thread(&k->src) &&
	       is_first_thread(&k->dst);
}

static void build(struct packet_options *s, struct slot *slot,
		  const struct option_records *r)
{
	struct wbuf w = wbuf_of(slot->bytes, sizeof(slot->bytes));
	uint8_t flags[4];

	if (s->comments)
		put_comment(s, slot, &w, r);
	slot->first_len = (uint32_t)w.len;
	if (slot->key.epb_flags) {
		put_le(flags, slot->key.epb_flags, 4);
		put_option(&w, PCAPNG_EPB_FLAGS, flags, sizeof(flags));
	}
	put_process_option(&w, &slot->key.src);
	put_process_option(&w, &slot->key.dst);
	if (s->comments && is_told_by_the_rest(s, &slot->key))
		slot->first_len = (uint32_t)w.len;
	put_attribution(&w, &slot->key);
	slot->len = (uint32_t)w.len;
}

static uint64_t mix(uint64_t h, const void *word)
{
	uint64_t w;

	memcpy(&w, word, sizeof(w));
	return (h ^ w) * 0x9e3779b97f4a7c15u;
}

/* Of what tells keys apart: the name of a process is that of its version. */
static uint32_t option_key_hash(const struct option_key *key)
{
	uint64_t h = 0;

	h = mix(h, &key->src.id);
	h = mix(h, &key->src.pid);
	h = mix(h, &key->src.version);
	h = mix(h, &key->dst.id);
	h = mix(h, &key->dst.pid);
	h = mix(h, &key->dst.version);
	h = mix(h, &key->epb_flags); /* and what follows them */
	return (uint32_t)(h >> 32) & (SLOTS - 1);
}

struct packet_stamp packet_options_get(struct packet_options *s,
				       const struct option_key *key,
				       const struct option_records *records)
{
	struct slot *slot = &s->slots[option_key_hash(key)];

	if (!slot->len || memcmp(&slot->key, key, sizeof(*key))) {
		slot->key = *key;
		build(s, slot, records);
	}
	return (struct packet_stamp){ slot->bytes, slot->len, slot->first_len,
				      slot->comment_hash };
}

struct packet_stamp packet_options_others(struct packet_options *s,
					  const struct packet_end *others,
					  unsigned count)
{
	struct wbuf w = wbuf_of(s->others, sizeof(s->others)), text;
	struct packet_stamp stamp = { .bytes = s->others };
	char comment[COMMENT_MAX];

	text = wbuf_of(comment, sizeof(comment));
	for (unsigned i = 0; i < count; i++)
		put_owner(&text, &dst_keys, &others[i]);
	stamp.comment_hash = text_hash(comment, text.len);
	if (s->comments)
		put_option(&w, PCAPNG_OPT_COMMENT, comment, text.len);
	stamp.first_len = w.len;
	for (unsigned i = 0; i < count; i++) {
		put_process_option(&w, &others[i]);
		put_receiver(&w, &others[i]);
	}
	stamp.len = w.len;
	return stamp;
}
