/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of several interfaces as one stream, whatever becomes of these. */
#include "exact.h"

#include <errno.h>
#include <stdio.h>

#include "host/clocks.h"
#include "host/netns.h"
#include "options.h"
#include "output/output.h"
#include "packet/queue.h"
#include "interface/devices.h"
#include "interface/source.h"
#include "session/captures.h"

#define MS 1000000ull

/* ---- interfaces of the test ---- */

struct source {
	int number;
};

static struct source sources[CAPTURES_MAX];
static struct source_options opened[CAPTURES_MAX];
static int open_count, closed_count, fails_at, resumed;
static int read_err[4], resume_err[4];
static uint64_t comes[4][256]; /* times of the packets, 0: the end */
static uint32_t sizes[4];
static bool is_ipv4, has_no_room[4];
static uint64_t now_ns;

int __wrap_source_open(struct source **out, const struct source_options *o);
int __wrap_source_open(struct source **out, const struct source_options *o)
{
	if (open_count == fails_at)
		return -ENODEV;
	sources[open_count].number = open_count;
	opened[open_count] = *o;
	*out = &sources[open_count++];
	return 0;
}

void __wrap_source_close(struct source *s);
void __wrap_source_close(struct source *s)
{
	assert_non_null(s);
	closed_count++;
}

uint32_t __wrap_source_linktype(const struct source *s);
uint32_t __wrap_source_linktype(const struct source *s)
{
	return s->number ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
}

uint32_t __wrap_source_snaplen(const struct source *s);
uint32_t __wrap_source_snaplen(const struct source *s)
{
	return 100 + (uint32_t)s->number;
}

int __wrap_source_fd(const struct source *s);
int __wrap_source_fd(const struct source *s)
{
	return 50 + s->number;
}

int __wrap_source_read(struct source *s,
		       void (*fn)(void *ctx, const struct source_packet *p),
		       void *ctx);
int __wrap_source_read(struct source *s,
		       void (*fn)(void *ctx, const struct source_packet *p),
		       void *ctx)
{
	static uint8_t data[1u << 20];
	uint32_t size = sizes[s->number] ? sizes[s->number] : 60;
	int n = 0;

	if (is_ipv4) /* UDP from port 5000 to port 53 */
		memcpy(data,
		       "\0\0\0\0\0\0\0\0\0\0\0\0\x08\0"
		       "\x45\0\0\x2e\0\0\0\0\x40\x11\0\0"
		       "\xc0\0\2\1\xc0\0\2\2\x13\x88\0\x35",
		       38);
	if (read_err[s->number])
		return read_err[s->number];
	for (; n < 256 && comes[s->number][n]; n++) {
		struct source_packet p = {
			.ts_ns = comes[s->number][n],
			.data = data,
			.caplen = size,
			.len = size + 1,
			.direction = SOURCE_OUT,
		};

		fn(ctx, &p);
	}
	memset(comes[s->number], 0, sizeof(comes[s->number]));
	return n;
}

bool __wrap_source_has_room(const struct source *s);
bool __wrap_source_has_room(const struct source *s)
{
	return !has_no_room[s->number];
}

int __wrap_source_resume(struct source *s);
int __wrap_source_resume(struct source *s)
{
	resumed++;
	return resume_err[s->number];
}

void __wrap_source_stats(struct source *s, struct source_stats *stats);
void __wrap_source_stats(struct source *s, struct source_stats *stats)
{
	*stats = (struct source_stats){ .received = 10,
					.dropped = 2,
					.if_dropped = (uint64_t)s->number };
}

uint64_t __wrap_source_give_up(struct source *s);
uint64_t __wrap_source_give_up(struct source *s)
{
	return 3 + (uint64_t)s->number;
}

uint64_t __wrap_clock_ns(clockid_t clock);
uint64_t __wrap_clock_ns(clockid_t clock)
{
	(void)clock;
	return now_ns;
}

/* ---- network namespaces of the test: only the second has eth0 up ---- */

static int namespace, left;
static bool no_devices;
static const struct device up = { .name = "eth0", .up = true };
static const struct device down = { .name = "eth0" };

int __wrap_netns_enter(const struct netns_list *l, int which);
int __wrap_netns_enter(const struct netns_list *l, int which)
{
	assert_in_range(which, 0, l->count - 1);
	namespace = which;
	return 0;
}

void __wrap_netns_leave(const struct netns_list *l);
void __wrap_netns_leave(const struct netns_list *l)
{
	(void)l;
	left++;
}

int __wrap_devices_open(struct devices **out);
int __wrap_devices_open(struct devices **out)
{
	if (!no_devices)
		*out = (struct devices *)(void *)&sources[namespace];
	return no_devices ? -ENOBUFS : 0;
}

