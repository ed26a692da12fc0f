/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bytes.h"
#include "exact.h"
#include "options.h"

#define MAX_ARGS 40

/* Words after the program's name; they end at the first NULL. */
static int parse(struct options *o, const char *const *words)
{
	static char *argv[MAX_ARGS + 2];
	int argc = 1;

	argv[0] = "pktwho";
	while (words[argc - 1]) {
		argv[argc] = bytes_unconst(words[argc - 1]);
		argc++;
	}
	argv[argc] = NULL;
	memset(o, 0xee, sizeof(*o));
	return options_parse(o, argc, argv);
}

#define PARSE(o, ...) parse(o, (const char *const[]){ __VA_ARGS__, NULL })

static void nothing_means_everything(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, (const char *const[]){ NULL }), 0);
	assert_int_equal(o.action, ACTION_CAPTURE);
	assert_int_equal(o.interface_count, 1);
	assert_string_equal(o.interfaces[0].name, "any");
	assert_null(o.interfaces[0].filter);
	assert_null(o.write);
	assert_null(o.command);
	assert_int_equal(o.interfaces[0].how.snaplen, 262144);
	assert_int_equal(o.interfaces[0].how.buffer_mib, 0);
	assert_int_equal(o.max_packets, 0);
	assert_int_equal(o.max_duration_ns, 0);
	assert_int_equal(o.geo_count, 0);
	assert_int_equal(o.comments, COMMENTS_CHANGES);
	assert_int_equal(o.cmdline, CMDLINE_MASKED);
	assert_false(o.interfaces[0].how.no_promiscuous || o.no_process_table ||
		     o.quiet || o.hash);
	assert_true(filter_is_empty(&o.filter));
}

static void each_option_sets_its_own(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-i", "eth0", "-w", "-", "-s", "96", "-B",
			       "16", "-c", "10", "-a", "duration:2.5", "-p",
			       "-q", "--geo", "a.mmdb", "--geo=b.mmdb",
			       "--comments=none", "--no-process-table",
			       "--no-cmdline"),
			 0);
	assert_string_equal(o.interfaces[0].name, "eth0");
	assert_string_equal(o.write, "-");
	assert_int_equal(o.interfaces[0].how.snaplen, 96);
	assert_int_equal(o.interfaces[0].how.buffer_mib, 16);
	assert_int_equal(o.max_packets, 10);
	assert_int_equal(o.max_duration_ns, 2500000000);
	assert_int_equal(o.geo_count, 2);
	assert_string_equal(o.geo[0], "a.mmdb");
	assert_string_equal(o.geo[1], "b.mmdb");
	assert_int_equal(o.comments, COMMENTS_NONE);
	assert_true(o.interfaces[0].how.no_promiscuous && o.no_process_table &&
		    o.cmdline == CMDLINE_NONE && o.quiet);
	assert_int_equal(PARSE(&o, "-a", "duration:0"), 0);
	assert_int_equal(o.max_duration_ns, 1); /* and 0 were no limit */
	assert_int_equal(PARSE(&o, "--capture-comment", "a",
			       "--capture-comment=b"),
			 0);
	assert_string_equal(o.file_comments[0], "a");
	assert_string_equal(o.file_comments[1], "b");
	assert_null(o.file_comments[2]);
	assert_int_equal(PARSE(&o, "--cmdline", "full"), 0);
	assert_int_equal(o.cmdline, CMDLINE_FULL);
	assert_int_equal(PARSE(&o, "--cmdline=some"), -EINVAL);
	assert_int_equal(PARSE(&o, "--comments", "all"), 0);
	assert_int_equal(o.comments, COMMENTS_ALL);
	assert_int_equal(PARSE(&o, "--comments=all", "--comments=changes"), 0);
	assert_int_equal(o.comments, COMMENTS_CHANGES);

	assert_int_equal(PARSE(&o, "--interface=lo", "--snapshot-length", "0",
			       "--buffer-size=1", "--autostop=packets:5",
			       "--no-promiscuous-mode"),
			 0);
	assert_string_equal(o.interfaces[0].name, "lo");
	/* 0 is all, as in tcpdump. */
	assert_int_equal(o.interfaces[0].how.snaplen, 262144);
	assert_int_equal(o.interfaces[0].how.buffer_mib, 1);
	assert_int_equal(o.max_packets, 5);
	assert_true(o.interfaces[0].how.no_promiscuous);
	assert_int_equal(PARSE(&o, "-i", "eth0", "--no-comments"), 0);
	assert_int_equal(o.comments, COMMENTS_NONE);
}

