/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/mask.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "process/mask_programs.h"

#define STARS	 3
#define NAME_MAX_BYTES 64	/* a longer one is no name */

struct text {
	char *s;
	size_t len;
	bool masked;
};

/* What the words of a program mean. */
struct reading {
	char program[32];
	const char *command;		/* "login" of docker; or "" */
	unsigned words;			/* since that or the program: no options */
	enum secret next;		/* what the next word is */
	bool ends_so;			/* the last word is a secret */
	bool in_text;			/* which starts no program */
};

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
	{ "storepass", true }, { "keypass", true }, { "pw", true },
	{ "psk", true }, { "jwt", true }, { "otp", true }, { "sig", true },
	{ "signature", false }, { "passcode", false }, { "mnemonic", false },
	{ "authkey", false }, { "auth-key", false }, { "auth_key", false },
	{ "accountkey", false }, { "account-key", false },
	{ "from-literal", false },
};

/* Options that ask for it, and have no value. */
static const char *const asks[] = { "no-", "ask-", "without-", "prompt-" };

/* These say "password x", without a dash. */
static const char *const plain[] = { "mysqladmin", "nmcli", "aws",
				     "pdftk" };

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
static size_t hide_login(struct text *t, size_t from, size_t to,
			 const char *marks)
{
	size_t at = find_any(t, from, to, marks);
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

static bool begins_word(const struct text *t, size_t begin, size_t at)
{
	return at == begin || strchr(" \t\n\"'", t->s[at - 1]);
}

/* "name=value", "name: value"; @at is at the separator. */
static size_t hide_value(struct text *t, size_t begin, size_t at, size_t *end)
{
	struct name n = name_before(t, begin, at);
	bool header = t->s[at] == ':';
	size_t from = at + 1, to, next;

	if (!is_secret(t->s + n.from, n.to - n.from))
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
					       "--proxy-user", "--auth" };
	size_t letters_end = 1;

	/* "-sSu" */
	while (letters_end < len && isalpha((unsigned char)s[letters_end]))
		letters_end++;
	if (len > 2 && letters_end == len && s[len - 1] == 'u')
		return true;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (len == strlen(options[i]) && !memcmp(s, options[i], len))
			return true;
	return false;
}

static bool is_one_of(const char *program, const char *const *list, size_t count)
{
	while (count--)
		if (!strcmp(program, list[count]))
			return true;
	return false;
}

#define IS_ONE_OF(program, list) \
	is_one_of(program, list, sizeof(list) / sizeof(*(list)))

/* It has options that are not like others'. */
static bool is_well_known(const char *program)
{
	return mask_program_is_known(program) || IS_ONE_OF(program, plain) ||
	       !strcmp(program, "htpasswd");
}

/* "a=b" are cookies, "jar.txt" is a file of them. */
static size_t hide_cookies(struct text *t, size_t from, size_t to)
{
	return find_any(t, from, to, "=") == to ? to : hide_secret(t, from, to);
}

static size_t hide(struct text *t, size_t from, size_t to, enum secret secret)
{
	switch (secret) {
	case SECRET_WHOLE:
		return hide_secret(t, from, to);
	case SECRET_LOGIN:
		return hide_login(t, from, to, ":%");
	case SECRET_LOGIN_COMMA:
		return hide_login(t, from, to, ",");
	case SECRET_LOGIN_SLASH:
		return hide_login(t, from, to, "/");
	case SECRET_COOKIES:
		return hide_cookies(t, from, to);
	default:
		return to;
	}
}

/* A value that may have blanks is joined to the option. */
static bool has_joined(const struct reading *r, const char *s, size_t len)
{
	size_t joined;

	return (*s == '-' || *s == '/') &&
	       mask_program_option(r->program, r->command, s, len, &joined) &&
	       joined;
}

/* An option, whose value may be joined to it; the new end. */
static size_t hide_joined(struct text *t, size_t from, size_t to,
			  struct reading *r)
{
	const char *s = t->s + from;
	size_t len = to - from, dashes = len > 1 && s[1] == '-' ? 2 : 1, joined;
	enum secret secret = mask_program_option(r->program, r->command, s, len,
						 &joined);

	if (joined)
		return hide(t, from + joined, to, secret);
	if (secret)
		r->next = secret;
	else if (dashes == 1 && memchr(s, 'b', len) &&
		 !strcmp(r->program, "htpasswd"))
		r->ends_so = true;
	else if (is_login(s, len))
		r->next = SECRET_LOGIN;
	else if (len > 3 && (s[1] == 'u' || s[1] == 'U'))
		return hide_login(t, from + 2, to, ":%");
	else if (!memchr(s, '=', len) && is_secret(s, len) &&
		 !only_asks(s + dashes, len - dashes))
		r->next = SECRET_WHOLE;
	return to;
}

