/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interfaces that are captured, of all network namespaces, each with a
 * queue of packets that wait for their owners, as one stream in order of time.
 */
#ifndef PKTWHO_SESSION_CAPTURES_H
#define PKTWHO_SESSION_CAPTURES_H

#include <stdbool.h>
#include <stdint.h>

#define CAPTURES_MAX 128

struct captures;
struct devices;
struct frame;
struct options;
struct output_interface_stats;
struct pcapng_interface;

/*
 * Those of @o, which is borrowed.  @prompt: packets come sooner, at a price.
 * 0 or -errno (logged unless it is -ENOMEM).
 */
int captures_open(struct captures **out, const struct options *o, bool prompt);
void captures_close(struct captures *c); /* NULL is fine */

int captures_count(const struct captures *c);
/* Readable when there are packets, or -1 while the interface is gone. */
int captures_fd(const struct captures *c, int interface);
uint32_t captures_linktype(const struct captures *c, uint32_t interface);
/* Its network namespace: which of options.namespaces. */
unsigned captures_namespace(const struct captures *c, uint32_t interface);
/* One for each, as the file has it: "blue/eth0".  Borrowed. */
const char *const *captures_names(const struct captures *c);

/* True if the interface has vanished, and is not back. */
bool captures_is_gone(const struct captures *c, int interface);
bool captures_miss_one(const struct captures *c);

/* Of its namespace, one for each; NULL if they cannot be known.  Borrowed. */
struct devices *const *captures_devices(const struct captures *c);

/* Fills in how the file is to describe them: strings are borrowed. */
void captures_describe(struct captures *c, struct pcapng_interface *interfaces);

/* A full queue cannot wait: makes room by letting packets go as they are. */
struct captures_room {
	void (*begin)(void *ctx);
	void (*release)(void *ctx); /* the oldest of all, at least */
	void *ctx;
};

/*
 * Takes in what has come.  0, or -errno once the last interface is gone; one
 * that comes again is captured again.
 */
int captures_read(struct captures *c, const struct captures_room *room);

/*
 * Much has come, and more has room for some 10 ms: who looks then instead of
 * with each block is woken less often.
 */
bool captures_may_rest(const struct captures *c);

/* The oldest packet there is, or NULL; *@gap: another may have an older one. */
const struct frame *captures_oldest(const struct captures *c, bool *gap);

/* Done with the oldest of that interface; or it could not be written. */
/* A packet that will be the oldest soon, each once; or NULL. */
const struct frame *captures_ahead(struct captures *c, uint32_t interface);

void captures_pop(struct captures *c, uint32_t interface);
void captures_lose(struct captures *c, uint32_t interface);

/* At the end: what has come and was not taken in is lost, and counted. */
void captures_give_up(struct captures *c);

/* Calls queue_shrink() for each; from time to time. */
void captures_shrink(struct captures *c);

/* Percent of the fullest ring, at most since the last call, and queue. */
struct captures_fill {
	unsigned ring;
	unsigned queue;
};

void captures_fill(struct captures *c, struct captures_fill *f);

/* One entry for each interface; returns what was lost of all. */
uint64_t captures_statistics(const struct captures *c,
			     struct output_interface_stats *stats);

#endif
