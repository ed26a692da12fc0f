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
	const struct bpf_program *skb[] = { skel->progs.on_egress,
					    skel->progs.on_ingress };
	const struct bpf_program *traced[] = { skel->progs.on_send_length,
					       skel->progs.on_recv_length,
					       skel->progs.on_dev_queue };

	for (size_t i = 0; i < sizeof(skb) / sizeof(*skb); i++)
		if (!bpf_program__attach_cgroup(skb[i], cgroup))
			return false;
	for (size_t i = 0; i < sizeof(traced) / sizeof(*traced); i++)
		if (!bpf_program__attach(traced[i]))
			return false;
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
