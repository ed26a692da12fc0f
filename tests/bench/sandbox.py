#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sandbox costs: CPU per packet under --sandbox=strict, beside off.

  tests/bench/sandbox.py [--build DIR] [--rounds N]

Both capture the same packets at the same time, the first one changing each
round; the median of their ratios and the half of them around it are printed.
Above 2 % it says so and the exit status is 1.  Needs root.
"""
import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

from capture import ROWS, Stage

ROW = "18 bytes, 100,000/s"
MODES = ["strict", "off"]
MOST = 1.02


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--build", type=Path, default="build")
    options.add_argument("--rounds", type=int, default=7)
    o = options.parse_args()
    build, found = o.build.resolve(), []
    stage = Stage(build / "tests/bench/load")
    try:
        with tempfile.TemporaryDirectory() as where:
            for n in range(o.rounds):
                modes = MODES if n % 2 else MODES[::-1]
                results = stage.measure_together(
                    [([build / "capture/pktwho", "-q", f"--sandbox={mode}",
                       "-i", "veth0", "-w"], f"{where}/{mode}")
                     for mode in modes], ROWS[ROW])
                found.append(dict(zip(modes, (r[0] for r in results))))
    finally:
        stage.close()
    strict, off = (median(f[mode] for f in found) for mode in MODES)
    low, ratio, high = quantiles([f["strict"] / f["off"] for f in found])
    print(f"{ROW}: strict {strict:.0f} ns/packet, off {off:.0f}, "
          f"ratio {ratio:.3f} ({low:.3f}-{high:.3f}), of {o.rounds} rounds")
    return ratio > MOST


if __name__ == "__main__":
    sys.exit(main())
