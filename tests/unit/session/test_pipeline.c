/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long a packet waits for its owner, and what becomes of it then. */
#include "exact.h"

#include <errno.h>
#include <stdio.h>

#include "host/clocks.h"
#include "host/watch.h"
#include "options.h"
#include "output/output.h"
#include "owner/owned_packet.h"
#include "owner/owners.h"
#include "session/files/files.h"
#include "session/parts.h"
#include "session/pipeline.h"
#include "view/flows/losses.h"

#define MS 1000000ull
#define T  1000000000000ull

/* ---- what stands around it ---- */

static uint64_t now_ns;
static struct frame frames[8]; /* those that wait, in order */
static int frame_count, first, lost;
static bool has_gap, is_settled, hashing, unread;
static struct verdict verdict;
static int choose_err, packet_err, read_err;
static uint64_t written[8];
static int written_count, early, missed, hashed, pruned, updated;

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now_ns;
}

int __wrap_watch_wait(struct watch *w, unsigned count, int timeout_ms);
int __wrap_watch_wait(struct watch *w, unsigned count, int timeout_ms)
{
	(void)w;
	(void)count;
	now_ns += (uint64_t)timeout_ms * MS;
	return 0;
}

void __wrap_captures_shrink(struct captures *c);
void __wrap_captures_shrink(struct captures *c)
{
	(void)c;
}

static bool may_rest;

bool __wrap_captures_may_rest(const struct captures *c);
bool __wrap_captures_may_rest(const struct captures *c)
{
	(void)c;
	return may_rest;
}

int __wrap_captures_read(struct captures *c, const struct captures_room *room);
int __wrap_captures_read(struct captures *c, const struct captures_room *room)
{
	(void)c;
	(void)room;
	return read_err;
}

const struct frame *__wrap_captures_oldest(const struct captures *c, bool *gap);
const struct frame *__wrap_captures_oldest(const struct captures *c, bool *gap)
{
	(void)c;
	*gap = has_gap;
	return first < frame_count ? &frames[first] : NULL;
}

/* What it fetches no test can see. */
const struct frame *__wrap_captures_ahead(struct captures *c,
					  uint32_t interface);
const struct frame *__wrap_captures_ahead(struct captures *c,
					  uint32_t interface)
{
	(void)c;
	(void)interface;
	return NULL;
}

void __wrap_captures_pop(struct captures *c, uint32_t interface);
void __wrap_captures_pop(struct captures *c, uint32_t interface)
{
	(void)c;
	(void)interface;
	first++;
}

void __wrap_captures_give_up(struct captures *c);
void __wrap_captures_give_up(struct captures *c)
{
	(void)c;
	lost += 10;
}

void __wrap_captures_lose(struct captures *c, uint32_t interface);
void __wrap_captures_lose(struct captures *c, uint32_t interface)
{
	(void)c;
	(void)interface;
	lost++;
}

unsigned __wrap_captures_namespace(const struct captures *c, uint32_t i);
unsigned __wrap_captures_namespace(const struct captures *c, uint32_t i)
{
	(void)c;
	return i + 3;
}

uint32_t __wrap_captures_linktype(const struct captures *c, uint32_t i);
uint32_t __wrap_captures_linktype(const struct captures *c, uint32_t i)
{
	(void)c;
	return i ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
}

uint64_t __wrap_captures_statistics(const struct captures *c,
				    struct output_interface_stats *stats);
uint64_t __wrap_captures_statistics(const struct captures *c,
				    struct output_interface_stats *stats)
{
	(void)c;
	(void)stats;
	return 9;
}

void __wrap_owners_update(struct owners *o);
void __wrap_owners_update(struct owners *o)
{
	(void)o;
	updated++;
}

bool __wrap_owners_resolve(struct owners *o, const struct packet *p,
			   const struct owners_seen *seen, struct verdict *v);
bool __wrap_owners_resolve(struct owners *o, const struct packet *p,
			   const struct owners_seen *seen, struct verdict *v)
{
	(void)o;
	(void)p;
	assert_int_equal(seen->ts_ns, frames[first].ts_ns);
	assert_int_equal(seen->namespace, frames[first].interface + 3);
	*v = verdict;
	return is_settled;
}

uint64_t __wrap_owners_mono_ns(const struct owners *o, uint64_t ts_ns);
uint64_t __wrap_owners_mono_ns(const struct owners *o, uint64_t ts_ns)
{
	(void)o;
	return ts_ns;
}