/* As in dumpcap: first, for all that follow; later, for the one before it. */
static void each_interface_is_captured_in_its_own_way(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-s", "60", "-B", "4", "-i", "a", "-i", "b",
			       "-s", "0", "-p", "-i", "c", "-B", "8"),
			 0);
	assert_int_equal(o.interface_count, 3);
	assert_int_equal(o.interfaces[0].how.snaplen, 60);
	assert_int_equal(o.interfaces[1].how.snaplen, 262144);
	assert_int_equal(o.interfaces[2].how.snaplen, 60);
	assert_int_equal(o.interfaces[0].how.buffer_mib, 4);
	assert_int_equal(o.interfaces[1].how.buffer_mib, 4);
	assert_int_equal(o.interfaces[2].how.buffer_mib, 8);
	assert_false(o.interfaces[0].how.no_promiscuous);
	assert_true(o.interfaces[1].how.no_promiscuous);
	assert_false(o.interfaces[2].how.no_promiscuous);
	/* Where none is named it is the one that is captured. */
	assert_int_equal(PARSE(&o, "-s", "60", "-p"), 0);
	assert_int_equal(o.interfaces[0].how.snaplen, 60);
	assert_true(o.interfaces[0].how.no_promiscuous);
}

static void no_length_is_larger_than_any_packet(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-s", "500000000", "-B", "2047"), 0);
	assert_int_equal(o.interfaces[0].how.snaplen, 262144);
	assert_int_equal(o.interfaces[0].how.buffer_mib, 2047);
}

static void files_are_bounded(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-w", "a", "-a", "filesize:7"), 0);
	assert_int_equal(o.file.bytes, 7000);
	assert_false(o.ring.asked);
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "filesize:2M", "-b",
			       "duration:1.5", "-b", "packets:9", "-b",
			       "interval:60", "-b", "files:3", "-b", "total:1G",
			       "--ring-buffer=free:5k", "-a", "files:7", "-b",
			       "nametimenum:2", "-b", "printname:names"),
			 0);
	assert_true(o.ring.asked);
	assert_int_equal(o.file.bytes, 1998848); /* blocks of 4096 */
	assert_int_equal(o.file.duration_ns, 1500000000);
	assert_int_equal(o.file.packets, 9);
	assert_int_equal(o.file.interval_ns, 60000000000);
	assert_int_equal(o.ring.files, 3);
	assert_int_equal(o.ring.total, 1000000000);
	assert_int_equal(o.ring.free, 5000);
	assert_int_equal(o.ring.stop_files, 7);
	assert_int_equal(o.ring.name_order, 2);
	assert_string_equal(o.ring.print_names, "names");
	/* As dumpcap, without an end there is one file, with such a name. */
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "files:9"), 0);
	assert_true(o.ring.asked);
	assert_int_equal(PARSE(&o, "-w", "a", "-a", "files:9"), 0);
	assert_true(o.ring.asked);
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "duration:0"), 0);
	assert_int_equal(o.file.duration_ns, 500000000);
	/* A ring has names, and room for what it keeps. */
	assert_int_equal(PARSE(&o, "-b", "packets:9"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "-", "-b", "packets:9"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "-", "-a", "files:9"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "--freeze", "x"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "--freeze-on", "x"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "packets:9", "--freeze-on",
			       "expert:x"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "packets:9", "--freeze-on",
			       "expert:memfd"),
			 0);
	assert_true(filter_is_empty(&o.filter));
	assert_false(filter_is_empty(&o.freeze_on));
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "packets:9", "-b",
			       "free:1G"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "filesize:6", "-b",
			       "total:10"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "-b", "packets:9", "--remote",
			       "h"),
			 -EINVAL);
}

static void a_record_is_a_ring(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "record"), 0);
	assert_int_equal(o.action, ACTION_CAPTURE);
	assert_string_equal(o.write, "/var/lib/pktwho/record.pcapng");
	assert_true(o.ring.asked && o.ring.free && o.ring.of_host);
	assert_int_equal(o.ring.total, 2000000000);
	assert_int_equal(PARSE(&o, "record", "-w", "x", "-b", "total:1G", "-b",
			       "filesize:1M", "-i", "lo"),
			 0);
	assert_string_equal(o.write, "x");
	assert_false(o.ring.of_host);
	assert_int_equal(o.ring.total, 1000000000);
	assert_int_equal(o.file.bytes, 999424);
}

static void words_are_a_filter(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-i", "lo", "tcp", "port", "80"), 0);
	assert_string_equal(o.interfaces[0].filter, "tcp port 80");
	assert_int_equal(PARSE(&o, "-nn", "not port 22"), 0);
	assert_string_equal(o.interfaces[0].name, "any");
	assert_string_equal(o.interfaces[0].filter, "not port 22");
	assert_int_equal(PARSE(&o, "-i", "a", "-i", "b", "udp"), -EINVAL);
	assert_int_equal(PARSE(&o, "udp", "-w", "x"), -EINVAL);
	assert_int_equal(PARSE(&o, "tpo"), -EINVAL);
	assert_int_equal(PARSE(&o, "tcp"), 0);
	assert_string_equal(o.interfaces[0].filter, "tcp");
}

