/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One source for Wireshark 4.0, 4.4 and 4.6: every difference between their
 * interfaces that we meet has its name here, and nowhere else.
 */
#ifndef PKTWHO_PLUGIN_COMPAT_H
#define PKTWHO_PLUGIN_COMPAT_H

#include "bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>
#include <ws_version.h>
#include <wireshark.h>
#include <epan/epan.h>
#include <epan/packet.h>
#include <wiretap/wtap.h> /* wtap_rec; packet.h brings it until 4.2 */
#include <wiretap/wtap_opttypes.h>

#define WS_VERSION (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR)

/* Callbacks and preferences are C99 bool since 4.4. */
#if WS_VERSION >= 404
typedef bool ws_bool;
#else
typedef gboolean ws_bool;
#endif

/* A plugin says what it is since 4.2, declared in a header since 4.4. */
#if WS_VERSION >= 404
#include <wsutil/plugins.h>
#else
#define WS_PLUGIN_DESC_DISSECTOR 1
#endif

/* Between a statistic's menu and its name; a single one is text since 4.2. */
#if WS_VERSION >= 402
#define STATS_TREE_SEP "//"
#else
#define STATS_TREE_SEP "/"
#endif

/* A statistic of -z says whether it could be started since 4.6. */
#if WS_VERSION >= 406
#define STAT_START	 bool
#define STAT_STARTED(ok) return (ok)
#else
#define STAT_START void
#define STAT_STARTED(ok)         \
	do {                     \
		if (!(ok))       \
			exit(1); \
	} while (0)
#endif

/* A custom option's number and body; the union was renamed in 4.6. */
static inline uint32_t option_pen(const wtap_optval_t *o)
{
#if WS_VERSION >= 406
	return o->custom_binaryval.pen;
#else
	return o->custom_opt.pen;
#endif
}

static inline const uint8_t *option_data(const wtap_optval_t *o)
{
#if WS_VERSION >= 406
	return (const uint8_t *)o->custom_binaryval.data.custom_data;
#else
	return (const uint8_t *)o->custom_opt.data.generic_data.custom_data;
#endif
}

static inline size_t option_len(const wtap_optval_t *o)
{
#if WS_VERSION >= 406
	return o->custom_binaryval.data.custom_data_len;
#else
	return o->custom_opt.data.generic_data.custom_data_len;
#endif
}

/* A field's value is a pointer since 4.2. */
static inline fvalue_t *finfo_value(const field_info *fi)
{
#if WS_VERSION >= 402
	return fi->value;
#else
	return bytes_unconst(&fi->value);
#endif
}

#endif
