/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of container runtimes, any bytes in each of them: a name is
 * terminated, and none when it is not found.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "lookup/container_state.h"

#define ID "0123456789abcdef"

static const char *const paths[] = {
	"var/lib/docker/containers/" ID "/config.v2.json",
	"var/lib/containers/storage/overlay-containers/containers.json",
	"run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
};

#define PATHS (sizeof(paths) / sizeof(*paths))

static int tree_fd = -1;

static void make_directories(const char *path)
{
	char dir[256];

	for (const char *s = path; (s = strchr(s, '/')); s++) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(s - path), path);
		mkdirat(tree_fd, dir, 0700);
	}
}

/* In memory where there is a place for that; it is left to the system. */
static void make_tree(void)
{
	char shm[] = "/dev/shm/pktwho-fuzz-XXXXXX", tmp[] = "/tmp/pktwho-fuzz-XXXXXX";
	const char *dir = mkdtemp(shm);

	if (!dir)
		dir = mkdtemp(tmp);
	tree_fd = dir ? open(dir, O_RDONLY | O_DIRECTORY) : -1;
	LAW(tree_fd >= 0);
	for (size_t i = 0; i < PATHS; i++)
		make_directories(paths[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path;
	char name[16];
	int fd, err;

	if (!size)
		return 0;
	if (tree_fd < 0)
		make_tree();
	path = paths[data[0] % PATHS];
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	LAW(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	close(fd);
	memset(name, 'x', sizeof(name));
	err = container_state_name(tree_fd, ID, name, sizeof(name));
	LAW(memchr(name, 0, sizeof(name)));
	LAW(!err == (*name != 0));
	unlinkat(tree_fd, path, 0);
	return 0;
}
