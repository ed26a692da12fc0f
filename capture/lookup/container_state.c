/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/container_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lookup/json_file.h"

/* Under which keys of an object of strings they are; NULL: nowhere. */
struct keys {
	const char *name, *image, *pod, *space;
};

static const struct keys kubernetes = {
	"io.kubernetes.container.name",
	"io.kubernetes.cri-o.ImageName",
	"io.kubernetes.pod.name",
	"io.kubernetes.pod.namespace",
};
static const struct keys cri = {
	"io.kubernetes.cri.container-name",
	"io.kubernetes.cri.image-name",
	"io.kubernetes.cri.sandbox-name",
	"io.kubernetes.cri.sandbox-namespace",
};
static const struct keys nerdctl = { "nerdctl/name", NULL, NULL, NULL };
static const struct keys storage = { NULL, "image-name", NULL, NULL };

/* Keeps what is there already. */
static void take(char *out, size_t size, const char *text, size_t len)
{
	if (!*out && text)
		snprintf(out, size, "%.*s", (int)len, text);
}

#define TAKE(member, text, len) take(member, sizeof(member), text, len)

static void take_json_text(char *out, size_t size, json_t *object,
			   const char *key)
{
	json_t *text = key ? json_object_get(object, key) : NULL;

	take(out, size, json_string_value(text), json_string_length(text));
}

#define TAKE_TEXT(member, object, key) \
	take_json_text(member, sizeof(member), object, key)

static void take_json_keys(struct container_state *c, json_t *object,
			   const struct keys *k)
{
	TAKE_TEXT(c->name, object, k->name);
	TAKE_TEXT(c->image, object, k->image);
	TAKE_TEXT(c->pod, object, k->pod);
	TAKE_TEXT(c->space, object, k->space);
}

/* ---- the runtimes' files ---- */

/* {"annotations": {KEY: "name"}} */
static void take_oci(struct container_state *c, json_t *json, const char *id,
		     const struct keys *k)
{
	(void)id;
	take_json_keys(c, json_object_get(json, "annotations"), k);
}

/* {"Name": "/name", "Config": {"Image": "nginx", "Labels": {KEY: "pod"}}} */
static void take_docker(struct container_state *c, json_t *json, const char *id,
			const struct keys *k)
{
	json_t *config = json_object_get(json, "Config");
	json_t *text = json_object_get(json, "Name");
	const char *name = json_string_value(text);
	size_t len = json_string_length(text);

	(void)id;
	if (name && *name == '/') {
		name++;
		len--;
	}
	take_json_keys(c, json_object_get(config, "Labels"), k);
	TAKE(c->name, name, len);
	TAKE_TEXT(c->image, config, "Image");
}

/* [{"id": id, "names": ["name"], "metadata": "{\"image-name\": \"nginx\"}"}] */
static void take_storage(struct container_state *c, json_t *json,
			 const char *id, const struct keys *k)
{
	json_t *its, *text, *metadata;
	size_t i;

	json_array_foreach (json, i, its) {
		const char *one = json_string_value(json_object_get(its, "id"));

		if (!one || strcmp(one, id))
			continue;
		text = json_array_get(json_object_get(its, "names"), 0);
		TAKE(c->name, json_string_value(text),
		     json_string_length(text));
		text = json_object_get(its, "metadata");
		metadata = json_loadb(json_string_value(text),
				      json_string_length(text), 0, NULL);
		take_json_keys(c, metadata, k);
		json_decref(metadata);
		return;
	}
}

#define TASKS	"io.containerd.runtime.v2.task/"
#define STORAGE "containers/storage/overlay-containers/"
#define DATA	".local/share/"
/* Bytes of one file; of what is in it, the tree may take 80 times as many. */
#define ROOTS_MOST (16 << 20)
#define USERS_MOST (256 << 10)

/*
 * The container's id stands between, where there is an after.  CRI-O keeps
 * its containers in podman's list, too, under names of its own making.
 */
struct state_file {
	const char *before, *after;
	void (*take)(struct container_state *c, json_t *json, const char *id,
		     const struct keys *k);
	const struct keys *keys;
};

static const struct state_file roots_files[] = {
	{ "var/lib/docker/containers/", "/config.v2.json", take_docker,
	  &kubernetes },
	{ "run/containerd/" TASKS "k8s.io/", "/config.json", take_oci, &cri },
	{ "run/k3s/containerd/" TASKS "k8s.io/", "/config.json", take_oci,
	  &cri },
	{ "run/" STORAGE, "/userdata/config.json", take_oci, &kubernetes },
	{ "var/lib/" STORAGE "containers.json", NULL, take_storage, &storage },
	{ "var/lib/" STORAGE "volatile-containers.json", NULL, take_storage,
	  &storage },
};

/* Below the home of who runs them. */
static const struct state_file users_files[] = {
	{ DATA "docker/containers/", "/config.v2.json", take_docker,
	  &kubernetes },
	{ DATA STORAGE "containers.json", NULL, take_storage, &storage },
	{ DATA STORAGE "volatile-containers.json", NULL, take_storage,
	  &storage },
};