/* As libpcap's scanner has them; what is none is a command, most likely. */
static void a_filter_begins_with_a_word_of_pcap(void **state)
{
	static const char *const yes[] = {
		"tcp",
		"not tcp",
		"ip6 host ::1",
		"tcp[tcpflags] & 2 != 0",
		"(udp)",
		"!arp",
		"ether[0] = 1",
		"len > 9",
		"es-is",
		"1 = 1",
		"",
	};
	static const char *const no[] = {
		"curl", "tcpx", "to", "ping -c 1", "http://a/",
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(options_begins_filter(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(options_begins_filter(no[i]));
	assert_int_equal(PARSE(&o, "-w", "a", "curl", "http://b/"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "ping", "-c", "1"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "udp", "port", "53"), 0);
}

static void a_display_filter_is_known(void **state)
{
	static const char *const display[] = {
		"tcp.port == 80",	  "ip.addr==192.0.2.1",
		"!(ip.src != 192.0.2.1)", "tcp and proc.name contains \"x\"",
		"tcp.port in {80 443}",	  "frame.len>9",
	};
	static const char *const capture[] = {
		"tcp port 80",	    "host www.example.com",
		"tcp[13] & 2 != 0", "host 192.0.2.1 and port 80",
		"len > 9",	    "",
		"net 192.0.2",	    "host a.example.com && tcp[tcpflags] == 2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(display) / sizeof(*display); i++)
		if (!options_is_display_filter(display[i]))
			fail_msg("not known: %s", display[i]);
	for (size_t i = 0; i < sizeof(capture) / sizeof(*capture); i++)
		if (options_is_display_filter(capture[i]))
			fail_msg("taken for one: %s", capture[i]);
}

static void a_display_filter_of_names_is_known(void **state)
{
	static const char *const display[] = {
		"http",
		"!arp && !tls",
		"not dns",
		"tcp and http",
		"(dns||mdns)",
		"http&&!tls",
		"http.request",
		"not ip.src",
		"tcp.analysis.retransmission or proc.src.name",
	};
	static const char *const capture[] = {
		"arp",
		"tcp",
		"host http",
		"port dns",
		"www.example.com",
		"tcp port http",
		"www",
		"http GET",
		"",
		"!",
		"udp && dst ntp",
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(display) / sizeof(*display); i++)
		if (!options_names_protocols(display[i]))
			fail_msg("not known: %s", display[i]);
	for (size_t i = 0; i < sizeof(capture) / sizeof(*capture); i++)
		if (options_names_protocols(capture[i]))
			fail_msg("taken for one: %s", capture[i]);
	/* There may be a host of that name: only libpcap can tell. */
	assert_int_equal(PARSE(&o, "-w", "a", "-f", "http"), 0);
	assert_int_equal(PARSE(&o, "-w", "a", "dns"), 0);
	assert_int_equal(PARSE(&o, "-w", "a", "http", "GET"), -EINVAL);
}

static void files_are_searched(void **state)
{
	static const char *const vain[] = {
		"-g",		"-p",
		"-s60",		"-B4",
		"--names",	"--no-process-table",
		"--no-cmdline", "--capture-comment=x",
		"--hash",	"--keylog",
	};
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "cut", "--last", "10m", "-w", "x", "a", "b"),
			 0);
	assert_int_equal(o.last_ns, 600000000000);
	assert_string_equal(o.paths[0], "a");
	assert_string_equal(o.paths[1], "b");
	assert_null(o.paths[2]);
	assert_int_equal(PARSE(&o, "find", "--proc", "curl"), 0);
	assert_string_equal(o.paths[0], "/var/lib/pktwho");
	assert_int_equal(PARSE(&o, "find", "--sha256", "deadbeef"), 0);
	assert_int_equal(PARSE(&o, "cut", "-w", "x", "--keep",
			       "sha256:deadbeef"),
			 0);
	assert_int_equal(PARSE(&o, "find", "--sha256", "dead"), -EINVAL);
	assert_int_equal(PARSE(&o, "--sha256", "deadbeef"), -EINVAL);
	assert_int_equal(PARSE(&o, "--keep", "sha256:deadbeef"), -EINVAL);
	assert_int_equal(PARSE(&o, "find", "--proc", "a", "--last", "2d"), 0);
	assert_int_equal(o.last_ns, 172800000000000);
	assert_int_equal(PARSE(&o, "cut", "-w", "x", "-i", "lo"), -EINVAL);
	for (size_t i = 0; i < sizeof(vain) / sizeof(*vain); i++)
		if (PARSE(&o, "cut", "-w", "x", vain[i]) != -EINVAL)
			fail_msg("%s", vain[i]);
	assert_int_equal(PARSE(&o, "cut", "-w", "x", "--process-blocks"), 0);
	assert_int_equal(PARSE(&o, "find", "--proc", "a", "--process-blocks"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "cut", "-w", "x", "--last", "m"), -EINVAL);
	assert_int_equal(PARSE(&o, "cut", "-w", "x", "--last", "0"), -EINVAL);
	assert_int_equal(PARSE(&o, "cut", "-w", "x", "--last", "1mm"), -EINVAL);
}

static void what_was_meant_is_near(void **state)
{
	struct options o;

	(void)state;
	assert_string_equal(options_nearest("--interfce"), "interface");
	assert_string_equal(options_nearest("--porc=curl"), "proc");
	assert_string_equal(options_nearest("docter"), "doctor");
	assert_null(options_nearest("--wrong"));
	assert_null(options_nearest("curl"));
	assert_null(options_nearest("-x"));
	assert_null(options_nearest(""));
	assert_null(options_nearest("a-word-that-is-longer-than-any-there-is"));
	assert_non_null(options_instead("--log-file=x"));
	assert_null(options_instead("--log"));
	assert_int_equal(PARSE(&o, "-w", "a", "--process", "curl"), -EINVAL);
	assert_int_equal(PARSE(&o, "-w", "a", "--process-b"), 0);
	assert_int_equal(PARSE(&o, "log", "--log-file", "x"), 0);
}

static void processes_are_chosen(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--proc", "curl", "--proc=ss*", "--pid=42",
			       "--user", "alice", "--container", "web",
			       "--unit", "nginx", "--follow", "--hash"),
			 0);
	assert_int_equal(o.filter.counts[FILTER_PROC], 2);
	assert_string_equal(o.filter.terms[FILTER_PROC][0], "curl");
	assert_string_equal(o.filter.terms[FILTER_PROC][1], "ss*");
	assert_string_equal(o.filter.terms[FILTER_PID][0], "42");
	assert_string_equal(o.filter.terms[FILTER_USER][0], "alice");
	assert_string_equal(o.filter.terms[FILTER_CONTAINER][0], "web");
	assert_string_equal(o.filter.terms[FILTER_UNIT][0], "nginx");
	assert_true(o.filter.follow && o.hash);
}

