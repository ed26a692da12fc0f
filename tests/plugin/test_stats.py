#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statistics by program, as tshark -z prints them.

Usage: test_stats.py PLUGIN.so [unittest arguments]
"""
import csv
import json
import re
import sys
import unittest

from frames import ACK, PSH, RST, SYN, Flow
from harness import SOURCE, Tshark, documented_fields, udp
from pcapng import (End, attribution, custom_block, custom_option, epb, idb,
                    option, process, shb, table)

T0 = 1_700_000_000 * 10**9
MS = 10**6
HERE, THERE, FAR = "10.0.0.1", "81.2.69.142", "9.9.9.9"

CURL = End(4242, 0xC0FFEE, b"curl", "socket")
CURL2 = End(4243, 0xC0FFED, b"curl", "socket")
NGINX = End(812, 0x1234, b"nginx", "scan")
BRITISH = End(country="GB")
AMERICAN = End(country="US")

tshark = None


def sized(src, dst, length, owners, n):
    """A UDP packet of @length bytes in all."""
    frame = udp(src, dst, bytes(length - 42))
    return epb(frame, T0 + n * MS, custom_option(owners))


def traffic():
    """Two programs, three processes, two countries, and nobody's packets."""
    local = ("127.0.0.1", "127.0.0.1")
    return b"".join([
        shb(), idb(),
        sized(HERE, THERE, 100, attribution("out", CURL, BRITISH), 1),
        sized(THERE, HERE, 1000, attribution("in", BRITISH, CURL), 2),
        sized(HERE, FAR, 60, attribution("out", CURL2, AMERICAN), 3),
        sized(*local, 70, attribution("local", CURL, NGINX), 4),
        sized(*local, 80, attribution("local", CURL, CURL2), 5),
        sized(THERE, HERE, 90, attribution(
            "in", BRITISH, End(attr="kernel", reason="time-wait")), 6),
        sized(THERE, FAR, 50, attribution(
            "forwarded", End(attr="forwarded"), End(attr="forwarded")), 7),
        epb(udp(HERE, FAR), T0 + 8 * MS),
        custom_block(table(process(id=0xC0FFEE, pid=4242, name=b"curl"))),
    ])


def statistic(path, name, *more):
    """Without the units that the tables of 4.4 and 4.6 have."""
    return [line.replace(" bytes", "") for line in tshark.lines(
        "tshark", "-q", "-r", path, "-z", name, "-o", "proc.geo:FALSE",
        *more)]


def tree(lines):
    """{path of names: count}, from the indentation of tshark's tree."""
    found, path = {}, []
    for line in lines:
        match = re.match(r"( *)(\S.*?)  +(\d+) ", line)
        if match:
            depth = len(match[1])
            path[depth:] = [match[2]]
            found["/".join(path)] = int(match[3])
    return found


