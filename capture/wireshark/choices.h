/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What runs now, to choose from: the lists of Wireshark's dialog. */
#ifndef PKTWHO_WIRESHARK_CHOICES_H
#define PKTWHO_WIRESHARK_CHOICES_H

enum choices_kind {
	CHOICES_NONE,
	CHOICES_NAMES,
	CHOICES_PIDS,
	CHOICES_USERS,
	CHOICES_CONTAINERS,
	CHOICES_PODS,
	CHOICES_UNITS,
};

/*
 * Calls @fn with each @value as --proc, --pid, --user, --container, --pod and
 * --unit take it, in order, and what to show for it; at most a few thousand, and
 * names with control characters are left out.
 */
void choices_each(enum choices_kind kind,
		  void (*fn)(void *ctx, const char *value, const char *display),
		  void *ctx);

#endif
