/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the parts of the interpreter share.  A program's lines are operations
 * of actors, each of which is a process; see grammar.py for the language.
 */
#ifndef CHAOS_PLAY_H
#define CHAOS_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_OPS	  160
#define MAX_WORDS 8
#define ACTORS	  26
/* The socket "sN" is descriptor FIRST_FD + N, also after fork and exec. */
#define SHARED_FD 90
#define LOG_FD	  91
#define GIVE_FD	  92
#define TAKE_FD	  93
#define FIRST_FD  100

struct op {
	int actor;
	int phase; /* it may begin when all before are done */
	bool threaded;
	int words;
	char *word[MAX_WORDS]; /* of the operation, its name first */
};

struct program {
	unsigned int number;
	int ops;
	int phases;
	struct op op[MAX_OPS];
};

/* Every 16 bytes of what is sent say who sent them, and which of them they are. */
struct stamp {
	char magic[4];
	uint16_t program, part;
	uint32_t who, seq;
};

#define STAMP_MAGIC "ChS!"

/*
 * Takes the program whose text begins at @at, which it cuts into words that
 * the program borrows.  Returns where the next one begins, or NULL.
 */
char *parse_program(struct program *p, char *at);

/* This process: who it is, and in which program. */
struct me {
	unsigned int program;
	int actor;
	unsigned int who; /* one pid under one name; never used again */
	unsigned int generation;
};

extern struct me me;

uint32_t next_seq(void);

/* One line of the log; a line is one write and never mixed. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The operation of this name, done by this process.  Returns 0, -errno where
 * the kernel refused, or -ENOSYS where it is no operation on a socket.
 */
int socket_op(const struct op *op);

/* The sockets to come are of this host of the world. */
int enter(const char *host);

/* The two that transfer; @fd was made by an operation "socket". */
int send_op(const struct op *op, int fd);
int recv_op(const struct op *op, int fd);

/* Whose packets they claim to be does not matter: no socket is needed. */
int forge_op(const struct op *op);

/* Fills @len bytes, at least one stamp, with this process's; returns how many. */
size_t put_stamps(unsigned char *data, size_t len);

/* An address as programs have it, "IP+N": the port is the program's Nth. */
struct sockaddr_storage;
int parse_address(const char *text, struct sockaddr_storage *a);

/* Tells the log that this process used the socket. */
void tell_use(int fd, const char *kind);

#endif
