/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "search.h"

#include <errno.h>
#include <sys/stat.h>

#include "archive/cut/cut.h"
#include "archive/find.h"
#include "archive/list.h"
#include "archive/peer.h"
#include "archive/strip.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/signals.h"
#include "output/pcapng/pcapng_writer.h"

static long run_cut(const struct options *o, struct archive_list *files,
		    uint64_t from_ns)
{
	struct cut_options cut = {
		.filter = &o->filter,
		.host = o->host,
		.country = o->country,
		.from_ns = from_ns,
		.path = o->write,
		.compression = compression_of(o->compression, o->write),
		.comments = o->comments,
		.process_blocks = o->process_blocks,
	};

	return archive_cut(files, &cut);
}

static long find_in_files(const struct options *o, struct archive_list *files,
			  uint64_t from_ns)
{
	struct peer peer;
	struct find_options find = {
		.filter = &o->filter,
		.peer = &peer,
		.from_ns = from_ns,
	};
	int err = peer_parse(&peer, o->host, o->country);

	return err ? err : archive_find(files, &find);
}

static long run_strip(const struct options *o, struct archive_list *files)
{
	struct strip_options strip = {
		.what = o->strip ? o->strip : STRIP_PROCESSES | STRIP_KEYS,
		.path = o->write,
		.compression = compression_of(o->compression, o->write),
	};

	return archive_strip(files, &strip);
}

/* Emptied to be written, it would have nothing to be read. */
static bool is_read(const struct archive_list *files, const char *path)
{
	struct stat new, st;

	if (!path || stat(path, &new))
		return false;
	for (size_t i = 0; i < files->count; i++)
		if (!fstat(files->files[i].fd, &st) &&
		    st.st_dev == new.st_dev && st.st_ino == new.st_ino)
			return true;
	return false;
}

/* The ring of record is opened as root, all else as the caller. */
int search(const struct options *o)
{
	uint64_t now = clock_ns(CLOCK_REALTIME);
	uint64_t from_ns = o->last_ns && o->last_ns < now ? now - o->last_ns : 0;
	struct archive_list files;
	bool failed;
	long found;

	signals_ignore();
	privilege_drop();
	if (o->write && !o->force && pcapng_output_is_taken(o->write))
		return -1;
	if (archive_list_open(&files, o->paths, from_ns) ||
	    privilege_become_user())
		return -1;
	if (is_read(&files, o->write)) {
		log_error("%s is read, so it cannot be written", o->write);
		archive_list_close(&files);
		return -1;
	}
	if (o->action == ACTION_STRIP && !files.count) {
		archive_list_close(&files);
		return -1;
	}
	privilege_keep_output();
	sandbox_enter();
	found = o->action == ACTION_CUT ? run_cut(o, &files, from_ns) :
		o->action == ACTION_STRIP ? run_strip(o, &files) :
			find_in_files(o, &files, from_ns);
	failed = files.has_failed;
	archive_list_close(&files);
	if (found == -EPIPE)
		return 0;
	if (o->action == ACTION_STRIP)
		return found < 0 ? -1 : 0;
	if (!found && !failed)
		log_error("nothing was found");
	else if (found > 0 && o->action == ACTION_CUT && !o->quiet)
		log_info("%ld packets", found);
	return found > 0 && !failed ? 0 : -1;
}
