/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of ours from packets of the test, read again block by block. */
#include "tree.h"

#include <errno.h>
#include <malloc.h>

#include "archive/file.h"
#include "archive/packet.h"
#include "archive/peer.h"
#include "bytes.h"
#include "host/log.h"
#include "output/files/opener.h"
#include "output/output.h"
#include "owner/owned_packet.h"
#include "packet/parse.h"
#include "packet/raw_packet.h"
#include "pcapng.h"
#include "process/proctab.h"

#define EPOCH 1700000000000000000ull

static char path[64];
static struct proctab *processes;
static struct output *output;
static struct proc proc = { .pid = 42 };
static struct program program = {
	.proc = &proc, .id = 7, .name = "curl", .version = 1
};
static struct rests *rests;

static void set_record(const char *name)
{
	struct process p = { .id = 7,
			     .pid = 42,
			     .has = 1ull << FIELD_ID | 1ull << FIELD_PID |
				    1ull << FIELD_NAME };

	uint8_t record[PROCESS_MAX];
	int len;

	strcpy(p.name, name);
	len = process_encode(&p, record, sizeof(record));
	assert_true(
		kept_record_set(rests, &program.record, record, (size_t)len));
	program.version++;
}

/* What it is before it becomes another. */
static struct program former(void)
{
	struct program p = program;
	uint8_t record[PROCESS_MAX];
	size_t len = kept_record_copy(&program.record, record);

	memset(&p.record, 0, sizeof(p.record));
	assert_true(kept_record_set(rests, &p.record, record, len));
	return p;
}

static int make(void **state)
{
	const struct proctab_options o = { .proc_fd = -1 };

	log_set_level(LOG_ERROR);
	if (tree_make(state))
		return -1;
	snprintf(path, sizeof(path), "%s/out.pcapng", tree_path);
	processes = proctab_new(&o);
	rests = rests_new();
	if (!processes || !rests)
		return -1;
	proc.program = &program;
	program.section = OUTPUT_NO_SECTION;
	set_record("curl");
	return 0;
}

static int unmake(void **state)
{
	kept_record_drop(&program.record);
	rests_free(rests);
	proctab_free(processes);
	return tree_remove(state);
}

static void open_output(struct limits limits)
{
	const struct output_options o = { .path = path,
					  .comments = true,
					  .compression = COMPRESSION_NONE,
					  .process_table = true,
					  .limits = limits };
	const struct pcapng_interface i = { .name = "eth0",
					    .linktype = LINKTYPE_ETHERNET,
					    .snaplen = 262144 };

	assert_int_equal(output_open(&output, &o), 0);
	assert_int_equal(output_begin(output, &i, 1, processes), 0);
}

static struct frame *frame_of(uint32_t caplen)
{
	static uint8_t memory[sizeof(struct frame) + 1000];
	struct frame *f = (void *)memory;

	*f = (struct frame){ .ts_ns = EPOCH,
			     .caplen = caplen,
			     .len = caplen + 1,
			     .direction = SOURCE_OUT };
	return f;
}

static int put_of(struct program *src, uint32_t caplen)
{
	struct frame *f = frame_of(caplen);
	struct verdict v = { .src.attr = src ? ATTR_SOCKET : ATTR_UNKNOWN,
			     .direction = DIRECTION_OUT };
	struct owned_packet p = { .frame = f,
				  .verdict = &v,
				  .data = f->data,
				  .src = src,
				  .linktype = LINKTYPE_ETHERNET };

	return output_packet(output, &p);
}

static int put(uint32_t caplen, bool named)
{
	return put_of(named ? &program : NULL, caplen);
}

struct seen {
	struct archive_interfaces interfaces;
	int packets, named, records, comments;
	uint32_t last;
};

static int on_block(void *ctx, const uint8_t *block, size_t len)
{
	struct archive_packet p;
	struct seen *s = ctx;

	s->last = (uint32_t)get_le(block, 4);
	if (s->last == PCAPNG_BLOCK_IDB)
		archive_interface_add(&s->interfaces, block, len);
	if (s->last != PCAPNG_BLOCK_EPB)
		return 0;
	assert_int_equal(archive_packet_read(&p, &s->interfaces, block, len),
			 0);
	s->packets++;
	s->named += p.owners.src.present && p.owners.src.id == 7;
	s->records += p.record_count;
	s->comments += memmem(block, len, "curl", 4) != NULL;
	return 0;
}

