/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exact.h"

#include <stdio.h>

#include "packet/parse.h"
#include "view/rows/columns.h"

#define S 1000000000ull

static char cell[COLUMN_TEXT];

static const char *bytes(uint64_t n)
{
	column_bytes(n, cell);
	return cell;
}

static const char *duration(uint64_t ns)
{
	column_duration(ns, cell);
	return cell;
}

static void bytes_take_five_characters_at_most(void **state)
{
	(void)state;
	assert_string_equal(bytes(0), "0");
	assert_string_equal(bytes(999), "999");
	assert_string_equal(bytes(1229), "1.2K");
	assert_string_equal(bytes(34ull << 20), "34M");
	for (int bit = 0; bit < 64; bit++) {
		assert_in_range(strlen(bytes(1ull << bit)), 1, 5);
		assert_in_range(strlen(bytes((1ull << bit) - 1)), 1, 5);
	}
	assert_in_range(strlen(bytes(UINT64_MAX)), 1, 5);
}

static void durations_have_one_unit(void **state)
{
	(void)state;
	assert_string_equal(duration(0), "0s");
	assert_string_equal(duration(S - 1), "0s");
	assert_string_equal(duration(59 * S), "59s");
	assert_string_equal(duration(12 * 60 * S), "12m");
	assert_string_equal(duration(3 * 3600 * S), "3h");
	assert_string_equal(duration(200 * 3600 * S), "8d");
}

static void an_address_has_a_port_where_there_is_one(void **state)
{
	static const uint8_t v4[4] = { 192, 0, 2, 1 };
	struct flow_key k = { .proto = 6,
			      .local_port = 443,
			      .remote_port = 53,
			      .remote = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };

	(void)state;
	address_from_ipv4(k.local, v4);
	column_address(&k, 0, cell);
	assert_string_equal(cell, "192.0.2.1:443");
	column_address(&k, 1, cell);
	assert_string_equal(cell, "[2001:db8::1]:53");
	k.proto = 1;
	column_address(&k, 0, cell);
	assert_string_equal(cell, "192.0.2.1");
	k.proto = FLOW_FRAME;
	column_address(&k, 0, cell);
	assert_string_equal(cell, "");
}

static const char *kept(enum column c, const char *text)
{
	snprintf(cell, sizeof(cell), "%s", text);
	column_keep_port(c, 12, cell);
	return cell;
}

static void what_is_too_long_keeps_its_port(void **state)
{
	(void)state;
	assert_string_equal(kept(COLUMN_REMOTE, "1.2.3.4:4430"),
			    "1.2.3.4:4430");
	assert_string_equal(kept(COLUMN_REMOTE, "www.example.com:443"),
			    "www.exa…:443");
	assert_string_equal(kept(COLUMN_LOCAL, "[2001:db8::1]:443"),
			    "[2001:…]:443");
	assert_string_equal(kept(COLUMN_REMOTE, "2001:db8::10:1:2"),
			    "2001:db8::10:1:2");
	assert_string_equal(kept(COLUMN_REMOTE, "www.example.com"),
			    "www.example.com");
	assert_string_equal(kept(COLUMN_NAME, "www.example.com:443"),
			    "www.example.com:443");
}

static void all_that_stands_out_is_said(void **state)
{
	char all[COLUMN_ALERTS];

	(void)state;
	column_alerts(0, all);
	assert_string_equal(all, "");
	column_alerts(ALERT_DELETED | ALERT_RETRANSMISSIONS, all);
	assert_string_equal(all, "executable deleted, many retransmissions");
	column_alerts(0xff, all);
	assert_string_equal(all + strlen(all) - 7, "DNS for");
}

/* Whatever is in a row, and for every kind of table. */
static void what_is_placed_fits(void **state)
{
	struct column_place places[COLUMNS];

	(void)state;
	for (int g = 0; g < GROUPS; g++) {
		for (int width = 0; width < 300; width++) {
			int n = columns_place((enum table_group)g, COLUMN_NAME,
					      width, places);
			int used = 0;

			assert_in_range(n, 0, COLUMNS);
			for (int i = 0; i < n; i++) {
				assert_true(places[i].width > 0);
				assert_true(column_is_of(places[i].column,
							 (enum table_group)g));
				used += places[i].width + (i > 0);
			}
			assert_true(used <= width || n <= 1);
		}
	}
}

static void every_column_orders_and_has_words(void **state)
{
	struct row small = { .name = "a",
			     .state = "",
			     .user = "",
			     .container = "",
			     .domain = "",
			     .app = "" };
	struct row large = {
		.name = "B",
		.user = "u",
		.container = "c",
		.country = "NL",
		.domain = "d",
		.app = "e",
		.state = "open",
		.pid = 1,
		.attr = 1,
		.up = 1,
		.down = 1,
		.sent = 1,
		.received = 1,
		.connections = 1,
		.retransmissions = 1,
		.rtt_ns = 1,
		.first_ns = 5,
		.flow_key = { .proto = 17, .local = { 1 }, .remote = { 1 } }
	};

	(void)state;
	small.first_ns = 9;
	for (int c = 0; c < COLUMNS; c++) {
		enum column column = (enum column)c;
		int there = column_compare(column, &small, &large);
		int back = column_compare(column, &large, &small);

		assert_int_equal(column_compare(column, &small, &small), 0);
		assert_true(there != 0);
		assert_int_equal((there > 0) - (there < 0),
				 (back < 0) - (back > 0));
		assert_true(*column_word(column));
		column_cell(column, &large, 10, cell);
		assert_in_range(strlen(cell), 0, COLUMN_TEXT - 1);
	}
	column_cell(COLUMN_AGE, &large, 5 + 7 * S, cell);
	assert_string_equal(cell, "7s");
	large.alerts = ALERT_MEMFD;
	column_cell(COLUMN_NAME, &large, 0, cell);
	assert_string_equal(cell, "! B");
}

static void a_name_stands_for_the_remote_address(void **state)
{
	struct row r = {
		.domain = "www.example.com",
		.app = "TLS x",
		.flow_key = { .proto = 6, .local_port = 5, .remote_port = 443 }
	};

	(void)state;
	column_cell(COLUMN_REMOTE, &r, 0, cell);
	assert_string_equal(cell, "www.example.com:443");
	r.local_side = FLOW_SERVER;
	column_cell(COLUMN_REMOTE, &r, 0, cell);
	assert_string_equal(cell, "www.example.com:5");
	column_cell(COLUMN_APP, &r, 0, cell);
	assert_string_equal(cell, "TLS x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_take_five_characters_at_most),
		cmocka_unit_test(durations_have_one_unit),
		cmocka_unit_test(an_address_has_a_port_where_there_is_one),
		cmocka_unit_test(what_is_too_long_keeps_its_port),
		cmocka_unit_test(all_that_stands_out_is_said),
		cmocka_unit_test(what_is_placed_fits),
		cmocka_unit_test(every_column_orders_and_has_words),
		cmocka_unit_test(a_name_stands_for_the_remote_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
