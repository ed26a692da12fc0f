/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records from inside: record.c has their header and words,
 * record_attribution.c, record_contents.c and record_process.c what is in
 * them.
 */
#ifndef PKTWHO_RECORD_PARTS_H
#define PKTWHO_RECORD_PARTS_H

#include "bytes.h"
#include "record.h"

#define RECORD_HEADER_LEN 4 /* 'P', 'W', kind, version */

void record_put_header(struct wbuf *w, enum record_kind kind);

/* 0, -EBADMSG or -EPROTONOSUPPORT. */
int record_expect_header(struct rbuf *r, enum record_kind kind);

#endif
