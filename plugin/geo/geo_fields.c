/* SPDX-License-Identifier: GPL-3.0-or-later */
#define WS_LOG_DOMAIN "pktwho"
#include "geo/geo_fields.h"

#include <dlfcn.h>
#include <epan/expert.h>
#include <errno.h>
#include <wsutil/wslog.h>

#include "geo.h"
#include "geo/country_name.h"
#include "program.h"
#include "text.h"

enum what { COUNTRY, COUNTRY_NAME, CITY, ASN, ORG, WHATS };
enum scope { EITHER, SRC, DST, SCOPES };

static int proto_geo = -1;
static int proto_ip, proto_ipv6, proto_icmp, proto_icmpv6;
static int hf[WHATS][SCOPES];
static int hf_scope[SCOPES];
static int ett_geo = -1;
static int ett_scope[SCOPES] = { -1, -1, -1 };

static ws_bool pref_lookup = true;
static const char *pref_databases = "";

static struct geo *databases; /* NULL until the first lookup */
static GPtrArray *unread;     /* why some are not used, in words */
static expert_field ei_unread = EI_INIT;

/* A packet's addresses are mostly those of one before. */
static struct looked_up {
	bool used;
	uint8_t ip[16];
	struct geo_place place;
} recent[256];

void geo_fields_init(module_t *prefs)
{
	static int *ett[] = { &ett_geo, &ett_scope[SRC], &ett_scope[DST] };

	proto_geo = proto_register_protocol("Places of a Packet's Addresses",
					    "GEO", "geo");
	proto_register_subtree_array(ett, array_length(ett));
	/* Protocols by name only, as proc.src is: see proc/fields.c. */
	hf_scope[SRC] = proto_register_protocol_in_name_only(
		"Place of the source address", "Source", "geo.src", proto_geo,
		FT_PROTOCOL);
	hf_scope[DST] = proto_register_protocol_in_name_only(
		"Place of the destination address", "Destination", "geo.dst",
		proto_geo, FT_PROTOCOL);
	prefs_register_bool_preference(
		prefs, "geo", "Look up countries, cities and networks",
		"Look addresses up in the databases.  A country recorded with"
		" the packet is shown in any case.",
		&pref_lookup);
	prefs_register_string_preference(
		prefs, "geo_databases", "Databases to look up in",
		"Paths of MaxMind database files (.mmdb), separated by colons,"
		" the best first.  Empty: those installed in /usr/share/GeoIP"
		" and /var/lib/GeoIP, then pktwho's own.",
		&pref_databases);
}

/* clang-format off */
#define GEO(what, word, title, type, blurb)                                \
	{ &hf[what][EITHER], { title, "geo." word, type, NULL, 0,          \
			       blurb " (either address)", HFILL } },       \
	{ &hf[what][SRC], { "Source " title, "geo.src." word, type, NULL,  \
			    0, blurb " (source address)", HFILL } },       \
	{ &hf[what][DST], { "Destination " title, "geo.dst." word, type,   \
			    NULL, 0, blurb " (destination address)",       \
			    HFILL } }
/* clang-format on */
#define STRING FT_STRING, BASE_NONE
#define NUMBER FT_UINT32, BASE_DEC

void geo_fields_register_fields(void)
{
	static hf_register_info all[] = {
		GEO(COUNTRY, "country", "Country", STRING,
		    "Country, two letters of ISO 3166"),
		GEO(COUNTRY_NAME, "country_name", "Country Name", STRING,
		    "English name of the country"),
		GEO(CITY, "city", "City", STRING, "City"),
		GEO(ASN, "asn", "AS Number", NUMBER,
		    "Number of the autonomous system"),
		GEO(ORG, "org", "AS Organization", STRING,
		    "Who runs the autonomous system"),
	};

	static ei_register_info items[] = {
		{ &ei_unread,
		  { "geo.unread", PI_UNDECODED, PI_WARN,
		    "A database of the preferences is not used", EXPFILL } },
	};

	items[0].eiinfo.hf_info.hfinfo.blurb =
		"A database that proc.geo_databases names cannot be read";
	expert_register_field_array(expert_register_protocol(proto_geo), items,
				    array_length(items));
	proto_register_field_array(proto_geo, all, array_length(all));
	proto_ip = proto_get_id_by_filter_name("ip");
	proto_ipv6 = proto_get_id_by_filter_name("ipv6");
	proto_icmp = proto_get_id_by_filter_name("icmp");
	proto_icmpv6 = proto_get_id_by_filter_name("icmpv6");
}