static uint64_t done_until, pruned_at;

void __wrap_owners_done(struct owners *o, uint64_t mono_ns);
void __wrap_owners_done(struct owners *o, uint64_t mono_ns)
{
	(void)o;
	done_until = mono_ns;
}

void __wrap_owners_hash(struct owners *o, struct program *i);
void __wrap_owners_hash(struct owners *o, struct program *i)
{
	(void)o;
	(void)i;
	hashed++;
}

void __wrap_owners_end(struct owners *o);
void __wrap_owners_end(struct owners *o)
{
	(void)o;
}

bool __wrap_owners_have_unread(const struct owners *o);
bool __wrap_owners_have_unread(const struct owners *o)
{
	(void)o;
	return unread;
}

bool __wrap_owners_hashing(const struct owners *o);
bool __wrap_owners_hashing(const struct owners *o)
{
	(void)o;
	return hashing;
}

void __wrap_owners_stats(const struct owners *o, struct owners_stats *s);
void __wrap_owners_stats(const struct owners *o, struct owners_stats *s)
{
	(void)o;
	*s = (struct owners_stats){ .events_lost = 4 };
}

struct proctab *__wrap_owners_processes(struct owners *o);
struct proctab *__wrap_owners_processes(struct owners *o)
{
	(void)o;
	return NULL;
}

void __wrap_proctab_prune(struct proctab *t, uint64_t now, uint32_t section);
void __wrap_proctab_prune(struct proctab *t, uint64_t now, uint32_t section)
{
	(void)t;
	(void)section;
	pruned_at = now;
	pruned++;
}

struct program *__wrap_proc_program_at(const struct proc *p, uint64_t mono_ns);
struct program *__wrap_proc_program_at(const struct proc *p, uint64_t mono_ns)
{
	(void)mono_ns;
	return p->program;
}

int __wrap_files_choose(struct files *f, const struct owned_packet *p);
int __wrap_files_choose(struct files *f, const struct owned_packet *p)
{
	(void)f;
	(void)p;
	return choose_err;
}

int __wrap_files_packet(struct files *f, const struct owned_packet *p);
int __wrap_files_packet(struct files *f, const struct owned_packet *p)
{
	(void)f;
	if (!packet_err)
		written[written_count++] = p->frame->ts_ns;
	return packet_err;
}

void __wrap_files_count_early(struct files *f);
void __wrap_files_count_early(struct files *f)
{
	(void)f;
	early++;
}

void __wrap_files_miss(struct files *f);
void __wrap_files_miss(struct files *f)
{
	(void)f;
	missed++;
}

uint32_t __wrap_files_section(const struct files *f);
uint32_t __wrap_files_section(const struct files *f)
{
	(void)f;
	return 1;
}

static const struct program *alarmed;

void __wrap_parts_alarm(struct parts *p, const struct program *who);
void __wrap_parts_alarm(struct parts *p, const struct program *who)
{
	(void)p;
	alarmed = who;
}

/* ---- tests ---- */

static struct options options;
static struct parts parts;
static struct pipeline pipeline;
static struct proc proc;
static struct program program = { .proc = &proc };

static int begin(void **state)
{
	(void)state;
	options = (struct options){ .hash = true };
	parts = (struct parts){ .options = &options };
	pipeline_init(&pipeline, &parts);
	proc.program = &program;
	memset(&verdict, 0, sizeof(verdict));
	frame_count = first = lost = written_count = early = missed = 0;
	hashed = pruned = updated = choose_err = packet_err = read_err = 0;
	has_gap = hashing = false;
	is_settled = true;
	now_ns = T;
	return 0;
}

/* A packet that was seen so long ago. */
static void comes(uint64_t age_ns)
{
	frames[frame_count++] = (struct frame){ .ts_ns = now_ns - age_ns };
}

static void what_is_settled_goes_at_once(void **state)
{
	(void)state;
	comes(2 * MS);
	comes(MS);
	assert_int_equal(pipeline_step(&pipeline), 0);
	assert_int_equal(written_count, 2);
	assert_int_equal(written[0], T - 2 * MS);
	assert_int_equal(parts.ending.packets, 2);
	assert_int_equal(early, 0);
	assert_false(pipeline_waits(&pipeline));
	unread = true;
	assert_true(pipeline_waits(&pipeline));
	unread = false;
}

