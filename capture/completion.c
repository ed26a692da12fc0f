/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run by the build: prints what the completion of a shell must know. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *shell;
		void (*print)(FILE *out);
	} shells[] = {
		{ "bash", options_print_bash },
		{ "zsh", options_print_zsh },
		{ "fish", options_print_fish },
	};

	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		if (argc != 2 || strcmp(argv[1], shells[i].shell))
			continue;
		shells[i].print(stdout);
		return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	fputs("usage: completion bash | zsh | fish\n", stderr);
	return EXIT_FAILURE;
}
