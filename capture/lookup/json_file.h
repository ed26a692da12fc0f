/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON that whoever runs containers may write. */
#ifndef PKTWHO_LOOKUP_JSON_FILE_H
#define PKTWHO_LOOKUP_JSON_FILE_H

#include <jansson.h>
#include <sys/types.h>

/*
 * What the file holds, to be given to json_decref(); NULL if it is none, has
 * more than @most bytes, or is not the user's, unless that is 0.
 */
json_t *json_file_load(int dir_fd, const char *path, size_t most, uid_t uid);

#endif
