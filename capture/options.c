/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/log.h"

#define MAX_SNAPLEN 262144

enum {
	OPT_GEO = 256,
	OPT_NO_COMMENTS,
	OPT_NO_PROCESS_TABLE,
	OPT_NO_CMDLINE,
	OPT_HASH,
	OPT_FOLLOW,
	OPT_LOG_LEVEL,
	OPT_EXCLUDE,
	OPT_INTERVAL,
	OPT_REMOTE,
	OPT_REMOTE_PORT,
	OPT_REMOTE_COMMAND,
	OPT_REMOTE_SUDO,
	OPT_REMOTE_COPY,
	OPT_FILTER,		/* + enum filter_kind */
};

static const struct option long_options[] = {
	{ "interface", required_argument, NULL, 'i' },
	{ "list-interfaces", no_argument, NULL, 'D' },
	{ "list-data-link-types", no_argument, NULL, 'L' },
	{ "snapshot-length", required_argument, NULL, 's' },
	{ "buffer-size", required_argument, NULL, 'B' },
	{ "autostop", required_argument, NULL, 'a' },
	{ "no-promiscuous-mode", no_argument, NULL, 'p' },
	{ "geo", required_argument, NULL, OPT_GEO },
	{ "no-comments", no_argument, NULL, OPT_NO_COMMENTS },
	{ "no-process-table", no_argument, NULL, OPT_NO_PROCESS_TABLE },
	{ "no-cmdline", no_argument, NULL, OPT_NO_CMDLINE },
	{ "hash", no_argument, NULL, OPT_HASH },
	{ "proc", required_argument, NULL, OPT_FILTER + FILTER_PROC },
	{ "pid", required_argument, NULL, OPT_FILTER + FILTER_PID },
	{ "user", required_argument, NULL, OPT_FILTER + FILTER_USER },
	{ "container", required_argument, NULL, OPT_FILTER + FILTER_CONTAINER },
	{ "unit", required_argument, NULL, OPT_FILTER + FILTER_UNIT },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "exclude-connection", required_argument, NULL, OPT_EXCLUDE },
	{ "remote", required_argument, NULL, OPT_REMOTE },
	{ "remote-port", required_argument, NULL, OPT_REMOTE_PORT },
	{ "remote-command", required_argument, NULL, OPT_REMOTE_COMMAND },
	{ "remote-sudo", no_argument, NULL, OPT_REMOTE_SUDO },
	{ "remote-copy", no_argument, NULL, OPT_REMOTE_COPY },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

const char options_help[] =
"Usage: pktwho [-i INTERFACE]... [-f FILTER] [-w FILE] [OPTION]...\n"
"              [-- COMMAND ARGUMENT...]\n"
"       pktwho log [OPTION]... a line of JSON for each connection\n"
"       pktwho doctor          what this machine and user can do\n"
"Capture packets with the processes that send and receive them.\n"
"\n"
"  -i, --interface NAME       capture here; may be repeated (any)\n"
"  -f FILTER                  capture filter, see pcap-filter(7): of the -i\n"
"                             before it, or of all if it comes first\n"
"  -w FILE                    write here; - is stdout (a temporary file)\n"
"  -c COUNT                   stop after so many packets\n"
"  -a, --autostop COND        duration:SECONDS, packets:COUNT, or stdin's eof\n"
"  -s, --snapshot-length N    bytes to keep of each packet (262144)\n"
"  -B, --buffer-size MIB      kernel buffer of each interface (4)\n"
"  -p, --no-promiscuous-mode  only what is meant for this host\n"
"  -q                         no summary at the end\n"
"  -D, --list-interfaces      list the interfaces\n"
"  -L, --list-data-link-types list the link types of the interface\n"
"      --proc NAME            only packets of processes of these names or\n"
"                             patterns, at either end: a,b or repeated\n"
"      --pid N                ... of this process\n"
"      --user NAME            ... of this user\n"
"      --container ID         ... in this container (id or name)\n"
"      --unit NAME            ... of this systemd unit\n"
"      --follow               ... and what they start from now on\n"
"      --hash                 SHA-256 of each executable\n"
"      --geo FILE             country database (mmdb); may be repeated\n"
"      --no-comments          no readable line beside each packet\n"
"      --no-process-table     no table of processes at the end\n"
"      --no-cmdline           no arguments of processes: they can be secrets\n"
"      --log-level LEVEL      error, warning, info or debug (info)\n"
"      --remote HOST          capture there, through ssh; see the man page for\n"
"                             --remote-port PORT, --remote-command COMMAND,\n"
"                             --remote-sudo and --remote-copy\n"
"      --interval SECONDS     log: a line of what goes on, too\n"
"      --exclude-connection C not this one, as SSH_CONNECTION has it\n"
"  -h, --help                 this text\n"
"  -v, --version              the version\n"
"\n"
"With COMMAND: only what it and its descendants send and receive, until it\n"
"ends.  Under sudo it runs as the user who called.  Then, for example:\n"
"  tshark -r FILE -Y 'proc.name == \"curl\"'\n";

