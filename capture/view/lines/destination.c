/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/destination.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/log.h"
#include "options.h"
#include "output/files/opener.h"
#include "output/pcapng/pcapng_writer.h"

#define JOURNAL "/run/systemd/journal/socket"

static int open_journal(int *fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = JOURNAL };
	int err;

	*fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0 && !connect(*fd, (struct sockaddr *)&a, sizeof(a)))
		return 0;
	err = -errno;
	if (*fd >= 0)
		close(*fd);
	log_error("no journal at " JOURNAL ": %s", strerror(-err));
	return err;
}

static int open_first_file(const struct options *o, struct opener **opener,
			   int *fd)
{
	struct opener_options oo = {
		.path = o->log_file,
		.group_read = o->group_read,
		.time_first = o->log_ring.name_order == 2,
		.files = o->log_ring.files,
		.total = o->log_ring.total,
		.free = o->log_ring.free,
		.file_bytes = o->log_limits.bytes,
	};
	const char *name;
	int err = opener_start(opener, &oo);

	if (err)
		return err;
	*fd = opener_next(*opener, &name);
	if (*fd < 0)
		log_error("cannot write %s: %s", o->log_file, opener_why(*fd));
	return *fd < 0 ? *fd : 0;
}

static int open_file(const struct options *o, int *fd)
{
	*fd = pcapng_output_create(o->log_file, o->force);
	return *fd < 0 ? *fd : 0;
}

int destination_open(const struct options *o, struct opener **opener, int *fd)
{
	if (o->journal)
		return open_journal(fd);
	if (o->log_ring.asked)
		return open_first_file(o, opener, fd);
	if (o->log_file)
		return open_file(o, fd);
	*fd = STDOUT_FILENO;
	return 0;
}
