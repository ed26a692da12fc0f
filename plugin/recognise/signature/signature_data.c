/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of databases, queues, file servers and desktops. */
#include "recognise/signature/signature.h"

static bool contains(const struct payload *p, const char *what)
{
	size_t len = strlen(what);

	for (size_t i = 0; i + len <= MIN(p->len, 512); i++)
		if (!memcmp(p->p + i, what, len))
			return true;
	return false;
}

/* What people ask databases: words that a question begins with. */
static bool is_sql(const struct payload *p, size_t at)
{
	static const char *const words[] = {
		"SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ",  "BEGIN",
		"COMMIT",  "SHOW ",	   "SET ",    "CREATE TABLE ",
	};

	for (size_t i = 0; i < array_length(words); i++)
		if (p->len >= at + strlen(words[i]) &&
		    !g_ascii_strncasecmp((const char *)p->p + at, words[i],
					 strlen(words[i])))
			return true;
	return false;
}

/* A client's answer to the greeting: what it can, and bytes that are not used. */
static bool is_mysql_login(const struct payload *p)
{
	static const uint8_t unused[19];

	return p->len >= 36 && le32_at(p, 0) >> 24 == 1 &&
	       (le32_at(p, 0) & 0xffffff) + 4 == p->full &&
	       (le32_at(p, 4) & 0x200) && starts(p, 13, unused, 19) &&
	       le32_at(p, 8) <= 0x40000000;
}

/* A greeting: length, sequence 0, protocol 10, a version; or an error. */
bool is_mysql(const struct payload *p)
{
	uint32_t head = le32_at(p, 0);
	uint32_t len = head & 0xffffff;

	if (is_mysql_login(p))
		return true;
	if (p->len < 9 || head >> 24 || len + 4 != p->full)
		return false;
	if (u8_at(p, 4) == 3)
		return is_sql(p, 5);
	if (p->len < 12)
		return false;
	if (u8_at(p, 4) == 10)
		return g_ascii_isdigit((char)u8_at(p, 5)) &&
		       memchr(p->p + 5, '.', 4) &&
		       memchr(p->p + 5, '\0', p->len - 5);
	return u8_at(p, 4) == 255 && u8_at(p, 6) == 4 &&
	       signature_is_printable(p, 7, 5);
}

/* A start, or a question whether to encrypt or to cancel. */
bool is_pgsql(const struct payload *p)
{
	uint32_t len = be32_at(p, 0), code = be32_at(p, 4);

	if (STARTS(p, "Q\0"))
		return be32_at(p, 1) + 1 == p->full && is_sql(p, 5);
	if (STARTS(p, "R\0\0\0"))
		return (HAS_AT(p, 4, "\x08\0\0\0\0") && u8_at(p, 9) == 'S') ||
		       (p->full == be32_at(p, 1) + 1 &&
			HAS_AT(p, 5,
			       "\0\0\0\x0a"
			       "SCRAM-SHA-256"));
	if (*p->p == 'E')
		return be32_at(p, 1) < 0x10000 &&
		       (HAS_AT(p, 5, "SFATAL\0") || HAS_AT(p, 5, "SERROR\0"));
	if (p->len < 8 || len != p->full)
		return false;
	if (code >> 16 == 3) /* names and values, in any order */
		return g_ascii_islower((char)u8_at(p, 8)) &&
		       (p->len < p->full || HAS_AT(p, len - 2, "\0\0")) &&
		       (contains(p, "user") || contains(p, "database"));
	return (len == 8 && (code == 80877103 || code == 80877104)) ||
	       (len == 16 && code == 80877102);
}

/* MS-TDS, 2.2.6.4: a login of version 7, whose length is told twice; and the
 * options of an answer.
 */
static bool is_tds_other(const struct payload *p)
{
	if (p->len < 20 || u8_at(p, 1) > 1)
		return false;
	if (u8_at(p, 0) == 0x10)
		return be16_at(p, 2) >= p->full &&
		       le32_at(p, 8) + 8 >= p->full &&
		       le32_at(p, 8) < 0x20000 && u8_at(p, 15) >= 0x70 &&
		       u8_at(p, 15) <= 0x74 && le32_at(p, 16) >= 512 &&
		       le32_at(p, 16) <= 32768;
	return u8_at(p, 0) == 4 && u8_at(p, 1) == 1 &&
	       be16_at(p, 2) == p->full && !u8_at(p, 8) &&
	       be16_at(p, 11) == 6 && u8_at(p, 13) == 1;
}

