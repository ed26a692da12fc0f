/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the options of a capture name, and whether it is there. */
#ifndef PKTWHO_CHECKS_H
#define PKTWHO_CHECKS_H

struct filter;
struct options;

/* Numbers of interfaces become their names.  0 or -errno (logged). */
int checks_numbers(struct options *o);

/* Capture filters that are Wireshark's.  0 or -EINVAL (logged). */
int checks_filters(const struct options *o);

/*
 * Adds to each that it leaves out our own connection.  0 or -EINVAL (logged).
 * Nobody frees the new ones: they are used as long as the program runs.
 */
int checks_exclude(struct options *o);

/* 0 or -EINVAL (logged). */
int checks_users(const struct filter *f);

/* Warns of what can match nobody. */
void checks_doubts(const struct filter *f);

#endif
