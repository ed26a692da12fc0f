/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many short texts that all go at once, of which most are like others: those
 * that were kept lately are not kept twice.
 */
#ifndef PKTWHO_VIEW_ROWS_TEXTS_H
#define PKTWHO_VIEW_ROWS_TEXTS_H

struct texts;

struct texts *texts_new(void);	  /* NULL without memory */
void texts_free(struct texts *t); /* NULL is fine */

/* Forgets all; the memory stays. */
void texts_begin(struct texts *t);

/* A copy until then; NULL without memory, or longer than TEXTS_MAX. */
const char *texts_keep(struct texts *t, const char *text);

#define TEXTS_MAX 4096 /* bytes, NUL included */

#endif
