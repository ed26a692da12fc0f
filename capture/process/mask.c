/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/mask.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define STARS	 3
#define NAME_MAX_BYTES 64	/* a longer one is no name */

struct text {
	char *s;
	size_t len;
	bool masked;
};

/* The meaning of the next word. */
enum next { NEXT_WORD, NEXT_SECRET, NEXT_LOGIN };

/* ---- names ---- */

/* The end of a name; @whole: nothing but its own word is before it. */
static const struct {
	const char *end;
	bool whole;
} secrets[] = {
	{ "password", false }, { "passwd", false }, { "passphrase", false },
	{ "secret", false }, { "token", false }, { "apikey", false },
	{ "api-key", false }, { "api_key", false }, { "accesskey", false },
	{ "access-key", false }, { "access_key", false },
	{ "secret-key", false }, { "secret_key", false },
	{ "secretkey", false }, { "authorization", false },
	{ "credential", false }, { "credentials", false },
	{ "bearer", false }, { "cookie", true }, { "pass", true },
	{ "pwd", true }, { "passin", true }, { "passout", true },
};

/* Options that ask for it, and have no value. */
static const char *const asks[] = { "no-", "ask-", "without-", "prompt-" };

/*
 * These programs have a letter whose value is a secret; joined: it is never a
 * word of its own.
 */
static const struct {
	const char *program;
	char letter;
	bool joined;
} letters[] = {
	{ "mysql*", 'p', true }, { "mariadb*", 'p', true },
	{ "sshpass", 'p', false }, { "redis-cli", 'a', false },
	{ "ldap*", 'w', false }, { "mosquitto_*", 'P', false },
	{ "zip", 'P', false }, { "unzip", 'P', false }, { "7z*", 'p', true },
	{ "ipmitool", 'P', false },
};

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

static bool ends_so(const char *name, size_t len, size_t i)
{
	size_t end = strlen(secrets[i].end);
	const char *at = name + len - end;

	if (len < end || strncasecmp(at, secrets[i].end, end))
		return false;
	return !secrets[i].whole || len == end ||
	       !isalpha((unsigned char)at[-1]) ||
	       (islower((unsigned char)at[-1]) && isupper((unsigned char)*at));
}

static bool is_secret(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (ends_so(name, len, i))
			return true;
	return false;
}

static bool only_asks(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++)
		if (len > strlen(asks[i]) &&
		    !strncasecmp(name, asks[i], strlen(asks[i])))
			return true;
	return false;
}

/* ---- values ---- */

/* Puts stars from @from to @to; where what follows is now. */
static size_t hide_secret(struct text *t, size_t from, size_t to)
{
	size_t stars = to - from < STARS ? to - from : STARS;

	memset(t->s + from, '*', stars);
	memmove(t->s + from + stars, t->s + to, t->len - to);
	t->len -= to - from - stars;
	t->masked |= stars > 0;
	return from + stars;
}

