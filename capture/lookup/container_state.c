/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/container_state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How a runtime's file tells the name. */
enum shape {
	DOCKER,		/* {"Name": "/name"} */
	PODMAN,		/* [{"id": id, "names": ["name"]}] */
	OCI,		/* {"annotations": {KEY: "name"}} */
};

/* The container's id stands between, where there is an after. */
static const struct {
	const char *before, *after;
	enum shape shape;
	const char *annotation;
} files[] = {
	{ "var/lib/docker/containers/", "/config.v2.json", DOCKER, NULL },
	{ "var/lib/containers/storage/overlay-containers/containers.json",
	  NULL, PODMAN, NULL },
	{ "run/containerd/io.containerd.runtime.v2.task/k8s.io/",
	  "/config.json", OCI, "io.kubernetes.cri.container-name" },
	{ "run/containerd/io.containerd.runtime.v2.task/default/",
	  "/config.json", OCI, "nerdctl/name" },
	{ "run/containers/storage/overlay-containers/",
	  "/userdata/config.json", OCI, "io.kubernetes.container.name" },
};

static json_t *load(int root_fd, const char *path)
{
	int fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	json_error_t error;
	json_t *json;

	if (fd < 0)
		return NULL;
	json = json_loadfd(fd, 0, &error);
	close(fd);
	return json;
}

static const char *podman_name(json_t *json, const char *id)
{
	json_t *container;
	size_t i;

	json_array_foreach(json, i, container) {
		const char *its = json_string_value(
			json_object_get(container, "id"));

		if (its && !strcmp(its, id))
			return json_string_value(json_array_get(
				json_object_get(container, "names"), 0));
	}
	return NULL;
}

/* Borrowed from @json, or NULL. */
static const char *name_in(json_t *json, size_t file, const char *id)
{
	const char *name = NULL;

	switch (files[file].shape) {
	case DOCKER:
		name = json_string_value(json_object_get(json, "Name"));
		return name && *name == '/' ? name + 1 : name;
	case PODMAN:
		return podman_name(json, id);
	case OCI:
		return json_string_value(json_object_get(
			json_object_get(json, "annotations"),
			files[file].annotation));
	}
	return NULL;
}

/* Whoever asks reads packets, and may have been taken over by one. */
static bool is_plain(const char *id)
{
	return *id && *id != '.' && !strchr(id, '/');
}

int container_state_name(int root_fd, const char *id, char *out, size_t size)
{
	char path[512];

	*out = '\0';
	if (!is_plain(id))
		return -ENOENT;
	for (size_t i = 0; !*out && i < sizeof(files) / sizeof(*files); i++) {
		const char *name;
		json_t *json;

		snprintf(path, sizeof(path), "%s%s%s", files[i].before,
			 files[i].after ? id : "",
			 files[i].after ? files[i].after : "");
		json = load(root_fd, path);
		name = json ? name_in(json, i, id) : NULL;
		if (name)
			snprintf(out, size, "%s", name);
		json_decref(json);
	}
	return *out ? 0 : -ENOENT;
}
