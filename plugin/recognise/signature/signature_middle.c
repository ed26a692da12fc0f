/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of what databases and queues say in the middle of a connection
 * whose beginning was not captured.  Each is of a whole message, whose
 * lengths all agree with the segment's.
 */
#include "recognise/signature/signature.h"

static bool is_whole(const struct payload *p)
{
	return p->len == p->full;
}

/* Is what the other end has said last this byte, and a zero? */
static bool other_is(const struct payload *p, uint8_t byte)
{
	static const uint8_t none[SIGNATURE_KEPT - 1];

	return p->other && *p->other == byte &&
	       !memcmp(p->other + 1, none, sizeof(none));
}

/* ---- memcached ---- */

/* Where a number ends, or 0. */
static size_t number_at(const struct payload *p, size_t at, size_t *value)
{
	size_t start = at;

	*value = 0;
	for (; at < start + 18 && g_ascii_isdigit((char)u8_at(p, at)); at++)
		*value = *value * 10 + (u8_at(p, at) - '0');
	return at > start ? at : 0;
}

/* "VALUE KEY FLAGS BYTES", which may have a number after it; so many bytes,
 * and another value or the end.
 */
bool is_memcached_value(const struct payload *p)
{
	size_t at = 6, flags, size, unique;

	if (!STARTS(p, "VALUE "))
		return false;
	while (at < MIN(p->len, 256) && g_ascii_isgraph(p->p[at]))
		at++;
	if (at == 6 || u8_at(p, at) != ' ')
		return false;
	at = number_at(p, at + 1, &flags);
	if (!at || u8_at(p, at) != ' ')
		return false;
	at = number_at(p, at + 1, &size);
	if (at && u8_at(p, at) == ' ')
		at = number_at(p, at + 1, &unique);
	if (!at || size > 1 << 30 || !HAS_AT(p, at, "\r\n"))
		return false;
	at += 2 + size;
	return HAS_AT(p, at, "\r\nEND\r\n") || HAS_AT(p, at, "\r\nVALUE ") ||
	       at >= p->full;
}

/* ---- Cassandra ---- */

/* What begins the body of an answer. */
static bool is_cql_body(const struct payload *p)
{
	uint32_t first = be32_at(p, 9);

	switch (u8_at(p, 4)) {
	case 0x00: /* an error: its number and its words */
		return first <= 0x2500 && be16_at(p, 13) &&
		       signature_is_printable(p, 15, be16_at(p, 13));
	case 0x08: /* a result of one of five kinds */
		return first >= 1 && first <= 5;
	default:
		return false;
	}
}

/* A prepared question, whose number has 16 bytes; or an answer. */
bool is_cql_middle(const struct payload *p)
{
	unsigned version = u8_at(p, 0);

	if (p->len < 13 || (version & 0x7f) < 3 || (version & 0x7f) > 4 ||
	    u8_at(p, 1) > 15 || be32_at(p, 5) + 9 != p->full)
		return false;
	if (version & 0x80)
		return !u8_at(p, 1) && is_cql_body(p);
	return u8_at(p, 4) == 0x0a && p->len >= 30 && be16_at(p, 9) == 16 &&
	       be16_at(p, 27) <= 10;
}

/* ---- Kafka ---- */

/* What names a group first, and since when its texts are short ones. */
static const struct {
	uint8_t oldest;
	uint8_t newest; /* 0: it does not */
	uint8_t compact;
} group_requests[] = {
	[8] = { 2, 9, 8 },  /* offsets are committed */
	[9] = { 1, 7, 6 },  /* ... and fetched */
	[11] = { 0, 9, 6 }, /* a group is joined */
	[12] = { 0, 4, 4 }, /* a heartbeat */
	[13] = { 0, 5, 4 }, /* a group is left */
	[14] = { 0, 5, 4 }, /* members agree */
};

/* Where the group's name begins, and how long it is; or 0. */
static size_t kafka_group(const struct payload *p, size_t at, bool compact,
			  size_t *len)
{
	if (!compact) {
		*len = be16_at(p, at);
		return at + 2;
	}
	if (u8_at(p, at) || !u8_at(p, at + 1))
		return 0;
	*len = u8_at(p, at + 1) - 1;
	return at + 2;
}

/* A request of a member of a group; others are known at any place. */
bool is_kafka_middle(const struct payload *p)
{
	unsigned key = be16_at(p, 4), version = be16_at(p, 6);
	size_t name = be16_at(p, 12), at, len;

	if (p->len < 20 || be32_at(p, 0) + 4 != p->full ||
	    key >= array_length(group_requests) ||
	    version < group_requests[key].oldest ||
	    version > group_requests[key].newest || be16_at(p, 8) >= 16)
		return false;
	if (!group_requests[key].newest || name < 3 || name > 200 ||
	    !signature_is_printable(p, 14, name))
		return false;
	at = kafka_group(p, 14 + name, version >= group_requests[key].compact,
			 &len);
	return at && len >= 1 && len <= 126 &&
	       signature_is_printable(p, at, len);
}

