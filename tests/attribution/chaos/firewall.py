# SPDX-License-Identifier: GPL-3.0-or-later
"""An application firewall: it holds every packet of a queue, then lets it go.

  firewall.py QUEUE         prints a line once it holds them
"""
import socket
import struct
import sys

NETLINK_NETFILTER, QUEUE_SUBSYSTEM = 12, 3
PACKET, VERDICT, CONFIG = 0, 1, 2
REQUEST, ACCEPT, BIND, COPY_META = 1, 1, 1, 1


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + \
        bytes(-len(value) % 4)


def attributes(data):
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:size]
        data = data[size + -size % 4:]
    return found


def main():
    queue = int(sys.argv[1])
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.bind((0, 0))

    def tell(message, *many):
        body = struct.pack(">BBH", 0, 0, queue) + b"".join(many)
        s.send(struct.pack("=IHHII", 16 + len(body),
                           QUEUE_SUBSYSTEM << 8 | message, REQUEST, 0, 0)
               + body)

    tell(CONFIG, attribute(1, struct.pack(">BBH", BIND, 0, 0)))
    tell(CONFIG, attribute(2, struct.pack(">IB", 64, COPY_META)))
    print("ready", flush=True)
    while True:
        try:
            message = s.recv(1 << 16)
        except OSError:         # the queue ran over; its packets are gone
            continue
        if struct.unpack_from("=H", message, 4)[0] & 0xFF != PACKET or \
                message[5] != QUEUE_SUBSYSTEM:
            continue
        packet = attributes(message[20:])[1][:4]
        tell(VERDICT, attribute(2, struct.pack(">I", ACCEPT) + packet))


main()
