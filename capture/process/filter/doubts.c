/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/filter/doubts.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"
#include "printable.h"
#include "process/container.h"
#include "process/filter/filter.h"
#include "record.h"

#define NEAR_LENGTH 4		/* shorter words are all near each other */

/* A term, and the best that was found instead. */
struct doubt {
	const char *term;
	bool found;
	char near[256];
};

static size_t same_begin(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

bool doubts_are_near(const char *a, const char *b)
{
	size_t n = same_begin(a, b);

	a += n;
	b += n;
	if (!*a && !*b)
		return false;
	if (*a && *b && a[1] == b[0] && b[1] == a[0] && !strcmp(a + 2, b + 2))
		return true;
	return (*a && *b && !strcmp(a + 1, b + 1)) ||
	       (*a && !strcmp(a + 1, b)) || (*b && !strcmp(a, b + 1));
}

static void consider_name(struct doubt *d, const char *there)
{
	if (strlen(d->term) >= NEAR_LENGTH && doubts_are_near(d->term, there))
		snprintf(d->near, sizeof(d->near), "%s", there);
}

static bool is_container_id(const char *term)
{
	size_t len = strlen(term);

	return len >= FILTER_SHORT_ID && strspn(term, "0123456789abcdef") == len;
}

/* The file's text, in @out; "" if it cannot be read. */
static void read_text(int dir, const char *pid, const char *name, char *out,
		      size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%.20s/%s", pid, name);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, size - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
}

static void look_at_name(int dir, const char *pid, struct doubt *d)
{
	char name[RECORD_NAME_LEN + 1];

	read_text(dir, pid, "comm", name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	if (!strncmp(d->term, name, RECORD_NAME_LEN - 1))
		d->found = true;
	consider_name(d, name);
}

/* "0::/system.slice/ssh.service": each part may be a unit. */
static void look_at_unit(int dir, const char *pid, struct doubt *d)
{
	static const char suffix[] = ".service";
	char text[4096], *rest = text, *part;

	read_text(dir, pid, "cgroup", text, sizeof(text));
	while ((part = strsep(&rest, "/\n"))) {
		size_t len = strlen(part), end = sizeof(suffix) - 1;

		d->found |= *part && !strcmp(part, d->term);
		if (len <= end || strcmp(part + len - end, suffix))
			continue;
		part[len - end] = '\0';
		d->found |= !strcmp(part, d->term);
		consider_name(d, part);
		/* "ssh" has few letters, but "sshd" begins with them. */
		if (!strncmp(part, d->term, strlen(d->term)))
			snprintf(d->near, sizeof(d->near), "%s", part);
	}
}

/* Names of containers are known to root alone, and later. */
static void look_at_container(int dir, const char *pid, struct doubt *d)
{
	struct process p = { 0 };
	char text[4096], *path;

	read_text(dir, pid, "cgroup", text, sizeof(text));
	path = strstr(text, "0::/");
	if (!path)
		return;
	snprintf(p.cgroup, sizeof(p.cgroup), "%.*s",
		 (int)strcspn(path + 3, "\n"), path + 3);
	process_set_field(&p, FIELD_CGROUP);
	container_identify(&p);
	if (!process_has(&p, FIELD_CONTAINER_ID))
		return;
	snprintf(d->near, sizeof(d->near), "%s", p.container_id);
	d->found |= !is_container_id(d->term) ||
		    !strncmp(p.container_id, d->term, strlen(d->term));
}

static void look_at_each(const char *proc, struct doubt *d,
			 void (*at)(int dir, const char *pid, struct doubt *d))
{
	DIR *dir = opendir(proc);
	const struct dirent *e;

	d->found = !dir;
	while (dir && !d->found && (e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]))
			at(dirfd(dir), e->d_name, d);
	if (dir)
		closedir(dir);
}

static void tell_near(const char *what, const struct doubt *d)
{
	char near[sizeof(d->near)];

	if (d->found || !*d->near)
		return;
	snprintf(near, sizeof(near), "%s", d->near);
	printable_replace(near);
	log_warn("no %s is called \"%s\" at present, but \"%s\" is", what,
		 d->term, near);
}

static void doubt_name(const char *term, const char *proc)
{
	struct doubt d = { .term = term };

	if (strchr(term, '/')) {
		log_warn("nobody's name is \"%s\": a path is for --exe", term);
		return;
	}
	if (filter_is_pattern(term))
		return;
	if (strlen(term) >= RECORD_NAME_LEN)
		log_warn("the kernel keeps %d bytes of a name, so \"%.*s\" is "
			 "looked for",
			 RECORD_NAME_LEN - 1, RECORD_NAME_LEN - 1, term);
	look_at_each(proc, &d, look_at_name);
	tell_near("process", &d);
}

static void doubt_unit(const char *term, const char *proc)
{
	struct doubt d = { .term = term };

	if (filter_is_pattern(term))
		return;
	look_at_each(proc, &d, look_at_unit);
	if (!d.found && !*d.near)
		log_warn("no process is in a unit called \"%s\" at present",
			 term);
	tell_near("unit", &d);
}

static void doubt_container(const char *term, const char *proc)
{
	struct doubt d = { .term = term };

	if (filter_is_pattern(term))
		return;
	look_at_each(proc, &d, look_at_container);
	if (!d.found && !*d.near)
		log_warn("no process is in a container at present, also none "
			 "in \"%s\"", term);
	else if (!d.found)
		log_warn("no container's id begins with \"%s\" at present",
			 term);
}

static void doubt_pid(const char *term, const char *proc)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%.20s", proc, term);
	if (access(path, F_OK))
		log_warn("there is no process %s", term);
}

static void doubt_exe(const char *term)
{
	if (*term != '/' && !filter_is_pattern(term))
		log_warn("no executable's path is \"%s\": it begins with \"/\"",
			 term);
	else if (!filter_is_pattern(term) && access(term, F_OK))
		log_warn("there is no executable %s", term);
}

static void doubt_term(enum filter_kind kind, const char *term,
		       const char *proc)
{
	switch (kind) {
	case FILTER_PROC:
		doubt_name(term, proc);
		break;
	case FILTER_PID:
		doubt_pid(term, proc);
		break;
	case FILTER_UNIT:
		doubt_unit(term, proc);
		break;
	case FILTER_CONTAINER:
		doubt_container(term, proc);
		break;
	case FILTER_EXE:
		doubt_exe(term);
		break;
	case FILTER_USER:
	case FILTER_POD:
	case FILTER_EXPERT:
	case FILTER_KINDS:
		break;
	}
}

void doubts_tell(const struct filter *f, const char *proc)
{
	for (int kind = 0; kind < FILTER_KINDS; kind++)
		for (int i = 0; i < f->counts[kind]; i++)
			doubt_term((enum filter_kind)kind, f->terms[kind][i],
				   proc);
	for (int i = 0; i < f->keep.term_count; i++)
		doubt_term((enum filter_kind)f->keep.terms[i].kind,
			   f->keep.terms[i].text, proc);
}
