/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "exact.h"
#include "packet/queue.h"
#include "random.h"

#define SIZE	4096
#define LARGEST (SIZE / 2 - sizeof(struct frame) - 32) /* that always fits */

/* Its content follows from its number, so a mix-up shows. */
static bool push(struct queue *h, uint32_t number, uint32_t caplen)
{
	struct frame *p = queue_push(h, caplen);

	if (!p)
		return false;
	memset(p, 0, sizeof(*p));
	p->ts_ns = number;
	p->caplen = caplen;
	for (uint32_t i = 0; i < caplen; i++)
		p->data[i] = (uint8_t)(number * 7 + i);
	return true;
}

static void assert_first(const struct queue *h, uint32_t number,
			 uint32_t caplen)
{
	const struct frame *p = queue_first(h);

	assert_non_null(p);
	assert_int_equal(p->ts_ns, number);
	assert_int_equal(p->caplen, caplen);
	for (uint32_t i = 0; i < caplen; i++)
		if (p->data[i] != (uint8_t)(number * 7 + i))
			fail_msg("packet %u, byte %u", number, i);
}

static void what_goes_in_first_comes_out_first(void **state)
{
	struct queue *h = queue_new(SIZE);

	(void)state;
	assert_null(queue_first(h));
	assert_true(push(h, 1, 60));
	assert_true(push(h, 2, 0));
	assert_true(push(h, 3, 61));
	for (int again = 0; again < 2; again++)
		assert_first(h, 1, 60);
	assert_in_range(queue_fill(h), 1, 50);
	queue_pop(h);
	assert_first(h, 2, 0);
	queue_pop(h);
	assert_first(h, 3, 61);
	queue_pop(h);
	assert_null(queue_first(h));
	queue_free(h);
	queue_free(NULL);
}

/* Whatever was in it before: an empty queue has room for half its size. */
static void an_empty_queue_takes_what_is_not_too_large(void **state)
{
	uint32_t largest = LARGEST;
	struct queue *h = queue_new(SIZE);

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		assert_true(push(h, i, i * 5 % largest));
		queue_pop(h);
		assert_true(push(h, i, largest));
		assert_first(h, i, largest);
		queue_pop(h);
		assert_null(queue_push(h, SIZE / 2));
		assert_null(queue_push(h, UINT32_MAX));
	}
	queue_free(h);
}

/* A snapshot length of 262144 is the largest that there is. */
static void a_large_queue_takes_the_largest_packet(void **state)
{
	struct queue *h = queue_new(16u << 20);
	uint32_t n = 0;

	(void)state;
	while (push(h, n, 262144))
		n++;
	assert_in_range(n, 30, 64);
	assert_int_equal(queue_fill(h), 100);
	assert_null(queue_push(h, 512u << 10));
	for (uint32_t i = 0; i < n; i++) {
		assert_first(h, i, 262144);
		queue_pop(h);
	}
	assert_int_equal(queue_fill(h), 0);
	queue_free(h);
}

/* What was emptied last is filled next: memory that is still in a cache. */
static void a_short_queue_stays_where_it_is(void **state)
{
	struct queue *h = queue_new(1024 * SIZE);
	const struct frame *at, *lowest = NULL, *highest = NULL;

	(void)state;
	assert_true(push(h, 0, 60));
	for (uint32_t i = 1; i < 100000; i++) {
		assert_true(push(h, i, 60));
		queue_pop(h);
		at = queue_first(h);
		lowest = !lowest || at < lowest ? at : lowest;
		highest = at > highest ? at : highest;
	}
	assert_true((const char *)highest - (const char *)lowest < 1 << 20);
	queue_free(h);
}

/*
 * A model: the numbers and sizes that are in the queue.  ASan sees a step
 * past its end; the sum shows that it never holds more than its size.
 */
static void it_is_a_queue(void **state)
{
	struct {
		uint32_t number, caplen;
	} model[256];
	struct queue *h = queue_new(SIZE);
	uint32_t first = 0, next = 0, refused = 0;
	size_t held = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		uint32_t caplen = below(4) ? below(200) : below(SIZE);
		/* Long runs of both kinds: full, empty, and all between. */
		bool fill = below(100) < (i / 1000 % 2 ? 70 : 35);

		if (fill && push(h, next, caplen)) {
			model[next % 256].number = next;
			model[next % 256].caplen = caplen;
			held += sizeof(struct frame) + caplen;
			next++;
			assert_true(held <= SIZE);
			assert_true(next - first <= 256);
		} else if (fill) {
			refused++;
			assert_true(first != next || caplen >= LARGEST);
		} else if (first == next) {
			assert_null(queue_first(h));
		} else {
			assert_first(h, model[first % 256].number,
				     model[first % 256].caplen);
			held -= sizeof(struct frame) +
				model[first % 256].caplen;
			queue_pop(h);
			first++;
		}
	}
	assert_true(refused > 1000 && next > 10000);
	queue_free(h);
}

static size_t resident(void)
{
	size_t size = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu %zu", &size, &pages), 2);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* After a stall nothing of what it took stays but what goes on to be used. */
static void what_is_not_in_use_is_given_back(void **state)
{
	const size_t size = 16u << 20, caplen = 100000;
	struct queue *h = queue_new(size);
	uint32_t n = 0, first = 0;
	size_t before, full;

	(void)state;
	assert_true(push(h, n++, caplen));
	before = resident();
	while (push(h, n, caplen))
		n++;
	full = resident();
	assert_true(full > before + size / 2);
	while (n - first > 1) {
		queue_pop(h);
		first++;
	}
	queue_shrink(h);
	assert_true(resident() > full - size / 2); /* it was in use */
	queue_shrink(h);
	assert_true(resident() < full - size / 2);
	/* Whoever is left is as it was, and there is room for as many again. */
	assert_first(h, first, caplen);
	for (uint32_t again = 1; again < n - 5; again++)
		assert_true(push(h, n + again, caplen));
	queue_free(h);
}

/* Whatever comes in and goes out meanwhile, across chunks too. */
static void each_is_announced_once_and_not_too_early(void **state)
{
	struct queue *h = queue_new(SIZE);
	uint32_t in = 0, out = 0, told = 0, most = 0;
	const struct frame *p;

	(void)state;
	assert_null(queue_ahead(h));
	for (int i = 0; i < 20000; i++) {
		while (in - out < below(20) && push(h, in, below(200)))
			in++;
		while ((p = queue_ahead(h))) {
			told = told < out ? out : told;
			assert_int_equal(p->ts_ns, told++);
		}
		if (told > out && told - out > most)
			most = told - out;
		for (uint32_t n = below(6); n && out < in; n--, out++)
			queue_pop(h);
	}
	assert_true(in > 10000);
	assert_int_equal(most, QUEUE_AHEAD);
	queue_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_first_comes_out_first),
		cmocka_unit_test(an_empty_queue_takes_what_is_not_too_large),
		cmocka_unit_test(a_large_queue_takes_the_largest_packet),
		cmocka_unit_test(a_short_queue_stays_where_it_is),
		cmocka_unit_test(it_is_a_queue),
		cmocka_unit_test(each_is_announced_once_and_not_too_early),
		cmocka_unit_test(what_is_not_in_use_is_given_back),
	};

	return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
