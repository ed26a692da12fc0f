/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file tells of its programs, packet by packet. */
#include "exact.h"

#include <malloc.h>

#include "record.h"
#include "view/reader_programs.h"

static struct reader_programs *programs;

static int make(void **state)
{
	(void)state;
	programs = reader_programs_new();
	return !programs;
}

static int unmake(void **state)
{
	(void)state;
	reader_programs_free(programs);
	return 0;
}

/* A record of process 7 with that user. */
static void learn(uint32_t uid)
{
	struct process p = { .id = 7,
			     .pid = 42,
			     .uid = uid,
			     .has = 1ull << FIELD_ID | 1ull << FIELD_PID |
				    1ull << FIELD_UID };
	uint8_t record[PROCESS_MAX];
	int len = process_encode(&p, record, sizeof(record));

	assert_true(len > 0);
	reader_programs_learn(programs, record, (size_t)len);
}

static const struct program *end(bool sends)
{
	static const struct packet_end e = {
		.present = true, .id = 7, .pid = 42, .name = "curl"
	};

	return reader_programs_of(programs, &e, sends);
}

static uint32_t uid_of(bool sends)
{
	struct process p;

	assert_true(kept_record_read(&end(sends)->record, &p));
	return p.uid;
}

static void the_latest_record_holds_for_both_ends(void **state)
{
	uint32_t version;

	(void)state;
	reader_programs_begin(programs);
	assert_int_equal(kept_record_len(&end(true)->record), 0);
	learn(1);
	version = end(true)->version;
	reader_programs_begin(programs);
	learn(1);
	assert_int_equal(end(true)->version, version);
	reader_programs_begin(programs);
	learn(2);
	assert_int_equal(uid_of(true), 2);
	assert_int_equal(uid_of(false), 2);
	assert_true(end(true)->version > version);
	assert_string_equal(end(true)->name, "curl");
	assert_int_equal(end(true)->proc->pid, 42);
}

/* The first is of who sent it. */
static void two_records_are_one_for_each_end(void **state)
{
	uint32_t versions[2];

	(void)state;
	for (int i = 0; i < 3; i++) {
		reader_programs_begin(programs);
		learn(1);
		learn(2);
		assert_int_equal(uid_of(true), 1);
		assert_int_equal(uid_of(false), 2);
		/* Nothing is news the second time. */
		if (i) {
			assert_int_equal(end(true)->version, versions[0]);
			assert_int_equal(end(false)->version, versions[1]);
		}
		versions[0] = end(true)->version;
		versions[1] = end(false)->version;
	}
	reader_programs_begin(programs);
	assert_int_equal(uid_of(true), 2);
}

static void what_is_no_record_tells_nothing(void **state)
{
	static const struct packet_end nobody = { .id = 7 };

	(void)state;
	reader_programs_begin(programs);
	reader_programs_learn(programs, (const uint8_t *)"PW", 2);
	assert_int_equal(kept_record_len(&end(false)->record), 0);
	assert_null(reader_programs_of(programs, &nobody, true));
	reader_programs_free(NULL);
}

/* A file may have more of them than memory. */
static void many_long_records_are_learned_anew(void **state)
{
	static struct process p = { .has = 1ull << FIELD_ID |
					   1ull << FIELD_CMDLINE,
				    .cmdline_len = 4000 };
	size_t most = 0, before = mallinfo2().uordblks;

	(void)state;
	memset(p.cmdline, 'x', p.cmdline_len);
	for (uint32_t i = 0; i < 16000; i++) {
		uint8_t record[PROCESS_MAX];
		size_t used;

		p.id = i + 1;
		memcpy(p.cmdline, &i, sizeof(i));
		reader_programs_begin(programs);
		reader_programs_learn(programs, record,
				      (size_t)process_encode(&p, record,
							     sizeof(record)));
		used = mallinfo2().uordblks - before;
		most = used > most ? used : most;
	}
	assert_true(most < 45u << 20);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_latest_record_holds_for_both_ends),
		test(two_records_are_one_for_each_end),
		test(what_is_no_record_tells_nothing),
		test(many_long_records_are_learned_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
