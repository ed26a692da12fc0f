/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What Wireshark asks an extcap program (doc/extcap.adoc of Wireshark 4.0):
 * questions are answered on stdout, a capture is turned into words of our own
 * command line.
 *
 * Interfaces are called "pktwho:eth0" and so on; EXTCAP_REMOTE is a capture
 * on another machine, see remote.h.
 */
#ifndef PKTWHO_WIRESHARK_EXTCAP_H
#define PKTWHO_WIRESHARK_EXTCAP_H

#include <stdbool.h>

#define EXTCAP_REMOTE	 "pktwho_ssh"
#define EXTCAP_MAX_WORDS 64

struct extcap {
	bool capture; /* else the question was answered */
	int argc;     /* for options_parse() */
	char *argv[EXTCAP_MAX_WORDS + 1];
	const char *control_in; /* toolbar.h; NULL: no toolbar */
	const char *control_out;
};

/* Are these Wireshark's words? */
bool extcap_is_called(int argc, char **argv);

/* 0, or -EINVAL after a line on stderr.  Strings are borrowed. */
int extcap_take(struct extcap *e, int argc, char **argv);

#endif
