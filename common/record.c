/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"

#define HEADER_LEN	4	/* 'P', 'W', kind, version */
#define PROCESS_HEAD_LEN 8	/* header and the record's own length */

/* The newest of that kind, which is written. */
static uint8_t version_of(unsigned kind)
{
	return kind == RECORD_ATTRIBUTION ? ATTRIBUTION_VERSION :
					    RECORD_VERSION;
}

static void put_header(struct wbuf *w, enum record_kind kind)
{
	wbuf_put(w, "PW", 2);
	wbuf_u8(w, kind);
	wbuf_u8(w, version_of(kind));
}

static int take_header(struct rbuf *r)
{
	const uint8_t *p = rbuf_claim(r, HEADER_LEN);

	if (!p || memcmp(p, "PW", 2))
		return -EBADMSG;
	return p[3] && p[3] <= version_of(p[2]) ? p[2] : -EPROTONOSUPPORT;
}

static int expect_header(struct rbuf *r, enum record_kind kind)
{
	int got = take_header(r);

	if (got < 0)
		return got;
	return got == (int)kind ? 0 : -EBADMSG;
}

int record_kind(const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);

	return take_header(&r);
}

static const char *word(const char *const *words, size_t n, unsigned i)
{
	return i < n ? words[i] : "unknown";
}

#define WORD(words, i) word(words, sizeof(words) / sizeof(*(words)), i)

const char *attr_name(unsigned attr)
{
	static const char *const words[] = {
		[ATTR_NONE] = "",
		[ATTR_SOCKET] = "socket",
		[ATTR_LISTENER] = "listener",
		[ATTR_SCAN] = "scan",
		[ATTR_FLOW] = "flow",
		[ATTR_KERNEL] = "kernel",
		[ATTR_FORWARDED] = "forwarded",
		[ATTR_UNKNOWN] = "unknown",
		[ATTR_IMPORT] = "import",
		[ATTR_ACCEPTED] = "accepted",
	};

	return WORD(words, attr);
}

const char *reason_name(unsigned reason)
{
	static const char *const words[] = {
		[REASON_NONE] = "",
		[REASON_RESET] = "reset",
		[REASON_TIME_WAIT] = "time-wait",
		[REASON_ICMP] = "icmp",
		[REASON_NO_SOCKET] = "no-socket",
		[REASON_NOT_IP] = "not-ip",
		[REASON_LOST] = "lost",
		[REASON_MALFORMED] = "malformed",
		[REASON_BEFORE] = "before",
		[REASON_FRAGMENT] = "fragment",
		[REASON_AMBIGUOUS] = "ambiguous",
		[REASON_NOT_DELIVERED] = "not-delivered",
		[REASON_KERNEL_SOCKET] = "kernel-socket",
	};

	return WORD(words, reason);
}

const char *direction_name(unsigned direction)
{
	static const char *const words[] = {
		[DIRECTION_UNKNOWN] = "unknown",
		[DIRECTION_IN] = "in",
		[DIRECTION_OUT] = "out",
		[DIRECTION_LOCAL] = "local",
		[DIRECTION_FORWARDED] = "forwarded",
	};

	return WORD(words, direction);
}

const char *hash_reason_name(unsigned reason)
{
	static const char *const words[] = {
		[HASH_REASON_NONE] = "",
		[HASH_REASON_GONE] = "gone",
		[HASH_REASON_CHANGED] = "changed",
		[HASH_REASON_LARGE] = "large",
		[HASH_REASON_UNREADABLE] = "unreadable",
		[HASH_REASON_LATE] = "late",
		[HASH_REASON_NO_FILE] = "no-file",
	};

	return WORD(words, reason);
}

/* ---- packet attribution ---- */

/* The byte that says what follows, above the direction's three bits. */
enum {
	SHAPE_DIRECTION = 0x07,
	SHAPE_SRC = 0x08,		/* that end is named */
	SHAPE_DST = 0x10,
	SHAPE_SRC_COUNTRY = 0x20,
	SHAPE_DST_COUNTRY = 0x40,
	SHAPE_REASONS = 0x80,
};

