/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "archive/find.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "archive/list.h"
#include "archive/packet.h"
#include "archive/peer.h"
#include "archive/people.h"
#include "bytes.h"
#include "host/plural.h"
#include "pcapng.h"
#include "printable.h"
#include "process/filter/filter.h"

struct find {
	const struct find_options *options;
	struct archive_file *file;
	bool wanted;	      /* its table names somebody who is */
	struct person nobody; /* of packets that name no process */
	struct archive_interfaces interfaces;
	struct people *people; /* of the file */
	long found;
};

static void print_time(uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%F %T", &tm);
	printf("%s  ", text);
}

static void print_text(const char *before, char *text)
{
	printable_replace(text);
	if (*text)
		printf("%s%s", before, text);
}

/* Whoever may write into a directory of ours has made the name. */
static void print_path(const char *path)
{
	char shown[PATH_MAX];

	snprintf(shown, sizeof(shown), "%s", path);
	printable_replace(shown);
	printf("%s  ", shown);
}

static void print_hash(const struct process *p)
{
	if (!process_has(p, FIELD_SHA256))
		return;
	printf("  ");
	for (size_t i = 0; i < sizeof(p->sha256); i++)
		printf("%02x", p->sha256[i]);
}

/* FILE  FIRST  LAST  NAME[PID]  USER  PACKETS  BYTES  EXECUTABLE ... */
static void print(struct find *f, const struct process *found)
{
	struct process p = *found;

	print_path(f->file->path);
	print_time(p.first_seen_ns);
	print_time(p.last_seen_ns);
	print_text("", p.name);
	printf("[%" PRIu32 "]", p.pid);
	print_text("  ", p.user);
	printf("  %" PRIu64 " packet%s  %" PRIu64 " bytes", p.packets,
	       plural_s(p.packets), p.bytes);
	print_text("  ", p.exepath);
	print_text("  container ",
		   *p.container_name ? p.container_name : p.container_id);
	print_text("  ", p.unit);
	print_hash(&p);
	putchar('\n');
	f->found++;
}

/* ---- by the table ---- */

/* It may have been somebody else before, which the table says first. */
static void learn_process(void *ctx, const struct process *p,
			  const uint8_t *record, size_t len)
{
	struct find *f = ctx;
	const struct person *person = people_take(f->people, p, record, len,
						  true);

	f->wanted |= person && person->wanted;
}

static void print_if_wanted(void *ctx, const struct process *p,
			    const uint8_t *record, size_t len)
{
	struct find *f = ctx;
	const struct person *person = people_with(f->people, p->id);

	(void)record;
	(void)len;
	if (person && person->wanted && process_has(p, FIELD_LAST_SEEN) &&
	    p->last_seen_ns >= f->options->from_ns)
		print(f, p);
}

/* ---- by packets: of a peer, or a file that is still written ---- */

/* With a peer it must have had that while it was who is looked for. */
static void count_named(struct find *f, const struct archive_packet *p)
{
	bool any = peer_is_any(f->options->peer);
	struct person *named[PEOPLE_NAMED];
	unsigned count = people_named(f->people, p, named);

	for (unsigned i = 0; i < count; i++)
		if (any || people_want(f->people, named[i]))
			person_count(named[i], p->ts_ns, p->len);
}

static int find_in_block(void *ctx, const uint8_t *block, size_t len)
{
	struct find *f = ctx;
	struct archive_packet p;

	if (get_le(block, 4) == PCAPNG_BLOCK_SHB)
		f->interfaces.count = 0;
	if (get_le(block, 4) == PCAPNG_BLOCK_IDB)
		archive_interface_add(&f->interfaces, block, len);
	if (get_le(block, 4) != PCAPNG_BLOCK_EPB ||
	    archive_packet_read(&p, &f->interfaces, block, len))
		return 0;
	people_learn_packet(f->people, &p);
	if (p.ts_ns < f->options->from_ns || !peer_has(f->options->peer, &p))
		return 0;
	if (!p.owners.src.present && !p.owners.dst.present)
		person_count(&f->nobody, p.ts_ns, p.len);
	count_named(f, &p);
	return 0;
}

static void print_person(void *ctx, struct person *person)
{
	uint8_t bytes[PROCESS_MAX];
	struct find *f = ctx;
	struct process p;

	if (person->packets && person->wanted &&
	    person->last_ns >= f->options->from_ns &&
	    person_describe(person, &p, bytes))
		print(f, &p);
}

static void print_nobody(struct find *f)
{
	if (!f->nobody.packets || !filter_is_empty(f->options->filter))
		return;
	print_path(f->file->path);
	print_time(f->nobody.first_ns);
	print_time(f->nobody.last_ns);
	printf("-  %" PRIu64 " packet%s  %" PRIu64 " bytes\n",
	       f->nobody.packets, plural_s(f->nobody.packets), f->nobody.bytes);
	f->found++;
}

static int read_packets(struct find *f)
{
	int err;

	f->interfaces.count = 0;
	f->nobody.packets = f->nobody.bytes = 0;
	err = archive_file_blocks(f->file, find_in_block, f);
	if (err)
		return err;
	people_each(f->people, print_person, f);
	print_nobody(f);
	return 0;
}

/* With whom, the table does not tell. */
static bool must_read_packets(const struct find *f)
{
	if (!archive_file_has_all(f->file))
		return true;
	return !peer_is_any(f->options->peer) &&
	       (f->wanted || filter_is_empty(f->options->filter));
}

static int find_in_end(struct find *f)
{
	int err = archive_file_end(f->file, learn_process, f);

	if (err || !archive_file_may_have(f->file, f->options->peer) ||
	    (f->file->end_ns && f->file->end_ns < f->options->from_ns))
		return err;
	if (must_read_packets(f))
		return read_packets(f);
	return f->wanted && peer_is_any(f->options->peer) ?
		       archive_file_end(f->file, print_if_wanted, f) :
		       0;
}

static int find_in(struct find *f, struct archive_file *file)
{
	int err = archive_file_load(file);

	if (err)
		return err;
	f->file = file;
	f->wanted = false;
	f->people = people_new(f->options->filter);
	err = f->people ? find_in_end(f) : -ENOMEM;
	people_free(f->people);
	return err;
}

long archive_find(struct archive_list *l, const struct find_options *o)
{
	struct find f = { .options = o };

	for (size_t i = 0; i < l->count; i++) {
		int err = find_in(&f, &l->files[i]);

		l->has_failed |= !archive_file_tell(&l->files[i], err);
		archive_file_close(&l->files[i]);
	}
	return f.found;
}
