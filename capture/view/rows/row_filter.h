/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row as a display filter of Wireshark, which finds its packets and no
 * others in a capture of the same, if table_tell_apart() was called.  Whoever
 * names a process cannot end a quote of it, neither Wireshark's nor a shell's.
 * Pure.
 */
#ifndef PKTWHO_VIEW_ROWS_ROW_FILTER_H
#define PKTWHO_VIEW_ROWS_ROW_FILTER_H

#include "view/rows/table.h"

#define ROW_FILTER 2300 /* bytes of it */

void row_filter(const struct row *r, enum table_group group,
		char out[ROW_FILTER]);

#endif
