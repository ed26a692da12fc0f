/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote/ssh.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/signals.h"

_Noreturn void ssh_run(const struct options *o, const char *command,
		       const int fds[3])
{
	const char *argv[12];
	char port[8];
	int n = 0;

	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	signals_restore();
	privilege_restore_environment();
	signal(SIGINT, SIG_IGN);
	argv[n++] = "ssh";
	argv[n++] = "-T";
	if (o->log_level < LOG_INFO) {
		/* No banner, and no word of a new host key. */
		argv[n++] = "-o";
		argv[n++] = "LogLevel=ERROR";
	}
	if (o->remote.port) {
		snprintf(port, sizeof(port), "%d", o->remote.port);
		argv[n++] = "-p";
		argv[n++] = port;
	}
	argv[n++] = "--";
	argv[n++] = o->remote.host;
	argv[n++] = command;
	argv[n] = NULL;
	execvp("ssh", bytes_unconst(argv));
	dprintf(2, "cannot run ssh: %s\n", strerror(errno));
	_exit(127);
}
