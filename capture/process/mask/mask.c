/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/mask/mask.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "process/mask/mask_programs.h"
#include "process/mask/mask_text.h"

/* These say "password x", without a dash. */
static const char *const plain[] = { "mysqladmin", "nmcli", "aws", "pdftk" };

/* What the words of a program mean. */
struct reading {
	char program[32];
	const char *command; /* "login" of docker; or "" */
	unsigned words;	     /* since that or the program: no options */
	enum secret next;    /* what the next word is */
	bool ends_so;	     /* the last word is a secret */
	bool in_text;	     /* which starts no program */
};

static bool is_login(const struct reading *r, const char *s, size_t len)
{
	static const char *const options[] = { "-u", "-U", "--user",
					       "--proxy-user", "--auth" };
	size_t letters_end = 1;

	/* "-sSu" of curl; rsync's "-au" has no value */
	while (letters_end < len && isalpha((unsigned char)s[letters_end]))
		letters_end++;
	if (len > 2 && letters_end == len && s[len - 1] == 'u' &&
	    !strcmp(r->program, "curl"))
		return true;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (len == strlen(options[i]) && !memcmp(s, options[i], len))
			return true;
	return false;
}

static bool is_one_of(const char *program, const char *const *list,
		      size_t count)
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
static size_t hide_cookies(struct mask_text *t, size_t from, size_t to)
{
	return mask_find(t, from, to, "=") == to ? to :
						   mask_secret(t, from, to);
}

static size_t hide_as(struct mask_text *t, size_t from, size_t to,
		      enum secret secret)
{
	switch (secret) {
	case SECRET_WHOLE:
		return mask_secret(t, from, to);
	case SECRET_LOGIN:
		return mask_login(t, from, to, ":%");
	case SECRET_LOGIN_COMMA:
		return mask_login(t, from, to, ",");
	case SECRET_LOGIN_SLASH:
		return mask_login(t, from, to, "/");
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
static size_t hide_joined(struct mask_text *t, size_t from, size_t to,
			  struct reading *r)
{
	const char *s = t->s + from;
	size_t len = to - from, dashes = len > 1 && s[1] == '-' ? 2 : 1, joined;
	enum secret secret = mask_program_option(r->program, r->command, s, len,
						 &joined);

	if (joined)
		return hide_as(t, from + joined, to, secret);
	if (secret)
		r->next = secret;
	else if (dashes == 1 && memchr(s, 'b', len) &&
		 !strcmp(r->program, "htpasswd"))
		r->ends_so = true;
	else if (is_login(r, s, len))
		r->next = SECRET_LOGIN;
	else if (len > 3 && (s[1] == 'u' || s[1] == 'U'))
		return mask_login(t, from + 2, to, ":%");
	else if (!memchr(s, '=', len) && mask_is_secret(s, len) &&
		 !mask_only_asks(s + dashes, len - dashes))
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
			   !mask_program_starts_others(r->program)))
		return;
	take_program(&inner, s, len);
	if (!is_well_known(inner.program))
		return;
	*r = inner;
	r->words = 1;
}

/* One that is no option. */
static size_t hide_plain_word(struct mask_text *t, size_t from, size_t to,
			      struct reading *r, bool last)
{
	const char *s = t->s + from, *command;
	enum secret secret;

	if (has_joined(r, s, to - from))
		return hide_joined(t, from, to, r);
	secret = r->words ?
			 mask_program_word(r->program, r->command, r->words) :
			 SECRET_NONE;
	r->words++;
	if (secret)
		return hide_as(t, from, to, secret);
	if (IS_ONE_OF(r->program, plain) && mask_is_secret(s, to - from))
		r->next = SECRET_WHOLE;
	command = mask_program_command(r->program, s, to - from);
	if (command) {
		r->command = command;
		r->words = 1;
	}
	take_inner(r, s, to - from);
	return last && r->ends_so ? mask_secret(t, from, to) : to;
}

static size_t hide_word(struct mask_text *t, size_t from, size_t to,
			struct reading *r, bool last)
{
	enum secret now = r->next;

	r->next = SECRET_NONE;
	if (now && (now != SECRET_WHOLE || t->s[from] != '-'))
		return hide_as(t, from, to, now);
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
static size_t hide_in_script(struct mask_text *t, size_t from, size_t to,
			     const struct reading *outer, bool is_script)
{
	struct reading r = *outer;
	bool begins = is_script;
	size_t at = from, end;

	r.in_text = !is_script;
	while (at < to) {
		size_t len = t->len;

		end = mask_find(t, at, to, " \t\n");
		if (end > at && is_script)
			take_command(&r, t->s + at, end - at, &begins);
		if (end > at)
			end = hide_word(t, at, end, &r, end == to);
		to -= len - t->len;
		at = end + 1;
	}
	return to;
}

static size_t hide_in_argument(struct mask_text *t, size_t from, size_t to,
			       struct reading *r, bool is_script)
{
	if (from == to)
		return to;
	if (r->next || mask_find(t, from, to, " \t\n") == to ||
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
	struct mask_text t = { .s = args, .len = len };
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
		at = mask_named(&t, at, end) + 1;
	}
	*masked = t.masked;
	return t.len;
}
