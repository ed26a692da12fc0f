/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generate FILE COUNTRY.mmdb: writes samples/countries.pcapng, the same bytes
 * every time, with the functions the tool itself writes with.
 *
 * It is not real traffic: one host talks to public addresses in several
 * countries, and every way an owner can be known to us occurs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "geo.h"
#include "packet/parse.h"
#include "output/pcapng/pcapng_option.h"
#include "output/pcapng/pcapng_writer.h"
#include "record.h"
#include "bytes.h"
#include "output/packet_options.h"
#include "process/records/kept_record.h"

#define START_NS 1798106400000000000u /* 2026-12-24T10:00:00Z */
#define STEP_NS	 12345678u
#define HOST4	 "10.0.2.15"
#define HOST6	 "2001:db8::215"
#define RESOLVER "10.0.2.3"

struct program {
	uint32_t pid, ppid, uid;
	const char *name, *user, *exepath, *cmdline, *unit, *container;
};

enum { CURL, FIREFOX, SSHD, SHOP, NTP, NOBODY };

static const struct program programs[] = {
	[CURL] = { 4242, 4000, 1000, "curl", "alice", "/usr/bin/curl",
		   "curl http://www.example.com/", NULL, NULL },
	[FIREFOX] = { 3100, 1500, 1000, "firefox-esr", "alice",
		      "/usr/lib/firefox-esr/firefox-esr", "firefox-esr", NULL,
		      NULL },
	[SSHD] = { 812, 1, 0, "sshd", "root", "/usr/sbin/sshd",
		   "sshd: /usr/sbin/sshd -D", "ssh.service", NULL },
	[SHOP] = { 2290, 2270, 33, "nginx", "www-data", "/usr/sbin/nginx",
		   "nginx: worker process", NULL,
		   "3f4c9d2b7a6e5f40112233445566778899aabbccddeeff001122334455667788" },
	[NTP] = { 701, 1, 101, "ntpd", "ntp", "/usr/sbin/ntpd",
		  "/usr/sbin/ntpd -n", "ntp.service", NULL },
};

/* A conversation: who, with whom, and what is said first. */
struct talk {
	int who; /* NOBODY: see attr */
	uint8_t attr;
	uint8_t reason;
	const char *peer;
	uint16_t local_port, peer_port;
	uint8_t proto;
	bool incoming;
	const char *host;	    /* looked up first, or NULL */
	const char *asks, *answers; /* NULL: TLS */
};

static const struct talk talks[] = {
	{ CURL, ATTR_SOCKET, 0, "81.2.69.142", 40110, 80, IPPROTO_TCP, false,
	  NULL, "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n" },
	{ FIREFOX, ATTR_SOCKET, 0, "133.242.0.3", 40220, 80, IPPROTO_TCP, false,
	  "news.example.net",
	  "GET /news HTTP/1.1\r\nHost: news.example.net\r\n\r\n",
	  "HTTP/1.1 204 No Content\r\n\r\n" },
	{ FIREFOX, ATTR_SOCKET, 0, "2001:67c:2e8:22::c100:68b", 40230, 443,
	  IPPROTO_TCP, false, "map.example.org", NULL, NULL },
	{ SHOP, ATTR_SOCKET, 0, "200.160.2.3", 8080, 51234, IPPROTO_TCP, true,
	  NULL, "GET /cart HTTP/1.1\r\nHost: shop.example.com\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" },
	{ NTP, ATTR_SCAN, 0, "196.216.2.6", 123, 123, IPPROTO_UDP, false, NULL,
	  NULL, NULL },
};

struct maker {
	struct pcapng_writer *writer;
	struct packet_options *options_cache;
	struct rests *rests;
	struct geo *geo;
	uint64_t ts_ns;
	uint64_t packets[NOBODY], bytes[NOBODY];
	uint64_t first_ns[NOBODY], last_ns[NOBODY];
	uint64_t total;
	uint64_t ends[ATTR_COUNT]; /* packet ends by how they are known */
};

static void check(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "generate: %s: %s\n", what, strerror(-err));
	exit(1);
}

/* ---- owners ---- */

