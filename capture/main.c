/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/privilege/sudo_user.h"
#include "checks.h"
#include "host/child.h"
#include "doctor.h"
#include "host/clocks.h"
#include "host/files/key_file.h"
#include "wireshark/extcap.h"
#include "host/log.h"
#include "host/netns.h"
#include "options.h"
#include "host/privilege/privilege.h"
#include "output/pcapng/pcapng_writer.h"
#include "remote/remote.h"
#include "replay.h"
#include "search.h"
#include "session/session.h"
#include "host/signals.h"
#include "interface/source.h"

enum { EXIT_BAD_USAGE = 2 };

static const char *temporary_directory(const struct options *o)
{
	const char *dir = o->temp_dir ? o->temp_dir :
					privilege_getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static int make_as_user(char *path, int *fd)
{
	struct sudo_user_rights root;
	int err = sudo_user_enter(&root);

	if (err)
		return err;
	*fd = mkostemps(path, 7, O_CLOEXEC);
	err = *fd < 0 ? -errno : 0;
	sudo_user_leave(&root);
	return err;
}

/* As dumpcap does without -w: a new file, whose name is told. */
static void name_temporary(struct options *o, char *path, size_t size)
{
	const char *name = o->interfaces[0].name;

	snprintf(path, size, "%s/pktwho_%.32s_XXXXXX.pcapng",
		 temporary_directory(o), strchr(name, '/') ? "if" : name);
	o->write = path;
	o->temporary = true;
}

/*
 * It stays open: in a shared directory its name may soon be that of another.
 */
static int temporary_file(struct options *o, char *path, size_t size)
{
	int err;

	name_temporary(o, path, size);
	err = make_as_user(path, &o->write_fd);
	o->temporary = !err;
	if (err)
		log_error("cannot create %s: %s", path, strerror(-err));
	return err;
}

static int show_file(const struct options *o)
{
	return privilege_become_reader() || replay(o, -1) ? EXIT_FAILURE :
							    EXIT_SUCCESS;
}

/* As a file of ours that comes from there. */
static int show_remote(struct options *o)
{
	struct options there = *o;
	struct child_pipes p;
	int err = child_fork_pipes(&p);

	if (err)
		return EXIT_FAILURE;
	if (!p.pid) {
		there.action = ACTION_CAPTURE;
		there.write = "-";
		_exit(remote_capture(&there) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	dup2(p.out, STDIN_FILENO);
	close(p.out);
	o->read = "-";
	err = privilege_become_reader();
	err = err ? err : replay(o, p.err);
	close(STDIN_FILENO);
	while (child_pass_on(p.err) > 0)
		;
	return child_wait_pipes(&p) || err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int remote(struct options *o)
{
	char path[4096];

	if (!o->write)
		name_temporary(o, path, sizeof(path));
	return remote_capture(o) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool writes_to_terminal(const struct options *o)
{
	return o->write && !strcmp(o->write, "-") && isatty(STDOUT_FILENO);
}

static int get_privilege(char **argv)
{
	int err = privilege_get(argv);
	char advice[320];

	if (err) {
		privilege_as_user(false); /* what it lacks, is not that */
		privilege_advise(err, advice, sizeof(advice));
		log_error("no permission to capture: %s", advice);
	}
	return err;
}

static enum child_words words_of_command(const struct options *o)
{
	if (options_draw(o))
		return CHILD_LEAVES_TERMINAL;
	if (options_show(o) || (o->write && !strcmp(o->write, "-")))
		return CHILD_LEAVES_STDOUT;
	return CHILD_SPEAKS;
}

/* What it shall be called by, and what it leaves: before all that is ours. */
static int start_command(struct options *o, struct child *command,
			 struct key_file *keys)
{
	int err = 0;

	if (o->keylog) {
		err = key_file_open(keys, temporary_directory(o));
		if (err)
			return err;
		o->keys_fd = keys->fd;
	}
	if (o->namespaces->count == 1)
		err = netns_enter(o->namespaces, 0);
	err = err ? err : child_fork(command, o->command, words_of_command(o));
	netns_leave(o->namespaces);
	if (err && o->keylog)
		key_file_close(keys);
	return err;
}

static int tell_memory(int err)
{
	if (err == -ENOMEM)
		log_error("not enough memory");
	return err;
}

/* The capture's own end; then what is left of it. */
static int run(struct options *o, struct child *c)
{
	char path[4096];
	struct session *s;
	int err, closed;

	err = o->write || options_show(o) ?
		      0 :
		      temporary_file(o, path, sizeof(path));
	err = err ? err : session_open(&s, o, c);
	netns_close(o->namespaces);
	if (err && err != -EPIPE && o->temporary)
		unlink(path); /* nothing is in it */
	if (err)
		return err == -EPIPE ? 0 : tell_memory(err);
	if (o->temporary)
		log_info("writing %s", path);
	err = session_run(s);
	closed = session_close(s);
	return tell_memory(err ? err : closed);
}

/* "%H" in the name is the hour in which it begins, as in tcpdump's. */
static int put_time_into_name(struct options *o)
{
	static char name[4096];
	time_t now = time(NULL);
	struct tm tm;
	size_t length;

	if (!o->write || !strchr(o->write, '%'))
		return 0;
	localtime_r(&now, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* it is the user's */
	length = strftime(name, sizeof(name), o->write, &tm);
#pragma GCC diagnostic pop
	if (!length) {
		log_error("too long a name: %s", o->write);
		return -ENAMETOOLONG;
	}
	o->write = name;
	return 0;
}

/* A screen does not show what became of it. */
static int wait_for_command(const struct options *o, struct child *c)
{
	int status;

	if (options_draw(o) && child_runs(c))
		log_info("%s goes on; Ctrl-C ends it", c->name);
	status = child_wait(c);
	if (options_draw(o) && status)
		log_warn("%s ended with exit status %d", c->name, status);
	return status;
}

static int capture(struct options *o, char **argv)
{
	struct child command, *c = NULL;
	struct key_file keys;
	int err, status;

	signals_ignore();
	privilege_as_user(true);
	if (put_time_into_name(o))
		return EXIT_FAILURE;
	if (o->write && !o->force && !o->ring.asked &&
	    pcapng_output_is_taken(o->write))
		return EXIT_FAILURE;
	if (o->remote.host)
		return options_show(o) ? show_remote(o) : remote(o);
	if (o->read)
		return show_file(o);
	if (checks_users(&o->filter))
		return EXIT_BAD_USAGE;
	checks_doubts(&o->filter);
	if (get_privilege(argv))
		return EXIT_FAILURE;
	if (o->namespaces->count == 1 && checks_numbers(o))
		return EXIT_FAILURE;
	if (checks_filters(o) || (o->exclude && checks_exclude(o)))
		return EXIT_BAD_USAGE;
	if (o->command) {
		if (start_command(o, &command, &keys))
			return EXIT_FAILURE;
		c = &command;
	}
	err = run(o, c);
	status = c ? wait_for_command(o, c) : 0;
	if (o->keylog)
		key_file_close(&keys);
	return err ? EXIT_FAILURE : status;
}

/* Else what we open next would be taken for them. */
static void open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Interfaces are listed in the namespace we are in, without a capture. */
static int list(const struct options *o, int (*fn)(const struct options *o))
{
	int err;

	if (o->namespaces->count > 1) {
		log_error("in one network namespace at a time, not in %s",
			  o->netns);
		return EXIT_BAD_USAGE;
	}
	err = netns_enter(o->namespaces, 0);
	err = err ? err : fn(o);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int list_interfaces(const struct options *o)
{
	(void)o;
	return source_list();
}

static int list_linktypes(const struct options *o)
{
	return source_list_linktypes(o->interfaces[0].name);
}

static int print_filter(const struct options *o)
{
	int err = checks_filters(o);

	return err ? err :
		     source_print_filter(o->interfaces[0].name,
					 o->interfaces[0].filter);
}

static int act(struct options *o, char **argv)
{
	switch (o->action) {
	case ACTION_HELP:
		options_print_help(stdout);
		return EXIT_SUCCESS;
	case ACTION_VERSION:
		puts("pktwho " PKTWHO_VERSION);
		/* Who comes from tcpdump meant to capture. */
		if (argv[1] && argv[2])
			log_info("-v is the version, as in dumpcap; without it "
				 "this captures, and tshark -V tells more of "
				 "packets");
		return EXIT_SUCCESS;
	case ACTION_LIST_INTERFACES:
		return list(o, list_interfaces);
	case ACTION_LIST_LINKTYPES:
		if (get_privilege(argv))
			return EXIT_FAILURE;
		return list(o, list_linktypes);
	case ACTION_PRINT_FILTER:
		return list(o, print_filter);
	case ACTION_CUT:
	case ACTION_FIND:
	case ACTION_STRIP:
		return search(o) ? EXIT_FAILURE : EXIT_SUCCESS;
	case ACTION_DOCTOR:
		return doctor(privilege_get(argv)) ? EXIT_SUCCESS :
						     EXIT_FAILURE;
	case ACTION_CAPTURE:
	case ACTION_RECORD:
	case ACTION_LOG:
	case ACTION_TOP:
		break;
	}
	return capture(o, argv);
}

/* What nobody could be told is no success. */
static int end_output(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	log_error("cannot write to the standard output: %s", strerror(errno));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static struct netns_list namespaces;
	static struct options o; /* it has filters that nobody frees */
	bool is_extcap = extcap_is_called(argc, argv);
	struct extcap x = { .argc = argc };
	enum log_level level;

	open_standard();
	if (is_extcap && extcap_take(&x, argc, argv))
		return EXIT_FAILURE;
	if (is_extcap && !x.capture)
		return EXIT_SUCCESS;
	if (options_parse(&o, x.argc, is_extcap ? x.argv : argv))
		return EXIT_BAD_USAGE;
	o.control_in = x.control_in;
	o.control_out = x.control_out;
	/* What an extcap says on stderr, Wireshark makes a dialog of. */
	level = is_extcap && o.log_level > LOG_WARN ? LOG_WARN : o.log_level;
	log_set_level(level);
	if (o.remote.host)
		o.log_level = level; /* what is said there is said here */
	if (writes_to_terminal(&o)) {
		log_error("a terminal shows no packets: -P prints lines, -w "
			  "FILE writes them");
		return EXIT_BAD_USAGE;
	}
	/* There it is the other's business. */
	if (netns_open(&namespaces, o.remote.host ? NULL : o.netns))
		return EXIT_FAILURE;
	o.namespaces = &namespaces;
	return end_output(act(&o, argv));
}