/*
 * MS-TDS, 2.2.6.5: options before the login, the first is the version; and
 * 2.2.6.7, a batch, whose headers say how long they are, and how many are open.
 */
bool is_tds(const struct payload *p)
{
	if (is_tds_other(p))
		return true;
	if (p->len >= 30 && u8_at(p, 0) == 1 && u8_at(p, 1) <= 1 &&
	    be16_at(p, 2) == p->full && le32_at(p, 8) == 22)
		return le32_at(p, 12) == 18 && HAS_AT(p, 16, "\2\0");
	return p->len >= 14 && u8_at(p, 0) == 0x12 && u8_at(p, 1) == 1 &&
	       be16_at(p, 2) == p->full && u8_at(p, 8) == 0 &&
	       be16_at(p, 11) == 6;
}

bool is_tns(const struct payload *p)
{
	if (p->full == 8 && STARTS(p, "\0\x08\0\0\x0b\0\0\0"))
		return true; /* send it again */
	if (p->len < 34 || u8_at(p, 4) != 1 || be16_at(p, 0) != p->full)
		return false;
	if (contains(p, "(CONNECT_DATA=") || contains(p, "(DESCRIPTION="))
		return true;
	/* More than 230 bytes come after it. */
	return be16_at(p, 8) >= 300 && be16_at(p, 8) < 400 &&
	       be16_at(p, 24) > 230 && be16_at(p, 26) == p->full;
}

/* The length is that of the message, which may be longer than a segment; an
 * old server's names its question.
 */
bool is_mongo(const struct payload *p)
{
	uint32_t len = le32_at(p, 0), code = le32_at(p, 12);

	if (p->len < 21 || len < p->full || len > 48000000)
		return false;
	if (code == 2013)
		return !(le32_at(p, 16) & ~0x10003u) &&
		       (u8_at(p, 20) == 1 ||
			(!u8_at(p, 20) && le32_at(p, 21) + 21 <= len));
	if (code == 2004)
		return contains(p, ".$cmd");
	if (code == 2012) /* one of these, compressed */
		return (le32_at(p, 16) == 2013 || le32_at(p, 16) == 2004) &&
		       p->len > 24 && u8_at(p, 24) <= 3;
	return code == 1 && len >= 36 && !(le32_at(p, 16) & ~15u) && p->other &&
	       starts(p, 8, p->other + 4, 4);
}

/* The binary protocol: of a request all the lengths are said. */
static bool is_memcached_binary(const struct payload *p, unsigned magic)
{
	uint32_t body = be32_at(p, 8);

	return p->len >= 24 && u8_at(p, 0) == magic && u8_at(p, 1) <= 0x4a &&
	       !u8_at(p, 5) && body + 24 == p->full &&
	       be16_at(p, 2) + u8_at(p, 4) <= body && u8_at(p, 4) <= 20;
}

bool is_memcached(const struct payload *p)
{
	return is_memcached_binary(p, 0x80);
}

/*
 * Over UDP a header comes first: whose answer it is, and which of how many
 * datagrams.
 */
bool is_memcached_datagram(const struct payload *p)
{
	static const char *const words[] = {
		"get ",		  "gets ",	   "stats",	  "version\r\n",
		"set ",		  "add ",	   "delete ",	  "incr ",
		"decr ",	  "VALUE ",	   "STAT ",	  "STORED\r\n",
		"NOT_STORED\r\n", "NOT_FOUND\r\n", "DELETED\r\n", "END\r\n",
		"VERSION ",
	};
	struct payload text = *p;

	if (p->len <= 8 || be16_at(p, 2) >= be16_at(p, 4) || be16_at(p, 6))
		return false;
	text.p += 8;
	text.len -= 8;
	text.full -= 8;
	for (size_t i = 0; i < array_length(words); i++)
		if (starts(&text, 0, words[i], strlen(words[i])))
			return memchr(text.p, '\n', text.len) != NULL;
	return is_memcached_binary(&text, 0x80);
}

/* With a status; for the middle of a connection. */
bool is_memcached_answer_binary(const struct payload *p)
{
	return is_memcached_binary(p, 0x81) && be16_at(p, 6) <= 0x86;
}

