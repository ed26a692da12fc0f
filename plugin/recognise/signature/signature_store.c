/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of storage, and of what programs talk to each other by. */
#include "recognise/signature/signature.h"

static bool has_text(const struct payload *p, size_t from, const char *what)
{
	size_t len = strlen(what), end = MIN(p->len, 1024);

	for (size_t i = from; i + len <= end; i++)
		if (!memcmp(p->p + i, what, len))
			return true;
	return false;
}

static bool asked(const struct payload *p, const char *what)
{
	return p->other && !memcmp(p->other, what, strlen(what));
}

/* RFC 7143, 11.12: a login, whose text says who it is; and its answer. */
bool is_iscsi(const struct payload *p)
{
	unsigned what = u8_at(p, 0);

	if (p->len < 64 || be16_at(p, 2) || u8_at(p, 4))
		return false;
	if (what == 0x43 || what == 0x03)
		return has_text(p, 48, "InitiatorName=");
	return what == 0x23 && has_text(p, 48, "TargetPortalGroupTag=");
}

bool is_ceph(const struct payload *p)
{
	return STARTS(p, "ceph v0") || STARTS(p, "ceph v2\n");
}

/* DDM: two lengths, a magic byte, and attributes that are exchanged. */
bool is_drda(const struct payload *p)
{
	unsigned len = be16_at(p, 0), code = be16_at(p, 8);

	return p->len >= 10 && u8_at(p, 2) == 0xd0 && len <= p->full &&
	       be16_at(p, 6) + 6u == len && (code == 0x1041 || code == 0x1443);
}

bool is_giop(const struct payload *p)
{
	return p->len >= 12 && STARTS(p, "GIOP\1") && u8_at(p, 5) <= 3 &&
	       u8_at(p, 6) <= 3 && u8_at(p, 7) <= 7;
}

/* A strict binary message, with its length before it or without. */
bool is_thrift(const struct payload *p)
{
	size_t at = be32_at(p, 0) + 4 == p->full ? 4 : 0;
	uint32_t name = be32_at(p, at + 4);

	return p->len >= at + 12 && HAS_AT(p, at, "\x80\1\0") &&
	       u8_at(p, at + 3) >= 1 && u8_at(p, at + 3) <= 4 && name >= 2 &&
	       name <= 64 && signature_is_printable(p, at + 8, name);
}

/* C706, 12.6.3: version 5, who begins, and in whose byte order. */
bool is_dcerpc(const struct payload *p)
{
	unsigned what = u8_at(p, 2), len = u8_at(p, 9) << 8 | u8_at(p, 8);

	return p->len >= 24 && u8_at(p, 0) == 5 && u8_at(p, 1) <= 1 &&
	       what >= 11 && what <= 15 && HAS_AT(p, 4, "\x10\0\0\0") &&
	       len <= p->full && len >= 24;
}

bool is_openwire(const struct payload *p)
{
	return be32_at(p, 0) + 4 <= p->full && HAS_AT(p, 4, "\1ActiveMQ");
}

/* A frame's first line and a header that it cannot be without. */
bool is_stomp(const struct payload *p)
{
	if (STARTS(p, "CONNECT\n") || STARTS(p, "STOMP\n") ||
	    STARTS(p, "CONNECT\r\n") || STARTS(p, "STOMP\r\n"))
		return has_text(p, 6, "accept-version:") ||
		       has_text(p, 6, "login:");
	return (STARTS(p, "CONNECTED\n") || STARTS(p, "CONNECTED\r\n")) &&
	       has_text(p, 9, "\nversion:1.");
}

/* Others put and use, too: the answer tells. */
bool is_beanstalk(const struct payload *p)
{
	return (asked(p, "put ") && STARTS(p, "INSERTED ")) ||
	       (asked(p, "use ") && STARTS(p, "USING ")) ||
	       (asked(p, "watch ") && STARTS(p, "WATCHING ")) ||
	       (asked(p, "reserve") && STARTS(p, "RESERVED "));
}

bool is_gearman(const struct payload *p)
{
	return (STARTS(p, "\0REQ") || STARTS(p, "\0RES")) && p->len >= 12 &&
	       be32_at(p, 4) && be32_at(p, 4) <= 64 &&
	       be32_at(p, 8) + 12 <= p->full;
}

/* A request begins, for one of three roles. */
bool is_fcgi(const struct payload *p)
{
	return STARTS(p, "\1\1") && HAS_AT(p, 4, "\0\x08\0\0\0") &&
	       u8_at(p, 9) >= 1 && u8_at(p, 9) <= 3 && u8_at(p, 10) <= 1;
}

/* ZMTP 2 and later; what is older looks like that, too. */
bool is_zmtp(const struct payload *p)
{
	return p->len >= 10 && u8_at(p, 0) == 0xff && !be32_at(p, 1) &&
	       !be16_at(p, 5) && !u8_at(p, 7) && u8_at(p, 8) <= 1 &&
	       u8_at(p, 9) == 0x7f;
}

/* Neo4j's: four versions follow. */
bool is_bolt(const struct payload *p)
{
	return p->full == 20 && STARTS(p, "\x60\x60\xb0\x17");
}

