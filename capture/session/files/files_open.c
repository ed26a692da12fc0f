/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/files/files_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo.h"
#include "output/country_cache.h"
#include "output/files/opener.h"

/* The capture itself will be nobody, and may open nothing. */
static int start_opener(struct files *f)
{
	const struct options *o = f->options;
	struct opener_options oo = {
		.path = o->write,
		.of_host = o->ring.of_host,
		.group_read = o->group_read,
		.time_first = o->ring.name_order == 2,
		.files = o->ring.files,
		.total = o->ring.total,
		.free = o->ring.free,
		.file_bytes = o->file.bytes,
	};

	return o->ring.asked ? opener_start(&f->opener, &oo) : 0;
}

/* Dumpcap's word, or its path, by which an output of ours would be emptied. */
static bool is_output(const char *path, const char *word)
{
	return !strcmp(path, word) ||
	       (!strncmp(path, "/dev/", 5) && !strcmp(path + 5, word));
}

/* Where the names of a ring's files are printed. */
static int open_names(const struct options *o, int *fd)
{
	const char *path = o->ring.print_names;
	int opened;

	if (!path)
		return 0;
	opened = is_output(path, "stdout") ?
			 STDOUT_FILENO :
		 is_output(path, "stderr") ?
			 STDERR_FILENO :
			 pcapng_output_create(path, o->force);
	if (opened < 0)
		return opened;
	*fd = opened;
	return 0;
}

int files_open(struct files *f)
{
	const struct options *o = f->options;
	struct output_options oo = {
		.path = o->write,
		.fd = o->write_fd,
		.group_read = o->group_read,
		.file_comments = o->file_comments,
		.compression = compression_of(o->compression, o->write),
		.limits = { .bytes = o->file.bytes,
			    .packets = o->file.packets,
			    .duration_ns = o->file.duration_ns,
			    .interval_ns = o->file.interval_ns },
		.comments = o->comments,
		.process_table = !o->no_process_table,
		.names = o->names,
		.process_blocks = o->process_blocks,
	};
	int err;

	if (f->output || !o->write)
		return 0;
	err = country_cache_databases(o->geo, o->geo_count, &oo.geo);
	if (err)
		return err;
	err = open_names(o, &oo.names_fd);
	if (err) {
		geo_free(oo.geo);
		return err;
	}
	oo.opener = f->opener;
	f->opener = NULL;
	return output_open(&f->output, &oo);
}

int files_start(struct files **out, const struct options *o, struct ending *e)
{
	struct files *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->options = o;
	f->ending = e;
	err = start_opener(f);
	if (!err && o->write && pcapng_output_is_pipe(o->write))
		err = files_open(f);
	if (err) {
		files_abandon(f);
		return err;
	}
	*out = f;
	return 0;
}
