/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Made-up programs that talk, for the tests of what shows them. */
#ifndef PKTWHO_TALK_H
#define PKTWHO_TALK_H

#include <stdio.h>

#include "exact.h"
#include "owner/owned_packet.h"
#include "view/flows/flows.h"

#define TCP   6
#define UDP   17
#define SYN   0x02
#define FIN   0x01
#define RST   0x04
#define ACK   0x10
#define MS    1000000ull
#define S     1000000000ull
#define EPOCH 1700000000000000000ull /* of the packets' other clock */

struct talker {
	struct proc proc;
	struct program program;
};

static inline void talker_keep(struct talker *t, const uint8_t *record,
			       size_t len)
{
	static struct rests *rests;

	if (!rests)
		rests = rests_new();
	assert_true(kept_record_set(rests, &t->program.record, record, len));
	t->program.version++;
}

static inline void talker_set(struct talker *t, const struct process *p)
{
	uint8_t record[PROCESS_MAX];
	int len = process_encode(p, record, sizeof(record));

	assert_true(len > 0);
	talker_keep(t, record, (size_t)len);
}

/* A static one: what it had is dropped first. */
static inline void talker_init(struct talker *t, uint32_t pid, const char *name)
{
	struct process p = { .pid = pid, .id = 1000 + pid, .uid = 33 };

	kept_record_drop(&t->program.record);
	memset(t, 0, sizeof(*t));
	p.has = 1ull << FIELD_PID | 1ull << FIELD_ID | 1ull << FIELD_UID |
		1ull << FIELD_USER;
	strcpy(p.user, "www-data");
	t->proc.pid = pid;
	t->proc.program = &t->program;
	t->program.proc = &t->proc;
	t->program.id = p.id;
	strcpy(t->program.name, name);
	talker_set(t, &p);
}

/* The remote host is in the Netherlands, whoever asks. */
static inline const char *country_of_talk(void *ctx, const uint8_t addr[16])
{
	(void)ctx;
	return addr[12] == 198 ? "NL" : "";
}

/* A packet from 192.0.2.1:@from to 198.51.100.2:@to, or back. */
struct said {
	struct talker *src, *dst; /* NULL: remote */
	uint64_t at_ns;
	uint16_t from, to;
	uint32_t len, seq, ack, payload;
	uint8_t proto, flags;
	bool back;
	bool unknown;		  /* the sender: since before */
	struct talker *others[2]; /* who got it, too */
	unsigned namespace;
};

static inline void say(struct flows *t, const struct said *s)
{
	static const uint8_t near[4] = { 192, 0, 2, 1 };
	static const uint8_t far[4] = { 198, 51, 100, 2 };
	struct frame f = { .ts_ns = EPOCH + s->at_ns,
			   .len = s->len ? s->len : 60 };
	struct verdict v = {
		.src.attr = s->src ? ATTR_SOCKET : ATTR_NONE,
		.dst.attr = s->dst ? ATTR_SOCKET : ATTR_NONE,
		.direction = DIRECTION_OUT,
	};
	struct owned_packet p = {
		.frame = &f,
		.verdict = &v,
		.mono_ns = s->at_ns,
		.src = s->src ? &s->src->program : NULL,
		.dst = s->dst ? &s->dst->program : NULL,
		.namespace = s->namespace,
		.linktype = LINKTYPE_ETHERNET,
	};
	struct flow_key *k = &f.packet.outer.key;
	struct owned_other others[2] = { 0 };

	p.others = others;
	for (int i = 0; i < 2 && s->others[i]; i++, p.other_count++) {
		others[i].end.attr = ATTR_SOCKET;
		others[i].program = &s->others[i]->program;
	}
	if (s->unknown) {
		v.src.attr = ATTR_UNKNOWN;
		v.src.reason = REASON_BEFORE;
	}
	address_from_ipv4(k->local, s->back ? far : near);
	address_from_ipv4(k->remote, s->back ? near : far);
	k->local_port = s->back ? s->to : s->from;
	k->remote_port = s->back ? s->from : s->to;
	k->proto = s->proto ? s->proto : TCP;
	f.packet.outer.tcp_flags = s->flags;
	f.packet.outer.tcp_seq = s->seq;
	f.packet.outer.tcp_ack = s->ack;
	f.packet.outer.tcp_payload = s->payload;
	flows_packet(t, &p);
}

#define SAY(t, ...) say(t, &(const struct said){ __VA_ARGS__ })

/* One connection of ten packets, from its SYN to its last ACK. */
static inline void converse(struct flows *t, struct talker *client,
			    struct talker *server, uint16_t from,
			    uint64_t at_ns)
{
	/* clang-format off */
	const struct {
		bool back;
		uint8_t flags;
		uint32_t seq, ack, payload;
	} steps[] = {
		{ false, SYN, 100, 0, 0 }, { true, SYN | ACK, 500, 101, 0 },
		{ false, ACK, 101, 501, 0 }, { false, ACK, 101, 501, 80 },
		{ true, ACK, 501, 181, 0 }, { true, ACK, 501, 181, 900 },
		{ true, FIN | ACK, 1401, 181, 0 }, { false, ACK, 181, 1402, 0 },
		{ false, FIN | ACK, 181, 1402, 0 },
		{ true, ACK, 1402, 182, 0 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		SAY(t, .src = steps[i].back ? server : client,
		    .dst = steps[i].back ? client : server,
		    .at_ns = at_ns + i * MS, .from = from, .to = 443,
		    .len = 54 + steps[i].payload, .seq = steps[i].seq,
		    .ack = steps[i].ack, .payload = steps[i].payload,
		    .flags = steps[i].flags, .back = steps[i].back);
}

#define CONVERSE_SENT	  (5 * 54 + 80)
#define CONVERSE_RECEIVED (5 * 54 + 900)

#endif
