/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/sudo_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/log.h"

static bool parse_id(const char *name, unsigned long *id)
{
	const char *s = getenv(name);
	char *end;

	if (!s || !*s)
		return false;
	*id = strtoul(s, &end, 10);
	return !*end;
}

bool sudo_user_get(uid_t *uid, gid_t *gid)
{
	unsigned long u, g;

	if (geteuid() || !parse_id("SUDO_UID", &u) || !parse_id("SUDO_GID", &g))
		return false;
	*uid = (uid_t)u;
	*gid = (gid_t)g;
	return true;
}

int sudo_user_become(void)
{
	struct passwd *pw;
	uid_t uid;
	gid_t gid;

	if (!sudo_user_get(&uid, &gid))
		return 0;
	pw = getpwuid(uid);
	if (pw ? initgroups(pw->pw_name, gid) : setgroups(0, NULL))
		return -errno;
	if (setgid(gid) || setuid(uid))
		return -errno;
	if (pw) {
		setenv("HOME", pw->pw_dir, 1);
		setenv("USER", pw->pw_name, 1);
		setenv("LOGNAME", pw->pw_name, 1);
	}
	return 0;
}

void sudo_user_give(int fd)
{
	uid_t uid;
	gid_t gid;

	if (sudo_user_get(&uid, &gid) && fchown(fd, uid, gid))
		log_debug("the file stays root's");
}
