/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one network namespace knows, and when it asks again. */
#include "exact.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "owner/local/local.h"
#include "owner/nat/conntrack.h"
#include "owner/nat/nat.h"
#include "owner/namespace.h"
#include "owner/polling/polling.h"
#include "owner/polling/sockdiag.h"
#include "packet/raw_packet.h"
#include "record.h"

#define T 1000000000000ull

static struct namespace *n;
static uint64_t told;
static struct nat *nat;
static int conntrack_err, diag_err, refreshed, resolved, learnt;
static bool is_kept, incomplete, settled, has_news;
static struct verdict verdict;

/* ---- what it is made of ---- */

int __wrap_conntrack_open(struct conntrack **out, struct nat *to,
			  struct lookup *lookup, unsigned namespace);
int __wrap_conntrack_open(struct conntrack **out, struct nat *to,
			  struct lookup *lookup, unsigned namespace)
{
	(void)lookup;
	assert_int_equal(namespace, 4);
	*out = NULL;
	nat = to;
	return conntrack_err;
}

bool __wrap_conntrack_is_kept(void);
bool __wrap_conntrack_is_kept(void)
{
	return is_kept;
}

bool __wrap_conntrack_is_incomplete(const struct conntrack *c);
bool __wrap_conntrack_is_incomplete(const struct conntrack *c)
{
	(void)c;
	return incomplete;
}

void __wrap_conntrack_refresh(struct conntrack *c, bool changed);
void __wrap_conntrack_refresh(struct conntrack *c, bool changed)
{
	(void)c;
	refreshed += changed;
}

bool __wrap_local_refresh(struct local *l);
bool __wrap_local_refresh(struct local *l)
{
	(void)l;
	return has_news;
}

/* 127.0.0.1 is this host's, as everywhere; nothing else is asked for. */
void __wrap_polling_learn(struct polling *p, const struct flow_key *key,
			  uint64_t ts_ns, bool begins);
void __wrap_polling_learn(struct polling *p, const struct flow_key *key,
			  uint64_t ts_ns, bool begins)
{
	assert_non_null(p);
	assert_int_equal(key->local[12], 127);
	assert_int_equal(ts_ns, T);
	assert_false(begins);
	learnt++;
}

int __wrap_sockdiag_open(void);
int __wrap_sockdiag_open(void)
{
	return diag_err ? diag_err : dup(STDERR_FILENO);
}

bool __wrap_resolve(struct resolver *r, const struct packet *p, uint64_t ts_ns,
		    uint8_t direction, struct verdict *v);
bool __wrap_resolve(struct resolver *r, const struct packet *p, uint64_t ts_ns,
		    uint8_t direction, struct verdict *v)
{
	assert_ptr_equal(r, namespace_resolver(n));
	(void)p;
	(void)ts_ns;
	(void)direction;
	resolved++;
	*v = verdict;
	return settled;
}

bool __wrap_resolver_holds(struct resolver *r, const struct packet *p,
			   uint64_t ts_ns, uint8_t direction,
			   const struct verdict *v);
bool __wrap_resolver_holds(struct resolver *r, const struct packet *p,
			   uint64_t ts_ns, uint8_t direction,
			   const struct verdict *v)
{
	(void)r;
	(void)p;
	(void)ts_ns;
	(void)direction;
	(void)v;
	return true;
}

/* ---- tests ---- */

static int begin(void)
{
	const struct namespace_options o = { .told = &told,
					     .number = 4,
					     .max_translations = 16 };

	return namespace_open(&n, &o);
}

static int open_namespace(void **state)
{
	(void)state;
	told = 1;
	conntrack_err = diag_err = refreshed = resolved = learnt = 0;
	is_kept = incomplete = has_news = false;
	settled = true;
	verdict = (struct verdict){ .src = { .attr = ATTR_SOCKET },
				    .steady = true };
	return begin();
}

static int close_namespace(void **state)
{
	(void)state;
	namespace_close(n);
	namespace_close(NULL);
	return 0;
}

static bool ask(uint8_t last_of_remote)
{
	const struct packet p = {
		.outer.key = { .local = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 },
			       .remote = { [10] = 0xff,
					   [11] = 0xff,
					   192,
					   0,
					   2,
					   last_of_remote },
			       .local_port = 5000,
			       .remote_port = 53,
			       .proto = IPPROTO_UDP },
		.kind = PACKET_IP,
	};
	struct verdict v;
	bool is_settled = namespace_resolve(n, &p, T, SOURCE_OUT, &v);

	assert_int_equal(v.src.attr, ATTR_SOCKET);
	return is_settled;
}

static void what_was_answered_holds_until_something_is_told(void **state)
{
	(void)state;
	assert_true(ask(9));
	assert_true(ask(9));
	assert_int_equal(resolved, 1);
	told++;
	settled = false;
	assert_false(ask(9));
	assert_int_equal(resolved, 2);
}

/* Without events nobody tells that an answer has changed. */
static void who_polls_asks_for_each(void **state)
{
	(void)state;
	assert_int_equal(namespace_poll(n, NULL), 0);
	settled = false;
	assert_true(ask(9));
	assert_true(ask(9));
	assert_int_equal(resolved, 2);
	assert_int_equal(learnt, 2);
}

static void without_sock_diag_nobody_polls(void **state)
{
	(void)state;
	namespace_close(n);
	diag_err = -EACCES;
	assert_int_equal(begin(), 0);
	assert_int_equal(namespace_poll(n, NULL), -EACCES);
	assert_int_equal(namespace_each_udp(n, NULL, NULL), -EACCES);
}

static void only_changes_are_news(void **state)
{
	const struct flow_key first = { .local_port = 1, .proto = IPPROTO_UDP };
	const struct flow_key answer = { .local_port = 2,
					 .proto = IPPROTO_UDP };

	(void)state;
	has_news = true;
	assert_false(namespace_refresh(n, false));
	assert_int_equal(refreshed, 0);
	assert_true(namespace_refresh(n, true));
	has_news = false;
	assert_false(namespace_refresh(n, true));
	assert_int_equal(refreshed, 2);
	nat_add(nat, &first, &answer, true);
	assert_true(namespace_refresh(n, false));
	assert_false(namespace_refresh(n, false));
}

static void what_may_be_translated_is_doubted(void **state)
{
	(void)state;
	assert_false(namespace_may_translate(n));
	assert_int_equal(namespace_doubted_until(n, T), 0);
	incomplete = true;
	assert_int_equal(namespace_doubted_until(n, T), T);
	for (uint16_t i = 0; i < 40; i++) {
		const struct flow_key k = { .local_port = i,
					    .proto = IPPROTO_UDP };

		nat_add(nat, &k, &k, true);
	}
	assert_int_equal(namespace_doubted_until(n, T), UINT64_MAX);
	namespace_close(n);
	conntrack_err = -EPERM;
	is_kept = true;
	assert_int_equal(begin(), 0);
	assert_true(namespace_may_translate(n));
}

static void it_is_where_it_was_opened(void **state)
{
	(void)state;
	assert_true(namespace_cookie(n) > 0);
	assert_true(namespace_fd(n, 0) >= 0);
	assert_int_equal(namespace_fd(n, 1), -1);
}

#define test(f) \
	cmocka_unit_test_setup_teardown(f, open_namespace, close_namespace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_was_answered_holds_until_something_is_told),
		test(who_polls_asks_for_each),
		test(without_sock_diag_nobody_polls),
		test(only_changes_are_news),
		test(what_may_be_translated_is_doubted),
		test(it_is_where_it_was_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
