/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a conversation whose bytes were looked at. */
#include "recognise/content_parts.h"

bool dpi_content_is_known(packet_info *pinfo)
{
	const struct content *k = content_at(pinfo);

	return k && k->is;
}

bool dpi_content_is_connect(packet_info *pinfo)
{
	const struct content *k = content_at(pinfo);

	return k && k->is_connect;
}

bool dpi_content_is_short(packet_info *pinfo)
{
	const struct content *k = content_at(pinfo);

	return k && k->is_short;
}

bool dpi_content_denies_quic(packet_info *pinfo)
{
	const struct content *k = content_at(pinfo);

	if (!k ||
	    (k->protocol && k->protocol->families & (DPI_TLS | DPI_GQUIC)))
		return false;
	return k->has_long || (k->port != 443 && k->port != 853);
}

bool dpi_content_denies_dns(packet_info *pinfo)
{
	const struct content *k = content_at(pinfo);

	return k && k->is_no_dns;
}
