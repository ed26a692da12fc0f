/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `pktwho log -r FILE`, in a child, as it gives up what it need not have. */
#include "tree.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "bytes.h"
#include "host/files/compressor.h"
#include "host/log.h"
#include "options.h"
#include "replay.h"

static char out[64];

/* The lines that come of that file, or -errno. */
static int lines_of(const char *path)
{
	char bytes[1 << 16], from[128];
	int status, n = 0;
	pid_t pid;
	FILE *f;

	snprintf(out, sizeof(out), "%s/lines", tree_path);
	snprintf(from, sizeof(from), "%s", path);
	unlink(out);
	pid = fork();
	if (!pid) {
		char *argv[] = { "pktwho",	"log",	      "-r", from,
				 "--no-tshark", "--log-file", out,  NULL };
		struct options o;

		if (options_parse(&o, 7, argv))
			_exit(200);
		log_set_level(LOG_ERROR);
		_exit(-replay(&o, -1));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status))
		return -WEXITSTATUS(status);
	f = fopen(out, "r");
	while (f && fgets(bytes, sizeof(bytes), f)) {
		assert_int_equal(bytes[0], '{');
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

static int lines_of_tree(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", tree_path, name);
	return lines_of(path);
}

static void each_connection_begins_and_ends(void **state)
{
	(void)state;
	assert_int_equal(lines_of(SAMPLES "/loopback-http.pcapng") % 2, 0);
	assert_true(lines_of(SAMPLES "/loopback-http.pcapng") > 0);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	static const uint8_t big[28] = { 0x0a, 0x0d, 0x0d, 0x0a, 0,    0,
					 0,    28,   0x1a, 0x2b, 0x3c, 0x4d };

	(void)state;
	assert_int_equal(lines_of_tree("none"), -ENOENT);
	tree_text("text", "this is no capture file at all");
	assert_int_equal(lines_of_tree("text"), -EBADMSG);
	tree_text("text", "short");
	assert_int_equal(lines_of_tree("text"), -EBADMSG);
	tree_text("text", "");
	assert_int_equal(lines_of_tree("text"), -ENODATA);
	tree_file("big", big, sizeof(big));
	assert_int_equal(lines_of_tree("big"), -EPROTONOSUPPORT);
	assert_int_equal(lines_of(tree_path), -EISDIR);
}

static size_t bytes_of(const char *path, uint8_t *bytes, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(bytes, 1, size, f);
	fclose(f);
	return len;
}

static void a_file_cut_anywhere_gives_what_was_whole(void **state)
{
	static uint8_t bytes[1 << 16];
	size_t len = bytes_of(SAMPLES "/loopback-http.pcapng", bytes,
			      sizeof(bytes));
	int all;

	(void)state;
	all = lines_of(SAMPLES "/loopback-http.pcapng");
	/* From where it has begun, which its second word says. */
	for (size_t n = get_le(bytes + 4, 4); n < len; n += len / 7) {
		int lines;

		tree_file("cut", bytes, n);
		lines = lines_of_tree("cut");
		if (lines < 0 || lines > all || lines % 2)
			fail_msg("%zu bytes: %d", n, lines);
	}
}

static void a_compressed_file_is_unpacked(void **state)
{
	static const enum compression kinds[] = { COMPRESSION_GZIP,
						  COMPRESSION_ZSTD };
	static uint8_t bytes[1 << 16];
	size_t len = bytes_of(SAMPLES "/loopback-http.pcapng", bytes,
			      sizeof(bytes));
	int all = lines_of(SAMPLES "/loopback-http.pcapng");

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct compressor *c;
		static uint8_t both[1 << 16];
		const uint8_t *packed;
		size_t half, n;

		assert_int_equal(compressor_new(&c, kinds[i], sizeof(bytes)),
				 0);
		half = compressor_run(c, bytes, len / 2, false, &packed);
		memcpy(both, packed, half);
		n = compressor_run(c, bytes + len / 2, len - len / 2, true,
				   &packed);
		memcpy(both + half, packed, n);
		tree_file("packed", both, half + n);
		assert_int_equal(lines_of_tree("packed"), all);
		/* Of what is cut short, all that there is. */
		tree_file("packed", both, half + n / 2);
		assert_in_range(lines_of_tree("packed"), 1, all);
		n = compressor_run(c, (const uint8_t *)"text text text", 14,
				   true, &packed);
		tree_file("packed", packed, n);
		assert_int_equal(lines_of_tree("packed"), -EBADMSG);
		compressor_free(c);
	}
	/* This one another program made. */
	assert_true(lines_of(SAMPLES "/many.pcapng.gz") > all);
}

/* The lines of a file that comes through a pipe. */
static int lines_of_pipe(const char *path)
{
	int fds[2], before = dup(STDIN_FILENO), lines;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execlp("cat", "cat", path, NULL);
		_exit(127);
	}
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	lines = lines_of("-");
	dup2(before, STDIN_FILENO);
	close(before);
	waitpid(pid, NULL, 0);
	return lines;
}

/* The same comes of it, also compressed. */
static void a_pipe_is_read_to_its_end(void **state)
{
	static const char *const paths[] = { SAMPLES "/loopback-http.pcapng",
					     SAMPLES "/many.pcapng.gz" };

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(lines_of_pipe(paths[i]), lines_of(paths[i]));
	assert_int_equal(lines_of_pipe("/dev/null"), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_connection_begins_and_ends),
		tree_test(what_cannot_be_read_is_an_error),
		tree_test(a_file_cut_anywhere_gives_what_was_whole),
		tree_test(a_compressed_file_is_unpacked),
		tree_test(a_pipe_is_read_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
