/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Flows to the rows that are shown: one for each connection, or one for all of
 * a process, program, host and so on; only what a query wants, in order.  Rows
 * are copies and stay as they are until the next call.  Pure, but allocates.
 */
#ifndef PKTWHO_VIEW_ROWS_TABLE_H
#define PKTWHO_VIEW_ROWS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/flows/flows.h"
#include "view/rows/query.h"

enum table_group {
	GROUP_CONNECTION,
	GROUP_PROCESS,
	GROUP_PROGRAM,
	GROUP_HOST,
	GROUP_COUNTRY,
	GROUP_USER,
	GROUP_CONTAINER,
	GROUPS
};

/* "connections", "processes": as a person calls them. */
extern const char *const table_group_names[GROUPS];

enum column {
	COLUMN_NAME,
	COLUMN_PID,
	COLUMN_USER,
	COLUMN_CONTAINER,
	COLUMN_PROTO,
	COLUMN_LOCAL,
	COLUMN_REMOTE,
	COLUMN_DOMAIN,
	COLUMN_APP,
	COLUMN_COUNTRY,
	COLUMN_STATE,
	COLUMN_UP,
	COLUMN_DOWN,
	COLUMN_SENT,
	COLUMN_RECEIVED,
	COLUMN_CONNECTIONS,
	COLUMN_RETRANSMISSIONS,
	COLUMN_RTT,
	COLUMN_AGE,
	COLUMN_HOW,
	COLUMNS
};

/* What stands out, and why. */
enum row_alert {
	ALERT_DELETED = 1,	   /* the executable is no longer there */
	ALERT_MEMFD = 2,	   /* it runs from memory */
	ALERT_WRITABLE = 4,	   /* anybody could have made it so */
	ALERT_RETRANSMISSIONS = 8, /* a twentieth of one side or more */
	ALERT_COUNTRY = 16,	   /* new to a program that has others */
	ALERT_ABROAD = 32,	   /* none of those that were given */
	ALERT_PORT = 64,	   /* the port is another protocol's */
	ALERT_UNRESOLVED = 128,	   /* nobody asked for the server's name */
};

/* Who the end is that a row of a place is of, in all that is in it. */
enum row_place {
	PLACE_REMOTE = 1,    /* it is not of this host */
	PLACE_ITSELF = 2,    /* both ends have its address */
	PLACE_HERE = 4,	     /* it is of this host, as the other */
	PLACE_ELSEWHERE = 8, /* and what it is the other end of has its own */
};

/* What makes it this row and no other; compared as memory. */
struct row_key {
	uint64_t id;   /* of the flow or process */
	char text[56]; /* its beginning */
	uint64_t hash; /* of all of it */
};

/* Texts are the table's, "" where there is nothing. */
struct row {
	struct row_key key;
	const char *name; /* "curl", "curl → nginx" */
	const char *user;
	const char *container;
	const char *domain; /* resolved to the remote address */
	const char *app;    /* "TLS www.example.com" */
	char country[3];
	uint8_t attr;
	uint8_t reason;
	uint8_t alerts; /* enum row_alert */
	uint8_t places; /* enum row_place */
	bool over;
	bool follows; /* a connection: as a flow's */
	bool followed;
	bool mixed;		      /* see table_tell_apart() */
	uint8_t local_side;	      /* enum flow_side, of flow_key */
	uint32_t pid;		      /* 0: none, or many */
	uint32_t version;	      /* of the process that it shows */
	struct flow_key flow_key;     /* of a connection */
	union {			      /* for the filter of the row */
		const char *excluded; /* a host's: what is not in it */
		const char *exact;    /* a name: with all its bytes, or "" */
	};
	const char *state;
	uint64_t up, down;	 /* bytes in a second */
	uint64_t sent, received; /* bytes */
	uint64_t packets;
	uint64_t connections; /* so far */
	uint64_t open;	      /* of these, now */
	uint64_t retransmissions;
	uint64_t rtt_ns;
	uint64_t first_ns; /* Unix epoch */
	uint64_t last_ns;
	uint64_t last_mono_ns;
};

struct table_spec {
	enum table_group group;
	enum column sort;
	/* By which the rows of two are compared, as column_compare() does. */
	int (*compare)(enum column c, const struct row *a, const struct row *b);
	bool ascending;
	bool ended; /* also what is over for long */
	const struct query *query;
	const struct resolved *names; /* or NULL */
	const char *countries;	      /* "AT,DE": others stand out; or NULL */
	uint64_t now_mono_ns;
};

struct table;

struct table *table_new(void);	  /* NULL without memory */
void table_free(struct table *t); /* NULL is fine */

/* 0 or -ENOMEM: then the rows are fewer than there are. */
int table_build(struct table *t, struct flows *flows, struct actors *actors,
		const struct table_spec *spec);

/*
 * For row_filter(), what a row's filter has to leave out: it goes over all flows,
 * once for each table_build().
 */
void table_tell_apart(struct table *t, struct flows *flows);

size_t table_count(const struct table *t);
const struct row *table_row(const struct table *t, size_t i);

/* The rows together; who is open is there once, and connections are not. */
const struct row *table_total(const struct table *t);

/* Where that row is now, or -1. */
long table_find(const struct table *t, const struct row_key *key);

#endif
