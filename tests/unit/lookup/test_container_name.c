/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names from made-up state files of each runtime. */
#include "tree.h"

#include "lookup/lookup.h"
#include "lookup/container_name.h"
#include "record.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct process container(const char *runtime, const char *id)
{
	struct process p = { .has = 1ull << FIELD_CONTAINER_ID };

	strcpy(p.container_runtime, runtime);
	strcpy(p.container_id, id);
	return p;
}

static void put(const char *path, const char *text)
{
	tree_file(path, text, strlen(text));
}

static void assert_named(const char *runtime, const char *id, const char *name)
{
	struct lookup *l = lookup_new(tree_fd, tree_fd);
	struct container_names *c = container_names_new(l);
	struct process p = container(runtime, id);

	container_names_set(c, &p);
	assert_string_equal(p.container_name, name);
	assert_int_equal(process_has(&p, FIELD_CONTAINER_NAME), *name != 0);
	container_names_free(c);
	lookup_close(l);
}

static void each_runtime_has_its_file(void **state)
{
	(void)state;
	put("var/lib/docker/containers/" ID "/config.v2.json",
	    "{\"ID\":\"" ID "\",\"Name\":\"/shop\"}");
	assert_named("docker", ID, "shop");

	put("var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"other\",\"names\":[\"no\"]},"
	    "{\"id\":\"p1\",\"names\":[\"pod-man\",\"second\"]}]");
	assert_named("podman", "p1", "pod-man");

	put("run/containerd/io.containerd.runtime.v2.task/k8s.io/k1/config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"web\"}}");
	assert_named("containerd", "k1", "web");

	put("run/containers/storage/overlay-containers/c1/userdata/config.json",
	    "{\"annotations\":{\"io.kubernetes.container.name\":\"db\"}}");
	assert_named("cri-o", "c1", "db");

	assert_named("lxc", "guest", "guest");
	assert_named("systemd-nspawn", "deb", "deb");
}

static void broken_or_missing_files_name_nobody(void **state)
{
	(void)state;
	assert_named("docker", "nothing", "");
	put("var/lib/docker/containers/bad1/config.v2.json", "{\"Name\":");
	assert_named("docker", "bad1", "");
	put("var/lib/docker/containers/bad2/config.v2.json", "{\"Name\":[1]}");
	assert_named("docker", "bad2", "");
	put("var/lib/docker/containers/bad3/config.v2.json", "[]");
	assert_named("docker", "bad3", "");
}

static void an_id_is_never_a_path(void **state)
{
	(void)state;
	put("var/lib/docker/containers/x/config.v2.json", "{\"Name\":\"/x\"}");
	assert_named("docker", "y/../x", "");
	assert_named("docker", "..", "");
}

/* A container that is gone keeps its name, */
static void a_name_is_remembered(void **state)
{
	struct lookup *l = lookup_new(tree_fd, tree_fd);
	struct container_names *c = container_names_new(l);
	struct process p = container("docker", "gone");

	(void)state;
	put("var/lib/docker/containers/gone/config.v2.json",
	    "{\"Name\":\"/was\"}");
	container_names_set(c, &p);
	unlinkat(tree_fd, "var/lib/docker/containers/gone/config.v2.json", 0);
	p = container("docker", "gone");
	container_names_set(c, &p);
	assert_string_equal(p.container_name, "was");
	container_names_free(c);
	lookup_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_runtime_has_its_file),
		tree_test(broken_or_missing_files_name_nobody),
		tree_test(an_id_is_never_a_path),
		tree_test(a_name_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
