/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names from made-up files of each runtime, and of Kubernetes. */
#include "tree.h"

#include <pwd.h>

#include "lookup/lookup.h"
#include "lookup/container_name.h"
#include "record.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define UID "0d15ea5e-0000-4000-8000-00000000c0de"

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

	put("run/containerd/io.containerd.runtime.v2.task/default/n1/"
	    "config.json",
	    "{\"annotations\":{\"nerdctl/name\":\"nerd\"}}");
	assert_named("containerd", "n1", "nerd");

	assert_named("lxc", "guest", "guest");
	assert_named("systemd-nspawn", "deb", "deb");
}

static void assert_pod(const char *id, const char *name, const char *image,
		       const char *pod, const char *space)
{
	struct lookup *l = lookup_new(tree_fd, tree_fd);
	struct container_names *c = container_names_new(l);
	struct process p = container("kubernetes", id);

	strcpy(p.pod_uid, UID);
	container_names_set(c, &p);
	assert_string_equal(p.container_name, name);
	assert_string_equal(p.container_image, image);
	assert_string_equal(p.pod_name, pod);
	assert_string_equal(p.pod_namespace, space);
	assert_int_equal(process_has(&p, FIELD_CONTAINER_IMAGE), *image != 0);
	assert_int_equal(process_has(&p, FIELD_POD_NAME), *pod != 0);
	assert_int_equal(process_has(&p, FIELD_POD_NAMESPACE), *space != 0);
	container_names_free(c);
	lookup_close(l);
}

static void containerd_keeps_annotations(void **state)
{
	static const char config[] =
		"{\"ociVersion\":\"1.2.0\",\"annotations\":{"
		"\"io.kubernetes.cri.container-name\":\"web\","
		"\"io.kubernetes.cri.container-type\":\"container\","
		"\"io.kubernetes.cri.image-name\":"
		"\"docker.io/library/nginx:1.25\","
		"\"io.kubernetes.cri.sandbox-id\":\"s1\","
		"\"io.kubernetes.cri.sandbox-name\":\"shop-7d4b9\","
		"\"io.kubernetes.cri.sandbox-namespace\":\"fruit\"}}";

	(void)state;
	put("run/containerd/io.containerd.runtime.v2.task/k8s.io/k1/"
	    "config.json",
	    config);
	assert_pod("k1", "web", "docker.io/library/nginx:1.25", "shop-7d4b9",
		   "fruit");
	put("run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/k3/"
	    "config.json",
	    config);
	assert_pod("k3", "web", "docker.io/library/nginx:1.25", "shop-7d4b9",
		   "fruit");
	/* The pod's own container has no name. */
	put("run/containerd/io.containerd.runtime.v2.task/k8s.io/s1/"
	    "config.json",
	    "{\"annotations\":{"
	    "\"io.kubernetes.cri.sandbox-name\":\"shop-7d4b9\","
	    "\"io.kubernetes.cri.sandbox-namespace\":\"fruit\"}}");
	assert_pod("s1", "", "", "shop-7d4b9", "fruit");
}

/* Podman's list has it, too, under a name that nobody types. */
static void crio_keeps_annotations(void **state)
{
	(void)state;
	put("var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"c1\",\"names\":[\"k8s_db_shop-0_fruit_" UID "_0\"]}]");
	put("run/containers/storage/overlay-containers/c1/userdata/"
	    "config.json",
	    "{\"annotations\":{"
	    "\"io.kubernetes.container.name\":\"db\","
	    "\"io.kubernetes.cri-o.ImageName\":\"quay.io/db:3\","
	    "\"io.kubernetes.pod.name\":\"shop-0\","
	    "\"io.kubernetes.pod.namespace\":\"fruit\"}}");
	assert_pod("c1", "db", "quay.io/db:3", "shop-0", "fruit");
}

