/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bpf/probe_parts.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter_ipv4.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/files/file_system.h"
#include "host/log.h"

#define ROOT_INODE 1 /* of all cgroups */

/* perf_event_open() wants the tracepoint's number, which tracefs tells. */
static struct bpf_link *attach_tracepoint(struct bpf_program *prog, int tracefs)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					.size = sizeof(attr) };
	char path[128], id[32] = "";
	struct bpf_link *link;
	int fd;

	snprintf(path, sizeof(path), "events/%s/id",
		 strchr(bpf_program__section_name(prog), '/') + 1);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (read(fd, id, sizeof(id) - 1) <= 0)
		id[0] = '\0';
	close(fd);
	attr.config = strtoull(id, NULL, 10);
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1,
			  PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return NULL;
	link = bpf_program__attach_perf_event(prog, fd);
	if (!link)
		close(fd);
	return link;
}

static bool is_tracepoint(const char *section)
{
	return !strncmp(section, "tp/", 3);
}

static bool is_cgroups(const char *section)
{
	return !strncmp(section, "cgroup", 6) || !strcmp(section, "sockops");
}

static struct bpf_link *attach_one(struct bpf_program *prog, int cgroup,
				   int tracefs)
{
	const char *section = bpf_program__section_name(prog);

	if (is_cgroups(section))
		return bpf_program__attach_cgroup(prog, cgroup);
	if (is_tracepoint(section))
		return attach_tracepoint(prog, tracefs);
	return bpf_program__attach(prog);
}

/* To be read later, when neither bpf(2) nor open() is left to us. */
static void keep_info(struct probe *p, const struct bpf_link *link)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d",
		 bpf_link__fd(link));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		p->infos[p->info_count++] = fd;
}

static int attach(struct probe *p, struct bpf_program *prog, int cgroup,
		  int tracefs)
{
	const char *section = bpf_program__section_name(prog);
	struct bpf_link *link = attach_one(prog, cgroup, tracefs);
	int err;

	if (link && is_tracepoint(section) && p->slow_count < PROBE_SLOW) {
		p->slow[p->slow_count++] = link;
		return 0;
	}
	if (link && p->link_count < PROBE_LINKS) {
		p->links[p->link_count++] = link;
		if (is_cgroups(section))
			keep_info(p, link);
		return 0;
	}
	err = link ? -ENOSPC : -errno;
	bpf_link__destroy(link);
	log_debug("cannot attach %s: %s", section, strerror(-err));
	/* Or packets would wait for readers whom nobody tells. */
	if (prog == p->skel->progs.on_recv_length ||
	    prog == p->skel->progs.on_inet_recvmsg)
		p->skel->bss->reads_told = false;
	return err;
}

bool probe_is_traced(const char *section)
{
	return !strncmp(section, "fentry/", 7) ||
	       !strncmp(section, "fexit/", 6);
}

/* True if accept() needs no tracepoints, which cost each system call. */
static bool attach_traced(struct probe *p)
{
	struct bpf_program *prog;
	bool accepts_told = false;

	bpf_object__for_each_program (prog, p->skel->obj) {
		if (!bpf_program__autoload(prog) ||
		    !probe_is_traced(bpf_program__section_name(prog)))
			continue;
		if (!attach(p, prog, -1, -1))
			accepts_told |= prog == p->skel->progs.on_graft;
		else if (prog != p->skel->progs.on_graft)
			p->missing++;
	}
	return accepts_told;
}

/*
 * The socket hooks are all or nothing; a tracepoint less only costs some
 * exactness, and is counted.
 */
static int attach_all(struct probe *p, int cgroup, int tracefs)
{
	const bool accepts_told = attach_traced(p);
	struct bpf_program *prog;

	bpf_object__for_each_program (prog, p->skel->obj) {
		const char *section = bpf_program__section_name(prog);
		int err;

		if (!bpf_program__autoload(prog) || probe_is_traced(section) ||
		    prog == p->skel->progs.on_output ||
		    !strncmp(section, "iter/", 5) ||
		    (accepts_told && is_tracepoint(section)))
			continue;
		err = attach(p, prog, cgroup, tracefs);
		if (err && is_cgroups(section))
			return err;
		p->missing += err != 0;
	}
	return 0;
}

static bool is_root(int cgroup)
{
	struct stat st;

	return !fstat(cgroup, &st) && st.st_ino == ROOT_INODE;
}

int probe_attach(struct probe *p)
{
	int cgroup, tracefs, err;

	cgroup = file_system_open("cgroup2");
	if (cgroup < 0)
		return cgroup;
	p->partial = !is_root(cgroup);
	tracefs = file_system_open("tracefs");
	err = attach_all(p, cgroup, tracefs);
	close(cgroup);
	if (tracefs >= 0)
		close(tracefs);
	return err;
}

/* Before all others', which may put a packet into a queue. */
static int attach_netfilter(int prog, uint32_t family)
{
	const struct {
		uint32_t prog, target, type, flags;
		uint32_t family, hook;
		int32_t priority;
		uint32_t netfilter_flags;
	} link = {
		.prog = (uint32_t)prog,
		.type = PROBE_ATTACH_NETFILTER,
		.family = family,
		.hook = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_FIRST + 1,
	};

	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link));
}

void probe_watch_queues(struct probe *p)
{
	static const uint32_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

	if (!p->filters)
		return;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		int program = bpf_program__fd(p->skel->progs.on_output);
		int fd = -1;

		if (p->filter_count < PROBE_FILTERS)
			fd = attach_netfilter(program, families[i]);

		if (fd >= 0)
			p->filter_fds[p->filter_count++] = fd;
		else
			p->missing++;
	}
}

void probe_end(struct probe *p)
{
	while (p->slow_count)
		bpf_link__destroy(p->slow[--p->slow_count]);
}

void probe_detach(struct probe *p)
{
	probe_end(p);
	for (int i = 0; i < p->link_count; i++)
		bpf_link__destroy(p->links[i]);
	for (int i = 0; i < p->info_count; i++)
		close(p->infos[i]);
	for (int i = 0; i < p->filter_count; i++)
		close(p->filter_fds[i]);
}

bool probe_is_attached(const struct probe *p)
{
	char text[512];
	ssize_t n;

	for (int i = 0; i < p->info_count; i++) {
		n = pread(p->infos[i], text, sizeof(text) - 1, 0);
		if (n <= 0)
			continue;
		text[n] = '\0';
		if (strstr(text, "\ncgroup_id:\t0\n"))
			return false;
	}
	return true;
}
