#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/top.svg: `pktwho top -r` of a sample, as a terminal shows it.

  tests/golden/shot.py build/capture/pktwho build/plugin/pktwho.so docs/top.svg
"""
import os
import sys
from html import escape
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "plugin")]

from harness import Tshark  # noqa: E402
from terminal import Terminal  # noqa: E402

SAMPLES = HERE.parents[1] / "samples"
WIDE, HIGH = 8.4, 18            # pixels of a character
ROWS, COLUMNS = 18, 132
PAPER, INK = "#1d1f21", "#e0e0e0"
COLORS = {"default": INK, "red": "#ff6b5e", "black": PAPER, "cyan": "#7fd7e5",
          "green": "#9fd36f", "blue": "#8ab4f8", "white": "#ffffff"}


def text(line, y):
    """The line's characters of one look each, on their paper."""
    x = 0
    for (fg, bold, reverse), run in groupby(
            line, key=lambda c: (c.fg, c.bold, c.reverse)):
        run = "".join(c.data for c in run)
        ink, width = COLORS.get(fg, INK), len(run) * WIDE
        if reverse:
            yield (f'<rect x="{x:.1f}" y="{y * HIGH}" width="{width:.1f}" '
                   f'height="{HIGH}" fill="{ink}"/>')
            ink = PAPER
        if run.strip():
            yield (f'<text x="{x:.1f}" y="{y * HIGH + 13}" fill="{ink}"'
                   f'{" font-weight=" + chr(34) + "bold" + chr(34) if bold else ""}'
                   f' textLength="{width:.1f}">{escape(run)}</text>')
        x += width


def picture(screen):
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" '
           f'width="{COLUMNS * WIDE:.0f}" height="{ROWS * HIGH}" '
           f'font-family="DejaVu Sans Mono, monospace" font-size="14" '
           f'xml:space="preserve">')
    yield f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    for y in range(ROWS):
        yield from text([screen.buffer[y][x] for x in range(COLUMNS)], y)
    yield "</svg>"


def main(pktwho, plugin, out):
    with Tshark(Path(plugin).resolve()) as tshark:
        os.environ.update(tshark.environment())
        t = Terminal([Path(pktwho).resolve(), "top", "-r",
                      "countries.pcapng", "--geo",
                      SAMPLES.parent / "share/country.mmdb"], ROWS, COLUMNS,
                     env={"TZ": "UTC0"}, cwd=SAMPLES)
        t.shows("HTTP/2 map", 30)
        t.type("j")
        t.wait(lambda _: t.screen.buffer[4][0].reverse)
        Path(out).write_text("\n".join(picture(t.screen)) + "\n")
        t.end()
        t.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])
