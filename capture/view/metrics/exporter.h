/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who gives the numbers of metrics.h away, to a file or to whoever asks by
 * HTTP: a process that sees nothing but their text, so that the capture has no
 * business with either.
 */
#ifndef PKTWHO_VIEW_METRICS_EXPORTER_H
#define PKTWHO_VIEW_METRICS_EXPORTER_H

#include <stddef.h>

struct exporter;

/*
 * @where: "9464" or "127.0.0.1:9464" or "[::1]:9464", else a file's name.  A
 * port alone is the loopback's.  Forks, so it must come before any sandbox.
 * 0 or -errno (logged).
 */
int exporter_start(struct exporter **out, const char *where);
void exporter_stop(struct exporter *e); /* NULL is fine */

/* The newest text; one that it has no time for is left out. */
void exporter_put(struct exporter *e, const char *text, size_t len);

#endif
