/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proc/disguise.h"

/* The kernel's threads: they have no executable. */
static const char *const threads[] = {
	"kworker",    "kthreadd",  "ksoftirqd", "kswapd0",     "kcompactd0",
	"khugepaged", "migration", "rcu_sched", "rcu_preempt", "rcu_gp",
	"kdevtmpfs",  "kauditd",   "irq",	"jbd2",
};

/* Of every host; no one else calls a program so. */
/* clang-format off */
static const char *const daemons[] = {
	"systemd", "systemd-journal", "systemd-logind", "systemd-resolve",
	"systemd-network", "systemd-timesyn", "systemd-udevd", "sshd",
	"sshd-session", "cron", "crond", "atd", "dbus-daemon", "dbus-broker",
	"rsyslogd", "auditd", "agetty", "udevd", "polkitd", "NetworkManager",
	"chronyd", "dhclient", "snapd", "dockerd", "containerd",
};

/* Where those who manage the host put programs, and a container's likewise. */
static const char *const system_dirs[] = {
	"/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/snap/",
	"/nix/store/", "/gnu/store/", "/run/current-system/", "/system/",
	"/var/lib/rancher/",
};

static const char *const temporary_dirs[] = {
	"/tmp/", "/var/tmp/", "/dev/shm/", "/dev/mqueue/", "/run/shm/",
	"/run/lock/", "/run/user/",
};

/* Hidden, and full of honest programs. */
static const char *const usual_dirs[] = {
	"/.local/", "/.cargo/", "/.rustup/", "/.nvm/", "/.npm/", "/.pyenv/",
	"/.rbenv/", "/.asdf/", "/.sdkman/", "/.deno/", "/.bun/", "/.nix-",
	"/.vscode", "/.cursor", "/.mount_", "/.steam", "/.venv/", "/.tox/",
	"/.cache/bazel", "/.cache/go-build", "/.gradle/", "/.jdks/",
	"/.dotnet/", "/.krew/", "/.docker/", "/.linuxbrew/", "/.virtualenvs/",
	"/.config/nvm/", "/.volta/", "/.fnm/", "/.yarn/", "/.conda/", "/.gem/",
	"/.ghcup/", "/.cabal/", "/.stack/", "/.opam/", "/.julia/", "/.m2/",
	"/.var/app/", "/.wine/", "/.minikube/", "/.rd/", "/.pulumi/",
	"/.platformio/", "/.arduino15/", "/.espressif/", "/.windsurf",
};
/* clang-format on */

static bool begins(const char *s, const char *const *with, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (g_str_has_prefix(s, with[i]))
			return true;
	return false;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* "kworker/0:1"; a program may well be called "kworker-exporter". */
static bool is_thread(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len = slash ? (size_t)(slash - name) : strlen(name);

	for (size_t i = 0; i < array_length(threads); i++)
		if (strlen(threads[i]) == len &&
		    !strncmp(name, threads[i], len))
			return slash || (strcmp(name, "irq") &&
					 strcmp(name, "migration"));
	return false;
}

static bool has_path(const struct process *p)
{
	return process_has(p, FIELD_EXEPATH) && p->exepath[0] == '/';
}

const char *disguise_imitates(const struct process *p)
{
	if (!has_path(p) || !process_has(p, FIELD_NAME))
		return NULL;
	if (is_thread(p->name))
		return "has the name of a thread of the kernel, and runs an"
		       " executable";
	if (is_one_of(p->name, daemons, array_length(daemons)) &&
	    !begins(p->exepath, system_dirs, array_length(system_dirs)))
		return "has the name of a system program, and is none of this"
		       " system's";
	return NULL;
}

static bool is_usual(const char *path)
{
	for (size_t i = 0; i < array_length(usual_dirs); i++)
		if (strstr(path, usual_dirs[i]))
			return true;
	return false;
}

const char *disguise_hides(const struct process *p)
{
	if (!has_path(p) || is_usual(p->exepath))
		return NULL;
	if (strstr(p->exepath, "/."))
		return "runs an executable that is hidden";
	if (begins(p->exepath, temporary_dirs, array_length(temporary_dirs)))
		return "runs an executable from a directory for temporary"
		       " files";
	return NULL;
}
