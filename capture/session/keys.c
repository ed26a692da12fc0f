/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/keys.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024 /* the longest of TLS has 260 */

/* "LABEL HEX HEX": what else is in there is no business of the capture's. */
static bool is_key_line(const char *line, size_t len)
{
	size_t at = 0, words = 0;

	while (at < len &&
	       (isupper((unsigned char)line[at]) ||
		isdigit((unsigned char)line[at]) || line[at] == '_'))
		at++;
	if (!at || len > LINE_MAX_BYTES)
		return false;
	while (at < len && line[at] == ' ') {
		size_t begin = ++at;

		while (at < len && isxdigit((unsigned char)line[at]))
			at++;
		if (at == begin)
			return false;
		words++;
	}
	return at == len && words == 2;
}

size_t keys_filter(char *text, size_t len, size_t *taken)
{
	size_t at = 0, kept = 0;
	char *end;

	while (at < len && (end = memchr(text + at, '\n', len - at))) {
		size_t line = (size_t)(end - text) - at;

		if (is_key_line(text + at, line)) {
			memmove(text + kept, text + at, line + 1);
			kept += line + 1;
		}
		at += line + 1;
	}
	/* Too long for a line: it is none. */
	*taken = len - at > LINE_MAX_BYTES ? len : at;
	return kept;
}

size_t keys_read(struct keys *k, char *out, size_t size)
{
	ssize_t n = k->fd < 0 ? 0 : pread(k->fd, out, size, (off_t)k->at);
	size_t taken, kept;

	if (n <= 0)
		return 0;
	kept = keys_filter(out, (size_t)n, &taken);
	k->at += taken;
	return kept;
}
