/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which questions polling asks, and what it makes of the answers. */
#include "exact.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "lookup/lookup.h"
#include "owner/polling/polling.h"
#include "owner/polling/sockdiag.h"
#include "packet/parse.h"
#include "process/proctab.h"
#include "record.h"

#define SECOND 1000000000ull
#define DIAG   9

static struct sockdiag_socket connected, listener; /* inode 0: none */
static struct flow_key asked[4];
static int questions, holder_err;
static struct proc curl = { .pid = 42 };

int __wrap_sockdiag_find(int fd, const struct flow_key *key,
			 struct sockdiag_socket *s);
int __wrap_sockdiag_find(int fd, const struct flow_key *key,
			 struct sockdiag_socket *s)
{
	const struct sockdiag_socket *found = key->remote_port ? &connected :
								 &listener;

	assert_int_equal(fd, DIAG);
	asked[questions++ % 4] = *key;
	*s = *found;
	return found->cookie ? 0 : -ENOENT;
}

int __wrap_lookup_holder(struct lookup *l, uint64_t inode, uint32_t *pid);
int __wrap_lookup_holder(struct lookup *l, uint64_t inode, uint32_t *pid)
{
	(void)l;
	assert_int_not_equal(inode, 0);
	*pid = 42;
	return holder_err;
}

struct proc *__wrap_proctab_look_up(struct proctab *t, uint32_t pid,
				    uint64_t mono_ns);
struct proc *__wrap_proctab_look_up(struct proctab *t, uint32_t pid,
				    uint64_t mono_ns)
{
	(void)t;
	(void)mono_ns;
	assert_int_equal(pid, 42);
	return &curl;
}

/* What the flow table is told. */
static struct flowtab_event told;
static uint64_t closed;
static int tellings;

void __wrap_flowtab_flow(struct flowtab *t, const struct flowtab_event *e,
			 const struct flow_key *key);
void __wrap_flowtab_flow(struct flowtab *t, const struct flowtab_event *e,
			 const struct flow_key *key)
{
	(void)t;
	(void)key;
	told = *e;
	tellings++;
}

void __wrap_flowtab_close(struct flowtab *t, uint64_t cookie, uint64_t ts_ns);
void __wrap_flowtab_close(struct flowtab *t, uint64_t cookie, uint64_t ts_ns)
{
	(void)t;
	(void)ts_ns;
	closed = cookie;
}

static int open_polling(void **state)
{
	struct polling *p;

	connected = (struct sockdiag_socket){ .cookie = 5, .inode = 99 };
	listener = (struct sockdiag_socket){ 0 };
	questions = tellings = holder_err = 0;
	closed = 0;
	p = polling_new(NULL, NULL, NULL, DIAG, 7);
	*state = p;
	return !p;
}

static int close_polling(void **state)
{
	polling_free(*state);
	polling_free(NULL);
	return 0;
}

static struct flow_key key(void)
{
	struct flow_key k = { .proto = IPPROTO_TCP,
			      .local_port = 4000,
			      .remote_port = 80 };

	address_from_ipv4(k.local, (const __u8[4]){ 192, 0, 2, 1 });
	address_from_ipv4(k.remote, (const __u8[4]){ 192, 0, 2, 2 });
	return k;
}

static void a_connection_is_found_with_its_holder(void **state)
{
	struct flow_key k = key();

	polling_learn(*state, &k, SECOND, false);
	assert_int_equal(questions, 1);
	assert_int_equal(tellings, 1);
	assert_int_equal(told.cookie, 5);
	assert_int_equal(told.netns, 7);
	assert_int_equal(told.attr, ATTR_SCAN);
	assert_int_equal(told.ts_ns, SECOND);
	assert_ptr_equal(told.owner, &curl);
}

/* The kernel knows an IPv4 listener by an IPv4 address that is zero. */
static void where_no_connection_is_a_listener_answers(void **state)
{
	struct flow_key k = key();

	connected.cookie = 0;
	listener = (struct sockdiag_socket){ .cookie = 6,
					     .inode = 98,
					     .listening = true };
	polling_learn(*state, &k, SECOND, false);
	assert_int_equal(questions, 2);
	assert_int_equal(told.attr, ATTR_LISTENER);
	assert_true(address_is_ipv4(asked[1].remote));
	assert_all_zero(asked[1].remote + 12, 4);
	assert_int_equal(asked[1].remote_port, 0);
	assert_memory_equal(asked[1].local, k.local, 16);
	/* A connection that nobody has accepted has no inode. */
	connected = (struct sockdiag_socket){ .cookie = 5 };
	polling_learn(*state, &k, 3 * SECOND, false);
	assert_int_equal(told.cookie, 6);
}

static void the_same_is_asked_once_a_second(void **state)
{
	struct flow_key k = key();

	polling_learn(*state, &k, SECOND, false);
	polling_learn(*state, &k, 2 * SECOND - 1, false);
	assert_int_equal(questions, 1);
	polling_learn(*state, &k, 2 * SECOND, false);
	assert_int_equal(questions, 2);
	/* A new connection, which may be another program's, does not wait. */
	polling_learn(*state, &k, 2 * SECOND + 1, true);
	assert_int_equal(questions, 3);
}

static void both_ends_of_a_connection_are_remembered(void **state)
{
	struct flow_key k = key(), back = flow_reversed(&k);

	for (int i = 0; i < 3; i++) {
		polling_learn(*state, &k, SECOND, false);
		polling_learn(*state, &back, SECOND, false);
	}
	assert_int_equal(questions, 2);
}

static void a_holder_that_is_not_known_yet_is_asked_for_again(void **state)
{
	struct flow_key k = key();

	holder_err = -ENOENT;
	polling_learn(*state, &k, 5 * SECOND, false);
	assert_int_equal(tellings, 0);
	holder_err = 0;
	polling_learn(*state, &k, 5 * SECOND + 1, false);
	assert_int_equal(tellings, 1);
}

static void what_is_gone_is_closed_once(void **state)
{
	struct flow_key k = key();

	polling_learn(*state, &k, SECOND, false);
	connected.cookie = 0;
	polling_learn(*state, &k, 2 * SECOND, false);
	assert_int_equal(closed, 5);
	closed = 0;
	polling_learn(*state, &k, 3 * SECOND, false);
	assert_int_equal(closed, 0);
	assert_int_equal(tellings, 1);
}

/* Two keys in one slot: nobody's socket is closed for the other's. */
static void more_keys_than_are_remembered_are_asked_again(void **state)
{
	struct flow_key k = key();

	for (int i = 0; i < 20000; i++) {
		k.local_port = (uint16_t)i;
		polling_learn(*state, &k, SECOND, false);
	}
	assert_int_equal(tellings, 20000);
	connected.cookie = 0;
	k.local_port = 30000;
	polling_learn(*state, &k, SECOND, false);
	assert_int_equal(closed, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_polling, close_polling)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_connection_is_found_with_its_holder),
		test(where_no_connection_is_a_listener_answers),
		test(the_same_is_asked_once_a_second),
		test(both_ends_of_a_connection_are_remembered),
		test(a_holder_that_is_not_known_yet_is_asked_for_again),
		test(what_is_gone_is_closed_once),
		test(more_keys_than_are_remembered_are_asked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
