/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as Wireshark's tree has them in its tests. */
#include "exact.h"

#include "output/process_block.h"

static void a_process_has_known_bytes(void **state)
{
	/* clang-format off */
	static const uint8_t want[] = {
		3, 0, 0, 0, 76, 0, 0, 0, 0xd2, 4, 0, 0,
		2, 0, 4, 0, 'c', 'u', 'r', 'l',
		3, 0, 5, 0, '/', 'c', 'u', 'r', 'l', 0, 0, 0,
		4, 0, 6, 0, 'c', 'u', 'r', 'l', 0, 'x', 0, 0,
		5, 0, 4, 0, 1, 0, 0, 0,
		6, 0, 4, 0, 0xe8, 3, 0, 0,
		7, 0, 2, 0, 'a', 'l', 0, 0,
		9, 0, 8, 0, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
		0, 0, 0, 0,
	};
	/* clang-format on */
	struct process p = { .pid = 1234,
			     .ppid = 1,
			     .uid = 1000,
			     .start_ns = 0x1122334455667788,
			     .name = "curl",
			     .exepath = "/curl",
			     .user = "al",
			     .cmdline = "curl\0x",
			     .cmdline_len = 6 };
	uint8_t got[PROCESS_BLOCK_MAX];

	(void)state;
	p.has = 1ull << FIELD_PID | 1ull << FIELD_PPID | 1ull << FIELD_UID |
		1ull << FIELD_START | 1ull << FIELD_NAME |
		1ull << FIELD_EXEPATH | 1ull << FIELD_USER |
		1ull << FIELD_CMDLINE;
	assert_int_equal(process_block(&p, 5, got), sizeof(want));
	assert_memory_equal(got, want, sizeof(want));
	/* What it executed later is of later. */
	assert_int_equal(process_block(&p, 0x2222334455667788, got),
			 sizeof(want));
	assert_int_equal(got[sizeof(want) - 5], 0x22);
}

static void what_is_not_known_is_left_out(void **state)
{
	struct process p = { .pid = 7 };
	uint8_t got[PROCESS_BLOCK_MAX];

	(void)state;
	assert_int_equal(process_block(&p, 0, got), 0);
	p.has = 1ull << FIELD_PID;
	assert_int_equal(process_block(&p, 9, got), 12 + 12 + 4);
}

static void the_longest_has_room(void **state)
{
	struct process p = { .pid = 7, .cmdline_len = 4095 };
	uint8_t got[PROCESS_BLOCK_MAX];

	(void)state;
	memset(p.name, 'n', sizeof(p.name) - 1);
	memset(p.exepath, 'e', sizeof(p.exepath) - 1);
	memset(p.cmdline, 'c', sizeof(p.cmdline) - 1);
	memset(p.user, 'u', sizeof(p.user) - 1);
	p.has = 1ull << FIELD_PID | 1ull << FIELD_NAME | 1ull << FIELD_EXEPATH |
		1ull << FIELD_CMDLINE | 1ull << FIELD_USER;
	assert_int_equal(process_block(&p, 1, got),
			 12 + 20 + 1028 + 4100 + 68 + 12 + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_has_known_bytes),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(the_longest_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
