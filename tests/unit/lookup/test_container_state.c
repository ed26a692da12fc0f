/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of container runtimes, which whoever runs containers may write. */
#include "tree.h"

#include <errno.h>

#include "lookup/container_state.h"

#define DOCKER "var/lib/docker/containers/c1/config.v2.json"
#define PODMAN "var/lib/containers/storage/overlay-containers/containers.json"
#define NERDCTL                                                    \
	"run/containerd/io.containerd.runtime.v2.task/default/c1/" \
	"config.json"

static void expect(const char *id, const char *name)
{
	struct container_state out;

	memset(&out, 'x', sizeof(out));
	assert_int_equal(container_state_read(tree_fd,
					      &(struct container_question){
						      .id = id, .pod_uid = "" },
					      &out),
			 *name ? 0 : -ENOENT);
	assert_string_equal(out.name, name);
}

static void dockers_name_loses_its_slash(void **state)
{
	(void)state;
	tree_text(DOCKER, "{\"Name\":\"/shop\"}");
	expect("c1", "shop");
	tree_text(DOCKER, "{\"Name\":\"shop\"}");
	expect("c1", "shop");
	tree_text(DOCKER, "{\"Name\":\"//shop\"}");
	expect("c1", "/shop");
}

/* What one runtime's file does not tell, another's may. */
static void an_empty_name_is_looked_for_elsewhere(void **state)
{
	(void)state;
	tree_text(DOCKER, "{\"Name\":\"/\"}");
	expect("c1", "");
	tree_text(NERDCTL, "{\"annotations\":{\"nerdctl/name\":\"web\"}}");
	expect("c1", "web");
}

static void podman_has_one_file_for_all(void **state)
{
	(void)state;
	tree_text(PODMAN, "[{\"id\":\"c0\",\"names\":[\"other\"]},"
			  "{\"names\":[\"nobody\"]}, 7, null,"
			  "{\"id\":\"c1\",\"names\":[\"db\",\"second\"]},"
			  "{\"id\":\"c1\",\"names\":[\"late\"]}]");
	expect("c1", "db");
	expect("c2", "");
	expect("c", "");
	tree_text(PODMAN, "[{\"id\":\"c1\",\"names\":[]}]");
	expect("c1", "");
	tree_text(PODMAN, "[{\"id\":\"c1\",\"names\":\"db\"}]");
	expect("c1", "");
	tree_text(PODMAN, "{\"id\":\"c1\",\"names\":[\"db\"]}");
	expect("c1", "");
}

#define HOME	 "home/alice/.local/share/"
#define ROOTLESS HOME "containers/storage/overlay-containers/containers.json"

/* Who runs as @uid has its home there. */
static void expect_users(uid_t uid, const char *home, const char *name,
			 const char *image)
{
	struct container_question q = { "c1", "", uid, home };
	struct container_state out;

	assert_int_equal(container_state_read(tree_fd, &q, &out),
			 *name ? 0 : -ENOENT);
	assert_string_equal(out.name, name);
	assert_string_equal(out.image, image);
}

static void a_users_containers_are_in_the_home(void **state)
{
	const uid_t uid = geteuid() ? geteuid() : 65534;

	(void)state;
	/* What root's have is not theirs, and cannot be claimed. */
	tree_text(DOCKER, "{\"Name\":\"/roots\"}");
	expect_users(uid, "/home/alice", "", "");
	tree_text(ROOTLESS, "[{\"id\":\"c1\",\"names\":[\"db\"],"
			    "\"metadata\":\"{\\\"image-name\\\":"
			    "\\\"db:3\\\"}\"}]");
	/* Nor what is another's, by a link or not. */
	if (!geteuid()) {
		expect_users(uid, "/home/alice", "", "");
		assert_int_equal(fchownat(tree_fd, ROOTLESS, uid, uid, 0), 0);
	}
	expect_users(uid, "/home/alice", "db", "db:3");
	expect_users(uid, "/home/bob", "", "");
	expect_users(uid, NULL, "", "");
	expect_users(uid, "home/alice", "", "");
	expect_users(uid, "/", "", "");

	unlinkat(tree_fd, ROOTLESS, 0);
	tree_text(HOME "docker/containers/c1/config.v2.json",
		  "{\"Name\":\"/shop\",\"Config\":{\"Image\":\"nginx\"}}");
	if (!geteuid())
		assert_int_equal(fchownat(tree_fd,
					  HOME "docker/containers/c1/"
					       "config.v2.json",
					  uid, uid, 0),
				 0);
	expect_users(uid, "/home/alice", "shop", "nginx");
}

/* A user's file may have any size. */
static void a_huge_file_is_not_read(void **state)
{
	int fd;

	(void)state;
	tree_text(DOCKER, "{\"Name\":\"/shop\"}");
	expect("c1", "shop");
	fd = openat(tree_fd, DOCKER, O_WRONLY);
	assert_int_equal(ftruncate(fd, 1ll << 40), 0);
	close(fd);
	expect("c1", "");
}

