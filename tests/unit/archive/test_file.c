/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "archive/file.h"
#include "archive/packet.h"
#include "bytes.h"
#include "exact.h"
#include "pcapng.h"
#include "sample.h"

/* A file of those bytes, loaded; or what that says. */
static int open_bytes(struct archive_file *f, const uint8_t *bytes, size_t len)
{
	FILE *t = tmpfile();
	int err;

	assert_non_null(t);
	assert_int_equal(fwrite(bytes, 1, len, t), len);
	assert_int_equal(fflush(t), 0);
	assert_int_equal(archive_file_open(f, dup(fileno(t)), "x"), 0);
	fclose(t);
	lseek(f->fd, 0, SEEK_SET);
	err = archive_file_load(f);
	if (err)
		archive_file_close(f);
	return err;
}

struct seen {
	int processes;
	uint64_t packets; /* of curl's, by the table */
	int blocks;
	int epbs;
	int records;
	struct archive_interfaces interfaces;
};

static void on_process(void *ctx, const struct process *p,
		       const uint8_t *record, size_t len)
{
	struct seen *s = ctx;

	assert_int_equal(process_decode(&(struct process){ 0 }, record, len),
			 len);
	s->processes++;
	if (!strcmp(p->name, "curl"))
		s->packets += p->packets;
}

static int on_block(void *ctx, const uint8_t *block, size_t len)
{
	struct archive_packet p;
	struct seen *s = ctx;

	s->blocks++;
	if (get_le(block, 4) == PCAPNG_BLOCK_IDB)
		archive_interface_add(&s->interfaces, block, len);
	if (get_le(block, 4) != PCAPNG_BLOCK_EPB)
		return 0;
	s->epbs++;
	if (archive_packet_read(&p, &s->interfaces, block, len))
		return 0;
	assert_in_range(p.options_end, 28, len - 4);
	s->records += p.record_count;
	return 0;
}

static void a_table_is_read_from_the_end(void **state)
{
	struct seen s = { 0 };
	struct archive_file f;

	(void)state;
	assert_int_equal(open_bytes(&f, file, file_len), 0);
	assert_int_equal(archive_file_end(&f, on_process, &s), 0);
	assert_int_equal(f.processes, 3);
	assert_true(f.end_ns > 0);
	assert_int_equal(s.processes, 3);
	assert_int_equal(s.packets, 14);
	assert_int_equal(archive_file_blocks(&f, on_block, &s), 0);
	assert_int_equal(s.epbs, 14);
	assert_int_equal(s.records, 3);
	archive_file_close(&f);
}

/* Each block of a large one is whole, where a full disk took only the first. */
static void a_table_that_lacks_processes_has_not_all(void **state)
{
	struct seen s = { 0 };
	struct archive_file f;

	(void)state;
	assert_int_equal(open_bytes(&f, file, file_len), 0);
	assert_int_equal(archive_file_end(&f, on_process, &s), 0);
	f.contents = (struct contents){ .has_all = true, .processes = 3 };
	assert_true(archive_file_has_all(&f));
	f.contents.processes = 4;
	assert_false(archive_file_has_all(&f));
	archive_file_close(&f);
}

/* Wherever it ends, and whatever is in it: never more than there was. */
static void any_bytes_are_safe(void **state)
{
	static uint8_t bytes[1 << 16];

	(void)state;
	for (size_t i = 0; i < file_len; i += 13) {
		size_t len = i % 2 ? i : file_len;
		struct seen s = { 0 };
		struct archive_file f;

		memcpy(bytes, file, file_len);
		bytes[i] ^= 0xff;
		if (open_bytes(&f, bytes, len))
			continue;
		assert_int_equal(archive_file_end(&f, on_process, &s), 0);
		assert_int_equal(archive_file_blocks(&f, on_block, &s), 0);
		assert_in_range(s.epbs, 0, 14);
		archive_file_close(&f);
	}
	assert_int_equal(open_bytes(&(struct archive_file){ 0 }, file, 11),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_read_from_the_end),
		cmocka_unit_test(a_table_that_lacks_processes_has_not_all),
		cmocka_unit_test(any_bytes_are_safe),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