static void a_list_has_commas(void **state)
{
	char names[] = "curl,ss*", pids[] = "1,2,x", spaced[] = " a b,\t,c ,";
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--proc", names), 0);
	assert_int_equal(o.filter.counts[FILTER_PROC], 2);
	assert_string_equal(o.filter.terms[FILTER_PROC][0], "curl");
	assert_string_equal(o.filter.terms[FILTER_PROC][1], "ss*");
	/* Whoever gets argv next finds all of it. */
	assert_string_equal(names, "curl,ss*");
	assert_int_equal(PARSE(&o, "--pid", pids), -EINVAL);
	assert_int_equal(PARSE(&o, "--proc", spaced), 0);
	assert_int_equal(o.filter.counts[FILTER_PROC], 2);
	assert_string_equal(o.filter.terms[FILTER_PROC][0], "a b");
	assert_string_equal(o.filter.terms[FILTER_PROC][1], "c");
}

static void another_machine_is_described(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-i", "lo"), 0);
	assert_null(o.remote.host);
	assert_int_equal(PARSE(&o, "--remote", "web", "--remote-port=2222",
			       "--remote-sudo", "--remote-copy", "-a", "eof",
			       "--remote-command", "/opt/pktwho"),
			 0);
	assert_string_equal(o.remote.host, "web");
	assert_int_equal(o.remote.port, 2222);
	assert_string_equal(o.remote.command, "/opt/pktwho");
	assert_true(o.remote.sudo && o.remote.copy && o.until_eof);
	assert_int_equal(PARSE(&o, "--remote", "web", "--", "curl"), -EINVAL);
	assert_int_equal(PARSE(&o, "--remote", "web", "--geo", "x"), -EINVAL);
	assert_int_equal(PARSE(&o, "--remote", "web", "-D"), -EINVAL);
	assert_int_equal(PARSE(&o, "--remote", "web", "-L"), -EINVAL);
	assert_int_equal(PARSE(&o, "-a", "eof", "--", "cat"), -EINVAL);
}

static void actions_are_recognized(void **state)
{
	static const struct {
		const char *word;
		enum options_action action;
	} rows[] = {
		{ "-D", ACTION_LIST_INTERFACES },
		{ "--list-interfaces", ACTION_LIST_INTERFACES },
		{ "-L", ACTION_LIST_LINKTYPES },
		{ "--list-data-link-types", ACTION_LIST_LINKTYPES },
		{ "-h", ACTION_HELP },
		{ "--help", ACTION_HELP },
		{ "-v", ACTION_VERSION },
		{ "--version", ACTION_VERSION },
		{ "doctor", ACTION_DOCTOR },
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(PARSE(&o, rows[i].word), 0);
		assert_int_equal(o.action, rows[i].action);
	}
}

