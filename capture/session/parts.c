/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <net/if.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/child.h"
#include "host/clocks.h"
#include "host/log.h"
#include "host/netns.h"
#include "host/privilege/privilege.h"
#include "host/privilege/sandbox.h"
#include "host/signals.h"
#include "lookup/lookup.h"
#include "options.h"
#include "output/country_cache.h"
#include "output/pcapng/pcapng_writer.h"
#include "owner/owners.h"
#include "printable.h"
#include "process/filter/filter.h"
#include "process/procfs.h"
#include "process/proctab.h"
#include "session/captures.h"
#include "session/files/files.h"
#include "view/view.h"
#include "wireshark/toolbar.h"

/* Opens what the user names, with the rights of the user. */
static int open_as_user(struct parts *p)
{
	const struct options *o = p->options;
	int err = lookup_open(&p->lookup, o->namespaces, p->command);

	if (err)
		return err;
	if (o->control_in && o->control_out) {
		err = toolbar_open(&p->toolbar, o->control_in, o->control_out,
				   o->log_level);
		if (err)
			return err;
	}
	p->to_file = o->write && !pcapng_output_is_pipe(o->write);
	/* A reader has work of its own to do while we load the probe. */
	return files_start(&p->files, o, &p->ending);
}

/* Kernel events will have the host's pid for it, which nobody tells us. */
static int check_command(const struct parts *p, int refused)
{
	if (!p->command || refused || procfs_is_initial(AT_FDCWD, "/proc/self"))
		return 0;
	log_error("in a container with process ids of its own no command can "
		  "be followed: start it with the host's, as by --pid=host");
	return -EINVAL;
}

static void tell_refusal(int refused)
{
	bool is_moved = refused == -ENOTSUP;

	log_warn("no eBPF (%s): processes are looked up by polling, "
		 "short-lived ones are missed%s",
		 is_moved ? "a time namespace moves the clocks" :
			    strerror(-refused),
		 is_moved ? "" : "; pktwho doctor says what to do");
}

/*
 * A command that failed may be started again, and fail again: only its first
 * failure's files are kept, or the disk would fill with them.
 */
static void freeze_once(struct parts *p)
{
	p->frozen = true;
	files_freeze(p->files);
}

static void on_user_ended(void *ctx, const char *name, uint32_t status)
{
	struct parts *p = ctx;

	if (!status || p->frozen || fnmatch(p->options->freeze, name, 0))
		return;
	if (WIFSIGNALED(status))
		log_info("%s was ended by signal %d", name, WTERMSIG(status));
	else
		log_info("%s has ended with status %d", name,
			 WEXITSTATUS(status));
	freeze_once(p);
}

void parts_alarm(struct parts *p, const struct program *who)
{
	char name[RECORD_NAME_LEN];

	if (p->frozen)
		return;
	memcpy(name, who->name, sizeof(name));
	printable_replace(name);
	log_info("%s[%u] is what --freeze-on says", name, who->proc->pid);
	freeze_once(p);
}

/* The loopback has the same number in each network namespace. */
static int count_loopbacks(const struct options *o)
{
	int n = 0;

	for (int net = 0; net < o->namespaces->count; net++) {
		netns_enter(o->namespaces, net);
		for (int i = 0; i < o->interface_count; i++)
			n += if_nametoindex(o->interfaces[i].name) == 1;
		netns_leave(o->namespaces);
	}
	return n;
}

static bool sees_any(const struct options *o)
{
	for (int i = 0; i < o->interface_count; i++)
		if (!strcmp(o->interfaces[i].name, "any"))
			return true;
	return false;
}

