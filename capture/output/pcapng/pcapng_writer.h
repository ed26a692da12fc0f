/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks out.  Each call appends one whole block to a buffer that is written
 * in whole blocks, so whatever happens to us the file ends at a block
 * boundary.  After a failed write every later call fails with the same error,
 * and a regular file is cut back to its last whole block.
 *
 * A full disk is no failure once pcapng_writer_endure() was called: then what
 * does not fit waits, as it does for the reader of a pipe.
 *
 * Writing into a pipe, or a socket, never blocks: a block for which a slow
 * reader leaves no room is refused with -EAGAIN and may be dropped or tried
 * again.  -EMSGSIZE is a block that would never fit.
 */
#ifndef PKTWHO_OUTPUT_PCAPNG_PCAPNG_WRITER_H
#define PKTWHO_OUTPUT_PCAPNG_PCAPNG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "host/files/compressor.h"

struct pcapng_writer;

/*
 * A descriptor to write @path with: "-" is stdout, a pipe is waited for until
 * it has a reader, anything else is created or emptied, with the rights of
 * the caller of sudo.  A file is readable by its owner alone, as captures are
 * secrets.  Where others may write, no link is followed, on the way there none
 * of theirs (place.h): -ELOOP; nor a second name of a file: -EMLINK.  Or -errno.
 */
int pcapng_output_open(const char *path);

/* Whether that is a file which holds something already; true is logged. */
bool pcapng_output_is_taken(const char *path);

/*
 * As pcapng_output_open(), but not over what is taken, unless @force.  Each
 * error is logged.
 */
int pcapng_output_create(const char *path, bool force);

/* Is that a pipe or socket, whose reader may be slow, or leave? */
bool pcapng_output_is_pipe(const char *path);

/*
 * Writes to what that opened, which is closed even if this fails.  0 or -errno.
 */
int pcapng_writer_take(struct pcapng_writer **out, int fd);

/*
 * From the first block on.  What is compressed goes out once it is much, or a
 * second has passed: always whole blocks, which can be read at once.  0 or
 * -ENOMEM.
 */
int pcapng_writer_compress(struct pcapng_writer *w, enum compression c);

/*
 * Flushes, closes, frees.  0, or the first error there was; -ETIMEDOUT if a
 * pipe's reader did not take all.  NULL is fine.
 */
int pcapng_writer_close(struct pcapng_writer *w);

/* For what a capture leaves: Wireshark kills an extcap 30 s after the stop. */
#define PCAPNG_WRITER_PATIENCE_NS 10000000000ull

/*
 * For @ns from now calls wait for a pipe's reader; what waits in the buffer
 * goes out first.  One that takes nothing for a second, or something to be
 * read from @cancel_fd (-1: none), is -ETIMEDOUT in this and all later calls.
 */
int pcapng_writer_be_patient(struct pcapng_writer *w, uint64_t ns,
			     int cancel_fd);

/*
 * From now on keeps what a regular file has no room for (ENOSPC, EDQUOT,
 * EROFS, EFBIG), and tries again in later calls.
 */
void pcapng_writer_endure(struct pcapng_writer *w);

/* Why there was no room when last tried, as -errno; 0: there was. */
int pcapng_writer_full(const struct pcapng_writer *w);

/*
 * Tries again now, at the end, and gives up what has no room even so.  Returns
 * the packets that were taken and are not in the file, for whatever reason.
 */
uint64_t pcapng_writer_unwritten(struct pcapng_writer *w);

/* Somebody removed the file, which nobody will be able to read. */
bool pcapng_writer_is_removed(const struct pcapng_writer *w);

/* Or made it shorter than it had been when we last wrote. */
bool pcapng_writer_is_cut(const struct pcapng_writer *w);

/* The descriptor if it is a pipe or socket, else -1; borrowed. */
int pcapng_writer_pipe(const struct pcapng_writer *w);

/* The strings may be NULL. */
int pcapng_writer_section(struct pcapng_writer *w, const char *hardware,
			  const char *os, const char *userappl,
			  const char *const *comments);

struct pcapng_interface {
	const char *name;
	const char *filter; /* pcap-filter(7), or NULL */
	const char *os;
	uint16_t linktype;
	uint32_t snaplen;
	/* Of these what is all zero is not known. */
	const char *hardware; /* static */
	uint8_t mac[6];
	uint8_t ipv4[8];  /* address and mask */
	uint8_t ipv6[17]; /* address and length of the prefix */
};

/* Interfaces count from 0 in the order they are described. */
int pcapng_writer_interface(struct pcapng_writer *w,
			    const struct pcapng_interface *i);

struct pcapng_packet {
	uint32_t interface;
	uint32_t caplen;
	uint32_t len;
	uint64_t ts_ns; /* Unix epoch */
	const uint8_t *data;
	const struct iovec *options; /* whole, padded options */
	int option_count;
};

/* Of its data so much as goes into a block that Wireshark takes. */
int pcapng_writer_packet(struct pcapng_writer *w,
			 const struct pcapng_packet *p);

/* A whole block that somebody else made, of @len bytes. */
int pcapng_writer_block(struct pcapng_writer *w, const void *block, size_t len);

/* A custom block of ours, or in somebody else's words. */
int pcapng_writer_custom(struct pcapng_writer *w, const void *payload,
			 size_t len);
int pcapng_writer_custom_of(struct pcapng_writer *w, uint32_t pen,
			    const void *payload, size_t len);

/* TLS keys, as lines of NSS's key log; before the packets that they open. */
int pcapng_writer_keys(struct pcapng_writer *w, const char *lines, size_t len);

/* The name of an address, IPv4's mapped, before packets that have it. */
int pcapng_writer_name(struct pcapng_writer *w, const uint8_t addr[16],
		       const char *name);

struct pcapng_statistics {
	uint32_t interface;
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t received;
	uint64_t if_dropped;
	uint64_t os_dropped;
	uint64_t delivered;
	bool delivered_only; /* the others are not known */
	const char *comment; /* or NULL */
	const void *own;     /* payload of an option of ours */
	size_t own_len;	     /* 0: there is none */
};

int pcapng_writer_statistics(struct pcapng_writer *w,
			     const struct pcapng_statistics *s);

/* Hands the kernel all that it takes. */
int pcapng_writer_flush(struct pcapng_writer *w);

/* The same before its time, unless that is too little to become smaller. */
int pcapng_writer_settle(struct pcapng_writer *w);

/* Bytes of the file so far, with those that wait: at most what they become. */
uint64_t pcapng_writer_size(const struct pcapng_writer *w);

/* Where the next block begins, once the file is not compressed any more. */
uint64_t pcapng_writer_position(const struct pcapng_writer *w);

/* There is something that the last flush wanted, and could not hand over. */
bool pcapng_writer_waits(const struct pcapng_writer *w);

#endif