static uint64_t id_of(int who)
{
	static const uint8_t boot[16] = "a sample's boot";

	return process_id(boot, programs[who].pid, programs[who].pid * 10, 1);
}

static void set_text(struct process *p, enum field f, char *out, size_t size,
		     const char *s)
{
	if (!s)
		return;
	snprintf(out, size, "%s", s);
	process_set_field(p, f);
}

#define SET_TEXT(p, field, member, s) \
	set_text(p, field, (p)->member, sizeof((p)->member), s)

static void set_process(struct process *p, int who)
{
	const struct program *g = &programs[who];

	memset(p, 0, sizeof(*p));
	p->id = id_of(who);
	p->pid = g->pid;
	p->ppid = g->ppid;
	p->uid = p->gid = g->uid;
	/* Within the hour before the first packet. */
	p->start_ns = START_NS - 3600000000000u + g->pid % 3600 * 1000000000ull;
	p->has = 1ull << FIELD_ID | 1ull << FIELD_PID | 1ull << FIELD_PPID |
		 1ull << FIELD_UID | 1ull << FIELD_GID | 1ull << FIELD_START |
		 1ull << FIELD_FLAGS | 1ull << FIELD_CMDLINE;
	SET_TEXT(p, FIELD_NAME, name, g->name);
	SET_TEXT(p, FIELD_USER, user, g->user);
	SET_TEXT(p, FIELD_EXEPATH, exepath, g->exepath);
	SET_TEXT(p, FIELD_UNIT, unit, g->unit);
	SET_TEXT(p, FIELD_CONTAINER_ID, container_id, g->container);
	SET_TEXT(p, FIELD_CONTAINER_NAME, container_name,
		 g->container ? "shop" : NULL);
	SET_TEXT(p, FIELD_CONTAINER_RUNTIME, container_runtime,
		 g->container ? "docker" : NULL);
	p->cmdline_len = (uint16_t)strlen(g->cmdline);
	memcpy(p->cmdline, g->cmdline, p->cmdline_len);
	for (size_t i = 0; i < p->cmdline_len; i++)
		if (p->cmdline[i] == ' ')
			p->cmdline[i] = '\0'; /* between arguments */
}

static void set_country(const struct maker *m, struct packet_end *e,
			const char *address)
{
	uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };
	struct geo_place place;

	if (inet_pton(AF_INET, address, addr + 12) != 1)
		inet_pton(AF_INET6, address, addr);
	if (geo_lookup(m->geo, addr, &place))
		memcpy(e->country, place.country, sizeof(e->country));
}

static void set_owner(struct packet_end *e, int who, uint8_t attr,
		      uint8_t reason)
{
	e->attr = attr;
	e->reason = reason;
	if (who == NOBODY)
		return;
	e->present = true;
	e->id = id_of(who);
	e->pid = e->tid = programs[who].pid;
	memcpy(e->name, programs[who].name, strlen(programs[who].name));
}

/* ---- packets ---- */

static size_t put_record(const struct maker *m, int who, uint8_t *out,
			 size_t size, struct kept_record *kept)
{
	struct wbuf w = wbuf_of(out, size);
	uint8_t record[PROCESS_MAX];
	struct process p;
	int len;

	set_process(&p, who);
	len = process_encode(&p, record, PROCESS_MAX);
	check(len, "record");
	check(kept_record_set(m->rests, kept, record, (size_t)len) ? 0 :
								     -ENOMEM,
	      "record");
	if (m->packets[who])
		return 0;
	put_custom_option(&w, record, (size_t)len);
	return w.len;
}

static void count(struct maker *m, int who, size_t len)
{
	if (!m->packets[who]++)
		m->first_ns[who] = m->ts_ns;
	m->bytes[who] += len;
	m->last_ns[who] = m->ts_ns;
}

