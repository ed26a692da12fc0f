/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signatures of protocols that begin with words. */
#include "recognise/signature/signature.h"

#define BANNER_MAX_LEN 1024 /* of what a server of SSH says first */

static bool begins_with_any(const struct payload *p, const char *const *words,
			    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (may_be_same(*p->p, *words[i]) &&
		    p->len >= strlen(words[i]) &&
		    !g_ascii_strncasecmp((const char *)p->p, words[i],
					 strlen(words[i])))
			return true;
	return false;
}

#define ANY(p, words) begins_with_any(p, words, array_length(words))

static bool other_starts(const struct payload *p, const char *what)
{
	return p->other && !memcmp(p->other, what, strlen(what));
}

static bool has_newline(const struct payload *p)
{
	return memchr(p->p, '\n', p->len) != NULL;
}

/* RFC 9110 and what WebDAV (RFC 4918) and UPnP add. */
/* clang-format off */
static const char *const methods[] = {
	"GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ",
	"CONNECT ", "TRACE ", "PROPFIND ", "PROPPATCH ", "MKCOL ", "COPY ",
	"MOVE ", "LOCK ", "UNLOCK ", "REPORT ", "SEARCH ", "SUBSCRIBE ",
	"UNSUBSCRIBE ", "NOTIFY ", "M-SEARCH ",
};
/* clang-format on */

/* Nobody keeps a list of all methods: the line's end tells. */
static bool is_method(const struct payload *p)
{
	size_t at = 0;

	while (at < p->len && at < 24 &&
	       (g_ascii_isupper(p->p[at]) || p->p[at] == '-' ||
		p->p[at] == '_'))
		at++;
	return at >= 3 && u8_at(p, at) == ' ' && !STARTS(p, "PRI *");
}

/* What a proxy says before another protocol begins; CONNECT was missed. */
static bool opens_way(const struct payload *p)
{
	return STARTS(p, "HTTP/1.") &&
	       signature_line_has(p, " 200 Connection established");
}

/* A path may be longer than a segment. */
bool is_http(const struct payload *p)
{
	if (opens_way(p) && !other_starts(p, "CONNECT "))
		return false;
	if (STARTS(p, "HTTP/1."))
		return u8_at(p, 8) == ' ' && g_ascii_isdigit((char)u8_at(p, 9));
	return g_ascii_isupper(*p->p) &&
	       ((is_method(p) && signature_line_has(p, " HTTP/1.")) ||
		(p->len >= 512 && ANY(p, methods) &&
		 signature_is_printable(p, 0, 512)));
}

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/* RFC 9113, 3.4: the client's words, and the server's SETTINGS. */
bool is_http2(const struct payload *p)
{
	uint32_t len = be32_at(p, 0) >> 8;

	if (STARTS(p, PREFACE))
		return true;
	if (!HAS_AT(p, 3, "\x04\0\0\0\0\0"))
		return false;
	if (!len)
		return other_starts(p, "PRI * HTTP");
	return len <= 120 && len % 6 == 0 && 9 + len <= p->full &&
	       be16_at(p, 9) && be16_at(p, 9) <= 16;
}

static bool may_begin_any(const struct payload *p, const char *const *words,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp((const char *)p->p, words[i],
			     MIN(p->len, strlen(words[i]))))
			return true;
	return false;
}

const char *request_may_begin(const struct payload *p)
{
	static const char *const calls[] = {
		"INVITE ", "REGISTER ", "ACK ", "BYE ", "CANCEL ", "MESSAGE ",
	};

	if (p->len < sizeof(PREFACE) - 1 && !memcmp(p->p, PREFACE, p->len))
		return p->len < 3 ? "http" : "http2";
	if (!g_ascii_isupper(*p->p) || !signature_is_printable(p, 0, p->len))
		return NULL;
	if (may_begin_any(p, methods, array_length(methods)))
		return "http";
	return may_begin_any(p, calls, array_length(calls)) ? "sip" : NULL;
}

bool is_ssdp(const struct payload *p)
{
	return STARTS(p, "M-SEARCH * HTTP/1.") ||
	       STARTS(p, "NOTIFY * HTTP/1.") || STARTS(p, "HTTP/1.1 200 OK");
}

static bool is_ssh_at(const struct payload *p, size_t at)
{
	return HAS_AT(p, at, "SSH-2.0-") || HAS_AT(p, at, "SSH-1.");
}

