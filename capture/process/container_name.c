/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/container_name.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record.h"

#define KNOWN 64	/* containers remembered; then the oldest is forgotten */

struct known {
	char id[sizeof(((struct process *)0)->container_id)];
	char name[sizeof(((struct process *)0)->container_name)];
};

struct container_names {
	int root_fd;
	unsigned next;
	struct known known[KNOWN];
};

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

static void look_up(const struct container_names *c, struct known *k)
{
	char path[512];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *name;
		json_t *json;

		snprintf(path, sizeof(path), "%s%s%s", files[i].before,
			 files[i].after ? k->id : "",
			 files[i].after ? files[i].after : "");
		json = load(c->root_fd, path);
		name = json ? name_in(json, i, k->id) : NULL;
		if (name)
			snprintf(k->name, sizeof(k->name), "%s", name);
		json_decref(json);
		if (k->name[0])
			return;
	}
}

struct container_names *container_names_new(int root_fd)
{
	struct container_names *c = calloc(1, sizeof(*c));

	if (c)
		c->root_fd = root_fd;
	return c;
}

void container_names_free(struct container_names *c)
{
	free(c);
}

static const struct known *find(struct container_names *c, const char *id)
{
	struct known *k;

	for (int i = 0; i < KNOWN; i++)
		if (!strcmp(c->known[i].id, id))
			return &c->known[i];
	k = &c->known[c->next++ % KNOWN];
	memset(k, 0, sizeof(*k));
	snprintf(k->id, sizeof(k->id), "%s", id);
	look_up(c, k);
	return k;
}

/* These two name their containers themselves. */
static bool id_is_name(const struct process *p)
{
	return !strcmp(p->container_runtime, "lxc") ||
	       !strcmp(p->container_runtime, "systemd-nspawn");
}

void container_names_set(struct container_names *c, struct process *p)
{
	const char *name;

	/* An id that is no plain word must not become part of a path. */
	if (!process_has(p, FIELD_CONTAINER_ID) ||
	    process_has(p, FIELD_CONTAINER_NAME) ||
	    strchr(p->container_id, '/') || p->container_id[0] == '.')
		return;
	name = id_is_name(p) ? p->container_id : find(c, p->container_id)->name;
	if (!*name)
		return;
	snprintf(p->container_name, sizeof(p->container_name), "%s", name);
	p->has |= 1ull << FIELD_CONTAINER_NAME;
}
