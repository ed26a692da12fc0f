/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The grammar of docs/file-format.md, whatever a process calls itself: each
 * key occurs once, in order, and what stands behind it is read back as it was.
 */
#include <string.h>

#include "fuzz.h"
#include "output/packet_options.h"

static const char *const keys[] = {
	"src",	    "src.attr",	     "src.reason",    "src.country",
	"dst",	    "dst.attr",	     "dst.reason",    "dst.country",
	"src.user", "src.exe",	     "src.container", "dst.user",
	"dst.exe",  "dst.container",
};

#define KEYS (sizeof(keys) / sizeof(*keys))

struct bytes {
	const uint8_t *at;
	size_t left;
};

/* A text of at most @size - 1 bytes, none of them zero. */
static void take_text(struct bytes *b, char *out, size_t size)
{
	size_t len = b->left ? b->at[0] % size : 0, n = 0;

	while (n < len && n + 1 < b->left && b->at[n + 1]) {
		out[n] = (char)b->at[n + 1];
		n++;
	}
	out[n] = '\0';
	b->at += b->left ? n + 1 : 0;
	b->left -= b->left ? n + 1 : 0;
}

static uint8_t take_byte(struct bytes *b)
{
	if (!b->left)
		return 0;
	b->left--;
	return *b->at++;
}

static void take_end(struct bytes *b, struct packet_end *e, struct process *p)
{
	uint8_t has = take_byte(b);

	memset(p, 0, sizeof(*p));
	e->attr = take_byte(b);
	e->reason = take_byte(b);
	e->pid = has & 1 ? take_byte(b) * 16777619u + 1 : 0;
	if (has & 2)
		memcpy(e->country, "DE", 3);
	take_text(b, e->name, sizeof(e->name));
	take_text(b, p->user, sizeof(p->user));
	take_text(b, p->exepath, sizeof(p->exepath));
	take_text(b, p->container_id, sizeof(p->container_id));
	p->has = 1ull << FIELD_USER | 1ull << FIELD_EXEPATH |
		 1ull << FIELD_CONTAINER_ID;
}

static int hex(char c)
{
	LAW((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The text that begins there; returns where it ends. */
static const char *read_text(const char *s, const char *end, char *out)
{
	while (s < end && *s != ' ' && *s != '[') {
		LAW(*s > ' ' && *s < 0x7f && !strchr("\"=]", *s));
		if (*s != '\\') {
			*out++ = *s++;
			continue;
		}
		LAW(end - s >= 4 && s[1] == 'x');
		*out++ = (char)(hex(s[2]) << 4 | hex(s[3]));
		s += 4;
	}
	*out = '\0';
	return s;
}

static const char *read_owner(const char *s, const char *end,
			      const struct packet_end *e)
{
	char text[COMMENT_MAX + 1], pid[16];

	if (!e->pid) {
		LAW(*s == '-');
		return s + 1;
	}
	s = read_text(s, end, text);
	LAW(!strcmp(text, e->name));
	snprintf(pid, sizeof(pid), "[%u]", e->pid);
	LAW((size_t)(end - s) >= strlen(pid) && !memcmp(s, pid, strlen(pid)));
	return s + strlen(pid);
}

/* What the key of that number stands for, but for an owner. */
static const char *value_of(size_t i, const struct option_key *k,
			    const struct process *src,
			    const struct process *dst)
{
	bool is_src = !strncmp(keys[i], "src", 3);
	const struct packet_end *e = is_src ? &k->src : &k->dst;
	const struct process *p = is_src ? src : dst;
	const char *word = keys[i] + 4;

	if (!strcmp(word, "attr"))
		return attr_name(e->attr);
	if (!strcmp(word, "reason"))
		return reason_name(e->reason);
	if (!strcmp(word, "country"))
		return e->country;
	if (!strcmp(word, "user"))
		return p->user;
	return strcmp(word, "exe") ? p->container_id : p->exepath;
}

static size_t key_at(const char *s, const char *end, size_t from)
{
	for (size_t i = from; i < KEYS; i++) {
		size_t len = strlen(keys[i]);

		if ((size_t)(end - s) > len && !memcmp(s, keys[i], len) &&
		    s[len] == '=')
			return i;
	}
	LAW(!"a key of the grammar, later than the last");
	return KEYS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct process src, dst;
	struct bytes b = { data, size };
	struct option_key key = { 0 };
	char out[COMMENT_MAX], text[COMMENT_MAX + 1];
	const char *s = out, *end;
	size_t next = 0, i;

	take_end(&b, &key.src, &src);
	take_end(&b, &key.dst, &dst);
	end = out + comment_format(out, &key, &src, &dst);
	LAW(end - out <= COMMENT_MAX);
	while (s < end) {
		i = key_at(s, end, next);
		s += strlen(keys[i]) + 1;
		if (strchr(keys[i], '.')) {
			s = read_text(s, end, text);
			LAW(*text &&
			    !strcmp(text, value_of(i, &key, &src, &dst)));
		} else {
			s = read_owner(s, end, i ? &key.dst : &key.src);
		}
		LAW(s == end || (*s == ' ' && s + 1 < end));
		s += s < end;
		next = i + 1;
	}
	return 0;
}