#define SHAPE_AT	HEADER_LEN
#define HOW_AT		5
#define REASONS_AT	6

/* Version 1: sizes of the head and of an end, and which ends follow. */
enum { HEAD_1 = 16, END_1 = 28, SRC_1 = 1, DST_1 = 2 };

static uint8_t at_most(uint8_t v, uint8_t max)
{
	return v < max ? v : max;
}

/* Two numbers in one byte, the sender's in its lower half. */
static void put_halves(struct wbuf *w, uint8_t src, uint8_t dst)
{
	wbuf_u8(w, (uint8_t)(at_most(src, ATTRIBUTION_MAX_NUMBER) |
			     at_most(dst, ATTRIBUTION_MAX_NUMBER) << 4));
}

static void take_halves(struct rbuf *r, uint8_t *src, uint8_t *dst)
{
	uint8_t both = rbuf_u8(r);

	*src = both & 0x0f;
	*dst = both >> 4;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static void put_varint(struct wbuf *w, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		wbuf_u8(w, (uint8_t)(v | 0x80));
	wbuf_u8(w, (uint8_t)v);
}

static uint32_t take_varint(struct rbuf *r)
{
	uint64_t v = 0;
	uint8_t byte;

	for (int shift = 0; shift < 35; shift += 7) {
		byte = rbuf_u8(r);
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80) && v <= UINT32_MAX)
			return (uint32_t)v;
	}
	r->failed = true;
	return 0;
}

/* The last end's name ends with the payload and needs no length. */
static void encode_end(struct wbuf *w, const struct packet_end *e, bool last)
{
	size_t len = strnlen(e->name, RECORD_NAME_LEN - 1);

	put_varint(w, e->pid);
	wbuf_u64(w, e->id);
	if (!last)
		wbuf_u8(w, (uint8_t)len);
	wbuf_put(w, e->name, len);
}

int attribution_encode(const struct attribution *a, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);
	const char *src = a->src.country, *dst = a->dst.country;
	bool reasons = a->src.reason || a->dst.reason;

	put_header(&w, RECORD_ATTRIBUTION);
	wbuf_u8(&w, (uint8_t)(at_most(a->direction, ATTRIBUTION_MAX_DIRECTION) |
			      (a->src.present ? SHAPE_SRC : 0) |
			      (a->dst.present ? SHAPE_DST : 0) |
			      (*src ? SHAPE_SRC_COUNTRY : 0) |
			      (*dst ? SHAPE_DST_COUNTRY : 0) |
			      (reasons ? SHAPE_REASONS : 0)));
	put_halves(&w, a->src.attr, a->dst.attr);
	if (reasons)
		put_halves(&w, a->src.reason, a->dst.reason);
	wbuf_put(&w, src, *src ? 2 : 0);
	wbuf_put(&w, dst, *dst ? 2 : 0);
	if (a->src.present)
		encode_end(&w, &a->src, !a->dst.present);
	if (a->dst.present)
		encode_end(&w, &a->dst, true);
	return w.failed ? -ENOSPC : (int)w.len;
}

