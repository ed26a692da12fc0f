/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of `pktwho top` on a screen of the test, and what keys do. */
#include "tree.h"

#include <errno.h>

#include "host/clocks.h"
#include "view/saved/saved.h"
#include "view/screen/screen.h"
#include "view/talk.h"
#include "view/screen/top.h"

#define ROWS	    24
#define COLUMNS_MAX 200

/* ---- the screen ---- */

static char picture[ROWS][COLUMNS_MAX + 1];
static int height, width, opened, shown, click_row, click_column;
static long keys[64];
static int key_count, key_at;
static char copied[512];
static uint64_t now_ns;
static bool is_stalled;

int __wrap_screen_open(struct screen **out);
int __wrap_screen_open(struct screen **out)
{
	*out = (struct screen *)(void *)&opened;
	opened++;
	return 0;
}

void __wrap_screen_close(struct screen *s);
void __wrap_screen_close(struct screen *s)
{
	opened -= s != NULL;
}

bool __wrap_screen_is_ready(struct screen *s);
bool __wrap_screen_is_ready(struct screen *s)
{
	(void)s;
	return !is_stalled;
}

void __wrap_screen_size(const struct screen *s, int *rows, int *columns);
void __wrap_screen_size(const struct screen *s, int *rows, int *columns)
{
	(void)s;
	*rows = height;
	*columns = width;
}

long __wrap_screen_key(struct screen *s);
long __wrap_screen_key(struct screen *s)
{
	(void)s;
	return key_at < key_count ? keys[key_at++] : SCREEN_NONE;
}

void __wrap_screen_click(const struct screen *s, int *row, int *column);
void __wrap_screen_click(const struct screen *s, int *row, int *column)
{
	(void)s;
	*row = click_row;
	*column = click_column;
}

void __wrap_screen_erase(struct screen *s);
void __wrap_screen_erase(struct screen *s)
{
	(void)s;
	memset(picture, ' ', sizeof(picture));
	for (int i = 0; i < ROWS; i++)
		picture[i][COLUMNS_MAX] = '\0';
}

size_t __wrap_screen_put_part(struct screen *s, int row, int column, int w,
			      const char *text);
size_t __wrap_screen_put_part(struct screen *s, int row, int column, int w,
			      const char *text)
{
	size_t n = strlen(text);

	(void)s;
	assert_in_range(row, 0, height - 1);
	if (w > width - column)
		w = width - column;
	if (w <= 0 || column < 0)
		return 0;
	n = n > (size_t)w ? (size_t)w : n;
	memset(&picture[row][column], ' ', (size_t)w);
	memcpy(&picture[row][column], text, n);
	return n;
}

void __wrap_screen_put(struct screen *s, int row, int column, int w, int style,
		       bool right, const char *text);
void __wrap_screen_put(struct screen *s, int row, int column, int w, int style,
		       bool right, const char *text)
{
	(void)style;
	(void)right;
	__wrap_screen_put_part(s, row, column, w, text);
}

void __wrap_screen_cursor(struct screen *s, int row, int column);
void __wrap_screen_cursor(struct screen *s, int row, int column)
{
	(void)s;
	(void)row;
	(void)column;
}

void __wrap_screen_show(struct screen *s);
void __wrap_screen_show(struct screen *s)
{
	(void)s;
	shown++;
}

void __wrap_screen_copy(struct screen *s, const char *text);
void __wrap_screen_copy(struct screen *s, const char *text)
{
	(void)s;
	snprintf(copied, sizeof(copied), "%s", text);
}

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now_ns;
}

/* ---- what is shown ---- */

static struct actors *actors;
static struct flows *flows;
static struct top *top;
static struct talker talkers[4];

static int make(void **state)
{
	struct flows_options o = { .max = 64,
				   .keep = true,
				   .country = country_of_talk };
	struct top_options t = { .title = "eth0", .interval_ns = S };

	if (tree_make(state))
		return -1;
	width = 160;
	height = ROWS;
	shown = key_count = key_at = 0;
	now_ns = 100 * S;
	*copied = '\0';
	o.actors = t.actors = actors = actors_new(64);
	t.flows = flows = flows_new(&o);
	return top_open(&top, &t);
}

