/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What runs now, to choose from: the lists of Wireshark's dialog. */
#ifndef PKTWHO_RUNNING_H
#define PKTWHO_RUNNING_H

enum running_kind {
	RUNNING_NONE,
	RUNNING_NAMES,
	RUNNING_PIDS,
	RUNNING_USERS,
	RUNNING_CONTAINERS,
};

/*
 * Calls @fn with each @value as --proc, --pid, --user and --container take it,
 * in order, and what to show for it; at most a few thousand, and names with
 * control characters are left out.
 */
void running_each(enum running_kind kind,
		  void (*fn)(void *ctx, const char *value, const char *display),
		  void *ctx);

#endif
