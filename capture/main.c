/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "caller.h"
#include "command.h"
#include "log.h"
#include "options.h"
#include "session.h"
#include "source.h"

enum { EXIT_BAD_USAGE = 2 };

/* As dumpcap does without -w: a new file, and its name on stderr. */
static int temporary_file(struct options *o, char *path, size_t size)
{
	const char *dir = getenv("TMPDIR");
	const char *name = o->interfaces[0].name;
	int fd, err;

	snprintf(path, size, "%s/pktwho_%.32s_XXXXXX.pcapng",
		 dir && *dir ? dir : "/tmp", strchr(name, '/') ? "if" : name);
	fd = mkstemps(path, 7);
	if (fd < 0) {
		err = -errno;
		log_error("cannot create %s: %s", path, strerror(-err));
		return err;
	}
	caller_give(fd);
	close(fd);
	o->write = path;
	log_info("writing %s", path);
	return 0;
}

static int capture(struct options *o)
{
	struct command command, *c = NULL;
	char path[4096];
	struct session *s;
	int err, closed, status;

	if (o->command) {
		if (command_fork(&command, o->command))
			return EXIT_FAILURE;
		c = &command;
	}
	err = o->write ? 0 : temporary_file(o, path, sizeof(path));
	if (!err)
		err = session_open(&s, o, c);
	if (!err) {
		err = session_run(s);
		closed = session_close(s);
		/* The writer's error has been told as the file was closed. */
		err = err == -EPIPE ? closed : err ? err : closed;
	}
	status = c ? command_wait(c) : 0;
	return err ? EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
	struct options o;

	if (getenv("PKTWHO_DEBUG"))
		log_set_level(LOG_DEBUG);
	if (options_parse(&o, argc, argv))
		return EXIT_BAD_USAGE;
	switch (o.action) {
	case ACTION_HELP:
		fputs(options_help, stdout);
		return EXIT_SUCCESS;
	case ACTION_VERSION:
		puts("pktwho " PKTWHO_VERSION);
		return EXIT_SUCCESS;
	case ACTION_LIST_INTERFACES:
		return source_list() ? EXIT_FAILURE : EXIT_SUCCESS;
	case ACTION_LIST_LINKTYPES:
		return source_list_linktypes(o.interfaces[0].name) ?
			       EXIT_FAILURE : EXIT_SUCCESS;
	case ACTION_CAPTURE:
		break;
	}
	return capture(&o);
}
