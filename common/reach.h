/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far an address reaches. */
#ifndef PKTWHO_REACH_H
#define PKTWHO_REACH_H

#include <stdint.h>

enum reach {
	REACH_PUBLIC,
	REACH_SPECIAL, /* private, multicast, not given to anybody */
	REACH_DOCUMENTATION,
};

/* Takes an IPv6 address, or an IPv4 one mapped to it. */
enum reach reach_of(const uint8_t addr[16]);

#endif
