/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What users of dumpcap and tcpdump type, and what to type here instead. */
#include "options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 32

/* In the order of dumpcap(1), then of tcpdump(8). */
static const struct {
	const char *option;
	const char *instead;
} habits[] = {
	{ "--ifname", "no pipe is captured from: its packets have no owners" },
	{ "--ifdescr", "no pipe is captured from: its packets have no owners" },
	{ "-I", "enter monitor mode first: iw dev NAME set type monitor" },
	{ "--monitor-mode",
	  "enter monitor mode first: iw dev NAME set type monitor" },
	{ "-y", "an interface has the one link type that -L shows" },
	{ "--linktype", "an interface has the one link type that -L shows" },
	{ "--time-stamp-type", "packets have the host's time" },
	{ "--list-time-stamp-types", "packets have the host's time" },
	{ "--update-interval",
	  "nothing waits; --stats FILE tells each second" },
	{ "-k", "set the channel first: iw dev NAME set channel N" },
	{ "-S", "use pktwho top, or ip -s link" },
	{ "-M", "use ip -json link, or pktwho top --batch --json" },
	{ "--log-fatal", "use --log-level" },
	{ "--log-domains", "use --log-level debug" },
	{ "--log-domain", "use --log-level debug" },
	{ "--log-fatal-domains", "use --log-level" },
	{ "--log-debug", "use --log-level debug" },
	{ "--log-noisy", "use --log-level debug" },
	{ "--log-file", "use 2>FILE" },
	{ "-N", "what is held is bounded already; the kernel's part is -B" },
	{ "-C", "use -b filesize:KB (of tcpdump), or -B (of dumpcap)" },
	{ "--application-flavor", "there is one format, PCAPNG, for both" },
	{ "-G", "use -b duration:SECONDS" },
	{ "-W", "use -b files:COUNT" },
	{ "-z", "use -b printname:-, and read the names" },
	{ "-F",
	  "use -f \"$(cat FILE)\" (of tcpdump); it is PCAPNG (of dumpcap)" },
	{ "-V", "use tshark -r FILE" },
	{ "-Z", "root becomes nobody, or who called sudo, by itself" },
	{ "-Y", "a display filter is for tshark -r FILE -Y; here -f, --proc" },
	{ "-T", "use tshark -r FILE -T, or pktwho log" },
	{ "-O", "filters are always optimized" },
	{ "-E", "keys belong to the reader: tshark -o" },
	{ "-j", "packets have the host's time" },
	{ "-J", "packets have the host's time" },
	{ "-Q",
	  "use -f inbound or -f outbound (of tcpdump), or -q (of dumpcap)" },
	{ "--direction", "use -f inbound or -f outbound" },
	{ "-K", "checksums are the reader's: tshark -o" },
	{ "-#", "numbers are the reader's: tshark -r FILE" },
	{ "--number", "numbers are the reader's: tshark -r FILE" },
	{ "--count", "use capinfos -c FILE" },
	{ "--immediate-mode", "no reader is kept waiting anyway" },
	{ "--process", "use --proc NAME" }, /* nobody's */
};

const char *options_instead(const char *option)
{
	size_t len = strcspn(option, "=");

	for (size_t i = 0; i < sizeof(habits) / sizeof(*habits); i++)
		if (strlen(habits[i].option) == len &&
		    !strncmp(habits[i].option, option, len))
			return habits[i].instead;
	return NULL;
}

/* ---- what was meant ---- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to change, insert, leave out or swap (Damerau's). */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = rows[i % 3], *last = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			now[j] = least(now[j], least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

static void consider(const char *word, const char *candidate, const char **best,
		     size_t *best_distance)
{
	size_t d = distance(word, candidate);

	/* A third of it may be wrong, or it is another word. */
	if (d < *best_distance && d <= (strlen(word) + 1) / 3) {
		*best = candidate;
		*best_distance = d;
	}
}

const char *options_nearest(const char *word)
{
	size_t best_distance = WORD_MAX;
	const char *best = NULL;
	char name[WORD_MAX + 1];

	if (!strncmp(word, "--", 2)) {
		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(word + 2, "="), word + 2);
		for (int i = 0; i < options_count; i++)
			if (options_table[i].name)
				consider(name, options_table[i].name, &best,
					 &best_distance);
	} else if (*word != '-') {
		for (const struct option_command *c = options_commands; c->word;
		     c++)
			consider(word, c->word, &best, &best_distance);
	}
	return best;
}

/* ---- filters ---- */

