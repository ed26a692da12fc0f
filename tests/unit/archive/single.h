/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who makes the one file that a test writes. */
#ifndef SINGLE_H
#define SINGLE_H

#include "output/files/opener.h"
#include "tree.h"

static struct opener *single(const char *path)
{
	const struct opener_options o = { .path = path, .single = true };
	struct opener *to;

	assert_int_equal(opener_start(&to, &o), 0);
	return to;
}

#endif
