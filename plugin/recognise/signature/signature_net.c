/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of what a network itself needs, of media and of machines. */
#include "recognise/signature/signature.h"

/* RFC 8446, 5.1: a record, of a kind and in a version that we know. */
bool is_tls(const struct payload *p)
{
	unsigned len = be16_at(p, 3);

	if (p->len < 6)
		return false;
	if (u8_at(p, 0) & 0x80 && u8_at(p, 2) == 1 && u8_at(p, 3) == 3 &&
	    u8_at(p, 4) <= 3) /* as SSL 2 said hello */
		return (be16_at(p, 0) & 0x7fff) + 2u == p->full;
	if (u8_at(p, 1) != 3 || u8_at(p, 2) > 4 || !len || len > 16384 + 2048)
		return false;
	switch (u8_at(p, 0)) {
	case 22:
		return u8_at(p, 5) == 1 || u8_at(p, 5) == 2;
	case 20:
		return len == 1 && u8_at(p, 5) == 1;
	case 21:
		return len == 2 && (u8_at(p, 5) == 1 || u8_at(p, 5) == 2);
	case 23:
		return len >= 17 && (u8_at(p, 2) == 3 || len + 5u == p->full ||
				     starts(p, len + 5u, p->p, 3));
	default:
		return false;
	}
}

/* RFC 6347, 4.1: the first epoch's handshake, or data of a later one. */
bool is_dtls(const struct payload *p)
{
	unsigned version = be16_at(p, 1), type = u8_at(p, 0);

	if (p->len < 14 ||
	    (version != 0xfeff && version != 0xfefd && version != 0x0100))
		return false;
	if (13 + be16_at(p, 11) > p->full || type < 20 || type > 23)
		return false;
	if (type == 20 && !be16_at(p, 3) && be16_at(p, 11) > 3)
		return false;
	if (type == 23 && !be16_at(p, 3)) /* nothing is told in clear */
		return false;
	return type != 22 || be16_at(p, 3) || u8_at(p, 13) <= 4 ||
	       (u8_at(p, 13) >= 11 && u8_at(p, 13) <= 20);
}

/* RFC 9000, RFC 9369, their drafts, and those of Google and Facebook. */
static bool is_quic_version(uint32_t v)
{
	return v == 1 || v == 0x6b3343cf || v == 0x709a50c4 ||
	       (v >= 0xff000011 && v <= 0xff000022) || (v >> 8 == 0xfaceb0) ||
	       (v >> 16 == 0x5430) || (v >> 16 == 0x5130);
}

/* RFC 9000, 16: a number of 1, 2, 4 or 8 bytes; *@at is then behind it. */
static uint64_t quic_number(const struct payload *p, size_t *at)
{
	size_t size = (size_t)1 << (u8_at(p, *at) >> 6);
	uint64_t n = u8_at(p, *at) & 0x3f;

	for (size_t i = 1; i < size; i++)
		n = n << 8 | u8_at(p, *at + i);
	*at += size;
	return n;
}

/*
 * RFC 9000, 17.2: somebody has a name, and a packet that is no Retry says how
 * long it is.  An Initial packet has a token before that.
 */
static bool has_quic_header(const struct payload *p, bool is_v2)
{
	unsigned type = (u8_at(p, 0) >> 4 & 3) + (is_v2 ? 3 : 0);
	size_t to = u8_at(p, 5), at = 6 + to, from = u8_at(p, at);
	uint64_t len;

	at += 1 + from;
	if (from > 20 || !(to + from) || p->full < at + 16)
		return false;
	if ((type & 3) == 3)
		return true;
	if (!(type & 3)) {
		len = quic_number(p, &at);
		if (len > p->full)
			return false;
		at += (size_t)len;
	}
	if (at + 2 > p->len)
		return p->len < p->full;
	len = quic_number(p, &at);
	return len >= 17 && len <= p->full && at + len <= p->full;
}

bool is_quic(const struct payload *p)
{
	uint32_t version = be32_at(p, 1);
	bool is_v2 = version == 0x6b3343cf || version == 0x709a50c4;

	if (p->len < 7 || u8_at(p, 0) < 0xc0 || !is_quic_version(version) ||
	    u8_at(p, 5) > 20)
		return false;
	/* Before draft 23, and at Google, names were written otherwise. */
	if (version != 1 && !is_v2 && version >> 8 != 0xfaceb0 &&
	    (version < 0xff000017 || version > 0xff000022))
		return true;
	return has_quic_header(p, is_v2);
}

