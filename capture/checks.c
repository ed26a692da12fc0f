/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "host/log.h"
#include "host/netns.h"
#include "host/privilege/sudo_user.h"
#include "interface/source.h"
#include "options.h"
#include "process/filter/doubts.h"
#include "process/filter/filter.h"
#include "remote/own_connection.h"

/* As dumpcap takes them; the names live as long as we do. */
int checks_numbers(struct options *o)
{
	int err = netns_enter(o->namespaces, 0);

	for (int i = 0; !err && i < o->interface_count; i++) {
		char *name = source_numbered(o->interfaces[i].name);

		if (name)
			o->interfaces[i].name = name;
	}
	netns_leave(o->namespaces);
	return err;
}

/* "http" is one of Wireshark's, unless a host is called so. */
int checks_filters(const struct options *o)
{
	char why[256];

	for (int i = 0; i < o->interface_count; i++) {
		const struct options_interface *one = &o->interfaces[i];

		if (one->filter && options_names_protocols(one->filter) &&
		    source_check_filter(one->name, one->filter, why,
					sizeof(why)))
			return options_refuse_display_filter(one->filter);
	}
	return 0;
}

/* The filters live as long as we do. */
int checks_exclude(struct options *o)
{
	for (int i = 0; i < o->interface_count; i++) {
		char *filter = own_connection_exclude(o->interfaces[i].filter,
						      o->exclude);

		if (!filter) {
			log_error("\"%s\" is no connection: see pktwho --help",
				  o->exclude);
			return -EINVAL;
		}
		o->interfaces[i].filter = filter;
	}
	return 0;
}

/* A user that is not there yet can be given as a number. */
static int check_user(const char *term)
{
	if (!term[strspn(term, "0123456789")] || filter_is_pattern(term) ||
	    getpwnam(term))
		return 0;
	log_error("there is no user %s", term);
	return -EINVAL;
}

int checks_users(const struct filter *f)
{
	int err = 0;

	for (int i = 0; !err && i < f->counts[FILTER_USER]; i++)
		err = check_user(f->terms[FILTER_USER][i]);
	for (int i = 0; !err && i < f->keep.term_count; i++)
		if (f->keep.terms[i].kind == FILTER_USER)
			err = check_user(f->keep.terms[i].text);
	return err;
}

/* Whether a file is there is told to who may see it. */
void checks_doubts(const struct filter *f)
{
	struct sudo_user_rights root;

	if (sudo_user_enter(&root))
		return;
	doubts_tell(f, "/");
	sudo_user_leave(&root);
}
