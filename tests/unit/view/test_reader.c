/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "exact.h"
#include "owner/owned_packet.h"
#include "sample.h"
#include "view/reader.h"

struct seen {
	int packets;
	int named; /* ends */
	uint64_t bytes;
	uint32_t pid; /* of the first packet's sender */
	char name[RECORD_NAME_LEN];
	bool recorded; /* it has a record */
	uint8_t attr;
	struct flow_key key;
};

static void see(void *ctx, const struct owned_packet *p)
{
	struct seen *s = ctx;

	if (!s->packets++ && p->src) {
		s->pid = p->src->proc->pid;
		memcpy(s->name, p->src->name, sizeof(s->name));
		s->recorded = kept_record_len(&p->src->record) > 0;
		s->attr = p->verdict->src.attr;
		s->key = p->frame->packet.outer.key;
	}
	s->named += (p->src != NULL) + (p->dst != NULL);
	s->bytes += p->frame->len;
}

/* In pieces of that size; the reader's last word. */
static int take(const uint8_t *bytes, size_t len, size_t piece, struct seen *s)
{
	struct reader *r = reader_new();
	int err = 0;

	assert_non_null(r);
	memset(s, 0, sizeof(*s));
	for (size_t at = 0; at < len && !err; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		uint8_t *copy = exact_copy(bytes + at, n);

		err = reader_take(r, copy, n, see, s);
		free(copy);
	}
	reader_free(r);
	return err;
}

static void packets_come_back_with_their_owners(void **state)
{
	static const size_t pieces[] = { 1, 7, 100, 65536 };
	struct seen s;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		assert_int_equal(take(file, file_len, pieces[i], &s), 0);
		assert_int_equal(s.packets, 14);
		assert_int_equal(s.named, 26);
		assert_int_equal(s.bytes, 1222);
		assert_int_equal(s.pid, 28802);
		assert_string_equal(s.name, "curl");
		assert_true(s.recorded);
		assert_int_equal(s.attr, ATTR_SOCKET);
		assert_int_equal(s.key.remote_port, 8080);
	}
}

static void a_second_section_follows(void **state)
{
	static uint8_t twice[sizeof(file) * 2];
	struct seen s;

	(void)state;
	memcpy(twice, file, file_len);
	memcpy(twice + file_len, file, file_len);
	assert_int_equal(take(twice, file_len * 2, 1000, &s), 0);
	assert_int_equal(s.packets, 28);
}

static void every_cut_is_safe(void **state)
{
	struct seen s;
	int last = 0;

	(void)state;
	for (size_t n = 0; n < file_len; n++) {
		assert_int_equal(take(file, n, 65536, &s), 0);
		assert_in_range(s.packets, last, last + 1);
		last = s.packets;
	}
}

static void what_has_not_begun_is_no_capture(void **state)
{
	struct reader *r = reader_new();
	struct seen s;

	(void)state;
	assert_non_null(r);
	assert_int_equal(reader_end(r), -ENODATA);
	assert_int_equal(reader_take(r, file, 8, see, &s), 0);
	assert_int_equal(reader_end(r), -EBADMSG);
	assert_int_equal(reader_take(r, file + 8, 300, see, &s), 0);
	assert_int_equal(reader_end(r), 0);
	reader_free(r);
}

static void damage_is_refused(void **state)
{
	static uint8_t bad[sizeof(file)];
	struct seen s;

	(void)state;
	memcpy(bad, file, file_len);
	bad[0] ^= 1; /* no section header */
	assert_int_equal(take(bad, file_len, 65536, &s), -EBADMSG);
	assert_int_equal(take((const uint8_t *)"hello, world", 12, 12, &s),
			 -EBADMSG);
	memcpy(bad, file, file_len);
	bad[4] ^= 4; /* its length */
	assert_int_equal(take(bad, file_len, 65536, &s), -EBADMSG);
	memcpy(bad, file, file_len);
	for (int i = 0; i < 4; i++)
		bad[8 + i] = file[11 - i];
	assert_int_equal(take(bad, file_len, 65536, &s), -EPROTONOSUPPORT);
	assert_int_equal(s.packets, 0);
}

/* Which one does not matter, only that nothing worse happens: ASan looks. */
static void any_byte_may_be_wrong(void **state)
{
	static uint8_t bad[sizeof(file)];
	struct seen s;

	(void)state;
	memcpy(bad, file, file_len);
	for (size_t i = 0; i < file_len; i++) {
		bad[i] ^= 0xff;
		take(bad, file_len, 65536, &s);
		assert_in_range(s.packets, 0, 14);
		bad[i] ^= 0xff;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_come_back_with_their_owners),
		cmocka_unit_test(a_second_section_follows),
		cmocka_unit_test(every_cut_is_safe),
		cmocka_unit_test(what_has_not_begun_is_no_capture),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests_name("reader", tests, load, NULL);
}
