/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets out of samples into a file, and that again is one of ours. */
#include "tree.h"

#include <errno.h>

#include "archive/cut/cut.h"
#include "archive/list.h"
#include "archive/packet.h"
#include "bytes.h"
#include "host/log.h"
#include "output/process_block.h"
#include "pcapng.h"
#include "process/filter/filter.h"
#include "single.h"

static char out[64];
static bool with_blocks;

static int make(void **state)
{
	log_set_level(LOG_ERROR);
	if (tree_make(state))
		return -1;
	snprintf(out, sizeof(out), "%s/out.pcapng", tree_path);
	return 0;
}

/* How many packets there are of it, or -errno. */
static long cut(const char *from, const struct filter *filter,
		const char *network, uint64_t from_ns)
{
	char path[256];
	char *paths[2] = { path, NULL };
	struct cut_options o = { .filter = filter,
				 .host = network,
				 .from_ns = from_ns,
				 .path = out,
				 .process_blocks = with_blocks };
	struct archive_list l;
	long n;

	snprintf(path, sizeof(path), "%s", from);
	unlink(out);
	assert_int_equal(archive_list_open(&l, paths, 0), 0);
	o.to = single(out);
	n = archive_cut(&l, &o);
	opener_stop(o.to);
	archive_list_close(&l);
	return n;
}

struct seen {
	struct archive_interfaces interfaces;
	long packets;
	int records;
	int processes;
	int blocks;	  /* of Wireshark's, with processes */
	long before;	  /* packets, before the first of these */
	uint64_t counted; /* packets of them, by the table */
	uint64_t last_ns;
};

static void on_process(void *ctx, const struct process *p,
		       const uint8_t *record, size_t len)
{
	struct seen *s = ctx;

	(void)record;
	(void)len;
	s->processes++;
	s->counted += p->packets;
}

static int on_block(void *ctx, const uint8_t *block, size_t len)
{
	struct archive_packet p;
	struct seen *s = ctx;

	if (get_le(block, 4) == PCAPNG_BLOCK_IDB)
		archive_interface_add(&s->interfaces, block, len);
	if (get_le(block, 4) == PCAPNG_BLOCK_CB &&
	    get_le(block + 8, 4) == PROCESS_BLOCK_PEN && !s->blocks++)
		s->before = s->packets;
	if (get_le(block, 4) != PCAPNG_BLOCK_EPB)
		return 0;
	assert_int_equal(archive_packet_read(&p, &s->interfaces, block, len),
			 0);
	s->packets++;
	s->records += p.record_count;
	s->last_ns = p.ts_ns;
	return 0;
}

static struct seen look_at(const char *path)
{
	struct seen s = { .packets = 0 };
	struct archive_file f;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(archive_file_open(&f, fd, path), 0);
	assert_int_equal(archive_file_load(&f), 0);
	assert_int_equal(archive_file_end(&f, on_process, &s), 0);
	assert_int_equal(archive_file_blocks(&f, on_block, &s), 0);
	archive_file_close(&f);
	return s;
}

static void all_of_a_file_is_the_file_again(void **state)
{
	struct filter all = { 0 };
	struct seen before = look_at(SAMPLES "/loopback-http.pcapng"), after;

	(void)state;
	assert_int_equal(cut(SAMPLES "/loopback-http.pcapng", &all, NULL, 0),
			 before.packets);
	after = look_at(out);
	assert_int_equal(after.packets, before.packets);
	assert_int_equal(after.processes, before.processes);
	assert_int_equal(after.counted, before.counted);
	assert_int_equal(after.last_ns, before.last_ns);
	/* Each process is told once, with its first packet. */
	assert_int_equal(after.records, before.records);
}

static void one_process_comes_with_its_peers(void **state)
{
	struct filter curl = { 0 };
	struct seen after;
	long n;

	(void)state;
	assert_true(filter_add(&curl, FILTER_PROC, "curl"));
	n = cut(SAMPLES "/two-services.pcapng", &curl, NULL, 0);
	assert_true(n > 0);
	after = look_at(out);
	assert_int_equal(after.packets, n);
	assert_true(n < look_at(SAMPLES "/two-services.pcapng").packets);
	assert_true(after.processes >= 2);
}

