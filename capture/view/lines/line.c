/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/lines/line.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/parse.h"
#include "view/flows/community_id.h"
#include "view/lines/json.h"
#include "view/flows/names.h"

#define ECS_VERSION "8.11.0"

/* Numbers of 64 bits would lose digits in JavaScript and jq. */
static void put_id(struct json *j, const char *name, uint64_t id)
{
	char text[17];

	for (int i = 15; i >= 0; i--, id >>= 4)
		text[i] = "0123456789abcdef"[id & 15];
	text[16] = '\0';
	json_text(j, name, text);
}

/* As ECS has it: a number that is text. */
static void put_keyword(struct json *j, const char *name, uint32_t n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	json_text(j, name, text);
}

/* ---- a process ---- */

static void put_arguments(struct json *j, const struct process *p)
{
	if (!p->cmdline_len)
		return;
	json_open(j, "args", '[');
	for (size_t at = 0; at < p->cmdline_len;
	     at += strlen(p->cmdline + at) + 1)
		json_text(j, NULL, p->cmdline + at);
	json_close(j, ']');
}

static void put_hash(struct json *j, const struct process *p)
{
	char text[65];

	if (!process_has(p, FIELD_SHA256))
		return;
	for (int i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", p->sha256[i]);
	json_open(j, "hash", '{');
	json_text(j, "sha256", text);
	json_close(j, '}');
}

static void put_user(struct json *j, const struct process *p)
{
	if (process_has(p, FIELD_UID)) {
		json_open(j, "user", '{');
		put_keyword(j, "id", p->uid);
		json_text(j, "name", p->user);
		json_close(j, '}');
	}
	if (process_has(p, FIELD_GID)) {
		json_open(j, "group", '{');
		put_keyword(j, "id", p->gid);
		json_close(j, '}');
	}
}

static void put_container(struct json *j, const struct process *p)
{
	if (!*p->container_id)
		return;
	json_open(j, "container", '{');
	json_text(j, "id", p->container_id);
	json_text(j, "name", p->container_name);
	json_text(j, "runtime", p->container_runtime);
	if (*p->container_image) {
		json_open(j, "image", '{');
		json_text(j, "name", p->container_image);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_pod(struct json *j, const struct process *p)
{
	if (!*p->pod_name)
		return;
	json_open(j, "orchestrator", '{');
	json_text(j, "type", "kubernetes");
	json_text(j, "namespace", p->pod_namespace);
	json_open(j, "resource", '{');
	json_text(j, "type", "pod");
	json_text(j, "name", p->pod_name);
	json_text(j, "id", p->pod_uid);
	json_close(j, '}');
	json_close(j, '}');
}

static void put_flags(struct json *j, const struct process *p)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} flags[] = {
		{ PROCESS_EXE_DELETED, "exe_deleted" },
		{ PROCESS_EXE_MEMFD, "exe_memfd" },
		{ PROCESS_EXE_WORLD_WRITABLE, "exe_world_writable" },
		{ PROCESS_EXE_USER_MOUNT, "exe_user_mount" },
		{ PROCESS_CMDLINE_TRUNCATED, "cmdline_truncated" },
		{ PROCESS_CMDLINE_WITHHELD, "cmdline_withheld" },
		{ PROCESS_CMDLINE_MASKED, "cmdline_masked" },
		{ PROCESS_FORKED, "forked" },
	};

	if (!p->flags)
		return;
	json_open(j, "flags", '[');
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (p->flags & flags[i].flag)
			json_text(j, NULL, flags[i].name);
	json_close(j, ']');
}

/* What ECS has no name for. */
static void put_own(struct json *j, const struct process *p)
{
	json_open(j, "pktwho", '{');
	json_text(j, "unit", p->unit);
	json_text(j, "pod_uid", p->pod_uid);
	json_text(j, "cgroup", p->cgroup);
	if (process_has(p, FIELD_NETNS))
		json_number(j, "netns", p->netns);
	if (process_has(p, FIELD_LOGINUID))
		json_number(j, "loginuid", p->loginuid);
	put_flags(j, p);
	json_close(j, '}');
}

static void put_process(struct json *j, const struct actor *a,
			const struct process *p)
{
	json_open(j, "process", '{');
	put_id(j, "entity_id", a->id);
	json_number(j, "pid", a->pid);
	json_text(j, "name", a->name);
	json_text(j, "executable", p->exepath);
	put_arguments(j, p);
	if (process_has(p, FIELD_START))
		json_time(j, "start", p->start_ns);
	if (process_has(p, FIELD_PPID)) {
		json_open(j, "parent", '{');
		json_number(j, "pid", p->ppid);
		json_text(j, "name", p->pname);
		json_close(j, '}');
	}
	put_hash(j, p);
	put_user(j, p);
	put_own(j, p);
	json_close(j, '}');
}

/* Made once for each process; without memory, each time. */
static void put_actor(struct json *j, struct actor *a)
{
	struct process p;
	char *begin = j->at;

	if (a->said) {
		json_members(j, a->said, a->said_len);
		return;
	}
	actor_process(a, &p);
	put_process(j, a, &p);
	put_container(j, &p);
	put_pod(j, &p);
	if (j->failed)
		return;
	begin += *begin == ',';
	a->said_len = (uint32_t)(j->at - begin);
	a->said = malloc(a->said_len);
	if (a->said)
		memcpy(a->said, begin, a->said_len);
}

/* ---- a connection ---- */

static void put_asker(struct json *j, const struct resolved_name *n)
{
	if (!n || !n->pid)
		return;
	json_open(j, "resolved_by", '{');
	json_number(j, "pid", n->pid);
	json_text(j, "name", n->who);
	json_close(j, '}');
}

static void put_end(struct json *j, const struct line *l, const char *name,
		    const struct flow *f, enum flow_side side, uint64_t packets,
		    uint64_t bytes)
{
	const struct flow_end *e = &f->ends[side];
	const struct resolved_name *n = resolved_get(l->names,
						     side ? f->key.remote :
							    f->key.local,
						     f->first_ns);
	char ip[INET6_ADDRSTRLEN];

	json_open(j, name, '{');
	if (f->key.proto != FLOW_FRAME) {
		name_address(side ? f->key.remote : f->key.local, ip,
			     sizeof(ip));
		json_text(j, "address", ip);
		json_text(j, "ip", ip);
		json_text(j, "domain", n ? n->name : "");
	}
	if (name_has_ports(f->key.proto))
		json_number(j, "port",
			    side ? f->key.remote_port : f->key.local_port);
	json_number(j, "packets", packets);
	json_number(j, "bytes", bytes);
	if (*e->country) {
		json_open(j, "geo", '{');
		json_text(j, "country_iso_code", e->country);
		json_close(j, '}');
	}
	if (e->actor->id)
		put_actor(j, e->actor);
	json_open(j, "pktwho", '{');
	json_text(j, "attr", attr_name(e->attr));
	json_text(j, "reason", reason_name(e->reason));
	put_asker(j, n);
	json_close(j, '}');
	json_close(j, '}');
}

/* Where it was captured; in a file each process says so. */
static void put_host(struct json *j, const struct line *l, const struct flow *f)
{
	const char *host = l->host;
	struct process p;

	for (int i = 0; i < 2 && !*host; i++) {
		const struct actor *a = f->ends[i].actor;

		if (!a->id)
			continue;
		actor_process(a, &p);
		host = p.host;
	}
	if (!*host)
		return;
	json_open(j, "host", '{');
	json_text(j, "hostname", host);
	json_close(j, '}');
}

static void put_event(struct json *j, const struct line *l,
		      const struct flow *f)
{
	json_open(j, "event", '{');
	json_text(j, "kind", "event");
	json_open(j, "category", '[');
	json_text(j, NULL, "network");
	json_close(j, ']');
	json_open(j, "type", '[');
	json_text(j, NULL, "connection");
	json_text(j, NULL, strcmp(l->action, "interval") ? l->action : "info");
	json_close(j, ']');
	json_text(j, "action", l->action);
	json_text(j, "reason", name_over(f));
	json_time(j, "start", f->first_ns);
	json_time(j, "end", f->last_ns);
	json_number(j, "duration", f->last_ns - f->first_ns);
	json_number(j, "sequence", l->sequence);
	json_close(j, '}');
}

static const char *const ecs_directions[] = {
	[DIRECTION_UNKNOWN] = "unknown",    [DIRECTION_IN] = "ingress",
	[DIRECTION_OUT] = "egress",	    [DIRECTION_LOCAL] = "internal",
	[DIRECTION_FORWARDED] = "external",
};

/* ECS wants it in lower case. */
static void put_application(struct json *j, const struct flow *f)
{
	bool known = f->speech && !f->speech->guessed;
	const char *app = known ? f->speech->app : "";
	char text[64];
	size_t n = 0;

	for (; app[n] && n < sizeof(text) - 1; n++)
		text[n] = (char)tolower((unsigned char)app[n]);
	text[n] = '\0';
	json_text(j, "protocol", text);
}

static void put_network(struct json *j, const struct flow *f, uint64_t packets,
			uint64_t bytes)
{
	char id[COMMUNITY_ID_SIZE];

	json_open(j, "network", '{');
	if (f->key.proto != FLOW_FRAME) {
		json_text(j, "type",
			  address_is_ipv4(f->key.local) ? "ipv4" : "ipv6");
		put_keyword(j, "iana_number", f->key.proto);
	}
	json_text(j, "transport", name_protocol(&f->key));
	put_application(j, f);
	if (community_id(&f->key, id))
		json_text(j, "community_id", id);
	if (f->direction <= DIRECTION_FORWARDED)
		json_text(j, "direction", ecs_directions[f->direction]);
	json_number(j, "packets", packets);
	json_number(j, "bytes", bytes);
	json_close(j, '}');
}

/* What @side sent, and who it is, or, of a copy, who got it. */
static void put_share(struct json *j, const char *name,
		      const struct flow_part *part, enum flow_side side)
{
	const struct actor *a = part->actors[part->copy ? !side : side];

	json_open(j, name, '{');
	json_number(j, "packets", part->packets[side]);
	json_number(j, "bytes", part->bytes[side]);
	json_open(j, "process", '{');
	if (a->id) {
		put_id(j, "entity_id", a->id);
		json_number(j, "pid", a->pid);
	}
	json_text(j, "name", a->name);
	json_close(j, '}');
	json_close(j, '}');
}

/* Only where the owners changed: whose how much of it was. */
static void put_shares(struct json *j, const struct flow *f)
{
	if (!f->part.next)
		return;
	json_open(j, "shares", '[');
	for (const struct flow_part *p = &f->part; p; p = p->next) {
		json_open(j, NULL, '{');
		put_share(j, "source", p, FLOW_CLIENT);
		put_share(j, "destination", p, FLOW_SERVER);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Who got copies: how much of what was sent to the first receiver. */
static void put_receivers(struct json *j, const struct flow *f)
{
	if (!f->copies)
		return;
	json_open(j, "receivers", '[');
	for (const struct flow_part *p = f->copies; p; p = p->next)
		put_share(j, NULL, p,
			  p->actors[FLOW_CLIENT]->id ? FLOW_SERVER :
						       FLOW_CLIENT);
	json_close(j, ']');
}

/* Those of executables are with their processes. */
static void put_alerts(struct json *j, const struct flow *f)
{
	if (!f->new_country && !f->foreign_port && !f->unresolved)
		return;
	json_open(j, "alerts", '[');
	if (f->new_country)
		json_text(j, NULL, "new_country");
	if (f->foreign_port)
		json_text(j, NULL, "foreign_port");
	if (f->unresolved)
		json_text(j, NULL, "unresolved");
	json_close(j, ']');
}

static void put_pktwho(struct json *j, const struct line *l,
		       const struct flow *f)
{
	json_open(j, "pktwho", '{');
	json_number(j, "flow", f->number);
	json_number(j, "lost", l->lost);
	json_text(j, "interface", l->interfaces[f->interface]);
	if (f->key.proto == IPPROTO_TCP) {
		json_text(j, "state", name_state(f));
		json_number(j, "retransmissions",
			    f->ends[0].retransmissions +
				    f->ends[1].retransmissions);
		if (f->rtt_ns)
			json_number(j, "rtt", f->rtt_ns);
	}
	if (f->speech) {
		json_text(j, f->speech->guessed ? "app_of_port" : "app",
			  f->speech->app);
		json_text(j, "host", f->speech->host);
		json_text(j, "detail", f->speech->detail);
	}
	if (f->missed)
		json_number(j, "undissected", 1);
	put_alerts(j, f);
	put_shares(j, f);
	put_receivers(j, f);
	json_close(j, '}');
}

size_t line_format(const struct line *l, const struct flow *f, char *buf,
		   size_t size)
{
	struct json j = json_of(buf, size);
	uint64_t packets[2], bytes[2];

	flow_sums(f, packets, bytes);
	json_open(&j, NULL, '{');
	json_time(&j, "@timestamp", l->ts_ns);
	json_open(&j, "ecs", '{');
	json_text(&j, "version", ECS_VERSION);
	json_close(&j, '}');
	json_number(&j, "schema_version", LINE_SCHEMA_VERSION);
	put_host(&j, l, f);
	put_event(&j, l, f);
	put_network(&j, f, packets[0] + packets[1], bytes[0] + bytes[1]);
	put_end(&j, l, "source", f, FLOW_CLIENT, packets[0], bytes[0]);
	put_end(&j, l, "destination", f, FLOW_SERVER, packets[1], bytes[1]);
	put_pktwho(&j, l, f);
	json_close(&j, '}');
	json_newline(&j);
	return j.failed ? 0 : (size_t)(j.at - buf);
}