static void bad_usage_is_refused(void **state)
{
	/* clang-format off */
	static const char *const rows[][4] = {
		{ "--nonsense" }, { "-Z" }, { "-pZ" }, { "--no-cmdline=1" },
		{ "--comments" }, { "--comments=" }, { "--comments=some" },
		{ "--no-" },			/* which of them? */
		{ "-i" }, { "-w" }, { "--geo" }, { "-qf" },
		{ "-c", "0" }, { "-c", "-1" }, { "-c", " -1" }, { "-c", "" },
		{ "-c", "ten" }, { "-c", "10x" }, { "-c", "1.5" },
		{ "-c", "18446744073709551616" },
		{ "-s", "-1" }, { "-s", "2147483648" }, { "-s", "x" },
		{ "-B", "0" }, { "-B", "2048" }, { "-B", "4294967297" },
		{ "-a", "" }, { "-a", "duration" }, { "-a", "duration:" },
		{ "-a", "duration:0.0" }, { "-a", "duration:-1" },
		{ "-b", "interval:0" },
		{ "-a", "duration:nan" }, { "-a", "duration:inf" },
		{ "-a", "duration:1e-12" }, { "-a", "duration:5s" },
		{ "-a", "duration:1e10" }, { "-a", "packets:0" },
		{ "--keep", "" }, { "--keep", "x:y" }, { "--keep=a", "--keep=b" },
		{ "-ilo", "-ilo" }, { "-w", "a", "-w", "b" },
		{ "--stats=a", "--stats=a" }, { "-i", "rpcap://a/b" },
		{ "-i", "any", "-i", "lo" }, { "-i", "lo", "-i", "any" },
		{ "-i", "TCP@a:1" }, { "-b", "filesize:0" }, { "-b", "filesize:1q" },
		{ "-b", "filesize:1MB" }, { "-b", "filesize:-1" },
		{ "-b", "filesize:99999999999999999T" }, { "-b", "" },
		{ "-b", "nametimenum:3" }, { "-b", "printname:" },
		{ "-b", "eof" }, { "-a", "interval:1" },
		{ "-a", "packets:x" }, { "-a", "Packets:1" },
		{ "--follow" },			/* whom? */
		{ "--pid", "0" }, { "--pid", "x" }, { "--pid", "4294967296" },
		{ "--proc", "" }, { "--proc", " , " }, { "--unit=" },
		{ "--log-level", "loud" }, { "--remote", "" },
		{ "--remote", "-oProxyCommand=x" }, { "--remote-port", "0" },
		{ "--remote-port", "ssh" },	{ "--remote-port", "22" },
		{ "--remote-sudo" }, { "--remote-copy" }, { "-i", "lo", "doctor" },
		{ "file.pcapng" }, { "-i", "lo", "file.pcapng" },
		{ "-w", "--", "file.pcapng" },	/* a file called "--" */
	};
	/* clang-format on */
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (parse(&o, rows[i]) != -EINVAL)
			fail_msg("taken: %s %s", rows[i][0],
				 rows[i][1] ? rows[i][1] : "");
}

/* As in dumpcap: -f first is for all, after an -i for that one. */
static void a_filter_belongs_to_what_it_follows(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-f", "tcp"), 0);
	assert_string_equal(o.interfaces[0].name, "any");
	assert_string_equal(o.interfaces[0].filter, "tcp");

	assert_int_equal(PARSE(&o, "-f", "tcp", "-i", "a", "-i", "b"), 0);
	assert_string_equal(o.interfaces[0].filter, "tcp");
	assert_string_equal(o.interfaces[1].filter, "tcp");

	assert_int_equal(PARSE(&o, "-i", "a", "-f", "tcp", "-i", "b"), 0);
	assert_string_equal(o.interfaces[0].filter, "tcp");
	assert_null(o.interfaces[1].filter);

	assert_int_equal(PARSE(&o, "-f", "ip", "-i", "a", "-f", "tcp", "-i",
			       "b"),
			 0);
	assert_string_equal(o.interfaces[0].filter, "tcp");
	assert_string_equal(o.interfaces[1].filter, "ip");
}

static void what_is_repeated_is_bounded(void **state)
{
	static const char letters[] = "abcdefghijklmnopq";
	const char *words[2 * OPTIONS_MAX_INTERFACES + 3] = { 0 };
	struct options o;
	int n = 0;

	(void)state;
	while (n < 2 * OPTIONS_MAX_INTERFACES) {
		words[n] = "-i";
		words[n + 1] = letters + n / 2;
		n += 2;
	}
	assert_int_equal(parse(&o, words), 0);
	assert_int_equal(o.interface_count, OPTIONS_MAX_INTERFACES);
	words[n++] = "-i";
	words[n] = "lo";
	assert_int_equal(parse(&o, words), -EINVAL);

	memset(words, 0, sizeof(words));
	for (n = 0; n < OPTIONS_MAX_GEO; n++)
		words[n] = "--geo=x";
	assert_int_equal(parse(&o, words), 0);
	words[n] = "--geo=x";
	assert_int_equal(parse(&o, words), -EINVAL);

	for (n = 0; n < FILTER_MAX_TERMS; n++)
		words[n] = "--proc=x";
	assert_int_equal(parse(&o, words), 0);
	words[n] = "--proc=x";
	assert_int_equal(parse(&o, words), -EINVAL);
}

/* What follows "--" is the command's own, options and all. */
static void a_command_keeps_its_words(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "-q", "--", "curl", "-s", "--", "x"), 0);
	assert_string_equal(o.command[0], "curl");
	assert_string_equal(o.command[1], "-s");
	assert_string_equal(o.command[2], "--");
	assert_string_equal(o.command[3], "x");
	assert_null(o.command[4]);
	assert_int_equal(o.interfaces[0].how.snaplen, 262144);

	assert_int_equal(PARSE(&o, "-w", "--", "--", "true"), 0);
	assert_string_equal(o.write, "--");
	assert_string_equal(o.command[0], "true");
	assert_null(o.command[1]);

	assert_int_equal(PARSE(&o, "-w", "--"), 0);
	assert_string_equal(o.write, "--");
	assert_null(o.command);
}