static int unmake(void **state)
{
	top_close(top);
	top_close(NULL);
	flows_free(flows);
	actors_free(actors);
	return opened || tree_remove(state);
}

static void talk(int i, const char *name, uint32_t bytes)
{
	talker_init(&talkers[i], 10 + (uint32_t)i, name);
	SAY(flows, .src = &talkers[i], .at_ns = S, .flags = SYN, .to = 443,
	    .from = (uint16_t)(40000 + i), .len = bytes);
}

/* Keys, up to 0, and then a picture. */
static int hit(const long *hits)
{
	struct view_losses losses = { .dropped = 77 };

	key_count = key_at = 0;
	while (*hits)
		keys[key_count++] = *hits++;
	now_ns += S;
	return top_update(top, &losses, 2 * S, EPOCH + 2 * S);
}

#define HIT(...) hit((const long[]){ __VA_ARGS__, 0 })

/* The row of the screen in which that stands, or -1. */
static int row_with(const char *text)
{
	for (int i = 0; i < ROWS; i++)
		if (strstr(picture[i], text))
			return i;
	return -1;
}

static void an_empty_table_says_so(void **state)
{
	(void)state;
	HIT('x');
	assert_int_not_equal(row_with("no traffic yet"), -1);
	assert_int_not_equal(row_with("77 dropped"), -1);
	/* With nothing to show there are no details, nothing to copy. */
	HIT(SCREEN_ENTER, 'y', 'e', SCREEN_END, SCREEN_PAGE_UP, 'l');
	assert_string_equal(copied, "");
	assert_int_not_equal(row_with("does not tell of sockets"), -1);
}

/* A picture of nothing is followed by that of the first row at once. */
static void the_first_row_does_not_wait(void **state)
{
	struct view_losses losses = { 0 };

	(void)state;
	assert_int_equal(top_update(top, &losses, 2 * S, EPOCH + 2 * S), 0);
	assert_int_equal(shown, 1);
	talk(0, "curl", 100);
	assert_int_equal(top_update(top, &losses, 2 * S, EPOCH + 2 * S), 0);
	assert_int_equal(shown, 2);
	assert_int_not_equal(row_with("curl"), -1);
	/* No other one is so urgent. */
	talk(1, "nginx", 100);
	assert_int_equal(top_update(top, &losses, 2 * S, EPOCH + 2 * S), 0);
	assert_int_equal(shown, 2);
}

/* Its keys work, and what they did is seen once it takes pictures again. */
static void a_stalled_terminal_gets_no_picture(void **state)
{
	(void)state;
	talk(0, "curl", 100);
	is_stalled = true;
	assert_int_equal(HIT('2'), 0);
	assert_int_equal(shown, 0);
	is_stalled = false;
	HIT(0);
	assert_int_equal(shown, 1);
	assert_int_not_equal(row_with("processes,"), -1);
	is_stalled = true;
	assert_int_equal(HIT('q'), -EPIPE);
	is_stalled = false;
}

static void what_is_shown_is_saved_until_the_key_again(void **state)
{
	const char *const names[] = { "eth0" };
	struct saved_options so = { .interfaces = names };
	struct top_options t = { .title = "eth0",
				 .flows = flows,
				 .actors = actors };

	(void)state;
	assert_int_equal(chdir(tree_path), 0);
	assert_int_equal(saved_open(&t.saved, &so), 0);
	top_close(top);
	assert_int_equal(top_open(&top, &t), 0);
	HIT('e');
	assert_true(saved_goes_on(t.saved));
	assert_int_not_equal(row_with("until e"), -1);
	HIT('j');
	assert_int_not_equal(row_with("SAVING 0"), -1);
	HIT('e');
	assert_false(saved_goes_on(t.saved));
	assert_int_not_equal(row_with("tshark -r pktwho_00001_"), -1);
	assert_int_not_equal(row_with("(0 packets)"), -1);
	assert_int_equal(strncmp(copied, "tshark -r pktwho_00001_", 23), 0);
	saved_close(t.saved);
	assert_int_equal(access(tree_path, F_OK), 0);
	assert_int_equal(chdir("/"), 0);
}

