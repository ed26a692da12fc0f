# SPDX-License-Identifier: GPL-3.0-or-later
"""We still write the same bytes, and docs/file-format.md says what they are.

Judged by tests/pcapng.py and by what is written here from the document: no
code of ours, no other program.
"""
import re
import struct
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import pcapng  # noqa: E402

GENERATE = Path(sys.argv[1])
SAMPLES = ROOT / "samples"
COUNTRIES = SAMPLES / "countries.pcapng"
DOCUMENT = ROOT / "docs/file-format.md"
BOOT_ID = b"a sample's boot\0"      # of tests/golden/generate.c

PLAIN = r"[\x21\x23-\x3c\x3e-\x5a\x5e-\x7e]"
TEXT = rf"(?:{PLAIN}|\\x[0-9a-f]{{2}})+"
ITEM = re.compile(rf"(src|dst)=(?:-|(?:{TEXT})?\[\d+\])"
                  rf"|(src|dst)\.(attr|reason|country|user|exe|container)"
                  rf"={TEXT}")


def process_id(boot_id, pid, start_ns, execs):
    """As the document has it."""
    mask = (1 << 64) - 1
    h = 0xCBF29CE484222325
    for byte in boot_id + struct.pack("<IQQ", pid, start_ns, execs):
        h = (h ^ byte) * 0x100000001B3 & mask
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & mask
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & mask
    return h ^ h >> 33 or 1


def read_comment(text):
    """The items in order; ValueError if it is not of the grammar."""
    items = []
    for item in text.split(" "):
        if not ITEM.fullmatch(item):
            raise ValueError(f"{item!r} in {text!r}")
        key, value = item.split("=")
        items.append((key, re.sub(
            rb"\\x(..)", lambda m: bytes.fromhex(m[1].decode()),
            value.encode())))
    return items


def one(block, kind):
    return [p for p in block.payloads() if p[2] == kind]


def packets(data):
    """(block, direction, src, dst, records so far by id) of each packet."""
    records = {}
    for block in pcapng.blocks(data):
        if block.kind != pcapng.EPB:
            continue
        for payload in one(block, pcapng.PROCESS):
            values, size = pcapng.read_process(payload)
            assert size == len(payload)
            records[values["id"]] = values
        (attribution,) = one(block, pcapng.ATTRIBUTION)
        yield block, *pcapng.read_attribution(attribution), records


def expected_comment(src, dst, records):
    items = []
    for key, end in (("src", src), ("dst", dst)):
        if end.attr:
            items.append((key, b"-" if end.pid is None else
                          b"%s[%d]" % (end.name, end.pid)))
        items += [(f"{key}.{word}", getattr(end, word).encode())
                  for word in ("attr", "reason", "country")
                  if getattr(end, word)]
    for key, end in (("src", src), ("dst", dst)):
        record = records[end.id] if end.pid is not None else {}
        items += [(f"{key}.{word}", record[field]) for word, field in (
            ("user", "user"), ("exe", "exepath"),
            ("container", "container_id")) if record.get(field)]
    return items