class Tree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = tshark.write("traffic", traffic())

    def test_packets_by_program_country_and_host(self):
        found = tree(statistic(self.file, "proc,tree"))
        for path, packets, size in [
                ("", 7, 1450),
                ("/curl", 5, 1310),
                ("/curl/GB", 2, 1100),
                ("/curl/GB/81.2.69.142", 2, 1100),
                ("/curl/US/9.9.9.9", 1, 60),
                ("/curl/(no public address)/127.0.0.1", 2, 150),
                ("/nginx", 1, 70),
                ("/(kernel: time-wait)", 1, 90),
                ("/(forwarded)", 1, 50)]:
            with self.subTest(path):
                self.assertEqual(found["Packets" + path], packets)
                self.assertEqual(found["Bytes" + path], size)
        self.assertEqual(len(found), 2 * 17)

    def test_no_column_is_empty(self):
        """Beside the bytes: the average packet, the least and the largest."""
        for line in statistic(self.file, "proc,tree"):
            if re.match(r" *curl ", line):
                self.assertEqual(line.split()[2:5], ["262.00", "60", "1000"])

    def test_filter(self):
        found = tree(statistic(self.file, "proc,tree,proc.pid==4243"))
        self.assertEqual(found["Packets/curl"], 2)
        self.assertNotIn("Packets/nginx", found)

    def test_read_twice(self):
        self.assertEqual(
            tree(statistic(self.file, "proc,tree", "-2")),
            tree(statistic(self.file, "proc,tree")))

    def test_a_line_for_what_one_asks(self):
        records = [process(id=0xC0FFEE, pid=4242, user=b"alice", uid=7,
                           container_name=b"web", unit=b"a.service"),
                   process(id=0xC0FFED, pid=4243, uid=8, container_id=b"f0"),
                   process(id=0x1234, pid=812, user=b"alice")]
        path = tshark.write("keys", shb() + idb() + custom_block(
            table(*records)) + traffic()[len(shb() + idb()):])
        lines = {
            "program": {"curl": 5, "nginx": 1},
            "process": {"curl (4242)": 4, "curl (4243)": 2, "nginx (812)": 1},
            "user": {"alice": 4, "user 8": 2},
            "container": {"web": 4, "f0": 2, "(no container)": 1},
            "unit": {"a.service": 4, "(no unit)": 3},
            "host": {THERE: 3, FAR: 2, "127.0.0.1": 2},
            "country": {"GB": 3, "US": 1, "(no country)": 1,
                        "(no public address)": 2}}
        for key, expected in lines.items():
            with self.subTest(key):
                found = tree(statistic(path, "proc,tree", "-o",
                                       f"proc.stats_by:{key}"))
                self.assertEqual(found["Packets"], 7)
                self.assertEqual(
                    {name.split("/")[1]: n for name, n in found.items()
                     if re.fullmatch(r"Packets/[^/]*", name)
                     and "kernel" not in name and "forwarded" not in name},
                    expected)

    def test_below_the_parents(self):
        """As far up as the file knows, and each packet once in each sum."""
        records = [
            process(id=0xC0FFEE, pid=4242, ppid=70, pname=b"bash",
                    name=b"curl", start=3),
            process(id=0xC0FFED, pid=4243, ppid=70, pname=b"bash",
                    name=b"curl", start=3),
            # ... of that pid, but neither of that name nor before
            process(id=1, pid=70, name=b"other", start=1, ppid=5,
                    pname=b"wrong"),
            process(id=2, pid=70, name=b"bash", start=9, ppid=5,
                    pname=b"wrong"),
            process(id=3, pid=70, name=b"bash", start=2, ppid=1,
                    pname=b"systemd"),
            # a circle, as pids that are used again may make one
            process(id=0x1234, pid=812, ppid=812, pname=b"nginx",
                    name=b"nginx")]
        path = tshark.write("parents", shb() + idb() + custom_block(
            table(*records)) + traffic()[len(shb() + idb()):])
        found = tree(statistic(path, "proc,tree", "-o",
                               "proc.stats_by:parents"))
        systemd, bash = "Packets/systemd (1)", "/bash (70)"
        self.assertEqual({name: n for name, n in found.items()
                          if name.startswith(systemd)}, {
            systemd: 5, systemd + bash: 5, systemd + bash + "/curl (4242)": 4,
            systemd + bash + "/curl (4243)": 2})
        self.assertEqual(found["Bytes/systemd (1)"], 1310)
        self.assertEqual(found["Packets/(forwarded)"], 1)
        self.assertEqual(found["Packets" + 19 * "/nginx (812)"], 1)

    def test_a_file_without_processes(self):
        path = tshark.write("plain", shb() + idb() + epb(udp(HERE, FAR), T0))
        self.assertFalse(any("curl" in s or "no process" in s
                             for s in statistic(path, "proc,tree")))

    def test_bytes_stop_where_the_counter_ends(self):
        """Wireshark counts in 31 bits; 2 GiB of one program are not rare."""
        packets = [epb(udp(HERE, FAR), T0 + n * MS,
                       custom_option(attribution("out", CURL)),
                       wire_len=250_000) for n in range(9000)]
        path = tshark.write("large", shb() + idb() + b"".join(packets))
        found = tree(statistic(path, "proc,tree"))
        self.assertEqual(found["Packets/curl"], 9000)
        self.assertEqual(found["Bytes/curl"], 2**31 - 1)
        # The tables' counters are wider; newer ones say 2250 MB.
        program, packets, size = endpoints(
            statistic(path, "endpoints,proc"))[0]
        self.assertEqual((program, packets), ("curl", "9000"))
        self.assertIn(size, ("2250000000", "2250"))

    def test_lengths_that_no_packet_has(self):
        """A damaged file's: the counters are ints, and none turns negative."""
        packets = [epb(udp(HERE, FAR), T0 + n * MS,
                       custom_option(attribution("out", CURL)), wire_len=size)
                   for n, size in enumerate((0xFFFFFFFF, 0x80000000, 100,
                                             0xFFFFFFFE, 0x7FFFFFFF))]
        path = tshark.write("damaged", shb() + idb() + b"".join(packets))
        found = tree(statistic(path, "proc,tree"))
        self.assertEqual(found["Packets/curl"], 5)
        self.assertEqual(found["Bytes/curl"], 2**31 - 1)
        sizes = {size.rstrip(" MB") for _, _, size in endpoints(
            statistic(path, "endpoints,proc"))}
        self.assertLessEqual(sizes, {str(4 * (2**31 - 1) + 100), "8589"})

    def test_programs_called_as_the_roots(self):
        packets = [epb(udp(HERE, FAR), T0, custom_option(attribution(
            "out", End(1, 1, name, "socket"))))
            for name in (b"Packets", b"Bytes", b"Packets", b"curl") * 2]
        path = tshark.write("roots", shb() + idb() + b"".join(packets))
        found = tree(statistic(path, "proc,tree"))
        self.assertEqual(found["Packets"], 8)
        self.assertEqual(found["Bytes"], 8 * len(udp(HERE, FAR)))
        self.assertEqual(found["Packets/Packets (program)"], 4)
        self.assertEqual(found["Packets/Bytes (program)"], 2)

    def test_a_scan_of_many_hosts(self):
        packets = [epb(udp(HERE, f"10.1.{n >> 8}.{n & 255}"), T0,
                       custom_option(attribution("out", CURL)))
                   for n in (*range(1200), 0, 1199)]
        path = tshark.write("scan", shb() + idb() + b"".join(packets))
        found = tree(statistic(path, "proc,tree"))
        hosts = "Packets/curl/(no public address)/"
        self.assertEqual(found[f"{hosts}10.1.0.0"], 2)
        self.assertEqual(found[f"{hosts}(others)"], 201)
        self.assertEqual(found["Packets/curl"], 1202)

    def test_hostile_names(self):
        packets = [epb(udp(HERE, FAR), T0, custom_option(attribution(
            "out", End(n, n + 1, name, "socket"))))
            for n, name in enumerate([b"a\nb", b"%s%n", b'"', b"\\", b"\xff"])]
        path = tshark.write("hostile", shb() + idb() + b"".join(packets))
        found = tree(statistic(path, "proc,tree"))
        for name in (r"a\x0ab", "%s%n", '"', r"\\", r"\xff"):
            self.assertEqual(found["Packets/" + name], 1)
        statistic(path, "conv,proc")
        statistic(path, "endpoints,proc")


class ProcessTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        record = process(id=0xC0FFEE, pid=4242, name=b"curl", uid=0,
                         user=b"root", exepath=b"/usr/bin/curl",
                         cmdline=b'curl\0-H\0a: "b, c"\0', exit_status=256,
                         flags=0b10000001)
        cls.file = tshark.write("table", traffic() + custom_block(
            table(record)))

    def json(self, *more):
        return json.loads("\n".join(statistic(
            self.file, ",".join(["proc,table,json", *more]))))

    def test_text(self):
        lines = statistic(self.file, "proc,table")
        self.assertEqual(
            [line.split() for line in lines],
            [["Packets", "Bytes", "PID", "Process", "User", "Executable",
              "Command", "Line"],
             ["4", "1250", "4242", "curl", "root", "/usr/bin/curl", "curl",
              "-H", "a:", '"b,', 'c"'],
             ["2", "140", "4243", "curl"], ["1", "70", "812", "nginx"]])
        # Aligned: numbers at their right, words at their left end.
        self.assertEqual({line.index(word) for line, word in zip(
            lines, ["Process", "curl", "curl", "nginx"])}, {22})

    def test_csv(self):
        head, *rows = csv.reader(statistic(self.file, "proc,table,csv"))
        rows = [dict(zip(head, row)) for row in rows]
        self.assertEqual([row["pid"] for row in rows], ["4242", "4243", "812"])
        self.assertEqual(rows[0]["cmdline"], 'curl -H a: "b, c"')
        self.assertEqual(rows[0]["first_seen"],
                         "2023-11-14T22:13:20.001000000Z")
        self.assertEqual((rows[0]["exe_deleted"], rows[0]["exe_memfd"]),
                         ("true", "false"))
        self.assertEqual(rows[1]["user"], "")
        documented = {name.removeprefix("proc.table.")
                      for name in documented_fields()
                      if name.startswith("proc.table.")}
        self.assertEqual(set(head), documented)

    def test_json(self):
        curl, other, nginx = self.json()
        self.assertEqual((curl["pid"], curl["packets"], curl["uid"]),
                         (4242, 4, 0))
        self.assertEqual(curl["id"], "0x0000000000c0ffee")
        self.assertEqual(curl["cmdline"], 'curl -H a: "b, c"')
        self.assertIs(curl["exited"], True)
        self.assertNotIn("user", other)
        self.assertEqual(nginx["name"], "nginx")

    def test_filter(self):
        self.assertEqual([(row["pid"], row["packets"])
                          for row in self.json("ip.src==127.0.0.1")],
                         [(4242, 2), (812, 1), (4243, 1)])
        self.assertEqual(self.json("tcp"), [])
        failed = tshark.run("tshark", "-q", "-r", self.file, "-z",
                            "proc,table,no.such.field")
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("no.such.field", failed.stderr)

    def test_read_twice(self):
        self.assertEqual(statistic(self.file, "proc,table,json", "-2"),
                         statistic(self.file, "proc,table,json"))

    def test_hostile_names_and_imports(self):
        comment = option(1, b'PID: 7\nCmd: /x/a"b\\c\nArgs: x')
        path = tshark.write("hostile-table", b"".join([
            shb(), idb(), epb(udp(HERE, THERE), T0, comment),
            epb(udp(HERE, FAR), T0, custom_option(attribution(
                "out", End(8, 9, b'\n",\xff', "socket"))))]))
        rows = json.loads("\n".join(statistic(path, "proc,table,json")))
        self.assertEqual([(row["pid"], row["name"]) for row in rows],
                         [(7, r'a"b\\c'), (8, r'\x0a",\xff')])
        self.assertNotIn("id", rows[0])
        _, *rows = csv.reader(statistic(path, "proc,table,csv"))
        self.assertEqual([row[:2] for row in rows],
                         [["7", r'a"b\\c'], ["8", r'\x0a",\xff']])

    def test_what_another_tool_knows_of_a_process(self):
        path = tshark.write("imported-table", (
            SOURCE / "samples/imports/ptcpdump.pcapng").read_bytes())
        row, = json.loads("\n".join(statistic(path, "proc,table,json")))
        self.assertEqual(
            [row[key] for key in ("pid", "exepath", "cmdline", "pname")],
            [4535, "/usr/bin/curl", "curl -s http://127.0.0.1:8080/", "bash"])
        self.assertEqual(row["packets"], 8)

    def test_window(self):
        """What Statistics -> Process Table shows, in tshark's way."""
        for more in ([], ["-2"]):
            rows = [line.split(" |")[:9] for line in statistic(
                self.file, "proc,table,window", *more) if " |" in line]
            # The window sorts by the first column, the least at the top.
            self.assertEqual([row[:4] for row in rows],
                             [["Process", "PID", "Packets", "Bytes"],
                              ["curl", "4242", "4", "1250"],
                              ["curl", "4243", "2", "140"],
                              ["nginx", "812", "1", "70"]])
        # Described at the end of the file: known to who reads it twice.
        self.assertEqual(rows[1][4:], ["root", "", "", "", "/usr/bin/curl"])

    def test_nobody(self):
        path = tshark.write("plain-table", shb() + idb()
                            + epb(udp(HERE, FAR), T0))
        self.assertEqual(statistic(path, "proc,table"), [])
        self.assertEqual(statistic(path, "proc,table,json"), ["[]"])


