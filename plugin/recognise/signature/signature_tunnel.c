/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of what others go through: VPNs, proxies, and between peers. */
#include "recognise/signature/signature.h"

/*
 * Of data two packets of the same receiver tell, the second of which counts on.
 */
static bool is_wireguard_data(const struct payload *p)
{
	const uint8_t *b = p->before;
	uint32_t step;

	if (!b || p->full < 32 || p->full % 16 || !STARTS(p, "\4\0\0\0") ||
	    memcmp(b, p->p, 8) || be32_at(p, 12))
		return false;
	step = le32_at(p, 8) - ((uint32_t)b[8] | (uint32_t)b[9] << 8 |
				(uint32_t)b[10] << 16 | (uint32_t)b[11] << 24);
	return step >= 1 && step <= 64;
}

/*
 * A handshake: type, three zeros, and one length each.  Either message ends with a
 * cookie if its receiver was asked before; the second names the first, and
 * before its end are a key and sums, which are not zero.
 */
bool is_wireguard(const struct payload *p)
{
	static const uint8_t no_cookie[16];

	if (is_wireguard_data(p))
		return true;

	if (p->full == 148 && STARTS(p, "\1\0\0\0"))
		return p->len < 148 || starts(p, 132, no_cookie, 16);
	if (p->full != 92 || !STARTS(p, "\2\0\0\0"))
		return false;
	return (starts(p, 76, no_cookie, 16) && be32_at(p, 12) &&
		be32_at(p, 44) && be32_at(p, 60)) ||
	       (p->other && p->other[0] == 1 && starts(p, 8, p->other + 4, 4));
}

/*
 * A client's reset acknowledges nothing and is packet 0; with tls-auth it has
 * a signature before that, with tls-crypt all after the first number is hidden.
 */
static bool is_openvpn_reset(const struct payload *p, size_t at, size_t size)
{
	bool ends = HAS_AT(p, at + size - 5, "\0\0\0\0\0");

	if (u8_at(p, at) != 0x38)
		return false;
	if (size == 14)
		return ends;
	if (size == 38 || size == 42 || size == 54 || size == 86)
		return (ends && be32_at(p, at + size - 13) == 1) ||
		       (size == 54 && be32_at(p, at + 9) == 1);
	return false;
}

/* The third kind of reset: which key has hidden it is at its end, then how long. */
static bool is_openvpn_key(const struct payload *p, size_t at, size_t size)
{
	unsigned key = be16_at(p, at + size - 2);

	return u8_at(p, at) == 0x50 && p->len == p->full && key >= 290 &&
	       49u + key <= size && (be32_at(p, at + 9) & 0xf0ffffff) == 1;
}

/* Where only the server is heard: packet 0 of the other end has come. */
static bool is_openvpn_first(const struct payload *p, size_t at, size_t size)
{
	size_t seen = at + size - 17;

	return u8_at(p, at) == 0x40 && HAS_AT(p, seen, "\1\0\0\0\0") &&
	       HAS_AT(p, seen + 13, "\0\0\0\0") &&
	       (size == 26 ||
		((size == 50 || size == 54 || size == 66 || size == 98) &&
		 be32_at(p, seen - 8) == 1));
}

/* The server's names the client's session, and its own packet is 0. */
static bool is_openvpn_answer(const struct payload *p, size_t at, size_t size)
{
	const uint8_t *asked = p->other ? p->other + at : NULL;

	if (!asked && size >= 26)
		return is_openvpn_first(p, at, size);
	return u8_at(p, at) == 0x40 && asked && *asked == 0x38 && size >= 26 &&
	       ((starts(p, at + size - 12, asked + 1, 8) &&
		 HAS_AT(p, at + size - 4, "\0\0\0\0")) ||
		(size == 66 && be32_at(p, at + 9) == 1));
}

bool is_openvpn(const struct payload *p)
{
	size_t at = p->over == OVER_TCP ? 2 : 0, size = p->full - at;

	if (p->full < at + 14 || (at && be16_at(p, 0) != size))
		return false;
	return is_openvpn_reset(p, at, size) || is_openvpn_key(p, at, size) ||
	       is_openvpn_answer(p, at, size);
}

/* RFC 7296, 3.1, and RFC 2408: two cookies, a version and the length. */
static bool is_ike(const struct payload *p, size_t at)
{
	unsigned version = u8_at(p, at + 17), exchange = u8_at(p, at + 18);

	if (p->len < at + 28 || (!be32_at(p, at) && !be32_at(p, at + 4)) ||
	    be32_at(p, at + 24) + at != p->full)
		return false;
	return (version == 0x10 && exchange && exchange <= 33) ||
	       (version == 0x20 && exchange >= 34 && exchange <= 44);
}

bool is_isakmp(const struct payload *p)
{
	return is_ike(p, 0);
}

/* RFC 3948, 2.2: what is not ESP has four zeros before it. */
bool is_isakmp_in_udp(const struct payload *p)
{
	return STARTS(p, "\0\0\0\0") && is_ike(p, 4);
}

