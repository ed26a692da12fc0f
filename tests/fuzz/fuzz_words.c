/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words of others: SSH_CONNECTION becomes part of a capture filter, and
 * Wireshark's toolbar says which names to keep.  The first byte says which;
 * whatever is accepted holds nothing but what it may.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "host/log.h"
#include "process/filter/filter.h"
#include "remote/own_connection.h"
#include "wireshark/toolbar.h"

/* Else whoever logs in would say what is captured. */
static void connection(const uint8_t *data, size_t size)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEF0123456789:.() ";
	char word[512], *filter;

	if (size >= sizeof(word))
		return;
	memcpy(word, data, size);
	word[size] = '\0';
	filter = own_connection_exclude("", word);
	if (filter && *filter) {
		LAW(filter[strspn(filter, allowed)] == '\0');
		LAW(!strncmp(filter, "not (tcp and ((src host ", 24));
		LAW(!strcmp(filter + strlen(filter) - 3, ")))"));
	}
	free(filter);
}

static void open_pipe(int fds[2], char name[32])
{
	LAW(!pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	snprintf(name, 32, "/proc/self/fd/%d", fds[0]);
}

static void filter_laws(const struct filter *f)
{
	LAW(f->counts[FILTER_PROC] >= 0 &&
	    f->counts[FILTER_PROC] <= FILTER_MAX_TERMS);
	for (int i = 0; i < f->counts[FILTER_PROC]; i++)
		LAW(f->terms[FILTER_PROC][i] && *f->terms[FILTER_PROC][i]);
	filter_matches_name(f, "curl");
}

static void toolbar(const uint8_t *data, size_t size)
{
	int in[2], out[2];
	char in_name[32], out_name[32];
	struct toolbar *t;

	open_pipe(in, in_name);
	open_pipe(out, out_name);
	LAW(!toolbar_open(&t, in_name, out_name, LOG_ERROR));
	LAW(write(in[1], data, size) == (ssize_t)size || !size);
	close(in[1]);
	/* An end without more; at most once for each byte. */
	for (size_t n = 0; toolbar_read(t); n++) {
		LAW(n <= size + 1);
		filter_laws(toolbar_filter(t));
	}
	filter_laws(toolbar_filter(t));
	toolbar_close(t);
	close(in[0]);
	close(out[0]);
	close(out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	log_set_level(LOG_ERROR);
	if (!size)
		return 0;
	if (data[0] & 1)
		toolbar(data + 1, size - 1);
	else
		connection(data + 1, size - 1);
	return 0;
}
