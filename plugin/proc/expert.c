/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/expert.h"

#include <epan/expert.h>
#include <epan/tap.h>
#include <epan/to_str.h>
#include <wsutil/report_message.h>

#include "geo/country_name.h"
#include "geo/geo_fields.h"
#include "pcapng.h"
#include "proc/disguise.h"
#include "proc/totals.h"
#include "recognise/protocols.h"
#include "recognise/spoken.h"
#include "text.h"

#define COUNTS		 "%" PRIu64 " packets, %" PRIu64 " bytes"
#define ESCAPED(pool, s) text_escape(pool, s, strnlen(s, sizeof(s)))

/* clang-format off */
enum item {
	DELETED, MEMFD, WORLD_WRITABLE, IMITATION, HIDDEN, COUNTRY, PORT,
	UNKNOWN, TABLE, ITEMS
};

static expert_field ei[ITEMS] = {
	EI_INIT, EI_INIT, EI_INIT, EI_INIT, EI_INIT, EI_INIT, EI_INIT,
	EI_INIT, EI_INIT,
};

static ws_bool enabled[ITEMS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
/* clang-format on */

static const char *pref_countries = "";

static int proto_ours = -1;
static int proto_items = -1; /* everybody's expert items */
static int items_tap;

static const struct {
	const char *pref;
	const char *title;
	const char *description;
} prefs_of[ITEMS] = {
	[DELETED] = { "expert_deleted", "Report deleted executables",
		      "An expert item where a process runs an executable that is no"
		      " longer on disk." },
	[MEMFD] = { "expert_memfd", "Report executables that never had a file",
		    "An expert item where a process runs from memory alone." },
	[WORLD_WRITABLE] = { "expert_world_writable",
			     "Report executables that anyone could have put there",
			     "An expert item where a process runs an executable that anyone"
			     " may write, or whose directory anyone may write to." },
	[IMITATION] = { "expert_imitation",
			"Report names of system programs on others",
			"An expert item where a process is called as a thread of the"
			" kernel or a program of every host, and is neither." },
	[HIDDEN] = { "expert_hidden", "Report hidden and temporary executables",
		     "An expert item where the path of an executable has a hidden"
		     " part, or is in a directory for temporary files." },
	[COUNTRY] = { "expert_country", "Report countries that are not allowed",
		      "An expert item where an address is in none of the allowed"
		      " countries, if there are any." },
	[PORT] = { "expert_port", "Report protocols on ports of others",
		   "An expert item where a protocol is spoken in clear text on a"
		   " port that is not its own." },
	[UNKNOWN] = { "expert_unknown", "Report senders that are not known",
		      "An expert item on packets that this host sent, and nobody"
		      " knows who." },
	[TABLE] = { "expert_table",
		    "Report process tables that contradict the packets",
		    "An expert item on a row of the process table whose totals are"
		    " not those of the packets in the file." },
};

/* The tables' storage is ours; Wireshark keeps pointers into both. */
static void register_items(int proto)
{
	/* clang-format off */
	static ei_register_info all[] = {
		{ &ei[DELETED], { "proc.expert.deleted", PI_SECURITY, PI_NOTE,
			"The executable is no longer on disk", EXPFILL } },
		{ &ei[MEMFD], { "proc.expert.memfd", PI_SECURITY, PI_WARN,
			"The executable never had a file", EXPFILL } },
		{ &ei[WORLD_WRITABLE], { "proc.expert.world_writable",
			PI_SECURITY, PI_WARN,
			"Anyone may write to the executable or its directory",
			EXPFILL } },
		{ &ei[IMITATION], { "proc.expert.imitation", PI_SECURITY,
			PI_WARN, "The name of a system program on another",
			EXPFILL } },
		{ &ei[HIDDEN], { "proc.expert.hidden", PI_SECURITY, PI_NOTE,
			"The executable is hidden, or in a temporary directory",
			EXPFILL } },
		{ &ei[COUNTRY], { "proc.expert.country", PI_SECURITY, PI_WARN,
			"Country that is not allowed", EXPFILL } },
		{ &ei[PORT], { "proc.expert.port", PI_PROTOCOL, PI_NOTE,
			"Protocol on a port that is not its own", EXPFILL } },
		{ &ei[UNKNOWN], { "proc.expert.unknown", PI_UNDECODED, PI_NOTE,
			"Sent by this host, and it is not known who sent it",
			EXPFILL } },
		{ &ei[TABLE], { "proc.expert.table", PI_SEQUENCE, PI_WARN,
			"The process table and the packets disagree",
			EXPFILL } },
	};
	/* clang-format on */

	for (int i = 0; i < ITEMS; i++)
		all[i].eiinfo.hf_info.hfinfo.blurb = prefs_of[i].description;
	expert_register_field_array(expert_register_protocol(proto), all,
				    array_length(all));
}

/* ---- processes ---- */

static void report_process(proto_item *item, packet_info *pinfo, enum item what,
			   const struct process *p, const char *does)
{
	wmem_allocator_t *pool = pinfo->pool;

	if (!enabled[what])
		return;
	expert_add_info_format(pinfo, item, &ei[what], "%s (%u) %s: %s",
			       ESCAPED(pool, p->name), p->pid, does,
			       ESCAPED(pool, p->exepath));
}

/* One find is told once: who can write to a directory is worse than where. */
static void look_at_path(proto_item *item, packet_info *pinfo,
			 const struct process *p)
{
	const char *imitates = disguise_imitates(p), *hides = disguise_hides(p);
	bool told = process_has(p, FIELD_FLAGS) &&
		    p->flags & (PROCESS_EXE_WORLD_WRITABLE | PROCESS_EXE_MEMFD);

	if (imitates)
		report_process(item, pinfo, IMITATION, p, imitates);
	if (hides && !told)
		report_process(item, pinfo, HIDDEN, p, hides);
}

/* A memfd counts as deleted, too; one word on it is enough. */
static void look_at_process(proto_item *item, packet_info *pinfo,
			    const struct process *p)
{
	look_at_path(item, pinfo, p);
	if (!process_has(p, FIELD_FLAGS))
		return;
	if (p->flags & PROCESS_EXE_MEMFD)
		report_process(item, pinfo, MEMFD, p,
			       "runs an executable that never had a file");
	else if (p->flags & PROCESS_EXE_DELETED)
		report_process(item, pinfo, DELETED, p,
			       "runs an executable that is no longer on disk");
	if (p->flags & PROCESS_EXE_WORLD_WRITABLE)
		report_process(item, pinfo, WORLD_WRITABLE, p,
			       "runs an executable that anyone may write, or put"
			       " another in its place");
}

/* Where the items of a packet go. */
struct place {
	proto_item *item; /* NULL: there is none yet */
	proto_tree *tree;
	tvbuff_t *tvb;
};

static proto_item *item_at(struct place *at)
{
	if (at->item)
		return at->item;
	at->item = proto_tree_add_protocol_format(at->tree, proto_ours, at->tvb,
						  0, 0,
						  "Process Attribution, none");
	proto_item_set_generated(at->item);
	return at->item;
}

struct option_reader {
	proto_item *item;
	packet_info *pinfo;
};

static ws_bool read_record_option(wtap_block_t block _U_, unsigned id,
				  wtap_opttype_e type _U_, wtap_optval_t *value,
				  void *data)
{
	const struct option_reader *r = data;
	struct process p;

	if (id == PCAPNG_OPT_CUSTOM_BIN && option_pen(value) == PKTWHO_PEN &&
	    record_kind(option_data(value), option_len(value)) ==
		    RECORD_PROCESS &&
	    process_decode(&p, option_data(value), option_len(value)) > 0)
		look_at_process(r->item, r->pinfo, &p);
	return true;
}

/* ---- countries ---- */

#define SEPARATORS " ,;:\t"

/* The next one from *@s on, of *@len bytes, whatever separates them, or NULL. */
static const char *next_country(const char **s, size_t *len)
{
	const char *word = *s + strspn(*s, SEPARATORS);

	*len = strcspn(word, SEPARATORS);
	*s = word + *len;
	return *len ? word : NULL;
}

static bool country_is_allowed(const char *country)
{
	const char *s = pref_countries, *word;
	size_t len;

	while ((word = next_country(&s, &len)))
		if (len == strlen(country) &&
		    !g_ascii_strncasecmp(word, country, len))
			return true;
	return false;
}

void expert_items_check_countries(void)
{
	const char *s = pref_countries, *word;
	size_t len;

	while ((word = next_country(&s, &len))) {
		char *code = g_ascii_strup(word, (gssize)len);

		if (!*country_name(code))
			report_warning("proc.allowed_countries: \"%.*s\" is not"
				       " the two-letter code of a country",
				       (int)len, word);
		g_free(code);
	}
}

static void look_at_address(struct place *at, packet_info *pinfo,
			    const address *a, const char *recorded)
{
	char country[GEO_FIELDS_COUNTRY_LEN];

	if (!geo_fields_country(country, a, recorded) ||
	    country_is_allowed(country))
		return;
	expert_add_info_format(pinfo, item_at(at), &ei[COUNTRY],
			       "%s is in %s, which is not an allowed country",
			       address_to_str(pinfo->pool, a),
			       ESCAPED(pinfo->pool, country));
}

/* This host's own address is where it is. */
static void look_at_countries(struct place *at, packet_info *pinfo,
			      const struct attribution *a)
{
	if (!enabled[COUNTRY] ||
	    !pref_countries[strspn(pref_countries, SEPARATORS)])
		return;
	if (a->direction != DIRECTION_OUT && a->direction != DIRECTION_LOCAL)
		look_at_address(at, pinfo, &pinfo->net_src, a->src.country);
	if (a->direction != DIRECTION_IN && a->direction != DIRECTION_LOCAL)
		look_at_address(at, pinfo, &pinfo->net_dst, a->dst.country);
}

/* ---- ports ---- */

/*
 * Protocols with ports of their own, by Wireshark's names for them.  HTTP comes
 * first: what is inside of it is where HTTP is.
 */
static const char *const port_owners[] = {
	"http",	 "dns",	  "ftp",   "imap",   "irc",  "ldap", "mqtt",
	"mysql", "nbss",  "pgsql", "pop",    "resp", "rtsp", "sip",
	"smtp",	 "socks", "ssh",   "telnet", "vnc",
};

static uint8_t *port_ranks; /* by Wireshark's number, from 1 on, or 0 */
static int last_port_owner;
static int proto_tls; /* 0: they were not looked up yet */
static int proto_http2;

static void find_port_owners(void)
{
	if (proto_tls)
		return;
	proto_tls = proto_get_id_by_filter_name("tls");
	proto_http2 = proto_get_id_by_filter_name("http2");
	for (size_t i = 0; i < array_length(port_owners); i++) {
		int id = proto_get_id_by_filter_name(port_owners[i]);

		last_port_owner = MAX(last_port_owner, id);
	}
	port_ranks = g_new0(uint8_t, (size_t)last_port_owner + 1);
	for (size_t i = 0; i < array_length(port_owners); i++) {
		int id = proto_get_id_by_filter_name(port_owners[i]);

		if (id != -1)
			port_ranks[id] = (uint8_t)(i + 1);
	}
	dpi_protocols_init();
}

/* TLS and HTTP/2 may carry anything anywhere: no port is theirs alone. */
static bool port_is_owned(const packet_info *pinfo)
{
	return spoken_is_kept(pinfo) || spoken_is(pinfo, proto_tls) ||
	       spoken_is(pinfo, proto_http2);
}

/* Of those that are spoken in the packet, or -1. */
static int first_port_owner(const packet_info *pinfo)
{
	unsigned first = 0;
	int proto = -1;

	for (wmem_list_frame_t *f = wmem_list_head(pinfo->layers); f;
	     f = wmem_list_frame_next(f)) {
		int id = GPOINTER_TO_INT(wmem_list_frame_data(f));
		unsigned rank = id <= last_port_owner ? port_ranks[id] : 0;

		if (rank && (!first || rank < first)) {
			first = rank;
			proto = id;
		}
	}
	return proto;
}

/* The lower port is the server's, and all its clients are one line. */
static void check_port(struct place *at, packet_info *pinfo)
{
	int proto;

	if (!enabled[PORT] ||
	    (pinfo->ptype != PT_TCP && pinfo->ptype != PT_UDP))
		return;
	find_port_owners();
	proto = first_port_owner(pinfo);
	if (proto != -1 && !port_is_owned(pinfo))
		expert_add_info_format(pinfo, item_at(at), &ei[PORT],
				       "%s on port %u, which is not its own",
				       dpi_protocol_of(proto)->app,
				       MIN(pinfo->srcport, pinfo->destport));
}

/* ---- what is wanted, and where ---- */

/* Wireshark registers its expert items after all protocols. */
static void find_items(void)
{
	if (proto_items != -1)
		return;
	proto_items = proto_get_id_by_filter_name("_ws.expert");
	items_tap = find_tap_id("expert");
}

bool expert_items_have_a_tap(void)
{
	find_items();
	return have_tap_listener(items_tap);
}

bool expert_items_are_wanted(proto_tree *tree)
{
	if (expert_items_have_a_tap() ||
	    proto_field_is_referenced(tree, proto_items))
		return true;
	/* Whoever asks for one of ours has thereby asked for its protocol. */
	if (!proto_field_is_referenced(tree, proto_ours))
		return false;
	for (int i = 0; i < ITEMS; i++)
		if (proto_field_is_referenced(tree, ei[i].hf))
			return true;
	return false;
}

/* Closed before the capture, or a fragment alone: unknown, and no wonder. */
static bool is_mystery(const struct attribution *a)
{
	return a->src.attr == ATTR_UNKNOWN && a->src.reason != REASON_BEFORE &&
	       a->src.reason != REASON_FRAGMENT &&
	       (a->direction == DIRECTION_OUT ||
		a->direction == DIRECTION_LOCAL);
}

void expert_items_packet(proto_item *item, proto_tree *tree, tvbuff_t *tvb,
			 packet_info *pinfo, const struct attribution *a,
			 wtap_block_t block)
{
	struct option_reader r = { item, pinfo };
	struct place at = { item, tree, tvb };

	if (block)
		wtap_block_foreach_option(block, read_record_option, &r);
	look_at_countries(&at, pinfo, a);
	check_port(&at, pinfo);
	if (enabled[UNKNOWN] && is_mystery(a))
		expert_add_info(pinfo, item, &ei[UNKNOWN]);
}

/*
 * Fewer packets are evidence that somebody took away, more are a contradiction.
 * On the first pass a table may come before its packets, as when files were
 * merged: a process that was not seen yet is then none that is missing.
 */
static void compare_totals(proto_item *item, packet_info *pinfo,
			   const struct process *p)
{
	const struct totals *t = totals_of_process(p->id);

	if (!t->packets && !PINFO_FD_VISITED(pinfo))
		return;
	if (t->packets == t->table_packets && t->bytes == t->table_bytes)
		return;
	expert_add_info_format(pinfo, item, &ei[TABLE],
			       "%s (%u): the table counts " COUNTS
			       "; the file has " COUNTS,
			       ESCAPED(pinfo->pool, p->name), p->pid,
			       t->table_packets, t->table_bytes, t->packets,
			       t->bytes);
}

void expert_items_row(proto_item *item, packet_info *pinfo,
		      const struct process *p)
{
	look_at_process(item, pinfo, p);
	if (enabled[TABLE] && totals_are_told(p))
		compare_totals(item, pinfo, p);
}

void expert_items_init(int proto, module_t *prefs)
{
	proto_ours = proto;
	register_items(proto);
	for (int i = 0; i < ITEMS; i++)
		prefs_register_bool_preference(prefs, prefs_of[i].pref,
					       prefs_of[i].title,
					       prefs_of[i].description,
					       &enabled[i]);
	prefs_register_string_preference(
		prefs, "allowed_countries", "Allowed countries",
		"Two-letter codes, separated by blanks or commas.  Addresses in"
		" other countries get an expert item.  Empty: all are allowed.",
		&pref_countries);
	totals_init();
}
