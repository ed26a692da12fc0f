/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Run by the build: prints what a shell's completion must know. */
#include <stdio.h>
#include <stdlib.h>

#include "options.h"

int main(void)
{
	options_print_bash(stdout);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
