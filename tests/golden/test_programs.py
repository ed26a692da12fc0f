# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs read our samples, and the plugin finds in them what
samples/README.md says."""
import json
import re
import shutil
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/plugin")]

import pcapng  # noqa: E402
from harness import TsharkTest, skip  # noqa: E402

PLUGIN = Path(sys.argv[1])
SAMPLES = ROOT / "samples"
ALL = sorted(SAMPLES.glob("*.pcapng"))
MANY = SAMPLES / "many.pcapng.gz"       # tcpdump does not read it
IMPORTS = sorted((SAMPLES / "imports").glob("*.pcapng"))
TOOLS = ("tshark", "capinfos", "editcap", "mergecap", "tcpdump",
         "sharkd")


def numbers(text):
    """[1, 2, 3, 7] from "1-3, 7"."""
    found = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def contents(*paths):
    """How often each packet with our options, and each table, is there."""
    return Counter(
        (b.ts_ns, b.data if b.kind == pcapng.EPB else b"",
         *b.comments(), *b.payloads())
        for path in paths for b in pcapng.blocks(path.read_bytes())
        if b.kind in (pcapng.EPB, pcapng.CB))


def filters_of(name):
    """The filters that samples/README.md promises, with their frames."""
    text = (SAMPLES / "README.md").read_text()
    section = text.split(f"## {name}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `(.+?)` \| (.+?) \|", section, re.MULTILINE)


class Programs(TsharkTest):
    plugin = PLUGIN

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paths = [cls.tshark.write(sample.name, sample.read_bytes())
                     for sample in ALL]
        cls.many = cls.tshark.write(MANY.name, MANY.read_bytes())

    def without_plugin(self, *argv):
        none = self.tshark.dir / "none"
        none.mkdir(exist_ok=True)
        return self.tshark.run("env", f"WIRESHARK_PLUGIN_DIR={none}", "tshark",
                               *argv)

    def test_capinfos_and_tshark_have_nothing_to_complain(self):
        for path in self.paths:
            self.tshark.lines("capinfos", path)
            self.tshark.lines("tshark", "-r", path)

    def test_tcpdump_reads_every_packet(self):
        for path in self.paths:
            done = self.tshark.run("tcpdump", "-nr", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stderr, r"\Areading from file [^\n]*\n\Z")
            blocks = pcapng.blocks(path.read_bytes())
            shown = re.findall(r"^\d\d:\d\d:\d\d\.", done.stdout, re.MULTILINE)
            self.assertEqual(len(shown),
                             sum(b.kind == pcapng.EPB for b in blocks))

    def test_without_the_plugin_the_comment_names_the_process(self):
        self.assertNotEqual(self.without_plugin(
            "-r", self.paths[0], "-Y", "proc.pid").returncode, 0,
            "the plugin is there, so this proves nothing")
        for path in self.paths:
            done = self.without_plugin("-r", path, "-T", "fields",
                                       "-e", "frame.comment")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            said = [comment for b in pcapng.blocks(path.read_bytes())
                    if b.kind == pcapng.EPB for comment in b.comments()]
            self.assertEqual([line for line in done.stdout.splitlines()
                              if line], said)

    def test_the_filters_of_the_readme_find_what_it_says(self):
        for sample, path in zip([*ALL, MANY], [*self.paths, self.many]):
            filters = filters_of(sample.name)
            self.assertGreaterEqual(len(filters), 2, sample.name)
            # sharkd, unlike the others, takes no keys from a file.
            found = [self.tshark.frames(path, text) for text, _ in filters] \
                if sample.name == "tls.pcapng" else \
                self.in_wireshark(path, [text for text, _ in filters])
            for (text, frames), got in zip(filters, found, strict=True):
                with self.subTest(sample=path.name, filter=text):
                    self.assertEqual(got, numbers(frames))

    def in_wireshark(self, path, filters):
        """The frames that each finds, as sharkd says, which is Wireshark's."""
        requests = [("load", {"file": str(path)}),
                    *(("frames", {"filter": text}) for text in filters)]
        sharkd = self.tshark.popen("sharkd", "-", stdin=subprocess.PIPE)
        out, _ = sharkd.communicate("".join(
            json.dumps({"jsonrpc": "2.0", "id": at, "method": method,
                        "params": params}) + "\n"
            for at, (method, params) in enumerate(requests, 1)), timeout=120)
        results = [json.loads(line).get("result", line)
                   for line in out.splitlines()]
        self.assertEqual(results[0], {"status": "OK"})
        return [[frame["num"] for frame in result] for result in results[1:]]

    def test_the_imports_say_what_the_readme_says(self):
        promises = filters_of("imports/")
        self.assertGreaterEqual(len(promises), 3)
        for path in IMPORTS:
            copy = self.tshark.write(path.name, path.read_bytes())
            all_at_once = " && ".join(
                f"({text})" if path.stem in names.split() else f"!({text})"
                for text, names in promises)
            self.assertEqual(self.tshark.frames(copy, all_at_once),
                             [*range(1, 9)], path.name)

    def test_editcap_and_mergecap_lose_nothing(self):
        out = self.tshark.dir / "out.pcapng"
        for path in self.paths:
            for command in (("editcap", path, out),
                            ("mergecap", "-w", out, path)):
                with self.subTest(sample=path.name, command=command[0]):
                    self.tshark.lines(*command)
                    self.assertEqual(contents(out), contents(path))
        self.tshark.lines("mergecap", "-w", out, *self.paths)
        self.assertEqual(contents(out), contents(*self.paths))

    def test_the_fields_are_still_there_after_editcap_and_mergecap(self):
        out = self.tshark.dir / "fields.pcapng"
        path = self.tshark.dir / "countries.pcapng"
        fields = ("frame.time_epoch", "proc.src.name", "proc.dst.name",
                  "proc.attr", "proc.exepath", "geo.country")
        only = ("-Y", "ip || ipv6")
        before = self.tshark.fields(path, *fields, more=only)
        self.assertEqual(len(before), 46)
        self.assertIn("curl", before[0])
        for command in (("editcap", path, out),
                        ("mergecap", "-w", out, path)):
            self.tshark.lines(*command)
            self.assertEqual(self.tshark.fields(out, *fields, more=only),
                             before, command[0])


if __name__ == "__main__":
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        skip(f"no {', '.join(missing)}")
    unittest.main(argv=sys.argv[:1])