static void ignore_process(void *ctx, const struct process *p,
			   const uint8_t *bytes, size_t len)
{
	(void)ctx;
	(void)p;
	(void)bytes;
	(void)len;
}

static struct seen read_again(struct archive_file *f)
{
	struct seen s = { .packets = 0 };

	assert_int_equal(archive_file_open(f, open(path, O_RDONLY), path), 0);
	assert_int_equal(archive_file_load(f), 0);
	assert_int_equal(archive_file_blocks(f, on_block, &s), 0);
	assert_int_equal(archive_file_end(f, ignore_process, NULL), 0);
	return s;
}

static uint64_t close_output(void)
{
	const struct output_interface_stats interfaces[1] = {
		{ .received = 5 },
	};
	const struct output_stats stats = { .events_lost = 0 };
	uint64_t unwritten = 99;

	assert_int_equal(output_close(output, interfaces, &stats, &unwritten),
			 0);
	return unwritten;
}

static void a_record_is_told_with_the_first_packet_only(void **state)
{
	struct archive_file f;
	struct seen s;

	(void)state;
	open_output((struct limits){ 0 });
	for (int i = 0; i < 5; i++)
		assert_int_equal(put(60, true), 0);
	assert_int_equal(put(60, false), 0);
	assert_int_equal(program.packets, 5);
	assert_int_equal(program.bytes, 5 * 61);
	assert_int_equal(program.section, output_section(output));
	assert_int_equal(close_output(), 0);
	s = read_again(&f);
	assert_int_equal(s.packets, 6);
	assert_int_equal(s.named, 5);
	assert_int_equal(s.records, 1);
	assert_int_equal(s.comments, 5);
	assert_true(f.end_ns > 0);
	archive_file_close(&f);
}

static void what_changes_is_told_again(void **state)
{
	struct archive_file f;

	(void)state;
	open_output((struct limits){ 0 });
	put(60, true);
	set_record("sh");
	put(60, true);
	put(60, true);
	close_output();
	assert_int_equal(read_again(&f).records, 2);
	archive_file_close(&f);
}

/* Bytes that it wrote before may leave later than others. */
static void what_was_before_is_told_in_between(void **state)
{
	struct program before = former();
	struct archive_file f;

	(void)state;
	set_record("sh");
	program.older = &before;
	open_output((struct limits){ 0 });
	put_of(&before, 60);
	put_of(&program, 60);
	put_of(&before, 60);
	put_of(&before, 60);
	put_of(&program, 60);
	put_of(&program, 60);
	program.older = NULL;
	close_output();
	kept_record_drop(&before.record);
	assert_int_equal(read_again(&f).records, 4);
	archive_file_close(&f);
}

static void put_local(struct program *src, struct program *dst)
{
	struct frame *f = frame_of(60);
	struct verdict v = { .src.attr = ATTR_SOCKET,
			     .dst.attr = ATTR_SOCKET,
			     .direction = DIRECTION_LOCAL };
	struct owned_packet p = { .frame = f,
				  .verdict = &v,
				  .data = f->data,
				  .src = src,
				  .dst = dst,
				  .linktype = LINKTYPE_ETHERNET };

	assert_int_equal(output_packet(output, &p), 0);
}

/* The names in the records of each packet. */
struct told {
	struct archive_interfaces interfaces;
	int packets;
	char names[8][2 * RECORD_NAME_LEN + 1];
};