/* One for each, and again where more is known of it; none comes first. */
static void processes_are_also_as_wireshark_has_them(void **state)
{
	struct filter all = { 0 };
	struct seen s;

	(void)state;
	assert_true(cut(SAMPLES "/loopback-http.pcapng", &all, NULL, 0) > 0);
	assert_int_equal(look_at(out).blocks, 0);
	with_blocks = true;
	assert_true(cut(SAMPLES "/loopback-http.pcapng", &all, NULL, 0) > 0);
	s = look_at(out);
	assert_true(s.blocks >= s.processes);
	assert_int_equal(s.before, 1);
	with_blocks = false;
}

static void nobodys_packets_make_no_file(void **state)
{
	struct filter nobody = { 0 };
	struct stat st;

	(void)state;
	assert_true(filter_add(&nobody, FILTER_PROC, "nobody"));
	assert_int_equal(cut(SAMPLES "/two-services.pcapng", &nobody, NULL, 0),
			 0);
	assert_int_equal(stat(out, &st), -1);
}

static void hosts_are_addresses_or_networks(void **state)
{
	static const struct {
		const char *network;
		bool finds;
	} cases[] = {
		{ "127.0.0.1", true },	      { "127.0.0.2", false },
		{ "127.0.0.0/8", true },      { "127.99.0.0/8", true },
		{ "126.0.0.0/7", true },      { "124.0.0.0/7", false },
		{ "127.0.0.1/32", true },     { "127.0.0.0/31", true },
		{ "127.0.0.2/31", false },    { "128.0.0.0/1", false },
		{ "0.0.0.0/1", true },	      { "::1", false },
		{ "::ffff:127.0.0.1", true }, { "::/1", true },
	};
	struct filter all = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		long n = cut(SAMPLES "/loopback-http.pcapng", &all,
			     cases[i].network, 0);

		if ((n > 0) != cases[i].finds || n < 0)
			fail_msg("%s: %ld", cases[i].network, n);
	}
}

static void what_is_no_network_is_refused(void **state)
{
	static const char *const words[] = {
		"",
		"x",
		"/8",
		"127.0.0.1/",
		"127.0.0.1/33",
		"127.0.0.1/0",
		"127.0.0.1/-1",
		"127.0.0.1/8x",
		"127.0.0.1/8/8",
		"127.0.0",
		"127.0.0.256",
		"::1/129",
		"::1/0",
		"example.org",
		"127.0.0.1/99999999999999999999",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb",
	};
	struct filter all = { 0 };
	struct stat st;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		assert_int_equal(cut(SAMPLES "/loopback-http.pcapng", &all,
				     words[i], 0),
				 -EINVAL);
		assert_int_equal(stat(out, &st), -1);
	}
}

static void only_what_is_late_enough(void **state)
{
	struct seen before = look_at(SAMPLES "/loopback-http.pcapng");
	struct filter all = { 0 };

	(void)state;
	assert_int_equal(cut(SAMPLES "/loopback-http.pcapng", &all, NULL,
			     before.last_ns),
			 1);
	assert_int_equal(cut(SAMPLES "/loopback-http.pcapng", &all, NULL,
			     before.last_ns + 1),
			 0);
}

/* Whatever its bytes are, what comes out of it can be read. */
static void a_damaged_file_gives_whole_packets(void **state)
{
	static uint8_t bytes[1 << 16], damaged[1 << 16];
	FILE *f = fopen(SAMPLES "/loopback-http.pcapng", "r");
	struct filter all = { 0 };
	char path[64];
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/damaged", tree_path);
	for (size_t i = 0; i < len; i += 41) {
		memcpy(damaged, bytes, len);
		damaged[i] ^= 0xff;
		tree_file("damaged", damaged, i % 2 ? len : i);
		if (cut(path, &all, NULL, 0) > 0)
			assert_true(look_at(out).packets > 0);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, tree_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(all_of_a_file_is_the_file_again),
		test(one_process_comes_with_its_peers),
		test(processes_are_also_as_wireshark_has_them),
		test(nobodys_packets_make_no_file),
		test(hosts_are_addresses_or_networks),
		test(what_is_no_network_is_refused),
		test(only_what_is_late_enough),
		test(a_damaged_file_gives_whole_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
