# SPDX-License-Identifier: GPL-3.0-or-later
"""pktwho strip: the packets stay, and nothing of what it is to leave out."""
import gzip
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/plugin")]

import pcapng  # noqa: E402
from harness import TsharkTest, skip  # noqa: E402

PKTWHO, PLUGIN = map(Path, sys.argv[1:3])
SAMPLES = ROOT / "samples"
ALL = sorted(SAMPLES.glob("*.pcapng"))
SOME = SAMPLES / "two-services.pcapng"
DSB, OPT_PROCESSID = 10, 8


def blocks(path):
    return list(pcapng.blocks(path.read_bytes()))


def frames(path):
    return [(b.ts_ns, b.iface, b.wire_len, b.data) for b in blocks(path)
            if b.kind == pcapng.EPB]


def records(path):
    """All process records, of packets and of the table."""
    found = []
    for b in blocks(path):
        for payload in b.payloads():
            if payload[2] == pcapng.PROCESS:
                found.append(pcapng.read_process(payload)[0])
            elif payload[2] == pcapng.TABLE:
                found += pcapng.read_table(payload)
    return found


class Strip(TsharkTest):
    plugin = PLUGIN

    def run_strip(self, *argv):
        return subprocess.run([PKTWHO, "strip", *map(str, argv)], text=True,
                              capture_output=True, check=False)

    def strip(self, path, *what, name="out.pcapng"):
        out = self.tshark.dir / name
        done = self.run_strip(path, "--force", "-w", out, *what)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        out.chmod(0o644)
        return out

    def count(self, path):
        said = "\n".join(self.tshark.lines("capinfos", "-M", "-c", path))
        return int(re.search(r"packets:\s*(\d+)", said)[1])

    def test_all_of_ours(self):
        for sample in ALL:
            with self.subTest(sample=sample.name):
                out = self.strip(sample)
                self.assertEqual(frames(out), frames(sample))
                self.assertNotIn(pcapng.PEN.to_bytes(4, "little"),
                                 out.read_bytes())
                for b in blocks(out):
                    self.assertNotIn(b.kind, (DSB, pcapng.CB))
                    for code, value in b.options:
                        self.assertNotEqual((b.kind, code),
                                            (pcapng.EPB, OPT_PROCESSID))
                        self.assertFalse(value.startswith((b"src=", b"dst=")))
                data = out.read_bytes()
                for row in records(sample):
                    for word in ("cmdline", "exepath"):
                        if len(row.get(word, b"")) > 12:
                            self.assertNotIn(row[word], data)

    def test_then_it_can_be_pcap(self):
        for sample in ALL:
            plain = self.tshark.dir / f"{sample.stem}.pcap"
            self.tshark.lines("editcap", "-F", "pcap", self.strip(sample),
                              plain)
            self.assertEqual(self.count(plain), len(frames(sample)))

    def test_arguments(self):
        for sample in ALL:
            out = self.strip(sample, "--what", "arguments")
            before, after = records(sample), records(out)
            self.assertTrue(before)
            self.assertEqual(len(before), len(after))
            for old, new in zip(before, after):
                if "cmdline" in old:
                    # "withheld", and no longer cut or masked.
                    old["flags"] = new["flags"]
                    self.assertEqual(new["flags"] & 0x130, 0x20)
                    del old["cmdline"]
                old.pop("script", None)
                self.assertEqual(new, old)
        fields = ("proc.summary", "proc.src.exepath", "proc.dst.user",
                  "frame.comment", "http.host")
        out = self.strip(SOME, "--what", "arguments")
        self.assertEqual(self.tshark.fields(out, *fields),
                         self.tshark.fields(SOME, *fields))

    def test_users(self):
        for sample in ALL:
            out = self.strip(sample, "--what=users")
            self.assertEqual(frames(out), frames(sample))
            for row in records(out):
                self.assertFalse({"uid", "gid", "user", "loginuid"} & set(row))
                self.assertNotIn(b"user-", row.get("cgroup", b""))
            comments = [c for b in blocks(out) for c in b.comments()]
            self.assertTrue(comments)
            for comment in comments:
                self.assertNotIn(".user=", comment)
                self.assertRegex(comment, r"\A\S+( \S+)*\Z")
        fields = ("proc.summary", "proc.src.cmdline", "proc.attr")
        out = self.strip(SOME, "--what=users")
        self.assertEqual(self.tshark.fields(out, *fields),
                         self.tshark.fields(SOME, *fields))

    def test_keys_alone(self):
        tls = SAMPLES / "tls.pcapng"
        self.assertIn(DSB, [b.kind for b in blocks(tls)])
        out = self.strip(tls, "--what", "keys")
        self.assertEqual([bytes(b.body) for b in blocks(out)],
                         [bytes(b.body) for b in blocks(tls)
                          if b.kind != DSB])

    def test_what_others_wrote_stays(self):
        said = self.tshark.dir / "said.pcapng"
        self.tshark.lines("editcap", "-a", "2:seen by me", SAMPLES /
                          "loopback-http.pcapng", said)
        out = self.strip(said)
        self.assertEqual(self.tshark.fields(out, "frame.comment",
                                            more=("-Y", "frame.comment")),
                         [("seen by me",)])

    def test_compressed(self):
        many = SAMPLES / "many.pcapng.gz"
        out = self.strip(many, name="many.pcapng.zst")
        with gzip.open(many) as f:
            kinds = [b.kind for b in pcapng.blocks(f.read())]
        self.assertEqual(self.count(out), kinds.count(pcapng.EPB))

    def test_itself_is_not_overwritten(self):
        copy = self.tshark.write("copy.pcapng", ALL[0].read_bytes())
        for argv, why in (([copy, "-w", copy], "is there already"),
                          ([copy, "--force", "-w", copy],
                           "is read, so it cannot be written"),
                          ([PKTWHO, "--force", "-w", copy], "no PCAPNG")):
            done = self.run_strip(*argv)
            self.assertEqual(done.returncode, 1)
            self.assertIn(why, done.stderr)
            self.assertEqual(copy.read_bytes(), ALL[0].read_bytes())


if __name__ == "__main__":
    for tool in ("tshark", "editcap", "capinfos"):
        if subprocess.run(["which", tool], stdout=subprocess.DEVNULL,
                          check=False).returncode:
            skip(f"no {tool}")
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
