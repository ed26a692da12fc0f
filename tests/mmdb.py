# SPDX-License-Identifier: GPL-3.0-or-later
"""A writer for tiny MaxMind databases (format 2.0), for tests alone.

https://maxmind.github.io/MaxMind-DB/: a binary tree over the bits of an
IPv6 address, IPv4 under ::/96, then the data, then the metadata.
"""
import ipaddress
import struct

SEPARATOR = 16
MARKER = b"\xab\xcd\xefMaxMind.com"


def control(kind, size):
    assert size < 29 and kind < 8
    return bytes([kind << 5 | size])


class U16(int):
    kind = 5


class U32(int):
    kind = 6


class U64(int):
    kind = 9


def encode(value):
    if isinstance(value, str):
        text = value.encode()
        return control(2, len(text)) + text
    if isinstance(value, int):
        number = value.to_bytes(8, "big").lstrip(b"\0")
        if value.kind > 7:          # an extended type
            return bytes([len(number), value.kind - 7]) + number
        return control(value.kind, len(number)) + number
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(map(encode, value))
    return control(7, len(value)) + b"".join(
        encode(k) + encode(v) for k, v in value.items())


def bits(network):
    net = ipaddress.ip_network(network)
    number, prefix = int(net.network_address), net.prefixlen
    if net.version == 4:
        prefix += 96
    return [number >> (127 - i) & 1 for i in range(prefix)]


def build(networks):
    """{network: value} as the bytes of a database."""
    nodes, data, leaves = [[None, None]], b"", []
    for network, value in networks.items():
        node = 0
        path = bits(network)
        for bit in path[:-1]:
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit]
        leaves.append((node, path[-1], len(data)))
        data += encode(value)
    count = len(nodes)
    for node, bit, offset in leaves:
        nodes[node][bit] = count + SEPARATOR + offset
    tree = b"".join(struct.pack(">II", *(count if n is None else n
                                         for n in node)) for node in nodes)
    meta = encode({"node_count": U32(count), "record_size": U16(32),
                   "ip_version": U16(6), "database_type": "Test-Country",
                   "languages": ["en"], "build_epoch": U64(1),
                   "binary_format_major_version": U16(2),
                   "binary_format_minor_version": U16(0),
                   "description": {"en": "pktwho test"}})
    return tree + bytes(SEPARATOR) + data + MARKER + meta
