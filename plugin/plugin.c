/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The symbols Wireshark looks for in a plugin. */
#include "compat.h"

#include "packet-pktwho.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = PKTWHO_VERSION;
/* Must equal the running version, or Wireshark refuses to load us. */
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
WS_DLL_PUBLIC uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
	return WS_PLUGIN_DESC_DISSECTOR;
}

void plugin_register(void)
{
	static proto_plugin plugin = {
		.register_protoinfo = pktwho_register,
		.register_handoff = pktwho_handoff,
	};

	proto_register_plugin(&plugin);
}
