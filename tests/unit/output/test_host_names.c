/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdio.h>

#include "output/host_names.h"
#include "packet/dns.h"
#include "packet/queue.h"

static const char *next_name;
static uint8_t next_address[16];

void __wrap_dns_read(const struct packet *p, const uint8_t *data, size_t caplen,
		     void (*found)(void *ctx, const char *name,
				   const uint8_t addr[16]),
		     void *ctx);
void __wrap_dns_read(const struct packet *p, const uint8_t *data, size_t caplen,
		     void (*found)(void *ctx, const char *name,
				   const uint8_t addr[16]),
		     void *ctx)
{
	(void)p;
	(void)data;
	(void)caplen;
	found(ctx, next_name, next_address);
}

static void learn(struct host_names *n, const char *name, uint8_t last)
{
	static const struct frame f = { .caplen = 0 };

	next_name = name;
	next_address[15] = last;
	host_names_learn(n, &f, NULL);
}

static void each_file_is_told_once(void **state)
{
	static const uint8_t one[16] = { [15] = 1 }, two[16] = { [15] = 2 };
	struct host_names *n = host_names_new();

	(void)state;
	assert_non_null(n);
	assert_null(host_names_due(n, one, 1));
	learn(n, "a.example", 1);
	assert_string_equal(host_names_due(n, one, 1), "a.example");
	assert_null(host_names_due(n, two, 1));
	host_names_told(n, one, 1);
	assert_null(host_names_due(n, one, 1));
	/* The next file, and another name. */
	assert_string_equal(host_names_due(n, one, 2), "a.example");
	learn(n, "a.example", 1);
	assert_null(host_names_due(n, one, 1));
	learn(n, "b.example", 1);
	assert_string_equal(host_names_due(n, one, 1), "b.example");
	/* An address is no name, of another one least of all. */
	learn(n, "192.0.2.1", 1);
	assert_string_equal(host_names_due(n, one, 1), "b.example");
	host_names_free(n);
	host_names_free(NULL);
}

static void many_have_room_and_none_has_anothers(void **state)
{
	struct host_names *n = host_names_new();
	unsigned known = 0;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		learn(n, name, (uint8_t)i);
	}
	for (unsigned i = 0; i < 256; i++) {
		const uint8_t addr[16] = { [15] = (uint8_t)i };
		const char *due = host_names_due(n, addr, 1);

		snprintf(name, sizeof(name), "n%u.example", i);
		if (due)
			assert_string_equal(due, name);
		known += due != NULL;
	}
	assert_in_range(known, 200, 256);
	host_names_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file_is_told_once),
		cmocka_unit_test(many_have_room_and_none_has_anothers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
