/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which words of well-known programs are secrets, without saying so.  Pure. */
#ifndef PKTWHO_PROCESS_MASK_MASK_PROGRAMS_H
#define PKTWHO_PROCESS_MASK_MASK_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

enum secret {
	SECRET_NONE,
	SECRET_WHOLE,
	SECRET_LOGIN,	    /* user, ":" or "%", password */
	SECRET_LOGIN_COMMA, /* the same with "," */
	SECRET_LOGIN_SLASH, /* ... and with "/" */
	SECRET_COOKIES,	    /* if it has "=": else it is a file */
	SECRET_HARMLESS,    /* none, though of other programs it is */
};

/*
 * Of an option with its dash: its value, which begins at *@joined or, if that
 * is 0, is the next word.  @command: mask_program_command(), or "".
 */
enum secret mask_program_option(const char *program, const char *command,
				const char *option, size_t len, size_t *joined);

/* Of the @n-th word, from 1 on, since the program or its command. */
enum secret mask_program_word(const char *program, const char *command,
			      unsigned n);

/* A word after which others mean something else: static, or NULL. */
const char *mask_program_command(const char *program, const char *word,
				 size_t len);

/* It has such words, */
bool mask_program_is_known(const char *program);
/* ... and may start another program, which has its own. */
bool mask_program_starts_others(const char *program);

#endif