void geo_fields_reset(void)
{
	geo_free(databases);
	databases = NULL;
	if (unread)
		g_ptr_array_free(unread, true);
	unread = NULL;
	memset(recent, 0, sizeof(recent));
}

bool geo_fields_is_wanted(proto_tree *tree)
{
	return proto_field_is_referenced(tree, proto_geo) ||
	       proto_field_is_referenced(tree, hf_scope[SRC]) ||
	       proto_field_is_referenced(tree, hf_scope[DST]);
}

/* Of what an ICMP error quotes Wireshark does not take the addresses. */
bool geo_fields_is_inside(const packet_info *pinfo)
{
	const wmem_list_frame_t *l = wmem_list_head(pinfo->layers);
	int headers = 0;

	for (; l && headers < 2; l = wmem_list_frame_next(l)) {
		int proto = GPOINTER_TO_INT(wmem_list_frame_data(l));

		if (proto == proto_icmp || proto == proto_icmpv6)
			break;
		headers += proto == proto_ip || proto == proto_ipv6;
	}
	return headers == 2;
}

static const char *why_unread(int err)
{
	if (err == -ENOSPC)
		return "too many databases";
	return err == -EBADMSG ? "damaged or no MaxMind database" :
				 g_strerror(-err);
}

/*
 * What is wrong with one database costs one line, not the others.  Who looks
 * at a window does not see the line: there is an item for it.
 */
static void add_database(const char *path)
{
	int err = *path ? geo_add(databases, path) : 0;
	char *text;

	if (err >= 0)
		return;
	text = g_strdup_printf("%s: %s: not used", path, why_unread(err));
	ws_warning("%s", text);
	g_ptr_array_add(unread, text);
}

static void open_databases(void)
{
	Dl_info plugin;
	char **paths;

	databases = geo_new();
	if (!databases)
		return;
	unread = g_ptr_array_new_with_free_func(g_free);
	if (!*pref_databases) {
		if (dladdr(&databases, &plugin))
			geo_add_installed(databases, plugin.dli_fname);
		return;
	}
	paths = g_strsplit(pref_databases, ":", -1);
	for (char **p = paths; *p; p++)
		add_database(*p);
	g_strfreev(paths);
}

/* As geo.h wants it; false for what is no IP address. */
static bool to_ipv6(uint8_t out[16], const address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (a->type == AT_IPv6 && a->len == 16) {
		memcpy(out, a->data, 16);
		return true;
	}
	if (a->type != AT_IPv4 || a->len != 4)
		return false;
	memcpy(out, mapped, sizeof(mapped));
	memcpy(out + sizeof(mapped), a->data, 4);
	return true;
}

static const struct geo_place nowhere;

/* Borrowed until the next call. */
static const struct geo_place *look_up_place(const address *a)
{
	struct looked_up *r;
	uint8_t ip[16];

	if (!pref_lookup || !to_ipv6(ip, a))
		return &nowhere;
	r = &recent[(ip[5] ^ ip[7] ^ ip[13] ^ ip[14] ^ ip[15]) %
		    array_length(recent)];
	if (!r->used || memcmp(r->ip, ip, sizeof(ip))) {
		if (!databases)
			open_databases();
		if (!databases || !geo_lookup(databases, ip, &r->place))
			r->place = nowhere;
		/* Free databases have only codes. */
		if (*r->place.country && !*r->place.country_name)
			g_strlcpy(r->place.country_name,
				  country_name(r->place.country),
				  sizeof(r->place.country_name));
		memcpy(r->ip, ip, sizeof(ip));
		r->used = true;
	}
	return &r->place;
}

/*
 * The recorded country and what today's databases say besides.  Where they
 * disagree about the country, their name of it and their city would
 * contradict the record.
 */
static const struct geo_place *find_place(const address *a,
					  const char *recorded)
{
	const struct geo_place *found = look_up_place(a);
	static struct geo_place place;

	if (!*recorded || !strcmp(found->country, recorded))
		return found;
	place = *found;
	g_strlcpy(place.country, recorded, sizeof(place.country));
	place.country_name[0] = '\0';
	place.city[0] = '\0';
	return &place;
}

bool geo_fields_country(char out[GEO_FIELDS_COUNTRY_LEN], const address *a,
			const char *recorded)
{
	g_strlcpy(out, *recorded ? recorded : look_up_place(a)->country,
		  GEO_FIELDS_COUNTRY_LEN);
	return *out;
}