class Bytes(unittest.TestCase):
    def test_the_same_bytes_every_time(self):
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "made.pcapng"
            subprocess.run([GENERATE, made, ROOT / "share/country.mmdb"],
                           check=True)
            if made.read_bytes() != COUNTRIES.read_bytes():
                self.fail(
                    "generate no longer writes samples/countries.pcapng.  If"
                    " that is meant:\n  build/tests/golden/generate"
                    " samples/countries.pcapng share/country.mmdb\nthen"
                    " correct samples/README.md and the example in"
                    " docs/file-format.md")

    def test_the_worked_example_is_the_samples_first_packet(self):
        text = DOCUMENT.read_text()
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
        self.assertEqual(bytes(shown).hex(" "),
                         data[at:at + len(shown)].hex(" "))
        self.assertEqual(int.from_bytes(shown[4:8], "little"), len(shown))

    def test_the_document_has_every_number(self):
        text = DOCUMENT.read_text()
        for names in (pcapng.ATTRS, pcapng.REASONS):
            for number, name in list(enumerate(names))[1:]:
                self.assertIn(f"| {number} | `{name}` |", text)
        for number in range(1, len(pcapng.FIELDS) + 1):
            self.assertEqual(
                len(re.findall(rf"^\| {number} \| (?:u32|u64|text|bytes|32)",
                               text, re.MULTILINE)), 1, f"field {number}")
        for bit in range(len(pcapng.FLAGS)):
            self.assertRegex(text, rf"(?m)^\| {1 << bit} \| ")

    def test_an_independent_reader_agrees(self):
        _, direction, src, dst, records = next(packets(COUNTRIES.read_bytes()))
        self.assertEqual((direction, src.pid, src.name, src.attr),
                         ("out", 4242, b"curl", "socket"))
        self.assertEqual((dst.attr, dst.country, dst.name), ("", "GB", b""))
        self.assertEqual(records[src.id]["cmdline"],
                         b"curl\0http://www.example.com/")

    def test_every_way_to_know_an_owner_occurs(self):
        found = {end.attr for _, _, src, dst, _ in packets(
            COUNTRIES.read_bytes()) for end in (src, dst)}
        self.assertEqual(found, set(pcapng.ATTRS) - {"import", "accepted", "holder"})

    def test_process_ids_can_be_recomputed(self):
        ids = {end.pid: end.id
               for _, _, src, dst, _ in packets(COUNTRIES.read_bytes())
               for end in (src, dst) if end.pid is not None}
        self.assertEqual(len(ids), 5)
        for pid, found in ids.items():
            self.assertEqual(process_id(BOOT_ID, pid, pid * 10, 1), found)
        self.assertIn(f"{ids[4242]:016x}", DOCUMENT.read_text())

    def test_all_options_of_a_packet_say_the_same(self):
        for sample in SAMPLES.glob("*.pcapng"):
            for block, direction, src, dst, records in packets(
                    sample.read_bytes()):
                where = f"{sample.name}, byte {block.offset}"
                pids = [end.pid for end in (src, dst) if end.pid is not None]
                for end in (src, dst):
                    if end.pid is not None:
                        self.assertEqual(records[end.id]["pid"], end.pid)
                said = [struct.unpack("<II", v)[0] for code, v in block.options
                        if code == 8]
                flags = [v[0] for code, v in block.options if code == 2]
                for comment in block.comments():
                    self.assertLessEqual(len(comment), 255)
                    self.assertEqual(read_comment(comment), expected_comment(
                        src, dst, records), where)
                if direction in ("in", "out"):
                    self.assertEqual(flags, [("in", "out").index(direction)
                                             + 1], where)
                elif not flags and not block.comments():
                    self.assertEqual(said, [], where)   # on the loopback
                    continue
                self.assertEqual(said, pids, where)

    def test_the_first_four_of_a_flow_have_a_comment(self):
        blocks = [block for block, *_ in packets(
            (SAMPLES / "dns-tunnel.pcapng").read_bytes())]
        self.assertEqual([n for n, block in enumerate(blocks, 1)
                          if block.comments()], list(range(1, 9)))

    def test_the_table_counts_what_the_packets_say(self):
        for sample in SAMPLES.glob("*.pcapng"):
            data = sample.read_bytes()
            count, size = Counter(), Counter()
            for block, _, src, dst, _ in packets(data):
                for who in {e.id for e in (src, dst) if e.pid is not None}:
                    count[who] += 1
                    size[who] += block.wire_len
            rows = pcapng.read_table(pcapng.blocks(data)[-1].data)
            self.assertEqual({r["id"]: r["packets"] for r in rows}, count)
            self.assertEqual({r["id"]: r["bytes"] for r in rows}, size)

    def test_the_statistics_count_the_ends(self):
        for sample in SAMPLES.glob("*.pcapng"):
            data = sample.read_bytes()
            ends = Counter(end.attr for _, _, src, dst, _ in packets(data)
                           for end in (src, dst) if end.attr)
            first = next(b for b in pcapng.blocks(data)
                         if b.kind == pcapng.ISB)
            (comment,) = first.comments()
            said = dict(item.split("=") for item in comment.split(" "))
            self.assertEqual({k[5:]: int(v) for k, v in said.items()
                              if k.startswith("ends.")}, ends, sample.name)
            self.assertEqual({k for k in said if "." not in k},
                             {"events_lost", "flows_evicted",
                              "resolved_early",
                              "processes_forgotten"}, sample.name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
