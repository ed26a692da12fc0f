/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"

static void find_path(char path[PATH_MAX], const char *which)
{
	if (strchr(which, '/'))
		snprintf(path, PATH_MAX, "%s", which);
	else if (!which[strspn(which, "0123456789")])
		snprintf(path, PATH_MAX, "/proc/%s/ns/net", which);
	else
		snprintf(path, PATH_MAX, "/run/netns/%s", which);
}

int netns_enter(const char *which)
{
	char path[PATH_MAX];
	int fd, err = 0;

	find_path(path, which);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (err == -ENOENT)
		log_error("there is no network namespace %s: ip netns lists "
			  "names, and a process id is one, too", which);
	else if (err)
		log_error("cannot enter the network namespace %s: %s%s", which,
			  strerror(-err), err == -EPERM || err == -EACCES ?
				  ": run as root" : "");
	return err;
}
