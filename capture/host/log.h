/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is said to the user: one line each on stderr, "pktwho: " first.
 * What printable.h does not let be shown is replaced by "?".  A reader that
 * has stopped is waited for, once, for a second; then lines are left out.
 */
#ifndef PKTWHO_HOST_LOG_H
#define PKTWHO_HOST_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* "error", "warning", "info", "debug". */
const char *log_level_name(enum log_level level);

/* LOG_INFO until set. */
void log_set_level(enum log_level level);

/* Another place for the same lines, with a level of its own; NULL: none. */
void log_set_sink(void (*sink)(const char *line), enum log_level level);

/*
 * A line at the end of a terminal of so many columns, which the next one and
 * whatever is said write over.  NULL: it goes away.
 */
void log_status(const char *text, unsigned columns);

/*
 * A screen is drawn where lines would go: they are held until log_release(),
 * which says the last of them.  What is no terminal gets each at once.
 */
void log_hold(void);
void log_release(void);

/* Lines that another process of ours has said, as they are. */
void log_pass_on(const char *lines);

/* How many were held so far, and the last of them, or NULL. */
unsigned log_held(const char **last);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
