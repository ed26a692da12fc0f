/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process/container.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ID_LEN 64 /* hexadecimal digits of an OCI container id */

/*
 * One component of the path, as each runtime names it: a prefix, the id, a
 * suffix.  First match wins.
 */
struct pattern {
	const char *prefix;
	const char *suffix;
	const char *runtime; /* NULL: not a container */
	bool hex;	     /* the id is ID_LEN hexadecimal digits */
};

static const char nspawn[] = "systemd-nspawn";

static const struct pattern patterns[] = {
	{ "docker-", ".scope", "docker", true },
	{ "cri-containerd-", ".scope", "containerd", true },
	{ "crio-", ".scope", "cri-o", true },
	{ "libpod-", ".scope", "podman", true },
	{ "nerdctl-", ".scope", "containerd", true },
	/* libvirt registers its virtual machines as systemd's machines too. */
	{ "machine-qemu\\x2d", ".scope", NULL, false },
	{ "machine-", ".scope", nspawn, false },
	{ "systemd-nspawn@", ".service", nspawn, false },
	{ "lxc.payload.", "", "lxc", false },
	{ "libpod-", "", "podman", true },
	{ "crio-", "", "cri-o", true },
};

/* A bare id: the component before it is the runtime's name (cgroupfs). */
static const struct {
	const char *parent, *runtime;
} parents[] = {
	{ "docker", "docker" },
	{ "kubepods", "kubernetes" },
	{ "lxc", "lxc" },
	{ "libpod_parent", "podman" },
};

struct word {
	const char *at;
	size_t len;
};

static bool is_hex_id(struct word w)
{
	if (w.len != ID_LEN)
		return false;
	for (size_t i = 0; i < w.len; i++)
		if (!isxdigit((unsigned char)w.at[i]))
			return false;
	return true;
}

static bool word_begins(struct word w, const char *prefix)
{
	size_t n = strlen(prefix);

	return w.len > n && !memcmp(w.at, prefix, n);
}

static bool ends(struct word w, const char *suffix)
{
	size_t n = strlen(suffix);

	return w.len > n && !memcmp(w.at + w.len - n, suffix, n);
}

static bool equals(struct word w, const char *s)
{
	return w.len == strlen(s) && !memcmp(w.at, s, w.len);
}

static void set_word(struct process *p, enum field f, char *out, size_t size,
		     struct word w)
{
	if (w.len >= size)
		w.len = size - 1;
	memset(out, 0, size);
	memcpy(out, w.at, w.len);
	process_set_field(p, f);
}

static void set_container(struct process *p, struct word id,
			  const char *runtime)
{
	struct word name = { runtime, strlen(runtime) };

	set_word(p, FIELD_CONTAINER_ID, p->container_id,
		 sizeof(p->container_id), id);
	set_word(p, FIELD_CONTAINER_RUNTIME, p->container_runtime,
		 sizeof(p->container_runtime), name);
}

/*
 * Undoes systemd's escapes in a unit's name; a host's name needs only the dash.
 */
static void unescape(char *text, size_t size)
{
	static const char dash[] = "\\x2d";
	const size_t cut = sizeof(dash) - 2;
	char *end = text + size;

	for (char *s = text; (s = strstr(s, dash));) {
		*s++ = '-';
		memmove(s, s + cut, (size_t)(end - s) - cut);
		memset(end - cut, 0, cut);
	}
}

static bool match(struct process *p, struct word w, const struct pattern *pat)
{
	size_t prefix = strlen(pat->prefix), suffix = strlen(pat->suffix);

	if (!word_begins(w, pat->prefix) || (suffix && !ends(w, pat->suffix)) ||
	    w.len <= prefix + suffix)
		return false;
	w.at += prefix;
	w.len -= prefix + suffix;
	if (pat->hex && !is_hex_id(w))
		return false;
	if (pat->runtime)
		set_container(p, w, pat->runtime);
	if (pat->runtime == nspawn)
		unescape(p->container_id, sizeof(p->container_id));
	return true;
}

static void identify_container(struct process *p, struct word w,
			       struct word parent, const char *pod_runtime)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (match(p, w, &patterns[i]))
			return;
	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++)
		if (equals(parent, parents[i].parent) &&
		    (is_hex_id(w) || equals(parent, "lxc"))) {
			set_container(p, w, parents[i].runtime);
			return;
		}
	if (pod_runtime && is_hex_id(w))
		set_container(p, w, pod_runtime);
}

/* 32 hexadecimal digits at least: "podman-kube@....service" is no pod. */
static bool is_pod_uid(struct word w)
{
	for (size_t i = 0; i < w.len; i++)
		if (!isxdigit((unsigned char)w.at[i]) && w.at[i] != '-' &&
		    w.at[i] != '_')
			return false;
	return w.len >= 32;
}

/*
 * "pod<uid>" or "kubepods-burstable-pod<uid>.slice", where systemd's escaping
 * turns the dashes of the uid into underscores.
 */
static bool identify_pod(struct process *p, struct word w)
{
	static const char *const prefixes[] = {
		"kubepods-besteffort-pod",
		"kubepods-burstable-pod",
		"kubepods-pod",
		"pod",
	};

	if (ends(w, ".slice"))
		w.len -= strlen(".slice");
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		size_t n = strlen(prefixes[i]);
		struct word uid;

		if (!word_begins(w, prefixes[i]))
			continue;
		uid = (struct word){ w.at + n, w.len - n };
		if (!is_pod_uid(uid))
			continue;
		set_word(p, FIELD_POD_UID, p->pod_uid, sizeof(p->pod_uid), uid);
		for (char *c = p->pod_uid; *c; c++)
			if (*c == '_')
				*c = '-';
		return true;
	}
	return false;
}

static bool is_unit(struct word w)
{
	return ends(w, ".service") || ends(w, ".scope") || ends(w, ".socket");
}

void container_identify(struct process *p)
{
	struct word w = { p->cgroup, 0 }, parent = { "", 0 };
	const char *pod_runtime = NULL;

	if (!process_has(p, FIELD_CGROUP))
		return;
	while (*w.at) {
		w.at += strspn(w.at, "/");
		w.len = strcspn(w.at, "/");
		if (!w.len)
			break;
		if (identify_pod(p, w))
			pod_runtime = "kubernetes";
		else
			identify_container(p, w, parent, pod_runtime);
		if (is_unit(w)) /* the innermost one counts */
			set_word(p, FIELD_UNIT, p->unit, sizeof(p->unit), w);
		parent = w;
		w.at += w.len;
		w.len = 0;
	}
}

uint32_t container_owner(const struct process *p)
{
	static const char before[] = "/user-";
	const char *s = process_has(p, FIELD_CGROUP) ?
				strstr(p->cgroup, before) :
				NULL;
	unsigned long uid;
	char *end;

	if (!s || !isdigit((unsigned char)s[sizeof(before) - 1]))
		return 0;
	uid = strtoul(s + sizeof(before) - 1, &end, 10);
	return !strncmp(end, ".slice", 6) && uid < UINT32_MAX ? (uint32_t)uid :
								0;
}