static int bad(const char *what, const char *value)
{
	log_error("%s \"%s\": see pktwho --help", what, value);
	return -EINVAL;
}

/* A whole number of at least @min and at most @max. */
static int parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	char *end;

	/* strtoull() takes " -1" for a very large number. */
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	*v = strtoull(s, &end, 10);
	return errno || *end || *v < min || *v > max ? -EINVAL : 0;
}

static int parse_int(const char *what, const char *s, int min, int max, int *v)
{
	uint64_t n;

	if (parse_number(s, (uint64_t)min, (uint64_t)max, &n))
		return bad(what, s);
	*v = (int)n;
	return 0;
}

static int parse_count(const char *what, const char *s, uint64_t *v)
{
	return parse_number(s, 1, UINT64_MAX, v) ? bad(what, s) : 0;
}

/* Seconds, with a fraction, as dumpcap takes them. */
static int parse_duration(const char *s, uint64_t *ns)
{
	char *end;
	double seconds = strtod(s, &end);

	/* Less than a nanosecond would be 0: no limit. */
	if (end == s || *end || !(seconds >= 1e-9) || seconds > 1e9)
		return bad("bad duration", s);
	*ns = (uint64_t)(seconds * 1e9);
	return 0;
}

static int parse_autostop(struct options *o, const char *s)
{
	if (!strncmp(s, "duration:", 9))
		return parse_duration(s + 9, &o->max_duration_ns);
	if (!strncmp(s, "packets:", 8))
		return parse_count("bad packet count", s + 8, &o->max_packets);
	if (!strcmp(s, "eof")) {
		o->until_eof = true;
		return 0;
	}
	return bad("bad autostop condition", s);
}

static int add_interface(struct options *o, const char *name,
			 const char *filter)
{
	if (o->interface_count == OPTIONS_MAX_INTERFACES)
		return bad("too many interfaces at", name);
	o->interfaces[o->interface_count++] =
		(struct options_interface){ name, filter };
	return 0;
}

/* Of a copy: what argv says may have to be said again, to another us. */
static int add_filter(struct options *o, enum filter_kind kind)
{
	const int before = o->filter.counts[kind];
	char *list = strdup(optarg);
	int added = list ? filter_add_list(&o->filter, kind, list) : -ENOMEM;
	uint64_t pid;

	if (added == -E2BIG)
		return bad("too many terms in", optarg);
	if (!added)
		return bad("nothing to filter by in", optarg);
	if (added < 0 || kind != FILTER_PID)
		return added < 0 ? added : 0;
	for (int i = before; i < o->filter.counts[kind]; i++)
		if (parse_number(o->filter.terms[kind][i], 1, UINT32_MAX, &pid))
			return bad("bad pid", o->filter.terms[kind][i]);
	return 0;
}

static int parse_log_level(const char *s, enum log_level *level)
{
	for (enum log_level l = LOG_ERROR; l <= LOG_DEBUG; l++) {
		if (strcmp(s, log_level_name(l)))
			continue;
		*level = l;
		return 0;
	}
	return bad("bad log level", s);
}

/* ssh would take a host that begins with "-" for an option of its own. */
static int take_remote(struct options_remote *r, int c)
{
	uint64_t port;

	switch (c) {
	case OPT_REMOTE:
		r->host = optarg;
		return *optarg && *optarg != '-' ? 0 : bad("bad host", optarg);
	case OPT_REMOTE_PORT:
		r->port = optarg;
		return parse_number(optarg, 1, 65535, &port) ?
			       bad("bad port", optarg) : 0;
	case OPT_REMOTE_COMMAND:
		r->command = optarg;
		return 0;
	case OPT_REMOTE_SUDO:
		r->sudo = true;
		return 0;
	default:
		r->copy = true;
		return 0;
	}
}

static int add_geo(struct options *o, const char *path)
{
	if (o->geo_count == OPTIONS_MAX_GEO)
		return bad("too many databases at", path);
	o->geo[o->geo_count++] = path;
	return 0;
}

/* As in dumpcap, -f belongs to the -i before it; first, to all that follow. */
static void set_filter(struct options *o, const char *filter,
		       const char **dflt)
{
	if (o->interface_count)
		o->interfaces[o->interface_count - 1].filter = filter;
	else
		*dflt = filter;
}