/*
 * RFC 9000, 15 and 17.2.1: a version that is there to be refused, in a packet
 * as long as a first one is, and the refusal, which lists others.
 */
bool is_quic_unknown(const struct payload *p)
{
	uint32_t version = be32_at(p, 1);
	size_t at = 6 + u8_at(p, 5);

	if (u8_at(p, 0) < 0x80 || u8_at(p, 5) > 20 ||
	    u8_at(p, 5) + u8_at(p, at) < 8) /* a client's first choice */
		return false;
	if ((version & 0x0f0f0f0f) == 0x0a0a0a0a)
		return p->full >= 1200 && u8_at(p, 0) >= 0xc0 &&
		       u8_at(p, at) <= 20;
	at += 1 + u8_at(p, at);
	if (version || p->full != p->len || p->full < at + 4 ||
	    (p->full - at) % 4)
		return false;
	for (; at < p->full; at += 4)
		if (is_quic_version(be32_at(p, at)))
			return true;
	return false;
}

/* Flags, a connection, "Q0" and two digits, from a client alone. */
bool is_gquic(const struct payload *p)
{
	return p->len >= 13 && (u8_at(p, 0) & 0x89) == 0x09 &&
	       HAS_AT(p, 9, "Q0") && g_ascii_isdigit((char)u8_at(p, 11)) &&
	       g_ascii_isdigit((char)u8_at(p, 12));
}

/* The end of the name at @at, or 0 if there is none. */
static size_t end_of_name(const struct payload *p, size_t at)
{
	size_t start = at;

	while (at < p->len && at - start < 256) {
		unsigned len = p->p[at++];

		if (!len)
			return at;
		if (len > 63 || !signature_is_printable(p, at, len))
			return 0;
		at += len;
	}
	return 0;
}

/* RFC 1035, 4.1: one question of a class and a type that are in use. */
static bool is_question(const struct payload *p, size_t at)
{
	unsigned flags = be16_at(p, at + 2), type, class;
	bool answer = flags & 0x8000;
	size_t end;

	if (p->len < at + 17 || (flags & 0x0040) || be16_at(p, at + 4) != 1)
		return false;
	/* RFC 2136 and RFC 1996: a zone, which changes or has changed. */
	if ((flags & 0x7800) == 0x2800 || (flags & 0x7800) == 0x2000) {
		end = end_of_name(p, at + 12);
		return end && be16_at(p, end) == 6 && be16_at(p, end + 2) == 1;
	}
	if (flags & 0x7800)
		return false;
	if (!answer && (be16_at(p, at + 6) || be16_at(p, at + 8) ||
			be16_at(p, at + 10) > 2 || flags & 0x0280))
		return false;
	end = end_of_name(p, at + 12);
	if (!end || end + 4 > p->len)
		return false;
	type = be16_at(p, end);
	class = be16_at(p, end + 2);
	return type &&
	       (type <= 65 || (type >= 99 && type <= 109) ||
		(type >= 249 && type <= 257)) &&
	       ((class & 0x7fff) == 1 || class == 3 || class == 255) &&
	       (answer || be16_at(p, at + 10) || end + 4 == p->full ||
		(at && end + 4 == be16_at(p, 0) + 2u));
}

/* A question has at least 5 bytes, a record 11, and an error neither. */
bool signature_may_be_dns(const struct payload *p)
{
	unsigned flags = be16_at(p, 2), opcode = flags >> 11 & 15;
	unsigned asked = be16_at(p, 4),
		 records = be16_at(p, 6) + be16_at(p, 8) + be16_at(p, 10);

	if (p->len < 12)
		return p->len < p->full;
	if (flags & 0x0040 || opcode == 3 || (opcode > 9 && opcode < 15))
		return false;
	if (!asked && !records)
		return p->full == 12;
	return 12 + asked * 5u + records * 11u <= p->full;
}

bool is_dns(const struct payload *p)
{
	if (has_port(p, 5353) || has_port(p, 5355) ||
	    (has_port(p, 137) && u8_at(p, 12) == 32))
		return false;
	if (p->over == OVER_UDP)
		return is_question(p, 0);
	/* Several may be asked at once. */
	return be16_at(p, 0) + 2u <= p->full && is_question(p, 2);
}

