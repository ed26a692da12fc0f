/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proc,tree: packets and bytes as a tree, by what proc.stats_by says. */
#ifndef PKTWHO_PLUGIN_STATS_TREE_H
#define PKTWHO_PLUGIN_STATS_TREE_H

/* Once, while protocols register. */
void tree_init_statistic(void);

#endif