/* Its version is a line, and no text comes after it but a packet's length. */
static bool ends_with_version(const struct payload *p, size_t at)
{
	const uint8_t *end = memchr(p->p + at, '\n', MIN(p->len - at, 255));

	return end && (end + 1 == p->p + p->len || !end[1]);
}

size_t signature_ssh_lines(const struct payload *p)
{
	if (!memchr(p->p, '\n', MIN(p->len, BANNER_MAX_LEN)))
		return 0;
	for (size_t at = 0; at < MIN(p->len, BANNER_MAX_LEN); at++) {
		if (at && p->p[at - 1] == '\n' && is_ssh_at(p, at))
			return ends_with_version(p, at) ? at : 0;
		if (p->p[at] < ' ' && !strchr("\t\r\n", p->p[at]))
			return 0;
	}
	return 0;
}

bool is_ssh(const struct payload *p)
{
	return is_ssh_at(p, 0) || (!p->is_middle && signature_ssh_lines(p));
}

/* RFC 5321, 4.2: "220" greets in FTP as well. */
bool is_smtp(const struct payload *p)
{
	static const char *const words[] = {
		"EHLO ", "HELO ", "LHLO ", "MAIL FROM:<", "RCPT TO:<",
	};

	if (STARTS(p, "220 ") || STARTS(p, "220-") || STARTS(p, "421 ") ||
	    STARTS(p, "554 "))
		return signature_line_has(p, "SMTP");
	return ANY(p, words) && has_newline(p);
}

/* That and nothing else: it need not be the first that was said. */
#define IS(p, text) ((p)->full == sizeof(text) - 1 && STARTS(p, text))

bool is_ftp(const struct payload *p)
{
	static const char *const words[] = {
		"USER ",     "AUTH TLS", "AUTH SSL", "FEAT\r\n", "SYST\r\n",
		"OPTS UTF8", "CLNT ",	 "PBSZ 0",   "PASV\r\n", "EPSV\r\n",
	};

	if (STARTS(p, "220 ") || STARTS(p, "220-"))
		return signature_line_has(p, "FTP");
	if (IS(p, "AUTH TLS\r\n") || IS(p, "USER anonymous\r\n"))
		return true;
	return other_starts(p, "220") && ANY(p, words);
}

/*
 * "+OK" is Redis's answer as well, but there the client begins, and where only
 * the server is heard no words follow it.
 */
bool is_pop(const struct payload *p)
{
	static const char *const words[] = {
		"USER ", "CAPA", "STLS", "AUTH", "APOP ",
	};

	if (STARTS(p, "+OK"))
		return !p->other && (signature_line_has(p, "POP") ||
				     (signature_line_has(p, "<") &&
				      signature_line_has(p, "@")) ||
				     (STARTS(p, "+OK ") && p->before &&
				      !memcmp(p->before, "+OK ", 4)));
	if (IS(p, "CAPA\r\n") || IS(p, "STLS\r\n"))
		return true;
	return other_starts(p, "+OK") && ANY(p, words);
}

/* RFC 959, 4.2: three digits of which the first has a meaning. */
static bool is_reply_code(const struct payload *p, size_t len)
{
	return len == 3 && *p->p >= '1' && *p->p <= '5' &&
	       g_ascii_isdigit(p->p[1]) && g_ascii_isdigit(p->p[2]);
}

static bool is_word_at(const struct payload *p, size_t at, const char *word)
{
	size_t len = strlen(word);

	return p->len >= at + len &&
	       !g_ascii_strncasecmp((const char *)p->p + at, word, len);
}

/*
 * RFC 9051: a tag, and one of the words that may begin.  "530 Login incorrect"
 * and "250 STARTTLS" are answers of others, a quoted mechanism is MUPDATE's.
 */
bool is_imap(const struct payload *p)
{
	static const char *const words[] = {
		" CAPABILITY\r", " LOGIN ",	" STARTTLS\r", " ID (\"",
		" ID NIL\r",	 " UID FETCH ", " SELECT \"",  " SELECT INBOX",
		" NAMESPACE\r",	 " IDLE\r",	" LIST \"\" ", " UID SEARCH ",
		" EXAMINE ",
	};
	size_t tag = 0;

	if (STARTS(p, "* OK ") || STARTS(p, "* PREAUTH ") ||
	    STARTS(p, "* OK [") || STARTS(p, "* BYE "))
		return true;
	while (tag < MIN(p->len, 16) && g_ascii_isalnum(p->p[tag]))
		tag++;
	if (is_reply_code(p, tag))
		return false;
	for (size_t i = 0; tag && i < array_length(words); i++)
		if (is_word_at(p, tag, words[i]))
			return true;
	return tag && is_word_at(p, tag, " AUTHENTICATE ") &&
	       g_ascii_isalpha((char)u8_at(p, tag + 14));
}

