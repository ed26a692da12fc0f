/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "printable.h"

#include <stdint.h>
#include <string.h>

/*
 * Above ASCII: Unicode 15's categories Cc, Cf, Zl and Zp, what is reserved to
 * be ignored on a screen, and U+FDD0 to U+FDEF, which are no characters.
 */
/* clang-format off */
static const uint32_t hidden[][2] = {
	{ 0x80, 0x9f }, { 0xad, 0xad }, { 0x600, 0x605 }, { 0x61c, 0x61c },
	{ 0x6dd, 0x6dd }, { 0x70f, 0x70f }, { 0x890, 0x891 },
	{ 0x8e2, 0x8e2 }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
	{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfdd0, 0xfdef },
	{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe00ff },
	{ 0xe01f0, 0xe0fff },
};
/* clang-format on */

static bool is_hidden(uint32_t c)
{
	if (c < 0x80)
		return c < ' ' || c == 0x7f;
	if ((c & 0xfffe) == 0xfffe) /* the last two of each plane */
		return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		if (c >= hidden[i][0] && c <= hidden[i][1])
			return true;
	return false;
}

/* RFC 3629: no longer form than needed, no surrogates, no more than U+10FFFF. */
static size_t decode(const uint8_t *s, size_t len, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *s < 0x80	 ? 1 :
		   *s >> 5 == 6	 ? 2 :
		   *s >> 4 == 14 ? 3 :
		   *s >> 3 == 30 ? 4 :
				   0;
	uint32_t c;

	if (!n || n > len)
		return 0;
	c = n == 1 ? *s : *s & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return n;
}

size_t printable_length(const char *s, size_t len)
{
	uint32_t c;
	size_t n = len ? decode((const uint8_t *)s, len, &c) : 0;

	return n && !is_hidden(c) ? n : 0;
}

bool printable_all(const char *s)
{
	size_t len = strlen(s), n;

	for (; len; s += n, len -= n) {
		n = printable_length(s, len);
		if (!n)
			return false;
	}
	return true;
}

void printable_replace(char *s)
{
	size_t len = strlen(s), n;

	for (; len; s += n, len -= n) {
		n = printable_length(s, len);
		if (!n) {
			*s = '?';
			n = 1;
		}
	}
}