/* RFC 1002, 4.2: half a byte in each letter. */
bool is_nbns(const struct payload *p)
{
	unsigned type = be16_at(p, 46);

	if (p->len < 50 || u8_at(p, 12) != 32 || u8_at(p, 45) ||
	    (type != 0x20 && type != 0x21) || be16_at(p, 48) != 1)
		return false;
	for (size_t i = 13; i < 45; i++)
		if (u8_at(p, i) < 'A' || u8_at(p, i) > 'P')
			return false;
	return true;
}

/* RFC 6762, 6 and 18: several questions, or none; what is said is signed. */
bool is_mdns(const struct payload *p)
{
	unsigned flags = be16_at(p, 2);
	size_t end;

	if (!has_port(p, 5353))
		return false;
	end = end_of_name(p, 12);
	return is_question(p, 0) ||
	       ((flags & 0x7dff) == (flags ? 0x0400u : 0) && end &&
		be16_at(p, end) && (be16_at(p, end + 2) & 0x7fff) == 1 &&
		signature_may_be_dns(p));
}

bool is_llmnr(const struct payload *p)
{
	size_t at = p->over == OVER_TCP ? 2 : 0;

	return has_port(p, 5355) && (!at || be16_at(p, 0) + 2u == p->full) &&
	       is_question(p, at);
}

/* RFC 8489, 5; between peers RFC 4571 has a length before it over TCP. */
bool is_stun(const struct payload *p)
{
	bool is_framed = p->over == OVER_TCP && be16_at(p, 0) + 2u == p->full;
	size_t at = is_framed ? 2 : 0;
	unsigned len = be16_at(p, at + 2);

	return p->len >= at + 20 && u8_at(p, at) < 0x40 &&
	       be32_at(p, at + 4) == 0x2112a442 && len % 4 == 0 &&
	       at + len + 20u <= p->full;
}

static bool is_media_type(unsigned type)
{
	return type <= 34 || type >= 96;
}

/* RFC 3550, 5.1: a single packet says little, two in order do. */
bool is_rtp(const struct payload *p)
{
	const uint8_t *b = p->before;
	unsigned step;

	if (!b || p->len < 12 || u8_at(p, 0) >> 6 != 2 || b[0] >> 6 != 2 ||
	    !is_media_type(u8_at(p, 1) & 0x7f) ||
	    (u8_at(p, 1) & 0x7f) != (b[1] & 0x7f) || !be32_at(p, 8) ||
	    memcmp(p->p + 8, b + 8, 4))
		return false;
	step = (be16_at(p, 2) - (unsigned)(b[2] << 8 | b[3])) & 0xffff;
	return step >= 1 && step <= 3;
}

static bool is_rtcp_head(const uint8_t *head)
{
	return head[0] >> 6 == 2 && head[1] >= 200 && head[1] <= 207;
}

/* Do heads and lengths lead from one to the next, and to the end? */
static bool is_rtcp_chain(const struct payload *p)
{
	size_t at = 0;
	unsigned heads = 0;

	for (; at + 4 <= p->len; heads++) {
		if (!is_rtcp_head(p->p + at))
			return false;
		at += (be16_at(p, at + 2) + 1u) * 4;
	}
	return at == p->full || (heads > 1 && at >= p->len && at < p->full);
}

/*
 * RFC 3550, 6.4: reports, and what RFC 4585 and others added to them.  SRTP
 * leaves the first head and who sends it: the second packet of one tells.
 */
bool is_rtcp(const struct payload *p)
{
	const uint8_t *b = p->before;

	if (p->len < 8 || !is_rtcp_head(p->p) || !be32_at(p, 4))
		return false;
	return is_rtcp_chain(p) ||
	       (b && is_rtcp_head(b) && !memcmp(p->p + 4, b + 4, 4));
}

/* RFC 7822: a sum comes after it, or fields that say how long they are. */
static bool has_ntp_size(const struct payload *p)
{
	size_t at = 48;

	while (at + 16 <= p->len && be16_at(p, at + 2) >= 16 &&
	       be16_at(p, at + 2) % 4 == 0)
		at += be16_at(p, at + 2);
	return p->len >= 48 && (at == p->full || p->full == 68);
}

/*
 * RFC 5905, 7.3: from a server or a peer that knows the time, or a client.  When
 * a clock was last set is of this century, or with all before and after it 0;
 * from whom is "INIT" as long as a client asks nobody; chrony's has no precision.
 */