void __wrap_devices_close(struct devices *d);
void __wrap_devices_close(struct devices *d)
{
	(void)d;
}

const struct device *__wrap_devices_named(const struct devices *d,
					  const char *name);
const struct device *__wrap_devices_named(const struct devices *d,
					  const char *name)
{
	if (strcmp(name, "eth0"))
		return NULL;
	return d == (const void *)&sources[1] ? &up : &down;
}

static struct netns_list namespaces;

/* ---- room in a full queue ---- */

static struct captures *c;
static int begun, released;

static void on_begin(void *ctx)
{
	(void)ctx;
	begun++;
}

static void on_release(void *ctx)
{
	const struct frame *f;
	bool gap;

	(void)ctx;
	f = captures_oldest(c, &gap);
	assert_non_null(f);
	released++;
	captures_pop(c, f->interface);
}

static const struct captures_room room = { on_begin, on_release, NULL };

/* ---- tests ---- */

static struct options two_interfaces(void)
{
	struct options o = { .interface_count = 2, .namespaces = &namespaces };

	o.interfaces[0].name = "eth0";
	o.interfaces[0].filter = "tcp";
	o.interfaces[1].name = "tun0";
	o.interfaces[0].how.snaplen = o.interfaces[1].how.snaplen = 262144;
	return o;
}

static struct options options;

static int open_two(void **state)
{
	(void)state;
	open_count = closed_count = begun = released = resumed = 0;
	fails_at = -1;
	now_ns = 1000 * MS;
	memset(comes, 0, sizeof(comes));
	memset(sizes, 0, sizeof(sizes));
	memset(read_err, 0, sizeof(read_err));
	memset(resume_err, 0, sizeof(resume_err));
	namespaces = (struct netns_list){ .count = 1 };
	no_devices = false;
	left = 0;
	options = two_interfaces();
	return captures_open(&c, &options, true);
}

static void keep_of_each(int snaplen)
{
	captures_close(c);
	open_count = closed_count = 0;
	options.interfaces[0].how.snaplen = snaplen;
	assert_int_equal(captures_open(&c, &options, false), 0);
}

static int close_two(void **state)
{
	(void)state;
	captures_close(c);
	captures_close(NULL);
	assert_int_equal(closed_count, 2);
	return 0;
}

static int close_any(void **state)
{
	(void)state;
	captures_close(c);
	assert_int_equal(closed_count, open_count);
	return 0;
}

/* What the oldest is, 0: none; it is taken out. */
static uint64_t take(bool *gap)
{
	const struct frame *f = captures_oldest(c, gap);
	uint64_t ts_ns = f ? f->ts_ns : 0;

	if (f)
		captures_pop(c, f->interface);
	return ts_ns;
}

static void they_come_in_order_of_time(void **state)
{
	bool gap;

	(void)state;
	comes[0][0] = 10;
	comes[0][1] = 30;
	comes[1][0] = 20;
	comes[1][1] = 30;
	assert_int_equal(captures_read(c, &room), 0);
	assert_int_equal(take(&gap), 10);
	assert_false(gap);
	assert_int_equal(take(&gap), 20);
	assert_int_equal(take(&gap), 30);
	/* The first interface has none any more: an older one may come. */
	assert_int_equal(take(&gap), 30);
	assert_true(gap);
	assert_int_equal(take(&gap), 0);
	assert_int_equal(begun, 0);
}

static void come(int source, int count)
{
	for (int i = 0; i < count; i++)
		comes[source][i] = (uint64_t)i + 1;
}

/* Many of all interfaces together, and each has room for more. */
static void a_crowd_is_not_looked_at_one_by_one(void **state)
{
	(void)state;
	come(0, 255);
	captures_read(c, &room);
	assert_false(captures_may_rest(c));
	come(0, 128);
	come(1, 128);
	captures_read(c, &room);
	assert_true(captures_may_rest(c));
	has_no_room[1] = true;
	come(0, 256);
	captures_read(c, &room);
	assert_false(captures_may_rest(c));
	has_no_room[1] = false;
	come(0, 256);
	captures_read(c, &room);
	assert_true(captures_may_rest(c));
	captures_read(c, &room);
	assert_false(captures_may_rest(c));
}

static void a_frame_is_what_its_source_said(void **state)
{
	const struct frame *f;
	bool gap;

	(void)state;
	comes[1][0] = 7;
	captures_read(c, &room);
	f = captures_oldest(c, &gap);
	assert_int_equal(f->interface, 1);
	assert_int_equal(f->caplen, 60);
	assert_int_equal(f->len, 61);
	assert_int_equal(f->direction, SOURCE_OUT);
	assert_int_equal(f->packet.kind, PACKET_MALFORMED);
}