static void a_packet_waits_for_a_late_event(void **state)
{
	(void)state;
	is_settled = false;
	comes(0);
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 0);
	assert_true(pipeline_waits(&pipeline));
	now_ns += FLOWTAB_HOLD_NS - 1;
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 0);
	now_ns += 1;
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 2);
	assert_int_equal(early, 0);
}

/* Nobody looks at a file meanwhile; but what nobody reads has had its chance. */
static void a_file_waits_longer_for_who_reads(void **state)
{
	(void)state;
	parts.to_file = true;
	is_settled = false;
	verdict.unread = 5;
	comes(249 * MS);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 0);
	now_ns += MS;
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 1);
	comes(50 * MS);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 2);
	/* Others are waited for as before. */
	verdict.unread = 6;
	comes(249 * MS);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 2);
	verdict.unread = 0;
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 3);
}

static void a_packet_waits_for_an_older_one_of_another_interface(void **state)
{
	(void)state;
	has_gap = true;
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 0);
	now_ns += 25 * MS;
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 1);
}

/* The clock was set back: its age says nothing, and it does not wait. */
static void a_packet_of_the_future_does_not_wait(void **state)
{
	(void)state;
	is_settled = false;
	frames[frame_count++].ts_ns = T + 3600000 * MS;
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 1);
	/* A little ahead is only the other clock's measure. */
	frames[frame_count++].ts_ns = T + MS;
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 1);
}

static void a_full_queue_takes_one_as_it_is(void **state)
{
	(void)state;
	is_settled = false;
	comes(0);
	comes(0);
	pipeline.room.begin(pipeline.room.ctx);
	assert_int_equal(updated, 1);
	pipeline.room.release(pipeline.room.ctx);
	assert_int_equal(written_count, 1);
	assert_int_equal(early, 1);
}

static void a_slow_reader_is_waited_for_but_not_for_ever(void **state)
{
	(void)state;
	packet_err = -EAGAIN;
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(lost, 0);
	assert_true(pipeline_waits(&pipeline));
	now_ns += 900 * MS;
	pipeline_step(&pipeline);
	assert_int_equal(lost, 1);
	assert_int_equal(missed, 1);
	assert_false(pipeline_waits(&pipeline));
	assert_int_equal(parts.ending.packets, 0);
	/* The same while no file is open. */
	packet_err = 0;
	choose_err = -EAGAIN;
	comes(0);
	pipeline_step(&pipeline);
	assert_true(pipeline_waits(&pipeline));
	assert_int_equal(written_count, 0);
}

static void a_file_that_fails_ends_it(void **state)
{
	(void)state;
	packet_err = -EIO;
	comes(0);
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(parts.ending.error, -EIO);
	assert_true(ending_is_over(&parts.ending, now_ns));
	assert_int_equal(parts.ending.packets, 0);
	assert_int_equal(lost, 2);
}

/* The last file of a ring is full: that is no error, and nothing is lost. */
static void after_the_last_file_packets_are_dropped(void **state)
{
	(void)state;
	choose_err = -ECANCELED;
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 0);
	assert_int_equal(lost, 0);
	assert_int_equal(parts.ending.error, 0);
	assert_false(pipeline_waits(&pipeline));
}

static void packets_after_the_end_are_not_ours(void **state)
{
	(void)state;
	ending_at(&parts.ending, T - 10 * MS);
	comes(11 * MS);
	comes(9 * MS);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 1);
	assert_int_equal(written[0], T - 11 * MS);
}

static void so_many_were_asked_for_and_no_more(void **state)
{
	(void)state;
	parts.ending.max_packets = 2;
	comes(3);
	comes(2);
	comes(1);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 2);
	assert_true(ending_is_over(&parts.ending, now_ns));
}

static void both_owners_are_hashed_if_asked_for(void **state)
{
	(void)state;
	verdict.src.owner = verdict.dst.owner = &proc;
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(hashed, 2);
	pipeline.hash = false;
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(hashed, 2);
}

static void who_is_alarming_is_told_once_it_is_written(void **state)
{
	(void)state;
	verdict.dst.owner = &proc;
	comes(0);
	pipeline_step(&pipeline);
	assert_null(alarmed);
	program.alarming = true;
	packet_err = -EAGAIN;
	comes(0);
	pipeline_step(&pipeline);
	assert_null(alarmed);
	packet_err = 0;
	pipeline_step(&pipeline);
	assert_ptr_equal(alarmed, &program);
	program.alarming = false;
}

