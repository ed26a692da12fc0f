# SPDX-License-Identifier: GPL-3.0-or-later
"""We still write the same bytes, and other programs agree what they mean."""
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/plugin")]

import pcapng  # noqa: E402
from harness import Tshark, skip  # noqa: E402

PLUGIN, GENERATE = map(Path, sys.argv[1:3])
SAMPLES = ROOT / "samples"
COUNTRIES = SAMPLES / "countries.pcapng"


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tshark = Tshark(PLUGIN)

    @classmethod
    def tearDownClass(cls):
        cls.tshark.close()

    def copy(self, sample):
        return self.tshark.write(sample.name, sample.read_bytes())

    def test_the_same_bytes_every_time(self):
        made = self.tshark.dir / "made.pcapng"
        subprocess.run([GENERATE, made, ROOT / "share/country.mmdb"],
                       check=True)
        self.assertEqual(
            made.read_bytes(), COUNTRIES.read_bytes(),
            "the format changed; if that is meant: build/tests/golden/generate"
            " samples/countries.pcapng share/country.mmdb, and its example in"
            " docs/file-format.md")

    def test_the_worked_example_is_the_samples_first_packet(self):
        text = (ROOT / "docs/file-format.md").read_text()
        text = text[text.index("## An example"):]
        rows = re.findall(r"^ *(\d+)  ((?:[0-9a-f]{2} ?)+)(?: |$)", text,
                          re.MULTILINE)
        shown = bytearray()
        for offset, data in rows:
            self.assertEqual(int(offset), len(shown))
            shown += bytes.fromhex(data)
        data = COUNTRIES.read_bytes()
        at = next(b.offset for b in pcapng.blocks(data)
                  if b.kind == pcapng.EPB)
        self.assertEqual(bytes(shown), data[at:at + len(shown)])
        self.assertEqual(int.from_bytes(shown[4:8], "little"), len(shown))

    def test_an_independent_reader_agrees(self):
        owners = pcapng.owners(COUNTRIES.read_bytes())
        direction, src, dst = owners[0]
        self.assertEqual((direction, src.pid, src.name, src.attr),
                         ("out", 4242, b"curl", "socket"))
        self.assertEqual((dst.attr, dst.country, dst.name), ("", "GB", b""))
        table = pcapng.read_table(
            pcapng.blocks(COUNTRIES.read_bytes())[-1].data)
        packets = {row["name"]: row["packets"] for row in table}
        self.assertEqual(packets, {b"curl": 8, b"firefox-esr": 16,
                                   b"nginx": 8, b"ntpd": 2, b"sshd": 2})

    def test_other_programs_read_every_sample(self):
        for sample in SAMPLES.glob("*.pcapng"):
            path = self.copy(sample)
            self.tshark.lines("capinfos", path)
            self.tshark.lines("tshark", "-r", path)
            if shutil.which("tcpdump"):
                done = subprocess.run(["tcpdump", "-nr", path], text=True,
                                      capture_output=True)
                self.assertEqual(done.returncode, 0, done.stderr)

    def filters_of(self, sample):
        """The filters that samples/README.md promises, with their frames."""
        text = (SAMPLES / "README.md").read_text()
        section = text.split(f"## {sample.name}\n")[1].split("\n## ")[0]
        return re.findall(r"^\| `(.+?)` \| (.+?) \|", section, re.MULTILINE)

    def test_the_filters_of_the_readme_find_what_it_says(self):
        for sample in SAMPLES.glob("*.pcapng"):
            path = self.copy(sample)
            filters = self.filters_of(sample)
            self.assertGreaterEqual(len(filters), 2, sample.name)
            for text, frames in filters:
                self.assertEqual(self.tshark.frames(path, text),
                                 numbers(frames), f"{sample.name}: {text}")

    def test_the_fields_survive_editcap_and_mergecap(self):
        path = self.copy(COUNTRIES)
        fields = ("frame.time_epoch", "proc.src.name", "proc.dst.name",
                  "proc.attr", "proc.exepath", "geo.country")
        only = ("-Y", "ip || ipv6")
        before = self.tshark.fields(path, *fields, more=only)
        self.assertEqual(len(before), 40)
        for command in (("editcap", path, "out.pcapng"),
                        ("mergecap", "-w", "out.pcapng", path)):
            self.tshark.lines(*command)
            after = self.tshark.fields("out.pcapng", *fields, more=only)
            self.assertEqual(after, before, command[0])


def numbers(text):
    """[1, 2, 3, 7] from "1-3, 7"."""
    found = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


if __name__ == "__main__":
    if not shutil.which("tshark"):
        skip("no tshark")
    unittest.main(argv=sys.argv[:1])