static void a_log_is_a_capture_without_a_file(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "log", "-i", "lo", "--interval", "2"), 0);
	assert_int_equal(o.action, ACTION_LOG);
	assert_true(options_show(&o));
	assert_string_equal(o.interfaces[0].name, "lo");
	assert_int_equal(o.interval_ns, 2000000000);
	assert_int_equal(PARSE(&o, "log", "-w", "x.pcapng", "--", "curl"), 0);
	assert_string_equal(o.command[0], "curl");
	assert_int_equal(PARSE(&o, "log", "-w", "-"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--remote", "web"), 0);
	assert_int_equal(PARSE(&o, "log", "--remote", "web", "-w", "x"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--remote", "web", "-r", "x"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "log", "log"), -EINVAL);
	assert_int_equal(PARSE(&o, "-q", "log"), -EINVAL);
	assert_int_equal(PARSE(&o, "--interval", "2"), -EINVAL);
	assert_int_equal(PARSE(&o, "-q"), 0);
	assert_false(options_show(&o));
}

static void a_table_takes_what_top_takes(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "top", "--batch", "-n", "3", "-d", "0.5"),
			 0);
	assert_int_equal(o.action, ACTION_TOP);
	assert_int_equal(o.max_reports, 3);
	assert_int_equal(o.interval_ns, 500000000);
	assert_int_equal(PARSE(&o, "top", "-d", "x"), -EINVAL);
	assert_int_equal(PARSE(&o, "-d", "tcp"), 0);
	assert_int_equal(o.action, ACTION_PRINT_FILTER);
	assert_int_equal(PARSE(&o, "top", "--countries", "AT, de,CH"), 0);
	assert_string_equal(o.countries, "AT, de,CH");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(PARSE(&o, "top", "--countries",
				       (char *[]){ "Germany", "", "A1",
						   "AT,Germany" }[i]),
				 -EINVAL);
}

static void statistics_are_of_a_capture(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--stats", "s", "-w", "-"), 0);
	assert_string_equal(o.stats, "s");
	assert_int_equal(PARSE(&o, "--stats", "-", "-w", "x"), 0);
	assert_int_equal(PARSE(&o, "top", "--stats", "s"), 0);
	assert_int_equal(PARSE(&o, "--stats", "-", "-w", "-"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--stats", "-"), -EINVAL);
	assert_int_equal(PARSE(&o, "--stats", "s", "--remote", "h"), -EINVAL);
	assert_int_equal(PARSE(&o, "-P", "--stats", "s", "-r", "f"), -EINVAL);
	assert_int_equal(PARSE(&o, "cut", "--stats", "s", "-w", "f"), -EINVAL);
}

static void a_file_is_stripped(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "strip", "in", "-w", "out"), 0);
	assert_string_equal(o.paths[0], "in");
	assert_null(o.paths[1]);
	assert_string_equal(o.write, "out");
	assert_int_equal(o.strip, 0);
	assert_int_equal(PARSE(&o, "strip", "--what", "users,arguments", "-w",
			       "out", "--", "-in"),
			 0);
	assert_int_equal(o.strip, STRIP_USERS | STRIP_ARGUMENTS);
	assert_string_equal(o.paths[0], "-in");
	assert_int_equal(PARSE(&o, "strip", "in"), -EINVAL);
	assert_int_equal(PARSE(&o, "strip", "-w", "out", "a", "b"), -EINVAL);
	assert_int_equal(PARSE(&o, "strip", "-w", "out", "a", "--what", "x"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "strip", "-w", "out", "a", "--what", ","),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "strip", "-w", "o", "a", "--proc", "curl"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "--what", "users"), -EINVAL);
	assert_int_equal(PARSE(&o, "cut", "a", "-w", "out", "b"), 0);
	assert_string_equal(o.paths[1], "b");
	assert_null(o.paths[2]);
}

static void a_namespace_is_of_a_capture(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--netns", "blue", "-i", "eth0"), 0);
	assert_string_equal(o.netns, "blue");
	assert_int_equal(PARSE(&o, "--netns", "blue", "-D"), 0);
	assert_int_equal(PARSE(&o, "--netns", "all"), 0);
	assert_int_equal(PARSE(&o, "log", "--netns", "a", "-r", "f"), -EINVAL);
	assert_int_equal(PARSE(&o, "find", "--netns", "a", "--proc", "x"),
			 -EINVAL);
}

static void keys_are_a_commands(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "--keylog", "--", "curl"), 0);
	assert_true(o.keylog);
	assert_int_equal(PARSE(&o, "--keylog"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--keylog", "--", "curl"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--keylog", "-w", "f", "--", "curl"),
			 0);
}