/* Two capital letters, or nothing: a country never carries other text. */
static void take_country(struct rbuf *r, char country[3])
{
	const uint8_t *p = rbuf_claim(r, 2);

	if (p && p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z')
		memcpy(country, p, 2);
}

/* Up to a zero byte, if there is one, and no longer than the kernel's. */
static void take_name(struct rbuf *r, size_t len, char name[RECORD_NAME_LEN])
{
	const uint8_t *p = rbuf_claim(r, len);

	if (len > RECORD_NAME_LEN - 1)
		len = RECORD_NAME_LEN - 1;
	if (p)
		memcpy(name, p, strnlen((const char *)p, len));
}

static void take_end(struct rbuf *r, struct packet_end *e, bool last)
{
	e->present = true;
	e->pid = take_varint(r);
	e->id = rbuf_u64(r);
	take_name(r, last ? r->left : rbuf_u8(r), e->name);
}

static void take_attribution(struct rbuf *r, struct attribution *a)
{
	uint8_t shape = rbuf_u8(r);

	a->direction = shape & SHAPE_DIRECTION;
	take_halves(r, &a->src.attr, &a->dst.attr);
	if (shape & SHAPE_REASONS)
		take_halves(r, &a->src.reason, &a->dst.reason);
	if (shape & SHAPE_SRC_COUNTRY)
		take_country(r, a->src.country);
	if (shape & SHAPE_DST_COUNTRY)
		take_country(r, a->dst.country);
	if (shape & SHAPE_SRC)
		take_end(r, &a->src, !(shape & SHAPE_DST));
	if (shape & SHAPE_DST)
		take_end(r, &a->dst, true);
}

static void take_end_1(struct rbuf *r, struct packet_end *e, size_t end_len)
{
	struct rbuf end = rbuf_sub(r, end_len);

	e->present = true;
	e->pid = rbuf_u32(&end);
	e->id = rbuf_u64(&end);
	take_name(&end, RECORD_NAME_LEN, e->name);
	r->failed |= end.failed;
}

static uint8_t take_number_1(struct rbuf *r)
{
	return at_most(rbuf_u8(r), ATTRIBUTION_MAX_NUMBER);
}

/* Fixed places, and whole bytes for each number. */
static void take_attribution_1(struct rbuf *r, struct attribution *a)
{
	uint8_t head_len = rbuf_u8(r), end_len = rbuf_u8(r), ends;
	struct rbuf head;

	if (head_len < HEAD_1 || end_len < END_1) {
		r->failed = true;
		return;
	}
	head = rbuf_sub(r, head_len - HEADER_LEN - 2);
	a->direction = at_most(rbuf_u8(&head), ATTRIBUTION_MAX_DIRECTION);
	ends = rbuf_u8(&head);
	a->src.attr = take_number_1(&head);
	a->src.reason = take_number_1(&head);
	a->dst.attr = take_number_1(&head);
	a->dst.reason = take_number_1(&head);
	take_country(&head, a->src.country);
	take_country(&head, a->dst.country);
	if (ends & SRC_1)
		take_end_1(r, &a->src, end_len);
	if (ends & DST_1)
		take_end_1(r, &a->dst, end_len);
	r->failed |= head.failed;
}

int attribution_decode(struct attribution *a, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);
	const uint8_t *header = r.p;
	int err;

	memset(a, 0, sizeof(*a));
	err = expect_header(&r, RECORD_ATTRIBUTION);
	if (err)
		return err;
	if (header[3] == ATTRIBUTION_VERSION)
		take_attribution(&r, a);
	else
		take_attribution_1(&r, a);
	if (r.failed) {
		memset(a, 0, sizeof(*a));
		return -EBADMSG;
	}
	return 0;
}

int receiver_encode(const struct packet_end *e, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);

	put_header(&w, RECORD_RECEIVER);
	wbuf_u8(&w, e->attr);
	encode_end(&w, e, true);
	return w.failed ? -ENOSPC : (int)w.len;
}

int receiver_decode(struct packet_end *e, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);
	int err;

	memset(e, 0, sizeof(*e));
	err = expect_header(&r, RECORD_RECEIVER);
	if (err)
		return err;
	e->attr = at_most(rbuf_u8(&r), ATTRIBUTION_MAX_NUMBER);
	take_end(&r, e, true);
	if (r.failed) {
		memset(e, 0, sizeof(*e));
		return -EBADMSG;
	}
	return 0;
}

int receivers_take(struct receivers *s, const void *buf, size_t size)
{
	struct packet_end e;
	int err = receiver_decode(&e, buf, size);

	if (!err && s->count < RECEIVERS_MAX - 1)
		s->of[s->count++] = e;
	return err;
}

