/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --keep: each of its words is what an option of that name is. */
#include "exact.h"

#include <errno.h>
#include <stdio.h>

#include "process/filter/filter.h"
#include "record.h"

static struct process curl(void)
{
	struct process p = { .pid = 42, .uid = 33 };

	strcpy(p.name, "curl");
	strcpy(p.user, "www-data");
	strcpy(p.unit, "web.service");
	strcpy(p.container_name, "my shop");
	strcpy(p.exepath, "/usr/bin/curl");
	p.flags = PROCESS_EXE_MEMFD;
	p.has = 1ull << FIELD_PID | 1ull << FIELD_NAME | 1ull << FIELD_UID |
		1ull << FIELD_EXEPATH | 1ull << FIELD_USER |
		1ull << FIELD_UNIT | 1ull << FIELD_CONTAINER_NAME;
	return p;
}

static void a_process_is_kept_or_not(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		bool kept;
	} rows[] = {
		{ "curl", true }, { "c*", true }, { "cur", false },
		{ "proc.name == \"curl\" and not user == \"root\"", true },
		{ "proc.name == \"curl\" and user == \"root\"", false },
		{ "name = curl", true }, { "name = wget", false },
		{ "name==curl", true }, { "name!=curl", false },
		{ "name != wget", true }, { "proc:curl !user:root", true },
		{ "pid == 42", true }, { "proc.pid:4", false },
		{ "uid == 33", true }, { "unit == web", true },
		{ "exe == /usr/bin/*", true }, { "proc.exepath:/bin", false },
		{ "container == \"my shop\"", true },
		{ "container:\"my shop\" wget", false },
		{ "wget or (curl and unit:web.service)", true },
		{ "\"curl\"", true }, { "PROC.Name == curl", true },
		{ "pod == x", false }, { "pod != x", true },
		{ "expert:memfd", true }, { "proc.expert == deleted", false },
		{ "\"a,b\" or \"x>y\" or curl", true },
		{ "contains or in or curl", true }, { "name", false },
		{ "expert:*", true }, { "expert:world*", false },
	};
	/* clang-format on */
	struct process p = curl();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct filter f = { 0 };
		char why[64];

		if (keep_compile(&f.keep, rows[i].text, why, sizeof(why)))
			fail_msg("%s: %s", rows[i].text, why);
		assert_false(filter_is_empty(&f));
		if (filter_matches(&f, &p) != rows[i].kept)
			fail_msg("%s", rows[i].text);
	}
}

static void it_holds_beside_the_options(void **state)
{
	struct process p = curl();
	struct filter f = { 0 };
	char why[64];

	(void)state;
	assert_int_equal(keep_compile(&f.keep, "not root", why, 64), 0);
	assert_true(filter_matches(&f, &p));
	assert_true(filter_add(&f, FILTER_PROC, "wget"));
	assert_false(filter_matches(&f, &p));
}

static void explained(const char *const (*rows)[2], size_t count)
{
	struct keep k;
	char why[128];

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(keep_compile(&k, rows[i][0], why, sizeof(why)),
				 -EINVAL);
		assert_string_equal(why, rows[i][1]);
	}
}

static void what_is_none_says_why(void **state)
{
	static const char *const rows[][2] = {
		{ "", "nothing to filter by" },
		{ "ip.addr == 1.2.3.4", "no field: ip.addr" },
		{ "nobody:x", "no field: nobody:x" },
		{ "pid == curl", "no number: curl" },
		{ "expert == beacon", "no expert item of records: beacon" },
		{ "sha256:abc", "no hash: abc" },
		{ "name ==", "something is missing" },
		{ "name:", "something is missing" },
		{ "curl and", "something is missing" },
		{ "== curl", "no field: ==" },
		{ "a a a a a a a a a a a a a a a a a", "too many words" },
	};

	(void)state;
	explained(rows, sizeof(rows) / sizeof(*rows));
}

static void what_is_wiresharks_says_what_to_type(void **state)
{
	static const char *const rows[][2] = {
		{ "pid > 5", "only == and != compare, and no >" },
		{ "pid>=5", "only == and != compare, and no pid>=5" },
		{ "name contains \"py\"",
		  "there is no \"contains\": type name == \"*py*\"" },
		{ "proc.name matches \"py\"",
		  "there is no \"matches\": type name == \"*py*\", a pattern "
		  "of glob(7)" },
		{ "proc.pid in {1 2}", "there is no \"in\": type pid == 1 or "
				       "..." },
		{ "unit in {\"a\",\"b\"}", "there is no \"in\": type unit == a "
					   "or ..." },
		{ "user eq root", "there is no \"eq\": type user == root" },
		{ "name == python3,curl", "one at a time: name == python3 or "
					  "name == curl" },
		{ "pid:1,2,3", "one at a time: pid == 1 or pid == 2 or "
			       "pid == 3" },
		{ "a,b", "one at a time: name == a or name == b" },
		{ "python3&&", "blanks belong around \"&&\" and \"||\": "
			       "python3&&" },
		{ "name==a||b",
		  "blanks belong around \"&&\" and \"||\": a||b" },
		{ "name == \"py", "a \" is missing" },
	};

	(void)state;
	explained(rows, sizeof(rows) / sizeof(*rows));
}

/* However long it is, and wherever it is cut. */
static void any_text_is_safe(void **state)
{
	static const char all[] = "not(name == \"curl\")or!=pid:7&&||!unit!=x:";
	char word[3 * EXPRESSION_WORD], why[16];
	struct keep k;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		for (size_t n = 0; i + n < sizeof(all); n++) {
			char *text = exact_copy(all + i, n + 1);

			text[n] = '\0';
			keep_compile(&k, text, why, sizeof(why));
			free(text);
		}
	memset(word, 'a', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(keep_compile(&k, word, why, sizeof(why)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_kept_or_not),
		cmocka_unit_test(it_holds_beside_the_options),
		cmocka_unit_test(what_is_none_says_why),
		cmocka_unit_test(what_is_wiresharks_says_what_to_type),
		cmocka_unit_test(any_text_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