static void put_packet(struct maker *m, const struct segment *s,
		       const struct option_key *owners, int who)
{
	static uint8_t option[PROCESS_MAX + 16];
	struct kept_record record = { 0 };
	struct option_records records = { 0 };
	struct option_key key = *owners;
	struct iovec iov[2];
	uint8_t frame[1500];
	struct pcapng_packet p = { .ts_ns = m->ts_ns,
				   .data = frame,
				   .options = iov,
				   .option_count = 1 };
	struct packet_stamp stamp;

	p.caplen = p.len = (uint32_t)frame_make(frame, sizeof(frame), s);
	check(p.len ? 0 : -EMSGSIZE, "frame");
	set_country(m, &key.src, s->src);
	set_country(m, &key.dst, s->dst);
	if (who != NOBODY) {
		iov[1].iov_base = option;
		iov[1].iov_len = put_record(m, who, option, sizeof(option),
					    &record);
		p.option_count += iov[1].iov_len != 0;
		*(key.src.pid ? &records.src : &records.dst) = &record;
		count(m, who, p.len);
	}
	stamp = packet_options_get(m->options_cache, &key, &records);
	iov[0].iov_base = bytes_unconst(stamp.bytes);
	iov[0].iov_len = stamp.len;
	kept_record_drop(&record);
	check(pcapng_writer_packet(m->writer, &p), "packet");
	m->ts_ns += STEP_NS;
	m->ends[key.src.attr]++;
	m->ends[key.dst.attr]++;
	m->total++;
}

/* One packet of a talk, out or in, with its owner at our end. */
static void say(struct maker *m, const struct talk *t, bool out, uint8_t flags,
		uint32_t seq, uint32_t ack, const void *data, size_t len,
		uint8_t attr)
{
	const char *host = strchr(t->peer, ':') ? HOST6 : HOST4;
	struct segment s = {
		.src = out ? host : t->peer,
		.dst = out ? t->peer : host,
		.sport = out ? t->local_port : t->peer_port,
		.dport = out ? t->peer_port : t->local_port,
		.proto = t->proto,
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.data = data,
		.len = len,
	};
	struct option_key key;

	memset(&key, 0, sizeof(key));
	key.direction = out ? DIRECTION_OUT : DIRECTION_IN;
	key.epb_flags = out ? PCAPNG_EPB_FLAG_OUTBOUND :
			      PCAPNG_EPB_FLAG_INBOUND;
	set_owner(out ? &key.src : &key.dst, t->who, attr, t->reason);
	put_packet(m, &s, &key, t->who);
}

/* ---- what is said ---- */

/* What a talk's first speaker says, and what it is told: bytes in @out. */
static uint32_t words(const struct talk *t, bool answer, uint8_t *out,
		      size_t size)
{
	const char *text = answer ? t->answers : t->asks;
	size_t len;

	if (text) {
		len = strlen(text);
		check(len <= size ? 0 : -EMSGSIZE, "words");
		memcpy(out, text, len);
	} else {
		len = answer ? frame_server_hello(out, size) :
			       frame_client_hello(out, size, t->host);
		check(len ? 0 : -EMSGSIZE, "words");
	}
	return (uint32_t)len;
}

/* Until it is accepted an incoming connection is its listener's. */
static void converse_tcp(struct maker *m, const struct talk *t)
{
	uint8_t asked[512], answered[512];
	uint32_t n = words(t, false, asked, sizeof(asked));
	uint32_t a = words(t, true, answered, sizeof(answered));
	uint8_t early = t->incoming ? ATTR_LISTENER : t->attr;
	bool asks = !t->incoming, answers = t->incoming;

	say(m, t, asks, SYN, 0, 0, NULL, 0, early);
	say(m, t, answers, SYN | ACK, 0, 1, NULL, 0, early);
	say(m, t, asks, ACK, 1, 1, NULL, 0, early);
	say(m, t, asks, PSH | ACK, 1, 1, asked, n, t->attr);
	say(m, t, answers, PSH | ACK, 1, 1 + n, answered, a, t->attr);
	say(m, t, asks, FIN | ACK, 1 + n, 1 + a, NULL, 0, t->attr);
	say(m, t, answers, FIN | ACK, 1 + a, 2 + n, NULL, 0, t->attr);
	say(m, t, asks, ACK, 2 + n, 2 + a, NULL, 0, t->attr);
}

