/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every fuzz target has in common; libFuzzer's interface. */
#ifndef PKTWHO_FUZZ_H
#define PKTWHO_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Any bytes; returns 0, or does not return when a law is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert(), also in a release build. */
#define LAW(condition)                                                   \
	do {                                                             \
		if (!(condition)) {                                      \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
				__LINE__, #condition);                   \
			abort();                                         \
		}                                                        \
	} while (0)

#endif