static void a_full_queue_lets_the_oldest_go(void **state)
{
	uint64_t last = 0, ts;
	bool gap;
	int n = 0;

	(void)state;
	sizes[0] = 400u << 10;
	for (uint64_t i = 0; i < 64; i++) {
		comes[0][i % 8] = i + 1;
		if (i % 8 == 7)
			captures_read(c, &room);
	}
	assert_true(begun > 0);
	assert_true(released > 0);
	while ((ts = take(&gap))) {
		assert_true(ts > last);
		last = ts;
		n++;
	}
	assert_int_equal(last, 64);
	assert_int_equal(n + released, 64);
}

/* Owners are found by what is not kept. */
static void a_packet_is_parsed_before_it_is_cut(void **state)
{
	struct pcapng_interface described[2];
	const struct frame *f;
	bool gap;

	(void)state;
	keep_of_each(20);
	assert_int_equal(opened[0].snaplen, 256);
	is_ipv4 = true;
	comes[0][0] = 1;
	captures_read(c, &room);
	is_ipv4 = false;
	f = captures_oldest(c, &gap);
	assert_non_null(f);
	assert_int_equal(f->caplen, 20);
	assert_int_equal(f->len, 61);
	assert_int_equal(f->packet.outer.key.remote_port, 53);
	captures_describe(c, described);
	assert_int_equal(described[0].snaplen, 20);
	/* The other one is not cut. */
	assert_int_equal(opened[1].snaplen, 262144);
}

/* It would never fit: it is counted, and nothing else has to go for it. */
static void a_packet_too_large_is_lost_alone(void **state)
{
	struct output_interface_stats stats[2];
	bool gap;

	(void)state;
	keep_of_each(1 << 20);
	comes[0][0] = 1;
	captures_read(c, &room);
	sizes[0] = 1u << 20;
	comes[0][0] = 2;
	captures_read(c, &room);
	captures_statistics(c, stats);
	assert_int_equal(stats[0].own_drops, 1);
	assert_int_equal(take(&gap), released ? 0 : 1);
}

static void counters_are_of_each_and_of_all(void **state)
{
	struct output_interface_stats stats[2];

	(void)state;
	captures_lose(c, 1);
	assert_int_equal(captures_statistics(c, stats), 5);
	assert_int_equal(stats[0].received, 10);
	assert_int_equal(stats[0].os_dropped, 2);
	assert_int_equal(stats[1].own_drops, 1);
	assert_int_equal(stats[1].if_dropped, 1);
	captures_give_up(c);
	assert_int_equal(captures_statistics(c, stats), 12);
	assert_int_equal(stats[0].own_drops, 3);
	assert_int_equal(stats[1].own_drops, 5);
}

static void one_that_vanished_is_looked_for(void **state)
{
	bool gap;

	(void)state;
	comes[0][0] = 1;
	read_err[1] = -ENODEV;
	resume_err[1] = -ENODEV;
	assert_int_equal(captures_read(c, &room), 0);
	assert_int_equal(captures_fd(c, 1), -1);
	assert_int_equal(captures_fd(c, 0), 50);
	/* What will not come is not waited for. */
	assert_int_equal(take(&gap), 1);
	assert_false(gap);
	read_err[1] = 0;
	comes[1][0] = 2;
	captures_read(c, &room);
	assert_int_equal(resumed, 0);
	now_ns += 500 * MS;
	captures_read(c, &room);
	assert_int_equal(resumed, 1);
	assert_int_equal(take(&gap), 0);
	now_ns += 499 * MS;
	captures_read(c, &room);
	assert_int_equal(resumed, 1);
	resume_err[1] = 0;
	now_ns += MS;
	captures_read(c, &room);
	assert_int_equal(captures_fd(c, 1), 51);
	assert_int_equal(take(&gap), 2);
}

static void without_any_left_it_is_over(void **state)
{
	(void)state;
	read_err[0] = -ENODEV;
	resume_err[0] = resume_err[1] = -ENODEV;
	assert_int_equal(captures_read(c, &room), 0);
	read_err[1] = -ENETDOWN;
	assert_int_equal(captures_read(c, &room), -ENETDOWN);
}

static void interfaces_are_described_as_they_were_asked_for(void **state)
{
	struct pcapng_interface interfaces[2];

	(void)state;
	captures_describe(c, interfaces);
	assert_string_equal(interfaces[0].name, "eth0");
	assert_string_equal(interfaces[0].filter, "tcp");
	assert_int_equal(interfaces[0].linktype, LINKTYPE_ETHERNET);
	assert_null(interfaces[1].filter);
	assert_int_equal(interfaces[1].linktype, LINKTYPE_RAW);
	assert_int_equal(interfaces[1].snaplen, 101);
	assert_true(opened[0].promiscuous);
	assert_true(opened[0].prompt);
}

