/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wireshark/choices.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lookup/lookup.h"
#include "lookup/container_name.h"
#include "process/filter/filter.h"
#include "process/mask/mask.h"
#include "process/procfs.h"
#include "printable.h"

#define MAX_PROCESSES 4096
#define MAX_SOCKETS   100000

struct running {
	uint32_t pid;
	uint32_t uid;
	bool has_socket; /* of this network namespace */
	char name[RECORD_NAME_LEN];
	char cmdline[80];
	char container_id[13]; /* its first 12 digits, or "" */
	char container_name[128];
	char pod[320];	/* NAMESPACE/NAME, or "" */
	char unit[256]; /* or "" */
};

struct list {
	int proc_fd;
	uint64_t *sockets; /* inodes, sorted */
	size_t socket_count;
	struct container_names *containers;
	struct running *processes;
	int count;
};

/* ---- who has a socket ---- */

static int compare_inodes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void add_socket(struct list *l, uint64_t inode)
{
	uint64_t *more;

	if (!inode || l->socket_count == MAX_SOCKETS)
		return;
	if (!(l->socket_count & (l->socket_count - 1))) {
		more = realloc(l->sockets,
			       (l->socket_count ? 2 * l->socket_count : 1) *
				       sizeof(*more));
		if (!more)
			return;
		l->sockets = more;
	}
	l->sockets[l->socket_count++] = inode;
}

/* Of all of a namespace's, whoever may read whose descriptors. */
static void read_sockets(struct list *l)
{
	static const char *const files[] = {
		"net/tcp", "net/tcp6", "net/udp",  "net/udp6",
		"net/raw", "net/raw6", "net/icmp", "net/icmp6",
	};
	char line[512];
	uint64_t inode;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int fd = openat(l->proc_fd, files[i], O_RDONLY | O_CLOEXEC);
		FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

		if (!f && fd >= 0)
			close(fd);
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line,
				   "%*s %*s %*s %*s %*s %*s %*s %*s %*s"
				   " %" SCNu64,
				   &inode) == 1)
				add_socket(l, inode);
		if (f)
			fclose(f);
	}
	if (l->socket_count)
		qsort(l->sockets, l->socket_count, sizeof(*l->sockets),
		      compare_inodes);
}

struct search {
	const struct list *list;
	bool found;
};

static void look_up_inode(void *ctx, uint64_t inode)
{
	struct search *s = ctx;

	s->found = s->found ||
		   (s->list->socket_count &&
		    bsearch(&inode, s->list->sockets, s->list->socket_count,
			    sizeof(inode), compare_inodes));
}

static bool has_socket(const struct list *l, uint32_t pid)
{
	struct search s = { .list = l };

	procfs_each_socket(l->proc_fd, pid, look_up_inode, &s);
	return s.found;
}

/* ---- what runs ---- */

/* Only what can be shown: braces end a value of the dialog's. */
static void take_cmdline(struct running *r, struct process *p)
{
	bool masked;
	size_t n = mask_arguments(p->cmdline, p->cmdline_len, &masked);

	if (n >= sizeof(r->cmdline))
		n = sizeof(r->cmdline) - 1;

	for (size_t i = 0; i < n; i++)
		r->cmdline[i] = p->cmdline[i] ? p->cmdline[i] : ' ';
	r->cmdline[n] = '\0';
	if (strpbrk(r->cmdline, "{}") || !printable_all(r->cmdline))
		r->cmdline[0] = '\0';
}

/* What its control group tells of it. */
static void take_cgroup(struct running *r, const struct process *p)
{
	if (process_has(p, FIELD_CONTAINER_ID))
		snprintf(r->container_id, sizeof(r->container_id), "%.12s",
			 p->container_id);
	if (process_has(p, FIELD_CONTAINER_NAME))
		memcpy(r->container_name, p->container_name,
		       sizeof(r->container_name));
	if (process_has(p, FIELD_POD_NAME) &&
	    process_has(p, FIELD_POD_NAMESPACE))
		snprintf(r->pod, sizeof(r->pod), "%s/%s", p->pod_namespace,
			 p->pod_name);
	if (process_has(p, FIELD_UNIT))
		memcpy(r->unit, p->unit, sizeof(r->unit));
}

static void add_process(void *ctx, uint32_t pid)
{
	struct list *l = ctx;
	struct running *r = &l->processes[l->count];
	struct process p;

	if (l->count == MAX_PROCESSES || procfs_read_brief(l->proc_fd, pid, &p))
		return;
	/* A thread of the kernel sends nothing. */
	if (!process_has(&p, FIELD_CMDLINE) || !p.cmdline_len)
		return;
	if (l->containers)
		container_names_set(l->containers, &p);
	r->pid = pid;
	r->uid = p.uid;
	r->has_socket = has_socket(l, pid);
	take_cmdline(r, &p);
	memcpy(r->name, p.name, sizeof(r->name));
	take_cgroup(r, &p);
	l->count++;
}

