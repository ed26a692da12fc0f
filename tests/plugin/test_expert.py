#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expert items: each where it belongs, none where it does not.

Usage: test_expert.py PLUGIN.so [unittest arguments]
"""
import functools
import gzip
import re
import shutil
import sys
import unittest

from frames import ACK, PSH, SYN, Flow
from harness import SOURCE, Tshark, udp
from payloads import PREFACE, h2_frame, h2_request, question
from pcapng import (End, attribution, custom_block, custom_option, epb, idb,
                    process, shb, table)

T0 = 1_700_000_000 * 10**9
HERE, THERE = "10.0.0.1", "81.2.69.142"
DELETED, MEMFD, WRITABLE = 1, 2, 4

EVIL = End(666, 0xE1, b"evil", "socket")
GOOD = End(42, 0x60, b"good", "socket")
REMOTE = End(country="GB")

tshark = None


def packet(*payloads, src=HERE, dst=THERE):
    return epb(udp(src, dst), T0, *[custom_option(p) for p in payloads])


def capture(name, *blocks):
    return tshark.write(name, shb() + idb() + b"".join(blocks))


def evil(flags, **more):
    return process(id=0xE1, pid=666, name=b"evil", exepath=b"/tmp/evil",
                   flags=flags, **more)


def messages(path, item, *more):
    """{frame: text} of the packets that have this item."""
    return {int(frame): text for frame, text in tshark.fields(
        path, "frame.number", "_ws.expert.message",
        more=["-Y", f"proc.expert.{item}", *more])}


def off(item):
    return "-o", f"proc.expert_{item}:FALSE"


class Processes(unittest.TestCase):
    OUT = attribution("out", EVIL, REMOTE)

    def check(self, item, flags, text):
        path = capture(item, packet(self.OUT, evil(flags)), packet(self.OUT),
                       packet(attribution("out", GOOD),
                              process(id=0x60, pid=42, flags=0)),
                       custom_block(table(evil(flags))))
        found = messages(path, item)
        # Where the process is described, and in the table: not everywhere.
        self.assertEqual(list(found), [1, 4])
        for message in found.values():
            self.assertIn(text, message)
        self.assertEqual(messages(path, item, *off(item)), {})

    def test_a_packets_item_and_the_tables_are_one_group(self):
        path = capture("group", packet(self.OUT, evil(DELETED)),
                       custom_block(table(evil(DELETED))))
        listed = tshark.run("tshark", "-r", path, "-q", "-z", "expert").stdout
        self.assertRegex(listed, r"(?m)^ +2 +Security +Process +evil ")

    def test_deleted(self):
        self.check("deleted", DELETED, "evil (666) runs an executable that is"
                   " no longer on disk: /tmp/evil")

    def test_memfd(self):
        self.check("memfd", MEMFD | DELETED, "never had a file: /tmp/evil")
        path = capture("both", packet(self.OUT, evil(MEMFD | DELETED)))
        self.assertEqual(messages(path, "deleted"), {})

    def test_world_writable(self):
        self.check("world_writable", WRITABLE,
                   "that anyone may write, or put another in its place: "
                   "/tmp/evil")


class Packets(unittest.TestCase):
    def test_unknown(self):
        nobody = End(attr="unknown", reason="lost")
        early = End(attr="unknown", reason="before")
        path = capture(
            "unknown", packet(attribution("out", nobody, REMOTE)),
            packet(attribution("local", nobody, GOOD)),
            # its socket was gone when the capture began: a known cause
            packet(attribution("out", early, REMOTE)),
            # received by nobody knows whom, which is no news of this host
            packet(attribution("in", REMOTE, nobody)),
            packet(attribution("out", End(attr="kernel"), REMOTE)),
            packet(attribution("forwarded", End(attr="forwarded"),
                               End(attr="forwarded"))), packet())
        self.assertEqual(list(messages(path, "unknown")), [1, 2])
        self.assertEqual(messages(path, "unknown", *off("unknown")), {})

    def test_country(self):
        british = {"src": THERE, "dst": HERE}
        path = capture(
            "country", packet(attribution("out", GOOD, REMOTE)),
            packet(attribution("in", REMOTE, GOOD), **british),
            packet(attribution("out", GOOD, End(country="DE"))),
            # this host's own country is nobody's business
            packet(attribution("in", End(country="DE"),
                               End(42, 0x60, b"good", "socket",
                                   country="GB"))),
            packet(attribution("forwarded", REMOTE, End(country="DE"))),
            packet(src="192.168.1.1", dst=HERE))

        def found(allowed, *more):
            return list(messages(path, "country", "-o", "proc.geo:FALSE",
                                 "-o", f"proc.allowed_countries:{allowed}",
                                 *more))

        self.assertEqual(found("DE"), [1, 2, 5])
        self.assertEqual(found("fr, gb"), [3, 4, 5])
        self.assertEqual(found("DE GB"), [])
        self.assertEqual(found("AQ"), [1, 2, 3, 4, 5])
        self.assertEqual(found(""), [])
        self.assertEqual(found(" , "), [])
        self.assertEqual(found(";"), [])
        self.assertEqual(found("DE", *off("country")), [])
        self.assertIn("81.2.69.142 is in GB", messages(
            path, "country", "-o", "proc.allowed_countries:DE")[1])


class Values(unittest.TestCase):
    """Of a preference that Wireshark takes in silence, in a line each."""

    def warnings(self, *options):
        done = tshark.run("tshark", "-r", capture("values", packet()),
                          "-T", "fields", "-e", "proc.expert.country",
                          *options)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        return done.stderr.splitlines()

    WRONG = {
        "dpi.when:sometimes": ['"sometimes"', "asked, always, never"],
        "proc.stats_by:pid": ['"pid"', "program, process, user"],
        "proc.geo:yes": ['"yes"', "neither TRUE nor FALSE"],
        "proc.expert_port:": ['""', "FALSE"],
        "proc.expert_beacon:1": ['"1"', "FALSE"],
        "dpi.hand_over:nonsense": ['"nonsense"', "FALSE"],
    }
    RIGHT = ["dpi.when:ALWAYS", "proc.geo: True", "proc.expert_port:false",
             "proc.stats_by:user", "proc.allowed_countries:de,GB;Fr",
             "tcp.desegment_tcp_streams:x"]

    def test_wrong_ones(self):
        lines = self.warnings(*(word for option in self.WRONG
                                for word in ("-o", option)))
        self.assertEqual(len(lines), len(self.WRONG))
        for line, (option, texts) in zip(lines, self.WRONG.items()):
            for text in (option.split(":")[0], *texts):
                self.assertIn(text, line)

    def test_countries(self):
        lines = self.warnings(
            "-o", "proc.allowed_countries:de England,UK;fr G")
        for line, text in zip(lines, ("England", "UK", "G"), strict=True):
            self.assertIn(f'proc.allowed_countries: "{text}"', line)

    def test_in_the_file_of_preferences(self):
        """Of the profile that is in use, and of no other."""
        config = tshark.dir / "home/.config/wireshark"
        for folder, right in (("", False), ("profiles/good/", True)):
            path = config / folder / "preferences"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("# proc.geo: yes\n" + (
                "proc.geo: TRUE\ndpi.when: always\n" if right else
                "proc.geo: yes\ndpi.when: sometimes\n"))
        tshark.open_up()
        try:
            self.assertEqual(self.warnings("-C", "good"), [])
            lines = self.warnings()
        finally:
            shutil.rmtree(config)
        self.assertEqual(len(lines), 2)
        self.assertIn(f'{config}/preferences: proc.geo: "yes"', lines[0])
        self.assertIn('preferences: dpi.when: "sometimes"', lines[1])

    def test_however_it_is_written(self):
        self.assertEqual(len(self.warnings(
            "-oproc.geo:1", "-2noproc.geo:1", "-n2o", "proc.geo:1")), 3)

    def test_right_ones(self):
        self.assertEqual(self.warnings(*(
            word for option in self.RIGHT for word in ("-o", option))), [])


class Ports(unittest.TestCase):
    GET = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"

    @staticmethod
    def flow(server_port, request, client_port=50123):
        flow = Flow(HERE, THERE, client_port, server_port)
        owners = custom_option(attribution("out", GOOD, REMOTE))
        return b"".join(epb(frame, T0, owners) for frame in [
            flow.out(SYN, 100), flow.back(SYN | ACK, 500, 101),
            flow.out(ACK, 101, 501), flow.out(PSH | ACK, 101, 501, request)])

    def test_http(self):
        path = capture("ports", self.flow(80, self.GET),
                       self.flow(22, self.GET, 50124),
                       self.flow(12345, self.GET, 50125),
                       self.flow(12346, b"nothing known", 50126))
        found = messages(path, "port")
        self.assertEqual(list(found)[-1:], [12])
        self.assertIn("HTTP on port 12345, which is not its own", found[12])
        self.assertTrue(set(found) <= {8, 12})
        self.assertEqual(messages(path, "port", *off("port")), {})

    def test_all_clients_are_one_line(self):
        path = capture("clients", *[self.flow(5000, self.GET, 50000 + n)
                                    for n in range(10)])
        lines = [line for line in tshark.lines("tshark", "-q", "-r", path,
                                               "-z", "expert")
                 if "on port 5000" in line]
        self.assertEqual([line.split()[0] for line in lines], ["10"])

    def test_what_is_inside_of_http_is_where_that_is(self):
        doh = PREFACE + h2_request("application/dns-message") + h2_frame(
            0, 1, 1, question("www.example.com"))
        path = capture("inside", self.flow(80, doh))
        self.assertEqual(tshark.fields(path, "dpi.app")[-1],
                         ("DNS over HTTPS",))
        self.assertEqual(messages(path, "port"), {})

    def test_it_is_named_as_in_dpi_app(self):
        path = capture("named", self.flow(6380, b"*1\r\n$4\r\nPING\r\n"))
        self.assertEqual(messages(path, "port"), {
            4: "Redis on port 6380, which is not its own"})


class Plain(unittest.TestCase):
    """A capture in which no packet has a process."""

    def test_country(self):
        path = capture("plain", packet(), packet(dst="10.0.0.2"))
        self.assertEqual(
            tshark.frames(path, "proc.expert.country", [
                "-o", "proc.allowed_countries:DE"]), [1])
        self.assertEqual(tshark.frames(path, "proc.expert.country"), [])
        self.assertEqual(tshark.frames(path, "proc"), [])

    def test_port(self):
        flow = Flow(HERE, THERE, 50000, 5000)
        path = capture("plain_port", *[epb(f, T0) for f in (
            flow.out(SYN), flow.back(SYN | ACK, 0, 1), flow.out(
                PSH | ACK, 1, 1, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))])
        self.assertEqual(tshark.frames(path, "proc.expert.port"), [3])


class Table(unittest.TestCase):
    """Rows of a table against the packets before it."""

    OUT = attribution("out", GOOD, REMOTE)
    SIZE = len(udp(HERE, THERE))

    def row(self, packets, size):
        return custom_block(table(process(
            id=0x60, pid=42, name=b"good", packets=packets, bytes=size)))

    def test_agreement(self):
        itself = attribution("local", GOOD, GOOD)
        path = capture("agree", packet(self.OUT), packet(itself), packet(),
                       self.row(2, 2 * self.SIZE))
        self.assertEqual(messages(path, "table"), {})
        self.assertEqual(messages(path, "table", "-2"), {})

    def test_disagreement(self):
        for n, row in enumerate([self.row(3, 2 * self.SIZE),
                                 self.row(1, self.SIZE),
                                 self.row(2, 2 * self.SIZE + 1)]):
            path = capture(f"disagree{n}", packet(self.OUT), packet(self.OUT),
                           row)
            found = messages(path, "table")
            self.assertEqual(list(found), [3])
            self.assertIn(f"the file has 2 packets, {2 * self.SIZE} bytes",
                          found[3])
            self.assertEqual(messages(path, "table", *off("table")), {})

    def test_a_table_that_comes_first_waits_for_its_packets(self):
        path = capture("first", packet(), self.row(1, self.SIZE),
                       packet(self.OUT))
        self.assertEqual(messages(path, "table"), {})
        self.assertEqual(messages(path, "table", "-2"), {})

    def test_packets_taken_away(self):
        """The whole file is known when it is read twice."""
        path = capture("taken", packet(), self.row(1, self.SIZE))
        self.assertEqual(messages(path, "table"), {})
        self.assertEqual(list(messages(path, "table", "-2")), [2])

    def test_the_files_of_a_ring_in_one(self):
        """Each file has a table of its own, and they speak of one process."""
        one = packet(self.OUT) + self.row(1, self.SIZE)
        path = tshark.write("ring", (shb() + idb() + one) * 2)
        self.assertEqual(messages(path, "table"), {})
        self.assertEqual(messages(path, "table", "-2"), {})


class Everywhere(unittest.TestCase):
    """However one looks, the same items are there; if nobody does, none."""

    @classmethod
    def setUpClass(cls):
        cls.file = capture(
            "all", packet(attribution("out", EVIL, REMOTE), evil(WRITABLE)),
            packet(attribution("out", End(attr="unknown"), REMOTE)))

    def test_expert_statistic(self):
        text = "\n".join(tshark.lines("tshark", "-q", "-r", self.file, "-z",
                                      "expert"))
        self.assertRegex(text, r"1 +Security .*evil \(666\) runs")
        self.assertRegex(text, r"1 +Undecoded .*not known who sent it")

    def test_severity_filter(self):
        self.assertEqual(tshark.frames(
            self.file, '_ws.expert.severity == "Warning"'), [1])

    def test_tree(self):
        text = "\n".join(tshark.lines("tshark", "-r", self.file, "-V"))
        self.assertIn("Warning/Security", text)


class Samples(unittest.TestCase):
    # What they were made to show; and services on ports of others'.
    MEANT = {"deleted.pcapng": {"proc.expert.deleted",
                                "proc.expert.world_writable"},
             "dns-tunnel.pcapng": {"dpi.tunnel"},
             "prefork.pcapng": {"proc.expert.port"},
             "two-services.pcapng": {"proc.expert.port"}}

    def test_no_false_alarm(self):
        for path in sorted((SOURCE / "samples").glob("*.pcapng*")):
            data = path.read_bytes()
            if path.suffix == ".gz":
                data = gzip.decompress(data)
            copy = tshark.write(path.name, data)
            # One column for each item: which of them is there at all?
            rows = tshark.fields(copy, *items(), more=[
                "-2", "-o", "dpi.when:always", "-R", " or ".join(items())])
            found = {item for row in rows
                     for item, text in zip(items(), row) if text}
            self.assertEqual(found, self.MEANT.get(path.name, set()),
                             path.name)


@functools.cache
def items():
    """The expert items, as tshark lists them."""
    return [match[1] for line in tshark.lines("tshark", "-G", "fields")
            if (match := re.search(
                r"\t(proc\.expert\.\w+|dpi\.tunnel|dpi\.unresolved)\t",
                line))]


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
