/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/printer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/clocks.h"
#include "host/log.h"
#include "owner/owned_packet.h"
#include "view/lines/packet_line.h"
#include "view/lines/stream.h"
#include "view/dissect/tshark.h"

#define WAITING	    4096 /* lines; a power of two */
#define MS	    1000000ull
#define FINISH_NS   (3000 * MS)
#define PATIENCE_NS (20000 * MS) /* a busy machine starts it slowly */
#define TURN_MS	    50

/* A line that waits for its end, which is the headers' until it is better. */
struct waiting {
	bool asked;
	bool complete;
	char begin[PACKET_LINE_MAX];
	char rest[PACKET_LINE_MAX];
};

struct printer {
	struct stream *out;
	struct tshark *tshark; /* NULL: there is none */
	bool patient;
	uint64_t first; /* of those that wait; ids count up */
	uint64_t next;
	struct waiting waiting[WAITING];
};

struct printer *printer_new(struct stream *out, bool dissect, bool patient)
{
	struct printer *p = calloc(1, sizeof(*p));

	if (!p) {
		stream_free(out);
		return NULL;
	}
	p->out = out;
	p->patient = patient;
	if (dissect && tshark_start(&p->tshark, TSHARK_SUMMARY))
		p->tshark = NULL;
	return p;
}

void printer_free(struct printer *p)
{
	if (!p)
		return;
	tshark_stop(p->tshark);
	stream_free(p->out);
	free(p);
}

static struct waiting *at(struct printer *p, uint64_t id)
{
	return &p->waiting[id % WAITING];
}

static void print_first(struct printer *p)
{
	const struct waiting *w = at(p, p->first++);
	char line[2 * PACKET_LINE_MAX + 2];
	int n = snprintf(line, sizeof(line), "%s%s\n", w->begin, w->rest);

	stream_put(p->out, line, (size_t)n);
}

/* In order; without tshark, all. */
static void print_complete(struct printer *p)
{
	while (p->first < p->next) {
		const struct waiting *w = at(p, p->first);

		if (p->tshark && w->asked && !w->complete)
			return;
		print_first(p);
	}
}

static void take_summary(void *ctx, const struct tshark_answer *a)
{
	struct printer *p = ctx;
	struct waiting *w = at(p, a->id);

	if (a->id < p->first || a->id >= p->next)
		return;
	w->complete = true;
	snprintf(w->rest, sizeof(w->rest), "%s%s%s", a->protocol,
		 *a->info ? " " : "", a->info);
}

static void hear_tshark(struct printer *p, int timeout_ms)
{
	if (p->tshark && tshark_work(p->tshark, timeout_ms, take_summary, p)) {
		log_info("lines have no more than headers: %s",
			 tshark_why(p->tshark));
		tshark_stop(p->tshark);
		p->tshark = NULL;
	}
	print_complete(p);
}

static int ask_for_summary(struct printer *p, uint64_t id,
			   const struct owned_packet *o)
{
	struct tshark_packet t = {
		.id = id,
		.ts_ns = o->frame->ts_ns,
		.linktype = o->linktype,
		.data = o->data,
		.caplen = o->frame->caplen,
		.len = o->frame->len,
	};

	return p->tshark ? tshark_ask(p->tshark, &t) : -EPIPE;
}

/* Until @done packets have their line, or no longer than that. */
static void wait_for_lines(struct printer *p, uint64_t done, uint64_t ns)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + ns;

	while (p->tshark && p->first < done) {
		hear_tshark(p, TURN_MS);
		if (clock_ns(CLOCK_MONOTONIC) > end) {
			p->patient = false;
			return;
		}
	}
}

void printer_packet(struct printer *p, const struct owned_packet *o)
{
	struct waiting *w;

	if (p->next - p->first == WAITING && p->patient)
		wait_for_lines(p, p->first + WAITING / 2, PATIENCE_NS);
	if (p->next - p->first == WAITING)
		print_first(p);
	w = at(p, p->next);
	packet_line_begin(o, w->begin);
	packet_line_rest(o, w->rest);
	w->complete = false;
	w->asked = !ask_for_summary(p, p->next, o);
	p->next++;
	if (!p->tshark)
		print_complete(p);
}

int printer_update(struct printer *p)
{
	hear_tshark(p, 0);
	return stream_flush(p->out, p->patient);
}

int printer_finish(struct printer *p)
{
	int err;

	wait_for_lines(p, p->next, p->patient ? PATIENCE_NS : FINISH_NS);
	while (p->first < p->next)
		print_first(p);
	err = stream_flush(p->out, true);
	if (!err && stream_lost(p->out))
		log_warn("%llu lines were lost: the reader was too slow",
			 (unsigned long long)stream_lost(p->out));
	return err;
}
