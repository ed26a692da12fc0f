# SPDX-License-Identifier: GPL-3.0-or-later
"""The packets of a capture file, read without any code of the project's."""
import ipaddress
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import pcapng  # noqa: E402

ETHERNET, SLL, SLL2 = 1, 113, 276
HEADS = {ETHERNET: (12, 14), SLL: (14, 16), SLL2: (0, 20)}
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMP6: "icmp6"}
VXLAN = (4789, 8472)
# All that come in a row of one write.
STAMPS = re.compile(rb"ChS!(..)(..)(.{8})(?:ChS!\1..\3)*", re.DOTALL)
SKIPPED = (0, 43, 60)           # IPv6 extension headers
ERRORS = {ICMP: (3, 4, 5, 11, 12), ICMP6: (1, 2, 3, 4)}
ASKS, ANSWERS = {ICMP: 8, ICMP6: 128}, {ICMP: 0, ICMP6: 129}


@dataclass
class Packet:
    frame: int
    ts_ns: int
    proto: int = 0              # 0: not IP
    ips: tuple = ("", "")
    ports: tuple = (0, 0)
    flags: int = 0              # of TCP
    icmp: str = ""              # error, asks, answers, other
    stamps: dict = None         # (program, who, seq) -> the first part of it
    owners: tuple = None        # (direction, src, dst) of pcapng.py
    others: list = ()           # who received it besides
    records: dict = None        # id -> the sender's record

    @property
    def protocol(self):
        return NAMES.get(self.proto, str(self.proto))

    def __str__(self):
        ends = [f"{i}+{p}" for i, p in zip(self.ips, self.ports)]
        more = self.icmp or (f"flags {self.flags:#x}" if self.flags else "")
        said = [f"{e.name.decode() or '-'}[{e.pid or '-'}] {e.attr or '-'}"
                f"{' ' + e.reason if e.reason else ''}"
                for e in self.owners[1:]] if self.owners else ["nothing"]
        return (f"frame {self.frame} {self.protocol} {' > '.join(ends)} {more} "
                f"stamps {sorted(self.stamps)[:3]}; said: {' | '.join(said)}")


def transport(p, proto, data):
    p.proto = proto
    if proto in (TCP, UDP) and len(data) >= 8:
        p.ports = struct.unpack_from(">HH", data)
        if proto == TCP and len(data) > 13:
            p.flags = data[13]
        elif proto == UDP and p.ports[1] in VXLAN and len(data) > 30:
            network(p, struct.unpack_from(">H", data, 28)[0], data[30:])
    elif proto in (ICMP, ICMP6) and data:
        kind = data[0]
        p.icmp = ("error" if kind in ERRORS[proto] else
                  "asks" if kind == ASKS[proto] else
                  "answers" if kind == ANSWERS[proto] else "other")


def network(p, ethertype, data):
    p.ports = 0, 0              # of a fragment, whatever it is in
    if ethertype == 0x0800 and len(data) >= 20:
        p.ips = tuple(str(ipaddress.ip_address(data[a:a + 4]))
                      for a in (12, 16))
        later = struct.unpack_from(">H", data, 6)[0] & 0x1FFF
        transport(p, data[9], b"" if later else data[(data[0] & 15) * 4:])
    elif ethertype == 0x86DD and len(data) >= 40:
        p.ips = tuple(str(ipaddress.ip_address(data[a:a + 16]))
                      for a in (8, 24))
        proto, data = data[6], data[40:]
        while proto in (*SKIPPED, 44) and len(data) >= 8:
            if proto == 44:
                first = struct.unpack_from(">H", data, 2)[0] < 8
                proto, data = data[0], data[8:] if first else b""
            else:
                proto, data = data[0], data[data[1] * 8 + 8:]
        transport(p, proto, data)


def packets(path):
    """Every packet of the file, as far as its headers can be read."""
    links, frame, records = [], 0, {}
    for b in pcapng.blocks(Path(path).read_bytes()):
        if b.kind == pcapng.IDB:
            links.append(struct.unpack_from(b.order + "H", b.body)[0])
        if b.kind != pcapng.EPB:
            continue
        frame += 1
        at, head = HEADS[links[b.iface]]
        p = Packet(frame, b.ts_ns)
        p.stamps = {}
        for found in STAMPS.findall(b.data):
            program, part, *write = struct.unpack("<HHII", b"".join(found))
            p.stamps.setdefault((program, *write), part)
        p.owners = next((pcapng.read_attribution(o) for o in b.payloads()
                         if o[2] == pcapng.ATTRIBUTION), None)
        p.others = [pcapng.read_receiver(o) for o in b.payloads()
                    if o[2] == pcapng.RECEIVER]
        told = [pcapng.read_process(payload)[0] for payload in b.payloads()
                if payload[2] == pcapng.PROCESS]
        records = records | {record["id"]: record for record in told}
        # The first is the sender's, of two of one process.
        p.records = records | {r["id"]: r for r in reversed(told)}
        if len(b.data) >= head:
            network(p, struct.unpack_from(">H", b.data, at)[0],
                    b.data[head:])
        yield p
