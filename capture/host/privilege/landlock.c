/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host/privilege/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/log.h"

/* As of version 6, which this system's header may not know yet. */
struct rules {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

#define FILES_1 ((1u << 13) - 1)
#define REFER	(1u << 13) /* version 2 */
#define IOCTL	(1u << 15) /* 5 */
#define TCP	3u	   /* 4: bind, connect */
#define SCOPES	1u	   /* 6: abstract sockets */

int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);

	return version < 0 ? -errno : (int)version;
}

static int make_rules(int version, uint64_t *files)
{
	struct rules r = { .files = FILES_1 };
	size_t size = sizeof(r.files);
	long fd;

	if (version >= 2)
		r.files |= REFER;
	if (version >= 3)
		r.files |= LANDLOCK_TRUNCATE;
	if (version >= 5)
		r.files |= IOCTL;
	if (version >= 4) {
		r.net = TCP;
		size = offsetof(struct rules, scoped);
	}
	if (version >= 6) {
		r.scoped = SCOPES;
		size = sizeof(r);
	}
	*files = r.files;
	fd = syscall(SYS_landlock_create_ruleset, &r, size, 0);
	return fd < 0 ? -errno : (int)fd;
}

int landlock_enter(int dir_fd, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = { .parent_fd = dir_fd };
	int version = landlock_version(), fd, err = 0;
	uint64_t files;

	if (version < 0)
		return version;
	fd = make_rules(version, &files);
	if (fd < 0)
		return fd;
	beneath.allowed_access = access & files;
	if ((dir_fd >= 0 && syscall(SYS_landlock_add_rule, fd,
				    LANDLOCK_RULE_PATH_BENEATH, &beneath, 0)) ||
	    syscall(SYS_landlock_restrict_self, fd, 0))
		err = -errno;
	close(fd);
	return err;
}

void landlock_write_in(int dir_fd)
{
	int err = landlock_enter(dir_fd,
				 LANDLOCK_ACCESS_FS_WRITE_FILE |
					 LANDLOCK_ACCESS_FS_MAKE_REG |
					 LANDLOCK_ACCESS_FS_REMOVE_FILE |
					 LANDLOCK_TRUNCATE);

	if (err)
		log_debug("no Landlock: %s", strerror(-err));
}
