/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/rows/sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner/flowtab/flowtab.h"
#include "owner/owners.h"
#include "printable.h"
#include "process/proctab.h"
#include "record.h"

struct sockets {
	size_t count;
	size_t left;
	struct socket_row rows[SOCKETS_MAX];
	struct process scratch; /* 8 KB: not on anyone's stack */
};

struct sockets *sockets_new(void)
{
	return calloc(1, sizeof(struct sockets));
}

void sockets_free(struct sockets *s)
{
	free(s);
}

static void name_owner(struct sockets *s, struct socket_row *r,
		       const struct proc *owner)
{
	const struct program *program = owner->program;
	struct process *p = &s->scratch;

	snprintf(r->name, sizeof(r->name), "%.*s", RECORD_NAME_LEN,
		 program->name);
	printable_replace(r->name);
	r->pid = owner->pid;
	if (!program_read(program, p))
		return;
	r->flags = p->flags;
	snprintf(r->user, sizeof(r->user), "%.31s", p->user);
	snprintf(r->unit, sizeof(r->unit), "%.63s", p->unit);
	printable_replace(r->user);
	printable_replace(r->unit);
}

static void add_socket_row(void *ctx, const struct flowtab_socket *f)
{
	struct sockets *s = ctx;
	struct socket_row *r;

	if (s->count == SOCKETS_MAX) {
		s->left++;
		return;
	}
	r = &s->rows[s->count++];
	memset(r, 0, sizeof(*r));
	memcpy(r->address, f->address, sizeof(r->address));
	r->port = f->port;
	r->proto = f->proto;
	r->attr = f->attr;
	if (f->owner)
		name_owner(s, r, f->owner);
	else
		snprintf(r->name, sizeof(r->name),
			 f->kernel ? "(kernel)" : "(unknown)");
}

static int compare_sockets(const void *a, const void *b)
{
	const struct socket_row *r = a, *q = b;

	if (r->port != q->port)
		return r->port < q->port ? -1 : 1;
	if (r->proto != q->proto)
		return r->proto < q->proto ? -1 : 1;
	return memcmp(r->address, q->address, sizeof(r->address));
}

void sockets_look(struct sockets *s, const struct owners *o)
{
	s->count = s->left = 0;
	owners_each_socket(o, add_socket_row, s);
	qsort(s->rows, s->count, sizeof(*s->rows), compare_sockets);
}

size_t sockets_count(const struct sockets *s)
{
	return s->count;
}

size_t sockets_left(const struct sockets *s)
{
	return s->left;
}

const struct socket_row *sockets_row(const struct sockets *s, size_t i)
{
	return &s->rows[i];
}