/* The first of these bytes from @at on, or @end. */
static size_t find_any(const struct text *t, size_t at, size_t end,
		       const char *bytes)
{
	while (at < end && !strchr(bytes, t->s[at]))
		at++;
	return at;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* "user:password", smbclient's "user%password"; not the numbers of a user. */
static size_t hide_login(struct text *t, size_t from, size_t to)
{
	size_t at = find_any(t, from, to, ":%");
	size_t digits = from;

	while (digits < to &&
	       (isdigit((unsigned char)t->s[digits]) || digits == at))
		digits++;
	return at == to || digits == to ? to : hide_secret(t, at + 1, to);
}

/* "://user:password@host"; @at is behind the slashes. */
static size_t hide_userinfo(struct text *t, size_t at, size_t end)
{
	size_t to = find_any(t, at, end, "/?# \t\"'"), colon, host = to;

	while (host > at && t->s[host - 1] != '@')
		host--;
	colon = find_any(t, at, host, ":");
	return host == at || colon + 1 >= host ?
		       at :
		       hide_secret(t, colon + 1, host - 1);
}

/* A name and where it stands in its argument. */
struct name {
	size_t from;
	size_t to;
	bool closed;			/* a quote follows it: JSON */
	char quote;			/* that is before it, or 0 */
	bool first;			/* in its argument, or behind "=" */
};

/* The one that ends before the separator at @at. */
static struct name name_before(const struct text *t, size_t begin, size_t at)
{
	struct name n = { .to = at };

	n.closed = at > begin && is_quote(t->s[at - 1]);
	n.to -= n.closed;
	n.from = n.to;
	while (n.from > begin && n.to - n.from < NAME_MAX_BYTES &&
	       is_name_byte(t->s[n.from - 1]))
		n.from--;
	n.first = n.from == begin || t->s[n.from - 1] == '=';
	if (n.from > begin && is_quote(t->s[n.from - 1]))
		n.quote = t->s[n.from - 1];
	return n;
}

/* Where the value that begins at *@from ends. */
static size_t value_end(const struct text *t, const struct name *n,
			size_t *from, size_t end, bool header)
{
	char quotes[] = { n->quote, '\0' };

	if (*from < end && is_quote(t->s[*from])) {
		quotes[0] = t->s[(*from)++];
		return find_any(t, *from, end, quotes);
	}
	if (n->closed)
		return find_any(t, *from, end, ",}] \t&;");
	if (n->quote)
		return find_any(t, *from, end, quotes);
	if (n->first)
		return end;
	return find_any(t, *from, end, header ? "\"'" : " \t&;,\"'");
}

/* "name=value", "name: value"; @at is at the separator. */
static size_t hide_value(struct text *t, size_t begin, size_t at, size_t *end)
{
	struct name n = name_before(t, begin, at);
	bool header = t->s[at] == ':';
	size_t from = at + 1, to, next;

	if (!is_secret(t->s + n.from, n.to - n.from) ||
	    (header && n.from > begin && t->s[n.from - 1] == '/'))
		return from;
	while (header && from < *end && t->s[from] == ' ')
		from++;
	to = value_end(t, &n, &from, *end, header);
	next = hide_secret(t, from, to);
	*end -= to - next;
	return next;
}

/* All that has its name beside it; the new end. */
static size_t hide_named(struct text *t, size_t begin, size_t end)
{
	size_t at = begin, next;

	while ((at = find_any(t, at, end, ":=")) < end) {
		if (end - at > 2 && !memcmp(t->s + at, "://", 3)) {
			size_t len = t->len;

			next = hide_userinfo(t, at + 3, end);
			end -= len - t->len;
		} else {
			next = hide_value(t, begin, at, &end);
		}
		at = next;
	}
	return end;
}

/* ---- words ---- */

static bool is_login(const char *s, size_t len)
{
	static const char *const options[] = { "-u", "-U", "--user",
					       "--proxy-user" };

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (len == strlen(options[i]) && !memcmp(s, options[i], len))
			return true;
	return false;
}

/* The row of letters[] for the option at @s, or -1. */
static int find_letter(const char *program, const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (len >= 2 && s[1] == letters[i].letter &&
		    !fnmatch(letters[i].program, program, 0))
			return (int)i;
	return -1;
}

/* An option, whose value may be joined to it; the new end. */
static size_t hide_joined(struct text *t, size_t from, size_t to,
			  const char *program, enum next *next)
{
	const char *s = t->s + from;
	size_t len = to - from, dashes = len > 1 && s[1] == '-' ? 2 : 1;
	int letter = find_letter(program, s, len);

	if (letter >= 0 && len > 2)
		return hide_secret(t, from + 2, to);
	if (letter >= 0 && !letters[letter].joined)
		*next = NEXT_SECRET;
	else if (is_login(s, len))
		*next = NEXT_LOGIN;
	else if (len > 3 && (s[1] == 'u' || s[1] == 'U'))
		return hide_login(t, from + 2, to);
	else if (!memchr(s, '=', len) && is_secret(s, len) &&
		 !only_asks(s + dashes, len - dashes))
		*next = NEXT_SECRET;
	return to;
}

static size_t hide_word(struct text *t, size_t from, size_t to,
			const char *program, enum next *next)
{
	enum next now = *next;

	*next = NEXT_WORD;
	if (now == NEXT_SECRET && t->s[from] != '-')
		return hide_secret(t, from, to);
	if (now == NEXT_LOGIN)
		return hide_login(t, from, to);
	if (t->s[from] == '-')
		return hide_joined(t, from, to, program, next);
	return to;
}

/* A script of sh -c has words of its own; what they ask for is in it. */
static size_t hide_in_argument(struct text *t, size_t from, size_t to,
			       const char *program, enum next *next)
{
	size_t at = from, end;

	if (*next != NEXT_WORD || find_any(t, from, to, " \t\n") == to)
		return from == to ? to : hide_word(t, from, to, program, next);
	while (at < to) {
		size_t len = t->len;

		end = find_any(t, at, to, " \t\n");
		if (end > at)
			end = hide_word(t, at, end, program, next);
		to -= len - t->len;
		at = end + 1;
	}
	*next = NEXT_WORD;
	return to;
}

/* Takes the name that a program is called by, without its directory. */
static void take_program(const struct text *t, char *out, size_t size)
{
	size_t len = strnlen(t->s, t->len), from = len;

	while (from && t->s[from - 1] != '/')
		from--;
	snprintf(out, size, "%.*s", (int)(len - from), t->s + from);
}

size_t mask_arguments(char *args, size_t len, bool *masked)
{
	struct text t = { .s = args, .len = len };
	enum next next = NEXT_WORD;
	char program[32];
	size_t at = 0;

	take_program(&t, program, sizeof(program));
	while (at < t.len) {
		size_t end = at + strnlen(t.s + at, t.len - at);

		end = hide_in_argument(&t, at, end, program, &next);
		at = hide_named(&t, at, end) + 1;
	}
	*masked = t.masked;
	return t.len;
}
