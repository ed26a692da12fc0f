/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"

#define HEADER_LEN	4	/* 'P', 'W', kind, version */
#define ATTR_END_LEN	28
#define PROCESS_HEAD_LEN 8	/* header and the record's own length */

enum { END_SRC = 1, END_DST = 2 };

static void put_header(struct wbuf *w, enum record_kind kind)
{
	wbuf_put(w, "PW", 2);
	wbuf_u8(w, kind);
	wbuf_u8(w, RECORD_VERSION);
}

static int take_header(struct rbuf *r)
{
	const uint8_t *p = rbuf_claim(r, HEADER_LEN);

	if (!p || memcmp(p, "PW", 2))
		return -EBADMSG;
	return p[3] == RECORD_VERSION ? p[2] : -EPROTONOSUPPORT;
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

/*
 * A fixed-width string, zero-padded: what follows the NUL in memory must not
 * reach the file.
 */
static void put_name(struct wbuf *w, const char name[RECORD_NAME_LEN])
{
	size_t len = strnlen(name, RECORD_NAME_LEN - 1);
	uint8_t *p = wbuf_claim(w, RECORD_NAME_LEN);

	if (!p)
		return;
	memset(p, 0, RECORD_NAME_LEN);
	memcpy(p, name, len);
}

static void take_name(struct rbuf *r, char name[RECORD_NAME_LEN])
{
	const uint8_t *p = rbuf_claim(r, RECORD_NAME_LEN);

	memset(name, 0, RECORD_NAME_LEN);
	if (p)
		memcpy(name, p, strnlen((const char *)p, RECORD_NAME_LEN - 1));
}

static void put_end(struct wbuf *w, const struct packet_end *e)
{
	if (!e->present)
		return;
	wbuf_u32(w, e->pid);
	wbuf_u64(w, e->id);
	put_name(w, e->name);
}

int attribution_encode(const struct attribution *a, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);

	put_header(&w, RECORD_ATTRIBUTION);
	wbuf_u8(&w, ATTRIBUTION_MIN);
	wbuf_u8(&w, ATTR_END_LEN);
	wbuf_u8(&w, a->direction);
	wbuf_u8(&w, (a->src.present ? END_SRC : 0) |
		    (a->dst.present ? END_DST : 0));
	wbuf_u8(&w, a->src.attr);
	wbuf_u8(&w, a->src.reason);
	wbuf_u8(&w, a->dst.attr);
	wbuf_u8(&w, a->dst.reason);
	wbuf_put(&w, a->src.country, 2);
	wbuf_put(&w, a->dst.country, 2);
	put_end(&w, &a->src);
	put_end(&w, &a->dst);
	return w.failed ? -ENOSPC : (int)w.len;
}

/* Two capital letters, or nothing: a country never carries other text. */
static void take_country(struct rbuf *r, char country[3])
{
	const uint8_t *p = rbuf_claim(r, 2);

	if (p && p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z')
		memcpy(country, p, 2);
}

static void take_end(struct rbuf *r, struct packet_end *e, size_t end_len)
{
	struct rbuf end = rbuf_sub(r, end_len);

	e->present = true;
	e->pid = rbuf_u32(&end);
	e->id = rbuf_u64(&end);
	take_name(&end, e->name);
	r->failed |= end.failed;
}

int attribution_decode(struct attribution *a, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size), head;
	uint8_t head_len, end_len, ends;
	int err;

	memset(a, 0, sizeof(*a));
	err = expect_header(&r, RECORD_ATTRIBUTION);
	if (err)
		return err;

	head_len = rbuf_u8(&r);
	end_len = rbuf_u8(&r);
	if (r.failed || head_len < ATTRIBUTION_MIN || end_len < ATTR_END_LEN)
		return -EBADMSG;
	head = rbuf_sub(&r, head_len - HEADER_LEN - 2);
	a->direction = rbuf_u8(&head);
	ends = rbuf_u8(&head);
	a->src.attr = rbuf_u8(&head);
	a->src.reason = rbuf_u8(&head);
	a->dst.attr = rbuf_u8(&head);
	a->dst.reason = rbuf_u8(&head);
	take_country(&head, a->src.country);
	take_country(&head, a->dst.country);
	if (ends & END_SRC)
		take_end(&r, &a->src, end_len);
	if (ends & END_DST)
		take_end(&r, &a->dst, end_len);

	if (r.failed || head.failed) {
		memset(a, 0, sizeof(*a));
		return -EBADMSG;
	}
	return 0;
}

