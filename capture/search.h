/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cut, find and strip: what is in files that are there. */
#ifndef PKTWHO_SEARCH_H
#define PKTWHO_SEARCH_H

#include "options.h"

/* 0, or -1: it failed, or found nothing (logged). */
int search(const struct options *o);

#endif
