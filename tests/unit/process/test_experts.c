/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include "process/filter/experts.h"
#include "record.h"

static void an_item_is_found_by_its_name_or_pattern(void **state)
{
	static const struct {
		const char *term;
		uint32_t flags;
		bool found;
	} rows[] = {
		{ "memfd", PROCESS_EXE_MEMFD, true },
		{ "memfd", PROCESS_EXE_DELETED, false },
		{ "memfd", PROCESS_EXE_DELETED | PROCESS_EXE_MEMFD, true },
		{ "deleted", PROCESS_EXE_DELETED, true },
		{ "world_writable", PROCESS_EXE_WORLD_WRITABLE, true },
		{ "world*", PROCESS_EXE_WORLD_WRITABLE, true },
		{ "*", PROCESS_EXE_MEMFD, true },
		{ "*", 0, false },
		{ "memf", PROCESS_EXE_MEMFD, false },
		{ "MEMFD", PROCESS_EXE_MEMFD, false },
		{ "", UINT32_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (experts_match(rows[i].term, rows[i].flags) != rows[i].found)
			fail_msg("%s of %x", rows[i].term, rows[i].flags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_item_is_found_by_its_name_or_pattern),
	};

	return cmocka_run_group_tests_name("experts", tests, NULL, NULL);
}