bool is_ntp(const struct payload *p)
{
	unsigned version = u8_at(p, 0) >> 3 & 7, mode = u8_at(p, 0) & 7;
	unsigned precision = u8_at(p, 3);
	static const uint8_t unset[24];
	bool is_set = be32_at(p, 16) >= 0xbc17c200, is_unset;

	if (!has_ntp_size(p) || (version != 3 && version != 4) ||
	    u8_at(p, 1) > 16 || u8_at(p, 2) > 17 ||
	    (precision && precision < 0xe0 && (mode != 3 || precision != 32)))
		return false;
	is_unset = !u8_at(p, 1) && starts(p, 16, unset, sizeof(unset)) &&
		   (!be32_at(p, 12) || HAS_AT(p, 12, "INIT"));
	if (mode == 1 || mode == 2 || mode == 4 || mode == 5)
		return u8_at(p, 1) && precision && be32_at(p, 24) &&
		       be32_at(p, 40) && is_set;
	return mode == 3 &&
	       (is_unset || (be32_at(p, 40) && (is_set || has_port(p, 123))));
}

/* RFC 2131 and its cookie. */
bool is_dhcp(const struct payload *p)
{
	return p->len >= 240 && (u8_at(p, 0) == 1 || u8_at(p, 0) == 2) &&
	       u8_at(p, 2) <= 16 && be32_at(p, 236) == 0x63825363;
}

/* RFC 2865, 3 and 5: attributes that fill the packet. */
bool is_radius(const struct payload *p)
{
	static const uint8_t codes[] = {
		1, 2, 3, 4, 5, 11, 12, 13, 40, 41, 42, 43, 44, 45,
	};
	size_t at = 20;

	if (p->len != p->full || p->len < 20 || be16_at(p, 2) != p->full ||
	    !memchr(codes, (int)u8_at(p, 0), sizeof(codes)))
		return false;
	while (at + 2 <= p->len && u8_at(p, at + 1) >= 2)
		at += u8_at(p, at + 1);
	return at == p->len &&
	       (at > 20 || has_port(p, 1812) || has_port(p, 1813));
}

/* RFC 854: an option is asked for or granted, and again. */
bool is_telnet(const struct payload *p)
{
	if (p->len < 3 || u8_at(p, 0) != 255 || u8_at(p, 1) < 250 ||
	    u8_at(p, 1) > 254 || u8_at(p, 2) > 50)
		return false;
	return p->len == 3 || u8_at(p, 1) == 250 || u8_at(p, 3) == 255;
}

/* RFC 4271, 4.1: the marker, a length, and an OPEN of version 4. */
bool is_bgp(const struct payload *p)
{
	unsigned len = be16_at(p, 16), type = u8_at(p, 18);

	for (size_t i = 0; i < 16; i++)
		if (u8_at(p, i) != 0xff)
			return false;
	return len >= 19 && len <= 4096 && type >= 1 && type <= 5 &&
	       (type != 1 || u8_at(p, 19) == 4) && (type != 4 || len == 19);
}

/* RFC 2637, 1.4 */
bool is_pptp(const struct payload *p)
{
	return be16_at(p, 0) <= p->full && be16_at(p, 2) == 1 &&
	       be32_at(p, 4) == 0x1a2b3c4d && be16_at(p, 8) &&
	       be16_at(p, 8) <= 15 && !be16_at(p, 10);
}

/* RFC 6733, 3: peers exchange their capabilities, or ask if all is well. */
bool is_diameter(const struct payload *p)
{
	uint32_t len = be32_at(p, 0) & 0xffffff, code = be32_at(p, 4);
	uint32_t command = code & 0xffffff;

	return p->len >= 20 && u8_at(p, 0) == 1 && len == p->full &&
	       len % 4 == 0 && !(code & 0x0f000000) &&
	       (command == 257 || command == 280) && !be32_at(p, 8);
}

/* IEC 60870-5-104, 5.3: data transfer is started, or confirmed to be. */
bool is_iec104(const struct payload *p)
{
	return STARTS(p, "\x68\4\7\0\0\0") || STARTS(p, "\x68\4\x0b\0\0\0");
}

/* A session of version 1 is asked for. */
bool is_enip(const struct payload *p)
{
	return p->full == 28 && STARTS(p, "\x65\0\4\0") && !be32_at(p, 8) &&
	       HAS_AT(p, 24, "\1\0\0\0");
}

/* OPC UA, part 6, 7.1.2 */
bool is_opcua(const struct payload *p)
{
	return (STARTS(p, "HELF") || STARTS(p, "ACKF") || STARTS(p, "RHEF")) &&
	       le32_at(p, 4) == p->full;
}
