/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/flows/firsts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS	 4096 /* a power of two */
#define MAX_USED (SLOTS / 2)
#define LETTERS	 26
#define NAME_LEN 16 /* as the kernel's, NUL included */

struct program {
	char name[NAME_LEN]; /* "": free */
	bool travelled;	     /* it has talked to a country */
	uint8_t countries[(LETTERS * LETTERS + 7) / 8];
};

struct firsts {
	int used;
	struct program programs[SLOTS];
};

struct firsts *firsts_new(void)
{
	return calloc(1, sizeof(struct firsts));
}

void firsts_free(struct firsts *f)
{
	free(f);
}

static uint32_t hash_pair(const char *name)
{
	uint32_t h = 2166136261u;

	for (int i = 0; i < NAME_LEN - 1 && name[i]; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619u;
	return h;
}

/* NULL where there is no room for another. */
static struct program *first_of(struct firsts *f, const char *name)
{
	uint32_t at = hash_pair(name) & (SLOTS - 1);
	struct program *p;

	while (*f->programs[at].name &&
	       strncmp(f->programs[at].name, name, NAME_LEN - 1))
		at = (at + 1) & (SLOTS - 1);
	p = &f->programs[at];
	if (*p->name)
		return p;
	if (f->used == MAX_USED)
		return NULL;
	f->used++;
	memcpy(p->name, name, strnlen(name, NAME_LEN - 1));
	return p;
}

bool firsts_see(struct firsts *f, const char *program, const char *country)
{
	unsigned a = (unsigned)country[0] - 'A';
	unsigned b = a < LETTERS ? (unsigned)country[1] - 'A' : LETTERS;
	unsigned bit = a * LETTERS + b;
	struct program *p;
	bool before;

	if (b >= LETTERS || !*program)
		return false;
	p = first_of(f, program);
	if (!p || p->countries[bit / 8] >> bit % 8 & 1)
		return false;
	p->countries[bit / 8] |= (uint8_t)(1u << bit % 8);
	before = p->travelled;
	p->travelled = true;
	return before;
}