/* All words of libpcap's scanner that can stand at the beginning. */
/* clang-format off */
static const char *const filter_words[] = {
	"aarp", "action", "address1", "address2", "address3", "address4",
	"addr1", "addr2", "addr3", "addr4", "ah", "arp", "atalk", "bcc",
	"broadcast", "byte", "carp", "clnp", "connectmsg", "csnp", "decnet",
	"dir", "direction", "dpc", "dst", "es-is", "esis", "esp", "ether",
	"fddi", "fisu", "gateway", "geneve", "greater", "hdpc", "hfisu",
	"hlssu", "hlssup", "hmsu", "hopc", "host", "hsio", "hsls", "icmp",
	"icmp6", "ifindex", "ifname", "igmp", "igrp", "iih", "ilmic",
	"inbound", "ip", "ip6", "ipx", "is-is", "isis", "iso", "l1", "l2",
	"lane", "lat", "len", "length", "less", "link", "llc", "lsp", "lssu",
	"lsu", "metac", "metaconnect", "moprc", "mopdl", "mpls", "msu",
	"multicast", "net", "netbeui", "not", "oam", "oamf4", "oamf4ec",
	"oamf4sc", "on", "opc", "outbound", "pim", "port", "portrange", "ppp",
	"pppoed", "pppoes", "proto", "protochain", "psnp", "ra", "radio",
	"rarp", "reason", "rnr", "rset", "ruleset", "rulenum", "sc", "sca",
	"sctp", "sio", "slip", "sls", "snp", "src", "srnr", "stp", "subrulenum",
	"subtype", "ta", "tcp", "tr", "type", "udp", "vci", "vlan", "vpi",
	"vrrp", "vxlan", "wlan", NULL,
};
/* clang-format on */

static bool is_one_of(const char *const *words, const char *s, size_t len)
{
	while (*words && (strlen(*words) != len || strncmp(*words, s, len)))
		words++;
	return *words;
}

bool options_begins_filter(const char *words)
{
	size_t len = 0;

	while (isalnum((unsigned char)words[len]) || words[len] == '-')
		len++;
	if (!isalpha((unsigned char)*words))
		return true; /* "(", "!", or a number */
	return is_one_of(filter_words, words, len);
}

/* "tcp.port": two names at least, with dots between; its length, or 0. */
static size_t field_length(const char *s)
{
	size_t len = 0, dots = 0;

	if (!isalpha((unsigned char)*s))
		return 0;
	while (isalnum((unsigned char)s[len]) || s[len] == '_' ||
	       (s[len] == '.' && isalpha((unsigned char)s[len + 1])))
		dots += s[len++] == '.';
	return dots ? len : 0;
}

/* What no capture filter has after a host's name, which has dots, too. */
static bool is_comparison(const char *s)
{
	static const char *const operators[] = {
		"==",	    "!=",  ">",	  "<",	 "~",	"contains ",
		"matches ", "eq ", "ne ", "in ", "in{",
	};

	s += strspn(s, " \t");
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
		if (!strncmp(s, operators[i], strlen(operators[i])))
			return true;
	return false;
}

bool options_is_display_filter(const char *filter)
{
	const char *s = filter;

	while (*s) {
		size_t len = field_length(s);

		if (len && is_comparison(s + len))
			return true;
		s += strcspn(s, " \t!()");
		s += strspn(s, " \t!()");
	}
	return false;
}

/* What Wireshark's users ask for by name, and pcap-filter(7) has no word for. */
/* clang-format off */
static const char *const protocols[] = {
	"amqp", "bgp", "bittorrent", "bootp", "cdp", "coap", "dcerpc", "dhcp",
	"dhcpv6", "dns", "dtls", "eapol", "eth", "ftp", "gre", "grpc", "http",
	"http2", "http3", "icmpv6", "imap", "ipv6", "isakmp", "json", "kafka",
	"kerberos", "ldap", "lldp", "llmnr", "mdns", "memcache", "modbus",
	"mongo", "mqtt", "mysql", "nbns", "nfs", "ntlmssp", "ntp", "ospf",
	"pgsql", "pop", "proc", "quic", "radius", "redis", "rpc", "rtcp", "rtp",
	"rtsp", "sip", "smb", "smb2", "smtp", "snmp", "ssdp", "ssh", "ssl",
	"stun", "syslog", "telnet", "tftp", "tls", "websocket", "wg", "xml",
	NULL,
};
/* clang-format on */

/* "http", "http.request" or "ip.src". */
static bool is_wiresharks(const char *s, size_t len)
{
	size_t first = strcspn(s, ".");

	if (first >= len)
		return is_one_of(protocols, s, len);
	return field_length(s) == len && (is_one_of(protocols, s, first) ||
					  is_one_of(filter_words, s, first));
}

/* "http && !tls": a name behind another word is a host's or a port's. */
bool options_names_protocols(const char *filter)
{
	static const char *const operators[] = { "and", "or", "not", NULL };
	bool found = false, may_follow = true;
	const char *s = filter;

	for (;;) {
		size_t gap = strspn(s, " \t!()&|");
		size_t len = strcspn(s + gap, " \t!()&|");

		may_follow |= strcspn(s, "!&|") < gap;
		s += gap;
		if (!len)
			return found;
		if (is_one_of(operators, s, len)) {
			may_follow = true;
		} else if (may_follow && is_wiresharks(s, len)) {
			found = true;
			may_follow = false;
		} else if (may_follow && is_one_of(filter_words, s, len)) {
			may_follow = false;
		} else {
			return false;
		}
		s += len;
	}
}
