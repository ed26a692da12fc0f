/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/filter/doubts.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"
#include "host/near.h"
#include "lookup/container_state.h"
#include "printable.h"
#include "process/container.h"
#include "process/filter/filter.h"
#include "record.h"

#define SOME_DIGITS 6 /* what is shorter may be a name */
#define LISTED	    4
#define NEAR_LENGTH 4 /* shorter words are all near each other */

/* A term, and the best that was found instead. */
struct doubt {
	const char *term;
	int root_fd;
	bool found;
	bool may_be_named; /* so, by what we cannot see */
	char near[256];
	int listed;
	bool more;	/* than are listed */
	char list[512]; /* ", a, b, " */
};

static void consider_name(struct doubt *d, const char *there)
{
	if (strlen(d->term) >= NEAR_LENGTH && near_is(d->term, there))
		snprintf(d->near, sizeof(d->near), "%s", there);
}

static bool is_hexadecimal(const char *term)
{
	return !term[strspn(term, "0123456789abcdef")];
}

static bool is_container_id(const char *term)
{
	return strlen(term) >= FILTER_SHORT_ID && is_hexadecimal(term);
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

static void look_at_user(int dir, const char *pid, struct doubt *d)
{
	char text[4096];
	const char *uid;

	read_text(dir, pid, "status", text, sizeof(text));
	uid = strstr(text, "\nUid:\t");
	d->found |= uid &&
		    strtoul(uid + 6, NULL, 10) == strtoul(d->term, NULL, 10);
}

/* Once, up to a few. */
static void list_one(struct doubt *d, const char *one)
{
	size_t len = strlen(d->list);
	char entry[300];
	int n = snprintf(entry, sizeof(entry), ", %s, ", one);

	if (strstr(d->list, entry))
		return;
	if (d->listed == LISTED || len + (size_t)n >= sizeof(d->list)) {
		d->more = true;
		return;
	}
	strcpy(d->list + (len ? len - 2 : 0), entry);
	d->listed++;
}

static bool read_container(int dir, const char *pid, struct process *p)
{
	char text[4096], *path;

	read_text(dir, pid, "cgroup", text, sizeof(text));
	path = strstr(text, "0::/");
	if (!path)
		return false;
	snprintf(p->cgroup, sizeof(p->cgroup), "%.*s",
		 (int)strcspn(path + 3, "\n"), path + 3);
	process_set_field(p, FIELD_CGROUP);
	container_identify(p);
	return process_has(p, FIELD_CONTAINER_ID);
}

/*
 * What names them may be for root alone, who looks later; and what a user has
 * written is not for root to read here.
 */
static void read_state(struct doubt *d, const struct process *p,
		       struct container_state *s)
{
	const struct container_question q = { p->container_id, p->pod_uid, 0,
					      NULL };
	bool is_users = container_owner(p) != 0;

	if (is_users || container_state_read(d->root_fd, &q, s))
		*s = (struct container_state){ 0 };
	d->may_be_named |= !*s->name && (is_users || geteuid());
}

static void look_at_container(int dir, const char *pid, struct doubt *d)
{
	struct process p = { 0 };
	struct container_state s;
	char shown[256];

	if (!read_container(dir, pid, &p))
		return;
	read_state(d, &p, &s);
	d->found |= !strcmp(d->term, p.container_id) ||
		    !strcmp(d->term, s.name) ||
		    (is_container_id(d->term) &&
		     !strncmp(p.container_id, d->term, strlen(d->term)));
	snprintf(shown, sizeof(shown), "%.*s%s%s%s", FILTER_SHORT_ID,
		 p.container_id, *s.name ? " (" : "", s.name,
		 *s.name ? ")" : "");
	list_one(d, shown);
}

static void look_at_pod(int dir, const char *pid, struct doubt *d)
{
	char full[sizeof(((struct container_state *)0)->pod) +
		  sizeof(((struct container_state *)0)->space)];
	struct process p = { 0 };
	struct container_state s;

	if (!read_container(dir, pid, &p))
		return;
	read_state(d, &p, &s);
	if (!*s.pod)
		return;
	snprintf(full, sizeof(full), "%s/%s", s.space, s.pod);
	d->found |= !strcmp(d->term, strchr(d->term, '/') ? full : s.pod);
	list_one(d, full);
}

static void look_at_each(struct doubt *d,
			 void (*at)(int dir, const char *pid, struct doubt *d))
{
	int fd = openat(d->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
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

static void doubt_name(const char *term, int root_fd)
{
	struct doubt d = { .term = term, .root_fd = root_fd };

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
	look_at_each(&d, look_at_name);
	tell_near("process", &d);
}

static void doubt_unit(const char *term, int root_fd)
{
	struct doubt d = { .term = term, .root_fd = root_fd };

	if (filter_is_pattern(term))
		return;
	look_at_each(&d, look_at_unit);
	if (!d.found && !*d.near)
		log_warn("no process is in a unit called \"%s\" at present",
			 term);
	tell_near("unit", &d);
}

/* "; there are a, b and others". */
static void tell_listed(const char *said, const struct doubt *d)
{
	char list[sizeof(d->list)] = "";

	if (d->listed)
		snprintf(list, sizeof(list), "; there %s %.*s%s",
			 d->listed > 1 || d->more ? "are" : "is",
			 (int)strlen(d->list) - 4, d->list + 2,
			 d->more ? " and others" : "");
	printable_replace(list);
	log_warn("%s \"%s\" at present%s", said, d->term, list);
}

static void doubt_container(const char *term, int root_fd)
{
	struct doubt d = { .term = term, .root_fd = root_fd };

	if (filter_is_pattern(term))
		return;
	look_at_each(&d, look_at_container);
	if (d.found)
		return;
	if (!d.listed)
		log_warn("no process is in a container at present, also none "
			 "in \"%s\"",
			 term);
	else if (is_container_id(term))
		tell_listed("no container's id begins with", &d);
	else if (strlen(term) >= SOME_DIGITS && is_hexadecimal(term))
		tell_listed("12 digits of a container's id are needed, and "
			    "none is called",
			    &d);
	else if (!d.may_be_named)
		tell_listed("no container is called", &d);
}

static void doubt_pod(const char *term, int root_fd)
{
	struct doubt d = { .term = term, .root_fd = root_fd };

	if (filter_is_pattern(term))
		return;
	look_at_each(&d, look_at_pod);
	if (!d.found && !d.may_be_named)
		tell_listed("no pod is called", &d);
}

static void doubt_user(const char *term, int root_fd)
{
	struct doubt d = { .term = term, .root_fd = root_fd };

	/* Names are looked up elsewhere, and their users may come yet. */
	if (term[strspn(term, "0123456789")])
		return;
	look_at_each(&d, look_at_user);
	if (!d.found)
		log_warn("nobody runs as user %s at present", term);
}

static void doubt_pid(const char *term, int root_fd)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%.20s", term);
	if (faccessat(root_fd, path, F_OK, 0))
		log_warn("there is no process %s", term);
}

static void doubt_exe(const char *term)
{
	if (*term != '/' && !filter_is_pattern(term))
		log_warn("no executable's path is \"%s\": it begins with \"/\"",
			 term);
	else if (!filter_is_pattern(term) &&
		 faccessat(AT_FDCWD, term, F_OK, AT_EACCESS) && errno != EACCES)
		log_warn("there is no executable %s", term);
}

static void doubt_term(enum filter_kind kind, const char *term, int root_fd)
{
	switch (kind) {
	case FILTER_PROC:
		doubt_name(term, root_fd);
		break;
	case FILTER_PID:
		doubt_pid(term, root_fd);
		break;
	case FILTER_UNIT:
		doubt_unit(term, root_fd);
		break;
	case FILTER_CONTAINER:
		doubt_container(term, root_fd);
		break;
	case FILTER_EXE:
		doubt_exe(term);
		break;
	case FILTER_USER:
		doubt_user(term, root_fd);
		break;
	case FILTER_POD:
		doubt_pod(term, root_fd);
		break;
	case FILTER_EXPERT:
	case FILTER_SHA256:
	case FILTER_KINDS:
		break;
	}
}

void doubts_tell(const struct filter *f, const char *root)
{
	int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int kind = 0; kind < FILTER_KINDS; kind++)
		for (int i = 0; i < f->counts[kind]; i++)
			doubt_term((enum filter_kind)kind, f->terms[kind][i],
				   root_fd);
	for (int i = 0; i < f->keep.term_count; i++)
		doubt_term((enum filter_kind)f->keep.terms[i].kind,
			   f->keep.terms[i].text, root_fd);
	if (root_fd >= 0)
		close(root_fd);
}
