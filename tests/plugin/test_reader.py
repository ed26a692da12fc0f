# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader written from docs/file-format.md alone agrees with the plugin on
every sample, and on what editcap makes of them."""
import gzip
import re
import struct
import sys
import time
import unicodedata
import unittest
from pathlib import Path

from harness import SOURCE, TsharkTest, udp
from pcapng import (End, attribution, custom_option, epb, idb, process,
                    process_field, receiver, shb)

import reader
import test_plugin

PLUGIN = Path(sys.argv[1])
SAMPLES = sorted((SOURCE / "samples").glob("*.pcapng"))
MANY = "\x1f"                   # between several values
OF_END = ["attr", "reason", *(name for name, _ in reader.FIELDS.values()
                              if name not in ("packets", "bytes", "exit_status",
                                              "first_seen", "last_seen"))]
OF_ROW = [name for name, _ in reader.FIELDS.values()]
NO_HASH = ("", "gone", "changed", "large", "unreadable", "late", "no-file")


def escaped(value):
    """A process's own bytes, of which none reaches a terminal as they are."""
    return "".join(
        "\\\\" if char == "\\" else char
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else
        "".join(f"\\x{byte:02x}" for byte in char.encode(errors="surrogateescape"))
        for char in value.decode(errors="surrogateescape"))