static int note_names(void *ctx, const uint8_t *block, size_t len)
{
	struct archive_packet p;
	struct process process;
	struct told *t = ctx;

	if (get_le(block, 4) == PCAPNG_BLOCK_IDB)
		archive_interface_add(&t->interfaces, block, len);
	if (get_le(block, 4) != PCAPNG_BLOCK_EPB)
		return 0;
	assert_int_equal(archive_packet_read(&p, &t->interfaces, block, len),
			 0);
	assert_in_range(p.record_count, 0, 2);
	for (int i = 0; i < p.record_count; i++) {
		assert_true(process_decode(&process, p.records[i].p,
					   p.records[i].len) > 0);
		strcat(strcat(t->names[t->packets], process.name), " ");
	}
	t->packets++;
	return 0;
}

/* Who reads under another name what it has sent is told as both. */
static void both_records_are_told_where_they_differ(void **state)
{
	struct program before = former();
	struct told told = { 0 };
	struct archive_file f;

	(void)state;
	set_record("sh");
	program.older = &before;
	open_output((struct limits){ 0 });
	put_local(&before, &before);
	put_local(&before, &program);
	put_local(&before, &program);
	put_local(&program, &program);
	put_local(&before, &before);
	program.older = NULL;
	/* Each packet counts once, as that of who sent it. */
	assert_int_equal(before.packets, 4);
	assert_int_equal(program.packets, 1);
	kept_record_drop(&before.record);
	close_output();
	assert_int_equal(archive_file_open(&f, open(path, O_RDONLY), path), 0);
	assert_int_equal(archive_file_load(&f), 0);
	assert_int_equal(archive_file_blocks(&f, note_names, &told), 0);
	archive_file_close(&f);
	assert_int_equal(told.packets, 5);
	assert_string_equal(told.names[0], "curl ");
	assert_string_equal(told.names[1], "curl sh ");
	assert_string_equal(told.names[2], "curl sh ");
	assert_string_equal(told.names[3], "");
	assert_string_equal(told.names[4], "curl ");
}

static void packets_of_any_length_stay_whole(void **state)
{
	struct archive_file f;
	struct seen s;

	(void)state;
	open_output((struct limits){ 0 });
	for (uint32_t n = 0; n < 70; n++)
		assert_int_equal(put(n, n % 2), 0);
	close_output();
	s = read_again(&f);
	assert_int_equal(s.packets, 70);
	assert_int_equal(s.named, 35);
	archive_file_close(&f);
}

/* From 192.0.2.1 to 198.51.100.2. */
static int put_between(void)
{
	static const uint8_t data[] = {
		0x45, 0, 0,   28, 0,   1, 0,	0,    64, 17, 0, 0, 192, 0,
		2,    1, 198, 51, 100, 2, 0x30, 0x39, 0,  53, 0, 8, 0,	 0,
	};
	struct frame *f = frame_of(sizeof(data));
	struct verdict v = { .direction = DIRECTION_FORWARDED };
	struct owned_packet p = { .frame = f, .verdict = &v, .data = f->data };

	memcpy(f->data, data, sizeof(data));
	parse_packet(&f->packet, LINKTYPE_RAW, data, sizeof(data));
	return output_packet(output, &p);
}

static bool may_have(const struct archive_file *f, const char *host)
{
	struct peer p;

	assert_int_equal(peer_parse(&p, host, NULL), 0);
	return archive_file_may_have(f, &p);
}

static void a_files_end_says_what_is_in_it(void **state)
{
	struct archive_file f;

	(void)state;
	open_output((struct limits){ 0 });
	assert_int_equal(put_between(), 0);
	close_output();
	assert_int_equal(read_again(&f).packets, 1);
	assert_non_null(f.contents_bytes);
	assert_true(may_have(&f, "192.0.2.1"));
	assert_true(may_have(&f, "198.51.100.0/24"));
	assert_false(may_have(&f, "192.0.2.2"));
	archive_file_close(&f);
}