static void one_that_cannot_be_opened_closes_the_others(void **state)
{
	(void)state;
	captures_close(c);
	open_count = closed_count = 0;
	fails_at = 1;
	assert_int_equal(captures_open(&c, &options, false), -ENODEV);
	assert_int_equal(closed_count, 1);
	fails_at = -1;
	open_count = closed_count = 0;
	assert_int_equal(captures_open(&c, &options, false), 0);
}

/* ---- network namespaces ---- */

static int open_again(const char *device)
{
	captures_close(c);
	c = NULL;
	open_count = closed_count = 0;
	options.interfaces[0].name = device;
	options.interface_count = 1;
	return captures_open(&c, &options, false);
}

static void each_namespace_has_its_own(void **state)
{
	struct pcapng_interface interfaces[2];

	(void)state;
	namespaces = (struct netns_list){
		.count = 2, .one = { { "blue", 5 }, { "red", 6 } }
	};
	assert_int_equal(open_again("eth0"), 0);
	assert_int_equal(captures_count(c), 2);
	assert_string_equal(captures_names(c)[0], "blue/eth0");
	assert_string_equal(captures_names(c)[1], "red/eth0");
	assert_int_equal(captures_namespace(c, 1), 1);
	assert_ptr_equal(captures_devices(c)[1], &sources[1]);
	captures_describe(c, interfaces);
	assert_string_equal(interfaces[1].name, "red/eth0");
	assert_string_equal(interfaces[1].filter, "tcp");
	assert_int_equal(opened[1].buffer_mib, 32);
}

/* Of all there are, that which is not there, or down, is left out. */
static void of_all_namespaces_not_each_has_it(void **state)
{
	(void)state;
	namespaces = (struct netns_list){ .count = 2,
					  .all = true,
					  .one = { { "", 5 }, { "red", 6 } } };
	assert_int_equal(open_again("any"), 0);
	assert_string_equal(captures_names(c)[0], "any");
	assert_string_equal(captures_names(c)[1], "red/any");
	assert_int_equal(open_again("eth0"), 0);
	assert_int_equal(captures_count(c), 1);
	assert_string_equal(captures_names(c)[0], "red/eth0");
	assert_int_equal(captures_namespace(c, 0), 1);
	no_devices = true;
	assert_int_equal(open_again("eth0"), -ENODEV);
	no_devices = false;
	assert_int_equal(open_again("wlan0"), -ENODEV);
	assert_int_equal(open_again("any"), 0);
}

static void a_hundred_rings_are_small(void **state)
{
	(void)state;
	namespaces.count = NETNS_MAX;
	namespaces.all = true;
	for (int i = 0; i < NETNS_MAX; i++)
		snprintf(namespaces.one[i].name, NETNS_NAME, "%d", i);
	assert_int_equal(open_again("any"), 0);
	assert_int_equal(captures_count(c), CAPTURES_MAX);
	assert_int_equal(opened[127].buffer_mib, 1);
	options.interfaces[0].how.buffer_mib = 3;
	assert_int_equal(open_again("any"), 0);
	assert_int_equal(opened[127].buffer_mib, 3);
	options.interfaces[1] = options.interfaces[0];
	captures_close(c);
	open_count = 0;
	options.interface_count = 2;
	assert_int_equal(captures_open(&c, &options, false), 0);
	assert_int_equal(captures_count(c), CAPTURES_MAX);
	assert_int_equal(left > 0, true);
	namespaces.count = 2;
	assert_int_equal(open_again("any"), 0);
}

#define test(f)	      cmocka_unit_test_setup_teardown(f, open_two, close_two)
#define netns_test(f) cmocka_unit_test_setup_teardown(f, open_two, close_any)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(they_come_in_order_of_time),
		test(a_crowd_is_not_looked_at_one_by_one),
		test(a_frame_is_what_its_source_said),
		test(a_full_queue_lets_the_oldest_go),
		test(a_packet_too_large_is_lost_alone),
		test(a_packet_is_parsed_before_it_is_cut),
		test(counters_are_of_each_and_of_all),
		test(one_that_vanished_is_looked_for),
		test(without_any_left_it_is_over),
		test(interfaces_are_described_as_they_were_asked_for),
		test(one_that_cannot_be_opened_closes_the_others),
		netns_test(each_namespace_has_its_own),
		netns_test(of_all_namespaces_not_each_has_it),
		netns_test(a_hundred_rings_are_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
