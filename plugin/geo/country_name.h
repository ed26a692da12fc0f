/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The countries' names, for databases that have only codes. */
#ifndef PKTWHO_COUNTRY_NAME_H
#define PKTWHO_COUNTRY_NAME_H

/* In English, of two capitals (ISO 3166-1 alpha-2); "" of others. */
const char *country_name(const char *code);

#endif
