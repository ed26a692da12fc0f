/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "remote/own_connection.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* One address of "fe80::1%eth0 22 ..."; filters know no zones. */
static bool parse_end(const char **s, char *addr, size_t size, unsigned *port)
{
	uint8_t binary[16];
	char word[80];
	int n = 0;

	if (sscanf(*s, " %79[^ %%]%*[^ ] %u%n", word, port, &n) < 2 &&
	    sscanf(*s, " %79[^ ] %u%n", word, port, &n) < 2)
		return false;
	*s += n;
	snprintf(addr, size, "%s", word);
	return n && *port - 1 < 65535 &&
	       (inet_pton(AF_INET, addr, binary) == 1 ||
		inet_pton(AF_INET6, addr, binary) == 1);
}

/* What sshd says of a connection that is not of TCP: nothing to exclude. */
static bool is_no_tcp(const char *exclude)
{
	return !*exclude || !strncmp(exclude, "UNKNOWN ", 8);
}

char *own_connection_exclude(const char *filter, const char *exclude)
{
	char a[80], b[80], *out;
	const char *s = exclude;
	unsigned p, q;
	bool has_filter = filter && *filter;
	int n;

	if (is_no_tcp(exclude))
		return strdup(has_filter ? filter : "");
	if (!parse_end(&s, a, sizeof(a), &p) ||
	    !parse_end(&s, b, sizeof(b), &q) || s[strspn(s, " ")])
		return NULL;
	n = asprintf(&out,
		     "%s%s%snot (tcp and"
		     " ((src host %s and src port %u and"
		     " dst host %s and dst port %u) or"
		     " (src host %s and src port %u and"
		     " dst host %s and dst port %u)))",
		     has_filter ? "(" : "", has_filter ? filter : "",
		     has_filter ? ") and " : "", a, p, b, q, b, q, a, p);
	return n < 0 ? NULL : out;
}
