/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures of what one end says when the other is not heard, or does not say
 * who it is.  Before and after each other, lines tell that say nothing alone.
 */
#include "recognise/signature/signature.h"

static bool before_starts(const struct payload *p, const char *what)
{
	return p->before && !memcmp(p->before, what, strlen(what));
}

/* That and nothing else. */
static bool is_one_of(const struct payload *p, const char *const *words,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (p->full == strlen(words[i]) &&
		    starts(p, 0, words[i], p->full))
			return true;
	return false;
}

#define IS_ONE_OF(p, words) is_one_of(p, words, array_length(words))

static bool has_text(const struct payload *p, const char *what)
{
	size_t len = strlen(what);

	for (size_t i = 0; i + len <= MIN(p->len, 512); i++)
		if (!g_ascii_strncasecmp((const char *)p->p + i, what, len))
			return true;
	return false;
}

/* RFC 5321, 4.1.1.1: what it can, in lines that begin with 250. */
bool is_smtp_server(const struct payload *p)
{
	static const char *const words[] = {
		"\r\n250-PIPELINING", "\r\n250-SIZE",	    "\r\n250-8BITMIME",
		"\r\n250-STARTTLS",   "\r\n250 PIPELINING", "\r\n250 SIZE",
		"\r\n250 8BITMIME",   "\r\n250 STARTTLS",   "\r\n250 SMTPUTF8",
	};

	for (size_t i = 0; STARTS(p, "250-") && i < array_length(words); i++)
		if (has_text(p, words[i]))
			return true;
	return STARTS(p, "250") && before_starts(p, "220") && !p->other;
}

/* RFC 959, 4.2.1: answers to USER, FEAT, AUTH and SYST; and what only it asks. */
bool is_ftp_half(const struct payload *p)
{
	static const char *const words[] = {
		"EPSV\r\n", "PASV\r\n",	  "SYST\r\n",
		"FEAT\r\n", "TYPE I\r\n", "TYPE A\r\n",
	};

	if (before_starts(p, "220"))
		return STARTS(p, "331 ") || STARTS(p, "211-Feat") ||
		       STARTS(p, "211-Ext") || STARTS(p, "234 ") ||
		       STARTS(p, "215 ");
	return IS_ONE_OF(p, words);
}

/* RFC 1939, 5: after a user and a password. */
bool is_pop_client(const struct payload *p)
{
	static const char *const words[] = {
		"STAT\r\n",
		"UIDL\r\n",
		"LIST\r\n",
	};

	return (before_starts(p, "USER ") || before_starts(p, "PASS ")) &&
	       IS_ONE_OF(p, words);
}

/* RFC 6120, 8: what is said once the streams are open. */
bool is_xmpp_stanza(const struct payload *p)
{
	return (STARTS(p, "<iq ") || STARTS(p, "<message ") ||
		STARTS(p, "<presence ")) &&
	       (has_text(p, "'jabber:") || has_text(p, "\"jabber:") ||
		has_text(p, "'urn:xmpp:") || has_text(p, "\"urn:xmpp:"));
}

/* RFC 6455, 4.2.2: the server agrees. */
bool is_websocket_yes(const struct payload *p)
{
	return STARTS(p, "HTTP/1.1 101") &&
	       has_text(p, "\nsec-websocket-accept:");
}

/* ... and is asked to: it may not be heard. */
bool is_websocket_asked(const struct payload *p)
{
	return STARTS(p, "GET ") && is_http(p) &&
	       has_text(p, "\nupgrade: websocket\r\n");
}

/* RFC 6455, 5.2: what is masked, and whole; only after the question. */
bool is_websocket_client(const struct payload *p)
{
	unsigned kind = u8_at(p, 0) & 15, len = u8_at(p, 1) & 127;
	size_t head = len == 126 ? 8 : 6;

	if (p->other || !before_starts(p, "GET ") || u8_at(p, 0) & 0x30 ||
	    !(u8_at(p, 1) & 128) || len == 127 ||
	    (kind != 1 && kind != 2 && (kind < 8 || kind > 10)))
		return false;
	return head + (len == 126 ? be16_at(p, 2) : len) == p->full;
}

/* A proxy may not be heard to agree, and yet does. */
bool is_connect(const struct payload *p)
{
	return STARTS(p, "CONNECT ") && is_http(p);
}

/* A line of the server's: its version, or what its first branch is. */
static bool is_git_server(const struct payload *p)
{
	size_t at = 4;

	for (size_t i = 0; i < 4; i++)
		if (!g_ascii_isxdigit((char)u8_at(p, i)))
			return false;
	if (HAS_AT(p, 4, "version ") && u8_at(p, 13) == '\n')
		return u8_at(p, 12) == '1' || u8_at(p, 12) == '2';
	while (at < 44 && g_ascii_isxdigit((char)u8_at(p, at)))
		at++;
	return at == 44 && (HAS_AT(p, 44, " HEAD\0") ||
			    HAS_AT(p, 44, " capabilities^{}\0"));
}

bool is_git(const struct payload *p)
{
	return HAS_AT(p, 4, "git-upload-pack /") ||
	       HAS_AT(p, 4, "git-receive-pack /") || is_git_server(p);
}

/*
 * MS-RDPEUDP, 2.2.2.1: nothing has come yet, and how much each way may have in
 * a datagram.
 */
bool is_rdpudp(const struct payload *p)
{
	unsigned up = be16_at(p, 12), down = be16_at(p, 14);

	return STARTS(p, "\xff\xff\xff\xff") && u8_at(p, 7) & 1 && up >= 1132 &&
	       up <= 1232 && down >= 1132 && down <= 1232;
}

/* HAProxy's PROXY protocol, 2.1 and 2.2: a line, or a header with its length. */
size_t signature_preamble(const struct payload *p)
{
	const uint8_t *end = memchr(p->p, '\n', MIN(p->len, 107));

	if (STARTS(p, "PROXY TCP") || STARTS(p, "PROXY UNKNOWN"))
		return end ? (size_t)(end - p->p) + 1 : 0;
	return STARTS(p, "\r\n\r\n\0\r\nQUIT\n") &&
			       (u8_at(p, 12) & 0xfe) == 0x20 ?
		       16u + be16_at(p, 14) :
		       0;
}
