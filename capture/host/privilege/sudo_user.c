/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/privilege/sudo_user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"

/* The largest number means "leave it as it is" to setresuid(2): we stay root. */
static bool parse_id(const char *name, uint32_t *id)
{
	const char *s = getenv(name);
	unsigned long n;

	if (!s || !*s || s[strspn(s, "0123456789")])
		return false;
	errno = 0;
	n = strtoul(s, NULL, 10);
	*id = (uint32_t)n;
	return !errno && n < UINT32_MAX;
}

bool sudo_user_get(uid_t *uid, gid_t *gid)
{
	uint32_t u, g;

	if (geteuid() || !parse_id("SUDO_UID", &u) || !parse_id("SUDO_GID", &g))
		return false;
	*uid = u;
	*gid = g;
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

static int save_groups(struct sudo_user_rights *root)
{
	int count = getgroups(0, NULL);

	if (count < 0)
		return -errno;
	root->groups = calloc((size_t)count + 1, sizeof(*root->groups));
	if (!root->groups)
		return -ENOMEM;
	root->count = getgroups(count, root->groups);
	return root->count < 0 ? -errno : 0;
}

static int take_rights(uid_t uid, gid_t gid)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw ? initgroups(pw->pw_name, gid) : setgroups(1, &gid))
		return -errno;
	return setegid(gid) || seteuid(uid) ? -errno : 0;
}

int sudo_user_enter(struct sudo_user_rights *root)
{
	uid_t uid;
	gid_t gid;
	int err;

	*root = (struct sudo_user_rights){ .groups = NULL };
	if (!sudo_user_get(&uid, &gid) || !uid)
		return 0;
	err = save_groups(root);
	err = err ? err : take_rights(uid, gid);
	if (err)
		sudo_user_leave(root);
	return err;
}

void sudo_user_leave(struct sudo_user_rights *root)
{
	if (!root->groups)
		return;
	if (seteuid(0) || setegid(getgid()) ||
	    setgroups((size_t)root->count, root->groups))
		log_error("root's rights are gone: %s", strerror(errno));
	free(root->groups);
	root->groups = NULL;
}
