/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection that brings the packets, which a capture leaves out. */
#ifndef PKTWHO_REMOTE_OWN_CONNECTION_H
#define PKTWHO_REMOTE_OWN_CONNECTION_H

/*
 * The capture filter for @filter, which may be NULL, without the connection
 * @exclude, "ADDRESS PORT ADDRESS PORT" as sshd(8) puts it into
 * SSH_CONNECTION; empty or "UNKNOWN ..." are one that is not of TCP.  The
 * caller frees it.  NULL if that is no connection.
 */
char *own_connection_exclude(const char *filter, const char *exclude);

#endif
