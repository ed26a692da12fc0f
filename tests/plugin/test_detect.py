#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items on how processes behave: each where it belongs, and nowhere else.

Usage: test_detect.py PLUGIN.so [unittest arguments]
"""
import struct
import sys
import unittest

from frames import ACK, RST, SYN, Flow
from harness import SOURCE, Tshark, udp
from pcapng import (End, attribution, custom_option, epb, idb, process, shb)

T0 = 1_700_000_000 * 10**9
HERE, THERE = "10.0.0.1", "81.2.69.142"
CURL = End(42, 0x60, b"curl", "socket")
REMOTE = End(country="GB")

tshark = None


def capture(name, blocks):
    return tshark.write(name, shb() + idb() + b"".join(blocks))


def found(path, item, *more):
    """{frame: text} of the packets that have this item."""
    return {int(frame): text for frame, text in tshark.fields(
        path, "frame.number", "_ws.expert.message",
        more=["-Y", item, *more])}


def opening(n, at, remote=THERE, port=443, owner=CURL, answer=None,
            direction="out"):
    """A SYN, and what answers it 10 ms later."""
    flow = Flow(HERE, remote, 32768 + n, port)
    out = custom_option(attribution(direction, owner, REMOTE))
    back = custom_option(attribution("in", REMOTE, owner))
    when = T0 + int(at * 10**9)
    blocks = [epb(flow.out(SYN, 100), when, out)]
    if answer:
        blocks.append(epb(flow.back(answer, 500, 101), when + 10**7, back))
    return b"".join(blocks)


class Beacon(unittest.TestCase):
    ITEM = "proc.expert.beacon"

    @staticmethod
    def beats(times, **more):
        return [opening(n, at, answer=SYN | ACK, **more)
                for n, at in enumerate(times)]

    def test_a_beat(self):
        """Also by many processes of one name, as cron starts them."""
        jitter = [0, 1, -2, 2, 0, -1, 1, 2, -2, 0, 1]
        path = capture("beat", [
            opening(n, 60 * n + jitter[n], answer=SYN | ACK,
                    owner=End(42 + n, 0x60 + n, b"curl", "socket"))
            for n in range(len(jitter))])
        texts = found(path, self.ITEM)
        self.assertEqual(list(texts), [17])     # the ninth connection
        self.assertIn("curl connects to 81.2.69.142 port 443 every 59.8 s: 9 "
                      "times", texts[17])
        self.assertEqual(found(path, self.ITEM, "-2"), texts)
        self.assertEqual(found(path, self.ITEM, "-o",
                               "proc.expert_beacon:FALSE"), {})

    def test_no_beat(self):
        regular = [60 * n for n in range(12)]
        for name, blocks in {
                "person": self.beats([0, 7, 60, 90, 300, 310, 400, 900, 905,
                                      1000, 1300, 1306]),
                "few": self.beats(regular[:8]),
                "fast": self.beats([2 * n for n in range(30)]),
                "local": self.beats(regular, direction="local"),
                "many": [opening(n, at, remote=f"9.9.9.{n}")
                         for n, at in enumerate(regular)]}.items():
            with self.subTest(name):
                self.assertEqual(found(capture(name, blocks), self.ITEM), {})

    def test_the_clock(self):
        """Time servers are asked in a rhythm."""
        frame = bytearray(udp(HERE, THERE, bytes(48)))
        blocks = []
        for n in range(12):
            struct.pack_into(">HH", frame, 34, 40000 + n, 123)
            blocks.append(epb(bytes(frame), T0 + n * 64 * 10**9,
                              custom_option(attribution("out", CURL,
                                                        REMOTE))))
        self.assertEqual(found(capture("ntp", blocks), self.ITEM), {})


class Scan(unittest.TestCase):
    ITEM = "proc.expert.scan"

    def test_ports_and_hosts_that_refuse_or_are_silent(self):
        for name, blocks in {
                "ports": [opening(n, n / 100, port=1 + n, answer=RST | ACK)
                          for n in range(100)],
                "hosts": [opening(n, n / 10, remote=f"10.0.1.{n}")
                          for n in range(100)]}.items():
            with self.subTest(name):
                path = capture(name, blocks)
                texts = found(path, self.ITEM)
                self.assertEqual(len(texts), 1)
                self.assertIn("curl (42) tried", *texts.values())
                self.assertEqual(found(path, self.ITEM, "-o",
                                       "proc.expert_scan:FALSE"), {})

    def test_what_is_none(self):
        def other(n):
            return End(42 + n, 0x60 + n, b"curl", "socket")

        for name, blocks in {
                # a browser: many, and they answer
                "browser": [opening(n, n / 10, remote=f"10.0.1.{n}",
                                    answer=SYN | ACK) for n in range(100)],
                # one server that is down, asked again and again
                "down": [opening(n, n / 10, answer=RST | ACK)
                         for n in range(100)],
                "slow": [opening(n, 10 * n, port=1 + n, answer=RST | ACK)
                         for n in range(100)],
                "processes": [opening(n, n / 10, port=1 + n, owner=other(n),
                                      answer=RST | ACK)
                              for n in range(100)]}.items():
            with self.subTest(name):
                self.assertEqual(found(capture(name, blocks), self.ITEM), {})


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        wget = End(7, 7, b"wget", "socket")
        american = attribution("out", CURL, End(country="US"))
        cls.file = capture("lists", [
            opening(1, 1), opening(2, 2),
            epb(udp(HERE, "9.9.9.9"), T0, custom_option(american)),
            opening(3, 3, owner=wget),
            epb(udp(HERE, "192.168.7.9"), T0, custom_option(
                attribution("out", CURL, End())))])

    def test_what_is_learnt_is_known(self):
        lines = tshark.lines("tshark", "-q", "-r", self.file, "-z",
                             "proc,baseline", "-o", "proc.geo:FALSE")
        self.assertEqual(lines, ["curl\t192.168.7.0/24", "curl\tGB",
                                 "curl\tUS", "wget\tGB"])
        self.assertEqual(self.contacts(lines), {})
        self.assertEqual(list(self.contacts(["curl\tGB"])), [3, 4, 5])
        texts = self.contacts(["curl\tGB # at home", "", "#"])
        self.assertEqual(texts[3], "curl connects to 9.9.9.9 (US), where the"
                         " baseline never saw it")
        self.assertIn("(GB), and the baseline never saw this program",
                      texts[4])
        self.assertIn("(192.168.7.0/24)", texts[5])
        self.assertEqual(self.contacts([], "-o",
                                       "proc.expert_first_contact:FALSE"), {})

    def contacts(self, lines, *more):
        path = tshark.write("baseline", "\n".join(lines).encode())
        return found(self.file, "proc.expert.first_contact", "-o",
                     f"proc.baseline:{path}", "-o", "proc.geo:FALSE", *more)

    def blocked(self, *lines, file=None, more=()):
        path = tshark.write("blocked", "\n".join(lines).encode())
        return found(file or self.file, "proc.expert.blocked", "-o",
                     f"proc.block_list:{path}", *more)

    def test_blocked(self):
        self.assertEqual(list(self.blocked("9.9.9.9")), [3])
        self.assertEqual(list(self.blocked("81.2.69.0/24 # a net")),
                         [1, 2, 4])
        self.assertEqual(list(self.blocked("8.0.0.0/5", "192.168.7.8/30")),
                         [3, 5])
        self.assertEqual(list(self.blocked("0.0.0.0/0")), [1, 2, 3, 4, 5])
        self.assertEqual(self.blocked("9.9.9.8", "#9.9.9.9", "x"), {})
        self.assertEqual(self.blocked("9.9.9.9")[3], "curl connects to "
                         "9.9.9.9 port 40002, which is on the block list as"
                         " 9.9.9.9")
        self.assertEqual(self.blocked("9.9.9.9", more=(
            "-o", "proc.expert_blocked:FALSE")), {})

    def test_a_network_may_be_written_as_one_likes(self):
        self.assertEqual(list(self.blocked("81.2.69.142/24")), [1, 2, 4])
        flow = Flow("2001:db8::1", "2001:db8:1::80")
        path = capture("six", [epb(flow.out(SYN), T0, custom_option(
            attribution("out", CURL, REMOTE)))])
        for entry in "2001:0DB8:0001::80", "2001:DB8:1:2::/32":
            self.assertEqual(list(self.blocked(entry, file=path)), [1], entry)

    def test_what_is_no_entry_is_told(self):
        for wrong, told in (
                ("81.2.69/24", '"81.2.69/24" is no address'),
                ("x y\nx y", '"x y" is no address'),
                ("http://a/\n1.2.3.4/33", '" and others are no address')):
            path = tshark.write("wrong", f"9.9.9.9\n{wrong}\n".encode())
            done = tshark.run("tshark", "-r", self.file, "-o",
                              f"proc.block_list:{path}", "-Y",
                              "proc.expert.blocked", "-T", "fields", "-e",
                              "frame.number")
            self.assertEqual(done.stdout, "3\n")
            self.assertIn(told, done.stderr)

    def test_a_wrong_list_is_told_before_there_is_a_file(self):
        """In Wireshark in a window, which a packet is no time for."""
        done = tshark.run("tshark", "-r", "/none", "-o",
                          "proc.block_list:/nowhere")
        self.assertIn("/nowhere", done.stderr)

    def test_blocked_by_name(self):
        """Where the file has the answer that gave the address."""
        path = tshark.write("named", (
            SOURCE / "samples/dns-then-connect.pcapng").read_bytes())
        names = {name for (name,) in tshark.fields(
            path, "dpi.name", more=["-Y", "dpi.name && tcp"])}
        name = min(names)
        for entry in (name, name.split(".", 1)[1], "WWW.Example.COM.",
                      "*.example.com"):
            texts = self.blocked(entry, file=path)
            self.assertTrue(texts, entry)
            self.assertIn(f"on the block list as {entry}".lower().strip(".")
                          .replace("*.", ""), min(texts.values()))

    def test_names_are_learnt_for_the_list(self):
        """Where nothing shows the packets, and no dpi field is named."""
        path = tshark.write("asked", (
            SOURCE / "samples/dns-then-connect.pcapng").read_bytes())
        names = tshark.write("names", b"www.example.com")
        lines = tshark.lines("tshark", "-q", "-r", path, "-z", "expert", "-o",
                             f"proc.block_list:{names}")
        self.assertIn("on the block list as www.example.com",
                      "\n".join(lines))

    def test_a_file_that_is_not_there(self):
        done = tshark.run("tshark", "-r", self.file, "-o",
                          "proc.block_list:/nowhere", "-Y",
                          "proc.expert.blocked")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("/nowhere", done.stderr)


class Disguise(unittest.TestCase):
    def check(self, item, name, exepath, flags=0):
        end = End(666, 0xE1, name, "socket")
        path = capture("disguise", [epb(
            udp(HERE, THERE), T0,
            custom_option(attribution("out", end, REMOTE)),
            custom_option(process(id=0xE1, pid=666, name=name, flags=flags,
                                  exepath=exepath)))])
        texts = found(path, f"proc.expert.{item}")
        self.assertEqual(found(path, f"proc.expert.{item}", "-o",
                               f"proc.expert_{item}:FALSE"), {})
        return list(texts.values())

    def test_imitation(self):
        self.assertEqual(
            self.check("imitation", b"kworker/0:1", b"/home/x/a"),
            ["kworker/0:1 (666) has the name of a thread of the kernel, and"
             " runs an executable: /home/x/a"])
        self.assertEqual(len(self.check("imitation", b"sshd",
                                        b"/home/x/sshd")), 1)
        for name, exepath in [
                (b"sshd", b"/usr/sbin/sshd"), (b"crond", b"/bin/busybox"),
                (b"containerd", b"/var/lib/rancher/k3s/data/0/bin/containerd"),
                (b"kworker-export", b"/home/x/a"), (b"migration", b"/srv/m"),
                (b"curl", b"/home/x/curl"), (b"kworker", b"")]:
            with self.subTest(name):
                self.assertEqual(self.check("imitation", name, exepath), [])

    def test_hidden(self):
        self.assertEqual(
            self.check("hidden", b"x", b"/home/a/.cache/upd/x"),
            ["x (666) runs an executable that is hidden:"
             " /home/a/.cache/upd/x"])
        self.assertEqual(len(self.check("hidden", b"x", b"/tmp/d/x")), 1)
        # Anyone may write there: that is told, and once is enough.
        self.assertEqual(self.check("hidden", b"x", b"/tmp/x", flags=4), [])
        for exepath in (b"/usr/bin/x", b"/home/a/.local/bin/x",
                        b"/home/a/.config/nvm/versions/node/v20/bin/node",
                        b"/home/a/.volta/tools/image/node/20/bin/node",
                        b"/home/a/tmp/x", b"/opt/x..y/x"):
            with self.subTest(exepath):
                self.assertEqual(self.check("hidden", b"x", exepath), [])


class Tunnel(unittest.TestCase):
    ITEM = "dpi.tunnel"

    @staticmethod
    def question(n, name):
        labels = b"".join(bytes([len(s)]) + s.encode()
                          for s in name.split("."))
        message = struct.pack(">6H", n, 0x100, 1, 0, 0, 0) + labels \
            + b"\0" + struct.pack(">HH", 16, 1)
        frame = bytearray(udp(HERE, THERE, message))
        struct.pack_into(">HH", frame, 34, 40000, 53)
        return epb(bytes(frame), T0 + n, custom_option(attribution(
            "out", CURL, REMOTE)))

    def ask(self, name, names, *more):
        path = capture(name, [self.question(n, text)
                              for n, text in enumerate(names)])
        # Since 4.4, read twice, Wireshark has an item of its own before ours.
        return {frame: text.removeprefix("DNS response missing,")
                for frame, text in found(path, self.ITEM, *more).items()}

    def test_long_names(self):
        names = [f"{n * 7919:032x}.t.example.co.uk" for n in range(80)]
        texts = self.ask("tunnel", names)
        self.assertEqual(list(texts), [30])
        self.assertIn("curl asked for 30 different names below example.co.uk",
                      texts[30])
        self.assertEqual(self.ask("tunnel", names, "-2"), texts)
        self.assertEqual(self.ask("tunnel", names, "-o",
                                  "dpi.expert_tunnel:FALSE"), {})

    def test_names_of_all_of_their_255_bytes(self):
        names = [".".join([f"{n:046x}"] * 5) + ".example.net"
                 for n in range(30)]
        self.assertIn("names below example.net,",
                      "".join(self.ask("longest", names).values()))

    def test_what_is_none(self):
        for name, names in {
                "again": [f"{7:032x}.example.com"] * 200,
                "block-list": [f"{n}.2.0.192.bl.example.org"
                               for n in range(200)],
                "reverse": [f"{n}.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.ip6.arpa"
                            for n in range(200)],
                "many": [f"{n:032x}.example{n}.com" for n in range(200)],
        }.items():
            with self.subTest(name):
                self.assertEqual(self.ask(name, names), {})


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
