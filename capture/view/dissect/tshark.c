/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/dissect/tshark.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "host/child.h"
#include "host/privilege/landlock.h"
#include "host/privilege/privilege.h"
#include "host/signals.h"
#include "host/watch.h"
#include "pcapng.h"
#include "printable.h"

#define OUT_BYTES      (4u << 20) /* packets that wait for it */
#define IN_BYTES       65536	  /* longer than any line of it */
#define PACKET_MAX     16384	  /* bytes of each; a hello is shorter */
#define AROUND	       256	  /* what is put around one */
#define LINKS	       16
#define READS	       64 /* before packets have their turn again */
#define MEMORY	       (1u << 30)
#define NICENESS       10
#define EXIT_NO_TSHARK 127
#define END_MS	       500

/* clang-format off */
enum {
	ID, A, AAAA, QUESTION, PORT, UNRESOLVED, APP, HOW, HOST, DETAIL, FIELDS
};
/* clang-format on */
enum { PROTOCOL = ID + 1, INFO };

struct tshark {
	pid_t pid;
	enum tshark_task task;
	int to;
	int from;
	const char *why;
	bool answers;	       /* it has answered once */
	uint16_t links[LINKS]; /* each is an interface of the stream */
	uint32_t link_count;
	uint8_t *out;
	size_t out_begin;
	size_t out_end;
	size_t in_len;
	char in[IN_BYTES];
};

/* ---- the child ---- */

/* What a packet makes of it can read what its user may, and write nothing. */
static void confine(void)
{
	struct rlimit memory = { MEMORY, MEMORY }, none = { 0, 0 };
	int root = open("/", O_PATH | O_CLOEXEC);

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (root >= 0)
		landlock_enter(root, LANDLOCK_ACCESS_FS_EXECUTE |
					     LANDLOCK_ACCESS_FS_READ_FILE |
					     LANDLOCK_ACCESS_FS_READ_DIR);
	setrlimit(RLIMIT_DATA, &memory);
	setrlimit(RLIMIT_CORE, &none);
}

/* tshark 4.0 crashes where it may not look into its user's directory. */
static void leave_home(void)
{
	const char *home = getenv("HOME");

	if (home && !access(home, R_OK | X_OK))
		return;
	setenv("HOME", "/nonexistent", 1);
	unsetenv("XDG_CONFIG_HOME");
}

/*
 * A session is begun anew now and then: it remembers all that it saw.  A
 * session of its own also in the other sense, as ^C is not for it.
 */
/* clang-format off */
#define ARGV                                                            \
	"tshark", "-n", "-l", "-r", "-", "-M", "50000", "-T", "fields", \
	"-E", "separator=/t", "-E", "occurrence=a",                     \
	"-e", "frame.packet_id"

static const char *const speech_argv[] = {
	ARGV, "-e", "dns.a", "-e", "dns.aaaa", "-e", "dns.qry.name",
	"-e", "proc.expert.port", "-e", "dpi.unresolved", "-e", "dpi.app",
	"-e", "dpi.how", "-e", "dpi.host",
	"-e", "dpi.detail", NULL,
};
/* clang-format on */

static const char *const summary_argv[] = {
	ARGV, "-e", "_ws.col.Protocol", "-e", "_ws.col.Info", NULL,
};

static _Noreturn void become_tshark(enum tshark_task task, int in, int out)
{
	const char *const *argv = task == TSHARK_SUMMARY ? summary_argv :
							   speech_argv;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	setsid();
	if (nice(NICENESS) < 0)
		errno = 0; /* then it is as urgent as we are */
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	signals_restore();
	privilege_drop();
	privilege_restore_environment();
	privilege_give_up();
	child_ends_with_parent();
	leave_home();
	confine();
	execvp(argv[0], bytes_unconst(argv));
	_exit(EXIT_NO_TSHARK);
}

