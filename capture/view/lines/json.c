/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/json.h"

#include <string.h>
#include <time.h>

struct json json_of(char *buf, size_t size)
{
	return (struct json){ .at = buf, .end = buf + size };
}

static void put(struct json *j, const char *bytes, size_t n)
{
	if (j->failed || n > (size_t)(j->end - j->at)) {
		j->failed = true;
		return;
	}
	memcpy(j->at, bytes, n);
	j->at += n;
}

static void put_quoted(struct json *j, const char *text)
{
	put(j, "\"", 1);
	while (*text) {
		size_t n = strcspn(text, "\"\\");

		put(j, text, n);
		text += n;
		if (!*text)
			break;
		put(j, "\\", 1);
		put(j, text++, 1);
	}
	put(j, "\"", 1);
}

static void put_name(struct json *j, const char *name)
{
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
	if (!name)
		return;
	put_quoted(j, name);
	put(j, ":", 1);
}

void json_open(struct json *j, const char *name, char bracket)
{
	put_name(j, name);
	put(j, &bracket, 1);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	put(j, &bracket, 1);
	j->comma = true;
}

void json_text(struct json *j, const char *name, const char *text)
{
	if (name && !*text)
		return;
	put_name(j, name);
	put_quoted(j, text);
}

void json_number(struct json *j, const char *name, uint64_t n)
{
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	put_name(j, name);
	put(j, at, (size_t)(digits + sizeof(digits) - at));
}

void json_members(struct json *j, const char *members, size_t len)
{
	if (!len)
		return;
	put_name(j, NULL);
	put(j, members, len);
}

void json_newline(struct json *j)
{
	put(j, "\n", 1);
	j->comma = false;
}

/* Most times are of the same second: its text is kept. */
void json_time(struct json *j, const char *name, uint64_t ns)
{
	static time_t kept = -1;
	static char text[64];
	time_t seconds = (time_t)(ns / 1000000000);
	uint32_t rest = (uint32_t)(ns % 1000000000);
	char *fraction = text + 20;
	struct tm tm;

	if (seconds != kept) {
		gmtime_r(&seconds, &tm);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000000000Z",
			 &tm);
		kept = seconds;
	}
	for (int i = 8; i >= 0; i--, rest /= 10)
		fraction[i] = (char)('0' + rest % 10);
	json_text(j, name, text);
}