static bool is_told(const struct container_state *c)
{
	return *c->name || *c->pod;
}

static void ask_files(int dir, const struct state_file *files, size_t count,
		      const struct container_question *q,
		      struct container_state *out)
{
	const size_t most = q->uid ? USERS_MOST : ROOTS_MOST;
	char path[512];

	for (size_t i = 0; i < count && !is_told(out); i++) {
		const struct state_file *f = &files[i];
		json_t *json;

		snprintf(path, sizeof(path), "%s%s%s", f->before,
			 f->after ? q->id : "", f->after ? f->after : "");
		json = json_file_load(dir, path, most, q->uid);
		if (json)
			f->take(out, json, q->id, f->keys);
		json_decref(json);
	}
}

/* In whatever namespace of containerd's somebody has put it. */
static void ask_nerdctl(int root_fd, const char *id,
			struct container_state *out)
{
	int fd = openat(root_fd, "run/containerd/" TASKS,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	char path[512];

	if (!dir && fd >= 0)
		close(fd);
	while (dir && !is_told(out) && (e = readdir(dir))) {
		json_t *json;

		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%.64s/config.json", e->d_name,
			 id);
		json = json_file_load(fd, path, ROOTS_MOST, 0);
		if (json)
			take_oci(out, json, id, &nerdctl);
		json_decref(json);
	}
	if (dir)
		closedir(dir);
}

static void ask_root(int root_fd, const struct container_question *q,
		     struct container_state *out)
{
	ask_files(root_fd, roots_files,
		  sizeof(roots_files) / sizeof(*roots_files), q, out);
	if (!is_told(out))
		ask_nerdctl(root_fd, q->id, out);
}

static void ask_user(int root_fd, const struct container_question *q,
		     struct container_state *out)
{
	int home = q->home && *q->home == '/' && q->home[1] ?
			   openat(root_fd, q->home + 1,
				  O_PATH | O_DIRECTORY | O_CLOEXEC) :
			   -1;

	if (home < 0)
		return;
	ask_files(home, users_files, sizeof(users_files) / sizeof(*users_files),
		  q, out);
	close(home);
}

/* ---- Kubernetes' logs ---- */

/* Cuts @name, which must end with these, before @a@b@c; false: it does not. */
static bool cut_end(char *name, const char *a, const char *b, const char *c)
{
	char end[128];
	size_t len = strlen(name), cut;

	cut = (size_t)snprintf(end, sizeof(end), "%s%s%s", a, b, c);
	if (cut >= sizeof(end) || len <= cut || strcmp(name + len - cut, end))
		return false;
	name[len - cut] = '\0';
	return true;
}

/* The first entry of @path that ends so, without its end.  False: none. */
static bool find_entry(int root_fd, const char *path, char name[256],
		       const char *a, const char *b, const char *c)
{
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;
	struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && (e = readdir(dir))) {
		snprintf(name, 256, "%s", e->d_name);
		found = cut_end(name, a, b, c);
	}
	closedir(dir);
	return found;
}

/* POD_NAMESPACE_NAME-ID.log; none of these has an underscore. */
static void ask_container_logs(int root_fd, const char *id,
			       struct container_state *out)
{
	char entry[256], *space, *name;

	if (!find_entry(root_fd, "var/log/containers", entry, "-", id, ".log"))
		return;
	space = strchr(entry, '_');
	name = space ? strchr(space + 1, '_') : NULL;
	if (!name)
		return;
	TAKE(out->pod, entry, (size_t)(space - entry));
	TAKE(out->space, space + 1, (size_t)(name - space) - 1);
	TAKE(out->name, name + 1, strlen(name + 1));
}

/* NAMESPACE_POD_UID */
static void ask_pod_logs(int root_fd, const char *pod_uid,
			 struct container_state *out)
{
	char entry[256], *pod;

	if (!find_entry(root_fd, "var/log/pods", entry, "_", pod_uid, ""))
		return;
	pod = strchr(entry, '_');
	if (!pod)
		return;
	TAKE(out->space, entry, (size_t)(pod - entry));
	TAKE(out->pod, pod + 1, strlen(pod + 1));
}

/* Whoever asks reads packets, and may have been taken over by one. */
static bool is_plain(const char *id)
{
	return *id && *id != '.' && !strchr(id, '/');
}

int container_state_read(int root_fd, const struct container_question *q,
			 struct container_state *out)
{
	memset(out, 0, sizeof(*out));
	if (!is_plain(q->id))
		return -ENOENT;
	if (q->uid)
		ask_user(root_fd, q, out);
	else
		ask_root(root_fd, q, out);
	if (*q->pod_uid && (!*out->name || !*out->pod || !*out->space))
		ask_container_logs(root_fd, q->id, out);
	if (*q->pod_uid && (!*out->pod || !*out->space))
		ask_pod_logs(root_fd, q->pod_uid, out);
	return *out->name || *out->pod || *out->image ? 0 : -ENOENT;
}