def endpoints(lines):
    """(program, packets, bytes[, tx packets, rx packets]) per row."""
    return [tuple(line.split()[:3]) for line in lines
            if re.match(r"\S+ +\d+ +\d+ ", line)]


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = tshark.write("traffic2", traffic())

    def test_endpoints(self):
        lines = statistic(self.file, "endpoints,proc")
        rows = {line.split()[0]: line.split()[1:] for line in lines
                if re.match(r"\S+ +\d+ +\d+ ", line)}
        # packets, bytes, sent packets and bytes, received; a packet between
        # two processes of one program is sent and received.
        self.assertEqual(rows["curl"],
                         ["6", "1390", "4", "310", "2", "1080"])
        self.assertEqual(rows["nginx"], ["1", "70", "0", "0", "1", "70"])
        self.assertEqual(len(rows), 2)

    def test_conversations(self):
        text = "\n".join(statistic(self.file, "conv,proc"))
        pairs = re.findall(r"^(\S+) +<-> (\S+) +(\d+) ", text, re.M)
        self.assertEqual(sorted({a, b} for a, b, _ in pairs), sorted([
            {"curl", THERE}, {"curl", FAR}, {"curl", "nginx"}, {"curl"}]))

    def test_every_conversation_can_be_filtered_for(self):
        """What a right click makes, for each row."""
        text = "\n".join(statistic(self.file, "conv,proc"))
        rows = re.findall(r"^(\S+) +<-> (\S+) +(\d+) .*? (\d+) ", text, re.M)
        self.assertEqual(len(rows), 4)
        for a, b, back, out in rows:
            both = self.party(f'proc.party=="{a}" && proc.party=="{b}"', a, b)
            there = self.party(
                f'proc.src.party=="{a}" && proc.dst.party=="{b}"', a, b)
            with self.subTest(f"{a} {b}"):
                self.assertEqual(there, int(out))
                self.assertEqual(both, int(out) + int(back))

    def party(self, text, a, b):
        """A program talking to itself is also a party to its other talks."""
        if a == b:
            text = f'proc.src.party=="{a}" && proc.dst.party=="{b}"'
        return len(tshark.frames(self.file, text))

    def test_a_filter_is_the_users_own(self):
        rows = endpoints(statistic(self.file, "endpoints,proc,proc.pid==812"))
        self.assertEqual(sorted(rows), [("curl", "1", "70"),
                                        ("nginx", "1", "70")])