static void lines_go_to_one_place(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "log", "--log-file", "l", "--log-rotate",
			       "filesize:2", "--log-rotate", "total:8"),
			 0);
	assert_string_equal(o.log_file, "l");
	assert_true(o.log_ring.asked);
	assert_int_equal(o.log_limits.bytes, 2000);
	assert_int_equal(o.log_ring.total, 8000);
	assert_false(o.ring.asked);
	assert_int_equal(PARSE(&o, "log", "--journal"), 0);
	assert_true(o.journal);
	assert_int_equal(PARSE(&o, "top", "--journal"), -EINVAL);
	assert_int_equal(PARSE(&o, "--log-file", "l"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--log-file", "l.gz",
			       "--compress-type", "zstd"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--log-file", "l.gz",
			       "--compress-type", "gzip"),
			 0);
	assert_int_equal(PARSE(&o, "log", "--journal", "--log-file", "l"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--log-rotate", "filesize:2"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--log-file", "l", "--log-rotate",
			       "files:2"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--log-file", "l", "--log-rotate",
			       "duration:2", "--log-rotate", "total:8"),
			 -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--log-file", "l", "--log-rotate",
			       "filesize:5", "--log-rotate", "total:8"),
			 -EINVAL);
}

static void top_has_a_screen_or_reports(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "top", "--by", "hosts", "-w", "x"), 0);
	assert_int_equal(o.action, ACTION_TOP);
	assert_string_equal(o.by, "hosts");
	assert_false(o.batch);
	assert_int_equal(PARSE(&o, "top", "--batch", "-n", "3", "--json"), 0);
	assert_true(o.batch && o.json);
	assert_int_equal(o.max_reports, 3);
	assert_int_equal(PARSE(&o, "top", "-n", "3"), -EINVAL);
	assert_int_equal(PARSE(&o, "top", "--json"), -EINVAL);
	assert_int_equal(PARSE(&o, "top", "-a", "eof"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--batch"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "--by", "hosts"), -EINVAL);
	assert_int_equal(PARSE(&o, "top", "--countries", "AT,DE"), 0);
	assert_string_equal(o.countries, "AT,DE");
	assert_int_equal(PARSE(&o, "log", "--countries", "AT"), -EINVAL);
	assert_int_equal(PARSE(&o, "--batch"), -EINVAL);
}

static void what_is_read_is_not_captured(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(PARSE(&o, "top", "-r", "x"), 0);
	assert_string_equal(o.read, "x");
	assert_int_equal(PARSE(&o, "log", "--read-file=-", "--geo", "y"), 0);
	assert_int_equal(PARSE(&o, "-r", "x"), -EINVAL);
	assert_int_equal(PARSE(&o, "top", "-r", "x", "-i", "lo"), -EINVAL);
	assert_int_equal(PARSE(&o, "top", "-r", "x", "-f", "tcp"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "-r", "x", "-w", "y"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "-r", "x", "--pid", "1"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "-r", "x", "--", "y"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "-r", "x", "-c", "1"), -EINVAL);
	assert_int_equal(PARSE(&o, "log", "-r", "x", "-a", "eof"), -EINVAL);
}

/* ---- every option is documented ---- */

/* A whole file, or NULL if it is not there. */
static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t n;

	if (!f)
		return NULL;
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	n = fread(text, 1, (1 << 20) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; (text = strstr(text, word)); text += n)
		if (!strchr("-abcdefghijklmnopqrstuvwxyz", text[n]) || !text[n])
			return true;
	return false;
}

static char *help_text(void)
{
	size_t size;
	char *text;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	options_print_help(f);
	fclose(f);
	return text;
}

/* "--word" or "-x". */
static const char *word_of(const struct option_row *row)
{
	static char word[64];

	if (row->name)
		snprintf(word, sizeof(word), "--%s", row->name);
	else
		snprintf(word, sizeof(word), "-%c", row->letter);
	return word;
}

static bool parses(const char *word, const char *arg)
{
	struct options o;

	/* --follow needs somebody, --remote-port a host, -b a name. */
	return !PARSE(&o, "top", "--batch", word, arg) ||
	       !PARSE(&o, word, arg) || !PARSE(&o, "--pid=1", word, arg) ||
	       !PARSE(&o, "--remote=1", word, arg) ||
	       !PARSE(&o, "log", word, arg) ||
	       !PARSE(&o, "cut", "-w", "1", word, arg) ||
	       !PARSE(&o, "strip", "-w", "1", "1", word, arg) ||
	       !PARSE(&o, "log", "--log-file=1", word, arg) ||
	       !PARSE(&o, "-w", "1", "-b", "packets:1", word, arg) ||
	       (!arg && !PARSE(&o, word, "--", "true"));
}

