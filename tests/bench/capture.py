#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU per captured packet: pktwho beside dumpcap and tcpdump.

  tests/bench/capture.py [BUILD]

A UDP flood between two namespaces, captured on the receiving side, the tools
in turn, several rounds; prints each one's best and its ratio to dumpcap.
Needs root.  Absolute times mean nothing on a shared machine.
"""
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUILD = Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
ROUNDS, PACKETS = 5, 400_000
NEAR, FAR = f"bench{os.getpid()}a", f"bench{os.getpid()}b"


def sh(*argv):
    subprocess.run(list(map(str, argv)), check=True)


def setup():
    sh("ip", "netns", "add", NEAR)
    sh("ip", "netns", "add", FAR)
    sh("ip", "-n", NEAR, "link", "add", "veth0", "type", "veth", "peer",
       "name", "veth0", "netns", FAR)
    for ns, address in ((NEAR, "192.0.2.1/24"), (FAR, "192.0.2.2/24")):
        sh("ip", "-n", ns, "addr", "add", address, "dev", "veth0")
        sh("ip", "-n", ns, "link", "set", "veth0", "up")
    sh("ip", "netns", "exec", NEAR, "ping", "-qc1", "192.0.2.2")


def cleanup():
    for ns in (NEAR, FAR):
        subprocess.run(["ip", "netns", "del", ns], check=False)


def capture(argv, path, size):
    """(CPU ns per captured packet, captured share, max RSS in MB)."""
    process = subprocess.Popen(
        ["ip", "netns", "exec", FAR, *map(str, argv), "-w", path],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    sh("ip", "netns", "exec", NEAR, BUILD / "tests/bench/flood", "192.0.2.2",
       PACKETS, size)
    time.sleep(0.5)
    process.terminate()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    out = subprocess.run(["capinfos", "-Mc", path], text=True,
                         capture_output=True).stdout
    count = int(re.search(r"Number of packets: *(\d+)", out).group(1))
    cpu = used.ru_utime + used.ru_stime
    return cpu * 1e9 / max(count, 1), count / PACKETS, used.ru_maxrss / 1024


def main():
    tools = {
        "dumpcap": ["dumpcap", "-q", "-i", "veth0"],
        "tcpdump": ["tcpdump", "-q", "-Z", "root", "-i", "veth0"],
        "pktwho": [BUILD / "capture/pktwho", "-q", "-i", "veth0"],
    }
    with tempfile.TemporaryDirectory() as where:
        path = f"{where}/x"
        for size in (18, 1400):
            rounds = {name: [] for name in tools}
            for _ in range(ROUNDS):
                for name, argv in tools.items():
                    rounds[name].append(capture(argv, path, size))
                    os.unlink(path)
            base = min(r[0] for r in rounds["dumpcap"])
            print(f"{size} bytes of payload   ns/packet  ratio  captured  RSS MB")
            for name, rs in rounds.items():
                best = min(rs)
                print(f"  {name:20} {best[0]:8.0f} {best[0] / base:6.2f} "
                      f"{max(r[1] for r in rs):9.1%} "
                      f"{max(r[2] for r in rs):7.0f}")


if __name__ == "__main__":
    setup()
    try:
        main()
    finally:
        cleanup()
