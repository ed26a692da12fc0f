/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/layers.h"

#include "recognise/content.h"
#include "recognise/spoken.h"

static const struct dpi_protocol *tls, *dtls, *dns, *http, *ssh, *quic, *dcerpc;
static const struct dpi_protocol *udp;
static const struct dpi_protocol *mdns, *llmnr, *nbns;

void dpi_layers_init(void)
{
	if (tls)
		return;
	tls = dpi_protocol_named("tls");
	udp = dpi_protocol_named("udp");
	dtls = dpi_protocol_named("dtls");
	dns = dpi_protocol_named("dns");
	http = dpi_protocol_named("http");
	ssh = dpi_protocol_named("ssh");
	quic = dpi_protocol_named("quic");
	dcerpc = dpi_protocol_named("dcerpc");
	mdns = dpi_protocol_named("mdns");
	llmnr = dpi_protocol_named("llmnr");
	nbns = dpi_protocol_named("nbns");
}

/* What has been found on the way up. */
struct climb {
	const struct dpi_protocol *top;	    /* the app, if we are not past it */
	const struct dpi_protocol *said;    /* whose name is the app's */
	const struct dpi_protocol *carrier; /* the last one */
	const struct dpi_protocol *transport;
	const struct dpi_protocol *below; /* the one before, if it is known */
	bool is_inside;			  /* the app, in TLS or QUIC */
	bool is_carried; /* we are in a frame within, which is not spoken */
	packet_info *pinfo;
	bool stop;
};

static void start_over(struct dpi_layers *l, struct climb *c,
		       const struct dpi_protocol *transport)
{
	memset(l, 0, sizeof(*l));
	c->transport = transport;
	c->top = c->said = c->carrier = NULL;
	c->is_inside = c->is_carried = false;
}

static bool is_any_http(const struct dpi_protocol *p)
{
	return p && p->families & (DPI_HTTP | DPI_HTTP2 | DPI_HTTP3);
}

/*
 * What nobody hands payload to is part of something else: so are certificates
 * and their extensions, each of which Wireshark makes a protocol of.
 */
static bool is_spoken(const struct climb *c, const struct dpi_protocol *p)
{
	if (!c->transport)
		return true;
	if (!p->is_called && c->said && c->said->role == DPI_CARRIES)
		return !(c->said->families & (DPI_TLS | DPI_DTLS));
	return !c->top || p->role == DPI_UPGRADE || p->role == DPI_INSIDE;
}

/* What a proxy of HTTP passes on; an answer's text is no such thing. */
static bool is_passed_on(const struct climb *c, const struct dpi_protocol *p)
{
	return c->top == http &&
	       (p == ssh || (p->is_listed && dpi_content_is_connect(c->pinfo)));
}

enum dpi_rank dpi_layers_rank(const struct dpi_protocol *p, enum dpi_rank plain)
{
	switch (p->role) {
	case DPI_PATH:
		return DPI_PATHFINDER;
	case DPI_CARRIES:
	case DPI_PROXY:
		return DPI_CARRIER;
	case DPI_UPGRADE:
		return DPI_UPGRADED;
	case DPI_INSIDE:
		return DPI_WITHIN;
	default:
		return plain;
	}
}

/* Without a transport, the highest is what is spoken: ARP, not Ethernet. */
static void take_app(struct dpi_layers *l, struct climb *c,
		     const struct dpi_protocol *p)
{
	l->families |= p->families;
	l->is_dns_alone = l->is_dns_alone ||
			  ((p == dns || p == mdns || p == llmnr) && c->below &&
			   c->below == c->transport);
	if (p == dns && is_any_http(c->top)) {
		l->app = "DNS over HTTPS";
		l->rank = DPI_WITHIN;
		return;
	}
	if (is_passed_on(c, p))
		l->in_proxy = true;
	else if (!is_spoken(c, p))
		return;
	c->top = c->said = p;
	c->is_inside = l->in_tls || l->in_quic;
	l->has_port = p->has_port;
	l->rank = dpi_layers_rank(p, DPI_SEEN);
	l->app = l->in_tls ? p->over_tls : p->app;
	if (l->in_quic && p == dns)
		l->app = "DNS over QUIC";
}