static void what_nobody_wants_is_not_counted(void **state)
{
	(void)state;
	filter_add(&options.filter, FILTER_PROC, "curl");
	comes(0);
	pipeline_step(&pipeline);
	assert_int_equal(written_count, 0);
	assert_int_equal(lost, 0);
	assert_int_equal(parts.ending.packets, 0);
}

static void at_the_end_nothing_waits(void **state)
{
	(void)state;
	is_settled = false;
	has_gap = true;
	comes(0);
	comes(0);
	pipeline_finish(&pipeline);
	assert_int_equal(written_count, 2);
	assert_int_equal(early, 2);
	assert_int_equal(lost, 0);
}

static void after_a_failure_the_rest_is_counted_as_lost(void **state)
{
	(void)state;
	ending_fail(&parts.ending, -EIO);
	choose_err = -EIO;
	comes(0);
	comes(0);
	hashing = true;
	pipeline_finish(&pipeline);
	assert_int_equal(written_count, 0);
	assert_int_equal(lost, 12);
	assert_int_equal(now_ns, T);
}

static void hashes_are_waited_for_two_seconds(void **state)
{
	(void)state;
	hashing = true;
	pipeline_finish(&pipeline);
	assert_in_range(now_ns, T + 2000 * MS, T + 2010 * MS);
}

static void processes_are_forgotten_every_second(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		pipeline_step(&pipeline);
		now_ns += 100 * MS;
	}
	assert_int_equal(pruned, 3);
}

/* All events of a stop come before its packets. */
static void what_packets_may_ask_for_is_not_forgotten(void **state)
{
	(void)state;
	pipeline_step(&pipeline);
	assert_int_equal(done_until, T);
	comes(3000 * MS);
	comes(2000 * MS);
	pipeline_step(&pipeline);
	assert_int_equal(done_until, T - 2000 * MS);
	now_ns += 1500 * MS;
	is_settled = false;
	comes(10 * MS);
	pipeline_step(&pipeline);
	assert_int_equal(done_until, T + 1490 * MS);
	assert_int_equal(pruned_at, T + 1490 * MS);
	is_settled = true;
	comes(0);
	pipeline_step(&pipeline);
	pipeline_step(&pipeline);
	assert_int_equal(done_until, now_ns);
}

static void the_last_interface_that_vanished_is_told(void **state)
{
	struct view_losses losses = { .undissected = 7 };

	(void)state;
	read_err = -ENODEV;
	comes(0);
	assert_int_equal(pipeline_step(&pipeline), -ENODEV);
	assert_int_equal(written_count, 1);
	pipeline_losses(&pipeline, &losses);
	assert_int_equal(losses.dropped, 9);
	assert_int_equal(losses.events, 4);
	assert_int_equal(losses.undissected, 7);
}

#define test(f) cmocka_unit_test_setup(f, begin)

static void it_rests_as_its_captures_may(void **state)
{
	(void)state;
	for (int rest = 0; rest < 2; rest++) {
		may_rest = rest;
		assert_int_equal(pipeline_may_rest(&pipeline), rest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_settled_goes_at_once),
		test(a_packet_waits_for_a_late_event),
		test(a_file_waits_longer_for_who_reads),
		test(a_packet_waits_for_an_older_one_of_another_interface),
		test(a_packet_of_the_future_does_not_wait),
		test(a_full_queue_takes_one_as_it_is),
		test(a_slow_reader_is_waited_for_but_not_for_ever),
		test(a_file_that_fails_ends_it),
		test(after_the_last_file_packets_are_dropped),
		test(packets_after_the_end_are_not_ours),
		test(so_many_were_asked_for_and_no_more),
		test(both_owners_are_hashed_if_asked_for),
		test(who_is_alarming_is_told_once_it_is_written),
		test(what_nobody_wants_is_not_counted),
		test(at_the_end_nothing_waits),
		test(after_a_failure_the_rest_is_counted_as_lost),
		test(hashes_are_waited_for_two_seconds),
		test(processes_are_forgotten_every_second),
		test(what_packets_may_ask_for_is_not_forgotten),
		test(the_last_interface_that_vanished_is_told),
		test(it_rests_as_its_captures_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
