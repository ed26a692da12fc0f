/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of machines and meters, of telephones, and of what watches them. */
#include "recognise/signature/signature.h"

#define AE_TITLE 16 /* DICOM's names have blanks to this length */

/*
 * Modbus Messaging 1.0b, 3.1.3: so little is fixed that the answer has to have
 * its question's number, unit and function.
 */
bool is_modbus(const struct payload *p)
{
	const uint8_t *asked = p->other;
	unsigned code = u8_at(p, 7) & 0x7f;

	return asked && p->len >= 9 && starts(p, 0, asked, 4) &&
	       !be16_at(p, 2) && be16_at(p, 4) + 6u == p->full && !asked[4] &&
	       asked[5] >= 2 && asked[6] == u8_at(p, 6) && code && code <= 43 &&
	       asked[7] == code;
}

/* In TPKT and COTP's data: 0x32, and 0x72 for what came after it. */
static bool is_s7(const struct payload *p, const char *data)
{
	return p->len >= 12 && STARTS(p, "\3\0") && be16_at(p, 2) <= p->full &&
	       be16_at(p, 2) >= 12 && starts(p, 4, data, 4);
}

bool is_s7comm(const struct payload *p)
{
	unsigned kind = u8_at(p, 8);

	return is_s7(p, "\2\xf0\x80\x32") && (kind <= 3 || kind == 7) &&
	       !be16_at(p, 9);
}

bool is_s7comm_plus(const struct payload *p)
{
	return is_s7(p, "\2\xf0\x80\x72") && u8_at(p, 8) >= 1 &&
	       u8_at(p, 8) <= 3 && be16_at(p, 9) + 11u <= p->full;
}

/* IEEE 1815, 9.2.4: the header's sum. */
bool is_dnp3(const struct payload *p)
{
	unsigned sum = 0;

	if (p->len < 10 || !STARTS(p, "\x05\x64") || u8_at(p, 2) < 5)
		return false;
	for (size_t i = 0; i < 8; i++) {
		sum ^= p->p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			sum = sum & 1 ? sum >> 1 ^ 0xa6bc : sum >> 1;
	}
	sum = ~sum & 0xffff;
	return u8_at(p, 8) == (sum & 0xff) && u8_at(p, 9) == sum >> 8;
}

/* ASHRAE 135, annex J: to one or to all, or passed on for another. */
bool is_bacnet(const struct payload *p)
{
	unsigned what = u8_at(p, 1);
	size_t at = what == 4 ? 10 : 4;

	return u8_at(p, 0) == 0x81 && (what == 4 || what == 10 || what == 11) &&
	       be16_at(p, 2) == p->full && p->len >= at + 4 &&
	       u8_at(p, at) == 1 && !(u8_at(p, at + 1) & 0x50);
}

/* ISO 22510: a header of 6 bytes, version 1.0, and the whole's length. */
bool is_knx(const struct payload *p)
{
	unsigned service = be16_at(p, 2);

	return p->len >= 8 && STARTS(p, "\x06\x10") &&
	       be16_at(p, 4) == p->full &&
	       ((service >= 0x201 && service <= 0x20f) ||
		(service >= 0x310 && service <= 0x311) ||
		(service >= 0x420 && service <= 0x421) ||
		(service >= 0x530 && service <= 0x533));
}

/* RFC 7252, 3: an acknowledgement, with the number and token that it is of. */
bool is_coap(const struct payload *p)
{
	const uint8_t *asked = p->other;
	unsigned token = u8_at(p, 0) & 15, code = u8_at(p, 1);

	if (!asked || p->len < 4 || u8_at(p, 0) >> 4 != 6 || token > 8 ||
	    asked[0] >> 4 != 4 || !asked[1] || asked[1] > 7 ||
	    !starts(p, 2, asked + 2, 2))
		return false;
	if (!code)
		return p->full == 4 && !token;
	return code >> 5 >= 2 && code >> 5 <= 5 && (code & 31) <= 15 &&
	       token == (asked[0] & 15) && starts(p, 4, asked + 4, token);
}

/* DSP0136 and IPMI 2.0, 13.1: asked who is there, or in a session. */
bool is_rmcp(const struct payload *p)
{
	if (!STARTS(p, "\x06\0"))
		return false;
	if (u8_at(p, 3) == 6)
		return HAS_AT(p, 4, "\0\0\x11\xbe") &&
		       u8_at(p, 11) + 12u == p->full;
	return HAS_AT(p, 2, "\xff\7") && p->len >= 14 && u8_at(p, 4) <= 6;
}