static void take_carrier(struct dpi_layers *l, struct climb *c,
			 const struct dpi_protocol *p)
{
	c->carrier = p;
	l->families |= p->families;
	if (p == tls && c->top == http) {
		l->in_proxy = true;
		c->top = NULL;
	}
	if (p == tls && !l->in_quic)
		l->in_tls = true;
	else if (p->families & DPI_TLS)
		l->in_quic = true;
	if (c->top || (l->in_quic && p == tls))
		return;
	c->said = p;
	l->has_port = p->has_port;
	l->app = p->app;
	l->rank = dpi_layers_rank(p, DPI_CARRIER);
}

static void take(struct dpi_layers *l, struct climb *c,
		 const struct dpi_protocol *p)
{
	if (p->role == DPI_LINK)
		c->is_carried = c->transport;
	if (c->is_carried && p->role != DPI_TRANSPORT && p->role != DPI_QUOTES)
		return;
	switch (p->role) {
	case DPI_NOISE:
		break;
	case DPI_TRANSPORT:
		start_over(l, c, p);
		break;
	case DPI_CARRIES:
	case DPI_PATH:
	case DPI_PROXY:
		l->in_proxy = l->in_proxy ||
			      (c->said && c->said->role == DPI_PROXY);
		take_carrier(l, c, p);
		break;
	case DPI_QUOTES:
		start_over(l, c, NULL);
		c->stop = true;
		c->said = p;
		l->app = p->app;
		l->rank = DPI_SEEN;
		break;
	case DPI_LINK:
	case DPI_APP:
	case DPI_WEAK:
	case DPI_UPGRADE:
	case DPI_INSIDE:
		l->in_proxy = l->in_proxy ||
			      (c->said && c->said->role == DPI_PROXY);
		take_app(l, c, p);
		break;
	}
}

/* In TLS or QUIC, and nothing was said of what is inside. */
static bool look_at_tls_port(struct dpi_layers *l, const packet_info *pinfo)
{
	const char *app;

	if (l->rank != DPI_CARRIER)
		return false;
	app = dpi_protocol_of_tls_port(pinfo->srcport);
	if (!app)
		app = dpi_protocol_of_tls_port(pinfo->destport);
	if (!app)
		return false;
	if (l->in_quic && (pinfo->srcport == 853 || pinfo->destport == 853))
		app = "DNS over QUIC";
	else if (!l->in_tls)
		return false;
	l->app = app;
	l->rank = DPI_TLS_PORT;
	l->how = DPI_BY_PORT;
	return true;
}

/*
 * The dissector of a port's owner is called whatever the bytes are: only what
 * it finds inside says that it knew them.  What it passes all on to without a
 * look, as ESP in UDP, is no more than the port, too.
 */
static bool is_by_port(const struct dpi_layers *l, const struct climb *c,
		       const packet_info *pinfo)
{
	if (l->rank >= DPI_SAID || c->is_inside)
		return false;
	return spoken_is_owner(pinfo, c->said->id) ||
	       (c->said->role == DPI_WEAK && c->carrier &&
		spoken_is_owner(pinfo, c->carrier->id));
}

/*
 * Wireshark tries some protocols on any port, and asks too little of the
 * bytes: of these our own signatures say what they are.  TLS on another's
 * port is what the owner made of bytes that it does not know.
 */
