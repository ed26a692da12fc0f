/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>

#include "bytes.h"
#include "exact.h"
#include "pcapng.h"
#include "output/packet_options.h"
#include "process/records/kept_record.h"

static void set_name(struct packet_end *e, const char *name)
{
	memset(e->name, 0, sizeof(e->name));
	memcpy(e->name, name, strnlen(name, sizeof(e->name) - 1));
}

static struct option_key curl_key(void)
{
	struct option_key k;

	memset(&k, 0, sizeof(k));
	k.src.present = true;
	k.src.id = 0x1122334455667788;
	k.src.pid = 4242;
	k.src.tid = 4243;
	k.src.attr = ATTR_SOCKET;
	set_name(&k.src, "curl");
	strcpy(k.dst.country, "US");
	k.epb_flags = PCAPNG_EPB_FLAG_OUTBOUND;
	k.direction = DIRECTION_OUT;
	return k;
}

static struct process curl_process(void)
{
	struct process p = {
		.has = 1 << FIELD_USER | 1 << FIELD_EXEPATH,
		.user = "www-data",
		.exepath = "/usr/bin/curl",
	};

	return p;
}

/* The comment as a string; exactly COMMENT_MAX bytes for ASan. */
static const char *comment(const struct option_key *k,
			   const struct process *src, const struct process *dst)
{
	static char text[COMMENT_MAX + 1];
	char *out = malloc(COMMENT_MAX);
	size_t n;

	assert_non_null(out);
	n = comment_format(out, k, src, dst);
	assert_in_range(n, 0, COMMENT_MAX);
	memcpy(text, out, n);
	text[n] = '\0';
	free(out);
	return text;
}

/*
 * A reader of the grammar: the value of @key in "key=value key=value ...",
 * the escapes undone, and its length; -1 if there is none or the line is not
 * of the grammar.
 */
static int unescape(const char *from, size_t len, char *out)
{
	int n = 0;
	unsigned int byte;

	for (size_t i = 0; i < len; i++) {
		if (from[i] != '\\') {
			out[n++] = from[i];
		} else {
			if (len - i < 4 ||
			    sscanf(from + i, "\\x%2x", &byte) != 1)
				return -1;
			out[n++] = (char)byte;
			i += 3;
		}
	}
	out[n] = '\0';
	return n;
}

static int value_of(const char *line, const char *key, char *out)
{
	int found = -1;

	while (*line) {
		size_t len = strcspn(line, " ");
		const char *equals = memchr(line, '=', len);
		size_t key_len = equals ? (size_t)(equals - line) : 0;

		if (!key_len || memchr(equals + 1, '=', len - key_len - 1))
			return -1;
		if (key_len == strlen(key) && !memcmp(line, key, key_len)) {
			if (found >= 0)
				return -1;
			found = unescape(equals + 1, len - key_len - 1, out);
		}
		line += len;
		line += *line == ' ';
	}
	return found;
}

static void assert_value(const char *line, const char *key, const char *want)
{
	char value[COMMENT_MAX + 1];

	if (value_of(line, key, value) < 0)
		fail_msg("no %s in \"%s\"", key, line);
	assert_string_equal(value, want);
}

static void assert_no_value(const char *line, const char *key)
{
	assert_int_equal(value_of(line, key, (char[COMMENT_MAX + 1]){ 0 }), -1);
}

static void assert_ascii(const char *s)
{
	for (; *s; s++)
		assert_in_range(*s, ' ', '~');
}

/* ---- the comment ---- */

static void a_comment_reads_as_documented(void **state)
{
	struct option_key k = curl_key();
	struct process p = curl_process();

	(void)state;
	assert_string_equal(comment(&k, &p, NULL),
			    "src=curl[4242] src.attr=socket dst.country=US "
			    "src.user=www-data src.exe=/usr/bin/curl");

	k.dst.attr = ATTR_KERNEL;
	k.dst.reason = REASON_TIME_WAIT;
	k.dst.country[0] = '\0';
	assert_string_equal(comment(&k, NULL, NULL),
			    "src=curl[4242] src.attr=socket "
			    "dst=- dst.attr=kernel dst.reason=time-wait");
}

static void what_is_not_known_is_not_said(void **state)
{
	struct option_key k = { 0 };
	struct process p = curl_process();

	(void)state;
	assert_string_equal(comment(&k, NULL, NULL), "");
	p.has = 0;
	assert_string_equal(comment(&k, &p, &p), "");
}