def texts(name, value):
    """All but the processes before it have one text."""
    if name == "apid":
        return [str(pid) for pid, in struct.iter_unpack("<I", value[:len(value) & ~3])]
    if name in ("aname", "aexe"):
        return [escaped(one) for one in value.split(b"\0")]
    if name == "cmdline":
        return [" ".join(map(escaped, value.removesuffix(b"\0").split(b"\0")))]
    if name in ("start", "first_seen", "last_seen"):
        return [time.strftime("%b %e, %Y %H:%M:%S", time.gmtime(value // 10**9)) +
                f".{value % 10**9:09} UTC"]
    return [f"0x{value:016x}" if name == "id" else
            f"0x{value:08x}" if name == "flags" else
            value.hex() if name == "sha256" else
            NO_HASH[value] if name == "sha256_reason" else
            escaped(value) if isinstance(value, bytes) else str(value)]


def as_tshark(name, value):
    """A value in tshark's words; none is empty, a list is several."""
    if value in ("", b"", None):
        return ""
    # The harness has undone what newer ones do to a backslash.
    return MANY.join(texts(name, value))


class Reader(TsharkTest):
    plugin = PLUGIN

    def judge(self, path):
        """How many packets and rows were compared."""
        names = ["proc.direction", *(f"proc.{end}.{name}" for end in ("src", "dst")
                                     for name in OF_END),
                 "geo.src.country", "geo.dst.country",
                 *(f"proc.table.{name}" for name in OF_ROW)]
        packets, tables = reader.read(path)
        shown = self.tshark.fields(path, *names, more=(
            "-2", "-E", f"aggregator={MANY}"))
        for frame, line in enumerate(shown, 1):
            direction, ends = packets.get(frame, ("", ({}, {})))
            rows = tables.get(frame, [])
            wanted = [direction] + [
                MANY.join(filter(None, (as_tshark(name, end.get(name))
                                        for end in one)))
                for one in (ends[:1], ends[1:]) for name in OF_END]
            wanted += [as_tshark("country", end.get("country"))
                       for end in ends[:2]]
            wanted += [MANY.join(as_tshark(name, row[name]) for row in rows
                                 if name in row) for name in OF_ROW]
            self.assertEqual(dict(zip(names, line)), dict(zip(names, wanted)),
                             f"{path.name}, frame {frame}")
        return len(packets), sum(map(len, tables.values()))

    def test_all_samples(self):
        for sample in SAMPLES:
            path = self.tshark.write(sample.name, sample.read_bytes())
            packets, rows = self.judge(path)
            self.assertGreater(min(packets, rows), 0, sample.name)
        many = gzip.decompress((SOURCE / "samples/many.pcapng.gz").read_bytes())
        self.assertEqual(self.judge(self.tshark.write("many.pcapng", many)),
                         (12500, 1))

    def test_a_packet_that_several_received(self):
        crowd = [End(100 + n, n, b"reader%d" % n, "socket")
                 for n in range(16)]
        path = self.tshark.write("crowd.pcapng", shb() + idb() + epb(
            udp("127.0.0.1", "224.0.0.251"), 10**18,
            custom_option(attribution("local", crowd[5], crowd[0])),
            *(custom_option(receiver(end)) for end in crowd[1:])))
        self.assertEqual(self.judge(path), (1, 0))
        names, pids = self.tshark.fields(path, "proc.dst.name",
                                         "proc.dst.pid")[0]
        self.assertEqual(names, ",".join(f"reader{n}" for n in range(16)))
        self.assertEqual(pids, ",".join(str(100 + n) for n in range(16)))

    def test_a_process_that_reads_as_another_what_it_has_sent(self):
        """Such a packet has both records, and what comes later the second one."""
        old, new = End(1, 7, b"old", "socket"), End(1, 7, b"new", "socket")
        told = [process(id=7, pid=1, name=end.name, user=end.name)
                for end in (old, new)]
        ends = [((old, old), told[:1]), ((old, new), told), ((old, new), told),
                ((new, new), []), ((old, new), told)]
        path = self.tshark.write("renamed.pcapng", shb() + idb() + b"".join(
            epb(udp("127.0.0.1", "127.0.0.1"), 10**18 + n,
                custom_option(attribution("local", *owners)),
                *map(custom_option, records))
            for n, (owners, records) in enumerate(ends)))
        self.assertEqual(self.judge(path), (5, 0))
        self.assertEqual(
            self.tshark.fields(path, "proc.src.name", "proc.src.user",
                               "proc.dst.name", "proc.dst.user", more=["-2"]),
            [(src.name.decode(),) * 2 + (dst.name.decode(),) * 2
             for (src, dst), _ in ends])
        self.assertEqual(self.tshark.frames(
            path, 'proc.src.user == "old" && proc.dst.user == "new"'),
            [2, 3, 5])

    def test_a_file_that_was_cut_and_one_that_was_merged(self):
        paths = [self.tshark.write(sample.name, sample.read_bytes())
                 for sample in SAMPLES[:2]]
        cut, merged = (self.tshark.dir / f"{name}.pcapng"
                       for name in ("cut", "merged"))
        self.tshark.lines("editcap", "-r", paths[0], cut, "5-100000")
        self.tshark.lines("mergecap", "-w", merged, *paths)
        for path in (cut, merged):
            self.assertGreater(self.judge(path)[0], 0)

    def test_texts_that_processes_chose(self):
        odd = [text for text, _ in test_plugin.Escaping.CASES]
        path = self.tshark.write("texts.pcapng", shb() + idb() + b"".join(
            epb(udp("127.0.0.1", "127.0.0.2"), 10**18 + n,
                custom_option(process(
                    id=n, unit=text, cmdline=b"x\0" + text + b"\0",
                    apid=struct.pack("<II", 3, 2), aname=text + b"\0sh")),
                custom_option(attribution("out", End(n, n, text, "socket"))))
            for n, text in enumerate(odd, 1)))
        self.assertEqual(self.judge(path), (len(odd), 0))

    def test_words_that_are_newer_than_it(self):
        known = attribution("out", End(1, 1, b"x", "unknown", "lost"))
        newer = [known[:4] + bytes(shape_how_why) + known[7:]
                 for shape_how_why in ((0x8D, 7, 6), (0x8A, 13, 6), (0x8A, 7, 15))]
        path = self.tshark.write("newer.pcapng", shb() + idb() + b"".join(
            epb(udp("127.0.0.1", "127.0.0.2"), 10**18, custom_option(payload))
            for payload in newer))
        self.assertEqual(self.judge(path), (3, 0))

    def test_fields_that_are_newer_than_it(self):
        path = self.tshark.write("newer.pcapng", shb() + idb() + epb(
            udp("127.0.0.1", "127.0.0.2"), 10**18,
            custom_option(attribution("out", End(1, 1, b"x", "socket"))),
            custom_option(process(id=1, pid=1, extra=process_field(999, b"new")))))
        self.assertEqual(self.judge(path), (1, 0))

    def test_a_version_that_it_need_not_know(self):
        path = self.tshark.write("old.pcapng", shb() + idb() + epb(
            udp("127.0.0.1", "127.0.0.2"), 10**18, custom_option(
                attribution("out", End(1, 1, b"x", "socket"), version=1))))
        self.assertEqual(reader.read(path), ({}, {}))

    def test_what_is_malformed_is_not_there(self):
        good = attribution("out", End(1, 1, b"x", "socket"))
        bad = [good[:7], good[:-9], process(id=1, pid=1)[:-1]]
        path = self.tshark.write("malformed.pcapng", shb() + idb() + b"".join(
            epb(udp("127.0.0.1", "127.0.0.2"), 10**18, custom_option(payload))
            for payload in [good, *bad]))
        self.assertEqual(self.judge(path), (1, 0))

    def test_it_needs_nothing_of_ours(self):
        source = (SOURCE / "tests/reader.py").read_text()
        self.assertEqual(set(re.findall(r"^(?:import|from) (\w+)", source,
                                        re.MULTILINE)),
                         {"struct", "sys"})

    def test_its_words_are_those_of_the_page(self):
        page = (SOURCE / "docs/file-format.md").read_text()
        for number, words in ((1, reader.HOW), (2, reader.WHY)):
            for value, word in words.items():
                if word:
                    self.assertIn(f"\n| {value} | `{word}` |", page)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
