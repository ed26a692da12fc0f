/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What takes privileges to read, or may keep us waiting: processes in /proc,
 * the names of users and containers, executables, translations.  A process of
 * its own answers, which never sees a packet, so that the one that does needs
 * no privilege (privilege.h).
 *
 * Whoever asks waits for an answer, though not for long: a file system or a
 * directory of users that hangs does so over there, and is said once.
 */
#ifndef PKTWHO_LOOKUP_LOOKUP_H
#define PKTWHO_LOOKUP_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "process/procfs.h"
#include "record.h"

struct child;
struct container_state;
struct hasher_answer;
struct hasher_question;
struct lookup;
struct netns_list;
struct pod_address;

/*
 * Answers here, until lookup_start().  Below these two directories, /proc and
 * /, which are borrowed for the call.  NULL without memory or descriptors.
 */
struct lookup *lookup_new(int proc_fd, int root_fd);

/*
 * Translations in the network namespace that this thread is in will be asked
 * for: it has the next number, from 0.
 */
void lookup_track(struct lookup *l);

/*
 * From now on the other process answers.  To be called before anything is
 * opened that is not meant for it.  It signals @command, if that is not NULL,
 * where we may not: child_signal().  0 or -errno.
 */
int lookup_start(struct lookup *l, struct child *command);

/* All of it, for the real /proc and / and @namespaces.  0 or -errno (logged). */
int lookup_open(struct lookup **out, const struct netns_list *namespaces,
		struct child *command);
void lookup_close(struct lookup *l); /* waits for nobody; NULL is fine */

/* The other process; 0: there is none. */
pid_t lookup_pid(const struct lookup *l);

/* Questions that nobody answered in time. */
uint64_t lookup_unanswered(const struct lookup *l);

/*
 * Whether it has ended, or answers nothing about processes any more: a last
 * question is waited for once more.
 */
bool lookup_is_gone(struct lookup *l);

/*
 * All of these: 0; -EAGAIN if the answer has not come, and then it is kept for
 * whoever asks the same again; -EPIPE if the process has ended; or the
 * answer's own -errno.
 */

/* procfs_read(); @exe, if not NULL: procfs_exe(). */
int lookup_process(struct lookup *l, uint32_t pid, uint64_t boot_real_ns,
		   struct process *p, uint64_t *start_ns, struct file_id *exe);

/* procfs_exe_deleted(), false if it is not known. */
bool lookup_exe_deleted(struct lookup *l, uint32_t pid);

/*
 * -ENOENT: there is no such user, or nothing is known of the container.  Names
 * of users that wait for more than a second of ten are not to be had: -EAGAIN.
 */
int lookup_user(struct lookup *l, uint32_t uid, char *name, size_t size);
int lookup_container(struct lookup *l, const char *id, const char *pod_uid,
		     uint32_t owner, struct container_state *out);

/* login_address(). */
int lookup_login(struct lookup *l, const char *session, const char *tty,
		 char *address, size_t size);

/* How many of them, pods on this host and their addresses, there are. */
int lookup_pods(struct lookup *l, struct pod_address *out, size_t max);

/* Who holds that socket; -ENOENT: nobody does, as far as that is known. */
int lookup_holder(struct lookup *l, uint64_t inode, uint32_t *pid);

/* translations_ask(), in the network namespace of that number. */
int lookup_translations(struct lookup *l, unsigned namespace, uint32_t status,
			int (*take)(void *ctx, const void *bytes, size_t len),
			void *ctx);

/*
 * A hash may take seconds: answers are taken when they are there.  False if
 * too many questions wait, or none will ever be answered.
 */
bool lookup_hash(struct lookup *l, const struct hasher_question *q);
bool lookup_hashed(struct lookup *l, struct hasher_answer *a);
/* Whether answers are still to come. */
bool lookup_hashing(const struct lookup *l);

#endif