static int take(struct options *o, int c, const char **filter)
{
	switch (c) {
	case 'i':
		return add_interface(o, optarg, *filter);
	case 'f':
		set_filter(o, optarg, filter);
		return 0;
	case 'w':
		o->write = optarg;
		return 0;
	case 'c':
		return parse_count("bad packet count", optarg, &o->max_packets);
	case 'a':
		return parse_autostop(o, optarg);
	case 's':
		return parse_int("bad snapshot length", optarg, 0, MAX_SNAPLEN,
				 &o->snaplen);
	case 'B':
		return parse_int("bad buffer size", optarg, 1, 1024,
				 &o->buffer_mib);
	case 'p':
		o->no_promiscuous = true;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case 'D':
		o->action = ACTION_LIST_INTERFACES;
		return 0;
	case 'L':
		o->action = ACTION_LIST_LINKTYPES;
		return 0;
	case 'h':
		o->action = ACTION_HELP;
		return 0;
	case 'v':
		o->action = ACTION_VERSION;
		return 0;
	case OPT_GEO:
		return add_geo(o, optarg);
	case OPT_NO_COMMENTS:
		o->no_comments = true;
		return 0;
	case OPT_NO_PROCESS_TABLE:
		o->no_process_table = true;
		return 0;
	case OPT_NO_CMDLINE:
		o->no_cmdline = true;
		return 0;
	case OPT_HASH:
		o->hash = true;
		return 0;
	case OPT_FOLLOW:
		o->filter.follow = true;
		return 0;
	case OPT_LOG_LEVEL:
		return parse_log_level(optarg, &o->log_level);
	case OPT_INTERVAL:
		return parse_duration(optarg, &o->interval_ns);
	case OPT_EXCLUDE:
		o->exclude = optarg;
		return 0;
	case OPT_REMOTE:
	case OPT_REMOTE_PORT:
	case OPT_REMOTE_COMMAND:
	case OPT_REMOTE_SUDO:
	case OPT_REMOTE_COPY:
		return take_remote(&o->remote, c);
	default:
		return add_filter(o, (enum filter_kind)(c - OPT_FILTER));
	}
}

/* What getopt could not make sense of, in our words. */
static int unknown(int c, char **argv, int before)
{
	char shown[3] = { '-', (char)optopt, '\0' };
	const char *arg = optopt && optopt < 256 ? shown : argv[before];

	return bad(c == ':' ? "argument missing after" : "unknown option", arg);
}

/* What does not go together. */
static int check(const struct options *o)
{
	const struct options_remote *r = &o->remote;

	if (o->filter.follow && filter_is_empty(&o->filter))
		return bad("nobody to follow:", "--follow");
	if (options_show(o) && r->host)
		return bad("nothing can be shown of", r->host);
	if (o->action == ACTION_LOG && o->write && !strcmp(o->write, "-"))
		return bad("the log goes to", "-");
	if (o->interval_ns && o->action != ACTION_LOG)
		return bad("only for pktwho log:", "--interval");
	if (o->command && o->until_eof)
		return bad("the standard input belongs to", o->command[0]);
	if (!r->host)
		return r->port || r->command || r->sudo || r->copy ?
			       bad("which host, without", "--remote") : 0;
	if (o->command)
		return bad("no command can be started on", r->host);
	if (o->geo_count)
		return bad("no countries are looked up on", r->host);
	if (o->action == ACTION_LIST_INTERFACES ||
	    o->action == ACTION_LIST_LINKTYPES)
		return bad("no list can be had from", r->host);
	return 0;
}

bool options_show(const struct options *o)
{
	return o->action == ACTION_LOG;
}

/* A first word that is no option; it is taken away. */
static void take_action(struct options *o, int *argc, char ***argv)
{
	if (*argc < 2 || strcmp((*argv)[1], "log"))
		return;
	o->action = ACTION_LOG;
	(*argv)++;
	(*argc)--;
}

int options_parse(struct options *o, int argc, char **argv)
{
	const char *filter = NULL;
	int c, err, before;

	memset(o, 0, sizeof(*o));
	o->snaplen = MAX_SNAPLEN;
	o->log_level = LOG_INFO;
	if (argc == 2 && !strcmp(argv[1], "doctor")) {
		o->action = ACTION_DOCTOR;
		return 0;
	}
	take_action(o, &argc, &argv);
	optind = 0;		/* start afresh, GNU's way: tests parse often */
	opterr = 0;
	for (;;) {
		before = optind ? optind : 1;
		/* "+": stop at the first word, ":": tell what is missing. */
		c = getopt_long(argc, argv, "+:i:f:w:c:a:s:B:pqDLhv",
				long_options, NULL);
		if (c == -1)
			break;
		err = c == '?' || c == ':' ? unknown(c, argv, before) :
					     take(o, c, &filter);
		if (err)
			return err;
	}
	/* Only a "--" of its own moved optind: not one that is a file's name. */
	if (optind < argc && optind == before)
		return bad("unexpected argument", argv[optind]);
	if (optind < argc)
		o->command = argv + optind;
	else if (optind > before)
		return bad("no command after", "--");
	err = check(o);
	if (err)
		return err;
	if (!o->snaplen)
		o->snaplen = MAX_SNAPLEN;	/* 0 means all, as in tcpdump */
	return o->interface_count ? 0 : add_interface(o, "any", filter);
}