bool is_nntp(const struct payload *p)
{
	if (IS(p, "CAPABILITIES\r\n") || IS(p, "MODE READER\r\n"))
		return true;
	return (STARTS(p, "200 ") || STARTS(p, "201 ")) &&
	       (signature_line_has(p, "NNTP") ||
		signature_line_has(p, "InterNetNews") ||
		signature_line_has(p, "INN "));
}

bool is_irc(const struct payload *p)
{
	if (STARTS(p, "NICK ") || STARTS(p, "CAP LS") || STARTS(p, "CAP REQ"))
		return has_newline(p);
	if (STARTS(p, "PASS ")) {
		const uint8_t *end = memchr(p->p, '\n', p->len);

		return end && starts(p, end + 1 - p->p, "NICK ", 5);
	}
	if (STARTS(p, "USER ") && !p->other)
		return signature_line_has(p, " :");
	return (*p->p == ':' || STARTS(p, "NOTICE ")) &&
	       (signature_line_has(p, "NOTICE AUTH :") ||
		signature_line_has(p, " 001 ") ||
		signature_line_has(p, " NOTICE * :") ||
		signature_line_has(p, " CAP * LS "));
}

/* The declaration of XML may have a line of its own. */
bool is_xmpp(const struct payload *p)
{
	const uint8_t *end = memchr(p->p, '\n', p->len);
	struct payload next = *p;

	if (STARTS(p, "<?xml ") && end && end + 1 < p->p + p->len) {
		next.p = end + 1;
		next.len = p->p + p->len - next.p;
	}
	return *p->p == '<' && (signature_line_has(&next, "<stream:stream") ||
				signature_line_has(&next, "etherx.jabber.org"));
}

/* An answer of the kind that a command, typed by hand, has. */
static bool is_redis_answer(const struct payload *p)
{
	static const struct {
		const char *asked;
		const char *answer;
	} pairs[] = {
		{ "INFO", "$" },       { "GET ", "$" },
		{ "SET ", "+OK\r\n" }, { "KEYS ", "*" },
		{ "INCR ", ":" },      { "DEL ", ":" },
		{ "EXISTS ", ":" },    { "CONFIG GET ", "*" },
	};

	for (size_t i = 0; p->other && i < array_length(pairs); i++)
		if (starts(p, 0, pairs[i].answer, strlen(pairs[i].answer)) &&
		    !g_ascii_strncasecmp((const char *)p->other, pairs[i].asked,
					 strlen(pairs[i].asked)))
			return pairs[i].answer[1] ||
			       g_ascii_isdigit((char)u8_at(p, 1)) ||
			       HAS_AT(p, 1, "-1\r\n");
	return false;
}

/* "$5", so many bytes, and that is all. */
static bool is_redis_value(const struct payload *p)
{
	size_t at = 1, size = 0;

	if (*p->p != '$')
		return false;
	for (; at < 9 && g_ascii_isdigit((char)u8_at(p, at)); at++)
		size = size * 10 + (u8_at(p, at) - '0');
	return at > 1 && HAS_AT(p, at, "\r\n") && at + size + 4 == p->full &&
	       (p->len < p->full || HAS_AT(p, at + 2 + size, "\r\n"));
}

/* An array of strings asks, a map says hello; what is typed by hand only the answer tells. */
bool is_redis(const struct payload *p)
{
	static const char *const words[] = {
		"+PONG\r\n",
		"-NOAUTH ",
		"-DENIED Redis",
		"-WRONGPASS ",
		"-ERR unknown command",
	};
	size_t at = 1;

	if (is_redis_answer(p) || is_redis_value(p) || IS(p, "$-1\r\n"))
		return true;
	if (*p->p != '*' && *p->p != '%')
		return ANY(p, words);
	while (at < MIN(p->len, 8) && g_ascii_isdigit(p->p[at]))
		at++;
	return at > 1 && HAS_AT(p, at, "\r\n$") &&
	       g_ascii_isdigit((char)u8_at(p, at + 3));
}