/* A hello of each side. */
bool is_openflow(const struct payload *p)
{
	const uint8_t *asked = p->other;

	return asked && (p->full == 8 || p->full == 16) &&
	       be16_at(p, 2) == p->full && u8_at(p, 0) && u8_at(p, 0) <= 6 &&
	       !u8_at(p, 1) && asked[0] && asked[0] <= 6 && !asked[1] &&
	       !asked[2] && (asked[3] == 8 || asked[3] == 16);
}

bool is_hl7(const struct payload *p)
{
	return p->len >= 9 && STARTS(p, "\x0bMSH") &&
	       g_ascii_ispunct((char)u8_at(p, 4)) &&
	       g_ascii_ispunct((char)u8_at(p, 5)) && u8_at(p, 4) != u8_at(p, 5);
}

/* PS3.8, 9.3.2 and 9.3.3: an association is asked for, or granted. */
bool is_dicom(const struct payload *p)
{
	unsigned type = u8_at(p, 0);

	return (type == 1 || type == 2) && !u8_at(p, 1) && p->len >= 74 &&
	       be32_at(p, 2) + 6 >= p->full && be32_at(p, 2) < 0x10000 &&
	       HAS_AT(p, 6, "\0\1\0\0") &&
	       signature_is_printable(p, 10, 2 * AE_TITLE);
}

bool is_fix(const struct payload *p)
{
	const uint8_t *end = memchr(p->p, 1, MIN(p->len, 16));

	return STARTS(p, "8=FIX") && end &&
	       starts(p, (size_t)(end + 1 - p->p), "9=", 2);
}

/* Parts of a type and a length; the first is the host, then comes the time. */
bool is_collectd(const struct payload *p)
{
	size_t len = be16_at(p, 2);

	return !be16_at(p, 0) && len >= 6 && len < 256 && p->len >= len + 12 &&
	       !p->p[len - 1] && signature_is_printable(p, 4, len - 5) &&
	       (be16_at(p, len) == 1 || be16_at(p, len) == 8) &&
	       be16_at(p, len + 2) == 12;
}

bool is_gelf(const struct payload *p)
{
	return *p->p == '{' && signature_line_has(p, "\"short_message\"") &&
	       signature_line_has(p, "\"version\"");
}

/* Where what @is of the bytes from @at on ends. */
static size_t end_of(const struct payload *p, size_t at, const char *more)
{
	while (at < p->len && p->p[at] &&
	       (g_ascii_isalnum(p->p[at]) || strchr(more, p->p[at])))
		at++;
	return at;
}

/* NAME:VALUE|KIND, up to the end of a line or more about it. */
bool is_statsd(const struct payload *p)
{
	static const char *const kinds[] = { "c", "g", "ms", "h", "s", "d" };
	size_t name = end_of(p, 0, "._-/"), at = end_of(p, name + 1, ".-+");

	if (!g_ascii_isalpha(*p->p) || name < 2 || u8_at(p, name) != ':' ||
	    at == name + 1 || u8_at(p, at) != '|' ||
	    (!g_ascii_isdigit((char)u8_at(p, name + 1)) &&
	     !strchr("+-", (int)u8_at(p, name + 1))))
		return false;
	for (size_t i = 0; i < array_length(kinds); i++) {
		size_t end = at + 1 + strlen(kinds[i]);

		if (starts(p, at + 1, kinds[i], strlen(kinds[i])) &&
		    (end == p->full || u8_at(p, end) == '\n' ||
		     u8_at(p, end) == '|'))
			return true;
	}
	return false;
}

/* sFlow 5: the agent, and samples, each with its length. */
bool is_sflow(const struct payload *p)
{
	uint32_t family = be32_at(p, 4);
	size_t at = family == 2 ? 36 : 24;

	return p->len >= at + 12 && be32_at(p, 0) == 5 &&
	       (family == 1 || family == 2) && be32_at(p, at) &&
	       be32_at(p, at) <= 100 && be32_at(p, at + 4) &&
	       be32_at(p, at + 4) <= 4 && be32_at(p, at + 8) <= p->full &&
	       be32_at(p, at + 8) >= 16;
}

#define YEAR_2001 978307200u