bool is_clickhouse(const struct payload *p)
{
	return !u8_at(p, 0) && HAS_AT(p, 2, "ClickHouse") &&
	       u8_at(p, 1) >= 10 && u8_at(p, 1) < 0x80;
}

/* A session is asked for, with a password of 16 bytes; or a word by hand. */
bool is_zookeeper(const struct payload *p)
{
	uint32_t len = be32_at(p, 0);

	if ((asked(p, "ruok") && STARTS(p, "imok") && p->full == 4) ||
	    STARTS(p, "Zookeeper version: "))
		return true;
	return p->len >= 44 && (len == 44 || len == 45) && len + 4 == p->full &&
	       !be32_at(p, 4) && be32_at(p, 16) && be32_at(p, 16) < 10000000 &&
	       be32_at(p, 28) == 16;
}

/* Two lengths, and the command CONNECT, whose client has a version. */
bool is_pulsar(const struct payload *p)
{
	return p->len >= 14 && be32_at(p, 0) + 4 == p->full &&
	       be32_at(p, 4) + 4 == be32_at(p, 0) && HAS_AT(p, 8, "\x08\2\x12");
}

bool is_hbase(const struct payload *p)
{
	return STARTS(p, "HBas\0") && u8_at(p, 5) >= 0x50 &&
	       u8_at(p, 5) <= 0x60;
}

bool is_hadoop(const struct payload *p)
{
	return STARTS(p, "hrpc") && u8_at(p, 4) >= 4 && u8_at(p, 4) <= 9;
}

/* Apple's file service, DSI 1.0: its state, or a session, and nothing else. */
bool is_dsi(const struct payload *p)
{
	unsigned flags = u8_at(p, 0), what = u8_at(p, 1);

	return p->len >= 16 && flags <= 1 && (what == 3 || what == 4) &&
	       !be32_at(p, 4) && be32_at(p, 8) + 16 == p->full &&
	       !be32_at(p, 12) &&
	       (flags || what == 3 || (HAS_AT(p, 16, "\1\4")));
}

bool is_spice(const struct payload *p)
{
	return STARTS(p, "REDQ") && le32_at(p, 4) >= 1 && le32_at(p, 4) <= 2;
}

bool is_ica(const struct payload *p)
{
	return STARTS(p, "\x7f\x7fICA\0");
}

bool is_icap(const struct payload *p)
{
	return STARTS(p, "ICAP/1.0 ") ||
	       (g_ascii_isupper(*p->p) && signature_line_has(p, " ICAP/1.0"));
}

bool is_cvs(const struct payload *p)
{
	return STARTS(p, "BEGIN AUTH REQUEST\n") ||
	       STARTS(p, "BEGIN VERIFICATION REQUEST\n");
}

/* RFC 5804, 1.7: a server begins by what it can. */
bool is_sieve(const struct payload *p)
{
	return STARTS(p, "\"IMPLEMENTATION\" \"");
}

/* Between nodes; the length is that of the message. */
bool is_redis_bus(const struct payload *p)
{
	return STARTS(p, "RCmb") && be32_at(p, 4) <= p->full &&
	       be32_at(p, 4) >= 16;
}

/* ... and where only answers are heard one that was accepted, and went well. */
static bool is_rpc_answer(const struct payload *p, size_t at)
{
	return p->len >= at + 24 && !p->other && be32_at(p, at) &&
	       be32_at(p, at + 4) == 1 && !be32_at(p, at + 8) &&
	       !be32_at(p, at + 12) && !be32_at(p, at + 16) &&
	       !be32_at(p, at + 20);
}

/* RFC 5531, 9: a call of version 2 to one of Sun's programs. */
bool is_rpc(const struct payload *p)
{
	size_t at = p->over == OVER_TCP ? 4 : 0;
	uint32_t program = be32_at(p, at + 12);

	if (at && (!(u8_at(p, 0) & 0x80) ||
		   (be32_at(p, 0) & 0x7fffffff) + 4 != p->full))
		return false;
	if (at && is_rpc_answer(p, at))
		return true;
	return p->len >= at + 32 && !be32_at(p, at + 4) &&
	       be32_at(p, at + 8) == 2 && program >= 100000 &&
	       program < 100500 && be32_at(p, at + 16) &&
	       be32_at(p, at + 16) <= 5 && be32_at(p, at + 24) <= 6 &&
	       be32_at(p, at + 28) <= 400;
}

/* Peers: what is asked for, and what a client says it is. */
bool is_gnutella(const struct payload *p)
{
	return STARTS(p, "GNUTELLA CONNECT/0.") ||
	       STARTS(p, "GNUTELLA/0.6 200 ");
}

/* A hello: its own length, and that of a hash. */
bool is_edonkey(const struct payload *p)
{
	return p->len >= 24 && u8_at(p, 0) == 0xe3 &&
	       le32_at(p, 1) + 5 == p->full && HAS_AT(p, 5, "\1\x10");
}

/* The main network's number, and a version. */
bool is_bitcoin(const struct payload *p)
{
	return STARTS(p, "\xf9\xbe\xb4\xd9"
			 "version\0") ||
	       STARTS(p, "\x0b\x11\x09\x07"
			 "version\0");
}