/* Each byte a name or a path may hold, alone and among others. */
static void escaping_loses_nothing(void **state)
{
	struct option_key k = curl_key();
	struct process p = curl_process();

	(void)state;
	for (int c = 1; c < 256; c++) {
		char name[] = { 'a', (char)c, (char)c, 'z', '\0' };
		char owner[COMMENT_MAX + 1];
		const char *line;

		set_name(&k.src, name);
		strcpy(p.exepath, name);
		strcpy(p.user, (char[]){ (char)c, '\0' });
		line = comment(&k, &p, NULL);
		assert_ascii(line);
		snprintf(owner, sizeof(owner), "%s[4242]", name);
		assert_value(line, "src", owner);
		assert_value(line, "src.exe", name);
		assert_value(line, "src.user", p.user);
	}
}

static void a_name_forges_nothing(void **state)
{
	static const char *const names[] = {
		"x[1] src.user=r", "x[1]\nsrc=y[2]", "\\x20src=y", "\\", "=",
		"] dst=y[2]",	   "\xc2\xa0src=y",  "\" src=\"y", " ",	 "",
	};
	struct process p = { .has = 1 << FIELD_EXEPATH };
	struct option_key k = curl_key();

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char owner[COMMENT_MAX + 1];
		const char *line;

		set_name(&k.src, names[i]);
		strcpy(p.exepath, names[i]);
		line = comment(&k, &p, NULL);
		assert_ascii(line);
		assert_no_value(line, "dst");
		assert_no_value(line, "src.user");
		snprintf(owner, sizeof(owner), "%.15s[4242]", names[i]);
		assert_value(line, "src", owner);
		/* The bracket that counts is the only one. */
		assert_ptr_equal(strchr(line, '['), strrchr(line, '['));
	}
}

/* All the longest there is: never too long, no part cut in two. */
static void parts_are_left_out_whole(void **state)
{
	struct process *p = calloc(1, sizeof(*p));
	struct option_key k = curl_key();
	const char *line;

	(void)state;
	p->has = 1 << FIELD_USER | 1 << FIELD_EXEPATH | 1 << FIELD_CONTAINER_ID;
	memset(k.src.name, 0xff, sizeof(k.src.name) - 1);
	k.src.pid = UINT32_MAX;
	k.src.reason = REASON_AMBIGUOUS;
	strcpy(k.src.country, "US");
	k.dst = k.src;
	memset(p->user, 0xff, sizeof(p->user) - 1);
	memset(p->exepath, 0xff, sizeof(p->exepath) - 1);
	strcpy(p->container_id, "short");
	line = comment(&k, p, p);
	assert_ascii(line);
	assert_value(line, "dst.attr", "socket");
	assert_no_value(line, "src.user");
	assert_no_value(line, "src.exe");

	/* A path of each length: there whole, or not at all. */
	k = curl_key();
	p->has = 1 << FIELD_EXEPATH | 1 << FIELD_CONTAINER_ID;
	for (size_t n = 1; n < 300; n++) {
		memset(p->exepath, 0, sizeof(p->exepath));
		memset(p->exepath, 'p', n);
		line = comment(&k, p, NULL);
		if (strstr(line, "src.exe"))
			assert_value(line, "src.exe", p->exepath);
		else
			assert_true(n > 190);
		if (n < 180 || n > 250)
			assert_value(line, "src.container", "short");
	}
	free(p);
}

/* ---- the options ---- */

#define MAX_OPTIONS 8

struct option {
	uint16_t code;
	size_t len;
	const uint8_t *value;
};

static size_t options_of(const uint8_t *bytes, size_t len, struct option *out)
{
	struct rbuf r = rbuf_of(bytes, len);
	size_t n = 0;

	while (r.left) {
		assert_true(n < MAX_OPTIONS);
		out[n].code = rbuf_u16(&r);
		out[n].len = rbuf_u16(&r);
		out[n].value = rbuf_claim(&r, out[n].len);
		rbuf_claim(&r, -out[n].len & 3);
		assert_false(r.failed);
		n++;
	}
	return n;
}

/* The options of a stamp, and how many. */
static size_t stamp_of(struct packet_options *s, const struct option_key *k,
		       const struct option_records *r, struct option *out)
{
	struct packet_stamp stamp = packet_options_get(s, k, r);
	size_t n = options_of(stamp.bytes, stamp.len, out);

	assert_int_equal(stamp.len % 4, 0);
	/* What is left without the comment is whole, too. */
	assert_int_equal(options_of(stamp.bytes + stamp.first_len,
				    stamp.len - stamp.first_len, out),
			 n - !!stamp.first_len);
	return options_of(stamp.bytes, stamp.len, out);
}

