/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes are written out: this is the format of docs/file-format.md, and
 * a change that breaks one of them breaks files that exist.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "record.h"

/* Fields begin at 8, 20, 28 and 36. */
static const uint8_t curl_record[] = {
	'P',  'W',  2,	 1, /* a process, version 1 */
	56,   0,    0,	 0, /* bytes, this head included */
	1,    0,    8,	 0, /* process id, 8 bytes */
	8,    7,    6,	 5,   4, 3,   2,   1, 2,   0,	4,   0, /* pid, 4 bytes */
	0x92, 0x10, 0,	 0,   5, 0,   4,   0, /* name, 4 bytes */
	'c',  'u',  'r', 'l', 7, 0,   14,  0, /* command line, 14 bytes, padded */
	'c',  'u',  'r', 'l', 0, '-', 's', 0, 'a', '.', 't', 'e', 's',
	't',  0,    0,
};

static const uint8_t table_head[] = {
	'P', 'W', 3, 1, 56, 0, 0, 0, /* bytes of the records that follow */
	1,   0,	  0, 0,		     /* records */
};

static int decode_process(struct process *p, const void *buf, size_t n)
{
	void *copy = exact_copy(buf, n);
	int err;

	memset(p, 0xee, sizeof(*p));
	err = process_decode(p, copy, n);
	free(copy);
	return err;
}

static struct process curl(void)
{
	struct process p = {
		.has = 1 << FIELD_ID | 1 << FIELD_PID | 1 << FIELD_NAME |
		       1 << FIELD_CMDLINE,
		.id = 0x0102030405060708,
		.pid = 4242,
		.name = "curl",
		.cmdline = "curl\0-s\0a.test",
		.cmdline_len = 14,
	};

	return p;
}

static void process_has_known_bytes(void **state)
{
	struct process p = curl(), q;
	uint8_t buf[PROCESS_MAX];

	(void)state;
	assert_int_equal(process_encode(&p, buf, sizeof(buf)),
			 sizeof(curl_record));
	assert_memory_equal(buf, curl_record, sizeof(curl_record));
	assert_int_equal(decode_process(&q, curl_record, sizeof(curl_record)),
			 sizeof(curl_record));
	assert_memory_equal(&q, &p, sizeof(p));
}

static void every_cut_process_is_refused(void **state)
{
	struct process p;

	(void)state;
	for (size_t n = 0; n < sizeof(curl_record); n++) {
		assert_int_equal(decode_process(&p, curl_record, n), -EBADMSG);
		assert_all_zero(&p, sizeof(p));
	}
}

/* The record says how long it is; only between fields may it end earlier. */
static void every_shortened_process_ends_between_fields(void **state)
{
	uint8_t buf[sizeof(curl_record)];
	struct process p;

	(void)state;
	memcpy(buf, curl_record, sizeof(buf));
	for (uint8_t n = 0; n < sizeof(buf); n++) {
		bool whole = n == 8 || n == 20 || n == 28 || n == 36;

		buf[4] = n;
		assert_int_equal(decode_process(&p, buf, sizeof(buf)),
				 whole ? n : -EBADMSG);
	}
}

static void a_short_buffer_gets_no_process(void **state)
{
	struct process p = curl();
	uint8_t buf[sizeof(curl_record) + 1];

	(void)state;
	for (size_t n = 0; n < sizeof(curl_record); n++) {
		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(process_encode(&p, buf, n), -ENOSPC);
		assert_int_equal(buf[n], 0xee);
	}
}

static void absent_is_not_zero(void **state)
{
	struct process p = { .has = 1 << FIELD_UID, .uid = 0 }, q;
	uint8_t buf[PROCESS_MAX];

	(void)state;
	assert_int_equal(process_encode(&p, buf, sizeof(buf)), 16);
	assert_int_equal(decode_process(&q, buf, 16), 16);
	assert_true(process_has(&q, FIELD_UID));
	assert_false(process_has(&q, FIELD_GID));
}

static void an_empty_process_is_a_process(void **state)
{
	static const uint8_t empty[] = { 'P', 'W', 2, 1, 8, 0, 0, 0 };
	struct process p;

	(void)state;
	assert_int_equal(decode_process(&p, empty, sizeof(empty)), 8);
	assert_all_zero(&p, sizeof(p));
}

