# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/fleet: the samples in ClickHouse, and ten questions of which
tshark says the same of the same files."""
import collections
import contextlib
import gzip
import json
import os
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import SOURCE, TsharkTest, skip, udp

import pcapng
from pcapng import End, attribution, custom_option, epb

PLUGIN, PKTWHO = map(Path, sys.argv[1:3])
FLEET = SOURCE / "packaging/fleet"
T0 = 1700000000 * 10**9
# Of a server of our own: nothing of /etc is read, nobody else is served.
CONFIG = """<yandex>
<logger><level>warning</level><log>{0}/log</log><errorlog>{0}/err</errorlog>
</logger>
<tcp_port>{1}</tcp_port><listen_host>127.0.0.1</listen_host>
<path>{0}/data/</path><tmp_path>{0}/tmp/</tmp_path>
<format_schema_path>{0}/format/</format_schema_path>
<mark_cache_size>67108864</mark_cache_size>
<users_config>config.xml</users_config>
<default_profile>default</default_profile>
<default_database>default</default_database>
<users><default><password></password><profile>default</profile>
<quota>default</quota><networks><ip>127.0.0.1</ip></networks></default></users>
<profiles><default/></profiles><quotas><default/></quotas>
</yandex>
"""
FIELDS = (
    "frame.time_epoch", "frame.len", "ip.src", "ip.dst", "ipv6.dst",
    "tcp.srcport", "tcp.dstport", "tcp.stream", "udp.stream", "tcp.flags.syn",
    "tcp.flags.ack", "tcp.analysis.retransmission", "geo.dst.country",
    "dpi.app", "dpi.host", "dpi.name", "dpi.name_proc",
    *(f"proc.{end}.{word}" for end in ("src", "dst") for word in (
        "id", "pid", "name", "exepath", "exe_deleted", "exe_memfd", "sha256",
        "container.name")))


def free_port():
    """None that the kernel hands out, so that it is still free later."""
    for port in range(10000 + os.getpid() % 10000, 30000):
        with contextlib.suppress(OSError), \
                socket.create_server(("127.0.0.1", port)):
            return port


def beacon():
    """A capture of a program that calls out every minute, nearly."""
    who = End(77, 0xBEAC07, b"beacon", "socket")
    blocks = []
    for n, second in enumerate((0, 60, 121, 180, 240)):
        frame = udp("10.0.0.1", "203.0.113.7")
        frame = frame[:34] + struct.pack(">H", 50000 + n) + frame[36:]
        blocks.append(epb(frame, T0 + second * 10**9,
                          custom_option(attribution("out", who))))
    return pcapng.shb() + pcapng.idb() + b"".join(blocks)


class Server:
    def __init__(self, folder):
        self.dir = folder
        self.port = free_port()
        for name in ("data", "tmp", "format"):
            (folder / name).mkdir()
        (folder / "config.xml").write_text(CONFIG.format(folder, self.port))
        with (folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                ["clickhouse-server", f"--config-file={folder}/config.xml"],
                stdout=said, stderr=said)

    def wait(self):
        for _ in range(600):
            if self.process.poll() is not None:
                break
            if not self.client("--query", "SELECT 1").returncode:
                return
            time.sleep(0.1)
        raise AssertionError((self.dir / "said").read_text())

    def client(self, *argv, **options):
        return subprocess.run(
            ["clickhouse-client", "--port", str(self.port), *argv], text=True,
            capture_output=True, check=False, timeout=120, **options)

    def ask(self, query):
        done = self.client("--query", query + " FORMAT JSONCompact")
        if done.returncode:
            raise AssertionError(f"{query}: {done.stderr}")
        return [tuple(map(self.value, row))
                for row in json.loads(done.stdout)["data"]]

    def value(self, cell):
        """Integers of 64 bits are quoted."""
        if isinstance(cell, list):
            return [self.value(one) for one in cell]
        return int(cell) if re.fullmatch(r"-?\d+", str(cell)) else cell

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Packet:
    """What tshark says of a frame."""

    def __init__(self, host, values):
        self.host = host
        self.of = dict(zip(FIELDS, values))
        seconds, rest = self["frame.time_epoch"].split(".")
        self.ns = int(seconds) * 10**9 + int(rest)
        self.len = int(self["frame.len"])
        self.stream = (host, self["tcp.stream"], self["udp.stream"])
        self.ends = [end for end in ("src", "dst") if self.end(end, "id")]

    def __getitem__(self, field):
        return self.of[field]

    def end(self, end, word):
        return self[f"proc.{end}.{word}"]

    def id(self, end):
        return self.end(end, "id").removeprefix("0x")

    def is_syn(self):
        return self["tcp.flags.syn"] == "1" and self["tcp.flags.ack"] == "0"


def other(end):
    return "dst" if end == "src" else "src"


class Fleet(TsharkTest):
    plugin = PLUGIN

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = (os.environ | cls.tshark.environment() |
                   {"PATH": f"{PKTWHO.parent}:{os.environ['PATH']}"})
        folder = cls.tshark.dir / "clickhouse"
        folder.mkdir()
        cls.server = Server(folder)
        cls.addClassCleanup(cls.server.stop)
        cls.files = [cls.tshark.write(sample.name, sample.read_bytes())
                     for sample in (SOURCE / "samples").glob("*.pcapng")]
        cls.files.append(cls.tshark.write("beacon.pcapng", beacon()))
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(cls.told, cls.files))
        cls.packets = [Packet(path.stem, values)
                       for path, rows in zip(cls.files, told)
                       for values in rows]
        cls.server.wait()
        # Twice, as whoever is not sure does.
        for _ in range(2):
            done = cls.server.client(
                "--multiquery", input=(FLEET / "schema.sql").read_text())
            if done.returncode:
                raise AssertionError(done.stderr)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda path: cls.load("--host", path.stem, path),
                          cls.files))
        text = re.sub(r"--.*", "", (FLEET / "queries.sql").read_text())
        cls.queries = text.split(";")[:-1]

    @classmethod
    def told(cls, path):
        return cls.tshark.fields(path, *FIELDS, more=(
            "-2", "-E", "occurrence=f", "-Y", "!proc.table"))

    @classmethod
    def load(cls, *argv, **options):
        done = subprocess.run(
            [FLEET / "load", *argv, "--", "--port", str(cls.server.port)],
            env=cls.env, capture_output=True, text=True, timeout=120,
            check=False, **options)
        if done.returncode or done.stderr:
            raise AssertionError(f"{argv}: {done.stderr}")

    def ask(self, number):
        answer = self.server.ask(self.queries[number - 1])
        self.assertNotEqual(answer, [])
        return answer

    def sums(self, key):
        """[(*key(packet, end), packets, bytes)], of all ends with a key."""
        packets, size = collections.Counter(), collections.Counter()
        for p in self.packets:
            for end in p.ends:
                k = key(p, end)
                if k:
                    packets[k] += 1
                    size[k] += p.len
        return sorted((*k, packets[k], size[k]) for k in packets)

    def first_of_streams(self):
        """Each connection's first packet."""
        first = {}
        for p in self.packets:
            first.setdefault(p.stream, p)
        return [p for stream, p in first.items() if any(stream[1:])]

    def test_all_packets_are_there_once(self):
        count = "SELECT count(), sum(sent_packets + received_packets), " \
            "sum(sent_bytes + received_bytes) FROM pktwho.ends FINAL " \
            "WHERE side = 'client'"
        (before,) = self.server.ask(count)
        self.assertEqual(before[1:], (len(self.packets),
                                      sum(p.len for p in self.packets)))
        path = next(f for f in self.files if f.stem == "prefork")
        self.load("--host", "prefork", path)
        log = subprocess.run(
            ["pktwho", "log", "-r", path], env=self.env, check=True,
            capture_output=True).stdout
        self.load("--host", "prefork", "-", input=log.decode())
        packed = self.tshark.write("log.gz", gzip.compress(log))
        self.load("--host", "prefork", packed)
        self.assertEqual(self.server.ask(count), [before])
        self.assertGreater(self.server.ask(count.replace(" FINAL", ""))[0],
                           before)

    def test_1_who_talked_to_an_address(self):
        def key(p, end):
            return (p[f"ip.{other(end)}"] == "198.51.100.80" and
                    (p.host, p.end(end, "name")))
        self.assertEqual(self.ask(1), self.sums(key))

    def test_2_when_a_hash_was_first_seen(self):
        digest = re.search(r"sha256 = '(\w+)'", self.queries[1]).group(1)
        first = min((p.ns, p.host, p.end(end, "name"))
                    for p in self.packets for end in p.ends
                    if p.end(end, "sha256") == digest)
        self.assertEqual(self.ask(2), [(first[1], first[2], first[0])])

    def test_3_countries_by_container(self):
        def key(p, end):
            return (end == "src" and p.end("src", "container.name") and
                    p["geo.dst.country"] and
                    (p.host, p.end("src", "container.name"),
                     p["geo.dst.country"]))
        self.assertEqual(self.ask(3), [(*k, size)
                                       for *k, _, size in self.sums(key)])

    def test_4_who_calls_again_and_again(self):
        times = collections.defaultdict(list)
        for p in self.first_of_streams():
            if p.ends:
                times[p.host, p.id("src"), p["ip.dst"]].append(p.ns)
        gaps = {k: [b - a for a, b in zip(t, t[1:])]
                for k, t in times.items() if len(t) > 2}
        self.assertEqual(
            [(*row[:3], row[5], row[6], row[7]) for row in self.ask(4)],
            sorted((*k, g, round(statistics.mean(g)),
                    round(statistics.pstdev(g))) for k, g in gaps.items()))

    def test_5_sums_of_each_process(self):
        def key(p, end):
            return (p.host, p.id(end), int(p.end(end, "pid")))
        self.assertEqual(self.ask(5), self.sums(key))

    def test_6_where_packets_are_lost(self):
        first = {p.stream: p for p in self.first_of_streams()}
        again = collections.Counter()
        for p in self.packets:
            if p["tcp.analysis.retransmission"]:
                begin = first[p.stream]
                again[p.host, begin.end("src", "name"),
                      begin.end("dst", "name")] += 1
        self.assertEqual(self.ask(6),
                         sorted((*k, n) for k, n in again.items()))

    def test_7_what_is_asked_for(self):
        first = {p.stream: p for p in self.first_of_streams()}
        asked = {(p.host, first[p.stream].end("src", "name"), p["dpi.app"],
                  p["dpi.host"]) for p in self.packets
                 if p["dpi.host"] and p["dpi.app"] != "DNS"
                 and first[p.stream].id("src")}
        self.assertEqual(self.ask(7), sorted(asked))

    def test_8_who_resolved_a_name(self):
        resolved = {(p.host, p.end("src", "name"),
                     p["ip.dst"] or p["ipv6.dst"], p["dpi.name"],
                     p["dpi.name_proc"])
                    for p in self.first_of_streams() if p["dpi.name_proc"]}
        self.assertEqual(self.ask(8), sorted(resolved))

    def test_9_programs_without_a_file(self):
        def key(p, end):
            gone = "1" in (p.end(end, "exe_deleted"), p.end(end, "exe_memfd"))
            return (end == "src" and gone and
                    (p.host, p.end("src", "exepath"), p["ip.dst"]))
        self.assertEqual(self.ask(9), [(*k, n)
                                       for *k, n, _ in self.sums(key)])

    def test_10_who_serves(self):
        asked = {p.stream for p in self.packets if p.is_syn()}
        first = {p.stream: p for p in self.first_of_streams()}
        clients = collections.defaultdict(set)
        for p in self.packets:
            if p.stream in asked and p.id("dst") and \
                    p["tcp.dstport"] == first[p.stream]["tcp.dstport"]:
                clients[p.host, p.end("dst", "name"), int(p["tcp.dstport"])
                        ].add((p["ip.src"], p["tcp.srcport"]))
        self.assertEqual(self.ask(10),
                         sorted((*k, len(c)) for k, c in clients.items()))


if __name__ == "__main__":
    if not shutil.which("clickhouse-server"):
        skip("no clickhouse-server")
    unittest.main(argv=sys.argv[:1])
