#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sandbox costs: CPU per packet under --sandbox=strict, beside off.

  tests/bench/sandbox.py [--build DIR] [--rounds N]

Both in turn, the first one changing each round, and the medians are printed.
Above 2 % it says so and the exit status is 1.  Needs root.
"""
import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from capture import ROWS, Stage

ROW = "18 bytes, 100,000/s"
MODES = ["strict", "off"]
MOST = 1.02


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", type=Path, default="build")
    options.add_argument("--rounds", type=int, default=7)
    o = options.parse_args()
    build, found = o.build.resolve(), {mode: [] for mode in MODES}
    stage = Stage(build / "tests/bench/load")
    try:
        with tempfile.TemporaryDirectory() as where:
            for n in range(o.rounds):
                for mode in MODES if n % 2 else MODES[::-1]:
                    found[mode].append(stage.measure(
                        [build / "capture/pktwho", "-q", f"--sandbox={mode}",
                         "-i", "veth0", "-w"], f"{where}/x", ROWS[ROW])[0])
    finally:
        stage.close()
    strict, off = (median(found[mode]) for mode in MODES)
    print(f"{ROW}: strict {strict:.0f} ns/packet, off {off:.0f}, "
          f"ratio {strict / off:.3f}, of {o.rounds} rounds")
    return strict / off > MOST


if __name__ == "__main__":
    sys.exit(main())