static void unknown_fields_are_skipped(void **state)
{
	static const uint8_t newer[] = {
		'P',	     'W', 2, 1, 48,   0,    0,	 0,
		0,	     0,	  1, 0, 'x',  0,    0,	 0, /* type 0 */
		FIELD_COUNT, 0,	  5, 0, 'x',  'x',  'x', 'x',
		'x',	     0,	  0, 0, 0xff, 0xff, 0,	 0,
		0x40,	     0,	  4, 0, 1,    2,    3,	 4, /* past 63 bits */
		2,	     0,	  4, 0, 7,    0,    0,	 0, /* pid */
	};
	struct process p;

	(void)state;
	assert_int_equal(decode_process(&p, newer, sizeof(newer)),
			 sizeof(newer));
	assert_int_equal(p.has, 1 << FIELD_PID);
	assert_int_equal(p.pid, 7);
}

/* One field with a value of @len times 'x', in a buffer of the caller's. */
static size_t one_field(uint8_t *buf, uint8_t type, uint16_t len)
{
	size_t size = 12 + (len + 3u) / 4 * 4;

	memset(buf, 0, size);
	memcpy(buf, "PW\2\1", 4);
	buf[4] = (uint8_t)size;
	buf[5] = (uint8_t)(size >> 8);
	buf[8] = type;
	buf[10] = (uint8_t)len;
	buf[11] = (uint8_t)(len >> 8);
	memset(buf + 12, 'x', len);
	return size;
}

/* Whoever writes a longer one wants readers to work for nothing. */
static void a_record_is_no_longer_than_the_maximum(void **state)
{
	static uint8_t buf[PROCESS_MAX + 4];
	struct process p;
	size_t size = one_field(buf, FIELD_CMDLINE, PROCESS_MAX - 12);

	(void)state;
	assert_int_equal(size, PROCESS_MAX);
	assert_int_equal(decode_process(&p, buf, size), PROCESS_MAX);
	size = one_field(buf, FIELD_CMDLINE, PROCESS_MAX - 8);
	assert_int_equal(decode_process(&p, buf, size), -EBADMSG);
	assert_all_zero(&p, sizeof(p));
}

/* The longer value must leave nothing behind in the struct. */
static void a_repeated_field_counts_once(void **state)
{
	static const uint8_t twice[] = {
		'P', 'W', 2,   1,   28,	 0,   0, 0, 5, 0, 8,   0,   'c', 'h',
		'r', 'o', 'm', 'i', 'u', 'm', 5, 0, 2, 0, 's', 'h', 0,	 0,
	};
	struct process p;

	(void)state;
	assert_int_equal(decode_process(&p, twice, sizeof(twice)),
			 sizeof(twice));
	assert_string_equal(p.name, "sh");
	assert_all_zero(p.name + 2, sizeof(p.name) - 2);
}

/* Its arguments' NULs are no end of what has to go. */
static void a_repeated_cmdline_counts_once(void **state)
{
	static const uint8_t twice[] = {
		'P', 'W', 2, 1,	  28, 0,   0, 0, 7, 0, 8,   0, 'a', 0,
		'b', 0,	  0, 'c', 0,  'd', 7, 0, 1, 0, 'x', 0, 0,   0,
	};
	struct process p;

	(void)state;
	assert_int_equal(decode_process(&p, twice, sizeof(twice)),
			 sizeof(twice));
	assert_int_equal(p.cmdline_len, 1);
	assert_string_equal(p.cmdline, "x");
	assert_all_zero(p.cmdline + 1, sizeof(p.cmdline) - 1);
}

