/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "view/screen/top_state.h"

/* What is no query yet leaves the last one in force. */
static void compile_query(struct top *t)
{
	struct query q;

	if (!query_compile(&q, t->text, t->why, sizeof(t->why)))
		t->query = q;
	t->stale = true;
}

void top_begin_typing(struct top *t, const char *with)
{
	memcpy(t->before, t->text, sizeof(t->before));
	if (*with)
		snprintf(t->text, sizeof(t->text), "%s", with);
	t->typing = true;
	t->mode = TOP_LIST;
	compile_query(t);
}

void top_set_text(struct top *t, const char *text)
{
	memmove(t->text, text, strlen(text) + 1);
	compile_query(t);
}

/* UTF-8: the bytes that continue a character go with its first. */
static void erase_one(struct top *t)
{
	size_t n = strlen(t->text);

	while (n && (t->text[n - 1] & 0xc0) == 0x80)
		n--;
	t->text[n ? n - 1 : 0] = '\0';
	compile_query(t);
}

static void type(struct top *t, long key)
{
	size_t n = strlen(t->text);
	char c[5] = { 0 };

	if (key < ' ' || key > 0x10ffff)
		return;
	if (key < 0x80) {
		c[0] = (char)key;
	} else if (key < 0x800) {
		c[0] = (char)(0xc0 | key >> 6);
		c[1] = (char)(0x80 | (key & 0x3f));
	} else if (key < 0x10000) {
		c[0] = (char)(0xe0 | key >> 12);
		c[1] = (char)(0x80 | (key >> 6 & 0x3f));
		c[2] = (char)(0x80 | (key & 0x3f));
	} else {
		c[0] = (char)(0xf0 | key >> 18);
		c[1] = (char)(0x80 | (key >> 12 & 0x3f));
		c[2] = (char)(0x80 | (key >> 6 & 0x3f));
		c[3] = (char)(0x80 | (key & 0x3f));
	}
	if (n + strlen(c) < sizeof(t->text))
		memcpy(t->text + n, c, strlen(c) + 1);
	compile_query(t);
}

void top_typing_key(struct top *t, long key)
{
	switch (key) {
	case SCREEN_ENTER:
		/* What is no query is not in force, and must not seem so. */
		t->typing = *t->why;
		break;
	case SCREEN_ESCAPE:
		t->typing = false;
		top_set_text(t, t->before);
		break;
	case SCREEN_BACKSPACE:
		erase_one(t);
		break;
	case 'U' - '@':
		top_set_text(t, "");
		break;
	default:
		type(t, key);
	}
}
