/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of what routers, hosts that boot and directories say, and of
 * what carries frames.
 */
#include "recognise/signature/signature.h"

/* Where a text of at least one character ends with a zero; 0: nowhere. */
static size_t end_of_text(const struct payload *p, size_t at)
{
	size_t start = at;

	while (at < p->len && signature_is_printable(p, at, 1))
		at++;
	return at > start && at < p->len && !p->p[at] ? at + 1 : 0;
}

/* RFC 1350, 5: to read or to write a file, in one of three modes. */
bool is_tftp(const struct payload *p)
{
	static const char *const modes[] = { "octet", "netascii", "mail" };
	size_t at;

	if (be16_at(p, 0) != 1 && be16_at(p, 0) != 2)
		return false;
	at = end_of_text(p, 2);
	if (!at)
		return false;
	for (size_t i = 0; i < array_length(modes); i++)
		if (p->len > at + strlen(modes[i]) &&
		    !g_ascii_strncasecmp((const char *)p->p + at, modes[i],
					 strlen(modes[i]) + 1))
			return true;
	return false;
}

/* RFC 2453, 4: routes, or a password before them, or all are asked for. */
bool is_rip(const struct payload *p)
{
	unsigned what = u8_at(p, 0), version = u8_at(p, 1);
	unsigned family = be16_at(p, 4);

	if (p->len < 24 || p->full > 504 || (p->full - 4) % 20 ||
	    (what != 1 && what != 2) || (version != 1 && version != 2) ||
	    be16_at(p, 2))
		return false;
	if (family == 0xffff)
		return version == 2 && p->full >= 44;
	return be32_at(p, 20) && be32_at(p, 20) <= 16 &&
	       (family == 2 || (!family && what == 1 && p->full == 24));
}

/* RFC 5036, 3.1: one PDU of version 1, for the platform's labels. */
bool is_ldp(const struct payload *p)
{
	unsigned what = be16_at(p, 10);

	return p->len >= 18 && be16_at(p, 0) == 1 &&
	       be16_at(p, 2) + 4u == p->full && be32_at(p, 4) &&
	       !be16_at(p, 8) && (what == 0x100 || what == 0x200) &&
	       be16_at(p, 12) + 14u <= p->full;
}

/* RFC 8907, 4.1: the first packet of a session, whose length is said. */
bool is_tacacs(const struct payload *p)
{
	unsigned version = u8_at(p, 0), what = u8_at(p, 1);

	return p->len >= 12 && (version == 0xc0 || version == 0xc1) && what &&
	       what <= 3 && (u8_at(p, 2) == 1 || u8_at(p, 2) == 2) &&
	       !(u8_at(p, 3) & ~5u) && be32_at(p, 4) && be32_at(p, 8) >= 5 &&
	       be32_at(p, 8) + 12 == p->full;
}

/* RFC 2661, 3.1 and 4.4.1: control, whose first pair says what it is. */
bool is_l2tp(const struct payload *p)
{
	return p->len >= 20 && STARTS(p, "\xc8\2") &&
	       be16_at(p, 2) == p->full && HAS_AT(p, 12, "\x80\x08\0\0\0\0") &&
	       be16_at(p, 18) && be16_at(p, 18) <= 16;
}

/* RFC 8415, 8 and 21: options that fill the packet; a client's number. */
bool is_dhcpv6(const struct payload *p)
{
	unsigned what = u8_at(p, 0);
	bool has_client = false;
	size_t at = 4;

	if (p->len != p->full || !what || what > 11)
		return false;
	while (at + 4 <= p->len && be16_at(p, at) && be16_at(p, at) <= 150) {
		if (be16_at(p, at) == 1)
			has_client = be16_at(p, at + 2) >= 4 &&
				     be16_at(p, at + 4) >= 1 &&
				     be16_at(p, at + 4) <= 4;
		at += 4 + be16_at(p, at + 2);
	}
	return at == p->len && has_client;
}

/* RFC 1002, 4.4: where it comes from, and two names of half bytes. */
bool is_nbdgm(const struct payload *p)
{
	if (p->len < 49 || u8_at(p, 0) < 0x10 || u8_at(p, 0) > 0x12 ||
	    u8_at(p, 1) > 0x1f || u8_at(p, 14) != 32)
		return false;
	for (size_t i = 15; i < 47; i++)
		if (u8_at(p, i) < 'A' || u8_at(p, i) > 'P')
			return false;
	return true;
}

/* RFC 3244, 2: the length, a version, and a Kerberos message with its own. */
bool is_kpasswd(const struct payload *p)
{
	size_t at = p->over == OVER_TCP ? 4 : 0;
	unsigned version = be16_at(p, at + 2), len = be16_at(p, at + 4);

	return p->len >= at + 8 && be16_at(p, at) + at == p->full &&
	       (version == 1 || version == 0xff80) && len >= 2 &&
	       len + at + 6 <= p->full &&
	       (u8_at(p, at + 6) == 0x6e || u8_at(p, at + 6) == 0x6f);
}

/* RFC 3489: without a number of its own, so the answer has to be to it. */
bool is_classicstun(const struct payload *p)
{
	const uint8_t *asked = p->other;

	return asked && p->len >= 20 && be16_at(p, 0) == 0x0101 &&
	       be16_at(p, 2) + 20u == p->full && be16_at(p, 2) % 4 == 0 &&
	       !asked[0] && asked[1] == 1 && starts(p, 4, asked + 4, 8) &&
	       u8_at(p, 20) == 0;
}