/* "mg KEY FLAGS" and the like, which answers of two letters follow. */
static bool is_memcached_meta(const struct payload *p)
{
	static const char *const answers[] = {
		"HD ",	  "HD\r\n", "VA ",    "EN\r\n", "NF\r\n", "NF ",
		"NS\r\n", "NS ",    "EX\r\n", "EX ",	"MN\r\n", "ME ",
	};

	return p->other && p->other[0] == 'm' &&
	       memchr("gsdane", p->other[1], 6) &&
	       (p->other[2] == ' ' || p->other[2] == '\r') && ANY(p, answers);
}

/* Beanstalk, too, has delete, touch and stats. */
static bool is_memcached_answer(const struct payload *p)
{
	static const char *const asked[] = {
		"get ",	   "gets ",    "gat ",	"gats ",   "set ",
		"cas ",	   "add ",     "incr ", "decr ",   "replace ",
		"append ", "prepend ", "stats", "version",
	};
	static const char *const answers[] = {
		"VALUE ", "END\r\n",  "STORED\r\n",    "NOT_STORED\r\n",
		"STAT ",  "VERSION ", "NOT_FOUND\r\n",
	};

	if ((other_starts(p, "flush_all") && STARTS(p, "OK\r\n")) ||
	    is_memcached_meta(p))
		return true;
	if (STARTS(p, "VERSION ") && memchr(p->p, '.', p->len))
		return g_ascii_isdigit((char)u8_at(p, 8)) && p->full < 40;
	if (!ANY(p, answers))
		return false;
	for (size_t i = 0; p->other && i < array_length(asked); i++)
		if (other_starts(p, asked[i]))
			return true;
	return false;
}

/* "set KEY FLAGS SECONDS BYTES"; what is shorter the answer has to tell. */
bool is_memcached_text(const struct payload *p)
{
	static const char *const words[] = { "set ", "add ", "replace " };
	unsigned numbers = 0;
	bool in_number = false;
	size_t at = 0;

	if (!g_ascii_islower(*p->p) || !ANY(p, words))
		return is_memcached_answer(p);
	for (; at < p->len && g_ascii_isgraph(p->p[at]); at++)
		;
	for (at++; at < p->len && g_ascii_isgraph(p->p[at]); at++)
		;
	for (; at < p->len && (p->p[at] == ' ' || g_ascii_isdigit(p->p[at]));
	     at++) {
		numbers += p->p[at] != ' ' && !in_number;
		in_number = p->p[at] != ' ';
	}
	return numbers == 3 &&
	       (HAS_AT(p, at, "\r\n") || HAS_AT(p, at, "noreply\r\n"));
}

bool is_sip(const struct payload *p)
{
	return STARTS(p, "SIP/2.0 ") ||
	       (g_ascii_isupper(*p->p) && signature_line_has(p, " SIP/2.0"));
}

bool is_rtsp(const struct payload *p)
{
	return STARTS(p, "RTSP/1.0 ") || STARTS(p, "RTSP/2.0 ") ||
	       (g_ascii_isupper(*p->p) && signature_line_has(p, " RTSP/"));
}

bool is_vnc(const struct payload *p)
{
	return p->full == 12 && STARTS(p, "RFB 00") && u8_at(p, 11) == '\n';
}

bool is_rsync(const struct payload *p)
{
	return STARTS(p, "@RSYNCD: ");
}

/* RFC 5424 and RFC 3164: "<PRI>", at most 191; over TCP with a length. */
bool is_syslog(const struct payload *p)
{
	unsigned value = 0;
	size_t at = 0, digits;

	if (p->over == OVER_TCP) {
		while (at < MIN(p->len, 6) && g_ascii_isdigit(p->p[at]))
			at++;
		if (at && u8_at(p, at) == ' ')
			at++;
	}
	if (u8_at(p, at) != '<')
		return false;
	for (digits = ++at;
	     at < MIN(p->len, digits + 3) && g_ascii_isdigit(p->p[at]); at++)
		value = value * 10 + (p->p[at] - '0');
	return at > digits && value <= 191 && u8_at(p, at) == '>' &&
	       signature_is_printable(p, at + 1, 4);
}
