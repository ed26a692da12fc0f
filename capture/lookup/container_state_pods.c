/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/container_state.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lookup/json_file.h"

#define FILES 1024	/* more are not looked at */
#define MOST  (1 << 20) /* bytes of one */

struct list {
	size_t from, max, seen, count;
	struct pod_address *out;
};

/* As Kubernetes allows them; nothing else is to stand for a host's name. */
static bool is_name(const char *s)
{
	if (!s || !*s)
		return false;
	while (isalnum((unsigned char)*s) || *s == '-' || *s == '.')
		s++;
	return !*s;
}

/* [["IgnoreUnknown", "1"], ["K8S_POD_NAME", "web"]] */
static const char *find_argument(json_t *args, const char *key)
{
	json_t *pair;
	size_t i;

	json_array_foreach (args, i, pair) {
		const char *its = json_string_value(json_array_get(pair, 0));

		if (its && !strcmp(its, key))
			return json_string_value(json_array_get(pair, 1));
	}
	return NULL;
}

/* "10.244.0.5/24" */
static bool parse(const char *text, uint8_t addr[16])
{
	char host[INET6_ADDRSTRLEN];
	size_t n = text ? strcspn(text, "/") : sizeof(host);

	if (n >= sizeof(host))
		return false;
	snprintf(host, sizeof(host), "%.*s", (int)n, text);
	if (inet_pton(AF_INET6, host, addr) == 1)
		return true;
	memset(addr, 0, 10);
	memset(addr + 10, 0xff, 2);
	return inet_pton(AF_INET, host, addr + 12) == 1;
}

/* {"cniArgs": [...], "result": {"ips": [{"address": "10.244.0.5/24"}]}} */
static void take(struct list *l, json_t *json)
{
	json_t *args = json_object_get(json, "cniArgs"), *ip;
	const char *space = find_argument(args, "K8S_POD_NAMESPACE");
	const char *name = find_argument(args, "K8S_POD_NAME");
	size_t i;

	if (!is_name(space) || !is_name(name))
		return;
	json_array_foreach (json_object_get(json_object_get(json, "result"),
					    "ips"),
			    i, ip) {
		struct pod_address a = { .addr = { 0 } };
		int n = snprintf(a.name, sizeof(a.name), "%s/%s", space, name);

		if (n >= (int)sizeof(a.name) ||
		    !parse(json_string_value(json_object_get(ip, "address")),
			   a.addr) ||
		    l->seen++ < l->from || l->count == l->max)
			continue;
		l->out[l->count++] = a;
	}
}

size_t container_state_pods(int root_fd, size_t from, struct pod_address *out,
			    size_t max)
{
	struct list l = { .from = from, .max = max, .out = out };
	int fd = openat(root_fd, POD_ADDRESSES,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir && fd >= 0)
		close(fd);
	for (int i = 0; i < FILES && dir && l.count < max && (e = readdir(dir));
	     i++) {
		json_t *json = json_file_load(fd, e->d_name, MOST, 0);

		if (json)
			take(&l, json);
		json_decref(json);
	}
	if (dir)
		closedir(dir);
	return l.count;
}
