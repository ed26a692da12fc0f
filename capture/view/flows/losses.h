/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the capture could not see, so far. */
#ifndef PKTWHO_VIEW_FLOWS_LOSSES_H
#define PKTWHO_VIEW_FLOWS_LOSSES_H

#include <stdint.h>

struct view_losses {
	uint64_t dropped;     /* packets */
	uint64_t events;      /* of the kernel, about owners */
	uint64_t undissected; /* connections, for want of time */
};

#endif
