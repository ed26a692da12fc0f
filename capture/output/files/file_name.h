/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of a ring's files, as dumpcap makes them. */
#ifndef PKTWHO_OUTPUT_FILES_FILE_NAME_H
#define PKTWHO_OUTPUT_FILES_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * "web.pcapng" becomes "web_00001_20261127093000.pcapng", with @time_first
 * "web_20261127093000_00001.pcapng".  0 or -ENAMETOOLONG.
 */
int file_name_make(char *out, size_t size, const char *name, uint32_t number,
		   const struct tm *time, bool time_first);

/* Could that have made it?  Neither is in a directory. */
bool file_name_is(const char *made, const char *name);

#endif