/* Takes the name that a program is called by, without its directory. */
static void take_program(struct reading *r, const char *s, size_t len)
{
	size_t from = len;

	while (from && s[from - 1] != '/')
		from--;
	*r = (struct reading){ .command = "" };
	snprintf(r->program, sizeof(r->program), "%.*s", (int)(len - from),
		 s + from);
}

/*
 * "sudo mysql -px", "docker exec db mysql -px": whose options follow.  What
 * stands behind mysql itself is a database.
 */
static void take_inner(struct reading *r, const char *s, size_t len)
{
	struct reading inner;

	if (r->in_text || (is_well_known(r->program) &&
			   !mask_program_has_commands(r->program)))
		return;
	take_program(&inner, s, len);
	if (!is_well_known(inner.program))
		return;
	*r = inner;
	r->words = 1;
}

/* One that is no option. */
static size_t hide_plain_word(struct text *t, size_t from, size_t to,
			      struct reading *r, bool last)
{
	const char *s = t->s + from, *command;
	enum secret secret;

	if (has_joined(r, s, to - from))
		return hide_joined(t, from, to, r);
	secret = r->words ? mask_program_word(r->program, r->command,
					      r->words) : SECRET_NONE;
	r->words++;
	if (secret)
		return hide(t, from, to, secret);
	if (IS_ONE_OF(r->program, plain) && is_secret(s, to - from))
		r->next = SECRET_WHOLE;
	command = mask_program_command(r->program, s, to - from);
	if (command) {
		r->command = command;
		r->words = 1;
	}
	take_inner(r, s, to - from);
	return last && r->ends_so ? hide_secret(t, from, to) : to;
}

static size_t hide_word(struct text *t, size_t from, size_t to,
			struct reading *r, bool last)
{
	enum secret now = r->next;

	r->next = SECRET_NONE;
	if (now && (now != SECRET_WHOLE || t->s[from] != '-'))
		return hide(t, from, to, now);
	if (t->s[from] == '-')
		return hide_joined(t, from, to, r);
	return hide_plain_word(t, from, to, r, last);
}

/* "mysql -px; ..." of a shell: who begins there; @begins: who comes next. */
static void take_command(struct reading *r, const char *s, size_t len,
			 bool *begins)
{
	if (*begins && !memchr(s, '=', len)) {
		take_program(r, s, len);
		*begins = len == 4 && !memcmp(s, "sudo", 4);
	}
	*begins |= memchr(";|&", s[len - 1], 3) != NULL;
}

/* A script of sh -c has words of its own; what they ask for is in it. */
static size_t hide_in_script(struct text *t, size_t from, size_t to,
			     const struct reading *outer, bool is_script)
{
	struct reading r = *outer;
	bool begins = is_script;
	size_t at = from, end;

	r.in_text = !is_script;
	while (at < to) {
		size_t len = t->len;

		end = find_any(t, at, to, " \t\n");
		if (end > at && is_script)
			take_command(&r, t->s + at, end - at, &begins);
		if (end > at)
			end = hide_word(t, at, end, &r, end == to);
		to -= len - t->len;
		at = end + 1;
	}
	return to;
}

static size_t hide_in_argument(struct text *t, size_t from, size_t to,
			       struct reading *r, bool is_script)
{
	if (from == to)
		return to;
	if (r->next || find_any(t, from, to, " \t\n") == to ||
	    (!is_script && has_joined(r, t->s + from, to - from)))
		return hide_word(t, from, to, r, to + 1 >= t->len);
	return hide_in_script(t, from, to, r, is_script);
}

/* "-c", "-lc" */
static bool announces_script(const char *s, size_t len)
{
	return len >= 2 && s[0] == '-' && s[1] != '-' && s[len - 1] == 'c';
}

size_t mask_arguments(char *args, size_t len, bool *masked)
{
	struct text t = { .s = args, .len = len };
	struct reading r;
	bool script = false;
	size_t at = 0;

	take_program(&r, args, strnlen(args, len));
	while (at < t.len) {
		size_t end = at + strnlen(t.s + at, t.len - at);
		bool script_next = announces_script(t.s + at, end - at);

		end = hide_in_argument(&t, at, end, &r,
				       script || !strcmp(r.program, "ssh"));
		script = script_next;
		at = hide_named(&t, at, end) + 1;
	}
	*masked = t.masked;
	return t.len;
}