static struct byte_range place(size_t at, size_t len)
{
	return (struct byte_range){ (uint16_t)at, (uint16_t)len };
}

static void find_places_1(struct end_places *out, const uint8_t *p,
			  const struct attribution *a, bool src)
{
	size_t at = p[HEADER_LEN];

	out->attr = place(src ? 8 : 10, 1);
	out->reason = place(src ? 9 : 11, 1);
	if (!(src ? a->src.present : a->dst.present))
		return;
	if (!src && a->src.present)
		at += p[HEADER_LEN + 1];
	out->pid = place(at, 4);
	out->id = place(at + 4, 8);
	out->name = place(at + 12, RECORD_NAME_LEN);
}

static size_t varint_len(const uint8_t *p)
{
	size_t len = 1;

	while (p[len - 1] & 0x80)
		len++;
	return len;
}

static void find_places(struct end_places *out, const uint8_t *p, size_t size,
			const struct attribution *a, bool src)
{
	uint8_t shape = p[SHAPE_AT];
	bool reasons = shape & SHAPE_REASONS;
	size_t at = REASONS_AT + reasons, len;

	out->attr = place(HOW_AT, 1);
	if (reasons)
		out->reason = place(REASONS_AT, 1);
	if (!(src ? a->src.present : a->dst.present))
		return;
	at += shape & SHAPE_SRC_COUNTRY ? 2 : 0;
	at += shape & SHAPE_DST_COUNTRY ? 2 : 0;
	if (!src && a->src.present) {
		at += varint_len(p + at) + 8;
		at += 1 + (size_t)p[at];
	}
	len = varint_len(p + at);
	out->pid = place(at, len);
	out->id = place(at + len, 8);
	at += len + 8;
	out->name = src && a->dst.present ? place(at + 1, p[at]) :
					    place(at, size - at);
}

int attribution_places(struct end_places *out, const void *buf, size_t size,
		       bool src)
{
	const uint8_t *p = buf;
	struct attribution a;
	int err = attribution_decode(&a, buf, size);

	memset(out, 0, sizeof(*out));
	if (err)
		return err;
	if (p[3] == ATTRIBUTION_VERSION)
		find_places(out, p, size, &a, src);
	else
		find_places_1(out, p, &a, src);
	return 0;
}

/* ---- process record ---- */

/*
 * The process record's fields: where each lives in struct process and how it
 * travels.  Adding one to the format adds a row here and an enum field.
 */
enum how { UINT, STRING, LIST, BLOB };

struct field_row {
	enum how how;
	uint16_t offset;
	uint16_t size;		/* of the member */
	uint16_t len;		/* LIST: where the member of its length is */
};

#define ROW(how, member)                                                   \
	{                                                                  \
		how, offsetof(struct process, member),                     \
		sizeof(((struct process *)0)->member), 0                   \
	}

