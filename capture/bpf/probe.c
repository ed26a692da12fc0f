/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bpf/probe_parts.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"
#include "host/pages.h"

#define EVENTS_AHEAD 4		 /* far less than the ring has */
#define MAX_TAKEN    65536	 /* above what the ring holds */
#define LOAD_BYTES   (16u << 20) /* libbpf takes them to load it */

static int print_libbpf(enum libbpf_print_level level, const char *fmt,
			va_list ap) __attribute__((format(printf, 2, 0)));

static int print_libbpf(enum libbpf_print_level level, const char *fmt,
			va_list ap)
{
	char *text, *rest = NULL;

	/* The verifier's reasons have many lines. */
	if (level == LIBBPF_DEBUG || vasprintf(&text, fmt, ap) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		log_debug("%s", line);
	free(text);
	return 0;
}

/* Returns 0, if it is the last before the end. */
static const struct bpf_insn nothing = { .code = BPF_ALU64 | BPF_MOV | BPF_K };

/* 0 or -errno of a program that does nothing but return after @first. */
static int load_nothing(enum bpf_prog_type type, enum bpf_attach_type attach,
			uint32_t attach_btf_id, struct bpf_insn first)
{
	const struct bpf_insn insns[] = {
		first,
		nothing,
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach,
		    .attach_btf_id = attach_btf_id);
	int fd = bpf_prog_load(type, NULL, "GPL", insns,
			       sizeof(insns) / sizeof(*insns), &opts);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/*
 * Whether programs may be put to functions.  Asked for one at type 1, which is
 * none, the kernel says so by EINVAL; by EPERM, that it lets nobody do that.
 */
static bool may_trace_functions(void)
{
	int err = load_nothing(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, 1,
			       nothing);

	return !err || err == -EINVAL;
}

static bool may_filter(void)
{
	return !load_nothing(PROBE_TYPE_NETFILTER, PROBE_ATTACH_NETFILTER, 0,
			     nothing);
}

/* libbpf 1.1 takes what Linux 6.12 says of a helper for leave to call it. */
static bool may_ask_netns(void)
{
	const struct bpf_insn ask = { .code = BPF_JMP | BPF_CALL,
				      .imm = BPF_FUNC_get_netns_cookie };

	return !load_nothing(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS,
			     0, ask);
}

/* libbpf knows the section from its version 1.3 on. */
static void choose_filter(struct probe *p)
{
	struct bpf_program *prog = p->skel->progs.on_output;

	p->filters = !p->traces && p->handler.delays && may_filter();
	bpf_program__set_type(prog, PROBE_TYPE_NETFILTER);
	bpf_program__set_expected_attach_type(prog, PROBE_ATTACH_NETFILTER);
	bpf_program__set_autoload(prog, p->filters);
}

/* Whether the kernel has what the program is put to. */
static bool has_hook(const struct btf *btf, const char *section)
{
	const char *hook = strchr(section, '/');
	char name[128];

	if (probe_is_traced(section))
		return btf__find_by_name_kind(btf, hook + 1, BTF_KIND_FUNC) > 0;
	if (strncmp(section, "tp_btf/", 7))
		return true;
	snprintf(name, sizeof(name), "btf_trace_%s", hook + 1);
	return btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF) > 0;
}

/* Functions that stand for sock_send_length and sock_recv_length only if asked. */
static void choose_traced(struct probe *p, bool all)
{
	struct bpf_program *prog;

	bpf_object__for_each_program (prog, p->skel->obj)
		if (probe_is_traced(bpf_program__section_name(prog)))
			bpf_program__set_autoload(
				prog,
				p->traces && (all ||
					      prog == p->skel->progs.on_graft ||
					      prog == p->skel->progs.on_queue));
}

/* Whether others tell what that program would. */
static bool has_stand_in(const struct probe *p, const struct bpf_program *prog)
{
	return prog == p->skel->progs.on_graft ||
	       prog == p->skel->progs.on_queue ||
	       (p->traces && (prog == p->skel->progs.on_send_length ||
			      prog == p->skel->progs.on_recv_length));
}

/* The object fails as a whole, with -ESRCH, for one hook that is unknown. */
static int leave_out_unknown(struct probe *p)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *prog;

	if (!btf)
		return -ENOENT;
	/* With both a read would count twice. */
	choose_traced(p, !has_hook(btf, "tp_btf/sock_recv_length"));
	bpf_object__for_each_program (prog, p->skel->obj) {
		const char *section = bpf_program__section_name(prog);

		if (!bpf_program__autoload(prog) || has_hook(btf, section))
			continue;
		log_debug("this kernel has no %s", section);
		bpf_program__set_autoload(prog, false);
		p->missing += !has_stand_in(p, prog);
	}
	btf__free(btf);
	return 0;
}

/*
 * Most records are of one size.  The ring's pages are mapped twice in a row, and
 * what it has not written yet, or another record's middle, does no harm.
 */
