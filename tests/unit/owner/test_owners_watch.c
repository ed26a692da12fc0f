/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often is looked at what nobody tells, and what follows from that. */
#include "exact.h"

#include "host/log.h"
#include "owner/flowtab/flowtab.h"
#include "owner/owners_parts.h"
#include "owner/resolve/resolve.h"
#include "process/proctab.h"
#include "record.h"

#define MS 1000000ull
#define T  1000000000000ull

static int probe, namespace, resolver; /* are there by their addresses alone */
static int looks, asked, queues, scans, told_again, others;
static bool attached, lost_events;
static uint8_t claims_nothing;
static uint64_t doubted_until;

bool __wrap_probe_is_attached(const struct probe *p);
bool __wrap_probe_is_attached(const struct probe *p)
{
	assert_ptr_equal(p, &probe);
	looks++;
	return attached;
}

uint64_t __wrap_probe_lost(const struct probe *p);
uint64_t __wrap_probe_lost(const struct probe *p)
{
	(void)p;
	return lost_events;
}

void __wrap_probe_tell_again(struct probe *p);
void __wrap_probe_tell_again(struct probe *p)
{
	(void)p;
	told_again++;
}

void __wrap_flowtab_stats(const struct flowtab *t, struct flowtab_stats *s);
void __wrap_flowtab_stats(const struct flowtab *t, struct flowtab_stats *s)
{
	(void)t;
	*s = (struct flowtab_stats){ 0 };
}

struct resolver *__wrap_namespace_resolver(struct namespace *n);
struct resolver *__wrap_namespace_resolver(struct namespace *n)
{
	assert_ptr_equal(n, &namespace);
	return (void *)&resolver;
}

void __wrap_namespace_watch(struct namespace *n);
void __wrap_namespace_watch(struct namespace *n)
{
	assert_ptr_equal(n, &namespace);
	queues++;
}

void __wrap_resolver_doubt(struct resolver *r, uint8_t reason,
			   uint64_t until_ns);
void __wrap_resolver_doubt(struct resolver *r, uint8_t reason,
			   uint64_t until_ns)
{
	assert_ptr_equal(r, &resolver);
	assert_int_equal(reason, REASON_LOST);
	doubted_until = until_ns;
}

void __wrap_owners_claim_nothing(struct owners *o, uint8_t reason);
void __wrap_owners_claim_nothing(struct owners *o, uint8_t reason)
{
	(void)o;
	claims_nothing = reason;
}

bool __wrap_proctab_scan_on(struct proctab *t, uint64_t until_ns);
bool __wrap_proctab_scan_on(struct proctab *t, uint64_t until_ns)
{
	(void)t;
	(void)until_ns;
	scans++;
	return false;
}

bool __wrap_proctab_ask_deleted(struct proctab *t);
bool __wrap_proctab_ask_deleted(struct proctab *t)
{
	(void)t;
	asked++;
	return others-- > 0;
}

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return T;
}

static struct owners o;

static int begin(void **state)
{
	(void)state;
	o = (struct owners){ .probe = (void *)&probe,
			     .namespace_count = 1,
			     .namespaces = { (void *)&namespace } };
	attached = true;
	lost_events = false;
	looks = asked = queues = scans = told_again = others = 0;
	claims_nothing = 0;
	doubted_until = 0;
	return 0;
}

static void watch(uint64_t from_ms, uint64_t until_ms)
{
	for (uint64_t ms = from_ms; ms < until_ms; ms += 5)
		owners_watch(&o, T + ms * MS);
}

static void each_has_its_time(void **state)
{
	(void)state;
	others = 3;
	watch(0, 2000);
	assert_int_equal(looks, 2);
	assert_int_equal(queues, 20);
	assert_int_equal(scans, 200);
	/* Three others, each in its turn, and from then on once a second. */
	assert_int_equal(asked, 5);
	assert_int_equal(told_again, 0);
}

static const struct verdict nobodys = { .src = { .attr = ATTR_KERNEL } };

static bool waits(const struct verdict *v, uint64_t ms)
{
	return owners_must_watch(&o, v, T + ms * MS);
}

/* It waits for a look of its own time, and that is made for it. */
static void who_has_no_owner_waits_for_a_look(void **state)
{
	const struct verdict named = { .src = { .attr = ATTR_SOCKET },
				       .dst = { .attr = ATTR_UNKNOWN } };
	const struct verdict received = { .dst = { .attr = ATTR_KERNEL } };

	(void)state;
	watch(0, 5);
	assert_false(waits(&nobodys, 50));
	assert_false(waits(&named, 150));
	watch(150, 155);
	assert_int_equal(looks, 1);
	assert_true(waits(&nobodys, 150));
	assert_true(waits(&received, 150));
	watch(155, 160);
	assert_int_equal(looks, 2);
	assert_false(waits(&nobodys, 150));
	watch(160, 1000);
	assert_int_equal(looks, 2);
}

static void nothing_is_claimed_once_the_hooks_are_gone(void **state)
{
	(void)state;
	watch(0, 5);
	attached = false;
	assert_true(waits(&nobodys, 150));
	assert_false(o.detached);
	watch(155, 160);
	assert_true(o.detached);
	assert_int_equal(claims_nothing, REASON_LOST);
	assert_false(waits(&nobodys, 900));
	watch(900, 3000);
	assert_int_equal(looks, 2);
}

static void what_was_lost_is_told_again(void **state)
{
	(void)state;
	watch(0, 5);
	lost_events = true;
	watch(200, 205);
	assert_int_equal(told_again, 1);
	assert_int_equal(doubted_until, T);
}

#define test(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(each_has_its_time),
		test(who_has_no_owner_waits_for_a_look),
		test(nothing_is_claimed_once_the_hooks_are_gone),
		test(what_was_lost_is_told_again),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