#define LIST_ROW(member)                                                   \
	{                                                                  \
		LIST, offsetof(struct process, member),                    \
		sizeof(((struct process *)0)->member),                     \
		offsetof(struct process, member##_len)                     \
	}

static const struct field_row fields[FIELD_COUNT] = {
	[FIELD_ID] = ROW(UINT, id),
	[FIELD_PID] = ROW(UINT, pid),
	[FIELD_PPID] = ROW(UINT, ppid),
	[FIELD_START] = ROW(UINT, start_ns),
	[FIELD_NAME] = ROW(STRING, name),
	[FIELD_EXEPATH] = ROW(STRING, exepath),
	[FIELD_CMDLINE] = LIST_ROW(cmdline),
	[FIELD_UID] = ROW(UINT, uid),
	[FIELD_GID] = ROW(UINT, gid),
	[FIELD_USER] = ROW(STRING, user),
	[FIELD_VPID] = ROW(UINT, vpid),
	[FIELD_LOGINUID] = ROW(UINT, loginuid),
	[FIELD_PNAME] = ROW(STRING, pname),
	[FIELD_CGROUP] = ROW(STRING, cgroup),
	[FIELD_CONTAINER_ID] = ROW(STRING, container_id),
	[FIELD_CONTAINER_NAME] = ROW(STRING, container_name),
	[FIELD_CONTAINER_RUNTIME] = ROW(STRING, container_runtime),
	[FIELD_POD_UID] = ROW(STRING, pod_uid),
	[FIELD_UNIT] = ROW(STRING, unit),
	[FIELD_NETNS] = ROW(UINT, netns),
	[FIELD_FLAGS] = ROW(UINT, flags),
	[FIELD_SHA256] = ROW(BLOB, sha256),
	[FIELD_PACKETS] = ROW(UINT, packets),
	[FIELD_BYTES] = ROW(UINT, bytes),
	[FIELD_FIRST_SEEN] = ROW(UINT, first_seen_ns),
	[FIELD_LAST_SEEN] = ROW(UINT, last_seen_ns),
	[FIELD_EXIT_STATUS] = ROW(UINT, exit_status),
	[FIELD_CONTAINER_IMAGE] = ROW(STRING, container_image),
	[FIELD_POD_NAME] = ROW(STRING, pod_name),
	[FIELD_POD_NAMESPACE] = ROW(STRING, pod_namespace),
	[FIELD_HOST] = ROW(STRING, host),
	[FIELD_APID] = LIST_ROW(apid),
	[FIELD_ANAME] = LIST_ROW(aname),
	[FIELD_AEXE] = LIST_ROW(aexe),
	[FIELD_SHA256_REASON] = ROW(UINT, sha256_reason),
	[FIELD_CWD] = ROW(STRING, cwd),
	[FIELD_SCRIPT] = ROW(STRING, script),
	[FIELD_TTY] = ROW(STRING, tty),
	[FIELD_SESSION_ID] = ROW(STRING, session_id),
	[FIELD_SESSION_ADDRESS] = ROW(STRING, session_address),
};

static uint64_t load_uint(const void *member, size_t size)
{
	uint32_t v32;
	uint64_t v64;

	if (size == sizeof(v32)) {
		memcpy(&v32, member, sizeof(v32));
		return v32;
	}
	memcpy(&v64, member, sizeof(v64));
	return v64;
}

static void store_uint(void *member, size_t size, uint64_t v)
{
	uint32_t v32 = (uint32_t)v;

	if (size == sizeof(v32))
		memcpy(member, &v32, sizeof(v32));
	else
		memcpy(member, &v, sizeof(v));
}

/* As the decoder would cut it. */
static size_t list_len(const struct process *p, const struct field_row *row)
{
	uint16_t len;

	memcpy(&len, (const uint8_t *)p + row->len, sizeof(len));
	return len < row->size ? len : row->size - 1u;
}

static size_t field_len(const struct process *p, const struct field_row *row)
{
	const char *member = (const char *)p + row->offset;

	if (row->how == STRING)
		return strnlen(member, row->size - 1u);
	return row->how == LIST ? list_len(p, row) : row->size;
}

static void put_field(struct wbuf *w, const struct process *p, int type)
{
	const struct field_row *row = &fields[type];
	const uint8_t *member = (const uint8_t *)p + row->offset;
	size_t len = field_len(p, row);

	wbuf_u16(w, (uint16_t)type);
	wbuf_u16(w, (uint16_t)len);
	if (row->how == UINT)
		wbuf_uint(w, load_uint(member, len), len);
	else
		wbuf_put(w, member, len);
	wbuf_pad4(w);
}

/* The fields of the first version always do, at their longest. */
static bool has_room(const struct wbuf *w, const struct process *p, int type)
{
	size_t len = field_len(p, &fields[type]);

	return type <= FIELD_AEXE ||
	       w->len + 4 + (len + 3) / 4 * 4 <= PROCESS_MAX;
}

int process_encode(const struct process *p, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);
	uint8_t *length;

	put_header(&w, RECORD_PROCESS);
	length = wbuf_claim(&w, 4);
	for (int type = 1; type < FIELD_COUNT; type++)
		if (process_has(p, type) && has_room(&w, p, type))
			put_field(&w, p, type);
	if (w.failed)
		return -ENOSPC;
	put_le(length, w.len, 4);
	return (int)w.len;
}

