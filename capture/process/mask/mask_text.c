/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/mask/mask_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define STARS	       3
#define NAME_MAX_BYTES 64 /* a longer one is no name */

/* ---- names ---- */

/* The end of a name; @whole: nothing but its own word is before it. */
/* clang-format off */
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
	{ "storepass", true }, { "keypass", true }, { "pw", true },
	{ "psk", true }, { "jwt", true }, { "otp", true }, { "sig", true },
	{ "signature", false }, { "passcode", false }, { "mnemonic", false },
	{ "authkey", false }, { "auth-key", false }, { "auth_key", false },
	{ "accountkey", false }, { "account-key", false },
	{ "from-literal", false },
};
/* clang-format on */

/* Options that ask for it, and have no value. */
static const char *const asks[] = { "no-", "ask-", "without-", "prompt-" };

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

/* "password1", too. */
bool mask_is_secret(const char *name, size_t len)
{
	while (len && isdigit((unsigned char)name[len - 1]))
		len--;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (ends_so(name, len, i))
			return true;
	return false;
}

bool mask_only_asks(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks); i++)
		if (len > strlen(asks[i]) &&
		    !strncasecmp(name, asks[i], strlen(asks[i])))
			return true;
	return false;
}

/* ---- values ---- */

/* Puts stars from @from to @to; where what follows is now. */
size_t mask_secret(struct mask_text *t, size_t from, size_t to)
{
	size_t stars = to - from < STARS ? to - from : STARS;

	memset(t->s + from, '*', stars);
	memmove(t->s + from + stars, t->s + to, t->len - to);
	t->len -= to - from - stars;
	t->masked |= stars > 0;
	return from + stars;
}

/* The first of these bytes from @at on, or @end. */
size_t mask_find(const struct mask_text *t, size_t at, size_t end,
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
size_t mask_login(struct mask_text *t, size_t from, size_t to,
		  const char *marks)
{
	size_t at = mask_find(t, from, to, marks);
	size_t digits = from;

	while (digits < to &&
	       (isdigit((unsigned char)t->s[digits]) || digits == at))
		digits++;
	return at == to || digits == to ? to : mask_secret(t, at + 1, to);
}

/* "://user:password@host"; @at is behind the slashes. */
static size_t hide_userinfo(struct mask_text *t, size_t at, size_t end)
{
	size_t to = mask_find(t, at, end, "/?# \t\"'"), colon, host = to;

	while (host > at && t->s[host - 1] != '@')
		host--;
	colon = mask_find(t, at, host, ":");
	return host == at || colon + 1 >= host ?
		       at :
		       mask_secret(t, colon + 1, host - 1);
}

/* A name and where it stands in its argument. */
struct name {
	size_t from;
	size_t to;
	bool closed; /* a quote follows it: JSON */
	char quote;  /* that is before it, or 0 */
	bool first;  /* in its argument, or behind "=" */
};

/* The one that ends before the separator at @at. */
static struct name name_before(const struct mask_text *t, size_t begin,
			       size_t at)
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
static size_t value_end(const struct mask_text *t, const struct name *n,
			size_t *from, size_t end, bool header)
{
	char quotes[] = { n->quote, '\0' };

	if (*from < end && is_quote(t->s[*from])) {
		quotes[0] = t->s[(*from)++];
		return mask_find(t, *from, end, quotes);
	}
	if (n->closed)
		return mask_find(t, *from, end, ",}] \t&;");
	if (n->quote)
		return mask_find(t, *from, end, quotes);
	if (n->first)
		return end;
	return mask_find(t, *from, end, header ? "\"'" : " \t&;,\"'");
}

static bool begins_word(const struct mask_text *t, size_t begin, size_t at)
{
	return at == begin || strchr(" \t\n\"'", t->s[at - 1]);
}

/* "name=value", "name: value"; @at is at the separator. */
static size_t hide_value(struct mask_text *t, size_t begin, size_t at,
			 size_t *end)
{
	struct name n = name_before(t, begin, at);
	bool header = t->s[at] == ':';
	size_t from = at + 1, to, next;

	if (!mask_is_secret(t->s + n.from, n.to - n.from))
		return from;
	if (header && n.from > begin && t->s[n.from - 1] == '/') {
		/* "/password:x" is; "http://cookie:80" and two paths are not. */
		if (!begins_word(t, begin, n.from - 1) ||
		    (from < *end && t->s[from] == '/'))
			return from;
		header = false;
		n.first = n.from - 1 == begin;
	}
	while (header && from < *end && t->s[from] == ' ')
		from++;
	to = value_end(t, &n, &from, *end, header);
	next = mask_secret(t, from, to);
	*end -= to - next;
	return next;
}

/* All that has its name beside it; the new end. */
size_t mask_named(struct mask_text *t, size_t begin, size_t end)
{
	size_t at = begin, next;

	while ((at = mask_find(t, at, end, ":=")) < end) {
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
