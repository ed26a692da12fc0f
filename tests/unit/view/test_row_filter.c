/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/row_filter.h"
#include "view/talk.h"

static void assert_filter(const struct row *r, enum table_group group,
			  const char *wanted)
{
	char text[ROW_FILTER];

	row_filter(r, group, text);
	assert_string_equal(text, wanted);
}

/* What is own says something to everybody, in their rows. */
static void a_place_is_one_end_of_two(void **state)
{
	static const struct {
		enum table_group group;
		const char *name;
		uint8_t places;
		const char *filter;
	} cases[] = {
		{ GROUP_HOST, "::1", PLACE_ITSELF, "ipv6.addr#1 == ::1" },
		{ GROUP_HOST, "192.0.2.1", PLACE_ITSELF | PLACE_ELSEWHERE,
		  "(ip.src#1 == 192.0.2.1 && ip.dst#1 == 192.0.2.1)" },
		{ GROUP_HOST, "192.0.2.1", PLACE_HERE | PLACE_ELSEWHERE,
		  "(ip.addr#1 == 192.0.2.1 && proc.src.attr && "
		  "proc.dst.attr)" },
		{ GROUP_HOST, "192.0.2.1", PLACE_REMOTE | PLACE_ELSEWHERE,
		  "(ip.src#1 == 192.0.2.1 && !proc.src.attr) || "
		  "(ip.dst#1 == 192.0.2.1 && !proc.dst.attr)" },
		{ GROUP_COUNTRY, "NL", PLACE_REMOTE, "geo.country == \"NL\"" },
		{ GROUP_COUNTRY, "NL", PLACE_REMOTE | PLACE_ELSEWHERE,
		  "(geo.src.country == \"NL\" && !proc.src.attr) || "
		  "(geo.dst.country == \"NL\" && !proc.dst.attr)" },
		{ GROUP_COUNTRY, "(none)", PLACE_REMOTE,
		  "!geo.country && !proc.table.pid" },
		{ GROUP_COUNTRY, "(none)", PLACE_REMOTE | PLACE_ELSEWHERE,
		  "(proc.src.attr && !geo.dst.country) || "
		  "(proc.dst.attr && !geo.src.country)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_filter(&(struct row){ .name = cases[i].name,
					     .excluded = "",
					     .places = cases[i].places },
			      cases[i].group, cases[i].filter);
}

/* docs/fields.md has the rule; the other quote ends a shell's. */
static void a_name_is_as_the_plugin_writes_it(void **state)
{
	static const struct {
		const char *exact, *filter;
	} cases[] = {
		{ "\033]0;evil\a", "proc.name == \"\\x5cx1b]0;evil\\x5cx07\"" },
		{ "a\\\"'", "proc.name == \"a\\x5c\\x5c\\x22\\x27\"" },
		{ "\u20ac\xff\u202e", "proc.name == \"\u20ac\\x5cxff\\x5cxe2"
				      "\\x5cx80\\x5cxae\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_filter(&(struct row){ .name = "?",
					     .exact = cases[i].exact },
			      GROUP_PROGRAM, cases[i].filter);
}

static void a_port_that_is_used_again_has_a_time(void **state)
{
	struct row r = { .name = "curl",
			 .follows = true,
			 .first_ns = EPOCH + 5,
			 .last_ns = EPOCH + 2 * S };

	(void)state;
	r.flow_key.proto = FLOW_FRAME;
	r.flow_key.local_port = 0x806;
	assert_filter(&r, GROUP_CONNECTION,
		      "eth.type == 0x0806 && frame.time_epoch >= "
		      "1700000000.000000005");
	r.followed = true;
	assert_filter(&r, GROUP_CONNECTION,
		      "eth.type == 0x0806 && frame.time_epoch >= "
		      "1700000000.000000005 && frame.time_epoch <= "
		      "1700000002.000000000");
}

static void what_is_in_a_tunnel_is_no_packet_of_the_row(void **state)
{
	struct row r = { .name = "192.0.2.1", .mixed = true };

	(void)state;
	assert_filter(&r, GROUP_HOST,
		      "ip.addr#1 == 192.0.2.1 && "
		      "!(frame.protocols matches \":ipv6.*:ip(:|$)\")");
	r.name = "2001:db8::1";
	assert_filter(&r, GROUP_HOST,
		      "ipv6.addr#1 == 2001:db8::1 && "
		      "!(frame.protocols matches \":ip:.*ipv6\")");
	r.places = PLACE_ITSELF | PLACE_ELSEWHERE;
	assert_filter(&r, GROUP_HOST,
		      "((ipv6.src#1 == 2001:db8::1 && "
		      "ipv6.dst#1 == 2001:db8::1)) && "
		      "!(frame.protocols matches \":ip:.*ipv6\")");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_one_end_of_two),
		cmocka_unit_test(a_name_is_as_the_plugin_writes_it),
		cmocka_unit_test(a_port_that_is_used_again_has_a_time),
		cmocka_unit_test(what_is_in_a_tunnel_is_no_packet_of_the_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
