/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text.h"

#include "printable.h"

/* How many bytes stand for themselves whatever follows: nearly all there are. */
static size_t plain_ascii_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && s[n] <= '~' && s[n] != '\\')
		n++;
	return n;
}

bool text_is_plain(const char *s, size_t len)
{
	return plain_ascii_length(s, len) == len;
}

/* Appends the character at @s, in one form or the other; returns its length. */
static size_t append_char(wmem_strbuf_t *out, const char *s, size_t len)
{
	size_t n = printable_length(s, len);

	if (!n) {
		wmem_strbuf_append_printf(out, "\\x%02x", (uint8_t)*s);
		return 1;
	}
	if (*s == '\\')
		wmem_strbuf_append_c(out, '\\');
	wmem_strbuf_append_len(out, s, n);
	return n;
}

static void append_escaped(wmem_strbuf_t *out, const char *s, size_t len)
{
	while (len) {
		size_t n = plain_ascii_length(s, len);

		if (n)
			wmem_strbuf_append_len(out, s, n);
		else
			n = append_char(out, s, len);
		s += n;
		len -= n;
	}
}

const char *text_escape(wmem_allocator_t *pool, const char *s, size_t len)
{
	wmem_strbuf_t *out;

	if (text_is_plain(s, len))
		return wmem_strndup(pool, s, len);
	out = wmem_strbuf_new(pool, "");
	append_escaped(out, s, len);
	return wmem_strbuf_get_str(out);
}

const char *text_arguments(wmem_allocator_t *pool, const char *s, size_t len)
{
	wmem_strbuf_t *out = wmem_strbuf_new(pool, "");

	if (len && s[len - 1] == '\0')
		len--;
	for (;;) {
		size_t n = strnlen(s, len);

		append_escaped(out, s, n);
		if (n == len)
			return wmem_strbuf_get_str(out);
		wmem_strbuf_append_c(out, ' ');
		s += n + 1;
		len -= n + 1;
	}
}
