/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths as /proc/PID/cgroup shows them on real hosts, one row each. */
#include "process/container.h"
#include "exact.h"

#define ID   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID  "7cb4a0e5-5d4a-4c0b-9f0e-0d3f1c2b3a49"
#define UID_ "7cb4a0e5_5d4a_4c0b_9f0e_0d3f1c2b3a49"

struct place {
	const char *cgroup;
	const char *id, *runtime, *pod, *unit; /* NULL: not told */
};

/* clang-format off */
static const struct place places[] = {
	/* Docker: systemd and cgroupfs drivers, and rootless. */
	{ "/system.slice/docker-" ID ".scope",
	  ID, "docker", NULL, "docker-" ID ".scope" },
	{ "/docker/" ID, ID, "docker", NULL, NULL },
	{ "/docker/" ID "/system.slice/sshd.service",
	  ID, "docker", NULL, "sshd.service" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID
	  ".scope", ID, "docker", NULL, "docker-" ID ".scope" },

	/* Kubernetes: containerd by systemd, in its three classes. */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	  ".slice/cri-containerd-" ID ".scope",
	  ID, "containerd", UID, "cri-containerd-" ID ".scope" },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod"
	  UID_ ".slice/cri-containerd-" ID ".scope",
	  ID, "containerd", UID, "cri-containerd-" ID ".scope" },
	{ "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID
	  ".scope", ID, "containerd", UID, "cri-containerd-" ID ".scope" },

	/* Kubernetes by cgroupfs does not say whose containers they are. */
	{ "/kubepods/burstable/pod" UID "/" ID, ID, "kubernetes", UID, NULL },
	{ "/kubepods/besteffort/pod" UID "/" ID, ID, "kubernetes", UID, NULL },
	{ "/kubepods/pod" UID "/" ID, ID, "kubernetes", UID, NULL },
	/* A static pod's uid is a hash without dashes. */
	{ "/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID,
	  ID, "kubernetes", "0123456789abcdef0123456789abcdef", NULL },

	/* CRI-O, and its monitor, which is not in the container. */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	  ".slice/crio-" ID ".scope",
	  ID, "cri-o", UID, "crio-" ID ".scope" },
	{ "/kubepods/burstable/pod" UID "/crio-" ID, ID, "cri-o", UID, NULL },
	{ "/system.slice/crio-conmon-" ID ".scope",
	  NULL, NULL, NULL, "crio-conmon-" ID ".scope" },

	/* Podman, root and rootless; conmon is its monitor. */
	{ "/machine.slice/libpod-" ID ".scope/container",
	  ID, "podman", NULL, "libpod-" ID ".scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
	  ".scope", ID, "podman", NULL, "libpod-" ID ".scope" },
	{ "/libpod_parent/libpod-" ID, ID, "podman", NULL, NULL },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/"
	  "libpod-conmon-" ID ".scope",
	  NULL, NULL, NULL, "libpod-conmon-" ID ".scope" },
	/* A long name that begins "pod" is not a pod. */
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
	  "podman-kube@-home-someone-manifests-web.yaml.service",
	  NULL, NULL, NULL,
	  "podman-kube@-home-someone-manifests-web.yaml.service" },

	/* nerdctl */
	{ "/system.slice/nerdctl-" ID ".scope",
	  ID, "containerd", NULL, "nerdctl-" ID ".scope" },

	/* LXC: version 2 and version 1 layouts, Proxmox, and the monitor. */
	{ "/lxc.payload.web/system.slice/nginx.service",
	  "web", "lxc", NULL, "nginx.service" },
	{ "/lxc/101/ns/init.scope", "101", "lxc", NULL, "init.scope" },
	/* LXD, in a project of its own; started by a user. */
	{ "/lxc.payload.fruit_web-01", "fruit_web-01", "lxc", NULL, NULL },
	{ "/user.slice/user-1000.slice/session-3.scope/lxc.payload.web",
	  "web", "lxc", NULL, "session-3.scope" },
	{ "/lxc.monitor.web", NULL, NULL, NULL, NULL },

	/* systemd-nspawn, started as a service and by hand. */
	{ "/machine.slice/systemd-nspawn@deb12.service/payload/init.scope",
	  "deb12", "systemd-nspawn", NULL, "init.scope" },
	{ "/machine.slice/machine-deb12.scope/payload/system.slice/"
	  "cron.service",
	  "deb12", "systemd-nspawn", NULL, "cron.service" },
	{ "/machine.slice/machine-web\\x2d01.scope/payload",
	  "web-01", "systemd-nspawn", NULL, "machine-web\\x2d01.scope" },
	{ "/machine.slice/systemd-nspawn@a\\x2d\\x2db.service/payload",
	  "a--b", "systemd-nspawn", NULL, "systemd-nspawn@a\\x2d\\x2db.service" },
	/* libvirt registers its virtual machines there too. */
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
	  NULL, NULL, NULL, "machine-qemu\\x2d1\\x2dvm.scope" },

	/* A container in a container: the inner one. */
	{ "/docker/" ID "/docker/" "f123456789abcdef0123456789abcdef0123456789"
	  "abcdef0123456789abcdef",
	  "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	  "docker", NULL, NULL },

	/* No container at all. */
	{ "/system.slice/nginx.service", NULL, NULL, NULL, "nginx.service" },
	{ "/user.slice/user-1000.slice/session-3.scope",
	  NULL, NULL, NULL, "session-3.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
	  "app-gnome-firefox-4242.scope",
	  NULL, NULL, NULL, "app-gnome-firefox-4242.scope" },
	{ "/system.slice/docker.service", NULL, NULL, NULL, "docker.service" },
	{ "/", NULL, NULL, NULL, NULL },
	{ "", NULL, NULL, NULL, NULL },
	{ "//..//", NULL, NULL, NULL, NULL },

	/* Near misses: too short, not hexadecimal, nothing between. */
	{ "/system.slice/docker-0123456789ab.scope",
	  NULL, NULL, NULL, "docker-0123456789ab.scope" },
	{ "/docker/buildx", NULL, NULL, NULL, NULL },
	{ "/docker", NULL, NULL, NULL, NULL },
	{ "/machine.slice/machine-.scope", NULL, NULL, NULL, "machine-.scope" },
	{ "/" ID, NULL, NULL, NULL, NULL },
	{ "/.service", NULL, NULL, NULL, NULL },
};
/* clang-format on */