static void keys_move_and_show_details(void **state)
{
	(void)state;
	talk(0, "curl", 100);
	talk(1, "nginx", 200);
	HIT('x');
	assert_int_not_equal(row_with("curl"), -1);
	assert_int_not_equal(row_with("nginx"), -1);
	HIT(SCREEN_END, SCREEN_ENTER);
	assert_int_not_equal(row_with("traffic"), -1);
	assert_int_not_equal(row_with("pid 1"), -1);
	/* They scroll, under their title. */
	height = 10;
	HIT(SCREEN_PAGE_DOWN);
	assert_int_equal(row_with("traffic "), -1);
	HIT(SCREEN_PAGE_DOWN, SCREEN_PAGE_DOWN, SCREEN_PAGE_UP, SCREEN_PAGE_UP,
	    SCREEN_PAGE_UP);
	assert_int_equal(row_with("traffic "), 3);
	height = ROWS;
	HIT(SCREEN_ESCAPE);
	assert_int_equal(row_with("traffic "), -1);
	/* Rows before the first and behind the last there are none. */
	HIT(SCREEN_UP, SCREEN_UP, SCREEN_UP, SCREEN_PAGE_DOWN, SCREEN_DOWN,
	    SCREEN_HOME);
	assert_int_not_equal(row_with("curl"), -1);
	HIT('?');
	assert_int_not_equal(row_with("any key goes back"), -1);
	HIT('q');
	assert_int_equal(row_with("any key goes back"), -1);
	assert_int_equal(HIT('q'), -EPIPE);
}

/* All of a value is there, and below the last line nothing is. */
static void details_go_on_to_their_end(void **state)
{
	struct process p = { .pid = 10, .id = 1010 };
	int at;

	(void)state;
	p.has = 1ull << FIELD_PID | 1ull << FIELD_ID | 1ull << FIELD_CMDLINE |
		1ull << FIELD_UNIT;
	p.cmdline_len = sizeof(p.cmdline);
	memset(p.cmdline, 'x', sizeof(p.cmdline));
	strcpy(p.cmdline + sizeof(p.cmdline) - 5, "last");
	strcpy(p.unit, "web.service");
	talk(0, "curl", 100);
	talker_set(&talkers[0], &p);
	SAY(flows, .src = &talkers[0], .at_ns = 2 * S, .from = 40000, .to = 443,
	    .flags = ACK);
	width = 80;
	HIT('2');
	HIT(SCREEN_ENTER);
	assert_int_equal(row_with("Page Down: more"), 2);
	assert_int_equal(row_with("xlast"), -1);
	for (int i = 0; i < 20; i++)
		HIT(SCREEN_PAGE_DOWN);
	assert_int_equal(row_with("Page Down: more"), -1);
	at = row_with("web.service");
	assert_int_equal(at, ROWS - 2);
	assert_int_equal(row_with("xlast"), at - 1);
	HIT(SCREEN_PAGE_UP);
	assert_int_equal(row_with("xlast"), -1);
}

/* What does not fit is further down, and no word of it is cut. */
static void the_help_of_a_small_screen_scrolls(void **state)
{
	(void)state;
	width = 40;
	height = 10;
	HIT('?');
	assert_int_not_equal(row_with("Page Down: more"), -1);
	assert_int_not_equal(row_with("connections, processes,"), -1);
	assert_int_equal(row_with("q, ^C"), -1);
	HIT(SCREEN_DOWN, SCREEN_RESIZED);
	assert_int_equal(row_with("connections, processes,"), -1);
	HIT(SCREEN_UP, SCREEN_UP);
	assert_int_equal(row_with("connections, processes,"), 3);
	for (int i = 0; i < 10; i++)
		HIT(SCREEN_PAGE_DOWN, SCREEN_PAGE_DOWN);
	assert_int_equal(row_with("this host."), 8);
	/* And not beyond its end. */
	HIT(SCREEN_PAGE_UP);
	assert_int_equal(row_with("this host."), -1);
	HIT('x');
	assert_int_equal(row_with("Page Down: more"), -1);
	HIT('?');
	assert_int_equal(row_with("connections, processes,"), 3);
	/* With hardly any room there is something of it. */
	width = 20;
	HIT(SCREEN_RESIZED);
	assert_int_not_equal(row_with("1-7, Tab"), -1);
}

