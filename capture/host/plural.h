/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "1 packet, 2 packets": what a count says after its noun. */
#ifndef PKTWHO_HOST_PLURAL_H
#define PKTWHO_HOST_PLURAL_H

#include <stdint.h>

static inline const char *plural_s(uint64_t count)
{
	return count == 1 ? "" : "s";
}

#endif
