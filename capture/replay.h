/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `pktwho top -r FILE` and `pktwho log -r FILE`: what a capture would show, of
 * a file or of what comes through a pipe.  Needs no privilege, and keeps none.
 */
#ifndef PKTWHO_REPLAY_H
#define PKTWHO_REPLAY_H

struct options;

/*
 * What comes from @words, if it is not -1, is said; it stays open.  A screen is
 * not there before something has come through the pipe.  0 or -errno (logged,
 * but for -ENODATA where @words have told why nothing came).
 */
int replay(const struct options *o, int words);

#endif