static bool is_cql_version(unsigned version)
{
	return (version >= 3 && version <= 5) || version == 0x41 ||
	       version == 0x42; /* DataStax's */
}

/* A frame of such a version that asks for options, or starts; between nodes,
 * the number that all of their connections begin with.
 */
bool is_cql(const struct payload *p)
{
	unsigned version = u8_at(p, 0), code = u8_at(p, 4);

	if (STARTS(p, "\xca\x55\x2d\xfa"))
		return p->len >= 8;
	if ((version & 0x80) && contains(p, "CQL_VERSION"))
		return code == 6 && be32_at(p, 5) + 9 == p->full;
	if (p->len < 9 || !is_cql_version(version) || u8_at(p, 1) > 31 ||
	    be32_at(p, 5) + 9 != p->full)
		return false;
	if (code == 7)
		return be32_at(p, 9) + 13 <= p->full && is_sql(p, 13);
	return (code == 5 && p->full == 9 && !p->before && !p->other) ||
	       (code == 1 && contains(p, "CQL_VERSION"));
}

/* An older way to send: who has to have it, how long to wait, and to whom. */
static bool is_old_produce(const struct payload *p, size_t at)
{
	unsigned who = be16_at(p, at);

	return (who <= 1 || who == 0xffff) && be32_at(p, at + 2) <= 600000 &&
	       be32_at(p, at + 6) && be32_at(p, at + 6) < 1000 &&
	       signature_is_printable(p, at + 12, be16_at(p, at + 10));
}

/*
 * A request: length, what is asked, its version, and who asks.  Clients begin
 * by asking for versions, brokers or a login; others are there to be joined.
 */
bool is_kafka(const struct payload *p)
{
	static const uint8_t first[] = { 1, 3, 10, 17, 18 };
	unsigned key = be16_at(p, 4), version = be16_at(p, 6);
	unsigned name = be16_at(p, 12);

	return p->len >= 17 && be32_at(p, 0) + 4 == p->full &&
	       ((key < 256 && memchr(first, (int)key, sizeof(first))) ||
		(key == 0 && (version >= 3 || is_old_produce(p, 14 + name)))) &&
	       version <= 18 && be16_at(p, 8) < 16 && name >= 3 &&
	       name <= 200 && signature_is_printable(p, 14, name);
}

/* The header; or a frame of 0-9-1, which ends as none else; or of 1.0. */
bool is_amqp(const struct payload *p)
{
	uint32_t size = be32_at(p, 3);

	if (STARTS(p, "AMQP"))
		return p->full == 8 && u8_at(p, 4) <= 3;
	if (HAS_AT(p, 4, "\2\0") || HAS_AT(p, 4, "\2\1"))
		return be32_at(p, 0) <= p->full && HAS_AT(p, 8, "\0\x53") &&
		       ((u8_at(p, 10) >= 0x10 && u8_at(p, 10) <= 0x18) ||
			(u8_at(p, 10) >= 0x40 && u8_at(p, 10) <= 0x44));
	return p->len >= 12 && u8_at(p, 0) == 1 && size >= 4 &&
	       size + 8 <= p->len && u8_at(p, 7 + size) == 0xce &&
	       !(be16_at(p, 7) % 10) && be16_at(p, 7) && be16_at(p, 7) <= 90 &&
	       be16_at(p, 9) <= 120;
}

/* A yes to CONNECT; of version 5 it has properties, the first one known. */
static bool is_mqtt_yes(const struct payload *p)
{
	static const uint8_t first[] = {
		0x11, 0x12, 0x13, 0x15, 0x16, 0x1a, 0x1c, 0x1f, 0x21,
		0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a,
	};

	if (p->before || u8_at(p, 0) != 0x20 || u8_at(p, 1) + 2 != p->full)
		return false;
	if (p->full == 4)
		return STARTS(p, "\x20\2\0\0");
	return p->full > 6 && p->full < 128 && u8_at(p, 2) <= 1 &&
	       !u8_at(p, 3) && u8_at(p, 4) + 5 == p->full &&
	       memchr(first, (int)u8_at(p, 5), sizeof(first));
}

/* CONNECT, whose length takes one or two bytes here; or a yes to it. */
bool is_mqtt(const struct payload *p)
{
	size_t at = u8_at(p, 1) & 0x80 ? 3 : 2;

	if (is_mqtt_yes(p))
		return true;
	return u8_at(p, 0) == 0x10 &&
	       (HAS_AT(p, at, "\0\4MQTT") || HAS_AT(p, at, "\0\6MQIsdp"));
}

