/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tshark with our plugin that is asked about packets and answers later, in
 * order: what is spoken, with whom, and which names DNS gave to which
 * addresses.  It runs without any privilege, reads files and writes none, and
 * ends with us.
 */
#ifndef PKTWHO_VIEW_DISSECT_TSHARK_H
#define PKTWHO_VIEW_DISSECT_TSHARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct tshark;

/* @attribution is what the plugin knows of its ends. */
struct tshark_packet {
	uint64_t id; /* comes back with the answer */
	uint64_t ts_ns;
	uint16_t linktype;
	const uint8_t *data;
	uint32_t caplen;
	uint32_t len;
	struct attribution attribution;
};

/* What it is asked for. */
enum tshark_task {
	TSHARK_SPEECH,
	TSHARK_SUMMARY, /* needs no plugin */
};

/* Texts are printable, "" where there is nothing, and valid for the call. */
struct tshark_answer {
	uint64_t id;
	char *protocol; /* of a summary */
	char *info;
	char *app; /* of speech: dpi.app, and so on */
	char *how;
	char *host;
	char *detail;
	char *question;	 /* of DNS */
	char *addresses; /* its answers, with commas between */
	char *addresses6;
	bool foreign_port; /* proc.expert.port */
	bool unresolved;   /* dpi.unresolved */
};

/* Forks, so it must come before any sandbox.  0 or -errno. */
int tshark_start(struct tshark **out, enum tshark_task task);
void tshark_stop(struct tshark *t); /* NULL is fine */

/* 0, -EAGAIN while there is no room, or -EPIPE: it has ended. */
int tshark_ask(struct tshark *t, const struct tshark_packet *p);

/*
 * Hands on what it takes, and calls @fn with each answer that is there; waits
 * for one of both up to @timeout_ms.  0, or -EPIPE: it has ended.
 */
int tshark_work(struct tshark *t, int timeout_ms,
		void (*fn)(void *ctx, const struct tshark_answer *a),
		void *ctx);

/* Once it has ended: why, for the user.  NULL while it has not. */
const char *tshark_why(const struct tshark *t);

#endif
