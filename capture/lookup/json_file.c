/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lookup/json_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/regular.h"

/* No more than there was: it may grow as fast as we read. */
static json_t *load_bytes(int fd, size_t size)
{
	char *bytes = malloc(size + 1);
	json_t *json = NULL;
	size_t len = 0;
	ssize_t n = 1;

	while (bytes && n > 0 && len < size) {
		n = read(fd, bytes + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (bytes && n >= 0)
		json = json_loadb(bytes, len, 0, NULL);
	free(bytes);
	return json;
}

json_t *json_file_load(int dir_fd, const char *path, size_t most, uid_t uid)
{
	struct stat st;
	int fd = regular_open(dir_fd, path, &st);
	json_t *json = NULL;

	if (fd < 0)
		return NULL;
	/* A user's may be a link to anybody's. */
	if ((size_t)st.st_size <= most && (!uid || st.st_uid == uid))
		json = load_bytes(fd, (size_t)st.st_size);
	close(fd);
	return json;
}
