#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ring of many files: memory and disk stay as they are.

  tests/bench/files.py [PKTWHO] [FILES]

One packet is in each file, of which three stay.  What a capture has of its own
memory once it has warmed up is compared with what it has FILES (20,000) files
later, and what the ring takes with its budget meanwhile.  It hears of all
processes of the host, and keeps the last 4,096 that ended: so many are there
first.  Exits with 1 if it grew by more than 4 MiB, 200 bytes for each file, or a
packet is missing.  Needs root and a minute or two.
"""
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "live")]
FILES = int(sys.argv.pop(2)) if len(sys.argv) > 2 else 20_000
sys.argv += ["build/capture/pktwho", "build/plugin/pktwho.so"][
    len(sys.argv) - 1:]

import world  # noqa: E402

WARM = 2000
PROCESSES = "for i in $(seq 5000); do /bin/true; done"
BUDGET = 60_000
GROWTH_KB = 4096
QUIET_S = 25                        # what a stall took has been given back


def number(directory):
    return max((int(path.name.split("_")[1]) for path in
                directory.glob("r_*")), default=0)


def anonymous_kb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s*(\d+)", status)[1])


def disk(directory):
    """0 if a file went meanwhile."""
    try:
        return sum(path.stat().st_size for path in directory.glob("r_*"))
    except FileNotFoundError:
        return 0


def wait_for_file(directory, wanted):
    largest = 0
    while number(directory) < wanted:
        largest = max(largest, disk(directory))
    return largest


def main():
    with tempfile.TemporaryDirectory() as name:
        directory, ns = Path(name), world.Namespace()
        capture = subprocess.Popen(
            ns.argv(world.PKTWHO, "-i", "lo", "-f", "icmp", "-w",
                    directory / "r", "-b", "packets:1", "-b", "filesize:20",
                    "-b", f"total:{BUDGET // 1000}k"),
            stderr=subprocess.PIPE, text=True)
        ping = None
        try:
            world.wait_for_sandbox(capture)
            ping = subprocess.Popen(
                ns.argv("ping", "-q", "-i", "0.002", "127.0.0.1"),
                stdout=subprocess.PIPE, text=True)
            subprocess.run(["sh", "-c", PROCESSES], check=True)
            wait_for_file(directory, WARM)
            before = anonymous_kb(capture.pid)
            largest = wait_for_file(directory, WARM + FILES)
            ping.send_signal(signal.SIGINT)
            sent = int(re.search(r"(\d+) packets transmitted",
                                 ping.communicate()[0])[1])
            time.sleep(QUIET_S)
            after = anonymous_kb(capture.pid)
            capture.send_signal(signal.SIGINT)
            said = capture.communicate()[1]
        finally:
            for process in filter(None, (capture, ping)):
                process.kill()
                process.wait()
            ns.close()
    packets, dropped = map(int, re.search(
        r"(\d+) packets, (\d+) dropped", said).groups())
    print(f"{FILES} files: {before} to {after} KiB, at most {largest} bytes "
          f"of {BUDGET} on the disk, {packets} packets, {dropped} dropped")
    # Each has an answer, and the last one is on its way.
    missing = abs(2 * sent - packets - dropped) > 2
    return missing or after > before + GROWTH_KB or largest > BUDGET


if __name__ == "__main__":
    sys.exit(main())
