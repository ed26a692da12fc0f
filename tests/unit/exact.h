/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of a codec share. */
#ifndef PKTWHO_EXACT_H
#define PKTWHO_EXACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline void assert_all_zero(const void *p, size_t size)
{
	const uint8_t *byte = p;

	for (size_t i = 0; i < size; i++)
		assert_int_equal(byte[i], 0);
}

/* A copy that ends where its memory does, so that ASan sees a step past it. */
static inline void *exact_copy(const void *from, size_t size)
{
	void *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	return memcpy(copy, from, size);
}

#endif
