/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides which packets a capture keeps, by who sent or will read them. */
#ifndef PKTWHO_SESSION_WANTED_H
#define PKTWHO_SESSION_WANTED_H

#include <stdbool.h>

struct filter;
struct owned_packet;

struct wanted {
	bool command;		     /* only what it and its children do */
	const struct filter *filter; /* the command line's; borrowed */
	const struct filter *names;  /* the toolbar's; borrowed, or NULL */
};

/* Either end will do, and any receiver. */
bool wanted_packet(const struct wanted *w, const struct owned_packet *p);

#endif