static void options_stand_in_their_order(void **state)
{
	static const char text[] = "src=curl[4242] src.attr=socket "
				   "dst=nginx[812] dst.attr=listener";
	struct packet_options *s = packet_options_new(true, false);
	struct option_records none = { 0 };
	struct option_key k = curl_key();
	struct attribution a;
	struct option o[MAX_OPTIONS];

	(void)state;
	k.dst = k.src;
	k.dst.present = true;
	k.dst.pid = 812;
	k.dst.tid = 813;
	k.dst.attr = ATTR_LISTENER;
	set_name(&k.dst, "nginx");
	k.direction = DIRECTION_LOCAL;
	assert_int_equal(stamp_of(s, &k, &none, o), 5);

	assert_int_equal(o[0].code, PCAPNG_OPT_COMMENT);
	assert_int_equal(o[0].len, sizeof(text) - 1);
	assert_memory_equal(o[0].value, text, sizeof(text) - 1);

	assert_int_equal(o[1].code, PCAPNG_EPB_FLAGS);
	assert_int_equal(o[1].len, 4);
	assert_int_equal(get_le(o[1].value, 4), PCAPNG_EPB_FLAG_OUTBOUND);

	assert_int_equal(o[2].code, PCAPNG_EPB_PROCESSID_THREADID);
	assert_int_equal(o[2].len, 8);
	assert_int_equal(get_le(o[2].value, 4), 4242);
	assert_int_equal(get_le(o[2].value + 4, 4), 4243);
	assert_int_equal(o[3].code, PCAPNG_EPB_PROCESSID_THREADID);
	assert_int_equal(get_le(o[3].value, 4), 812);
	assert_int_equal(get_le(o[3].value + 4, 4), 813);

	assert_int_equal(o[4].code, PCAPNG_OPT_CUSTOM_BIN);
	assert_int_equal(get_le(o[4].value, 4), PKTWHO_PEN);
	assert_int_equal(attribution_decode(&a, o[4].value + 4, o[4].len - 4),
			 0);
	assert_int_equal(a.direction, DIRECTION_LOCAL);
	assert_string_equal(a.src.name, "curl");
	assert_int_equal(a.src.id, k.src.id);
	assert_int_equal(a.dst.pid, 812);
	assert_int_equal(a.dst.attr, ATTR_LISTENER);
	packet_options_free(s);
}

static size_t first_of(bool comments, bool threads, const struct option_key *k)
{
	struct packet_options *s = packet_options_new(comments, threads);
	const struct option_records none = { 0 };
	size_t len = packet_options_get(s, k, &none).first_len;

	packet_options_free(s);
	return len;
}

/* Later packets have what the others do not tell. */
static void on_a_loopback_the_first_ones_say_more(void **state)
{
	struct option_key k = curl_key();
	size_t comment = first_of(true, false, &k);

	(void)state;
	assert_in_range(comment, 1, 8 + COMMENT_MAX);
	k.loopback = true;
	assert_int_equal(first_of(true, false, &k), comment);
	k.src.tid = k.src.pid;
	assert_int_equal(first_of(true, false, &k), comment + 8 + 12);
	assert_int_equal(first_of(true, true, &k), comment);
	assert_int_equal(first_of(false, false, &k), 0);
	k.loopback = false;
	assert_int_equal(first_of(true, false, &k), comment);
}

static void what_is_not_there_has_no_option(void **state)
{
	struct packet_options *s = packet_options_new(false, false);
	struct option_records none = { 0 };
	struct option_key k = { .src.attr = ATTR_FORWARDED,
				.dst.attr = ATTR_FORWARDED };
	struct option o[MAX_OPTIONS];

	(void)state;
	assert_int_equal(stamp_of(s, &k, &none, o), 1);
	assert_int_equal(o[0].code, PCAPNG_OPT_CUSTOM_BIN);
	packet_options_free(s);

	/* Nothing to say is no comment, not an empty one. */
	s = packet_options_new(true, false);
	memset(&k, 0, sizeof(k));
	assert_int_equal(stamp_of(s, &k, &none, o), 1);
	packet_options_free(s);
	packet_options_free(NULL);
}

/* The largest of everything fits, padded to four bytes. */
static void the_largest_stamp_is_whole(void **state)
{
	struct packet_options *s = packet_options_new(true, false);
	struct option_key k = curl_key();
	struct process *p = calloc(1, sizeof(*p));
	uint8_t record[PROCESS_MAX];
	int len;
	struct kept_record kept = { 0 };
	struct option_records r = { .src = &kept };
	struct rests *rests = rests_new();
	struct option o[MAX_OPTIONS];

	(void)state;
	p->has = 1 << FIELD_EXEPATH;
	for (size_t n = 1; n < 250; n++) {
		k.src.id = n;
		memset(p->exepath, 0, sizeof(p->exepath));
		memset(p->exepath, 'p', n);
		len = process_encode(p, record, sizeof(record));
		assert_true(kept_record_set(rests, &kept, record, (size_t)len));
		k.dst = k.src;
		assert_int_equal(stamp_of(s, &k, &r, o), 5);
		assert_in_range(o[0].len, 1, COMMENT_MAX);
		assert_in_range(o[4].len, 4 + 17, 4 + ATTRIBUTION_MAX);
	}
	packet_options_free(s);
	kept_record_drop(&kept);
	rests_free(rests);
	free(p);
}

