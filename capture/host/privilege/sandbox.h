/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a process of ours can no longer ask of the kernel, for good.  What is
 * open stays open.  No core is dumped any more, either, and nobody of the same
 * user may trace it.
 */
#ifndef PKTWHO_HOST_PRIVILEGE_SANDBOX_H
#define PKTWHO_HOST_PRIVILEGE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Best: a call that is not allowed fails, and is said once; what this kernel
 * has not got is said, too.  Strict: such a call ends the process, and without
 * all of it there is no capture.  Off: only privileges are given up.
 */
enum sandbox_mode { SANDBOX_BEST, SANDBOX_STRICT, SANDBOX_OFF };

/*
 * For what helps a capture and never sees a packet, or reads another host's
 * stream: no new privileges, new programs, other processes' memory, mounts,
 * namespaces, modules, keys, packets.  It is a list of what none of them ever
 * does.  A warning says what is not to be had.
 */
void sandbox_enter(void);

/*
 * For what sees packets, once all is open and privileges are given up: only
 * the calls that reading, writing and waiting take, and no path at all; with
 * SANDBOX_OFF all, but no privilege again.  0, or -errno (logged with
 * SANDBOX_STRICT).
 */
int sandbox_enter_capture(enum sandbox_mode mode);

/* What of that this kernel lacks, in words; false if nothing. */
bool sandbox_lacks(char *out, size_t size);

/*
 * Tries, in there, what must not work, and tells of each by log_debug().
 * The number of those that did work.
 */
int sandbox_try(void);

/*
 * 1 if AddressSanitizer is built in, which does more than we do, at any time:
 * then no calls are filtered.  gcc says so by a macro, clang by a feature.
 */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#if !defined(SANDBOX_SANITIZED) && defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif !defined(SANDBOX_SANITIZED)
#define SANDBOX_SANITIZED 0
#endif

#endif
