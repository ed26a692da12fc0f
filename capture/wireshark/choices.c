/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wireshark/choices.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lookup/lookup.h"
#include "lookup/container_name.h"
#include "process/filter.h"
#include "process/procfs.h"
#include "printable.h"

#define MAX_PROCESSES 4096

struct running {
	uint32_t pid;
	uint32_t uid;
	char name[RECORD_NAME_LEN];
	char container_id[13];		/* its first 12 digits, or "" */
	char container_name[128];
};

struct list {
	int proc_fd;
	struct container_names *containers;
	struct running *processes;
	int count;
};

static void add_process(void *ctx, uint32_t pid)
{
	struct list *l = ctx;
	struct running *r = &l->processes[l->count];
	struct process p;

	if (l->count == MAX_PROCESSES ||
	    procfs_read_brief(l->proc_fd, pid, &p))
		return;
	/* A thread of the kernel sends nothing. */
	if (!process_has(&p, FIELD_CMDLINE) || !p.cmdline_len)
		return;
	if (l->containers)
		container_names_set(l->containers, &p);
	r->pid = pid;
	r->uid = p.uid;
	memcpy(r->name, p.name, sizeof(r->name));
	if (process_has(&p, FIELD_CONTAINER_ID))
		snprintf(r->container_id, sizeof(r->container_id), "%.12s",
			 p.container_id);
	if (process_has(&p, FIELD_CONTAINER_NAME))
		memcpy(r->container_name, p.container_name,
		       sizeof(r->container_name));
	l->count++;
}

/* Once: all lists are of the same moment. */
static const struct list *scan(void)
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
	char value[64];
	char display[160];
	uint32_t pid;			/* of a list of pids, else 0 */
};

/* Most neighbours in the list have one user: the last answer is kept. */
static const char *user_name(uint32_t uid)
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
	switch (kind) {
	case CHOICES_NAMES:
		filter_quote(c->value, sizeof(c->value), r->name);
		snprintf(c->display, sizeof(c->display), "%s", r->name);
		break;
	case CHOICES_PIDS:
		c->pid = r->pid;
		snprintf(c->value, sizeof(c->value), "%u", r->pid);
		snprintf(c->display, sizeof(c->display), "%u %s", r->pid,
			 r->name);
		break;
	case CHOICES_USERS:
		filter_quote(c->value, sizeof(c->value), user_name(r->uid));
		snprintf(c->display, sizeof(c->display), "%s",
			 user_name(r->uid));
		break;
	case CHOICES_CONTAINERS:
		snprintf(c->value, sizeof(c->value), "%s", r->container_id);
		if (*r->container_name)
			snprintf(c->display, sizeof(c->display), "%s (%s)",
				 r->container_name, r->container_id);
		break;
	case CHOICES_NONE:
		break;
	}
	if (!*c->display)
		snprintf(c->display, sizeof(c->display), "%s", c->value);
}

static int compare(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return strcmp(x->value, y->value);
}

void choices_each(enum choices_kind kind,
		  void (*fn)(void *ctx, const char *value, const char *display),
		  void *ctx)
{
	const struct list *l = scan();
	struct choice *choices = calloc((size_t)l->count + 1, sizeof(*choices));
	size_t count = 0;

	for (int i = 0; choices && i < l->count; i++) {
		struct choice *c = &choices[count];

		fill(c, kind, &l->processes[i]);
		if (*c->value && printable_all(c->display))
			count++;
	}
	if (count)
		qsort(choices, count, sizeof(*choices), compare);
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(choices[i].value, choices[i - 1].value))
			fn(ctx, choices[i].value, choices[i].display);
	free(choices);
}
