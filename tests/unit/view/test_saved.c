/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is shown of a capture goes into files of its own, and is read again. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "output/country_cache.h"
#include "owner/owned_packet.h"
#include "sample.h"
#include "view/reader.h"
#include "view/saved/saved.h"

static struct country_cache *countries;
static struct actors *actors;
static struct flows *flows;
static struct reader *reader;
static struct saved *saved;

static int make(void **state)
{
	struct flows_options fo = { .max = 64 };
	struct saved_options so = { .comments = COMMENTS_CHANGES };

	if (load(state) || tree_make(state) || chdir(tree_path))
		return -1;
	fo.actors = actors = actors_new(64);
	flows = flows_new(&fo);
	reader = reader_new();
	so.interfaces = reader_interfaces(reader);
	so.countries = countries = country_cache_new(NULL);
	return saved_open(&saved, &so);
}

static int unmake(void **state)
{
	saved_close(saved);
	saved_close(NULL);
	country_cache_free(countries);
	reader_free(reader);
	flows_free(flows);
	actors_free(actors);
	return chdir("/") || tree_remove(state);
}

static void show(void *ctx, const struct owned_packet *p)
{
	struct saved *s = ctx;

	saved_packet(s, flows_packet(flows, p), p);
}

/* All packets of the sample, of which those go into a file. */
static void save_packets(const char *query)
{
	struct view_losses losses = { .dropped = 5 };
	struct query q;
	char why[64];

	assert_int_equal(query_compile(&q, query, why, sizeof(why)), 0);
	assert_int_equal(saved_begin(saved, &q, &losses), 0);
	assert_true(saved_goes_on(saved));
	assert_int_equal(reader_take(reader, file, file_len, show, saved), 0);
	saved_update(saved);
	losses.dropped = 12;
	assert_int_equal(saved_end(saved, &losses), 0);
	assert_false(saved_goes_on(saved));
}

/* What is in a file that was saved. */
struct found {
	unsigned packets, curl, python, records, bytes;
	uint32_t interface;
	uint64_t dropped;
	const char *name;
};

static void look(void *ctx, const struct owned_packet *p)
{
	const struct program *const ends[] = { p->src, p->dst };
	struct found *f = ctx;

	f->packets++;
	f->interface = p->frame->interface;
	f->bytes += p->frame->caplen;
	for (int i = 0; i < 2; i++) {
		if (!ends[i])
			continue;
		f->curl += !strcmp(ends[i]->name, "curl");
		f->python += !strcmp(ends[i]->name, "python3");
		f->records += kept_record_len(&ends[i]->record) != 0;
	}
}

static struct found read_saved(void)
{
	static uint8_t bytes[1 << 16];
	struct reader *r = reader_new();
	struct found f = { 0 };
	FILE *in = fopen(saved_name(saved), "r");
	size_t len;

	assert_non_null(in);
	len = fread(bytes, 1, sizeof(bytes), in);
	fclose(in);
	assert_int_equal(reader_take(r, bytes, len, look, &f), 0);
	assert_string_equal(reader_interfaces(r)[0], "lo");
	f.dropped = reader_dropped(r);
	reader_free(r);
	return f;
}

static void all_has_its_owners(void **state)
{
	struct found f;

	(void)state;
	assert_string_equal(saved_name(saved), "");
	save_packets("");
	f = read_saved();
	assert_int_equal(f.packets, 14);
	assert_int_equal(saved_count(saved), 14);
	assert_int_equal(f.curl, 14);
	assert_int_equal(f.python, 12);
	assert_int_equal(f.records, f.curl + f.python);
	assert_true(f.bytes > 1000);
	/* Of what was lost, what was lost meanwhile. */
	assert_int_equal(f.dropped, 7);
}

/* Each file stands for itself: records are in all of them. */
static void a_query_chooses(void **state)
{
	struct found f;
	char first[256];

	(void)state;
	save_packets("proc:python3");
	snprintf(first, sizeof(first), "%s", saved_name(saved));
	f = read_saved();
	assert_int_equal(f.packets, 12);
	save_packets("not proc:python3");
	assert_string_not_equal(saved_name(saved), first);
	f = read_saved();
	assert_int_equal(f.packets, 2);
	assert_int_equal(f.curl, 2);
	assert_int_equal(f.records, 2);
	save_packets("port:1");
	f.packets = (unsigned)saved_count(saved);
	assert_int_equal(f.packets, 0);
}

static void nothing_is_written_before_and_after(void **state)
{
	DIR *dir;
	const struct dirent *e;

	(void)state;
	assert_int_equal(reader_take(reader, file, file_len, show, saved), 0);
	saved_update(saved);
	dir = opendir(tree_path);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		assert_int_equal(*e->d_name, '.');
	closedir(dir);
}

static void a_directory_that_goes_is_said(void **state)
{
	struct view_losses losses = { 0 };
	struct query q = { 0 };

	(void)state;
	assert_int_equal(rmdir(tree_path), 0);
	assert_int_equal(saved_begin(saved, &q, &losses), -ENOENT);
	assert_false(saved_goes_on(saved));
	assert_string_equal(saved_name(saved), "");
	assert_int_equal(mkdir(tree_path, 0700), 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(all_has_its_owners),
		test(a_query_chooses),
		test(nothing_is_written_before_and_after),
		test(a_directory_that_goes_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