static int fork_tshark(struct tshark *t)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC))
		return -errno;
	if (pipe2(out, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return -errno;
	}
	t->to = in[1];
	t->from = out[0];
	t->pid = fork();
	if (!t->pid)
		become_tshark(t->task, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (t->pid < 0 || fcntl(t->to, F_SETFL, O_NONBLOCK) ||
	    fcntl(t->from, F_SETFL, O_NONBLOCK))
		return -errno;
	return 0;
}

static void put_first_block(struct tshark *t)
{
	struct wbuf w = wbuf_of(t->out, OUT_BYTES);

	wbuf_u32(&w, PCAPNG_BLOCK_SHB);
	wbuf_u32(&w, 28);
	wbuf_u32(&w, PCAPNG_BYTE_ORDER_MAGIC);
	wbuf_u16(&w, PCAPNG_VERSION_MAJOR);
	wbuf_u16(&w, PCAPNG_VERSION_MINOR);
	wbuf_u64(&w, UINT64_MAX); /* its length is not known */
	wbuf_u32(&w, 28);
	t->out_end = w.len;
}

int tshark_start(struct tshark **out, enum tshark_task task)
{
	struct tshark *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->task = task;
	t->to = t->from = -1;
	t->out = malloc(OUT_BYTES);
	err = t->out ? fork_tshark(t) : -ENOMEM;
	if (err) {
		tshark_stop(t);
		return err;
	}
	put_first_block(t);
	*out = t;
	return 0;
}

static void close_pipes(struct tshark *t)
{
	if (t->to >= 0)
		close(t->to);
	if (t->from >= 0)
		close(t->from);
	t->to = t->from = -1;
}

/* It ends where its input does. */
void tshark_stop(struct tshark *t)
{
	if (!t)
		return;
	close_pipes(t);
	free(t->out);
	free(t);
}

static const char *why_it_ended(const struct tshark *t, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_TSHARK)
		return "there is no tshark";
	if (!t->answers && WIFEXITED(status) && WEXITSTATUS(status))
		return "tshark has not got pktwho's plugin";
	return "tshark has ended";
}

static int gone(struct tshark *t)
{
	int status = 0;

	close_pipes(t);
	child_reap(t->pid, &status, END_MS);
	t->why = why_it_ended(t, status);
	return -EPIPE;
}

const char *tshark_why(const struct tshark *t)
{
	return t->why;
}

/* ---- questions ---- */

static void put_link(struct wbuf *w, uint16_t linktype)
{
	wbuf_u32(w, PCAPNG_BLOCK_IDB);
	wbuf_u32(w, 32);
	wbuf_u16(w, linktype);
	wbuf_u16(w, 0);
	wbuf_u32(w, 0); /* no limit of its packets' lengths */
	wbuf_u16(w, PCAPNG_IF_TSRESOL);
	wbuf_u16(w, 1);
	wbuf_u32(w, PCAPNG_TSRESOL_NS);
	wbuf_u32(w, PCAPNG_OPT_END);
	wbuf_u32(w, 32);
}

/* The interface of that link type; LINKS: there are too many. */
static uint32_t link_of(struct tshark *t, struct wbuf *w, uint16_t linktype)
{
	for (uint32_t i = 0; i < t->link_count; i++)
		if (t->links[i] == linktype)
			return i;
	if (t->link_count == LINKS)
		return LINKS;
	put_link(w, linktype);
	t->links[t->link_count] = linktype;
	return t->link_count++;
}

static void put_packet(struct wbuf *w, uint32_t link,
		       const struct tshark_packet *p, uint32_t caplen)
{
	uint8_t ends[ATTRIBUTION_MAX];
	int n = attribution_encode(&p->attribution, ends, sizeof(ends));
	uint32_t ends_len = n < 0 ? 0 : (uint32_t)n;
	uint32_t len = 32 + ((caplen + 3) & ~3u) + 12 + 8 +
		       ((ends_len + 3) & ~3u) + 4;

	wbuf_u32(w, PCAPNG_BLOCK_EPB);
	wbuf_u32(w, len);
	wbuf_u32(w, link);
	wbuf_u32(w, (uint32_t)(p->ts_ns >> 32));
	wbuf_u32(w, (uint32_t)p->ts_ns);
	wbuf_u32(w, caplen);
	wbuf_u32(w, p->len);
	wbuf_put(w, p->data, caplen);
	wbuf_uint(w, 0, -(size_t)caplen & 3);
	wbuf_u16(w, PCAPNG_EPB_PACKETID);
	wbuf_u16(w, 8);
	wbuf_u64(w, p->id);
	wbuf_u16(w, PCAPNG_OPT_CUSTOM_BIN);
	wbuf_u16(w, (uint16_t)(4 + ends_len));
	wbuf_u32(w, PKTWHO_PEN);
	wbuf_put(w, ends, ends_len);
	wbuf_uint(w, 0, -(size_t)ends_len & 3);
	wbuf_u32(w, PCAPNG_OPT_END);
	wbuf_u32(w, len);
}