/* RFC 9327, 2: a query's number and what is asked for come back. */
bool is_ntp_control(const struct payload *p)
{
	const uint8_t *asked = p->other;

	if (STARTS(p, "\x17\0\3\x2a"))
		return p->full == 8 || p->full == 48 || p->full == 192;
	return asked && p->len >= 12 && (u8_at(p, 0) & 0xc7) == 6 &&
	       u8_at(p, 0) == asked[0] &&
	       (u8_at(p, 1) & 0xdf) == (asked[1] | 0x80) &&
	       !(asked[1] & 0xe0) && starts(p, 2, asked + 2, 2) &&
	       be16_at(p, 10) + 12u <= p->full && !asked[8] && !asked[9];
}

/* What an address family's packet has at its beginning. */
static bool is_packet(const struct payload *p, size_t at, size_t end)
{
	if (u8_at(p, at) == 0x45)
		return be16_at(p, at + 2) + at <= end &&
		       be16_at(p, at + 2) >= 20;
	return u8_at(p, at) >> 4 == 6 && p->len >= at + 40 &&
	       be16_at(p, at + 4) + at + 40 <= end;
}

static bool is_frame(const struct payload *p, size_t at)
{
	switch (be16_at(p, at + 12)) {
	case 0x0800:
	case 0x86dd:
		return is_packet(p, at + 14, p->full);
	case 0x0806:
		return HAS_AT(p, at + 14, "\0\1\x08\0\6\4\0");
	default:
		return false;
	}
}

/* RFC 7348, 5 */
bool is_vxlan(const struct payload *p)
{
	return p->len >= 50 && STARTS(p, "\x08\0\0\0") && !u8_at(p, 7) &&
	       is_frame(p, 8);
}

/* RFC 8926, 3.4: a frame, or a packet. */
bool is_geneve(const struct payload *p)
{
	size_t at = 8 + 4 * u8_at(p, 0);

	if (p->len < 36 || u8_at(p, 0) > 63 || u8_at(p, 1) & 0x3f ||
	    u8_at(p, 7))
		return false;
	if (HAS_AT(p, 2, "\x65\x58"))
		return is_frame(p, at);
	return (HAS_AT(p, 2, "\x08\0") || HAS_AT(p, 2, "\x86\xdd")) &&
	       is_packet(p, at, p->full);
}

/* 3GPP TS 29.281, 5.1: a user's packet, with a sequence number or without. */
bool is_gtp(const struct payload *p)
{
	size_t at = u8_at(p, 0) & 7 ? 12 : 8;

	return p->len >= at + 20 && (u8_at(p, 0) & 0xf8) == 0x30 &&
	       u8_at(p, 1) == 0xff && be16_at(p, 2) + 8u == p->full &&
	       be32_at(p, 4) && is_packet(p, at, p->full);
}

/* ISO 13818-1, 2.4.3.2: each 188 bytes begin alike. */
bool is_mp2t(const struct payload *p)
{
	if (p->len != p->full || p->len % 188 || p->len < 4 * 188)
		return false;
	for (size_t at = 0; at < p->len; at += 188)
		if (p->p[at] != 0x47)
			return false;
	return true;
}

/* RFC 2608, 8: version 2, and the language, mostly "en". */
bool is_slp(const struct payload *p)
{
	return p->len >= 18 && u8_at(p, 0) == 2 && u8_at(p, 1) &&
	       u8_at(p, 1) <= 11 && be32_at(p, 2) >> 8 == p->full &&
	       !(be16_at(p, 5) & 0x1fff) && be16_at(p, 12) >= 2 &&
	       be16_at(p, 12) <= 8 &&
	       signature_is_printable(p, 14, be16_at(p, 12));
}

/* Who is there, in XML that needs more than a line to say so. */
bool is_wsd(const struct payload *p)
{
	static const char what[] = "/ws/2005/04/discovery";

	if (*p->p != '<')
		return false;
	for (size_t i = 0; i + sizeof(what) - 1 <= MIN(p->len, 1024); i++)
		if (!memcmp(p->p + i, what, sizeof(what) - 1))
			return true;
	return false;
}

/* A host looks for a display manager, and says that it has no secrets. */
bool is_xdmcp(const struct payload *p)
{
	return p->full == 7 && STARTS(p, "\0\1\0") && u8_at(p, 3) >= 1 &&
	       u8_at(p, 3) <= 3 && HAS_AT(p, 4, "\0\1\0");
}

/* RFC 1282: a zero, both names, and the terminal with its speed. */
bool is_rlogin(const struct payload *p)
{
	size_t at = u8_at(p, 0) ? 0 : end_of_text(p, 1), last;

	at = at ? end_of_text(p, at) : 0;
	last = at ? end_of_text(p, at) : 0;
	return last && last == p->full && last - at >= 4 &&
	       memchr(p->p + at, '/', last - at) &&
	       g_ascii_isdigit((char)p->p[last - 2]);
}

/* A remote capture's answer, to a message of the same kind. */
bool is_rpcap(const struct payload *p)
{
	const uint8_t *asked = p->other;

	return asked && p->len >= 8 && !u8_at(p, 0) && !asked[0] && asked[1] &&
	       asked[1] <= 12 && u8_at(p, 1) == (asked[1] | 0x80) &&
	       be32_at(p, 4) + 8 == p->full && !asked[4] && !asked[5];
}

bool is_dropbox(const struct payload *p)
{
	return STARTS(p, "{\"host_int\": ") ||
	       STARTS(p, "{\"version\": [2, 0]");
}

/* A resolver's answer. */
bool is_dnscrypt(const struct payload *p)
{
	return p->len >= 48 && STARTS(p, "r6fnvWj8");
}