static void numbers_have_one_width(void **state)
{
	static const uint8_t wide[] = {
		'P', 'W', 2, 1, 20, 0, 0, 0, 2, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t empty[] = {
		'P', 'W', 2, 1, 12, 0, 0, 0, 2, 0, 0, 0,
	};
	static const uint8_t digest[] = {
		'P', 'W', 2, 1, 16, 0, 0, 0, FIELD_SHA256, 0, 4, 0, 1, 2, 3, 4,
	};
	struct process p;

	(void)state;
	assert_int_equal(decode_process(&p, wide, sizeof(wide)), -EBADMSG);
	assert_int_equal(decode_process(&p, empty, sizeof(empty)), -EBADMSG);
	assert_int_equal(decode_process(&p, digest, sizeof(digest)), -EBADMSG);
}

static void long_values_are_cut(void **state)
{
	uint8_t buf[6000];
	struct process p;
	size_t size;

	(void)state;
	size = one_field(buf, FIELD_NAME, 16);
	assert_int_equal(decode_process(&p, buf, size), size);
	assert_string_equal(p.name, "xxxxxxxxxxxxxxx");

	size = one_field(buf, FIELD_USER, 3000);
	assert_int_equal(decode_process(&p, buf, size), size);
	assert_int_equal(strlen(p.user), sizeof(p.user) - 1);

	size = one_field(buf, FIELD_CMDLINE, 5000);
	assert_int_equal(decode_process(&p, buf, size), size);
	assert_int_equal(p.cmdline_len, sizeof(p.cmdline) - 1);
	assert_int_equal(p.cmdline[sizeof(p.cmdline) - 1], 0);
}

/* Nothing of what lies behind the array, whatever the caller counted. */
static void a_wrong_cmdline_length_is_cut(void **state)
{
	struct process p = { .has = 1 << FIELD_CMDLINE,
			     .cmdline_len = UINT16_MAX },
		       q;
	uint8_t *buf = malloc(1 << 17);
	int n;

	(void)state;
	assert_non_null(buf);
	n = process_encode(&p, buf, 1 << 17);
	assert_int_equal(n, 12 + sizeof(p.cmdline));
	assert_int_equal(process_decode(&q, buf, (size_t)n), n);
	assert_int_equal(q.cmdline_len, sizeof(p.cmdline) - 1);
	free(buf);
}

static void strings_end_at_a_nul(void **state)
{
	uint8_t buf[64];
	struct process p;
	size_t size = one_field(buf, FIELD_EXEPATH, 9);

	(void)state;
	buf[12 + 4] = 0;
	assert_int_equal(decode_process(&p, buf, size), size);
	assert_string_equal(p.exepath, "xxxx");
	assert_all_zero(p.exepath + 4, sizeof(p.exepath) - 4);
}

/* Every field, every array full, the command line with NULs in it. */
static void fill(struct process *p)
{
	memset(p, 'x', sizeof(*p));
	p->has = (1ull << (FIELD_AEXE + 1)) - 2;
	p->cmdline_len = sizeof(p->cmdline) - 1;
	p->cmdline[5] = p->cmdline[p->cmdline_len] = 0;
	p->apid_len = sizeof(p->apid) - 1;
	p->aname_len = sizeof(p->aname) - 1;
	p->aexe_len = sizeof(p->aexe) - 1;
	p->apid[p->apid_len] = 0;
	p->aname[p->aname_len] = p->aexe[p->aexe_len] = 0;
	p->name[sizeof(p->name) - 1] = 0;
	p->pname[sizeof(p->pname) - 1] = 0;
	p->user[sizeof(p->user) - 1] = 0;
	p->container_runtime[sizeof(p->container_runtime) - 1] = 0;
	p->container_id[sizeof(p->container_id) - 1] = 0;
	p->container_name[sizeof(p->container_name) - 1] = 0;
	p->container_image[sizeof(p->container_image) - 1] = 0;
	p->pod_uid[sizeof(p->pod_uid) - 1] = 0;
	p->pod_name[sizeof(p->pod_name) - 1] = 0;
	p->pod_namespace[sizeof(p->pod_namespace) - 1] = 0;
	p->unit[sizeof(p->unit) - 1] = 0;
	p->exepath[sizeof(p->exepath) - 1] = 0;
	p->cgroup[sizeof(p->cgroup) - 1] = 0;
}

static void assert_ancestor(const struct ancestor *a, uint32_t pid,
			    const char *name, const char *exe)
{
	assert_int_equal(a->pid, pid);
	assert_int_equal(a->name_len, strlen(name));
	assert_memory_equal(a->name, name, a->name_len);
	assert_int_equal(a->exe_len, strlen(exe));
	assert_memory_equal(a->exe, exe, a->exe_len);
}

/* Each is its parent's child, up to eight; then the farthest are let go. */
static void ancestors_are_handed_down(void **state)
{
	struct process p = { .pid = 1,
			     .name = "systemd",
			     .exepath = "/sbin/init" },
		       q;
	struct ancestor all[PROCESS_ANCESTORS];
	uint8_t buf[PROCESS_MAX];
	int n;

	(void)state;
	assert_int_equal(process_ancestors(&p, all), 0);
	for (uint32_t pid = 2; pid <= 12; pid++) {
		process_descend(&p, &p);
		p.pid = pid;
		snprintf(p.name, sizeof(p.name), "n%u", pid);
		p.exepath[0] = '\0';
		if (pid % 2 == 0)
			snprintf(p.exepath, sizeof(p.exepath), "/%u", pid);
		assert_int_equal(process_ancestors(&p, all),
				 pid <= 8 ? pid - 1 : 8);
		if (pid <= 8)
			assert_ancestor(&all[pid - 2], 1, "systemd",
					"/sbin/init");
	}
	assert_ancestor(&all[0], 11, "n11", "");
	assert_ancestor(&all[1], 10, "n10", "/10");
	assert_ancestor(&all[7], 4, "n4", "/4");
	n = process_encode(&p, buf, sizeof(buf));
	assert_int_equal(process_decode(&q, buf, (size_t)n), n);
	assert_int_equal(process_ancestors(&q, all), 8);
	assert_ancestor(&all[7], 4, "n4", "/4");
}

/* What has no room is left out whole, and the others keep their places. */
static void long_ancestors_keep_their_places(void **state)
{
	struct process p = { .pid = 1, .name = "0123456789abcde" };
	struct ancestor all[PROCESS_ANCESTORS];
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[199] = 0;
	for (int i = 0; i < 8; i++) {
		snprintf(p.exepath, sizeof(p.exepath), "%s",
			 i % 2 ? path : "/a");
		process_descend(&p, &p);
	}
	assert_int_equal(process_ancestors(&p, all), 8);
	assert_ancestor(&all[0], 1, "0123456789abcde", path);
	assert_ancestor(&all[1], 1, "0123456789abcde", "/a");
	assert_ancestor(&all[2], 1, "0123456789abcde", "");
	assert_ancestor(&all[7], 1, "0123456789abcde", "/a");
}

static void fewer_names_than_pids_do_no_harm(void **state)
{
	struct process p = { .apid_len = 11,
			     .aname_len = 2,
			     .aname = "ab",
			     .aexe_len = 4,
			     .aexe = "\0\0\0\0" };
	struct ancestor all[PROCESS_ANCESTORS];

	(void)state;
	assert_int_equal(process_ancestors(&p, all), 2);
	assert_ancestor(&all[0], 0, "ab", "");
	assert_ancestor(&all[1], 0, "", "");
}

static void the_largest_process_fits(void **state)
{
	struct process p, q, r;
	uint8_t buf[PROCESS_MAX], again[PROCESS_MAX];
	int n;

	(void)state;
	fill(&p);
	n = process_encode(&p, buf, sizeof(buf));
	assert_in_range(n, sizeof(p.cmdline) + sizeof(p.exepath), PROCESS_MAX);
	assert_int_equal(process_decode(&q, buf, (size_t)n), n);
	assert_int_equal(q.has, p.has);
	assert_int_equal(q.cmdline_len, p.cmdline_len);
	assert_memory_equal(q.cmdline, p.cmdline, sizeof(p.cmdline));
	assert_string_equal(q.cgroup, p.cgroup);
	assert_string_equal(q.container_image, p.container_image);
	assert_string_equal(q.pod_uid, p.pod_uid);
	assert_string_equal(q.pod_name, p.pod_name);
	assert_string_equal(q.pod_namespace, p.pod_namespace);
	assert_memory_equal(q.sha256, p.sha256, sizeof(p.sha256));
	assert_int_equal(q.exit_status, p.exit_status);

	assert_int_equal(process_encode(&q, again, sizeof(again)), n);
	assert_memory_equal(again, buf, (size_t)n);
	assert_int_equal(process_decode(&r, again, (size_t)n), n);
	assert_memory_equal(&r, &q, sizeof(q));
}

/* What was added later gives way, whole, to what older readers know. */
static void what_has_no_room_is_left_out(void **state)
{
	const uint64_t all = (1ull << FIELD_COUNT) - 2;
	struct process p, q;
	uint8_t buf[PROCESS_MAX];
	int n;

	(void)state;
	fill(&p);
	p.has = all;
	p.sha256_reason = HASH_REASON_LARGE;
	strcpy(p.tty, "pts/0");
	p.cwd[sizeof(p.cwd) - 1] = p.script[sizeof(p.script) - 1] = 0;
	p.session_id[sizeof(p.session_id) - 1] = 0;
	p.session_address[sizeof(p.session_address) - 1] = 0;
	n = process_encode(&p, buf, sizeof(buf));
	assert_in_range(n, 1, PROCESS_MAX);
	assert_int_equal(process_decode(&q, buf, (size_t)n), n);
	assert_int_equal(q.has,
			 all & ~(1ull << FIELD_CWD | 1ull << FIELD_SCRIPT |
				 1ull << FIELD_SESSION_ADDRESS));
	assert_string_equal(q.tty, "pts/0");
	p.cmdline_len -= 600;
	n = process_encode(&p, buf, sizeof(buf));
	assert_int_equal(process_decode(&q, buf, (size_t)n), n);
	assert_int_equal(q.has, all);
	assert_string_equal(q.cwd, p.cwd);
	assert_string_equal(q.session_address, p.session_address);
	assert_int_equal(process_encode(&p, buf, (size_t)n - 1), -ENOSPC);
}

static void a_table_is_walked(void **state)
{
	uint8_t buf[TABLE_HEADER_LEN + sizeof(curl_record)];
	struct table_header t = { .length = sizeof(curl_record), .count = 1 };
	struct process p;

	(void)state;
	assert_int_equal(table_header_encode(&t, buf, sizeof(buf)),
			 TABLE_HEADER_LEN);
	assert_memory_equal(buf, table_head, sizeof(table_head));
	memcpy(buf + TABLE_HEADER_LEN, curl_record, sizeof(curl_record));

	memset(&t, 0xee, sizeof(t));
	assert_int_equal(table_header_decode(&t, buf, sizeof(buf)),
			 TABLE_HEADER_LEN);
	assert_int_equal(t.length, sizeof(curl_record));
	assert_int_equal(t.count, 1);
	assert_int_equal(process_decode(&p, buf + TABLE_HEADER_LEN, t.length),
			 t.length);
}

static void a_table_longer_than_its_block_is_refused(void **state)
{
	uint8_t buf[TABLE_HEADER_LEN + sizeof(curl_record)] = { 0 };
	struct table_header t;

	(void)state;
	memcpy(buf, table_head, sizeof(table_head));
	for (size_t n = 0; n < sizeof(buf); n++) {
		memset(&t, 0xee, sizeof(t));
		assert_int_equal(table_header_decode(&t, buf, n), -EBADMSG);
		assert_all_zero(&t, sizeof(t));
	}
	for (size_t n = 0; n < TABLE_HEADER_LEN; n++)
		assert_int_equal(table_header_encode(&t, buf, n), -ENOSPC);
}

static const uint8_t boot[16] = "0123456789abcde";

/* In files, and compared across them: this value must never change. */
static void the_process_id_is_stable(void **state)
{
	(void)state;
	assert_int_equal(process_id(boot, 4242, 123456, 1), 0xe91c95c0991da4d0);
}

static void each_part_makes_another_process(void **state)
{
	uint8_t other[16];
	uint64_t id = process_id(boot, 4242, 123456, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(boot) * 8; i++) {
		memcpy(other, boot, sizeof(other));
		other[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(process_id(other, 4242, 123456, 1), id);
	}
	assert_int_not_equal(process_id(boot, 4243, 123456, 1), id);
	assert_int_not_equal(process_id(boot, 4242, 123457, 1), id);
	assert_int_not_equal(process_id(boot, 4242, 123456, 2), id);
	assert_int_not_equal(process_id(boot, 123456, 4242, 1), id);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Neighbours in pid and time, as a busy host makes them. */
static void a_busy_host_has_no_twins(void **state)
{
	enum { PIDS = 500, STARTS = 500, N = PIDS * STARTS };
	uint64_t *ids = malloc(N * sizeof(*ids));

	(void)state;
	assert_non_null(ids);
	for (uint32_t i = 0; i < N; i++)
		ids[i] = process_id(boot, i % PIDS, i / PIDS, 1 + i % 3);
	qsort(ids, N, sizeof(*ids), by_value);
	assert_int_not_equal(ids[0], 0);
	for (size_t i = 1; i < N; i++)
		assert_int_not_equal(ids[i - 1], ids[i]);
	free(ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_has_known_bytes),
		cmocka_unit_test(every_cut_process_is_refused),
		cmocka_unit_test(every_shortened_process_ends_between_fields),
		cmocka_unit_test(a_short_buffer_gets_no_process),
		cmocka_unit_test(absent_is_not_zero),
		cmocka_unit_test(an_empty_process_is_a_process),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(a_repeated_field_counts_once),
		cmocka_unit_test(a_repeated_cmdline_counts_once),
		cmocka_unit_test(a_record_is_no_longer_than_the_maximum),
		cmocka_unit_test(numbers_have_one_width),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(a_wrong_cmdline_length_is_cut),
		cmocka_unit_test(strings_end_at_a_nul),
		cmocka_unit_test(ancestors_are_handed_down),
		cmocka_unit_test(long_ancestors_keep_their_places),
		cmocka_unit_test(fewer_names_than_pids_do_no_harm),
		cmocka_unit_test(the_largest_process_fits),
		cmocka_unit_test(what_has_no_room_is_left_out),
		cmocka_unit_test(a_table_is_walked),
		cmocka_unit_test(a_table_longer_than_its_block_is_refused),
		cmocka_unit_test(the_process_id_is_stable),
		cmocka_unit_test(each_part_makes_another_process),
		cmocka_unit_test(a_busy_host_has_no_twins),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