def troubled():
    """
    curl talks to nginx: a handshake of 30 ms, then a loss.  nginx' answer is
    lost once, curl says so three times, and resets in the end.
    """
    out = attribution("local", CURL, NGINX)
    back = attribution("local", NGINX, CURL)
    flow = Flow("10.0.0.1", "10.0.0.2")
    steps = [
        (0, out, flow.out(SYN, 100)),
        (10, back, flow.back(SYN | ACK, 500, 101)),
        (30, out, flow.out(ACK, 101, 501)),
        (40, out, flow.out(PSH | ACK, 101, 501, b"get")),
        (50, back, flow.back(ACK, 501, 104)),
        # 501..510 is lost; three more arrive and are answered in vain
        (60, back, flow.back(PSH | ACK, 511, 104, b"B" * 10)),
        (61, out, flow.out(ACK, 104, 501)),
        (62, back, flow.back(PSH | ACK, 521, 104, b"C" * 10)),
        (63, out, flow.out(ACK, 104, 501)),
        (64, back, flow.back(PSH | ACK, 531, 104, b"D" * 10)),
        (65, out, flow.out(ACK, 104, 501)),
        (400, back, flow.back(PSH | ACK, 501, 104, b"A" * 10)),
        (401, out, flow.out(ACK, 104, 541)),
        # and once more, although it was acknowledged
        (700, back, flow.back(PSH | ACK, 511, 104, b"B" * 10)),
        (701, out, flow.out(RST | ACK, 104, 541)),
    ]
    other = Flow("10.0.0.1", "81.2.69.142", 40002, 443)
    alone = attribution("out", CURL2, BRITISH)
    steps += [
        (800, alone, other.out(SYN, 1)),
        (900, alone, other.out(SYN, 1)),
        (1000, attribution("in", BRITISH, CURL2), other.back(RST | ACK, 0, 2)),
        (1100, attribution("out", NGINX, BRITISH),
         Flow("10.0.0.1", "9.9.9.9", 40003, 80).out(SYN, 7)),
    ]
    return shb() + idb() + b"".join(
        epb(frame, T0 + ms * MS, custom_option(owners))
        for ms, owners, frame in steps)


def tcp_table(lines):
    start = next(n for n, line in enumerate(lines)
                 if line.startswith("Program |"))
    rows = [line.split(" |")[:-1] for line in lines[start:]
            if line.count(" |") in (9, 12)]     # without and with an RTT
    return {row[0]: dict(zip(rows[0][1:], row[1:])) for row in rows[1:]}


