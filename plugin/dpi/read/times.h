/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long requests waited for their answers: Wireshark's own response times,
 * and where it has none the time between two messages of a protocol in which
 * each waits for the other.  Kept with the frame of the answer until the file
 * is closed, about 60 bytes each, of at most DPI_TIMES_MAX.
 */
#ifndef PKTWHO_PLUGIN_DPI_READ_TIMES_H
#define PKTWHO_PLUGIN_DPI_READ_TIMES_H

#include "compat.h"
#include "dpi/read/reader.h"

#define DPI_TIMES_MAX 1000000

struct dpi_time {
	const char *app; /* lives as long as the file */
	double ms;
};

/* Once, while protocols register. */
void dpi_times_init(void);

/* What the packet tells, into its flow and the times. */
void dpi_times_read(struct reader *r);

/* That of the request which @frame answers, or NULL. */
const struct dpi_time *dpi_times_get(uint32_t frame);

#endif
