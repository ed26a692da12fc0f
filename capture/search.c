/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "search.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/cut/cut.h"
#include "archive/find.h"
#include "archive/list.h"
#include "archive/peer.h"
#include "archive/strip.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/privilege/sudo_user.h"
#include "host/signals.h"
#include "output/files/opener.h"
#include "output/pcapng/pcapng_writer.h"

static long run_cut(const struct options *o, struct archive_list *files,
		    uint64_t from_ns, struct opener *to)
{
	struct cut_options cut = {
		.filter = &o->filter,
		.host = o->host,
		.country = o->country,
		.from_ns = from_ns,
		.to = to,
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

static long run_strip(const struct options *o, struct archive_list *files,
		      struct opener *to)
{
	struct strip_options strip = {
		.what = o->strip ? o->strip : STRIP_PROCESSES | STRIP_KEYS,
		.to = to,
		.path = o->write,
		.compression = compression_of(o->compression, o->write),
	};

	return archive_strip(files, &strip);
}

/* Emptied to be written, it would have nothing to be read. */
static bool is_read(const struct archive_list *files, const char *path)
{
	struct sudo_user_rights root;
	struct stat new, st;
	bool is_there;

	if (sudo_user_enter(&root))
		return true;
	is_there = !stat(path, &new);
	sudo_user_leave(&root);
	for (size_t i = 0; is_there && i < files->count; i++)
		if (!fstat(files->files[i].fd, &st) &&
		    st.st_dev == new.st_dev && st.st_ino == new.st_ino)
			return true;
	return false;
}

static int start_writing(struct opener **to, const struct options *o,
			 const struct archive_list *files)
{
	const struct opener_options single = { .path = o->write,
					       .single = true };

	if (!o->write)
		return 0;
	if (is_read(files, o->write)) {
		log_error("%s is read, so it cannot be written", o->write);
		return -EINVAL;
	}
	return opener_start(to, &single);
}

/* The number of what was found, or -errno. */
static long search_in(const struct options *o, struct archive_list *files,
		      uint64_t from_ns, struct opener *to)
{
	int err;

	/* What it reads is as hostile as what is captured. */
	privilege_give_up();
	err = sandbox_enter_capture(o->sandbox);
	if (err)
		return err;
	switch (o->action) {
	case ACTION_CUT:
		return run_cut(o, files, from_ns, to);
	case ACTION_STRIP:
		return run_strip(o, files, to);
	default:
		return find_in_files(o, files, from_ns);
	}
}

static int tell_end(const struct options *o, long found, bool failed)
{
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

/* The ring of record is opened as root, all else as the caller. */
int search(const struct options *o)
{
	uint64_t now = clock_ns(CLOCK_REALTIME);
	uint64_t from_ns = o->last_ns && o->last_ns < now ? now - o->last_ns :
							    0;
	struct archive_list files;
	struct opener *to = NULL;
	long found = -EINVAL;

	signals_ignore();
	/* By sys_ptrace a link in /proc leads where its caller may not go. */
	if (geteuid())
		privilege_give_up();
	if (o->write && !o->force && pcapng_output_is_taken(o->write))
		return -1;
	if (archive_list_open(&files, o->paths, from_ns))
		return -1;
	if ((o->action != ACTION_STRIP || files.count) &&
	    !start_writing(&to, o, &files))
		found = search_in(o, &files, from_ns, to);
	opener_stop(to);
	found = tell_end(o, found, files.has_failed);
	archive_list_close(&files);
	return (int)found;
}
