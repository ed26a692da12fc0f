/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tshark -z proc,baseline: where each program has been, as the preference
 * proc.baseline takes it, a line for each program and place.
 */
#ifndef PKTWHO_PLUGIN_DETECT_BASELINE_H
#define PKTWHO_PLUGIN_DETECT_BASELINE_H

/* Once, while protocols register. */
void baseline_init(void);

#endif
