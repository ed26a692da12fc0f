/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wireshark/toolbar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"
#include "host/privilege/sudo_user.h"

/* A message: 'T', the length of what follows in 3 bytes, control, command. */
#define HEADER_LEN  6
#define MESSAGE_MAX 1024 /* longer ones from Wireshark are skipped */

enum { CONTROL_PROCESSES, CONTROL_LOG };
enum { COMMAND_SET = 1, COMMAND_ADD = 2 };

struct toolbar {
	int in;
	int out;
	uint8_t buf[MESSAGE_MAX];
	size_t len;
	size_t skip; /* bytes of a message too long */
	struct filter filter;
	char text[MESSAGE_MAX]; /* of its terms */
};

/* What is logged goes to the one that is open. */
static struct toolbar *logger;

void toolbar_print(void)
{
	printf("control {number=%d}{type=string}{display=Processes}"
	       "{tooltip=Capture only packets of processes with these names or"
	       " patterns, separated by commas, from now on. Empty: all}"
	       "{placeholder=all}\n",
	       CONTROL_PROCESSES);
	printf("control {number=%d}{type=button}{role=logger}{display=Log}"
	       "{tooltip=What pktwho has to say}\n",
	       CONTROL_LOG);
}

/* A pipe that nobody reads is full one day: what is lost is only a line. */
static void send_line(const char *line)
{
	size_t len = strlen(line);
	uint8_t message[HEADER_LEN + MESSAGE_MAX];
	uint32_t rest;

	if (len > MESSAGE_MAX)
		len = MESSAGE_MAX;
	rest = (uint32_t)len + 2;
	message[0] = 'T';
	message[1] = (uint8_t)(rest >> 16);
	message[2] = (uint8_t)(rest >> 8);
	message[3] = (uint8_t)rest;
	message[4] = CONTROL_LOG;
	message[5] = COMMAND_ADD;
	memcpy(message + HEADER_LEN, line, len);
	if (write(logger->out, message, HEADER_LEN + len) < 0)
		return;
}

/* With the rights of the caller of sudo, who says what they are called. */
static int open_fifo(const char *path, int flags)
{
	struct sudo_user_rights root;
	int fd = sudo_user_enter(&root);

	if (fd)
		return fd;
	fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	sudo_user_leave(&root);
	return fd;
}

/* Both FIFOs are Wireshark's: it may open its ends later than we do ours. */
int toolbar_open(struct toolbar **out, const char *control_in,
		 const char *control_out, enum log_level level)
{
	struct toolbar *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->in = open_fifo(control_in, O_RDONLY);
	t->out = open_fifo(control_out, O_RDWR);
	err = t->in < 0 ? t->in : t->out;
	if (err < 0) {
		log_error("cannot open Wireshark's toolbar: %s",
			  strerror(-err));
		toolbar_close(t);
		return err;
	}
	logger = t;
	log_set_sink(send_line, level);
	*out = t;
	return 0;
}

void toolbar_close(struct toolbar *t)
{
	if (!t)
		return;
	if (logger == t) {
		log_set_sink(NULL, LOG_ERROR);
		logger = NULL;
	}
	if (t->in >= 0)
		close(t->in);
	if (t->out >= 0)
		close(t->out);
	free(t);
}

int toolbar_fd(const struct toolbar *t)
{
	return t->in;
}

static void set_filter(struct toolbar *t, const uint8_t *text, size_t len)
{
	int terms;

	t->filter = (struct filter){ 0 };
	memcpy(t->text, text, len);
	t->text[len] = '\0';
	terms = filter_add_list(&t->filter, FILTER_PROC, t->text);
	if (terms < 0)
		log_warn("only the first %d of these names count",
			 FILTER_MAX_TERMS);
	if (terms)
		log_info("only processes of these names from now on: %.*s",
			 (int)len, (const char *)text);
	else
		log_info("all processes from now on");
}

static void take_control(struct toolbar *t, const uint8_t *body, size_t len)
{
	if (len >= 2 && body[0] == CONTROL_PROCESSES && body[1] == COMMAND_SET)
		set_filter(t, body + 2, len - 2);
}

/* Takes the first message if all of it is there. */
static bool take_first(struct toolbar *t)
{
	size_t len, total;

	if (t->len < 4)
		return false;
	len = (size_t)t->buf[1] << 16 | (size_t)t->buf[2] << 8 | t->buf[3];
	total = 4 + len;
	if (t->buf[0] != 'T') {
		total = 1; /* out of step: the next byte */
	} else if (total > sizeof(t->buf)) {
		t->skip = total - t->len;
		total = t->len;
	} else if (total > t->len) {
		return false;
	} else {
		take_control(t, t->buf + 4, len);
	}
	t->len -= total;
	memmove(t->buf, t->buf + total, t->len);
	return true;
}

bool toolbar_read(struct toolbar *t)
{
	ssize_t n = read(t->in, t->buf + t->len, sizeof(t->buf) - t->len);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	if (t->skip) {
		size_t skipped = (size_t)n < t->skip ? (size_t)n : t->skip;

		/* The buffer was empty when this began. */
		t->skip -= skipped;
		n -= (ssize_t)skipped;
		memmove(t->buf, t->buf + skipped, (size_t)n);
	}
	t->len += (size_t)n;
	while (take_first(t))
		;
	return true;
}

const struct filter *toolbar_filter(const struct toolbar *t)
{
	return &t->filter;
}