static void what_is_typed_filters_as_it_is_typed(void **state)
{
	(void)state;
	talk(0, "curl", 100);
	talk(1, "nginx", 200);
	HIT('/', 'n', 'g', 'i', 'x', SCREEN_BACKSPACE, 'n');
	assert_int_not_equal(row_with("/ngin"), -1);
	assert_int_equal(row_with("curl"), -1);
	/* Escape goes back to what it was before: everything. */
	HIT(SCREEN_ESCAPE);
	assert_int_not_equal(row_with("curl"), -1);
	/* What is no query says why, and the last one still holds. */
	HIT('p', 'c', 'u', ' ', '(');
	assert_int_equal(row_with("nginx"), -1);
	HIT(SCREEN_ENTER);
	assert_int_not_equal(row_with("/proc:cu (  something is missing"), -1);
	assert_int_equal(row_with("nginx"), -1);
	HIT('U' - '@', SCREEN_ENTER);
	assert_int_not_equal(row_with("nginx"), -1);
}

/* A character of several bytes is one for the user. */
static void other_characters_can_be_typed_and_erased(void **state)
{
	(void)state;
	HIT('/', 0xe9, 0x20ac, 0x1f600, 'a');
	assert_int_not_equal(row_with("/\u00e9\u20ac\U0001f600a"), -1);
	HIT(SCREEN_BACKSPACE, SCREEN_BACKSPACE);
	assert_int_not_equal(row_with("/\u00e9\u20ac "), -1);
	HIT(SCREEN_BACKSPACE, SCREEN_BACKSPACE, SCREEN_BACKSPACE);
	assert_int_equal(row_with("/\u00e9"), -1);
	/* More than there is room for is left out, whole. */
	for (int i = 0; i < 4; i++)
		HIT(0x20ac, 0x20ac, 0x20ac, 0x20ac, 0x20ac, 0x20ac, 0x20ac,
		    0x20ac, 0x20ac, 0x20ac, 0x20ac, 0x20ac, 0x20ac, 0x20ac);
	HIT(SCREEN_BACKSPACE);
	assert_int_not_equal(row_with("/\u20ac"), -1);
}

static void groups_and_columns_are_chosen(void **state)
{
	bool before;

	(void)state;
	talk(0, "curl", 100);
	talk(1, "nginx", 9000);
	HIT('2', 's', '<', '>', 'r');
	assert_int_not_equal(row_with("2 processes"), -1);
	HIT('\t', '\t', SCREEN_TAB_BACK);
	assert_int_not_equal(row_with("programs,"), -1);
	HIT('5');
	assert_int_not_equal(row_with("NL"), -1);
	HIT(SCREEN_TAB_BACK, SCREEN_TAB_BACK, SCREEN_TAB_BACK, SCREEN_TAB_BACK,
	    SCREEN_TAB_BACK);
	assert_int_not_equal(row_with("containers,"), -1);
	/* What was not on the screen is, when that is what it is sorted by. */
	width = 80;
	HIT('1');
	assert_int_equal(row_with(" RTT"), -1);
	HIT('s', 's', 's', 's');
	assert_int_not_equal(row_with(" RTT"), -1);
	HIT('<', '<', '<', '<');
	assert_int_equal(row_with(" RTT"), -1);
	width = 160;
	/* On the titles a click sorts, on a row it goes there. */
	click_row = 2;
	click_column = 1;
	HIT(SCREEN_CLICK);
	before = row_with("curl") < row_with("nginx");
	HIT(SCREEN_CLICK);
	assert_int_equal(row_with("curl") > row_with("nginx"), before);
	click_row = ROWS - 1;
	click_column = 10000;
	HIT(SCREEN_CLICK);
	click_row = 0;
	HIT(SCREEN_CLICK);
	assert_int_not_equal(row_with("curl"), -1);
}

