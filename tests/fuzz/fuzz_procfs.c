/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What processes say of themselves in /proc: any bytes as the stat, status,
 * cgroup, cmdline and executable of one.  What is read can be written down
 * and read back, and its container follows from its cgroup alone.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"
#include "process/container.h"
#include "process/procfs.h"

#define PARTS 5 /* split at a byte that no file has */
#define SPLIT 0xff

static const char *const files[PARTS] = {
	"7/stat", "7/status", "7/cgroup", "7/cmdline", "7/exe",
};

static int tree_fd = -1;

static void make_tree(void)
{
	tree_fd = make_directory();
	LAW(!mkdirat(tree_fd, "7", 0700));
}

static void put(int which, const uint8_t *data, size_t size)
{
	char target[4096];
	int fd;

	unlinkat(tree_fd, files[which], 0);
	if (which == PARTS - 1) {
		size = size < sizeof(target) ? size : sizeof(target) - 1;
		memcpy(target, data, size);
		target[size] = '\0';
		/* No link has an empty target. */
		if (*target)
			LAW(!symlinkat(target, tree_fd, files[which]));
		return;
	}
	fd = openat(tree_fd, files[which], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	LAW(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

static void put_all(const uint8_t *data, size_t size)
{
	for (int i = 0; i < PARTS; i++) {
		const uint8_t *end = size ? memchr(data, SPLIT, size) : NULL;
		size_t len = end ? (size_t)(end - data) : size;

		put(i, data, len);
		data += len;
		size -= len;
		if (size) {
			data++;
			size--;
		}
	}
}

static void container_laws(const struct process *p)
{
	struct process again = { .has = p->has & 1ull << FIELD_CGROUP };

	memcpy(again.cgroup, p->cgroup, sizeof(again.cgroup));
	container_identify(&again);
	LAW(!strcmp(again.container_id, p->container_id));
	LAW(!strcmp(again.unit, p->unit) && !strcmp(again.pod_uid, p->pod_uid));
	LAW(!process_has(p, FIELD_CONTAINER_ID) ==
	    !process_has(p, FIELD_CONTAINER_RUNTIME));
	LAW(!process_has(p, FIELD_CONTAINER_ID) || p->container_id[0]);
	LAW(!strchr(p->container_id, '/'));
}

static void process_laws(const struct process *p)
{
	static struct process back;
	uint8_t bytes[PROCESS_MAX];
	int n = process_encode(p, bytes, sizeof(bytes));

	LAW(n > 0 && process_decode(&back, bytes, (size_t)n) == n);
	LAW(back.has == p->has && back.cmdline_len == p->cmdline_len);
	LAW(!strcmp(back.exepath, p->exepath) && !strcmp(back.name, p->name));
	LAW(p->cmdline_len < sizeof(p->cmdline));
	LAW(!p->cmdline_len || p->cmdline[p->cmdline_len - 1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct process p, brief;
	uint64_t start_ns = 0;
	int err;

	if (tree_fd < 0)
		make_tree();
	put_all(data, size);
	err = procfs_read(tree_fd, 7, 1000, &p, &start_ns);
	LAW(!err || err == -ESRCH);
	LAW(procfs_read_brief(tree_fd, 7, &brief) == err);
	procfs_exe_deleted(tree_fd, 7);
	if (err)
		return 0;
	LAW(p.pid == 7 && p.start_ns == start_ns + 1000);
	LAW(!strcmp(p.name, brief.name) && p.ppid == brief.ppid);
	process_laws(&p);
	container_laws(&p);
	return 0;
}
