/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctor.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "geo.h"
#include "host/log.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "bpf/probe.h"

#define KERNEL_LEAST 601 /* 6.1 */

static bool healthy;

static void good(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void bad(const char *fix, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void note(const char *fix, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void print_mark(const char *mark, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void print_mark(const char *mark, const char *fmt, va_list ap)
{
	printf("%-5s ", mark);
	vprintf(fmt, ap);
	putchar('\n');
}

static void good(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_mark("ok", fmt, ap);
	va_end(ap);
}

/* Something is missing. */
static void bad(const char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_mark("FIX", fmt, ap);
	va_end(ap);
	printf("      -> %s\n", fix);
	healthy = false;
}

/* Something could be better. */
static void note(const char *fix, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_mark("note", fmt, ap);
	va_end(ap);
	printf("      -> %s\n", fix);
}

/* ---- the kernel ---- */

static void look_at_kernel(void)
{
	unsigned major = 0, minor = 0, version;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	version = major * 100 + minor;
	if (version >= KERNEL_LEAST)
		good("kernel %s", u.release);
	else
		bad("Linux 6.1 or later",
		    "kernel %s is too old for exact"
		    " owners",
		    u.release);
	if (!access("/sys/kernel/btf/vmlinux", R_OK))
		good("BTF /sys/kernel/btf/vmlinux");
	else
		bad("a kernel with CONFIG_DEBUG_INFO_BTF, as distributions"
		    " build it",
		    "no BTF: eBPF cannot be used");
}

static void ignore_event(void *ctx, const struct probe_event *e)
{
	(void)ctx;
	(void)e;
}

static void ignore_exec(void *ctx, const struct probe_exec *x)
{
	(void)ctx;
	(void)x;
}

static void ignore_holder(void *ctx, const struct probe_holder *h)
{
	(void)ctx;
	(void)h;
}

/* Root mounts it for itself, others need one that is mounted. */
static bool has_tracefs(void)
{
	return !geteuid() || !access("/sys/kernel/tracing/events", F_OK) ||
	       !access("/sys/kernel/debug/tracing/events", F_OK);
}

/* "ip netns exec" mounts another /sys over it; others mount none. */
static bool has_cgroups(void)
{
	char line[4096];
	FILE *f = fopen("/proc/self/mounts", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " cgroup2 ");
	if (f)
		fclose(f);
	return found;
}

static void look_at_probe(void)
{
	static const char debug[] = "pktwho --log-level debug -a duration:0.1"
				    " -w /dev/null says more";
	static const struct probe_handler handler = {
		.event = ignore_event,
		.exec = ignore_exec,
		.holder = ignore_holder,
	};
	struct probe *p;
	int err = probe_open(&p, &handler);

	if (err && !has_cgroups()) {
		bad("sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup; ip netns"
		    " exec hides it",
		    "eBPF: no cgroup2 is mounted here, and"
		    " only root may mount one; owners are found by polling");
		return;
	}
	if (err) {
		bad(debug, "eBPF: %s; owners are found by polling",
		    strerror(-err));
		return;
	}
	if (probe_missing(p))
		note(has_tracefs() ?
			     debug :
			     "sudo mount -t tracefs tracefs /sys/kernel/tracing",
		     "eBPF: %d hooks are missing; attribution is less exact",
		     probe_missing(p));
	else
		good("eBPF: loaded, and all hooks attached");
	probe_close(p);
}

static void look_at_sandbox(void)
{
	char kept[160], lacks[64];

	privilege_describe_kept(kept, sizeof(kept));
	if (sandbox_lacks(lacks, sizeof(lacks)))
		note("a kernel that has it",
		     "sandbox: captures as %s; no %s in"
		     " this kernel",
		     kept, lacks);
	else
		good("sandbox: captures as %s; no_new_privs, no core, seccomp,"
		     " Landlock",
		     kept);
}

static void look_at_privilege(int err)
{
	char missing[160], advice[320];

	privilege_advise(err, advice, sizeof(advice));
	switch (privilege_now(missing, sizeof(missing))) {
	case PRIVILEGE_ALL:
		good("permission: captures, and sees owners");
		break;
	case PRIVILEGE_SOME:
		note(advice, "permission: captures, but without %s", missing);
		break;
	case PRIVILEGE_NONE:
		bad(advice, "permission: this user cannot capture");
		return;
	}
	look_at_sandbox();
	look_at_probe();
}

/* ---- Wireshark ---- */

/* Calls @fn with each line that @command prints.  False if it failed. */
static bool ask_command(const char *command, void (*fn)(void *ctx, char *line),
			void *ctx)
{
	char line[4096];
	FILE *f = popen(command, "re");

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		fn(ctx, line);
	}
	return !pclose(f);
}

struct folders {
	char found[4096];   /* where our extcap is */
	char first[4096];   /* where it could be */
	char plugins[4096]; /* all users', of this Wireshark */
};

/* "Extcap path:  DIR", "Global Extcap path:  DIR": the last is for all. */
static void take_folder(void *ctx, char *line)
{
	struct folders *f = ctx;
	char *dir = strchr(line, '\t'), path[4200];

	if (!dir)
		return;
	dir += strspn(dir, "\t ");
	if (!strncmp(line, "Global Plugins:", 15))
		snprintf(f->plugins, sizeof(f->plugins), "%s", dir);
	if (!strcasestr(line, "extcap path:"))
		return;
	snprintf(f->first, sizeof(f->first), "%s", dir);
	snprintf(path, sizeof(path), "%s/pktwho", dir);
	if (!access(path, X_OK))
		snprintf(f->found, sizeof(f->found), "%s", dir);
}

/* "pktwho.so  VERSION  dissector  PATH" */
static void take_plugin(void *ctx, char *line)
{
	char *version = ctx;

	if (!strncmp(line, "pktwho.so", 9))
		sscanf(line, "%*s %63s", version);
}

/* "pktwho VERSION", as --version says */
static void take_version(void *ctx, char *line)
{
	sscanf(line, "pktwho %63s", (char *)ctx);
}

static void look_at_extcap(const struct folders *f)
{
	char version[64] = "", path[4200], fix[8500];
	ssize_t len;

	if (!*f->found) {
		len = readlink("/proc/self/exe", path, sizeof(path) - 1);
		path[len > 0 ? len : 0] = '\0';
		snprintf(fix, sizeof(fix),
			 PKTWHO_INSTALL ", or: "
					"sudo ln -s %s %s/",
			 path, f->first);
		bad(fix, "extcap: not in Wireshark's list of interfaces");
		return;
	}
	snprintf(path, sizeof(path), "%s/pktwho", f->found);
	/* A shell does not read what a variable holds. */
	setenv("PKTWHO_EXTCAP", path, 1);
	ask_command("exec \"$PKTWHO_EXTCAP\" --version 2>/dev/null",
		    take_version, version);
	unsetenv("PKTWHO_EXTCAP");
	if (!strcmp(version, PKTWHO_VERSION))
		good("extcap %s", path);
	else
		bad(PKTWHO_INSTALL,
		    "extcap %s is version %s, not " PKTWHO_VERSION, path,
		    *version ? version : "unknown");
}

/*
 * Wireshark looks for plugins in a folder named after its minor version.  After
 * an upgrade ours is still in the one beside it: whose that is goes to @theirs.
 */
static bool is_for_another(const char *plugins, char *theirs, size_t size)
{
	const char *last = strrchr(plugins, '/');
	int parent = last ? (int)(last - plugins) + 1 : 0;
	char path[4200];
	glob_t found;

	if (!last)
		return false;
	snprintf(path, sizeof(path), "%.*s*/epan/pktwho.so", parent, plugins);
	if (glob(path, 0, NULL, &found))
		return false;
	last = found.gl_pathv[0] + parent;
	snprintf(theirs, size, "%.*s", (int)strcspn(last, "/"), last);
	globfree(&found);
	return true;
}

static void look_at_plugin(const struct folders *f)
{
	char version[64] = "", theirs[64], path[4200];

	snprintf(path, sizeof(path), "%s/epan/pktwho.so", f->plugins);
	ask_command("exec tshark -G plugins 2>/dev/null", take_plugin, version);
	if (!strcmp(version, PKTWHO_VERSION))
		good("plugin pktwho.so %s", version);
	else if (*version)
		bad(PKTWHO_INSTALL,
		    "plugin pktwho.so %s is not"
		    " of this version, " PKTWHO_VERSION,
		    version);
	else if (!access(path, F_OK))
		bad("build it anew, then " PKTWHO_INSTALL,
		    "plugin %s is there,"
		    " but was built for another Wireshark, or is damaged, so"
		    " there is no proc.name",
		    path);
	else if (is_for_another(f->plugins, theirs, sizeof(theirs)))
		bad(PKTWHO_INSTALL ", built for this Wireshark",
		    "plugin"
		    " pktwho.so is for Wireshark %s, and this is %s, so there"
		    " is no proc.name",
		    theirs, strrchr(f->plugins, '/') + 1);
	else
		bad(geteuid() ? PKTWHO_INSTALL :
				PKTWHO_INSTALL
			    "; personal plugins do not count for root",
		    "plugin pktwho.so: Wireshark does not find"
		    " it, so there is no proc.name");
}

static void look_at_wireshark(void)
{
	struct folders f = { .found = "" };

	if (!ask_command("exec tshark -G folders 2>/dev/null", take_folder,
			 &f)) {
		bad("sudo apt install tshark wireshark", "there is no tshark");
		return;
	}
	look_at_extcap(&f);
	look_at_plugin(&f);
}

static void look_at_databases(void)
{
	struct geo *geo = geo_new();
	int count = geo ? geo_add_installed(geo, "/proc/self/exe") : 0;
	char text[4200];

	for (size_t i = 0; count && geo_describe(geo, i, text, sizeof(text));
	     i++)
		good("countries: %s", text);
	if (!count)
		note(PKTWHO_INSTALL " brings one; MaxMind's go to"
				    " /usr/share/GeoIP",
		     "countries: no database");
	geo_free(geo);
}

bool doctor(int privilege)
{
	healthy = true;
	/* Reasons are told here, in our words. */
	log_set_level(LOG_ERROR);
	puts("pktwho " PKTWHO_VERSION);
	look_at_kernel();
	look_at_privilege(privilege);
	/* Whose PATH it is, runs what is found there. */
	healthy &= !privilege_become_user();
	look_at_wireshark();
	look_at_databases();
	return healthy;
}