/* Once: all lists are of the same moment. */
static const struct list *scan_once(void)
{
	static struct list l;
	struct lookup *lookup;
	int root_fd;

	if (l.processes)
		return &l;
	l.processes = calloc(MAX_PROCESSES, sizeof(*l.processes));
	if (!l.processes)
		return &l;
	root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l.proc_fd >= 0)
		read_sockets(&l);
	lookup = lookup_new(l.proc_fd, root_fd);
	l.containers = lookup ? container_names_new(lookup) : NULL;
	if (l.proc_fd >= 0)
		procfs_each(l.proc_fd, add_process, &l);
	container_names_free(l.containers);
	lookup_close(lookup);
	close(l.proc_fd);
	close(root_fd);
	return &l;
}

struct choice {
	char value[2 * sizeof(((struct running *)0)->pod)]; /* quoted */
	char display[2 * sizeof(((struct running *)0)->pod)];
	uint32_t pid;  /* of a list of pids, else 0 */
	bool is_first; /* it talks: more likely meant */
};

/* Most neighbours in the list have one user: the last answer is kept. */
static const char *user_of_choice(uint32_t uid)
{
	static char name[64];
	static uint32_t last;
	const struct passwd *pw;

	if (*name && uid == last)
		return name;
	pw = getpwuid(uid);
	if (pw)
		snprintf(name, sizeof(name), "%s", pw->pw_name);
	else
		snprintf(name, sizeof(name), "%u", uid);
	last = uid;
	return name;
}

/* An empty value: nothing to choose. */
static void fill(struct choice *c, enum choices_kind kind,
		 const struct running *r)
{
	*c->value = *c->display = '\0';
	c->pid = 0;
	c->is_first = false;
	switch (kind) {
	case CHOICES_NAMES:
		filter_quote(c->value, sizeof(c->value), r->name);
		snprintf(c->display, sizeof(c->display), "%s", r->name);
		c->is_first = r->has_socket;
		break;
	case CHOICES_PIDS:
		c->pid = r->pid;
		snprintf(c->value, sizeof(c->value), "%u", r->pid);
		snprintf(c->display, sizeof(c->display), "%u %s (%s)%s%s",
			 r->pid, r->name, user_of_choice(r->uid),
			 *r->cmdline ? ": " : "", r->cmdline);
		c->is_first = r->has_socket;
		break;
	case CHOICES_USERS:
		filter_quote(c->value, sizeof(c->value),
			     user_of_choice(r->uid));
		snprintf(c->display, sizeof(c->display), "%s",
			 user_of_choice(r->uid));
		break;
	case CHOICES_CONTAINERS:
		snprintf(c->value, sizeof(c->value), "%s", r->container_id);
		if (*r->container_name)
			snprintf(c->display, sizeof(c->display), "%s (%s)",
				 r->container_name, r->container_id);
		break;
	case CHOICES_PODS:
		filter_quote(c->value, sizeof(c->value), r->pod);
		snprintf(c->display, sizeof(c->display), "%s", r->pod);
		break;
	case CHOICES_UNITS:
		filter_quote(c->value, sizeof(c->value), r->unit);
		snprintf(c->display, sizeof(c->display), "%s", r->unit);
		break;
	case CHOICES_NONE:
		break;
	}
	if (!*c->display)
		snprintf(c->display, sizeof(c->display), "%s", c->value);
}

static int compare_choices(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->is_first != y->is_first)
		return x->is_first ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return strcmp(x->value, y->value);
}

static int compare_values(const void *a, const void *b)
{
	return strcmp(((const struct choice *)a)->value,
		      ((const struct choice *)b)->value);
}

/* Each value once, and first if any that has it is.  Returns how many. */
static size_t unite(struct choice *all, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (n && !strcmp(all[i].value, all[n - 1].value))
			all[n - 1].is_first |= all[i].is_first;
		else
			all[n++] = all[i];
	}
	return n;
}

void choices_each(enum choices_kind kind,
		  void (*fn)(void *ctx, const char *value, const char *display),
		  void *ctx)
{
	const struct list *l = scan_once();
	struct choice *choices = calloc((size_t)l->count + 1, sizeof(*choices));
	size_t count = 0;

	for (int i = 0; choices && i < l->count; i++) {
		struct choice *c = &choices[count];

		fill(c, kind, &l->processes[i]);
		if (*c->value && printable_all(c->display))
			count++;
	}
	if (count)
		qsort(choices, count, sizeof(*choices), compare_values);
	count = unite(choices, count);
	if (count)
		qsort(choices, count, sizeof(*choices), compare_choices);
	for (size_t i = 0; i < count; i++)
		fn(ctx, choices[i].value, choices[i].display);
	free(choices);
}