static void look_ahead(struct probe *p, const uint8_t *data)
{
	const size_t stride = sizeof(struct probe_event) + BPF_RINGBUF_HDR_SZ;

	if (p->handler.soon)
		p->handler.soon(p->handler.ctx,
				(const void *)(data + EVENTS_AHEAD * stride));
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct probe *p = ctx;
	const struct probe_event *e = data;

	if (size < sizeof(*e))
		return 0;
	look_ahead(p, data);
	if (e->kind == PROBE_EXEC || e->kind == PROBE_MOVED)
		p->handler.exec(p->handler.ctx, data);
	else
		p->handler.event(p->handler.ctx, e);
	/* Whoever makes events faster than we take them must not hold us. */
	return ++p->taken < MAX_TAKEN ? 0 : -EAGAIN;
}

static int load_object(struct probe *p, bool leave_out)
{
	int err = 0;

	probe_bpf__destroy(p->skel);
	p->missing = 0;
	p->skel = probe_bpf__open();
	if (!p->skel)
		return -errno;
	p->skel->rodata->seen = (uint8_t)p->handler.seen;
	p->skel->rodata->seen_netns = p->handler.netns;
	p->skel->rodata->tells_netns = p->handler.seen == PROBE_SEEN_LOOPBACK &&
				       may_ask_netns();
	choose_traced(p, false);
	choose_filter(p);
	if (leave_out)
		err = leave_out_unknown(p);
	return err ? err : probe_bpf__load(p->skel);
}

/* The kernel's types are megabytes: another look at them only if need be. */
static int load(struct probe *p)
{
	int err;

	pages_heap_grow(LOAD_BYTES);
	p->traces = may_trace_functions();
	err = load_object(p, false);
	if (err == -ESRCH)
		err = load_object(p, true);
	if (err && p->traces) {
		p->traces = false;
		err = load_object(p, true);
	}
	pages_heap_trim();
	return err;
}

int probe_open(struct probe **out, const struct probe_handler *handler)
{
	struct probe *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->handler = *handler;
	libbpf_set_print(print_libbpf);
	err = load(p);
	if (err)
		goto out;
	p->skel->bss->reads_told = bpf_program__autoload(
					   p->skel->progs.on_recv_length) ||
				   bpf_program__autoload(
					   p->skel->progs.on_inet_recvmsg);
	p->skel->bss->wake_at_exec = handler->at_exec;
	/* The ring comes before attach: the first event must have a reader. */
	p->ring = ring_buffer__new(bpf_map__fd(p->skel->maps.events), on_record,
				   p, NULL);
	if (!p->ring) {
		err = -errno;
		goto out;
	}
	err = probe_map(p);
	if (err)
		goto out;
	err = probe_attach(p);
out:
	if (err) {
		probe_close(p);
		return err == -EACCES ? -EPERM : err;
	}
	*out = p;
	return 0;
}

void probe_close(struct probe *p)
{
	if (!p)
		return;
	probe_detach(p);
	probe_unmap(p);
	ring_buffer__free(p->ring);
	probe_bpf__destroy(p->skel);
	free(p);
}

/* The iterator writes whole holders; a read may still cut one in two. */
static int read_holders(struct probe *p, int fd)
{
	struct probe_holder buf[64];
	size_t have = 0;
	ssize_t n;

	/* EAGAIN: a million files, and no socket among them. */
	while ((n = read(fd, (char *)buf + have, sizeof(buf) - have)) > 0 ||
	       (n < 0 && (errno == EAGAIN || errno == EINTR))) {
		size_t whole;

		if (n < 0)
			continue;

		have += (size_t)n;
		whole = have / sizeof(*buf);
		for (size_t i = 0; i < whole; i++)
			p->handler.holder(p->handler.ctx, &buf[i]);
		have -= whole * sizeof(*buf);
		memmove(buf, buf + whole, have);
	}
	return n < 0 ? -errno : 0;
}

int probe_scan(struct probe *p)
{
	struct bpf_link *link;
	int fd, err;

	link = bpf_program__attach_iter(p->skel->progs.on_open_file, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = -errno;
	} else {
		err = read_holders(p, fd);
		close(fd);
	}
	bpf_link__destroy(link);
	return err;
}

int probe_consume(struct probe *p)
{
	int n;

	p->taken = 0;
	probe_measure_ring(p);
	n = ring_buffer__consume(p->ring);
	return n < 0 && n != -EAGAIN ? n : 0;
}

int probe_fd(const struct probe *p)
{
	return ring_buffer__epoll_fd(p->ring);
}

uint64_t probe_lost(const struct probe *p)
{
	return p->skel->bss->lost;
}

void probe_tell_again(struct probe *p)
{
	p->skel->bss->epoch++;
}

int probe_missing(const struct probe *p)
{
	return p->missing;
}

bool probe_is_partial(const struct probe *p)
{
	return p->partial;
}
