/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of what is encoded by the rules of ASN.1 (X.690). */
#include "recognise/signature/signature.h"

/* X.690, 8.1.3: where the value of the element at @at begins; 0: nowhere. */
static size_t value_at(const struct payload *p, size_t at)
{
	unsigned len = u8_at(p, at + 1);

	if (at + 2 > p->len || len == 0x80 || len > 0x84)
		return 0;
	return at + 2 + (len & 0x80 ? len & 0x7f : 0);
}

/* Is the element the whole payload, or longer than a segment? */
static bool is_sequence(const struct payload *p)
{
	unsigned first = u8_at(p, 1);

	if (u8_at(p, 0) != 0x30 || p->len < 7)
		return false;
	if (first < 0x80)
		return first + 2u <= p->full;
	return first > 0x80 && first <= 0x84;
}

/* RFC 4511, 4.2 to 4.12: an operation, and what the first thing in it is. */
static bool is_ldap_operation(const struct payload *p, size_t at)
{
	static const struct {
		const char *operations;
		const char *first;
	} of[] = {
		{ "\x60", "\2\1" },			  /* bind: a version */
		{ "\x63\x64\x66\x68\x6c\x6e\x73", "\4" }, /* a name */
		{ "\x61\x65\x67\x69\x6b\x6d\x6f\x78", "\x0a\1" },
		{ "\x77", "\x80" }, /* what is not in the RFC: its OID */
	};
	size_t in = value_at(p, at);

	for (size_t i = 0; in && i < array_length(of); i++)
		if (strchr(of[i].operations, (int)u8_at(p, at)) &&
		    starts(p, in, of[i].first, strlen(of[i].first)))
			return true;
	return false;
}

/* RFC 4511, 4.1.1: a number, and one of the operations. */
bool is_ldap(const struct payload *p)
{
	size_t at = value_at(p, 0);
	unsigned len = u8_at(p, at + 1);

	return is_sequence(p) && at && u8_at(p, at) == 2 && len && len <= 4 &&
	       at + 3 + len < p->len && u8_at(p, at + 2 + len) &&
	       is_ldap_operation(p, at + 2 + len);
}

/* MS-ADTS, 6.3.3: a search, in one datagram, and what it finds. */
bool is_cldap(const struct payload *p)
{
	size_t at = value_at(p, 0);
	unsigned what = u8_at(p, at + 2 + u8_at(p, at + 1));

	return is_ldap(p) && what >= 0x63 && what <= 0x65 &&
	       (u8_at(p, 1) >= 0x80 || u8_at(p, 1) + 2u <= p->full);
}

/* RFC 3416 and RFC 3412: a version, then a community or a header. */
bool is_snmp(const struct payload *p)
{
	size_t at = value_at(p, 0);
	unsigned version = u8_at(p, at + 2), next = u8_at(p, at + 3);

	if (!is_sequence(p) || !at || u8_at(p, at) != 2 ||
	    u8_at(p, at + 1) != 1)
		return false;
	if (version == 3)
		return next == 0x30 && u8_at(p, at + 5) == 2 &&
		       u8_at(p, at + 6) <= 5;
	at += 5 + u8_at(p, at + 4);
	return version <= 1 && next == 4 && u8_at(p, at) >= 0xa0 &&
	       u8_at(p, at) <= 0xa8;
}

/* RFC 4120, 5.4.1: version 5 of a request, an answer or an error, each of which
 * may be longer than a segment.
 */
bool is_kerberos(const struct payload *p)
{
	size_t at = p->over == OVER_TCP ? 4 : 0;
	unsigned tag = u8_at(p, at);

	if ((at && (be32_at(p, 0) + 4 < p->full || u8_at(p, 0))) ||
	    !(tag == 0x7e || (tag >= 0x6a && tag <= 0x6f)))
		return false;
	at = value_at(p, at);
	if (!at || u8_at(p, at) != 0x30)
		return false;
	at = value_at(p, at);
	return at &&
	       (HAS_AT(p, at, "\xa0\3\2\1\5") || HAS_AT(p, at, "\xa1\3\2\1\5"));
}
