/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/filter/experts.h"

#include <fnmatch.h>
#include <stddef.h>

#include "record.h"

/* proc.expert.deleted and so on. */
static const struct {
	const char *name;
	uint32_t flag;
} experts[] = {
	{ "deleted", PROCESS_EXE_DELETED },
	{ "memfd", PROCESS_EXE_MEMFD },
	{ "world_writable", PROCESS_EXE_WORLD_WRITABLE },
};

bool experts_match(const char *term, uint32_t flags)
{
	for (size_t i = 0; i < sizeof(experts) / sizeof(*experts); i++)
		if (flags & experts[i].flag &&
		    !fnmatch(term, experts[i].name, 0))
			return true;
	return false;
}