static bool is_guessed(const struct dpi_layers *l, const struct climb *c,
		       packet_info *pinfo)
{
	const struct dpi_protocol *p = c->said;

	if (p->role == DPI_WEAK)
		return true;
	if (c->is_inside || l->in_proxy || (c->carrier && c->carrier != p))
		return false;
	if (dpi_content_is_short(pinfo) && !dpi_content_is_known(pinfo))
		return true;
	if (p == quic)
		return dpi_content_denies_quic(pinfo);
	return !dpi_content_is_known(pinfo) &&
	       (p == dns || p == dtls ||
		(p == dcerpc && pinfo->ptype == PT_UDP) ||
		(p == tls && spoken_has_owner(pinfo)));
}

/* Even the port's owner cannot have been sent these bytes. */
static bool is_denied(const struct climb *c, packet_info *pinfo)
{
	const struct dpi_protocol *p = c->said;

	return (p == dns || p == mdns || p == llmnr || p == nbns) &&
	       pinfo->ptype == PT_UDP && dpi_content_denies_dns(pinfo);
}

static void look_at_port(struct dpi_layers *l, const struct climb *c,
			 packet_info *pinfo)
{
	bool by_port = c->said && is_by_port(l, c, pinfo);

	if (!c->said)
		return;
	if (by_port ? is_denied(c, pinfo) : is_guessed(l, c, pinfo)) {
		l->app = NULL;
		l->rank = DPI_NOTHING;
		l->families = 0;
	} else if (by_port) {
		l->rank = DPI_PORT;
		l->how = DPI_BY_PORT;
	}
}

void dpi_layers_read(struct dpi_layers *l, packet_info *pinfo)
{
	struct climb c = { .pinfo = pinfo };

	memset(l, 0, sizeof(*l));
	for (wmem_list_frame_t *f = wmem_list_head(pinfo->layers); f && !c.stop;
	     f = wmem_list_frame_next(f)) {
		const struct dpi_protocol *p = dpi_protocol_of(
			GPOINTER_TO_INT(wmem_list_frame_data(f)));

		take(l, &c, p);
		c.below = p;
	}
	l->how = l->app ? DPI_BY_DISSECTOR : DPI_BY_NOTHING;
	l->is_flow = c.transport && !c.stop &&
		     (pinfo->ptype == PT_TCP || pinfo->ptype == PT_UDP ||
		      pinfo->ptype == PT_SCTP || pinfo->ptype == PT_DCCP);
	l->transport = c.transport ? c.transport->app : NULL;
	if (!l->is_flow)
		return;
	if (!look_at_tls_port(l, pinfo))
		look_at_port(l, &c, pinfo);
}

static int number_in(wmem_list_frame_t *layer)
{
	return layer ? GPOINTER_TO_INT(wmem_list_frame_data(layer)) : -1;
}

/* Frame, link and its type, IP, UDP, DNS: none is of an error, or a tunnel. */
#define PLAIN_LAYERS 6

bool dpi_layers_are_plain_dns(struct dpi_layers *l, const packet_info *pinfo)
{
	wmem_list_frame_t *top = wmem_list_tail(pinfo->layers);

	if (pinfo->ptype != PT_UDP || number_in(top) != dns->id ||
	    number_in(wmem_list_frame_prev(top)) != udp->id ||
	    wmem_list_count(pinfo->layers) > PLAIN_LAYERS)
		return false;
	*l = (struct dpi_layers){
		.app = dns->app,
		.transport = udp->app,
		.families = dns->families,
		.is_flow = true,
		.is_dns_alone = true,
		.has_port = dns->has_port,
	};
	return true;
}

bool dpi_layers_are_dns(struct dpi_layers *l, packet_info *pinfo)
{
	bool by_port;

	if (!dpi_layers_are_plain_dns(l, pinfo))
		return false;
	by_port = spoken_is_owner(pinfo, dns->id);
	l->rank = by_port ? DPI_PORT : DPI_SEEN;
	l->how = by_port ? DPI_BY_PORT : DPI_BY_DISSECTOR;
	return by_port ? !dpi_content_denies_dns(pinfo) :
			 dpi_content_is_known(pinfo);
}