/* It is pasted into a shell, and anybody may call a process so. */
static void no_name_leaves_its_quotes(void **state)
{
	(void)state;
	talk(0, "a';id;\"\\ \u20ac", 100);
	HIT('3');
	HIT('y');
	assert_string_equal(copied, "proc.name == \"a\\x27;id;\\x22\\x5c\\x5c "
				    "\u20ac\"");
	HIT('e');
	assert_int_not_equal(row_with("no file can be written here"), -1);
	top_close(top);
	assert_int_equal(
		top_open(&top, &(struct top_options){ .title = "eth0",
						      .file = "f.pcapng",
						      .flows = flows,
						      .actors = actors,
						      .group = GROUP_PROGRAM }),
		0);
	HIT('x');
	HIT('e');
	assert_string_equal(copied, "tshark -r f.pcapng -Y 'proc.name == "
				    "\"a\\x27;id;\\x22\\x5c\\x5c \u20ac\"' -w "
				    "part.pcapng");
}

/* Which may have no clipboard, and not as many columns. */
static void what_is_sent_to_the_terminal_is_said(void **state)
{
	(void)state;
	talk(0, "curl", 100);
	width = 80;
	HIT('3');
	HIT('y');
	assert_int_equal(row_with("sent to the terminal: proc.name == "
				  "\"curl\"  "),
			 ROWS - 1);
	HIT('1');
	HIT('y');
	assert_true(strlen(copied) > 80);
	assert_memory_equal(picture[ROWS - 1], "sent to the terminal: ip.addr",
			    29);
}

/* Nor does the name of a file. */
static void a_command_is_quoted_for_a_shell(void **state)
{
	static const char *const names[][2] = {
		{ "my file.pcapng", "'my file.pcapng'" },
		{ "$(id);`id`", "'$(id);`id`'" },
		{ "it's", "'it'\\''s'" },
		{ "/var/log/a-1_2.pcapng.gz", "/var/log/a-1_2.pcapng.gz" },
	};
	char wanted[200];

	(void)state;
	talk(0, "curl", 100);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		top_close(top);
		assert_int_equal(top_open(&top,
					  &(struct top_options){
						  .title = "x",
						  .file = names[i][0],
						  .flows = flows,
						  .actors = actors,
						  .group = GROUP_PROGRAM }),
				 0);
		HIT('x');
		HIT('e');
		snprintf(wanted, sizeof(wanted),
			 "tshark -r %s -Y 'proc.name "
			 "== \"curl\"' -w part.pcapng",
			 names[i][1]);
		assert_string_equal(copied, wanted);
	}
}

static void a_filter_is_of_its_row(void **state)
{
	(void)state;
	talk(0, "curl", 100);
	HIT('1');
	HIT('y');
	assert_string_equal(copied, "ip.addr#1 == 192.0.2.1 && ip.addr#1 "
				    "== 198.51.100.2 && tcp.port == 40000 && "
				    "tcp.port == 443 && ip.proto#1 == 6");
	HIT('2');
	HIT('y');
	assert_string_equal(copied, "proc.id == 0x00000000000003f2");
	HIT('4');
	HIT('y');
	assert_string_equal(copied, "ip.addr#1 == 198.51.100.2");
	HIT('5');
	HIT('y');
	assert_string_equal(copied, "geo.country == \"NL\"");
	HIT('6');
	HIT('y');
	assert_string_equal(copied, "proc.user == \"www-data\"");
}

#define NOBODY_BEFORE                                                         \
	"(proc.src.attr == \"unknown\" && proc.src.reason == \"before\") || " \
	"(proc.dst.attr == \"unknown\" && proc.dst.reason == \"before\")"

/* Of those that are no process, in each kind of rows. */
static void a_filter_of_nobody_finds_nobody(void **state)
{
	static const struct {
		long rows;
		const char *name, *filter;
	} cases[] = {
		{ '2', "(unknown: before)", NOBODY_BEFORE },
		{ '3', "(unknown: before)", NOBODY_BEFORE },
		{ '6', "(none)",
		  "(proc.src.attr && !proc.src.user) || "
		  "(proc.dst.attr && !proc.dst.user)" },
		{ '7', "(host)",
		  "(proc.src.attr && !proc.src.container.id) || "
		  "(proc.dst.attr && !proc.dst.container.id)" },
		{ '1', "(unknown: before)",
		  "ip.addr#1 == 192.0.2.1 && "
		  "ip.addr#1 == 198.51.100.2 && icmp && !icmp.ident#1" },
	};

	(void)state;
	SAY(flows, .at_ns = S, .proto = 1, .from = 0, .to = 0, .unknown = true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		HIT(cases[i].rows);
		assert_int_equal(row_with(cases[i].name), 3);
		HIT('y');
		assert_string_equal(copied, cases[i].filter);
	}
}