/* ---- AMQP 0-9-1 ---- */

/* Where the frame ends that begins there, or 0. */
static size_t amqp_frame_end(const struct payload *p, size_t at)
{
	uint32_t size = be32_at(p, at + 3);
	unsigned type = u8_at(p, at), class = be16_at(p, at + 7);

	if (size > p->len || at + size + 8 > p->len ||
	    be16_at(p, at + 1) > 0x7ff || u8_at(p, at + 7 + size) != 0xce)
		return 0;
	if (type == 8 ? size || be16_at(p, at + 1) : size == 0)
		return 0;
	if (type == 1 && (size < 4 || class % 10 || !class || class > 90))
		return 0;
	if (type == 2 && (size < 14 || class != 60 || be16_at(p, at + 9)))
		return 0;
	return (type >= 1 && type <= 3) || type == 8 ? at + size + 8 : 0;
}

/* Frames that fill the segment, of which not all are what was published. */
bool is_amqp_middle(const struct payload *p)
{
	bool is_sure = false;
	size_t at = 0;

	if (!is_whole(p))
		return false;
	do {
		is_sure = is_sure || u8_at(p, at) != 3;
		at = amqp_frame_end(p, at);
	} while (at && at < p->len);
	return at && is_sure;
}

/* ---- MQTT ---- */

/* Is it a name with a slash in it, as topics have? */
static bool is_topic(const struct payload *p, size_t at, size_t end)
{
	size_t len = be16_at(p, at);

	at += 2;
	if (len < 5 || len > 200 || at + len > end ||
	    !memchr(p->p + at, '/', len))
		return false;
	for (size_t i = at; i < at + len; i++)
		if (!g_ascii_isgraph(p->p[i]))
			return false;
	return true;
}

/* Where the message that begins there has its first field, and where it ends. */
static size_t mqtt_message(const struct payload *p, size_t at, size_t *end)
{
	size_t size = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned byte = u8_at(p, ++at);

		size |= (size_t)(byte & 0x7f) << 7 * i;
		if (byte & 0x80)
			continue;
		*end = at + 1 + size;
		return *end <= p->len ? at + 1 : 0;
	}
	return 0;
}

static bool is_mqtt_message(const struct payload *p, size_t at, size_t *end)
{
	unsigned first = u8_at(p, at);
	size_t in = mqtt_message(p, at, end);

	if (!in)
		return false;
	if (first >> 4 == 3)
		return (first & 6) != 6 && (first & 15) != 8 &&
		       is_topic(p, in, *end);
	if (first != 0x82)
		return false;
	in += u8_at(p, in + 2) || !be16_at(p, in + 2) ? 3 : 2;
	return is_topic(p, in, *end) && in + 2 + be16_at(p, in) < *end &&
	       u8_at(p, in + 2 + be16_at(p, in)) <= 2;
}

/* Messages to and from a topic; or a ping and its answer. */
bool is_mqtt_middle(const struct payload *p)
{
	size_t at = 0;

	if (p->full == 2 && (*p->p == 0xc0 || *p->p == 0xd0))
		return !u8_at(p, 1) && other_is(p, *p->p ^ 0x10);
	if (!is_whole(p))
		return false;
	while (at < p->len)
		if (!is_mqtt_message(p, at, &at))
			return false;
	return true;
}

/* ---- PostgreSQL ---- */

/* A row: its fields fill it. */
static bool is_pgsql_row(const struct payload *p, size_t at, size_t end)
{
	unsigned count = be16_at(p, at);

	at += 2;
	for (unsigned i = 0; i < count && at + 4 <= end; i++) {
		uint32_t size = be32_at(p, at);

		at += 4;
		if (size != UINT32_MAX)
			at += MIN(size, p->full);
		if (i + 1 == count)
			return at == end;
	}
	return false;
}

/* Messages to the end of the segment; how many of them, or 0. */
static unsigned pgsql_messages(const struct payload *p, const char *types,
			       size_t *last)
{
	unsigned count = 0;
	size_t at = 0;

	if (!is_whole(p))
		return 0;
	while (at < p->len) {
		uint32_t size = be32_at(p, at + 1);

		if (!u8_at(p, at) || !strchr(types, (int)u8_at(p, at)) ||
		    size < 4 || size > p->len || at + 1 + size > p->len)
			return 0;
		*last = at;
		at += 1 + size;
		count++;
	}
	return count;
}