static void assert_told(const struct process *p, enum field f,
			const char *value, const char *want)
{
	if (process_has(p, f) != (want != NULL))
		fail_msg("%s: field %d is \"%s\", not \"%s\"", p->cgroup, f,
			 value, want ? want : "");
	if (want)
		assert_string_equal(value, want);
}

static void each_path_tells_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct place *want = &places[i];
		struct process p = { .has = 1ull << FIELD_CGROUP };

		strcpy(p.cgroup, want->cgroup);
		container_identify(&p);
		assert_told(&p, FIELD_CONTAINER_ID, p.container_id, want->id);
		assert_told(&p, FIELD_CONTAINER_RUNTIME, p.container_runtime,
			    want->runtime);
		assert_told(&p, FIELD_POD_UID, p.pod_uid, want->pod);
		assert_told(&p, FIELD_UNIT, p.unit, want->unit);
	}
}

static void without_a_cgroup_nothing_is_told(void **state)
{
	struct process p = { .cgroup = "/docker/" ID };

	(void)state;
	container_identify(&p);
	assert_int_equal(p.has, 0);
}

/* A user names the cgroup: any length, no byte past a member. */
static void long_names_are_cut(void **state)
{
	struct process *p = calloc(1, sizeof(*p));

	(void)state;
	p->has = 1ull << FIELD_CGROUP;
	strcpy(p->cgroup, "/lxc.payload.");
	memset(p->cgroup + 13, 'x', 300);
	strcpy(p->cgroup + 313, "/pod");
	memset(p->cgroup + 317, 'a', 300);
	p->cgroup[617] = '/';
	memset(p->cgroup + 618, 'u', sizeof(p->cgroup) - 618 - 9);
	strcpy(p->cgroup + sizeof(p->cgroup) - 9, ".service");
	container_identify(p);
	assert_int_equal(strlen(p->container_id), sizeof(p->container_id) - 1);
	assert_int_equal(strlen(p->pod_uid), sizeof(p->pod_uid) - 1);
	assert_int_equal(strlen(p->unit), sizeof(p->unit) - 1);
	free(p);
}

static uint32_t owner(const char *cgroup)
{
	struct process p = { .has = 1ull << FIELD_CGROUP };

	strcpy(p.cgroup, cgroup);
	return container_owner(&p);
}

static void whose_slice_it_is_in_owns_it(void **state)
{
	(void)state;
	assert_int_equal(owner("/user.slice/user-1000.slice/user@1000.service/"
			       "user.slice/libpod-" ID ".scope"),
			 1000);
	assert_int_equal(owner("/user.slice/user-0.slice/session-1.scope"), 0);
	assert_int_equal(owner("/system.slice/docker-" ID ".scope"), 0);
	assert_int_equal(owner("/user.slice/user-x.slice"), 0);
	assert_int_equal(owner("/user.slice/user--1.slice"), 0);
	assert_int_equal(owner("/user.slice/user-1000.scope"), 0);
	assert_int_equal(owner("/user.slice/user-4294967296.slice"), 0);
	assert_int_equal(owner(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_tells_its_place),
		cmocka_unit_test(without_a_cgroup_nothing_is_told),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(whose_slice_it_is_in_owns_it),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
