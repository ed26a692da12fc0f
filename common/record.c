/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record_parts.h"

#include <errno.h>
#include <string.h>

/* The newest of that kind, which is written. */
static uint8_t version_of(unsigned kind)
{
	return kind == RECORD_ATTRIBUTION ? ATTRIBUTION_VERSION :
					    RECORD_VERSION;
}

void record_put_header(struct wbuf *w, enum record_kind kind)
{
	wbuf_put(w, "PW", 2);
	wbuf_u8(w, kind);
	wbuf_u8(w, version_of(kind));
}

static int take_header(struct rbuf *r)
{
	const uint8_t *p = rbuf_claim(r, RECORD_HEADER_LEN);

	if (!p || memcmp(p, "PW", 2))
		return -EBADMSG;
	return p[3] && p[3] <= version_of(p[2]) ? p[2] : -EPROTONOSUPPORT;
}

int record_expect_header(struct rbuf *r, enum record_kind kind)
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
		[ATTR_HOLDER] = "holder",
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

int table_header_encode(const struct table_header *t, void *buf, size_t size)
{
	struct wbuf w = wbuf_of(buf, size);

	record_put_header(&w, RECORD_TABLE);
	wbuf_u32(&w, t->length);
	wbuf_u32(&w, t->count);
	return w.failed ? -ENOSPC : (int)w.len;
}

int table_header_decode(struct table_header *t, const void *buf, size_t size)
{
	struct rbuf r = rbuf_of(buf, size);
	int err = record_expect_header(&r, RECORD_TABLE);

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
uint64_t process_id(const uint8_t boot_id[16], uint32_t pid, uint64_t start_ns,
		    uint64_t exec_gen)
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
