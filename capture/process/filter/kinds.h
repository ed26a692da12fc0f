/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By what processes are chosen.  Constants only. */
#ifndef PKTWHO_PROCESS_FILTER_KINDS_H
#define PKTWHO_PROCESS_FILTER_KINDS_H

enum filter_kind {
	FILTER_PROC,	  /* name, or pattern of glob(7) */
	FILTER_PID,	  /* decimal, initial pid namespace */
	FILTER_USER,	  /* name or uid */
	FILTER_CONTAINER, /* id, its beginning (12 digits), name or pattern */
	FILTER_POD,	  /* NAMESPACE/NAME, either a pattern, or NAME */
	FILTER_UNIT,   /* systemd unit or pattern; .service may be left out */
	FILTER_EXE,    /* path of the executable, or pattern */
	FILTER_EXPERT, /* "memfd": as proc.expert.memfd, of its executable */
	FILTER_SHA256, /* of its executable, or how that begins */
	FILTER_KINDS,
};

#endif