/*
 * A repeated field leaves nothing of its last value behind.  Only what that
 * value filled is cleared: it was paid for in bytes of the record, the whole
 * member would cost 4 KiB for a field of four bytes.
 */
static void take_bytes(struct process *p, const struct field_row *row,
		       struct rbuf *value, size_t len)
{
	uint8_t *member = (uint8_t *)p + row->offset;
	size_t before = field_len(p, row);
	uint16_t list;

	if (len > (size_t)row->size - 1)
		len = row->size - 1;
	memcpy(member, value->p, len);
	if (before > len)
		memset(member + len, 0, before - len);
	list = (uint16_t)len;
	if (row->how == LIST)
		memcpy((uint8_t *)p + row->len, &list, sizeof(list));
}

/* False if @value cannot be a value of this field. */
static bool decode_field(struct process *p, uint16_t type, struct rbuf *value)
{
	const struct field_row *row;
	size_t len = value->left;
	uint8_t *member;

	if (type == 0 || type >= FIELD_COUNT)
		return true;
	row = &fields[type];
	member = (uint8_t *)p + row->offset;

	switch (row->how) {
	case UINT:
		if (len != row->size)
			return false;
		store_uint(member, len, rbuf_uint(value, len));
		break;
	case BLOB:
		if (len != row->size)
			return false;
		memcpy(member, value->p, len);
		break;
	case STRING:
		take_bytes(p, row, value,
			   strnlen((const char *)value->p, len));
		break;
	case LIST:
		take_bytes(p, row, value, len);
		break;
	}
	process_set_field(p, (enum field)type);
	return true;
}

static int take_fields(struct process *p, struct rbuf *r)
{
	while (r->left) {
		uint16_t type = rbuf_u16(r);
		uint16_t len = rbuf_u16(r);
		struct rbuf value = rbuf_sub(r, len);

		rbuf_claim(r, -(size_t)len & 3);	/* padding */
		if (r->failed || !decode_field(p, type, &value))
			return -EBADMSG;
	}
	return 0;
}

int process_decode(struct process *p, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size), body;
	uint32_t length;
	int err;

	memset(p, 0, sizeof(*p));
	err = expect_header(&r, RECORD_PROCESS);
	if (err)
		return err;
	length = rbuf_u32(&r);
	if (r.failed || length < PROCESS_HEAD_LEN || length > PROCESS_MAX ||
	    length % 4)
		return -EBADMSG;
	body = rbuf_sub(&r, length - PROCESS_HEAD_LEN);
	if (body.failed || take_fields(p, &body)) {
		memset(p, 0, sizeof(*p));
		return -EBADMSG;
	}
	return (int)length;
}

/* The next text of a NUL-separated list, and its length. */
static const char *next_text(const char **at, const char *end, size_t *len)
{
	const char *text = *at;

	*len = strnlen(text, (size_t)(end - text));
	*at += *len + (text + *len < end);
	return text;
}

unsigned process_ancestors(const struct process *p,
			   struct ancestor out[PROCESS_ANCESTORS])
{
	const char *name = p->aname, *exe = p->aexe;
	const char *names_end = name + list_len(p, &fields[FIELD_ANAME]);
	const char *exes_end = exe + list_len(p, &fields[FIELD_AEXE]);
	size_t count = list_len(p, &fields[FIELD_APID]) / 4;