bool is_elasticsearch(const struct payload *p)
{
	return STARTS(p, "ES") && be32_at(p, 2) + 6 == p->full;
}

static bool is_smb(const struct payload *p, unsigned first)
{
	return u8_at(p, 0) == 0 && u8_at(p, 4) == first && HAS_AT(p, 5, "SMB");
}

bool is_smb1(const struct payload *p)
{
	return is_smb(p, 0xff);
}

/* In clear, encrypted or compressed. */
bool is_smb2(const struct payload *p)
{
	return is_smb(p, 0xfe) || is_smb(p, 0xfd) || is_smb(p, 0xfc);
}

/* RFC 5531, 9: a call of version 2 to program 100003. */
bool is_nfs(const struct payload *p)
{
	size_t at = p->over == OVER_TCP ? 4 : 0;

	if (at && !(u8_at(p, 0) & 0x80))
		return false;
	return p->len >= at + 24 && !be32_at(p, at + 4) &&
	       be32_at(p, at + 8) == 2 && be32_at(p, at + 12) == 100003 &&
	       be32_at(p, at + 16) >= 2 && be32_at(p, at + 16) <= 4;
}

/* MS-RDPBCGR, 2.2.1.1: X.224 asks for a connection, in words of RDP's own. */
bool is_rdp(const struct payload *p)
{
	unsigned type = u8_at(p, 5);
	size_t last = p->full - 8;

	if (p->len < 11 || p->len != p->full || u8_at(p, 0) != 3 ||
	    be16_at(p, 2) != p->full)
		return false;
	if (type == 0xe0 && HAS_AT(p, 11, "Cookie: msts"))
		return true;
	return p->len >= 19 && u8_at(p, last + 1) <= 31 &&
	       HAS_AT(p, last + 2, "\x08\0") &&
	       ((type == 0xe0 && u8_at(p, last) == 1) ||
		(type == 0xd0 && (u8_at(p, last) == 2 || u8_at(p, last) == 3)));
}

bool is_x11(const struct payload *p)
{
	return p->len >= 12 &&
	       (STARTS(p, "l\0\x0b\0\0\0") || STARTS(p, "B\0\0\x0b\0\0"));
}

/* From a web server: a request, a ping or a stop; or its answer. */
bool is_ajp(const struct payload *p)
{
	unsigned code = u8_at(p, 4), status = be16_at(p, 5);

	if (STARTS(p, "AB\0\1\x09"))
		return p->full == 5;
	if (STARTS(p, "AB") && code == 4)
		return be16_at(p, 2) >= 8 && status >= 100 && status < 600;
	return p->len >= 5 && be16_at(p, 0) == 0x1234 &&
	       be16_at(p, 2) + 4u == p->full &&
	       (code == 2 || code == 7 || code == 8 || code == 10);
}

/* MySQL's other protocol: a server's notice says hello. */
bool is_mysqlx(const struct payload *p)
{
	return STARTS(p, "\x05\0\0\0\x0b\x08\x05\x1a\0");
}

/* Version 3, a time, zeros or a player's version, and what fills 1536 bytes. */
bool is_rtmp(const struct payload *p)
{
	return u8_at(p, 0) == 3 && u8_at(p, 5) < 64 && !u8_at(p, 6) &&
	       (p->full == 1537 || p->full == 1448 || p->full == 1460);
}

bool is_zabbix(const struct payload *p)
{
	return STARTS(p, "ZBXD") && u8_at(p, 4) && u8_at(p, 4) <= 7;
}

/* A client's hello of version 2. */
bool is_rmi(const struct payload *p)
{
	return p->full == 7 && STARTS(p, "JRMI\0\2") && u8_at(p, 6) >= 0x4b &&
	       u8_at(p, 6) <= 0x4d;
}

bool is_nbd(const struct payload *p)
{
	if (HAS_AT(p, 4, "IHAVEOPT")) /* a client, and what it can */
		return be32_at(p, 0) <= 3;
	return STARTS(p, "NBDMAGICIHAVEOPT") ||
	       STARTS(p, "NBDMAGIC\0\0\x42\x02\x81\x86\x12\x53");
}
