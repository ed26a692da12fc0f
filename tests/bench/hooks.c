/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hooks CGROUP: programs that do nothing at each hook that a packet passes while
 * pktwho captures, until it is killed.  What is left beside it is what no capture
 * by such hooks can leave more of.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "hooks.skel.h"

/* Those of a cgroup need its descriptor, the others attach by themselves. */
static bool attach(const struct hooks_bpf *skel, int cgroup)
{
	struct bpf_program *p;
	const struct bpf_link *link;

	bpf_object__for_each_program (p, skel->obj) {
		link = bpf_program__type(p) == BPF_PROG_TYPE_CGROUP_SKB ?
			       bpf_program__attach_cgroup(p, cgroup) :
			       bpf_program__attach(p);
		if (!link)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	int cgroup = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	const struct hooks_bpf *skel = cgroup < 0 ? NULL :
						    hooks_bpf__open_and_load();

	if (!skel || !attach(skel, cgroup)) {
		perror("hooks");
		return 1;
	}
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