static void a_filter_is_of_one_ping_and_of_a_user_without_a_name(void **state)
{
	struct process p = { .pid = 10, .id = 1010, .uid = 4711 };

	(void)state;
	p.has = 1ull << FIELD_PID | 1ull << FIELD_ID | 1ull << FIELD_UID;
	talker_init(&talkers[0], 10, "ping");
	talker_set(&talkers[0], &p);
	SAY(flows, .src = &talkers[0], .at_ns = S, .proto = 1, .from = 77,
	    .to = FLOW_ECHO_ASKS);
	HIT('1');
	HIT('y');
	assert_string_equal(copied, "ip.addr#1 == 192.0.2.1 && ip.addr#1 "
				    "== 198.51.100.2 && icmp.ident#1 == 77");
	HIT('6');
	HIT('y');
	assert_string_equal(copied, "proc.uid == 4711");
}

/* Nor is it hidden that there is nothing to be found. */
static void a_filter_that_finds_nothing_says_why(void **state)
{
	(void)state;
	talk(0, "curl", 100);
	top_tell(top, "no applications and names", "there is no tshark");
	HIT('j');
	assert_int_equal(row_with("there is no tshark"), -1);
	HIT('/', 'a', 'p', 'p', ':', 'T', SCREEN_ENTER);
	assert_int_equal(row_with("nothing matches the filter"), 3);
	assert_int_equal(row_with("fields: proc pid "), 4);
	assert_int_equal(row_with("there is no tshark"), 5);
	HIT(SCREEN_ESCAPE);
	assert_int_equal(row_with("there is no tshark"), -1);
}

static void a_pause_stops_the_picture(void **state)
{
	int before;

	(void)state;
	talk(0, "curl", 100);
	HIT(' ');
	assert_int_not_equal(row_with("PAUSED"), -1);
	talk(1, "nginx", 100);
	before = shown;
	HIT(0);
	assert_int_equal(shown, before);
	HIT(' ');
	assert_int_not_equal(row_with("nginx"), -1);

	/* As it is: what has come since it was drawn may change its order. */
	talk(2, "dig", 100);
	HIT(' ', 'g');
	assert_int_not_equal(row_with("PAUSED"), -1);
	assert_int_equal(row_with("dig"), -1);
	HIT(' ');
	assert_int_not_equal(row_with("dig"), -1);
}

/* Narrower than anything in it; nothing is drawn outside. */
static void any_width_will_do(void **state)
{
	static const long modes[] = { 'x', '?', SCREEN_RESIZED, 'q', '\n', 'q',
				      '/', 'a', SCREEN_ESCAPE };

	(void)state;
	talk(0, "a rather long n", 100);
	for (width = 1; width <= COLUMNS_MAX; width += 7)
		for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
			assert_int_equal(HIT(modes[i]), 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(an_empty_table_says_so),
		test(the_first_row_does_not_wait),
		test(a_stalled_terminal_gets_no_picture),
		test(what_is_shown_is_saved_until_the_key_again),
		test(keys_move_and_show_details),
		test(details_go_on_to_their_end),
		test(the_help_of_a_small_screen_scrolls),
		test(what_is_typed_filters_as_it_is_typed),
		test(other_characters_can_be_typed_and_erased),
		test(groups_and_columns_are_chosen),
		test(no_name_leaves_its_quotes),
		test(what_is_sent_to_the_terminal_is_said),
		test(a_command_is_quoted_for_a_shell),
		test(a_filter_is_of_its_row),
		test(a_filter_of_nobody_finds_nobody),
		test(a_filter_is_of_one_ping_and_of_a_user_without_a_name),
		test(a_filter_that_finds_nothing_says_why),
		test(a_pause_stops_the_picture),
		test(any_width_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