/* RFC 8229, 4: and its length, over TCP. */
bool is_isakmp_in_tcp(const struct payload *p)
{
	return STARTS(p, "IKETCP") && HAS_AT(p, 8, "\0\0\0\0") &&
	       be16_at(p, 6) + 6u <= p->full && be16_at(p, 6) >= 34;
}

/* RFC 1928, 3: methods, none of them twice. */
static bool is_socks5(const struct payload *p)
{
	unsigned count = u8_at(p, 1);

	if (p->full != count + 2 || p->len != p->full || !count || count > 4)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (u8_at(p, 2 + i) > 3 ||
		    (i && u8_at(p, 2 + i) <= u8_at(p, 1 + i)))
			return false;
	return true;
}

/* A user's name ends it; after an address of 0.0.0.x comes that of a host. */
static bool is_socks4(const struct payload *p)
{
	bool has_host = !(be32_at(p, 4) >> 8);
	size_t at = 8, last = p->len - 1;

	if (p->len < 9 || p->len != p->full || p->p[last] || !be16_at(p, 2) ||
	    !u8_at(p, 7) || u8_at(p, 1) < 1 || u8_at(p, 1) > 2)
		return false;
	while (at < last && g_ascii_isgraph(p->p[at]))
		at++;
	if (!has_host)
		return at == last;
	return !p->p[at] && at + 2 < last &&
	       signature_is_printable(p, at + 1, last - at - 1);
}

/* So little that it has to be the first that is said. */
bool is_socks(const struct payload *p)
{
	if (p->before || p->other)
		return false;
	return u8_at(p, 0) == 4 ? is_socks4(p) :
				  u8_at(p, 0) == 5 && is_socks5(p);
}

/* Data of a connection, twice: what tells is its number, and the time. */
static bool is_utp_data(const struct payload *p)
{
	const uint8_t *b = p->before;

	return b && p->len >= 20 && (u8_at(p, 0) & 0xcf) == 1 &&
	       (b[0] & 0xcf) == 1 && u8_at(p, 1) <= 2 && b[1] <= 2 &&
	       be16_at(p, 2) && !memcmp(b + 2, p->p + 2, 2) &&
	       be32_at(p, 4) -
			       ((uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 |
				(uint32_t)b[6] << 8 | b[7]) -
			       1 <
		       2000000;
}

/* BEP 29: the first packet of a connection. */
bool is_utp(const struct payload *p)
{
	if (is_utp_data(p))
		return true;
	return p->len >= 20 && u8_at(p, 0) == 0x41 && u8_at(p, 1) <= 2 &&
	       (p->full == 20 || u8_at(p, 1)) && be16_at(p, 16) == 1 &&
	       !be16_at(p, 18);
}

/* BEP 15: who asks a tracker for a connection says so by this number. */
bool is_tracker(const struct payload *p)
{
	return p->full >= 16 && STARTS(p, "\0\0\x04\x17\x27\x10\x19\x80") &&
	       !be32_at(p, 8);
}

bool is_bittorrent(const struct payload *p)
{
	return STARTS(p, "\x13"
			 "BitTorrent protocol");
}

/* BEP 5: a dictionary that begins with the sender's own number. */
bool is_dht(const struct payload *p)
{
	return STARTS(p, "d1:ad2:id20:") || STARTS(p, "d1:rd2:id20:") ||
	       STARTS(p, "d1:eli20") ||
	       (STARTS(p, "d2:ip") &&
		(HAS_AT(p, 13, "1:rd2:id20:") || HAS_AT(p, 26, "1:rd2:id20:")));
}

/* A server says who it is, and a client how it will talk. */
bool is_nats(const struct payload *p)
{
	if (STARTS(p, "CONNECT {"))
		return signature_line_has(p, "\"verbose\"");
	return STARTS(p, "INFO {\"server_id\"") ||
	       (STARTS(p, "INFO {") &&
		signature_line_has(p, "\"max_payload\""));
}

/* A miner subscribes or logs in. */
bool is_stratum(const struct payload *p)
{
	return *p->p == '{' && signature_line_has(p, "\"method\"") &&
	       (signature_line_has(p, "\"mining.") ||
		(signature_line_has(p, "\"login\":") &&
		 signature_line_has(p, "\"pass\":") &&
		 signature_line_has(p, "\"agent\":")));
}

/* Its server begins, and its client says where to. */
bool is_svn(const struct payload *p)
{
	return STARTS(p, "( success ( ") ||
	       (STARTS(p, "( 2 ( ") && signature_line_has(p, "svn://"));
}

bool is_jdwp(const struct payload *p)
{
	return p->full == 14 && STARTS(p, "JDWP-Handshake");
}

/* BEP 14: who else on this network has it? */
bool is_lsd(const struct payload *p)
{
	return STARTS(p, "BT-SEARCH * HTTP/1.");
}
