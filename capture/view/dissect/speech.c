/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/dissect/speech.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/clocks.h"
#include "owner/owned_packet.h"
#include "view/flows/names.h"
#include "view/dissect/tshark.h"

#define QUESTIONS   16384 /* without an answer; a power of two */
#define MS	    1000000ull
#define FINISH_NS   (3000 * MS)
#define PATIENCE_NS (20000 * MS) /* a busy machine starts it slowly */
#define TURN_MS	    50

struct question {
	struct flow *flow; /* it is still this one, if ... */
	uint64_t number;   /* ... it has this number */
	uint64_t ts_ns;	   /* of the packet */
};

struct speech {
	struct tshark *tshark;
	struct resolved *names;
	bool patient;
	uint64_t asked;	   /* id of the next question */
	uint64_t answered; /* of the next that has no answer */
	uint64_t missed;
	struct question questions[QUESTIONS];
};

struct speech *speech_new(struct resolved *names, bool patient)
{
	struct speech *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->names = names;
	s->patient = patient;
	if (tshark_start(&s->tshark, TSHARK_SPEECH)) {
		free(s);
		return NULL;
	}
	return s;
}

void speech_free(struct speech *s)
{
	if (s)
		tshark_stop(s->tshark);
	free(s);
}

/* ---- answers ---- */

/* Who asked: the client, or a server here that asks on. */
static const struct actor *asker(const struct flow *f)
{
	const struct actor *client = f->ends[FLOW_CLIENT].actor;

	return client->id ? client : f->ends[FLOW_SERVER].actor;
}

static void add_hosts(struct speech *s, const struct question *q,
		      char *addresses, const char *name)
{
	const struct actor *a = asker(q->flow);
	char *text;

	while ((text = strsep(&addresses, ","))) {
		uint8_t addr[16], v4[4];

		if (inet_pton(AF_INET, text, v4) == 1)
			address_from_ipv4(addr, v4);
		else if (inet_pton(AF_INET6, text, addr) != 1)
			continue;
		resolved_put(s->names, addr, name, a->name, a->pid, q->ts_ns);
	}
}

static void on_spoken(void *ctx, const struct tshark_answer *a)
{
	struct speech *s = ctx;
	struct question *q = NULL;
	struct flow *f = NULL;

	if (a->id < s->answered || a->id >= s->asked)
		return;
	for (; s->answered <= a->id; s->answered++) {
		q = &s->questions[s->answered % QUESTIONS];
		f = q->flow;
		if (f->number == q->number && f->waits)
			f->waits--;
	}
	if (f->number != q->number)
		return;
	/* That something is UDP is said elsewhere. */
	if (strcasecmp(a->app, name_protocol(&f->key)))
		flow_set_speech(f, a->app, !strcmp(a->how, "port"), a->host,
				a->detail);
	f->foreign_port |= a->foreign_port;
	/* A tshark that has begun anew does not know what it was asked before. */
	f->unresolved |= a->unresolved &&
			 !resolved_has(s->names, f->key.remote, a->host);
	a->question[strcspn(a->question, ",")] = '\0';
	if (*a->question) {
		add_hosts(s, q, a->addresses, a->question);
		add_hosts(s, q, a->addresses6, a->question);
	}
}

void speech_work(struct speech *s)
{
	tshark_work(s->tshark, 0, on_spoken, s);
}

/* Until @f, or with NULL everything, has its answers. */
static void wait_for(struct speech *s, const struct flow *f, uint64_t ns)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + ns;

	while (f ? f->waits != 0 : s->answered < s->asked) {
		if (tshark_work(s->tshark, TURN_MS, on_spoken, s))
			return;
		if (clock_ns(CLOCK_MONOTONIC) > end) {
			s->patient = false;
			return;
		}
	}
}

void speech_await(struct speech *s, const struct flow *f)
{
	if (s->patient && f->waits)
		wait_for(s, f, PATIENCE_NS);
}

void speech_finish(struct speech *s)
{
	wait_for(s, NULL, s->patient ? PATIENCE_NS : FINISH_NS);
}

/* ---- questions ---- */

static void set_end(struct packet_end *out, const struct verdict_end *v,
		    const struct program *program)
{
	out->attr = v->attr;
	out->reason = v->reason;
	if (!program)
		return;
	out->present = true;
	out->pid = program->proc->pid;
	out->id = program->id;
	memcpy(out->name, program->name, sizeof(out->name));
}

static int ask(struct speech *s, struct flow *f, const struct owned_packet *p)
{
	struct tshark_packet t = {
		.id = s->asked,
		.ts_ns = p->frame->ts_ns,
		.linktype = p->linktype,
		.data = p->data,
		.caplen = p->frame->caplen,
		.len = p->frame->len,
		.attribution.direction = p->verdict->direction,
	};
	int err;

	set_end(&t.attribution.src, &p->verdict->src, p->src);
	set_end(&t.attribution.dst, &p->verdict->dst, p->dst);
	err = s->asked - s->answered < QUESTIONS ? tshark_ask(s->tshark, &t) :
						   -EAGAIN;

	if (err)
		return err;
	s->questions[s->asked++ % QUESTIONS] = (struct question){
		f, f->number, p->frame->ts_ns
	};
	f->waits++;
	return 0;
}

static int ask_patiently(struct speech *s, struct flow *f,
			 const struct owned_packet *p)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + PATIENCE_NS;
	int err;

	while ((err = ask(s, f, p)) == -EAGAIN && s->patient) {
		tshark_work(s->tshark, TURN_MS, on_spoken, s);
		s->patient = clock_ns(CLOCK_MONOTONIC) < end;
	}
	return err;
}

/* Of what it has not heard the beginning, it would understand little. */
void speech_heard(struct speech *s, struct flow *f,
		  const struct owned_packet *p)
{
	bool first = !f->asked++;

	if (f->missed || f->waits == UINT8_MAX)
		return;
	if (!ask_patiently(s, f, p) || !first)
		return;
	f->missed = true;
	s->missed++;
}

const char *speech_why(const struct speech *s)
{
	return tshark_why(s->tshark);
}

uint64_t speech_missed(const struct speech *s)
{
	return s->missed;
}
