/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "pktwho doctor": what this machine and user can do, and what would help. */
#ifndef PKTWHO_DOCTOR_H
#define PKTWHO_DOCTOR_H

#include <stdbool.h>

/*
 * One line for each thing on stdout, and under what is missing how to get it.
 * @privilege: of privilege_get().  True if nothing is missing for captures
 * with exact owners that Wireshark can read.
 */
bool doctor(int privilege);

#endif
