/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When an executable is hashed, and which answer is put into its record. */
#include "exact.h"

#include <stdio.h>

#include "bpf/probe.h"
#include "lookup/lookup.h"
#include "owner/owners_parts.h"
#include "process/hasher.h"

static struct owners o;
static unsigned asked, consumed;
static bool takes, ran_last;
static uint64_t lost;
static struct hasher_answer answer;
static bool has_answer;
static int has_hash;
static uint32_t why_not;

bool __wrap_lookup_hash(struct lookup *l, const struct hasher_question *q);
bool __wrap_lookup_hash(struct lookup *l, const struct hasher_question *q)
{
	(void)l;
	assert_string_equal(q->path, "/usr/bin/curl");
	assert_int_equal(q->pid, 42);
	asked++;
	return takes;
}

bool __wrap_lookup_hashed(struct lookup *l, struct hasher_answer *a);
bool __wrap_lookup_hashed(struct lookup *l, struct hasher_answer *a)
{
	bool had = has_answer;

	(void)l;
	*a = answer;
	has_answer = false;
	return had;
}

void __wrap_program_exepath(struct proctab *t, const struct program *i,
			    char *out, size_t size);
void __wrap_program_exepath(struct proctab *t, const struct program *i,
			    char *out, size_t size)
{
	(void)t;
	(void)i;
	snprintf(out, size, "/usr/bin/curl");
}

int __wrap_probe_consume(struct probe *p);
int __wrap_probe_consume(struct probe *p)
{
	(void)p;
	consumed++;
	return 0;
}

uint64_t __wrap_probe_lost(const struct probe *p);
uint64_t __wrap_probe_lost(const struct probe *p)
{
	(void)p;
	return lost;
}

bool __wrap_proctab_ran_last(struct proctab *t, uint32_t pid, uint64_t start_ns,
			     uint64_t exec_gen);
bool __wrap_proctab_ran_last(struct proctab *t, uint32_t pid, uint64_t start_ns,
			     uint64_t exec_gen)
{
	(void)t;
	(void)pid;
	(void)start_ns;
	(void)exec_gen;
	return ran_last;
}

void __wrap_proctab_set_sha256(struct proctab *t, uint32_t pid,
			       uint64_t start_ns, uint64_t exec_gen,
			       const uint8_t sha256[32]);
void __wrap_proctab_set_sha256(struct proctab *t, uint32_t pid,
			       uint64_t start_ns, uint64_t exec_gen,
			       const uint8_t sha256[32])
{
	(void)t;
	(void)start_ns;
	(void)exec_gen;
	assert_int_equal(pid, 42);
	assert_int_equal(sha256[0], 1);
	has_hash = 1;
}

void __wrap_proctab_set_no_sha256(struct proctab *t, uint32_t pid,
				  uint64_t start_ns, uint64_t exec_gen,
				  uint32_t reason);
void __wrap_proctab_set_no_sha256(struct proctab *t, uint32_t pid,
				  uint64_t start_ns, uint64_t exec_gen,
				  uint32_t reason)
{
	(void)t;
	(void)pid;
	(void)start_ns;
	(void)exec_gen;
	has_hash = 0;
	why_not = reason;
}

static int begin(void **state)
{
	static int any;

	(void)state;
	o = (struct owners){ .probe = (struct probe *)&any };
	asked = consumed = 0;
	takes = ran_last = true;
	lost = 0;
	has_hash = -1;
	why_not = 0;
	return 0;
}

static void hear(bool known, bool linked)
{
	answer = (struct hasher_answer){
		.question.pid = 42,
		.known = known,
		.linked = linked,
		.reason = HASH_REASON_GONE,
		.sha256 = { 1 },
	};
	has_answer = true;
	owners_take_hashes(&o);
}

static void a_program_is_asked_for_once(void **state)
{
	struct proc p = { .pid = 42 };
	struct program i = { .proc = &p };

	(void)state;
	takes = false;
	owners_hash(&o, &i); /* too many questions wait */
	takes = true;
	owners_hash(&o, &i);
	owners_hash(&o, &i);
	assert_int_equal(asked, 2);
}

static void a_files_hash_is_right(void **state)
{
	(void)state;
	hear(true, false);
	assert_int_equal(has_hash, 1);
	assert_int_equal(consumed, 0);
}

static void what_is_not_known_has_a_reason(void **state)
{
	(void)state;
	hear(false, false);
	assert_int_equal(has_hash, 0);
	assert_int_equal(why_not, HASH_REASON_GONE);
}

/* What happened before the answer must have been told, and nothing be lost. */
static void a_processs_link_is_believed_while_it_runs_the_same(void **state)
{
	(void)state;
	hear(true, true);
	assert_int_equal(has_hash, 1);
	assert_int_equal(consumed, 1);
	ran_last = false;
	hear(true, true);
	assert_int_equal(has_hash, 0);
	assert_int_equal(why_not, HASH_REASON_CHANGED);
	ran_last = true;
	lost = 1;
	hear(true, true);
	assert_int_equal(has_hash, 0);
}

static void without_the_probe_no_link_is_believed(void **state)
{
	(void)state;
	o.probe = NULL;
	hear(true, true);
	assert_int_equal(has_hash, 0);
	assert_int_equal(why_not, HASH_REASON_CHANGED);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_program_is_asked_for_once),
		TEST(a_files_hash_is_right),
		TEST(what_is_not_known_has_a_reason),
		TEST(a_processs_link_is_believed_while_it_runs_the_same),
		TEST(without_the_probe_no_link_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
