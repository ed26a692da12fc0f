/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records that share what they have in common. */
#include "exact.h"

#include <malloc.h>
#include <string.h>

#include "process/records/kept_record.h"

#define MANY 1000

static struct rests *rests;

static int make(void **state)
{
	(void)state;
	rests = rests_new();
	return !rests;
}

static int unmake(void **state)
{
	(void)state;
	rests_free(rests);
	return 0;
}

static size_t encode(uint8_t out[PROCESS_MAX], uint32_t pid, const char *name,
		     const char *path)
{
	static struct process p;
	int len;

	memset(&p, 0, sizeof(p));
	p.id = 1000 + pid;
	p.pid = pid;
	p.has = 1ull << FIELD_ID | 1ull << FIELD_PID | 1ull << FIELD_PPID |
		1ull << FIELD_START | 1ull << FIELD_NAME;
	strcpy(p.name, name);
	if (path) {
		memset(p.exepath, 'x', sizeof(p.exepath) - 1);
		memcpy(p.exepath, path, strlen(path));
		process_set_field(&p, FIELD_EXEPATH);
	}
	len = process_encode(&p, out, PROCESS_MAX);
	assert_true(len > 0);
	return (size_t)len;
}

static void keep(struct kept_record *r, uint32_t pid, const char *name,
		 const char *path)
{
	uint8_t record[PROCESS_MAX];
	size_t len = encode(record, pid, name, path);

	assert_true(kept_record_set(rests, r, record, len));
}

static void assert_is(const struct kept_record *r, uint32_t pid,
		      const char *name, const char *path)
{
	uint8_t record[PROCESS_MAX], kept[PROCESS_MAX];
	size_t len = encode(record, pid, name, path);

	assert_int_equal(kept_record_len(r), len);
	assert_int_equal(kept_record_copy(r, kept), len);
	assert_memory_equal(kept, record, len);
}

static void a_record_is_given_back_as_it_was(void **state)
{
	static const char *const names[] = { "", "sh", "a-longest-name!" };
	struct kept_record r = { 0 };
	struct process p;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		keep(&r, i, names[i], NULL);
		assert_is(&r, i, names[i], NULL);
		keep(&r, i, names[i], "/bin/sh");
		assert_is(&r, i, names[i], "/bin/sh");
		assert_true(kept_record_read(&r, &p));
		assert_string_equal(p.name, names[i]);
		assert_int_equal(p.pid, i);
	}
	kept_record_drop(&r);
	assert_int_equal(kept_record_len(&r), 0);
	assert_false(kept_record_read(&r, &p));
	assert_int_equal(p.pid, 0);
}

/* A file's record may have its fields in any order, and longer. */
static void any_record_is_cut_between_fields(void **state)
{
	uint8_t record[PROCESS_MAX], kept[PROCESS_MAX];
	struct kept_record r = { 0 };
	size_t len = encode(record, 1, "sh", "/bin/sh");

	(void)state;
	/* The name's field is a path's now, and the path's a very long name's. */
	for (size_t at = 8; at < len;
	     at += 4 + (((size_t)record[at + 2] | (size_t)record[at + 3] << 8) +
			3) / 4 *
			       4)
		record[at] = record[at] == FIELD_NAME	 ? FIELD_EXEPATH :
			     record[at] == FIELD_EXEPATH ? FIELD_NAME :
							   record[at];
	assert_true(kept_record_set(rests, &r, record, len));
	assert_int_equal(kept_record_copy(&r, kept), len);
	assert_memory_equal(kept, record, len);
	kept_record_drop(&r);
}

static void what_many_have_in_common_is_kept_once(void **state)
{
	static struct kept_record all[MANY];
	size_t before = mallinfo2().uordblks;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		keep(&all[i], i, "worker", "/usr/bin/worker");
	assert_true(mallinfo2().uordblks < before + 3 * PROCESS_MAX);
	assert_in_range(rests_bytes(rests), PROCESS_MAX / 4, PROCESS_MAX);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_is(&all[i], i, "worker", "/usr/bin/worker");
		kept_record_drop(&all[i]);
	}
}

/* Two that meet in a slot do not take each other's. */
static void others_stay_what_they_were(void **state)
{
	static struct kept_record all[2 * MANY];
	char path[32];

	(void)state;
	for (uint32_t i = 0; i < 2 * MANY; i++) {
		snprintf(path, sizeof(path), "/tmp/%u", i / 2);
		keep(&all[i], i, "sh", path);
	}
	for (uint32_t i = 0; i < 2 * MANY; i++) {
		snprintf(path, sizeof(path), "/tmp/%u", i / 2);
		assert_is(&all[i], i, "sh", path);
	}
	/* One shared with somebody else stays after its first keeper. */
	kept_record_drop(&all[0]);
	assert_is(&all[1], 1, "sh", "/tmp/0");
	for (uint32_t i = 0; i < 2 * MANY; i++)
		kept_record_drop(&all[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_given_back_as_it_was),
		cmocka_unit_test(any_record_is_cut_between_fields),
		cmocka_unit_test(what_many_have_in_common_is_kept_once),
		cmocka_unit_test(others_stay_what_they_were),
	};

	return cmocka_run_group_tests_name("kept_record", tests, make, unmake);
}
