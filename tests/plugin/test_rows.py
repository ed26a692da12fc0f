# SPDX-License-Identifier: GPL-3.0-or-later
"""The display filter that y copies in pktwho top finds the packets of its row
and no others, as tshark counts them."""
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

from frames import ACK, RST, SYN, Flow, ip4, ip6, tcp
from harness import QUICK, SOURCE, TsharkTest, udp
from pcapng import End, attribution, custom_option, epb, idb, process, shb

PLUGIN, PKTWHO = map(Path, sys.argv[1:3])
SAMPLES = sorted((SOURCE / "samples").glob("*.pcapng"))
KINDS = ("connections", "processes", "programs", "hosts", "countries", "users",
         "containers")

CURL = End(4242, 0xC0FFEE, b"curl", "socket")
NGINX = End(812, 0x1234, b"nginx", "socket")
OUT, BACK, BOTH = ((CURL, End()), (End(), CURL), (CURL, NGINX))
NEAR, OTHER, FAR = "192.0.2.1", "192.0.2.2", "198.51.100.2"
NEAR6, FAR6 = "2001:db8::1", "2001:db8:1::2"


def capture(*packets):
    """Of (frame, its ends, seconds)."""
    records = [custom_option(process(
        id=e.id, pid=e.pid, name=e.name)) for e in (CURL, NGINX)]
    return shb() + idb() + b"".join(
        epb(frame, int((1_700_000_000 + at) * 10**9),
            custom_option(attribution("unknown", *ends)), *records)
        for frame, ends, at in packets)


def inside(frame, src, dst):
    """Without its Ethernet header, in a tunnel between two addresses."""
    protocol = 41 if frame[12:14] == b"\x86\xdd" else 4
    return (ip6 if ":" in src else ip4)(src, dst, protocol, frame[14:])


class Rows(TsharkTest):
    plugin = PLUGIN

    def rows(self, path, kind):
        done = subprocess.run(
            [PKTWHO, "top", "-q", "-r", path, "--batch", "--json", "--by", kind,
             "--geo", SOURCE / "share/country.mmdb"], capture_output=True,
            text=True, check=True, env=os.environ | QUICK)
        return json.loads(done.stdout.splitlines()[-1])["rows"]

    def counts(self, path, filters):
        """How many packets each of them finds."""
        lines = self.tshark.lines("tshark", "-q", "-r", path, "-z",
                                  "io,stat,0," + ",".join(filters))
        row = next(line for line in lines if "<>" in line and "Interval" not in
                   line)
        return list(map(int, re.findall(r"\| +(\d+) \| +\d+ ", row)))

    def judge(self, path, kinds=KINDS):
        wanted = {(kind, row["name"], row["filter"]): row["packets"]
                  for kind in kinds for row in self.rows(path, kind)}
        found = dict(zip(wanted, self.counts(
            path, [text for _, _, text in wanted])))
        self.assertEqual(found, wanted, path.name)
        return len(wanted)

    def test_each_sample(self):
        self.assertGreater(sum(map(self.judge, SAMPLES)), 100)

    def test_a_port_that_is_used_again(self):
        flow = Flow(NEAR, FAR)
        packets = []
        for n in range(3):
            at, seq = n * 0.5, 1000 + n * 1_000_000
            packets += [(flow.out(SYN, seq), OUT, at),
                        (flow.back(SYN | ACK, 5, seq + 1), BACK, at + 0.1)]
            packets += [(flow.out(ACK, seq + 1, 6), OUT, at + 0.2)] * n
            packets += [(flow.back(RST | ACK, 6, seq + 1), BACK, at + 0.3)]
        packets += [(udp(NEAR, FAR), OUT, 10)]
        path = self.tshark.write("again.pcapng", capture(*packets))
        self.assertEqual(len(self.rows(path, "connections")), 4)
        self.judge(path)

    def test_what_is_in_a_tunnel_is_not_what_is_outside(self):
        six, four = udp(NEAR6, FAR6), udp(NEAR, FAR)
        inner = tcp(NEAR, FAR, SYN, sport=50000)
        path = self.tshark.write("tunnels.pcapng", capture(
            (six, OUT, 0), (inside(six, NEAR, FAR), OUT, 1),
            (tcp(NEAR6, FAR6, SYN), OUT, 2), (four, OUT, 3),
            (inside(inner, NEAR6, FAR6), OUT, 4), (inner, OUT, 5),
            (inside(four, NEAR, FAR), OUT, 6)))
        self.judge(path, ("connections", "hosts"))

    def test_both_ends_are_here(self):
        def ask(client, server, sport, dport, count):
            flow = Flow(client, server, sport, dport)
            return [(flow.out(SYN), BOTH, sport)] * count

        path = self.tshark.write("both.pcapng", capture(
            *ask(NEAR, OTHER, 40001, 80, 1), *ask(OTHER, NEAR, 40002, 80, 2),
            *ask(OTHER, NEAR, 40003, 443, 3),
            *ask("127.0.0.1", "127.0.0.53", 40004, 53, 4),
            *ask("127.0.0.1", "127.0.0.1", 40005, 53, 5),
            *ask("127.0.0.5", "127.0.0.1", 40006, 99, 6),
            (Flow(NEAR, FAR, 40007, 80).out(SYN), OUT, 7),
            (Flow(FAR, NEAR, 40008, 80).out(SYN), BACK, 8)))
        self.judge(path, ("connections", "hosts"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