/* Of what lies elsewhere in the file than it says nothing is believed. */
static void what_another_program_wrote_may_have_anybody(void **state)
{
	uint8_t bytes[4096];
	struct archive_file f;
	size_t len;
	FILE *file;

	(void)state;
	open_output((struct limits){ 0 });
	assert_int_equal(put_between(), 0);
	close_output();
	file = fopen(path, "r+");
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	assert_int_equal(fseek(file, (long)get_le(bytes + 4, 4), SEEK_SET), 0);
	/* One more block, which is nobody's, after the first. */
	fwrite((const uint8_t[]){ 9, 9, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0 }, 1, 12,
	       file);
	fwrite(bytes + get_le(bytes + 4, 4), 1, len - get_le(bytes + 4, 4),
	       file);
	fclose(file);
	assert_int_equal(read_again(&f).packets, 1);
	assert_null(f.contents_bytes);
	assert_false(archive_file_has_all(&f));
	assert_true(may_have(&f, "192.0.2.2"));
	archive_file_close(&f);
}

static void a_limit_ends_a_file_before_the_packet_that_exceeds_it(void **state)
{
	const struct moment now = { .mono_ns = 1, .unix_ns = EPOCH };
	struct frame *f = frame_of(60);
	struct verdict v = { 0 };
	struct owned_packet p = { .frame = f, .verdict = &v, .data = f->data };

	(void)state;
	open_output((struct limits){ .packets = 2 });
	assert_false(output_ends_before(output, &p, &now));
	put(60, true);
	put(60, true);
	assert_true(output_ends_before(output, &p, &now));
	assert_false(output_ends_before(output, NULL, &now));
	close_output();
}

static void begin_next(const struct output_interface_stats *interfaces)
{
	const struct output_stats stats = { 0 };
	const struct moment now = { .mono_ns = 1, .unix_ns = EPOCH };

	assert_int_equal(put(60, true), 0);
	assert_int_equal(output_next(output, &now, interfaces, &stats), 0);
}

/* A ring runs for months: a file leaves nothing behind but itself. */
static void memory_does_not_grow_with_files(void **state)
{
	const struct opener_options ring = { .path = path, .files = 2 };
	const struct output_interface_stats interfaces[1] = { { 0 } };
	const struct pcapng_interface i = { .name = "eth0",
					    .linktype = LINKTYPE_ETHERNET };
	struct output_options o = { .path = path,
				    .process_table = true,
				    .compression = COMPRESSION_ZSTD };
	const struct output_stats stats = { 0 };
	uint64_t unwritten;
	size_t before;

	(void)state;
	assert_int_equal(opener_start(&o.opener, &ring), 0);
	assert_int_equal(output_open(&output, &o), 0);
	assert_int_equal(output_begin(output, &i, 1, processes), 0);
	for (int n = 0; n < 10; n++)
		begin_next(interfaces);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int n = 0; n < 1000; n++)
		begin_next(interfaces);
	assert_int_equal(mallinfo2().uordblks + mallinfo2().hblkhd, before);
	assert_int_equal(output_section(output), 1011);
	assert_int_equal(output_close(output, interfaces, &stats, &unwritten),
			 0);
}

static void what_cannot_be_opened_is_an_error(void **state)
{
	const struct output_options o = { .path = "/nonexistent/x/y" };

	(void)state;
	assert_int_equal(output_open(&output, &o), -ENOENT);
	/* Without a file there is nothing to do. */
	assert_int_equal(output_begin(NULL, NULL, 1, NULL), 0);
	output_abandon(NULL);
	assert_int_equal(output_section(NULL), OUTPUT_NO_SECTION);
	assert_int_equal(output_pipe(NULL), -1);
	assert_false(output_waits(NULL));
}

static void a_file_that_did_not_begin_is_closed(void **state)
{
	const struct output_options o = { .path = path,
					  .compression = COMPRESSION_NONE };
	struct stat st;

	(void)state;
	assert_int_equal(output_open(&output, &o), 0);
	output_abandon(output);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size % 4, 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_record_is_told_with_the_first_packet_only),
		test(what_changes_is_told_again),
		test(what_was_before_is_told_in_between),
		test(both_records_are_told_where_they_differ),
		test(packets_of_any_length_stay_whole),
		test(a_files_end_says_what_is_in_it),
		test(what_another_program_wrote_may_have_anybody),
		test(a_limit_ends_a_file_before_the_packet_that_exceeds_it),
		test(memory_does_not_grow_with_files),
		test(what_cannot_be_opened_is_an_error),
		test(a_file_that_did_not_begin_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