size_t attribution_end(const struct attribution *a, const void *buf, bool src)
{
	const uint8_t *p = buf;
	size_t head_len = p[HEADER_LEN], end_len = p[HEADER_LEN + 1];

	if (src)
		return a->src.present ? head_len : 0;
	if (!a->dst.present)
		return 0;
	return head_len + (a->src.present ? end_len : 0);
}

/*
 * The process record's fields: where each lives in struct process and how it
 * travels.  Adding one to the format adds a row here and an enum field.
 */
enum how { UINT, STRING, CMDLINE, BLOB };

struct field_row {
	enum how how;
	uint16_t offset;
	uint16_t size;		/* of the member */
};

#define ROW(how, member)                                                   \
	{                                                                  \
		how, offsetof(struct process, member),                     \
		sizeof(((struct process *)0)->member)                      \
	}

static const struct field_row fields[FIELD_COUNT] = {
	[FIELD_ID] = ROW(UINT, id),
	[FIELD_PID] = ROW(UINT, pid),
	[FIELD_PPID] = ROW(UINT, ppid),
	[FIELD_START] = ROW(UINT, start_ns),
	[FIELD_NAME] = ROW(STRING, name),
	[FIELD_EXEPATH] = ROW(STRING, exepath),
	[FIELD_CMDLINE] = ROW(CMDLINE, cmdline),
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

static void put_field(struct wbuf *w, const struct process *p, int type)
{
	const struct field_row *row = &fields[type];
	const uint8_t *member = (const uint8_t *)p + row->offset;
	size_t len = row->size;

	if (row->how == STRING)
		len = strnlen((const char *)member, row->size - 1);
	else if (row->how == CMDLINE && p->cmdline_len < row->size)
		len = p->cmdline_len;
	else if (row->how == CMDLINE)
		len = row->size - 1u;	/* as the decoder would cut it */

	wbuf_u16(w, (uint16_t)type);
	wbuf_u16(w, (uint16_t)len);
	if (row->how == UINT)
		wbuf_uint(w, load_uint(member, len), len);
	else
		wbuf_put(w, member, len);
	wbuf_pad4(w);
}

int process_encode(const struct process *p, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);
	uint8_t *length;

	put_header(&w, RECORD_PROCESS);
	length = wbuf_claim(&w, 4);
	for (int type = 1; type < FIELD_COUNT; type++)
		if (process_has(p, type))
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
	size_t before = row->how == CMDLINE ? p->cmdline_len :
			strnlen((const char *)member, row->size);

	if (len > (size_t)row->size - 1)
		len = row->size - 1;
	memcpy(member, value->p, len);
	if (before > len)
		memset(member + len, 0, before - len);
	if (row->how == CMDLINE)
		p->cmdline_len = (uint16_t)len;
}

/* False if @value cannot be a value of this field. */
static bool take_field(struct process *p, uint16_t type, struct rbuf *value)
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
	case CMDLINE:
		take_bytes(p, row, value, len);
		break;
	}
	p->has |= 1ull << type;
	return true;
}

static int take_fields(struct process *p, struct rbuf *r)
{
	while (r->left) {
		uint16_t type = rbuf_u16(r);
		uint16_t len = rbuf_u16(r);
		struct rbuf value = rbuf_sub(r, len);

		rbuf_claim(r, -(size_t)len & 3);	/* padding */
		if (r->failed || !take_field(p, type, &value))
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