bool geo_fields_is_public(const address *a)
{
	uint8_t ip[16];

	return to_ipv6(ip, a) && geo_is_public(ip);
}

struct where {
	proto_tree *tree;
	tvbuff_t *tvb;
	wmem_allocator_t *pool;
	enum scope scope;
};

static bool wants_either(const struct where *w, enum what what)
{
	unsigned id = (unsigned)hf[what][EITHER];

	return program_wants_hidden(w->tree, proto_registrar_get_nth(id));
}

static void add_geo_string(const struct where *w, enum what what, const char *s)
{
	proto_item *item;

	if (!*s)
		return;
	s = text_escape(w->pool, s, strlen(s));
	if (wants_either(w, what)) {
		item = proto_tree_add_string(w->tree, hf[what][EITHER], w->tvb,
					     0, 0, s);
		proto_item_set_generated(item);
		proto_item_set_hidden(item);
	}
	item = proto_tree_add_string(w->tree, hf[what][w->scope], w->tvb, 0, 0,
				     s);
	proto_item_set_generated(item);
}

static void add_asn(const struct where *w, uint32_t asn)
{
	proto_item *item;

	if (!asn)
		return;
	if (wants_either(w, ASN)) {
		item = proto_tree_add_uint(w->tree, hf[ASN][EITHER], w->tvb, 0,
					   0, asn);
		proto_item_set_generated(item);
		proto_item_set_hidden(item);
	}
	item = proto_tree_add_uint(w->tree, hf[ASN][w->scope], w->tvb, 0, 0,
				   asn);
	proto_item_set_generated(item);
}

static void make_top(proto_tree *tree, proto_item **top, tvbuff_t *tvb)
{
	if (*top)
		return;
	*top = proto_tree_add_protocol_format(tree, proto_geo, tvb, 0, 0,
					      "Places");
	proto_item_set_generated(*top);
}

/* @top is the protocol's item: made for the first place, none without one. */
static void add_geo_end(proto_tree *tree, proto_item **top, struct where *w,
			const struct geo_place *place)
{
	const char *country = place->country;
	proto_item *item;

	if (!*country && !*place->country_name && !*place->city &&
	    !place->asn && !*place->org)
		return;
	make_top(tree, top, w->tvb);
	proto_item_append_text(*top, ", %s: %s",
			       w->scope == SRC ? "Src" : "Dst",
			       *country ? country : "?");

	w->tree = proto_item_add_subtree(*top, ett_geo);
	item = proto_tree_add_protocol_format(w->tree, hf_scope[w->scope],
					      w->tvb, 0, 0, "%s: %s",
					      w->scope == SRC ? "Source" :
								"Destination",
					      *country ? country : "?");
	proto_item_set_generated(item);
	w->tree = proto_item_add_subtree(item, ett_scope[w->scope]);
	add_geo_string(w, COUNTRY, country);
	add_geo_string(w, COUNTRY_NAME, place->country_name);
	add_geo_string(w, CITY, place->city);
	add_asn(w, place->asn);
	add_geo_string(w, ORG, place->org);
}

static void add_unread(proto_tree *tree, proto_item **top, tvbuff_t *tvb,
		       packet_info *pinfo)
{
	if (!pref_lookup || !*pref_databases)
		return;
	if (!databases)
		open_databases();
	for (unsigned i = 0; unread && i < unread->len; i++) {
		const char *text = unread->pdata[i];

		make_top(tree, top, tvb);
		expert_add_info_format(pinfo, *top, &ei_unread, "%s",
				       text_escape(pinfo->pool, text,
						   strlen(text)));
	}
}

void geo_fields_add(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo,
		    const char *src_country, const char *dst_country)
{
	struct where w = { .tvb = tvb, .pool = pinfo->pool };
	proto_item *top = NULL;

	if (!proto_is_protocol_enabled(find_protocol_by_id(proto_geo)))
		return;
	w.scope = SRC;
	add_geo_end(tree, &top, &w, find_place(&pinfo->net_src, src_country));
	w.scope = DST;
	add_geo_end(tree, &top, &w, find_place(&pinfo->net_dst, dst_country));
	if (pinfo->num == 1)
		add_unread(tree, &top, tvb, pinfo);
}

void geo_fields_add_unread(proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo)
{
	proto_item *top = NULL;

	if (proto_is_protocol_enabled(find_protocol_by_id(proto_geo)))
		add_unread(tree, &top, tvb, pinfo);
}