static void every_row_can_be_taken(void **state)
{
	(void)state;
	for (int i = 0; i < options_count; i++) {
		const struct option_row *row = &options_table[i];
		const char *arg = row->argument ? "1" : NULL;
		char first[32];

		if (!strcmp(word_of(row), "--sha256"))
			arg = "deadbeef";
		if (!strcmp(word_of(row), "--countries"))
			arg = "AT";
		if (row->value == VALUE_WORD) {
			assert_int_equal(sscanf(row->words, "%30s", first), 1);
			if (!strcmp(first, "duration:"))
				strcat(first, "1");
			arg = first;
		}
		if (!parses(word_of(row), arg))
			fail_msg("not taken: %s", word_of(row));
	}
}

static void no_two_rows_are_alike(void **state)
{
	(void)state;
	for (int i = 0; i < options_count; i++) {
		const struct option_row *a = &options_table[i];

		/* Wireshark calls an option by its name. */
		assert_true(a->name || (a->letter && !a->dialog.offered));
		for (int j = 0; j < i; j++) {
			const struct option_row *b = &options_table[j];

			assert_true(!a->letter || a->letter != b->letter);
			assert_true(!a->name || !b->name ||
				    strcmp(a->name, b->name));
		}
	}
}

static void what_the_dialog_shows_first_is_offered(void **state)
{
	(void)state;
	for (int i = 0; i < options_count; i++) {
		const struct option_row *row = &options_table[i];

		if (row->dialog.initial && row->value == VALUE_WORD)
			assert_true(has_word(row->words, row->dialog.initial));
	}
}

static void help_names_every_option(void **state)
{
	char *help = help_text();

	(void)state;
	for (int i = 0; i < options_count; i++)
		if (!has_word(help, word_of(&options_table[i])))
			fail_msg("no help: %s", word_of(&options_table[i]));
	free(help);
}

static void help_fits_one_screen(void **state)
{
	char *help = help_text();
	int lines = 0;

	(void)state;
	for (const char *s = help; *s; lines++) {
		assert_in_range(strcspn(s, "\n"), 0, 79);
		s += strcspn(s, "\n");
		assert_int_equal(*s++, '\n');
	}
	assert_in_range(lines, 1, 60);
	free(help);
}

static void help_has_commands_in_columns(void **state)
{
	char *help = help_text();

	(void)state;
	for (const struct option_command *c = options_commands; c->word; c++) {
		char *at = strstr(help, c->help);

		assert_non_null(at);
		assert_int_equal(at[-1], ' ');
		assert_int_equal(at[-34], '\n');
	}
	free(help);
}

/* In mdoc(7) "Fl -word" is "--word", and "Fl x" is "-x". */
static void the_man_page_has_every_option(void **state)
{
	char *text = slurp(DOCS "/pktwho.1");
	char flag[80];

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < options_count; i++) {
		const struct option_row *row = &options_table[i];

		snprintf(flag, sizeof(flag), "Fl %s", word_of(row) + 1);
		if (!has_word(text, flag))
			fail_msg("not in the man page: %s", word_of(row));
		snprintf(flag, sizeof(flag), "\n.It Fl %c", row->letter);
		if (row->letter && !has_word(text, flag))
			fail_msg("not in the man page: %s", flag + 5);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_means_everything),
		cmocka_unit_test(each_option_sets_its_own),
		cmocka_unit_test(each_interface_is_captured_in_its_own_way),
		cmocka_unit_test(no_length_is_larger_than_any_packet),
		cmocka_unit_test(files_are_bounded),
		cmocka_unit_test(a_record_is_a_ring),
		cmocka_unit_test(words_are_a_filter),
		cmocka_unit_test(a_filter_begins_with_a_word_of_pcap),
		cmocka_unit_test(a_display_filter_is_known),
		cmocka_unit_test(a_display_filter_of_names_is_known),
		cmocka_unit_test(files_are_searched),
		cmocka_unit_test(what_was_meant_is_near),
		cmocka_unit_test(processes_are_chosen),
		cmocka_unit_test(a_list_has_commas),
		cmocka_unit_test(another_machine_is_described),
		cmocka_unit_test(actions_are_recognized),
		cmocka_unit_test(bad_usage_is_refused),
		cmocka_unit_test(a_filter_belongs_to_what_it_follows),
		cmocka_unit_test(what_is_repeated_is_bounded),
		cmocka_unit_test(a_command_keeps_its_words),
		cmocka_unit_test(a_log_is_a_capture_without_a_file),
		cmocka_unit_test(a_table_takes_what_top_takes),
		cmocka_unit_test(statistics_are_of_a_capture),
		cmocka_unit_test(a_file_is_stripped),
		cmocka_unit_test(a_namespace_is_of_a_capture),
		cmocka_unit_test(keys_are_a_commands),
		cmocka_unit_test(lines_go_to_one_place),
		cmocka_unit_test(top_has_a_screen_or_reports),
		cmocka_unit_test(what_is_read_is_not_captured),
		cmocka_unit_test(every_row_can_be_taken),
		cmocka_unit_test(no_two_rows_are_alike),
		cmocka_unit_test(what_the_dialog_shows_first_is_offered),
		cmocka_unit_test(help_names_every_option),
		cmocka_unit_test(help_fits_one_screen),
		cmocka_unit_test(help_has_commands_in_columns),
		cmocka_unit_test(the_man_page_has_every_option),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
