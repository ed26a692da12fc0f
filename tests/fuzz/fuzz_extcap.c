/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Wireshark's words for a capture, any bytes between zero bytes: those of our
 * own command line that become of them point into them, end with a NULL, and
 * say where the packets go.  Whether they make sense is options_parse()'s.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "host/log.h"
#include "options.h"
#include "wireshark/extcap.h"

#define WORDS 96
#define BYTES 4096

/* What fails is said, each time. */
static void be_quiet(bool quiet)
{
	static int null = -1, err = -1;

	if (null < 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	}
	LAW(dup2(quiet ? null : err, STDERR_FILENO) == STDERR_FILENO);
}

/* These ask for lists of this machine, which are no reader's matter. */
static bool asks(const char *word)
{
	return !strncmp(word, "--extcap-interfaces", 19) ||
	       !strncmp(word, "--extcap-dlts", 13) ||
	       !strncmp(word, "--extcap-config", 15);
}

static bool is_word_of(const char *word, char *const *argv, int argc)
{
	for (int i = 0; i < argc; i++)
		if (word >= argv[i] && word <= argv[i] + strlen(argv[i]))
			return true;
	return false;
}

static void words_laws(const struct extcap *e, char *const *argv, int argc)
{
	static const char *const ours[] = { "-w", "-f", "--interface",
					    "--proc" };

	LAW(e->argc > 2 && e->argc <= EXTCAP_MAX_WORDS && !e->argv[e->argc]);
	LAW(!strcmp(e->argv[e->argc - 2], "-w"));
	for (int i = 0; i < e->argc; i++) {
		bool own = !*e->argv[i]; /* a value that is missing */

		for (size_t k = 0; k < sizeof(ours) / sizeof(*ours); k++)
			own |= !strcmp(e->argv[i], ours[k]);
		LAW(own || is_word_of(e->argv[i], argv, argc));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[BYTES + 1];
	static struct options o;
	static struct extcap e;
	char *argv[WORDS + 3] = { (char[]){ "pktwho" },
				  (char[]){ "--capture" } };
	int argc = 2, err;

	size = size < BYTES ? size : BYTES;
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && argc < WORDS;
	     at += strlen(text + at) + 1)
		if (!asks(text + at))
			argv[argc++] = text + at;
	log_set_level(LOG_ERROR);
	be_quiet(true);
	err = extcap_take(&e, argc, argv);
	be_quiet(false);
	LAW(e.capture || err);
	if (err)
		return 0;
	words_laws(&e, argv, argc);
	be_quiet(true);
	err = options_parse(&o, e.argc, e.argv);
	be_quiet(false);
	LAW(!err || err == -EINVAL);
	return 0;
}
