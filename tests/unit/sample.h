/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A capture of ours from samples/, for tests that read files. */
#ifndef PKTWHO_SAMPLE_H
#define PKTWHO_SAMPLE_H

#include <stdio.h>

#include "exact.h"

static uint8_t file[1 << 16];
static size_t file_len;

/* A group setup; fails if the sample is not there or too large. */
static inline int load(void **state)
{
	FILE *f = fopen(SAMPLES "/loopback-http.pcapng", "r");

	(void)state;
	if (!f)
		return -1;
	file_len = fread(file, 1, sizeof(file), f);
	fclose(f);
	return file_len == sizeof(file);
}

#endif
