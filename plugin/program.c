/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "program.h"

#include "compat.h"
#include <wsutil/filesystem.h>
#include <wsutil/report_message.h>

#define PROFILE "pktwho"

bool program_is(const char *name)
{
	const char *program = get_friendly_program_name();

	return program && !g_ascii_strcasecmp(program, name);
}

bool program_could_have_our_profile(void)
{
	return program_is("wireshark") &&
	       g_strcmp0(get_profile_name(), PROFILE) &&
	       (profile_exists(PROFILE, true) || profile_exists(PROFILE, false));
}
