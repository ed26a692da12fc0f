/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values of our preferences that Wireshark takes without a word: what is
 * neither TRUE nor FALSE is FALSE to it, and an unknown choice is the one
 * before.  It does not show them to us, but they stand on the command line
 * (-o) and in the user's file of preferences, that of the profile.
 */
#ifndef PKTWHO_PLUGIN_VALUES_H
#define PKTWHO_PLUGIN_VALUES_H

/* Says in a line each which are wrong, once all preferences are there. */
void values_check(void);

#endif
