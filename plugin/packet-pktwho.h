/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The protocol "proc": who sent and who receives each packet, read from the
 * options that the capture companion wrote.  docs/fields.md has the fields;
 * every name is stable once released.
 */
#ifndef PKTWHO_PLUGIN_PACKET_PKTWHO_H
#define PKTWHO_PLUGIN_PACKET_PKTWHO_H

void pktwho_register(void);
void pktwho_handoff(void);

#endif
