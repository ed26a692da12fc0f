/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files of container runtimes, any bytes in each of them, and any name of
 * a log: what is told is terminated, and something if so much is said.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"
#include "lookup/container_state.h"

#define ID "0123456789abcdef"

static const char *const paths[] = {
	"var/lib/docker/containers/" ID "/config.v2.json",
	"var/lib/containers/storage/overlay-containers/containers.json",
	"run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID
	"/config.json",
	POD_ADDRESSES "/" ID,
};

#define LOGS  "var/log/containers/"
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

static void make_tree(void)
{
	tree_fd = make_directory();
	for (size_t i = 0; i < PATHS; i++)
		make_directories(paths[i]);
	make_directories(LOGS);
}

/* A log's name of these bytes, as far as they can be one. */
static void make_log(char path[256], const uint8_t *data, size_t size)
{
	char *at = path + sprintf(path, LOGS);

	for (size_t i = 0; i < size && i < 128; i++)
		if (data[i] && data[i] != '/')
			*at++ = (char)data[i];
	sprintf(at, "-" ID ".log");
}

static void check(const struct container_state *c, int err)
{
	LAW(memchr(c->name, 0, sizeof(c->name)));
	LAW(memchr(c->image, 0, sizeof(c->image)));
	LAW(memchr(c->pod, 0, sizeof(c->pod)));
	LAW(memchr(c->space, 0, sizeof(c->space)));
	LAW(!err == (*c->name || *c->image || *c->pod));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container_question q = { ID, "u-1", 0, "/home" };
	struct container_state state;
	char path[256];
	size_t which, pods;
	struct pod_address pod;
	int fd, err;

	if (!size)
		return 0;
	if (tree_fd < 0)
		make_tree();
	which = data[0] % (PATHS + 1);
	if (which < PATHS)
		strcpy(path, paths[which]);
	else
		make_log(path, data + 1, size - 1);
	fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	LAW(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	close(fd);
	memset(&state, 'x', sizeof(state));
	q.uid = data[0] & 0x80 ? geteuid() : 0;
	err = container_state_read(tree_fd, &q, &state);
	check(&state, err);
	pods = container_state_pods(tree_fd, 0, &pod, 1);
	LAW(pods <= 1 && (!pods || memchr(pod.name, 0, sizeof(pod.name))));
	unlinkat(tree_fd, path, 0);
	return 0;
}
