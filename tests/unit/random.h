/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers that a test takes at random, and that are the same in every run. */
#ifndef PKTWHO_RANDOM_H
#define PKTWHO_RANDOM_H

#include <stdint.h>

/* 0 to @n - 1.  xorshift32, Marsaglia 2003. */
static inline uint32_t below(uint32_t n)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

#endif
