#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 100,000 packets cost in system calls and allocations.

  test_cost.py PKTWHO PLUGIN LOAD ALLOCATIONS

The same capture is taken with them and without; the difference is theirs.
"""
import os
import re
import sys
import time
from pathlib import Path

import world
from world import Capture, need, wait_for

LOAD, ALLOCATIONS = map(Path, sys.argv[3:5])
PACKETS, RATE = 100_000, 50_000
# Writes of 192 KiB, and some calls for each block that the kernel hands over.
SYSTEM_CALLS = 6_000
# Of processes that came, not of packets.
ALLOCATED = 500
EACH_PROCESS = 20       # of either, for one that somebody else has started
PEERS = {"one peer": 1, "many peers": 20_000}


class CostTest(world.LiveTest):
    def captured(self, peers, trace=None, env=None):
        """What it says of that many peers' packets, all in all PACKETS."""
        host = self.namespace()
        c = Capture(self.dir / "cost.pcapng", "-i", "lo", "-f",
                    "udp dst port 9", "-B", "64", within=host, env=env)
        if trace:
            self.start(["strace", "-fqq", "-o", trace, "-p",
                        str(c.process.pid)])
            wait_for(lambda: trace.exists() and trace.stat().st_size, "trace")
        if peers:
            host.run(LOAD, "peers", "127.1.0.0", peers, PACKETS, RATE, 18,
                     check=True)
        else:
            time.sleep(PACKETS / RATE)
        status, said = c.stop(settle=0.5)
        self.assertEqual(status, 0, said)
        packets = int(re.search(r"(\d+) packets", said).group(1))
        self.assertGreaterEqual(packets, PACKETS * 0.9 if peers else 0)
        return said

    @staticmethod
    def started():
        """How many processes this machine ever has."""
        stat = Path("/proc/stat").read_text()
        return int(re.search(r"processes (\d+)", stat).group(1))

    def assert_bounded(self, count, bound):
        counts, started = {}, {}
        for name, peers in {"none": 0, **PEERS}.items():
            before = self.started()
            counts[name] = count(peers)
            started[name] = self.started() - before
        for name in PEERS:
            others = max(0, started[name] - started["none"])
            self.assertLess(counts[name] - counts["none"],
                            bound + EACH_PROCESS * others, (counts, started))

    def test_system_calls(self):
        need("strace")
        log = self.dir / "calls"

        def count(peers):
            self.captured(peers, trace=log)
            calls = sum("resumed>" not in line for line in
                        log.read_text(errors="replace").splitlines())
            log.unlink()
            return calls

        self.assert_bounded(count, SYSTEM_CALLS)

    def test_allocations(self):
        env = {**os.environ, "LD_PRELOAD": str(ALLOCATIONS.resolve())}

        def count(peers):
            said = self.captured(peers, env=env)
            return int(re.search(r"allocations: (\d+)", said).group(1))

        self.assert_bounded(count, ALLOCATED)


if __name__ == "__main__":
    sys.argv[3:5] = []
    world.main()