static int open_with_rights(struct parts *p)
{
	const struct options *o = p->options;
	struct owners_options oo = {
		.cmdline = o->cmdline,
		.hash = o->hash,
		.filter = &o->filter,
		.alarm = filter_is_empty(&o->freeze_on) ? NULL : &o->freeze_on,
		.lookup = p->lookup,
		.namespaces = o->namespaces,
		.ended = o->freeze ? on_user_ended : NULL,
		.ctx = p,
	};
	int loopbacks = count_loopbacks(o);
	struct owners_stats owners;
	int err;

	oo.loopback_only = o->namespaces->count == 1 &&
			   loopbacks == o->interface_count;
	oo.no_loopback = !loopbacks && !sees_any(o);
	err = owners_open(&p->owners, &oo);

	if (err)
		return err;
	owners_stats(p->owners, &owners);
	err = check_command(p, owners.refused);
	if (err)
		return err;
	/* Owners that are polled for had better be asked soon. */
	err = captures_open(&p->captures, o, owners.refused != 0);
	if (err || !owners.refused)
		return err;
	tell_refusal(owners.refused);
	if (o->freeze)
		log_warn("nothing tells when %s ends: --freeze has no effect",
			 o->freeze);
	return 0;
}

static int open_view(struct parts *p)
{
	const struct options *o = p->options;
	const struct view_interfaces interfaces = {
		.names = captures_names(p->captures),
		.count = (uint32_t)captures_count(p->captures),
		.devices = captures_devices(p->captures),
	};
	struct geo *geo;
	int err;

	if (!options_show(o))
		return 0;
	err = country_cache_databases(o->geo, o->geo_count, &geo);
	if (err)
		return err;
	err = view_open(&p->view, o, geo, &interfaces);
	if (err)
		return err;
	view_set_owners(p->view, p->owners);
	return 0;
}

static int open_files(struct parts *p)
{
	const struct status_sources of = {
		p->options, p->files,	p->captures,
		p->owners,  &p->ending, &p->counts,
	};
	int err;

	/* ^C closes a file from its first byte on; until now it ended us. */
	p->signal_fd = signals_open(true);
	if (p->signal_fd < 0)
		return p->signal_fd;
	err = files_open(p->files);
	if (err)
		return err;
	err = status_open(&p->status, &of);
	return err ? err : open_view(p);
}

/* Each network namespace takes a dozen.  What we have started has fewer. */
static void allow_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* Where something that the user names is opened, the user's rights do. */
static int open_all(struct parts *p)
{
	int err;

	if (p->options->namespaces->count > 1)
		allow_descriptors();
	err = open_as_user(p);

	privilege_as_user(false);
	if (err)
		return err;
	err = open_with_rights(p);
	if (err)
		return err;
	privilege_as_user(true);
	err = open_files(p);
	privilege_as_user(false);
	if (err)
		return err;
	err = files_begin(p->files, p->captures, p->owners, p->lookup);
	if (err)
		return err;
	privilege_give_up();
	return sandbox_enter_capture(p->options->sandbox);
}

int parts_open(struct parts *p, const struct options *o, struct child *command)
{
	int err;

	*p = (struct parts){
		.options = o,
		.command = command,
		.ending = { .max_packets = o->max_packets,
			    .max_duration_ns = o->max_duration_ns },
		.signal_fd = -1,
	};
	err = open_all(p);
	if (err) {
		files_abandon(p->files);
		p->files = NULL;
		view_close(p->view);
		parts_close(p);
		return err;
	}
	if (o->log_level == LOG_DEBUG && o->sandbox == SANDBOX_BEST)
		sandbox_try();
	if (command)
		proctab_follow(owners_processes(p->owners),
			       (uint32_t)command->pid);
	return 0;
}

void parts_begin(struct parts *p)
{
	p->ending.started_ns = clock_ns(CLOCK_MONOTONIC);
	if (p->command)
		child_go(p->command);
}

void parts_close(struct parts *p)
{
	captures_close(p->captures);
	owners_close(p->owners);
	files_free(p->files);
	status_close(p->status);
	lookup_close(p->lookup);
	toolbar_close(p->toolbar);
	if (p->signal_fd >= 0)
		close(p->signal_fd);
}