static void docker_keeps_labels(void **state)
{
	(void)state;
	put("var/lib/docker/containers/d1/config.v2.json",
	    "{\"Name\":\"/k8s_web_shop-0_fruit_" UID "_0\",\"Config\":{"
	    "\"Image\":\"nginx@sha256:f00d\",\"Labels\":{"
	    "\"io.kubernetes.container.name\":\"web\","
	    "\"io.kubernetes.pod.name\":\"shop-0\","
	    "\"io.kubernetes.pod.namespace\":\"fruit\"}}}");
	assert_pod("d1", "web", "nginx@sha256:f00d", "shop-0", "fruit");
	put("var/lib/docker/containers/d2/config.v2.json",
	    "{\"Name\":\"/shop\",\"Config\":{\"Image\":\"nginx\","
	    "\"Labels\":{}}}");
	assert_pod("d2", "shop", "nginx", "", "");
}

static void podman_keeps_lists(void **state)
{
	(void)state;
	put("var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"p1\",\"names\":[\"shop\"],\"image\":\"f00d\","
	    "\"metadata\":\"{\\\"image-name\\\":\\\"localhost/shop:2\\\","
	    "\\\"name\\\":\\\"shop\\\"}\"},"
	    "{\"id\":\"p2\",\"names\":[\"bad\"],\"metadata\":\"{\"}]");
	assert_pod("p1", "shop", "localhost/shop:2", "", "");
	assert_pod("p2", "bad", "", "", "");
	/* --rm */
	put("var/lib/containers/storage/overlay-containers/"
	    "volatile-containers.json",
	    "[{\"id\":\"v1\",\"names\":[\"once\"],"
	    "\"metadata\":\"{\\\"image-name\\\":\\\"alpine\\\"}\"}]");
	assert_pod("v1", "once", "alpine", "", "");
}

/* Another runtime, or its state is not to be seen: the kubelet's logs are. */
static void logs_tell_what_a_runtime_does_not(void **state)
{
	(void)state;
	put("var/log/containers/coredns-5d-x_kube-system_dns-aa11.log", "");
	put("var/log/containers/shop-0_fruit_web-server-bb22.log", "");
	put("var/log/containers/no-underscore-cc33.log", "");
	put("var/log/pods/fruit_shop-0_" UID "/web-server/0.log", "");
	assert_pod("bb22", "web-server", "", "shop-0", "fruit");
	/* Started a moment ago, or the pod's own: no log of its own. */
	assert_pod("dd44", "", "", "shop-0", "fruit");
	assert_pod("cc33", "", "", "shop-0", "fruit");
	/* An older containerd tells the container alone. */
	put("run/containerd/io.containerd.runtime.v2.task/k8s.io/bb22/"
	    "config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"w\"}}");
	assert_pod("bb22", "w", "", "shop-0", "fruit");
	/* Who is in no pod has no such log. */
	assert_named("docker", "bb22x", "");
}

/* Its cgroup tells whose home to look into. */
static void rootless_podman_keeps_lists_at_home(void **state)
{
	const struct passwd *pw = getpwuid(65534);
	struct lookup *l = lookup_new(tree_fd, tree_fd);
	struct container_names *c = container_names_new(l);
	struct process p = container("podman", "r1"), roots = p;
	char path[200];

	(void)state;
	if (geteuid() || !pw)
		skip();
	snprintf(path, sizeof(path),
		 "%s/.local/share/containers/storage/"
		 "overlay-containers/containers.json",
		 pw->pw_dir + 1);
	put(path, "[{\"id\":\"r1\",\"names\":[\"mine\"]}]");
	assert_int_equal(fchownat(tree_fd, path, 65534, 65534, 0), 0);
	p.has |= 1ull << FIELD_CGROUP;
	strcpy(p.cgroup, "/user.slice/user-65534.slice/user@65534.service/"
			 "user.slice/libpod-r1.scope");
	container_names_set(c, &p);
	assert_string_equal(p.container_name, "mine");
	container_names_set(c, &roots);
	assert_string_equal(roots.container_name, "");
	container_names_free(c);
	lookup_close(l);
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
		tree_test(containerd_keeps_annotations),
		tree_test(crio_keeps_annotations),
		tree_test(docker_keeps_labels),
		tree_test(podman_keeps_lists),
		tree_test(logs_tell_what_a_runtime_does_not),
		tree_test(rootless_podman_keeps_lists_at_home),
		tree_test(broken_or_missing_files_name_nobody),
		tree_test(an_id_is_never_a_path),
		tree_test(a_name_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