	for (size_t i = 0; i < count; i++) {
		out[i].pid = (uint32_t)get_le(p->apid + 4 * i, 4);
		out[i].name = next_text(&name, names_end, &out[i].name_len);
		out[i].exe = next_text(&exe, exes_end, &out[i].exe_len);
	}
	return (unsigned)count;
}

/*
 * With room left for the separators of what follows: a text that does not fit
 * is left out whole, and the others keep their places.
 */
static void add_text(struct wbuf *w, unsigned number, const char *text,
		     size_t len)
{
	if (number)
		wbuf_u8(w, 0);
	if (w->len + len + PROCESS_ANCESTORS - number <= w->cap)
		wbuf_put(w, text, len);
}

void process_descend(struct process *p, const struct process *parent)
{
	struct ancestor all[PROCESS_ANCESTORS + 1] = { {
		.pid = parent->pid,
		.name = parent->name,
		.name_len = strnlen(parent->name, RECORD_NAME_LEN - 1),
		.exe = parent->exepath,
		.exe_len = strnlen(parent->exepath, sizeof(parent->exepath)),
	} };
	uint8_t pids[sizeof(p->apid)] = { 0 };
	char names[sizeof(p->aname)] = { 0 }, exes[sizeof(p->aexe)] = { 0 };
	struct wbuf pid = wbuf_of(pids, sizeof(pids));
	struct wbuf name = wbuf_of(names, sizeof(names));
	struct wbuf exe = wbuf_of(exes, sizeof(exes));
	unsigned count = 1 + process_ancestors(parent, all + 1);

	for (unsigned i = 0; i < count && i < PROCESS_ANCESTORS; i++) {
		wbuf_u32(&pid, all[i].pid);
		add_text(&name, i, all[i].name, all[i].name_len);
		add_text(&exe, i, all[i].exe, all[i].exe_len);
	}
	memcpy(p->apid, pids, sizeof(pids));
	memcpy(p->aname, names, sizeof(names));
	memcpy(p->aexe, exes, sizeof(exes));
	p->apid_len = (uint16_t)pid.len;
	p->aname_len = (uint16_t)name.len;
	p->aexe_len = (uint16_t)exe.len;
	p->has |= 1ull << FIELD_APID | 1ull << FIELD_ANAME | 1ull << FIELD_AEXE;
}

int table_header_encode(const struct table_header *t, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);

	put_header(&w, RECORD_TABLE);
	wbuf_u32(&w, t->length);
	wbuf_u32(&w, t->count);
	return w.failed ? -ENOSPC : (int)w.len;
}

int table_header_decode(struct table_header *t, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);
	int err = expect_header(&r, RECORD_TABLE);

	memset(t, 0, sizeof(*t));
	if (err)
		return err;
	t->length = rbuf_u32(&r);
	t->count = rbuf_u32(&r);
	if (r.failed || t->length > r.left) {
		memset(t, 0, sizeof(*t));
		return -EBADMSG;
	}
	return TABLE_HEADER_LEN;
}

/*
 * FNV-1a, 64 bits (draft-eastlake-fnv), then a finalizer, because FNV mixes
 * its last bytes into the low bits only (MurmurHash3's fmix64).  This need
 * not resist forgery: whoever can forge it can forge the file.
 */
uint64_t process_id(const uint8_t boot_id[16], uint32_t pid,
		    uint64_t start_ns, uint64_t exec_gen)
{
	uint8_t key[36];
	struct wbuf w = wbuf_of(key, sizeof(key));
	uint64_t h = 0xcbf29ce484222325u;

	wbuf_put(&w, boot_id, 16);
	wbuf_u32(&w, pid);
	wbuf_u64(&w, start_ns);
	wbuf_u64(&w, exec_gen);
	for (size_t i = 0; i < sizeof(key); i++)
		h = (h ^ key[i]) * 0x100000001b3u;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	h ^= h >> 33;
	return h ? h : 1;
}