class Tcp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.file = tshark.write("troubled", troubled())

    def count(self, text):
        return str(len(tshark.frames(self.file, text)))

    def test_the_numbers_are_wiresharks(self):
        """Each cell against the filter that should count the same packets."""
        again = "(tcp.analysis.retransmission or " \
            "tcp.analysis.fast_retransmission or " \
            "tcp.analysis.spurious_retransmission)"
        columns = {
            "Packets": ("proc.name", "tcp"),
            "Retrans. Out": ("proc.src.name", again),
            "Retrans. In": ("proc.dst.name", again),
            "Dup. ACKs Out": ("proc.src.name", "tcp.analysis.duplicate_ack"),
            "Dup. ACKs In": ("proc.dst.name",
                                   "tcp.analysis.duplicate_ack"),
            "Resets Out": ("proc.src.name", "tcp.flags.reset == 1"),
            "Resets In": ("proc.dst.name", "tcp.flags.reset == 1"),
        }
        found = tcp_table(statistic(self.file, "proc,tcp"))
        self.assertEqual(set(found), {"curl", "nginx"})
        for program, cells in found.items():
            for column, (field, condition) in columns.items():
                with self.subTest(f"{program} {column}"):
                    self.assertEqual(cells[column], self.count(
                        f'{field} == "{program}" and {condition}'))
        # The capture is one in which there is something to count.
        self.assertGreaterEqual(
            int(found["nginx"]["Retrans. Out"]), 2)
        self.assertEqual(found["curl"]["Retrans. Out"], "1")
        self.assertGreaterEqual(int(found["curl"]["Dup. ACKs Out"]), 2)

    def test_the_busiest_comes_first(self):
        """Whoever comes last has most, and overtakes those that have as many."""
        crowd = [End(100 + n, n, b"p%d" % n, "socket") for n in range(4)]
        packets = []
        for count, end in zip((1, 2, 2, 5), crowd):
            flow = Flow("10.0.0.1", "9.9.9.9", 40000 + end.pid, 80)
            packets += [epb(flow.out(SYN, n), T0 + end.pid * MS + n,
                            custom_option(attribution("out", end, BRITISH)))
                        for n in range(count)]
        path = tshark.write("crowd", shb() + idb() + b"".join(packets))
        found = tcp_table(statistic(path, "proc,tcp"))
        self.assertEqual([(name, row["Packets"])
                          for name, row in found.items()],
                         [("p3", "5"), ("p1", "2"), ("p2", "2"), ("p0", "1")])

    def test_connections_and_handshakes(self):
        found = tcp_table(statistic(self.file, "proc,tcp"))
        self.assertEqual(found["curl"]["Connections"], "2")
        self.assertEqual(found["nginx"]["Connections"], "2")
        for program in found.values():
            self.assertEqual(program["Min RTT (ms)"], "30.000")
            self.assertEqual(program["Avg RTT (ms)"], "30.000")
            self.assertEqual(program["Max RTT (ms)"], "30.000")

    def test_read_twice_and_filtered(self):
        self.assertEqual(tcp_table(statistic(self.file, "proc,tcp", "-2")),
                         tcp_table(statistic(self.file, "proc,tcp")))
        found = tcp_table(statistic(self.file, "proc,tcp,tcp.port==443"))
        self.assertEqual(list(found), ["curl"])
        self.assertEqual(found["curl"]["Connections"], "1")
        self.assertEqual(found["curl"]["Resets In"], "1")
        # A refusal has no handshake: nothing is shown, not 0.
        self.assertNotIn("Min RTT (ms)", found["curl"])

    def test_its_head_says_what_lines_are_for(self):
        for key, head in (("program", "Program"), ("user", "User"),
                          ("host", "Remote host")):
            for table in ("proc,tcp", "proc,latency"):
                lines = statistic(self.file, table, "-o",
                                  f"proc.stats_by:{key}")
                self.assertTrue([line for line in lines
                                 if line.startswith(head + " |")], lines)

    def test_all_statistics_at_once(self):
        lines = statistic(self.file, "proc,tcp", "-z", "proc,tree", "-z",
                          "conv,proc", "-z", "endpoints,proc", "-z", "expert")
        self.assertEqual(tcp_table(lines)["nginx"]["Connections"], "2")
        self.assertEqual(tree(lines)["Packets/nginx"], 16)


def stat_rows(lines, head):
    """{first three cells: the rest} of a table that begins with @head."""
    start = next(n for n, line in enumerate(lines)
                 if line.startswith(head + " |"))
    rows = [[cell.strip() for cell in line.split("|")[:-1]]
            for line in lines[start + 1:] if line.count("|") > 3]
    return {tuple(row[:3]): row[3:] for row in rows}