/* Answers up to the word that the server is ready; a row; questions up to the
 * word that they are all.
 */
bool is_pgsql_middle(const struct payload *p)
{
	size_t last = 0;

	if (*p->p == 'D' && be32_at(p, 1) < p->len &&
	    is_pgsql_row(p, 5, be32_at(p, 1) + 1))
		return true;
	if (pgsql_messages(p, "TDCZ123nstSNEAGHdcI", &last) >= 2)
		return HAS_AT(p, last, "Z\0\0\0\5") &&
		       strchr("ITE", (int)u8_at(p, last + 5)) &&
		       u8_at(p, last + 5);
	return pgsql_messages(p, "PBDECSHF", &last) >= 2 &&
	       HAS_AT(p, last, "S\0\0\0\4");
}

/* ---- MySQL ---- */

/* A table's width, and its first column; or a prepared question is asked. */
bool is_mysql_middle(const struct payload *p)
{
	uint32_t statement = le32_at(p, 5);

	if (STARTS(p, "\1\0\0\1") && u8_at(p, 4) && u8_at(p, 7) == 0)
		return HAS_AT(p, 8, "\2\3def");
	return p->len >= 14 && le32_at(p, 0) + 4 == p->full &&
	       u8_at(p, 4) == 0x17 && statement && statement < 0x1000000 &&
	       u8_at(p, 9) <= 8 && HAS_AT(p, 10, "\1\0\0\0");
}

/* ---- MSSQL ---- */

/* MS-TDS, 2.2.6.6: a procedure is called, with the headers of a batch; and
 * 2.2.7.6: an answer of one packet ends with what was done.
 */
bool is_tds_middle(const struct payload *p)
{
	size_t end = p->full - 13;
	unsigned token;

	if (p->len < 30 || !is_whole(p) || u8_at(p, 1) != 1 ||
	    be16_at(p, 2) != p->full || u8_at(p, 7))
		return false;
	if (u8_at(p, 0) == 3)
		return HAS_AT(p, 8, "\x16\0\0\0\x12\0\0\0\2\0");
	token = u8_at(p, 8);
	return u8_at(p, 0) == 4 &&
	       (token == 0x81 || token == 0xe3 || token == 0xaa ||
		token == 0xab || token == 0xff) &&
	       u8_at(p, end) >= 0xfd && !(u8_at(p, end + 1) & ~0x36u) &&
	       u8_at(p, end + 2) <= 1 && !u8_at(p, end + 4) &&
	       HAS_AT(p, end + 9, "\0\0\0\0");
}

/* ---- others ---- */

/* A session's ping, and its answer, have numbers of their own. */
bool is_zookeeper_middle(const struct payload *p)
{
	return (p->full == 12 &&
		STARTS(p, "\0\0\0\x08\xff\xff\xff\xfe\0\0\0\x0b")) ||
	       (p->full == 20 && STARTS(p, "\0\0\0\x10\xff\xff\xff\xfe") &&
		HAS_AT(p, 16, "\0\0\0\0"));
}

/* A request of so many bytes; only one to write has anything after it. */
static bool is_nbd_request(const struct payload *p)
{
	static const char magic[] = "\x25\x60\x95\x13\0";
	unsigned type = be16_at(p, 6);

	return p->len >= 28 && HAS_AT(p, 0, magic) && u8_at(p, 5) <= 0x1f &&
	       type <= 7 &&
	       (p->full == 28 || type == 1 || HAS_AT(p, 28, magic));
}

/* An answer: what was read is after it, but not after an error. */
static bool is_nbd_answer(const struct payload *p)
{
	static const char magic[] = "\x67\x44\x66\x98\0\0\0";

	return p->len >= 16 && HAS_AT(p, 0, magic) && u8_at(p, 7) <= 108 &&
	       (p->full == 16 || !u8_at(p, 7) || HAS_AT(p, 16, magic));
}

bool is_nbd_middle(const struct payload *p)
{
	return is_nbd_request(p) || is_nbd_answer(p);
}

/* BEP 3: blocks of 16 KiB are asked for, or one comes. */
bool is_bittorrent_middle(const struct payload *p)
{
	uint32_t begin = be32_at(p, 9);

	if (p->len < 17 || begin & 0x3fff || begin >= 1 << 26)
		return false;
	if (STARTS(p, "\0\0\x40\x09\7\0"))
		return p->full >= 1000;
	return STARTS(p, "\0\0\0\x0d\6\0") && HAS_AT(p, 13, "\0\0\x40\0") &&
	       (p->full == 17 || HAS_AT(p, 17, "\0\0"));
}