/* The same words have the same number, whatever else of the packet is other. */
static void only_another_comment_is_another(void **state)
{
	struct packet_options *s = packet_options_new(true, false);
	struct option_records none = { 0 };
	struct option_key k = curl_key();
	uint32_t said = packet_options_get(s, &k, &none).comment_hash;

	(void)state;
	k.src.tid++;
	k.src.version++;
	k.epb_flags = 0;
	assert_int_equal(packet_options_get(s, &k, &none).comment_hash, said);
	k.src.attr = ATTR_SCAN;
	assert_int_not_equal(packet_options_get(s, &k, &none).comment_hash,
			     said);
	packet_options_free(s);
}

/* Who else received it: a comment and two options for each. */
static void other_receivers_have_options_of_their_own(void **state)
{
	static const char text[] = "dst=curl[4242] dst.attr=socket "
				   "dst=nginx[812] dst.attr=socket";
	struct packet_options *s = packet_options_new(true, false);
	struct packet_end others[2] = { curl_key().src, curl_key().src };
	struct packet_stamp stamp;
	struct option o[MAX_OPTIONS];
	struct packet_end e;

	(void)state;
	others[0].attr = others[1].attr = ATTR_SOCKET;
	others[1].pid = 812;
	set_name(&others[1], "nginx");
	stamp = packet_options_others(s, others, 2);
	assert_int_equal(options_of(stamp.bytes, stamp.len, o), 5);
	assert_int_equal(o[0].code, PCAPNG_OPT_COMMENT);
	assert_int_equal(o[0].len, sizeof(text) - 1);
	assert_memory_equal(o[0].value, text, sizeof(text) - 1);
	assert_int_equal(options_of(stamp.bytes + stamp.first_len,
				    stamp.len - stamp.first_len, o),
			 4);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(o[2 * i].code, PCAPNG_EPB_PROCESSID_THREADID);
		assert_int_equal(get_le(o[2 * i].value, 4), others[i].pid);
		assert_int_equal(receiver_decode(&e, o[2 * i + 1].value + 4,
						 o[2 * i + 1].len - 4),
				 0);
		assert_int_equal(e.pid, others[i].pid);
		assert_int_equal(e.attr, ATTR_SOCKET);
	}
	/* The most that there can be fits. */
	stamp = packet_options_others(s,
				      (struct packet_end[OTHERS_MAX]){
					      others[0], others[1] },
				      OTHERS_MAX);
	assert_true(stamp.len > 0);
	packet_options_free(s);
}

/* Many keys in few slots: each gets its own stamp, again and again. */
static void stamps_do_not_mix(void **state)
{
	struct packet_options *s = packet_options_new(false, false);
	struct option_records none = { 0 };
	struct option_key k = curl_key();
	struct option o[MAX_OPTIONS];

	(void)state;
	for (int again = 0; again < 2; again++)
		for (uint32_t pid = 1; pid < 20000; pid++) {
			k.src.pid = pid;
			stamp_of(s, &k, &none, o);
			assert_int_equal(get_le(o[1].value, 4), pid);
		}
	packet_options_free(s);
}

/* A record that says nothing readable costs the details, not the stamp. */
static void a_broken_record_is_left_out(void **state)
{
	static const uint8_t junk[] = "PW\2\1 junk";
	struct kept_record kept = { 0 };
	struct option_records r = { .src = &kept };
	struct rests *rests = rests_new();
	struct packet_options *s = packet_options_new(true, false);
	struct option_key k = curl_key();
	struct option o[MAX_OPTIONS];

	(void)state;
	assert_true(kept_record_set(rests, &kept, junk, sizeof(junk)));
	assert_int_equal(stamp_of(s, &k, &r, o), 4);
	assert_null(memmem(o[0].value, o[0].len, "exe", 3));
	packet_options_free(s);
	kept_record_drop(&kept);
	rests_free(rests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comment_reads_as_documented),
		cmocka_unit_test(what_is_not_known_is_not_said),
		cmocka_unit_test(escaping_loses_nothing),
		cmocka_unit_test(a_name_forges_nothing),
		cmocka_unit_test(parts_are_left_out_whole),
		cmocka_unit_test(options_stand_in_their_order),
		cmocka_unit_test(on_a_loopback_the_first_ones_say_more),
		cmocka_unit_test(what_is_not_there_has_no_option),
		cmocka_unit_test(the_largest_stamp_is_whole),
		cmocka_unit_test(only_another_comment_is_another),
		cmocka_unit_test(stamps_do_not_mix),
		cmocka_unit_test(other_receivers_have_options_of_their_own),
		cmocka_unit_test(a_broken_record_is_left_out),
	};

	return cmocka_run_group_tests_name("stamp", tests, NULL, NULL);
}
