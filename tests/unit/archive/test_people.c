/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is looked for, over what many files say of them. */
#include "archive/packet.h"
#include "archive/people.h"
#include "exact.h"
#include "process/filter/filter.h"

static void a_process_is_one_over_all_files(void **state)
{
	struct filter filter = { 0 };
	struct process p = { .id = 7, .pid = 42, .name = "curl" }, out;
	uint8_t record[PROCESS_MAX], bytes[PROCESS_MAX];
	struct people *t;
	struct person *person;
	int len;

	(void)state;
	p.has = 1ull << FIELD_ID | 1ull << FIELD_PID | 1ull << FIELD_NAME;
	len = process_encode(&p, record, sizeof(record));
	assert_true(filter_add(&filter, FILTER_PROC, "curl"));
	t = people_new(&filter);
	person = people_learn(t, record, (size_t)len, false);
	assert_true(person->wanted);
	person->told = true;
	assert_true(person->wanted_now);
	assert_ptr_equal(people_learn(t, record, (size_t)len, false), person);
	assert_true(person->told);
	/* Under another name it is still who was looked for, if not now. */
	strcpy(p.name, "sh");
	len = process_encode(&p, record, sizeof(record));
	assert_ptr_equal(people_learn(t, record, (size_t)len, false), person);
	assert_true(person->wanted);
	assert_false(person->wanted_now);
	assert_false(person->told);
	assert_null(people_learn(t, record, 3, false));
	assert_null(people_of(t, &(struct packet_end){ .id = 7 }));
	person_count(person, 5, 100);
	person_count(person, 9, 1);
	assert_true(person_describe(person, &out, bytes) > 0);
	assert_string_equal(out.name, "sh");
	assert_int_equal(out.packets, 2);
	assert_int_equal(out.bytes, 101);
	assert_int_equal(out.first_seen_ns, 5);
	assert_int_equal(out.last_seen_ns, 9);
	people_free(t);
	people_free(NULL);
}

/* A record of that name, id and pid; its length. */
static size_t record_of(uint64_t id, const char *name, uint8_t *out)
{
	struct process p = { .id = id, .pid = 42 };
	int len;

	p.has = 1ull << FIELD_PID | 1ull << FIELD_NAME;
	if (id)
		p.has |= 1ull << FIELD_ID;
	strcpy(p.name, name);
	len = process_encode(&p, out, PROCESS_MAX);
	assert_true(len > 0);
	return (size_t)len;
}

/* Who reads under another name what it has sent is both in that packet. */
static void a_packet_may_have_two_records_of_one(void **state)
{
	uint8_t curl[PROCESS_MAX], sh[PROCESS_MAX];
	struct archive_packet p = {
		.owners = { .src = { .present = true, .id = 7 },
			    .dst = { .present = true, .id = 7 } },
		.records = { { curl, record_of(7, "curl", curl) },
			     { sh, record_of(7, "sh", sh) } },
		.record_count = 2,
	};
	struct filter filter = { 0 };
	struct person *person;
	struct people *t;

	(void)state;
	assert_true(filter_add(&filter, FILTER_PROC, "curl"));
	t = people_new(&filter);
	people_learn_packet(t, &p);
	person = people_of(t, &p.owners.src);
	assert_true(people_want(t, person));
	p.record_count = 0;
	people_learn_packet(t, &p);
	assert_false(people_want(t, person));
	people_free(t);
}

/* The process table closes a file, and says more than a packet's record. */
static void a_closing_record_is_the_last_word(void **state)
{
	uint8_t early[PROCESS_MAX], late[PROCESS_MAX], bytes[PROCESS_MAX];
	size_t early_len = record_of(7, "sh", early);
	size_t late_len = record_of(7, "curl", late);
	struct filter all = { 0 };
	struct people *t = people_new(&all);
	struct person *person;
	struct process out;

	(void)state;
	person = people_learn(t, late, late_len, true);
	assert_true(person->wanted);
	assert_ptr_equal(people_learn(t, early, early_len, false), person);
	assert_true(person_describe(person, &out, bytes) > 0);
	assert_string_equal(out.name, "curl");
	/* What is counted replaces what another file counted. */
	assert_int_equal(out.packets, 0);
	people_free(t);
}

static void a_record_that_tells_no_id_is_nobodys(void **state)
{
	uint8_t record[PROCESS_MAX];
	size_t len = record_of(0, "curl", record);
	struct filter all = { 0 };
	struct people *t = people_new(&all);

	(void)state;
	assert_null(people_learn(t, record, len, false));
	len = record_of(7, "curl", record);
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = exact_copy(record, n);
		const struct person *p = people_learn(t, cut, n, false);

		/* Where a field ends, what is before it may be a record. */
		if (p)
			assert_int_equal(p->id, 7);
		free(cut);
	}
	people_free(t);
}

static void somebody_without_a_record_cannot_be_described(void **state)
{
	struct packet_end end = { .present = true, .id = 9 };
	struct filter nobody = { 0 };
	uint8_t bytes[PROCESS_MAX];
	struct person *person;
	struct process out;
	struct people *t;

	(void)state;
	assert_true(filter_add(&nobody, FILTER_PROC, "nobody"));
	t = people_new(&nobody);
	person = people_of(t, &end);
	assert_non_null(person);
	assert_false(person->wanted);
	assert_ptr_equal(people_of(t, &end), person);
	assert_int_equal(person_describe(person, &out, bytes), 0);
	people_free(t);
}

static void count_one(void *ctx, struct person *p)
{
	uint64_t *sum = ctx;

	*sum += p->id;
}

/* Ids are chosen by whoever wrote the file: all may be in one bucket. */
static void each_is_found_among_many(void **state)
{
	struct filter all = { 0 };
	struct people *t = people_new(&all);
	uint64_t sum = 0, expected = 0;

	(void)state;
	for (uint64_t i = 1; i <= 500; i++) {
		struct packet_end end = { .present = true, .id = i << 32 };

		assert_non_null(people_of(t, &end));
		assert_int_equal(people_of(t, &end)->id, i << 32);
		expected += i << 32;
	}
	people_each(t, count_one, &sum);
	assert_int_equal(sum, expected);
	people_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_one_over_all_files),
		cmocka_unit_test(a_packet_may_have_two_records_of_one),
		cmocka_unit_test(a_closing_record_is_the_last_word),
		cmocka_unit_test(a_record_that_tells_no_id_is_nobodys),
		cmocka_unit_test(somebody_without_a_record_cannot_be_described),
		cmocka_unit_test(each_is_found_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
