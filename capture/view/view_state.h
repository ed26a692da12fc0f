/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What view.c and view_open.c share. */
#ifndef PKTWHO_VIEW_VIEW_STATE_H
#define PKTWHO_VIEW_VIEW_STATE_H

#include "options.h"
#include "view/rows/table.h"
#include "view/view.h"

struct view {
	const struct options *options;
	enum table_group group;
	struct country_cache *countries;
	struct actors *actors;
	struct flows *flows;
	struct exporter *exporter; /* of the metrics, or NULL */
	struct metrics *metrics;
	uint64_t exported_ns;
	struct resolved *names;
	struct speech *speech; /* NULL: nobody listens */
	bool failure_told;
	bool speech_told;	 /* why it does not work */
	struct opener *opener;	 /* of the log's files, or NULL */
	struct stream *stream;	 /* of the log and of reports, or NULL */
	struct top *top;	 /* or NULL */
	struct saved *saved;	 /* of its packets, or NULL */
	struct printer *printer; /* of packets, and nothing else; or NULL */
	struct table *table;	 /* of reports */
	const char *const *interfaces;		 /* their names, by number */
	struct interface_names *interface_names; /* or NULL */
	char title[64]; /* where the packets are from */
	struct view_losses losses;
	uint64_t interval_ns; /* 0: none */
	uint64_t next_ns;     /* 0: not begun */
	uint64_t now_ns;      /* the packets' monotonic clock */
	uint64_t epoch_ns;    /* to be added for Unix time */
	uint64_t reports;
};

void view_free(struct view *v);

#endif
