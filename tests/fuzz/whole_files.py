#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged copies of samples/ and tests/data, each through tshark.

  tests/fuzz/whole_files.py PLUGIN.so [--files N] [--seed N] [--jobs N]

For a plugin with sanitizers (cmake --preset asan) preload their runtime:

  PKTWHO_PRELOAD=$(gcc -print-file-name=libasan.so) tests/fuzz/whole_files.py \\
      build/asan/plugin/pktwho.so --files 10000

Run by hand: 10,000 files are an hour.  A file that ends tshark, hangs it or
makes a sanitizer speak is kept in found/ and the exit status is 1, unless a
tshark without our plugin finds a bug of its own dissectors in it.  The same
seed damages the same files in the same way.
"""
import argparse
import concurrent.futures
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests"), str(SOURCE / "tests/plugin")]

from harness import Tshark  # noqa: E402
from pcapng import EPB, SHB, blocks  # noqa: E402

MOST = 40               # packets of one file: many small ones see more
SECONDS = 60            # for one file
ODD = (0, 1, 2, 4, 0x7F, 0x80, 0xFE, 0xFF)
BAD = ("AddressSanitizer", "runtime error", "Sanitizer:", "assertion",
       "Dissector bug")
FIELDS = ["proc.src.name", "proc.dst.cmdline", "proc.container.name",
          "geo.country", "dpi.app", "dpi.host", "proc.table.name"]
# How a user looks: one of these for each file.
LOOKS = (
    ["-V"], ["-2", "-V"], ["-T", "json"], ["-T", "ek"], ["-T", "pdml"],
    ["-2", "-Y", 'proc.name contains "c" || dpi.host || geo.country'],
    ["-o", "dpi.when:always", "-V"], ["-o", "dpi.when:never", "-V"],
    ["-o", "proc.allowed_countries:DE", "-z", "expert"],
    ["-T", "fields", *(arg for name in FIELDS for arg in ("-e", name))],
    ["-q", "-z", "proc,tree", "-z", "conv,proc", "-z", "proc,tcp", "-z",
     "proc,table", "-z", "endpoints,proc"],
)


def parts(data):
    """The head, up to the first packet, and the blocks after it, as bytes."""
    head, rest, at = b"", [], 0
    for b in blocks(data):
        size = int.from_bytes(data[at + 4:at + 8], "little")
        raw = data[at:at + size]
        at += size
        if not rest and b.kind != EPB:
            head += raw
        else:
            rest.append(raw)
    return head, rest


def sources():
    paths = sorted((SOURCE / "samples").glob("*.pcapng"))
    paths += sorted((SOURCE / "tests/data").rglob("*.pcapng"))
    return [parts(path.read_bytes()) for path in paths]


def damage(rng, data, start):
    """Some changes from *start* on; lengths stay right or do not."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if len(data) <= start:
            break
        at = rng.randrange(start, len(data))
        change = rng.randrange(6)
        if change < 2:
            data[at] ^= 1 << rng.randrange(8)
        elif change == 2:
            data[at] = rng.choice(ODD)
        elif change == 3:
            n = rng.randrange(1, 33)
            other = rng.randrange(start, len(data))
            piece = data[other:other + n]
            data[at:at + len(piece)] = piece
        elif change == 4 and not rng.randrange(8):
            del data[at:at + rng.randrange(64)]
        elif not rng.randrange(16):
            del data[max(at, start + 1):]
    return bytes(data)


def mutated(rng, files):
    """A file's head, and damaged blocks of it and sometimes of another."""
    head, rest = rng.choice(files)
    first = rng.randrange(len(rest))
    chosen = rest[first:first + MOST]
    if not rng.randrange(4):
        rng.shuffle(chosen)
    if not rng.randrange(8):
        chosen += rng.choice(files)[1][:MOST // 4]
    body = b"".join(
        block[:8] + damage(rng, block[8:-4], 0) + block[-4:]
        if rng.randrange(3) and len(block) > 16 else block
        for block in chosen)
    if not rng.randrange(8):
        body = damage(rng, body, 0)
    if not rng.randrange(16):
        head = damage(rng, head, 12)
    return head + body


class Run:
    def __init__(self, tshark, options):
        self.tshark, self.options = tshark, options
        self.rng, self.files = random.Random(options.seed), sources()
        self.lock = threading.Lock()
        self.done, self.read, self.found = 0, 0, 0

    def next(self):
        with self.lock:
            if self.done == self.options.files:
                return None
            self.done += 1
            return (self.done, mutated(self.rng, self.files),
                    self.rng.choice(LOOKS))

    def stop(self):
        with self.lock:
            self.options.files = self.done

    def keep(self, number, data, look, why):
        found = Path("found")
        found.mkdir(exist_ok=True)
        (found / f"{number}.pcapng").write_bytes(data)
        with self.lock:
            self.found += 1
            print(f"found/{number}.pcapng: tshark {' '.join(look)}: {why}",
                  flush=True)

    def is_wiresharks(self, path, look):
        """Whether a tshark without our plugin says such a word, too."""
        done = self.tshark.popen(
            "env", "WIRESHARK_PLUGIN_DIR=/nonexistent", "tshark", "-r", path,
            *look, stdin=subprocess.DEVNULL)
        try:
            _, err = done.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            done.kill()
            done.communicate()
            return False
        return any(word in err for word in BAD)

    def look(self, number, data, look):
        path = self.tshark.write(f"{number}.pcapng", data)
        process = self.tshark.popen("tshark", "-r", path, *look,
                                    stdin=subprocess.DEVNULL)
        try:
            out, err = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.keep(number, data, look, f"no end after {SECONDS} s")
            path.unlink(missing_ok=True)
            return
        self.read += bool(out)
        died = process.returncode < 0 or process.returncode >= 128
        if died or (any(word in err for word in BAD) and
                    not self.is_wiresharks(path, look)):
            self.keep(number, data, look,
                      f"{process.returncode}\n{err[-3000:]}")
        path.unlink(missing_ok=True)

    def work(self):
        while task := self.next():
            self.look(*task)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plugin")
    for name, default in (("files", 200), ("seed", 1), ("jobs", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    begin = time.monotonic()
    # The pool ends before the directory that its workers read and write in,
    # also when somebody interrupts us or one of them fails.
    with (Tshark(options.plugin) as tshark,
          concurrent.futures.ThreadPoolExecutor(options.jobs) as pool):
        run = Run(tshark, options)
        try:
            for worker in [pool.submit(run.work)
                           for _ in range(options.jobs)]:
                worker.result()
        finally:
            run.stop()
    print(f"{run.done} files, {run.read} of them with output, "
          f"{run.found} findings, {time.monotonic() - begin:.0f} s")
    return run.found != 0


if __name__ == "__main__":
    sys.exit(main())