/* NetFlow 5, RFC 3954 and RFC 7011: versions, times, and lengths that fit. */
bool is_netflow(const struct payload *p)
{
	unsigned version = be16_at(p, 0), count = be16_at(p, 2);
	size_t set = version == 9 ? 20 : 16;

	if (p->len < 24)
		return false;
	if (version == 5)
		return count && count <= 30 && p->full == 24 + 48 * count &&
		       be32_at(p, 8) >= YEAR_2001;
	if (version == 9 ? !count || count > 500 || be32_at(p, 8) < YEAR_2001 :
			   version != 10 || count != p->full ||
				   be32_at(p, 4) < YEAR_2001)
		return false;
	return (be16_at(p, set) >= 256 ||
		be16_at(p, set) == (version == 9 ? 0 : 2) ||
		be16_at(p, set) == (version == 9 ? 1 : 3)) &&
	       be16_at(p, set + 2) >= 8 && be16_at(p, set + 2) % 2 == 0 &&
	       set + be16_at(p, set + 2) <= p->full;
}

/* Logstash's: how many will be sent before an answer, then the first. */
bool is_lumberjack(const struct payload *p)
{
	return (STARTS(p, "2W") || STARTS(p, "1W")) && p->len >= 8 &&
	       (HAS_AT(p, 6, "2C") || HAS_AT(p, 6, "2J") ||
		HAS_AT(p, 6, "1D") || HAS_AT(p, 6, "1C"));
}

bool is_relp(const struct payload *p)
{
	return STARTS(p, "1 open ") && signature_line_has(p, " relp_version=");
}

/* Its greeting is "220" like those of FTP and SMTP. */
bool is_hylafax(const struct payload *p)
{
	return STARTS(p, "220 ") && signature_line_has(p, " (HylaFAX");
}

bool is_vmware(const struct payload *p)
{
	return STARTS(p, "220 VMware Authentication Daemon");
}

/* RFC 3656, 4: as IMAP's, but for the quotes, where IMAP has an atom. */
bool is_mupdate(const struct payload *p)
{
	return STARTS(p, "* ") && g_strstr_len((const char *)p->p,
					       (gssize)p->len, "* OK MUPDATE ");
}

bool is_munin(const struct payload *p)
{
	return STARTS(p, "# munin node at ");
}

/* RFC 3435, 3.2.1: a command's line ends with it. */
bool is_mgcp(const struct payload *p)
{
	return g_ascii_isupper(*p->p) && signature_line_has(p, " MGCP 1.0");
}

/* RFC 3525, annex B.2: in long words, or in short ones. */
bool is_megaco(const struct payload *p)
{
	return STARTS(p, "MEGACO/1 ") || STARTS(p, "MEGACO/2 ") ||
	       STARTS(p, "MEGACO/3 ") || STARTS(p, "!/1 [") ||
	       STARTS(p, "!/2 [") || STARTS(p, "!/3 [");
}

/* RFC 4975, 7: its number stands between its name and what it does. */
bool is_msrp(const struct payload *p)
{
	return STARTS(p, "MSRP ") && (signature_line_has(p, " SEND\r") ||
				      signature_line_has(p, " AUTH\r") ||
				      signature_line_has(p, " REPORT\r") ||
				      signature_line_has(p, " 200 OK\r"));
}

/* RFC 5456, 8.6.10: a new call in a full frame says its version, 2. */
bool is_iax2(const struct payload *p)
{
	return p->len >= 16 && u8_at(p, 0) & 0x80 && !be16_at(p, 2) &&
	       !be16_at(p, 8) && HAS_AT(p, 10, "\6\1\x0b\2\0\2");
}

/* A telephone registers under its name, that begins with what it is. */
bool is_skinny(const struct payload *p)
{
	return p->len >= 24 && le32_at(p, 0) + 8 == p->full &&
	       le32_at(p, 4) <= 0x16 && le32_at(p, 8) == 1 &&
	       signature_is_printable(p, 12, 8);
}

/* SMPP 3.4, 3.2: who binds says who he is, to what has no state yet. */
bool is_smpp(const struct payload *p)
{
	uint32_t what = be32_at(p, 4) & 0x7fffffff;
	const uint8_t *end;

	if (p->len < 18 || be32_at(p, 0) != p->full || be32_at(p, 8) ||
	    (what != 1 && what != 2 && what != 9) || !be32_at(p, 12))
		return false;
	end = memchr(p->p + 16, '\0', p->len - 16);
	return end && end > p->p + 16 && end < p->p + 32 &&
	       signature_is_printable(p, 16, (size_t)(end - p->p) - 16);
}
