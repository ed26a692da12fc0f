#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hundred million packets through the writer and the tables.

  tests/bench/packets.py [PKTWHO] [PACKETS] [RATE]

Processes one after another send 10,000 packets each, in flows of ten, into a
ring of files of 20 MB in a budget of 1 GB.  Ten times a second somebody else
looks at the ring's files, at what they take of the disk, and at the memory.
Exits with 1 if a file or the ring was larger than allowed, if memory grew by more
than 4 MiB in the second half, or if what was sent is not what was written and
dropped.  Needs root; at 150,000 in a second (RATE) it takes a quarter of an hour.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "live")]
ARGV = sys.argv[1:]
PROGRAM = Path(ARGV[0] if ARGV else "build/capture/pktwho").resolve()
PACKETS = int(ARGV[1]) if len(ARGV) > 1 else 100_000_000
RATE = int(ARGV[2]) if len(ARGV) > 2 else 150_000
sys.argv[1:] = [str(PROGRAM), "build/plugin/pktwho.so"]

import world  # noqa: E402

LOAD = PROGRAM.parents[1] / "tests/bench/load"
EACH, FLOWS = 10_000, 1000          # of one process
FILE, BUDGET = 20_000_000, 1_000_000_000
GROWTH_KB = 4096
NEAR, FAR, PEERS = "192.0.2.1", "192.0.2.2", "10.0.0.1"
SENDERS = f'for i in $(seq {PACKETS // EACH}); do "$@" || exit; done'


class Watcher(threading.Thread):
    """Looks ten times a second until it is told to end."""

    def __init__(self, directory, pid):
        super().__init__()
        self.directory, self.pid, self.over = directory, pid, False
        self.file = self.on_disk = self.looks = 0
        self.memory = []

    def look(self):
        found = [os.stat(e.path) for e in os.scandir(self.directory)]
        self.file = max([self.file, *(st.st_size for st in found)])
        self.on_disk = max(self.on_disk,
                           sum(st.st_blocks * 512 for st in found))
        status = Path(f"/proc/{self.pid}/status").read_text()
        self.memory.append(int(re.search(r"VmRSS:\s*(\d+)", status)[1]))
        self.looks += 1

    def run(self):
        due = time.monotonic()
        while not self.over:
            try:
                self.look()
            except FileNotFoundError:       # it went meanwhile: again
                continue
            due += 0.1
            time.sleep(max(0, due - time.monotonic()))


def stage():
    near, far = world.Namespace(), world.Namespace()
    world.link(near, far, (f"{NEAR}/24", f"{FAR}/24"))
    near.ip("route", "add", "10.0.0.0/8", "via", FAR)
    far.ip("route", "add", "blackhole", "10.0.0.0/8")
    return near, far


def capture(near, directory):
    """(packets, dropped) as it says, and who watched."""
    process = subprocess.Popen(
        near.argv(PROGRAM, "-i", "veth0", "-f", "udp port 9", "-w",
                  directory / "r.pcapng", "-b", f"filesize:{FILE // 1000}",
                  "-b", f"total:{BUDGET // 1_000_000}M"),
        stderr=subprocess.PIPE, text=True)
    watcher = Watcher(directory, process.pid)
    try:
        world.wait_for_sandbox(process)
        watcher.start()
        subprocess.run(near.argv("sh", "-c", SENDERS, "sh", LOAD, "peers",
                                 PEERS, FLOWS, EACH, RATE, 18), check=True)
        process.send_signal(signal.SIGINT)
        watcher.over = True
        watcher.join()
        return world.counted(process.communicate()[1]), watcher
    finally:
        watcher.over = True
        process.kill()
        process.wait()


def main():
    namespaces = stage()
    try:
        with tempfile.TemporaryDirectory() as name:
            begin = time.monotonic()
            (packets, dropped), w = capture(namespaces[0], Path(name))
            took = time.monotonic() - begin
    finally:
        for ns in namespaces:
            ns.close()
    tenth = len(w.memory) // 10
    tenths = [max(w.memory[i * tenth:(i + 1) * tenth]) for i in range(10)]
    grown = max(tenths) - tenths[4]
    print(f"{packets} packets and {dropped} dropped of {PACKETS} in "
          f"{took:.0f} s, {w.looks} looks: no file above {w.file} bytes of "
          f"{FILE}, the ring {w.on_disk} of {BUDGET} on the disk, KiB of "
          f"memory {' '.join(map(str, tenths))}")
    return (packets + dropped != PACKETS or w.file > FILE or
            w.on_disk > BUDGET or grown > GROWTH_KB)


if __name__ == "__main__":
    sys.exit(main())
