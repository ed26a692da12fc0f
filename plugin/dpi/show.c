/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/show.h"

#include "dpi/expert.h"
#include "dpi/names.h"
#include "program.h"

static int proto_dpi = -1;
static int hf_app, hf_how, hf_host, hf_detail, hf_summary, hf_name,
	hf_name_proc;
static int ett_dpi = -1;

void dpi_show_init(void)
{
	static int *ett[] = { &ett_dpi };

	proto_register_subtree_array(ett, array_length(ett));
}

void dpi_show_register(int proto)
{
	static hf_register_info all[] = {
		{ &hf_app,
		  { "Application", "dpi.app", FT_STRING, BASE_NONE, NULL, 0,
		    "What is spoken, as HTTP, DNS over TLS or Redis", HFILL } },
		{ &hf_how,
		  { "Known By", "dpi.how", FT_STRING, BASE_NONE, NULL, 0,
		    "By what it is known: content (the first bytes), alpn, "
		    "dissector, port",
		    HFILL } },
		{ &hf_host,
		  { "Host", "dpi.host", FT_STRING, BASE_NONE, NULL, 0,
		    "Server name, host of the request, or name that DNS is "
		    "asked for",
		    HFILL } },
		{ &hf_detail,
		  { "Detail", "dpi.detail", FT_STRING, BASE_NONE, NULL, 0,
		    "Method, path and status; version, cipher and ALPN; user, "
		    "share, topic and so on",
		    HFILL } },
		{ &hf_summary,
		  { "Summary", "dpi.summary", FT_STRING, BASE_NONE, NULL, 0,
		    "All of these in one line", HFILL } },
		{ &hf_name,
		  { "Resolved Name", "dpi.name", FT_STRING, BASE_NONE, NULL, 0,
		    "Name that this host resolved to get the remote address",
		    HFILL } },
		{ &hf_name_proc,
		  { "Resolved By", "dpi.name_proc", FT_STRING, BASE_NONE, NULL,
		    0, "Process that resolved it", HFILL } },
	};

	proto_dpi = proto;
	proto_register_field_array(proto, all, array_length(all));
}

static bool is_wanted(const struct dpi_view *v, int hf)
{
	return proto_field_is_referenced(v->tree, hf);
}

static const char *summary_of(const struct dpi_view *v, const char *detail)
{
	wmem_strbuf_t *s = wmem_strbuf_new(v->pinfo->pool, v->app);

	if (v->flow && v->flow->odd_port)
		wmem_strbuf_append_printf(s, " on port %u", v->flow->port);
	if (v->host) {
		wmem_strbuf_append_c(s, ' ');
		wmem_strbuf_append(s, v->host);
	}
	if (*detail) {
		wmem_strbuf_append_c(s, ' ');
		wmem_strbuf_append(s, detail);
	}
	return wmem_strbuf_get_str(s);
}

static proto_item *add(const struct dpi_view *v, int hf, const char *text)
{
	proto_item *item = NULL;

	if (text && *text)
		item = proto_tree_add_string(v->tree, hf, v->tvb, 0, 0, text);
	proto_item_set_generated(item);
	return item;
}

/* It can be filtered for all the same. */
static void add_hidden(const struct dpi_view *v, int hf, const char *text)
{
	if (program_wants_hidden(v->tree,
				 proto_registrar_get_nth((unsigned)hf)))
		proto_item_set_hidden(add(v, hf, text));
}

static void add_name(const struct dpi_view *v, const address *a)
{
	const struct dpi_name *name = dpi_names_get(a, v->pinfo->num);

	if (!name)
		return;
	add(v, hf_name, name->name);
	add(v, hf_name_proc, name->process);
}

/* Of the remote end; of either if nobody knows which that is. */
static void add_names(const struct dpi_view *v,
		      const struct attribution *owners)
{
	unsigned direction = owners ? owners->direction : DIRECTION_UNKNOWN;

	if (!is_wanted(v, hf_name) && !is_wanted(v, hf_name_proc))
		return;
	if (direction != DIRECTION_OUT)
		add_name(v, &v->pinfo->net_src);
	if (direction != DIRECTION_IN)
		add_name(v, &v->pinfo->net_dst);
}

/* One line for one fact: the first has them all in short. */
void dpi_show(struct dpi_view *v, const struct attribution *owners)
{
	static const char *const hows[] = {
		[DPI_BY_NOTHING] = NULL, [DPI_BY_CONTENT] = "content",
		[DPI_BY_ALPN] = "alpn",	 [DPI_BY_DISSECTOR] = "dissector",
		[DPI_BY_PORT] = "port",
	};
	bool has_summary = is_wanted(v, hf_summary);
	const char *detail = v->flow && (has_summary ||
					 is_wanted(v, hf_detail)) ?
				     dpi_flow_detail(v->pinfo->pool, v->flow,
						     v->turn) :
				     "";
	const char *summary = has_summary ? summary_of(v, detail) : "";
	proto_item *top = proto_tree_add_protocol_format(v->tree, proto_dpi,
							 v->tvb, 0, 0,
							 "Application%s%s",
							 *summary ? ": " : "",
							 summary);

	proto_item_set_generated(top);
	v->tree = proto_item_add_subtree(top, ett_dpi);
	if (strcmp(summary, v->app))
		add(v, hf_app, v->app);
	else
		add_hidden(v, hf_app, v->app);
	add(v, hf_how, hows[v->how]);
	add(v, hf_host, v->host);
	if (is_wanted(v, hf_detail))
		add(v, hf_detail, detail);
	add_hidden(v, hf_summary, summary);
	add_names(v, owners);
	if (v->unresolved)
		dpi_expert_add(top, v->pinfo, v->unresolved);
	if (v->tunnel)
		dpi_expert_add_tunnel(top, v->pinfo, v->tunnel);
}