static void nerdctl_has_namespaces(void **state)
{
	(void)state;
	tree_text("run/containerd/io.containerd.runtime.v2.task/shop/c1/"
		  "config.json",
		  "{\"annotations\":{\"nerdctl/name\":\"web\"}}");
	tree_dirs("run/containerd/io.containerd.runtime.v2.task/a/c1/");
	expect("c1", "web");
	expect("c2", "");
}

static void a_name_of_another_type_is_none(void **state)
{
	static const char *const files[] = {
		"",
		" ",
		"{",
		"[",
		"null",
		"7",
		"\"Name\"",
		"{}",
		"{\"Name\":null}",
		"{\"Name\":7}",
		"{\"Name\":{}}",
		"{\"name\":\"/shop\"}",
		"{\"Name\":\"/shop\"",
		"{\"Name\":\"/shop\"}}",
		"{\"Name\":\"/sh\\u0000op\"}",
		"{\"Name\":\"/sh\xff\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		tree_text(DOCKER, files[i]);
		expect("c1", "");
	}
	tree_text(DOCKER, "{}");
	tree_text(NERDCTL, "{\"annotations\":[\"nerdctl/name\",\"web\"]}");
	expect("c1", "");
	tree_text(NERDCTL, "{\"annotations\":{\"nerdctl/name\":[\"web\"]}}");
	expect("c1", "");
}

/* A parser that calls itself for each bracket must not run out of stack. */
static void deep_nesting_is_refused(void **state)
{
	size_t n = 1 << 20;
	char *deep = malloc(n);

	(void)state;
	assert_non_null(deep);
	memset(deep, '[', n);
	tree_file(DOCKER, deep, n);
	expect("c1", "");
	for (size_t i = 0; i + 5 <= n; i += 5)
		memcpy(deep + i, "{\"a\":", 5);
	tree_file(DOCKER, deep, n);
	expect("c1", "");
	free(deep);
}

static void a_long_name_is_cut(void **state)
{
	char text[300] = "{\"Name\":\"/",
	     cut[sizeof(((struct container_state *)0)->name)] = "";

	(void)state;
	memset(text + strlen(text), 'n', 200);
	strcat(text, "\"}");
	tree_text(DOCKER, text);
	memset(cut, 'n', sizeof(cut) - 1);
	expect("c1", cut);
}

/* Of a user's bytes the tree is many times as large, and read ever again. */
static void a_users_large_file_tells_nothing(void **state)
{
	static char text[(256 << 10) + 2];
	const uid_t uid = geteuid() ? geteuid() : 65534;

	(void)state;
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "[{\"id\":\"c1\",\"names\":[\"db\"]}]", 28);
	tree_text(ROOTLESS, text);
	assert_int_equal(fchownat(tree_fd, ROOTLESS, uid, uid, 0), 0);
	expect_users(uid, "/home/alice", "", "");
	text[sizeof(text) - 2] = '\0';
	tree_text(ROOTLESS, text);
	expect_users(uid, "/home/alice", "db", "");
	tree_text(PODMAN, text);
	expect("c1", "db");
}

/* Neither a pipe without a writer nor a directory is waited for. */
static void what_is_no_file_tells_nothing(void **state)
{
	(void)state;
	tree_dirs(DOCKER);
	assert_int_equal(mkfifoat(tree_fd, DOCKER, 0644), 0);
	expect("c1", "");
	unlinkat(tree_fd, DOCKER, 0);
	mkdirat(tree_fd, DOCKER, 0755);
	expect("c1", "");
}

/* From the outside, where privileges are, no other directory is reached. */
static void an_id_is_no_path(void **state)
{
	(void)state;
	tree_text("var/lib/docker/containers/x/config.v2.json",
		  "{\"Name\":\"/x\"}");
	tree_text("etc/config.v2.json", "{\"Name\":\"secret\"}");
	expect("x", "x");
	expect("y/../x", "");
	expect("../../../../etc", "");
	expect("/x", "");
	expect("..", "");
	expect("", "");
}

/* Its path would be cut: then another container's file is not read. */
static void a_long_id_has_no_file(void **state)
{
	char id[600];

	(void)state;
	memset(id, 'a', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	expect(id, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(dockers_name_loses_its_slash),
		tree_test(an_empty_name_is_looked_for_elsewhere),
		tree_test(podman_has_one_file_for_all),
		tree_test(a_users_containers_are_in_the_home),
		tree_test(a_huge_file_is_not_read),
		tree_test(nerdctl_has_namespaces),
		tree_test(a_name_of_another_type_is_none),
		tree_test(deep_nesting_is_refused),
		tree_test(a_long_name_is_cut),
		tree_test(a_users_large_file_tells_nothing),
		tree_test(what_is_no_file_tells_nothing),
		tree_test(an_id_is_no_path),
		tree_test(a_long_id_has_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
