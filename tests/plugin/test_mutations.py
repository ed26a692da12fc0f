#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole files, damaged at random, through tshark and all that we add to it.

Most of the damage is inside the values of packets' options and in custom
blocks, with what is around them intact: a file of thousands of such blocks is
read to its end.  Some is anywhere, as a disk or a stranger would do it.  The random
numbers are the same each time; PKTWHO_MUTATIONS=SECONDS goes on for longer.

Usage: test_mutations.py PLUGIN.so [unittest arguments]
"""
import os
import random
import sys
import time
import unittest

import test_import
import test_plugin
import test_stats
from harness import SOURCE, Tshark
from pcapng import (CB, EPB, OPT_CUSTOM_BIN, block, blocks, custom_block, idb,
                    option, options, pad, shb)

SECONDS = float(os.environ.get("PKTWHO_MUTATIONS", "15"))
BLOCKS = 1500                   # in one file
FIXED = (2, 8)                  # options that Wireshark refuses in other sizes
ODD = (0, 1, 2, 3, 4, 0x7F, 0x80, 0xFE, 0xFF)
# Everything that reads what we read, in one run.
LOOK = ["-2", "-V", "-o", "proc.allowed_countries:DE", "-z", "proc,tree", "-z",
        "conv,proc", "-z", "endpoints,proc", "-z", "proc,tcp", "-z", "expert"]

tshark = None


def seeds():
    """The packets and custom blocks to damage."""
    files = [path.read_bytes() for path in
             sorted((SOURCE / "samples").glob("*.pcapng"))]
    files += [test_plugin.main_file(), test_stats.traffic(),
              test_stats.troubled()]
    foreign = [test_import.packet(*map(test_import.comment,
                                       test_import.PTCPDUMP)),
               test_import.packet(test_import.comment(
                   "rustnet process=a pid=1 ppid=2 uid=3 container=c")),
               test_import.packet(test_import.process_thread(7),
                                  test_import.comment("PID=7 TID=8")),
               test_import.life(7, b"seven", test_import.T0),
               custom_block(test_import.entry(
                   7, *[test_import.option(n, b"\1\0\0\0")
                        for n in range(1, 9)], bytes(4)), 32622)]
    files.append(b"".join([shb(), idb(), *foreign]))
    return [b for data in files for b in blocks(data) if b.kind in (EPB, CB)]


def whole_files():
    return [path.read_bytes() for path in
            sorted((SOURCE / "samples").glob("*.pcapng"))] + [
                test_plugin.main_file()]


def damage(rng, data, start=0):
    """One to four changes from *start* on."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if len(data) <= start:
            break
        at = rng.randrange(start, len(data))
        change = rng.randrange(5)
        if change == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            data[at] = rng.choice(ODD)
        elif change == 2:
            del data[at]
        elif change == 3:
            data[at:at] = data[start:][:rng.randrange(64)]
        else:
            del data[at:at + rng.randrange(64)]
    return bytes(data)


def damaged_block(rng, b):
    """Options changed, doubled, lost and moved; or what a block is of."""
    if b.kind == CB:
        return block(CB, pad(damage(rng, b.body, 4)))
    opts = list(b.options)
    rng.shuffle(opts)
    if opts and not rng.randrange(8):
        opts.append(rng.choice(opts))
    if opts and not rng.randrange(8):
        opts.pop()
    head = b.body[:20 + len(pad(b.data))]
    return block(EPB, head + options(*[
        option(code, value if code in FIXED else
               damage(rng, value, 4 if code == OPT_CUSTOM_BIN else 0))
        for code, value in opts]))


class Mutations(unittest.TestCase):
    def look(self, name, data):
        path = tshark.write(name, data)
        done = tshark.run("tshark", "-r", path, *LOOK)
        for bad in ("Dissector bug", "AddressSanitizer", "runtime error",
                    "Sanitizer:", "assertion"):
            self.assertFalse(bad in done.stderr, done.stderr[-2000:])
        return done

    def test_damaged_options_and_blocks(self):
        rng, all_seeds = random.Random(1), seeds()
        deadline = time.monotonic() + SECONDS * 2 / 3
        runs = 0
        while not runs or time.monotonic() < deadline:
            data = shb() + idb() + b"".join(
                damaged_block(rng, rng.choice(all_seeds))
                for _ in range(BLOCKS))
            done = self.look("damaged", data)
            self.assertEqual(done.returncode, 0, done.stderr)
            runs += 1
        print(f"{runs} files of {BLOCKS} damaged blocks", file=sys.stderr)

    def test_damage_anywhere(self):
        rng, files = random.Random(2), whole_files()
        deadline = time.monotonic() + SECONDS / 3
        runs = 0
        while not runs or time.monotonic() < deadline:
            self.look("anywhere", damage(rng, rng.choice(files), 28))
            runs += 1
        print(f"{runs} files damaged anywhere", file=sys.stderr)


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
