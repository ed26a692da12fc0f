/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes that look as if they did not want to be seen. */
#ifndef PKTWHO_PLUGIN_PROC_DISGUISE_H
#define PKTWHO_PLUGIN_PROC_DISGUISE_H

#include "compat.h"
#include "record.h"

/* What it pretends to be, as words for a sentence; NULL: nothing. */
const char *disguise_imitates(const struct process *p);

/* Where it hides its executable, likewise. */
const char *disguise_hides(const struct process *p);

#endif
