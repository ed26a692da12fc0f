/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For the static program.  Debian's libpcap names D-Bus in its list of what
 * can be captured, and libdbus needs libsystemd, which there is only shared.
 * We capture from network interfaces alone, and what the linker finds here it
 * does not look for there.
 */
#include <stddef.h>

int dbus_findalldevs(void *devices, char *error);
void *dbus_create(const char *device, char *error, int *is_ours);

int dbus_findalldevs(void *devices, char *error)
{
	(void)devices;
	(void)error;
	return 0;
}

void *dbus_create(const char *device, char *error, int *is_ours)
{
	(void)device;
	(void)error;
	*is_ours = 0;
	return NULL;
}
