# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of docs/cookbook.md and README.md prints what stands below.

  python3 tests/plugin/test_cookbook.py build/plugin/pktwho.so --write

writes what they print into the pages.
"""
import re
import shutil
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import SOURCE, Tshark, TsharkTest

PLUGIN = Path(sys.argv[1])
COOKBOOK, README = SOURCE / "docs/cookbook.md", SOURCE / "README.md"
BLOCK = re.compile(r"^```\n(\$ .*?)^```\n", re.MULTILINE | re.DOTALL)
# A command goes on after \ or |, and in the lines of a loop.
COMMAND = re.compile(r"^\$ ((?:.*(?:\\|\||; do)\n)*(?:(?:    .*\n)*  done|.*)\n)",
                     re.MULTILINE)


class Cook:
    def __init__(self, tshark):
        self.tshark = tshark
        shutil.copytree(SOURCE / "samples", tshark.dir / "samples")
        tshark.open_up()

    def cooked(self, block):
        """The block's commands, each with what it prints now."""
        text = ""
        for command in COMMAND.findall(block):
            done = self.tshark.run("sh", "-c", command)
            if done.returncode or done.stderr:
                raise AssertionError(f"{command}: {done.stderr}")
            text += f"$ {command}{done.stdout}"
        return text


class Cookbook(TsharkTest):
    plugin = PLUGIN

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cook = Cook(cls.tshark)

    def test_each_command_prints_what_the_page_says(self):
        blocks = [block for page in (COOKBOOK, README)
                  for block in BLOCK.findall(page.read_text())]
        self.assertGreaterEqual(len(blocks), 25)
        with ThreadPoolExecutor(2) as pool:
            cooked = list(pool.map(self.cook.cooked, blocks))
        for block, now in zip(blocks, cooked):
            with self.subTest(block.split("\n")[0]):
                self.assertEqual(now, block)
                self.assertNotEqual(COMMAND.sub("", block), "", "no output")

    def test_there_are_twenty_questions(self):
        numbers = re.findall(r"^### (\d+)\. ", COOKBOOK.read_text(),
                             re.MULTILINE)
        self.assertEqual(numbers, [str(n) for n in range(1, 21)])


def write():
    with Tshark(PLUGIN) as tshark:
        cook = Cook(tshark)
        for page in (COOKBOOK, README):
            page.write_text(BLOCK.sub(
                lambda found: f"```\n{cook.cooked(found[1])}```\n",
                page.read_text()))


if __name__ == "__main__":
    if sys.argv[2:] == ["--write"]:
        write()
    else:
        unittest.main(argv=sys.argv[:1])
