/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets that wait for others: of TCP those that listen, of UDP all that are
 * bound, with who owns them.  A copy, in order of port, of the last look.
 */
#ifndef PKTWHO_VIEW_ROWS_SOCKETS_H
#define PKTWHO_VIEW_ROWS_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

struct owners;
struct sockets;

#define SOCKETS_MAX 4096 /* the rest is counted */

struct socket_row {
	uint8_t address[16]; /* zero: all of this host's */
	uint16_t port;
	uint8_t proto;
	uint8_t attr;
	uint32_t pid;	/* 0: the kernel's, or not known */
	uint32_t flags; /* PROCESS_* of the executable */
	char name[40];
	char user[32];
	char unit[64];
};

struct sockets *sockets_new(void);    /* NULL without memory */
void sockets_free(struct sockets *s); /* NULL is fine */

void sockets_look(struct sockets *s, const struct owners *o);

size_t sockets_count(const struct sockets *s);
/* Of those there was no room for. */
size_t sockets_left(const struct sockets *s);
const struct socket_row *sockets_row(const struct sockets *s, size_t i);

#endif
