/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line for each packet on the standard output.  A tshark says what is in the
 * packet, a moment later; where there is none, or it cannot keep up, the
 * headers do.
 */
#ifndef PKTWHO_VIEW_LINES_PRINTER_H
#define PKTWHO_VIEW_LINES_PRINTER_H

#include <stdbool.h>

struct owned_packet;
struct printer;
struct stream;

/*
 * @out is taken over, even on failure.  Forks if @dissect, so it must come
 * before any sandbox.  @patient: a file's packets wait for their lines.  NULL
 * without memory.
 */
struct printer *printer_new(struct stream *out, bool dissect, bool patient);
void printer_free(struct printer *p); /* NULL is fine */

void printer_packet(struct printer *p, const struct owned_packet *packet);

/* To be called often.  0, -EPIPE or -errno. */
int printer_update(struct printer *p);

/* All that still waits.  The same. */
int printer_finish(struct printer *p);

#endif