int tshark_ask(struct tshark *t, const struct tshark_packet *p)
{
	uint32_t caplen = p->caplen < PACKET_MAX ? p->caplen : PACKET_MAX;
	struct wbuf w;
	uint32_t link;

	if (t->why)
		return -EPIPE;
	if (t->out_begin && OUT_BYTES - t->out_end < PACKET_MAX + AROUND) {
		memmove(t->out, t->out + t->out_begin,
			t->out_end - t->out_begin);
		t->out_end -= t->out_begin;
		t->out_begin = 0;
	}
	if (OUT_BYTES - t->out_end < PACKET_MAX + AROUND)
		return -EAGAIN;
	w = wbuf_of(t->out + t->out_end, OUT_BYTES - t->out_end);
	link = link_of(t, &w, p->linktype);
	if (link == LINKS)
		return -EAGAIN;
	put_packet(&w, link, p, caplen);
	t->out_end += w.len;
	return 0;
}

static int write_to_tshark(struct tshark *t)
{
	while (t->out_begin < t->out_end) {
		ssize_t n = write(t->to, t->out + t->out_begin,
				  t->out_end - t->out_begin);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
		t->out_begin += (size_t)n;
	}
	t->out_begin = t->out_end = 0;
	return 0;
}

/* ---- answers ---- */

static struct tshark_answer answer_of(const struct tshark *t,
				      char *const fields[FIELDS])
{
	const uint64_t id = strtoull(fields[ID], NULL, 10);

	if (t->task == TSHARK_SUMMARY)
		return (struct tshark_answer){
			.id = id,
			.protocol = fields[PROTOCOL],
			.info = fields[INFO],
		};
	return (struct tshark_answer){
		.id = id,
		.app = fields[APP],
		.how = fields[HOW],
		.host = fields[HOST],
		.detail = fields[DETAIL],
		.question = fields[QUESTION],
		.foreign_port = *fields[PORT],
		.unresolved = *fields[UNRESOLVED],
		.addresses = fields[A],
		.addresses6 = fields[AAAA],
	};
}

static void take_line(struct tshark *t, char *line,
		      void (*fn)(void *ctx, const struct tshark_answer *a),
		      void *ctx)
{
	int count = t->task == TSHARK_SUMMARY ? INFO + 1 : FIELDS;
	char *fields[FIELDS], *rest = line;
	struct tshark_answer a;

	for (int i = 0; i < count; i++) {
		fields[i] = strsep(&rest, "\t");
		if (!fields[i])
			return;
		printable_replace(fields[i]);
	}
	t->answers = true;
	a = answer_of(t, fields);
	fn(ctx, &a);
}

static void take_lines(struct tshark *t,
		       void (*fn)(void *ctx, const struct tshark_answer *a),
		       void *ctx)
{
	char *at = t->in, *end = t->in + t->in_len, *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		*newline = '\0';
		take_line(t, at, fn, ctx);
		at = newline + 1;
	}
	t->in_len = (size_t)(end - at);
	if (t->in_len == sizeof(t->in))
		t->in_len = 0; /* no line of ours */
	memmove(t->in, at, t->in_len);
}

static int take_answers(struct tshark *t,
			void (*fn)(void *ctx, const struct tshark_answer *a),
			void *ctx)
{
	for (int i = 0; i < READS; i++) {
		ssize_t n = read(t->from, t->in + t->in_len,
				 sizeof(t->in) - t->in_len);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
		if (!n)
			return -EPIPE;
		t->in_len += (size_t)n;
		take_lines(t, fn, ctx);
	}
	return 0;
}

int tshark_work(struct tshark *t, int timeout_ms,
		void (*fn)(void *ctx, const struct tshark_answer *a), void *ctx)
{
	struct watch fds[2] = { { .fd = t->from, .events = POLLIN },
				{ .fd = t->to } };
	int err;

	if (t->why)
		return -EPIPE;
	err = write_to_tshark(t);
	fds[1].events = t->out_begin < t->out_end ? POLLOUT : 0;
	if (!err && watch_wait(fds, 2, timeout_ms) > 0) {
		if (fds[1].ready)
			err = write_to_tshark(t);
		if (!err && fds[0].ready)
			err = take_answers(t, fn, ctx);
	}
	if (err) {
		/* It may have said something before it ended. */
		take_answers(t, fn, ctx);
		return gone(t);
	}
	return 0;
}