/* The lookup before a talk, from its own process. */
static void look_up(struct maker *m, const struct talk *t)
{
	struct talk dns = { t->who,
			    t->attr,
			    0,
			    RESOLVER,
			    (uint16_t)(t->local_port + 1000),
			    53,
			    IPPROTO_UDP,
			    false,
			    NULL,
			    NULL,
			    NULL };
	uint8_t message[512];
	size_t len;

	for (int answer = 0; answer < 2; answer++) {
		len = frame_dns(message, sizeof(message), t->host, t->peer,
				answer);
		check(len ? 0 : -EMSGSIZE, "DNS");
		say(m, &dns, !answer, 0, 0, 0, message, len, t->attr);
	}
}

/* NTPv4 (RFC 5905): mode 3 asks, mode 4 answers. */
static void converse_ntp(struct maker *m, const struct talk *t)
{
	uint8_t ntp[48] = { 0x23, 0, 6, 0xec };

	say(m, t, true, 0, 0, 0, ntp, sizeof(ntp), t->attr);
	ntp[0] = 0x24;
	ntp[1] = 2;
	say(m, t, false, 0, 0, 0, ntp, sizeof(ntp), ATTR_SOCKET);
}

/* A server that is none; its ICMP error belongs to whoever asked. */
static void put_refusal(struct maker *m)
{
	static const uint8_t ntp[48] = { 0x23, 0, 6, 0xec };
	static const struct talk asked = { NTP,		  ATTR_SOCKET, 0,
					   "193.0.6.139", 123,	       123,
					   IPPROTO_UDP,	  false,       NULL,
					   NULL,	  NULL };
	static const struct talk refused = { NTP,	    ATTR_FLOW, 0,
					     "193.0.6.139", 0,	       0,
					     IPPROTO_ICMP,  true,      NULL,
					     NULL,	    NULL };
	struct segment s = {
		.src = HOST4,
		.dst = asked.peer,
		.sport = 123,
		.dport = 123,
		.proto = IPPROTO_UDP,
		.data = ntp,
		.len = sizeof(ntp),
	};
	uint8_t frame[256];

	say(m, &asked, true, 0, 0, 0, ntp, sizeof(ntp), asked.attr);
	check(frame_make(frame, sizeof(frame), &s) ? 0 : -EMSGSIZE, "frame");
	/* RFC 792: the header and the first eight bytes behind it. */
	say(m, &refused, false, 0, 0, 0, frame + ETHERNET_LEN, 20 + 8,
	    refused.attr);
}

/* Packets of no talk: each owner, or lack of one, is known in another way. */
static void put_strays(struct maker *m)
{
	static const struct talk scan = { NOBODY,
					  ATTR_KERNEL,
					  REASON_NO_SOCKET,
					  "2001:dc7:1000::1",
					  23,
					  50000,
					  IPPROTO_TCP,
					  true,
					  NULL,
					  NULL,
					  NULL };
	static const struct talk reset = {
		NOBODY, ATTR_KERNEL, REASON_RESET, "2001:dc7:1000::1",
		23,	50000,	     IPPROTO_TCP,  true,
		NULL,	NULL,	     NULL
	};
	static const struct talk old = {
		NOBODY,	     ATTR_UNKNOWN, REASON_BEFORE, "9.9.9.9", 40999, 443,
		IPPROTO_TCP, false,	   NULL,	  NULL,	     NULL
	};
	static const struct talk ssh = {
		SSHD, ATTR_LISTENER, 0,		  "203.119.101.61",
		22,   61000,	     IPPROTO_TCP, true,
		NULL, NULL,	     NULL
	};
	struct segment through = {
		.src = "192.168.7.9",
		.dst = "193.0.6.139",
		.sport = 3333,
		.dport = 4433,
		.proto = IPPROTO_TCP,
		.flags = ACK,
		.seq = 7,
		.ack = 9,
	};
	struct option_key key;

	say(m, &ssh, false, SYN, 0, 0, NULL, 0, ATTR_LISTENER);
	say(m, &ssh, true, SYN | ACK, 0, 1, NULL, 0, ATTR_LISTENER);
	say(m, &scan, false, SYN, 0, 0, NULL, 0, ATTR_KERNEL);
	say(m, &reset, true, RST | ACK, 0, 1, NULL, 0, ATTR_KERNEL);
	say(m, &old, true, FIN | ACK, 5, 5, NULL, 0, ATTR_UNKNOWN);
	memset(&key, 0, sizeof(key));
	key.direction = DIRECTION_FORWARDED;
	key.src.attr = key.dst.attr = ATTR_FORWARDED;
	put_packet(m, &through, &key, NOBODY);
}

