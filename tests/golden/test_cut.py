# SPDX-License-Identifier: GPL-3.0-or-later
"""pktwho cut: all that its packets need, and nothing of the others."""
import gzip
import re
import struct
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/plugin")]

import frames  # noqa: E402
import pcapng  # noqa: E402
from harness import TsharkTest, skip  # noqa: E402

PKTWHO, PLUGIN = map(Path, sys.argv[1:3])
NRB, DSB = 4, 10
CURL = pcapng.End(pid=7, id=0x77, name=b"curl", attr="socket")
WGET = pcapng.End(pid=8, id=0x88, name=b"wget", attr="socket")
KEYS = b"CLIENT_RANDOM " + b"0" * 64 + b" " + b"1" * 96 + b"\n"
T0 = 1_700_000_000_000_000_000


def name(address, text):
    value = bytes(map(int, address.split("."))) + text.encode() + b"\0"
    return pcapng.block(NRB, pcapng.pad(
        struct.pack("<HH", 1, len(value)) + value) + bytes(4))


def packet(end, destination, at):
    record = pcapng.process(id=end.id, pid=end.pid, name=end.name)
    return pcapng.epb(
        frames.ip("192.0.2.1", destination, 17,
                  struct.pack(">HHHH", 1000, 2000, 9, 0) + b"x"),
        T0 + at, pcapng.custom_option(pcapng.attribution("out", src=end)),
        pcapng.custom_option(record))


def statistics(dropped):
    return pcapng.block(pcapng.ISB, struct.pack(
        "<III", 0, T0 >> 32, T0 & 0xFFFFFFFF) + pcapng.options(
            pcapng.option(7, struct.pack("<Q", dropped))))


def source(number):
    """A file of two clients; what an address is called, before and after."""
    table = pcapng.table(*(pcapng.process(id=e.id, pid=e.pid, name=e.name)
                           for e in (CURL, WGET)))
    return b"".join((
        pcapng.shb(pcapng.option(1, b"case %d" % number),
                   pcapng.option(2, b"riscv64"), pcapng.option(3, b"Linux 9"),
                   pcapng.option(4, b"pktwho 0.0.9")),
        pcapng.idb(name="eth7"), name("198.51.100.1", "curls.example"),
        name("198.51.100.2", "wgets.example"),
        pcapng.block(DSB, struct.pack("<II", 0x544C534B, len(KEYS))
                     + pcapng.pad(KEYS)),
        packet(CURL, "198.51.100.1", 1000 * number),
        packet(WGET, "198.51.100.2", 1000 * number + 1),
        packet(CURL, "198.51.100.3", 1000 * number + 2),
        name("198.51.100.3", "late.example"),
        statistics(3), pcapng.custom_block(table)))


class Cut(TsharkTest):
    plugin = PLUGIN

    def cut(self, *argv, name="out.pcapng"):
        out = self.tshark.dir / name
        done = subprocess.run(
            [PKTWHO, "cut", "-q", "--force", "-w", out, *map(str, argv)],
            text=True, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        out.chmod(0o644)
        return out

    def check(self, out, packets):
        blocks = list(pcapng.blocks(out.read_bytes()))
        section = dict(blocks[0].options)
        self.assertEqual((section[1], section[2], section[3]),
                         (b"case 1", b"riscv64", b"Linux 9"))
        self.assertRegex(section[4], rb"\Apktwho ")
        more = [DSB, pcapng.EPB, NRB, pcapng.EPB] if packets > 2 else [NRB]
        self.assertEqual(
            [b.kind for b in blocks],
            [pcapng.SHB, pcapng.IDB, DSB, NRB, pcapng.EPB, pcapng.EPB,
             *more, pcapng.ISB, pcapng.CB])
        data = out.read_bytes()
        for kept in (b"curls.example", b"late.example"):
            self.assertEqual(data.count(kept), 1)
        self.assertNotIn(b"wget", data)
        drops, = (dict(b.options)[7] for b in blocks if b.kind == pcapng.ISB)
        self.assertEqual(struct.unpack("<Q", drops)[0], 3 * packets // 2)
        said = "\n".join(self.tshark.lines("capinfos", "-M", out))
        self.assertEqual(re.findall(r"Number of packets: *(\d+)", said),
                         [str(packets)])
        self.assertIn("case 1", said)
        self.assertEqual(
            self.tshark.fields(out, "ip.dst_host", "proc.src.name", more=(
                "-2", "-N", "n", "-Y", "udp")),
            [("curls.example", "curl"), ("late.example", "curl")]
            * (packets // 2))

    def test_plain(self):
        one = self.tshark.write("one.pcapng", source(1))
        self.check(self.cut("--proc", "curl", one), 2)

    def test_several_compressed(self):
        one = self.tshark.write("one.pcapng.gz", gzip.compress(source(1)))
        two = self.tshark.write("two.pcapng", source(2))
        packed = self.cut(two, name="two.pcapng.zst")
        plain = self.cut("--proc", "curl", one, packed)
        self.check(plain, 4)
        self.check(self.cut("--proc", "curl", self.cut(
            "--proc", "curl", one, two, name="four.pcapng.zst")), 4)


if __name__ == "__main__":
    for tool in ("tshark", "capinfos"):
        if subprocess.run(["which", tool], stdout=subprocess.DEVNULL,
                          check=False).returncode:
            skip(f"no {tool}")
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