class Latency(unittest.TestCase):
    """Who waits for whom, by Wireshark's response times or by turns."""

    @staticmethod
    def talk(port, messages, owners=(CURL, NGINX), client=50001):
        """(ms, whether it is the client's, bytes), as packets."""
        flow = Flow(HERE, "10.0.0.2", client, port)
        sent = {True: 100, False: 500}
        there = custom_option(attribution("local", *owners))
        back = custom_option(attribution("local", *reversed(owners)))
        for ms, is_client, data in messages:
            step = flow.out if is_client else flow.back
            frame = step(PSH | ACK, sent[is_client], sent[not is_client],
                         data)
            sent[is_client] += len(data)
            yield epb(frame, T0 + ms * MS, there if is_client else back)

    def table(self, name, packets, *more, head="Program"):
        path = tshark.write(name, shb() + idb() + b"".join(packets))
        return stat_rows(statistic(path, "proc,latency", *more), head)

    def test_http(self):
        get = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
        ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        packets = list(self.talk(80, [
            (0, True, get), (40, False, ok), (100, True, get),
            (300, False, ok)]))
        for more in ([], ["-2"]):
            self.assertEqual(self.table("http", packets, *more), {
                (name, role, "HTTP"): ["2", "120.000", "40.000", "200.000"]
                for name, role in (("curl", "asks"), ("nginx", "answers"))})
        by_pid = self.table("http", packets, "-o", "proc.stats_by:process",
                            head="Process")
        self.assertEqual({who for who, *_ in by_pid},
                         {"curl (4242)", "nginx (812)"})
        self.assertEqual(self.table("none", packets, "-o", "dpi.when:never"),
                         {})

    def test_a_database_that_waits_for_each_question(self):
        ask, say = b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"
        turns = [(0, True, ask), (3, False, say), (10, True, ask),
                 # sent again: it has waited since it was sent first
                 (12, True, ask), (15, False, say), (90, False, say)]
        found = self.table("redis", self.talk(6379, turns))
        self.assertEqual(found["curl", "asks", "Redis"],
                         ["2", "4.000", "3.000", "5.000"])
        # Begun in the middle, the lower port is the server's.
        self.assertEqual(self.table("late", self.talk(
            6379, [(0, False, say), *turns])), found)

    def test_the_most_answers_come_first(self):
        get = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
        ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        once = list(self.talk(80, [(0, True, get), (1, False, ok)],
                              (CURL, NGINX)))
        twice = list(self.talk(80, [(10, True, get), (11, False, ok),
                                    (12, True, get), (14, False, ok)],
                               (End(9, 9, b"python3", "socket"), NGINX),
                               client=50002))
        self.assertEqual(list(self.table("order", once + twice)), [
            ("nginx", "answers", "HTTP"), ("python3", "asks", "HTTP"),
            ("curl", "asks", "HTTP")])

    def test_samples(self):
        for name, app in [("tests/data/dpi/dot", "TLS handshake"),
                          ("samples/dns-then-connect", "DNS")]:
            path = tshark.write("sample", (
                SOURCE / f"{name}.pcapng").read_bytes())
            found = stat_rows(statistic(path, "proc,latency"), "Program")
            self.assertIn(("asks", app), {key[1:] for key in found})


class Imported(unittest.TestCase):
    def test_another_tools_processes_count_too(self):
        comment = option(1, b"PID: 7\nCmd: /usr/bin/wget\nArgs: wget x")
        outbound = option(2, b"\x02\0\0\0")
        path = tshark.write("imported", b"".join([
            shb(), idb(), epb(udp(HERE, THERE), T0, comment, outbound),
            epb(udp(HERE, THERE), T0, comment)]))
        found = tree(statistic(path, "proc,tree"))
        self.assertEqual(found["Packets/wget"], 2)
        # Where nobody says which end it is, it is no table's endpoint.
        self.assertEqual(endpoints(statistic(path, "endpoints,proc"))[0][:2],
                         ("wget", "1"))

    def test_a_number_alone_is_no_program(self):
        path = tshark.write("number", b"".join([
            shb(), idb(), epb(udp(HERE, THERE), T0, option(1, b"PID=5 TID=6"),
                              option(2, b"\x02\0\0\0"))]))
        self.assertEqual(endpoints(statistic(path, "endpoints,proc")), [])
        self.assertIn("Packets/(no process)",
                      tree(statistic(path, "proc,tree")))


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
