/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text.h"

/*
 * Characters that show as themselves.  GLib calls the separators printable,
 * but they break lines; formatting characters, which it does not, could
 * reorder a name on the screen (bidi overrides).
 */
static bool stands_for_itself(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return c != '\\' && g_unichar_isprint(c) &&
	       type != G_UNICODE_LINE_SEPARATOR &&
	       type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Appends the character at @s, in one form or the other; returns its length. */
static size_t append_char(wmem_strbuf_t *out, const char *s, size_t len)
{
	gunichar c = g_utf8_get_char_validated(s, (gssize)len);
	bool valid = c != (gunichar)-1 && c != (gunichar)-2;
	size_t n = valid ? (size_t)(g_utf8_next_char(s) - s) : 1;

	if (valid && c == '\\')
		wmem_strbuf_append(out, "\\\\");
	else if (valid && stands_for_itself(c))
		for (size_t i = 0; i < n; i++)
			wmem_strbuf_append_c(out, s[i]);
	else
		for (size_t i = 0; i < n; i++)
			wmem_strbuf_append_printf(out, "\\x%02x", (uint8_t)s[i]);
	return n;
}

static void append(wmem_strbuf_t *out, const char *s, size_t len)
{
	while (len) {
		size_t n = append_char(out, s, len);

		s += n;
		len -= n;
	}
}

static bool is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~' || s[i] == '\\')
			return false;
	return true;
}

const char *text_escape(wmem_allocator_t *pool, const char *s, size_t len)
{
	wmem_strbuf_t *out;

	if (is_plain(s, len))
		return wmem_strndup(pool, s, len);
	out = wmem_strbuf_new(pool, "");
	append(out, s, len);
	return wmem_strbuf_get_str(out);
}

const char *text_arguments(wmem_allocator_t *pool, const char *s, size_t len)
{
	wmem_strbuf_t *out = wmem_strbuf_new(pool, "");

	if (len && s[len - 1] == '\0')
		len--;
	for (;;) {
		size_t n = strnlen(s, len);

		append(out, s, n);
		if (n == len)
			return wmem_strbuf_get_str(out);
		wmem_strbuf_append_c(out, ' ');
		s += n + 1;
		len -= n + 1;
	}
}