static void put_table(struct maker *m)
{
	static uint8_t bytes[PROCESS_MAX * NOBODY];
	struct table_header t = { 0 };
	struct wbuf w = wbuf_of(bytes, sizeof(bytes));
	struct process p;
	int len;

	wbuf_claim(&w, TABLE_HEADER_LEN);
	for (int who = 0; who < NOBODY; who++) {
		set_process(&p, who);
		p.packets = m->packets[who];
		p.bytes = m->bytes[who];
		p.first_seen_ns = m->first_ns[who];
		p.last_seen_ns = m->last_ns[who];
		p.has |= 1ull << FIELD_PACKETS | 1ull << FIELD_BYTES |
			 1ull << FIELD_FIRST_SEEN | 1ull << FIELD_LAST_SEEN;
		len = process_encode(&p, bytes + w.len, sizeof(bytes) - w.len);
		check(len, "table");
		wbuf_claim(&w, (size_t)len);
		t.count++;
	}
	t.length = (uint32_t)w.len - TABLE_HEADER_LEN;
	table_header_encode(&t, bytes, TABLE_HEADER_LEN);
	check(pcapng_writer_custom(m->writer, bytes, w.len), "table");
}

/* In the words of output.c. */
static void put_statistics(struct maker *m)
{
	char comment[256];
	size_t at = 0;
	struct pcapng_statistics s = {
		.start_ns = START_NS,
		.end_ns = m->ts_ns,
		.received = m->total,
		.delivered = m->total,
		.comment = comment,
	};

	for (int a = ATTR_SOCKET; a < ATTR_COUNT; a++)
		if (m->ends[a])
			at += (size_t)snprintf(comment + at,
					       sizeof(comment) - at,
					       "ends.%s=%" PRIu64 " ",
					       attr_name((unsigned)a),
					       m->ends[a]);
	snprintf(comment + at, sizeof(comment) - at,
		 "events_lost=0 flows_evicted=0 resolved_early=0"
		 " processes_forgotten=0");
	check(pcapng_writer_statistics(m->writer, &s), "statistics");
}

static void open_sample(struct maker *m, const char *path)
{
	static const struct pcapng_interface eth0 = {
		.name = "eth0",
		.os = "Linux 6.12",
		.linktype = LINKTYPE_ETHERNET,
		.snaplen = 262144
	};
	int fd = pcapng_output_open(path);

	check(fd < 0 ? fd : pcapng_writer_take(&m->writer, fd), path);
	check(pcapng_writer_section(m->writer, "none", "Linux 6.12",
				    "pktwho's sample generator: made up, not "
				    "captured",
				    NULL),
	      "section");
	check(pcapng_writer_interface(m->writer, &eth0), "interface");
}

static void put_talks(struct maker *m)
{
	for (size_t i = 0; i < sizeof(talks) / sizeof(*talks); i++) {
		if (talks[i].host)
			look_up(m, &talks[i]);
		if (talks[i].proto == IPPROTO_TCP)
			converse_tcp(m, &talks[i]);
		else
			converse_ntp(m, &talks[i]);
	}
}

int main(int argc, char **argv)
{
	struct maker m = { .ts_ns = START_NS };

	if (argc != 3) {
		fputs("usage: generate FILE COUNTRY.mmdb\n", stderr);
		return 2;
	}
	m.geo = geo_new();
	m.options_cache = packet_options_new(true, false);
	m.rests = rests_new();
	check(m.geo && m.options_cache && m.rests ? geo_add(m.geo, argv[2]) :
						    -ENOMEM,
	      argv[2]);
	open_sample(&m, argv[1]);
	put_talks(&m);
	put_refusal(&m);
	put_strays(&m);
	put_statistics(&m);
	put_table(&m);
	check(pcapng_writer_close(m.writer), argv[1]);
	packet_options_free(m.options_cache);
	rests_free(m.rests);
	geo_free(m.geo);
	return 0;
}
