/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "owner/owners.h"
#include "view/rows/sockets.h"
#include "view/talk.h"

static struct flowtab_socket bound[SOCKETS_MAX + 3];
static uint8_t addresses[SOCKETS_MAX + 3][16];
static size_t bound_count;

void __wrap_owners_each_socket(const struct owners *o,
			       void (*fn)(void *ctx,
					  const struct flowtab_socket *s),
			       void *ctx);
void __wrap_owners_each_socket(const struct owners *o,
			       void (*fn)(void *ctx,
					  const struct flowtab_socket *s),
			       void *ctx)
{
	(void)o;
	for (size_t i = 0; i < bound_count; i++)
		fn(ctx, &bound[i]);
}

static int open_sockets(void **state)
{
	memset(bound, 0, sizeof(bound));
	memset(addresses, 0, sizeof(addresses));
	bound_count = 0;
	*state = sockets_new();
	return !*state;
}

static int close_sockets(void **state)
{
	sockets_free(*state);
	sockets_free(NULL);
	return 0;
}

static struct flowtab_socket *bind_one(uint8_t proto, uint16_t port,
				       uint8_t last)
{
	struct flowtab_socket *s = &bound[bound_count++];

	s->proto = proto;
	s->port = port;
	addresses[bound_count - 1][15] = last;
	s->address = addresses[bound_count - 1];
	return s;
}

static void rows_are_in_order_of_port(void **state)
{
	struct sockets *s = *state;

	bind_one(UDP, 53, 0);
	bind_one(TCP, 53, 9);
	bind_one(TCP, 53, 1);
	bind_one(TCP, 22, 0);
	bind_one(TCP, 65535, 0);
	sockets_look(s, NULL);
	assert_int_equal(sockets_count(s), 5);
	assert_int_equal(sockets_row(s, 0)->port, 22);
	assert_int_equal(sockets_row(s, 1)->address[15], 1);
	assert_int_equal(sockets_row(s, 2)->address[15], 9);
	assert_int_equal(sockets_row(s, 3)->proto, UDP);
	assert_int_equal(sockets_row(s, 4)->port, 65535);
}

/* Whoever names a process may put anything into the name. */
static void an_owner_is_named_in_printable_text(void **state)
{
	struct process p = { .pid = 7, .id = 7, .flags = PROCESS_EXE_DELETED };
	struct sockets *s = *state;
	static struct talker t;

	talker_init(&t, 7, "ev\033[2Jil");
	p.has = 1ull << FIELD_PID | 1ull << FIELD_ID | 1ull << FIELD_USER |
		1ull << FIELD_UNIT | 1ull << FIELD_FLAGS;
	strcpy(p.user, "www\ndata");
	memset(p.unit, 'u', sizeof(p.unit) - 1);
	talker_set(&t, &p);
	bind_one(TCP, 80, 0)->owner = &t.proc;
	sockets_look(s, NULL);
	assert_string_equal(sockets_row(s, 0)->name, "ev?[2Jil");
	assert_string_equal(sockets_row(s, 0)->user, "www?data");
	assert_int_equal(strlen(sockets_row(s, 0)->unit), 63);
	assert_int_equal(sockets_row(s, 0)->pid, 7);
	assert_true(sockets_row(s, 0)->flags & PROCESS_EXE_DELETED);
}

static void a_damaged_record_leaves_name_and_pid(void **state)
{
	struct sockets *s = *state;
	static struct talker t;

	talker_init(&t, 7, "sshd");
	talker_keep(&t, (const uint8_t *)"PW\2\1 junk", 10);
	bind_one(TCP, 22, 0)->owner = &t.proc;
	sockets_look(s, NULL);
	assert_string_equal(sockets_row(s, 0)->name, "sshd");
	assert_int_equal(sockets_row(s, 0)->pid, 7);
	assert_string_equal(sockets_row(s, 0)->user, "");
}

static void without_an_owner_it_is_the_kernels_or_unknown(void **state)
{
	struct sockets *s = *state;

	bind_one(UDP, 1, 0)->kernel = true;
	bind_one(UDP, 2, 0);
	sockets_look(s, NULL);
	assert_string_equal(sockets_row(s, 0)->name, "(kernel)");
	assert_string_equal(sockets_row(s, 1)->name, "(unknown)");
	assert_int_equal(sockets_row(s, 1)->pid, 0);
}

static void what_has_no_room_is_counted(void **state)
{
	struct sockets *s = *state;

	for (int i = 0; i < SOCKETS_MAX + 3; i++)
		bind_one(TCP, (uint16_t)(SOCKETS_MAX + 3 - i), 0);
	sockets_look(s, NULL);
	assert_int_equal(sockets_count(s), SOCKETS_MAX);
	assert_int_equal(sockets_left(s), 3);
	assert_int_equal(sockets_row(s, 0)->port, 4);
	/* The next look begins anew. */
	bound_count = 1;
	sockets_look(s, NULL);
	assert_int_equal(sockets_count(s), 1);
	assert_int_equal(sockets_left(s), 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, open_sockets, close_sockets)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(rows_are_in_order_of_port),
		test(an_owner_is_named_in_printable_text),
		test(a_damaged_record_leaves_name_and_pid),
		test(without_an_owner_it_is_the_kernels_or_unknown),
		test(what_has_no_room_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
