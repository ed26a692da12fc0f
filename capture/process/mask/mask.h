/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets in arguments: the values of options with well-known names, passwords
 * before "@" in addresses, and headers that authorize.  What has no such name
 * is not known to be one.
 *
 * Pure; any bytes are safe.
 */
#ifndef PKTWHO_PROCESS_MASK_MASK_H
#define PKTWHO_PROCESS_MASK_MASK_H

#include <stdbool.h>
#include <stddef.h>

enum cmdline_mode { CMDLINE_MASKED, CMDLINE_FULL, CMDLINE_NONE };

/*
 * Puts "***" for each in @len bytes with zeros between the arguments, the
 * program's name first.  Never longer than before; the new length.  *@masked
 * tells whether there were any.
 */
size_t mask_arguments(char *args, size_t len, bool *masked);

#endif
