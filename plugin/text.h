/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process's own bytes as text.  The rule, the same for every field and
 * documented in docs/fields.md: printable UTF-8 stands for itself, a
 * backslash is doubled, and every other byte is \xNN.  Nothing is lost, and
 * no name can pretend to be another or break a line.
 */
#ifndef PKTWHO_PLUGIN_TEXT_H
#define PKTWHO_PLUGIN_TEXT_H

#include <stddef.h>

#include "compat.h"

/* Does each of these bytes stand for itself? */
bool text_is_plain(const char *s, size_t len);

/* The result belongs to @pool. */
const char *text_escape(wmem_allocator_t *pool, const char *s, size_t len);

/* NUL-separated arguments, joined by one space each. */
const char *text_arguments(wmem_allocator_t *pool, const char *s, size_t len);

#endif
