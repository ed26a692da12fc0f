/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Wireshark's toolbar for an extcap interface, while it captures: a filter by
 * process, and a window for what we have to say.  Messages go over two FIFOs
 * (doc/extcap.adoc of Wireshark 4.0, "Toolbar controls").
 */
#ifndef PKTWHO_WIRESHARK_TOOLBAR_H
#define PKTWHO_WIRESHARK_TOOLBAR_H

#include <stdbool.h>

#include "process/filter/filter.h"
#include "host/log.h"

struct toolbar;

/* The controls, for --extcap-interfaces. */
void toolbar_print(void);

/*
 * Opens both FIFOs, without waiting for Wireshark; from then on what is
 * logged up to @level goes there as well, until it is closed.  0 or -errno.
 */
int toolbar_open(struct toolbar **out, const char *control_in,
		 const char *control_out, enum log_level level);
void toolbar_close(struct toolbar *t); /* NULL is fine */

/* Readable when toolbar_read() has something to do; borrowed. */
int toolbar_fd(const struct toolbar *t);
/* Takes what the user did.  False when Wireshark has closed its end. */
bool toolbar_read(struct toolbar *t);

/* The names the user wants to see now, as FILTER_PROC; borrowed. */
const struct filter *toolbar_filter(const struct toolbar *t);

#endif
