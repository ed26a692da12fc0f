#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other tools' captures in our fields, one dialect after the other.

Usage: test_import.py PLUGIN.so [unittest arguments]
"""
import struct
import sys
import unittest

from harness import Tshark, udp
from pcapng import (End, attribution, block, custom_block, custom_option, epb,
                    idb, option, options, pad, process, shb)

T0 = 1_700_000_000 * 10**9      # 2023-11-14 22:13:20 UTC
SECOND = 10**9
HERE, THERE = "10.0.0.1", "81.2.69.142"
WIRESHARK_PEN = 32622
INBOUND, OUTBOUND = option(2, b"\x01\0\0\0"), option(2, b"\x02\0\0\0")

tshark = None


def comment(text):
    return option(1, text if isinstance(text, bytes) else text.encode())


def process_thread(pid, tid=0):
    """Option 8, epb_processid_threadid."""
    return option(8, struct.pack("<II", pid, tid))


def packet(*opts, ts=T0):
    return epb(udp(HERE, THERE), ts, *opts)


def capture(name, *blocks):
    return tshark.write(name, shb() + idb() + b"".join(blocks))


PTCPDUMP = [
    "PID: 4242\nCmd: /usr/bin/curl\nArgs: curl -v http://example.com/",
    "ThreadId: 4243\nThreadName: resolver",
    "UserId: 33\nGroupId: 34",
    "ParentPID: 4000\nParentCmd: /usr/bin/bash\nParentArgs: bash -i",
    "ContainerName: web\nContainerId: f00d\nContainerImage: nginx:1\n"
    "ContainerLabels: {\"a\": \"b\"}",
    "PodName: pod-1\nPodNamespace: default\nPodUID: u-1\nPodLabels: {}\n"
    "PodAnnotations: {}",
]


class Ptcpdump(unittest.TestCase):
    def test_every_group(self):
        texts = [comment(text) for text in PTCPDUMP]
        path = capture("ptcpdump", packet(*texts, OUTBOUND),
                       packet(*texts, INBOUND), packet())
        words = {"pid": "4242", "name": "curl", "exepath": "/usr/bin/curl",
                 "cmdline": "curl -v http://example.com/", "uid": "33",
                 "gid": "34", "ppid": "4000", "pname": "bash",
                 "container.name": "web", "container.id": "f00d",
                 "pod.uid": "u-1", "pod.name": "pod-1",
                 "pod.namespace": "default", "attr": "import"}
        self.assertEqual(tshark.fields(path, "proc.tid"),
                         [("4243",), ("4243",), ("",)])
        rows = tshark.fields(
            path, *[f"proc.{end}{word}" for end in ("", "src.", "dst.")
                    for word in words], "proc.direction", "proc.id")
        known, nothing = tuple(words.values()), ("",) * len(words)
        self.assertEqual(rows, [known + known + nothing + ("out", ""),
                                known + nothing + known + ("in", ""),
                                nothing * 3 + ("", "")])

    def test_the_tree_says_it_too(self):
        path = capture("tree", packet(comment(PTCPDUMP[0]), OUTBOUND),
                       packet(comment(PTCPDUMP[0])))
        text = "\n".join(tshark.lines("tshark", "-r", path, "-O", "proc"))
        self.assertIn("Process Attribution, Src: curl (4242)", text)
        self.assertIn("[Source Process: curl]", text)
        self.assertIn("Process Attribution, curl (4242)", text)
        self.assertIn("[Attribution: import]", text)

    def test_arguments_cannot_forge(self):
        """Each text has the process's own bytes after the tool's."""
        cases = {
            "PID: 1\nCmd: /tmp/x\nArgs: x\nPID: 2\nCmd: /bin/y": ("1", "x"),
            "PID: 3\nCmd: /tmp/a\nPID: 4\nArgs: a": ("3", "a\\x0aPID: 4"),
            "hello\nPID: 5\nCmd: /tmp/x\nArgs: ": ("", ""),
            "PID: 6\nArgs: x": ("", ""),
            "PID: -7\nCmd: /tmp/z\nArgs: ": ("", "z"),
            "PID: 99999999999\nCmd: z\nArgs: ": ("", "z"),
        }
        path = capture("forge", *[packet(comment(text)) for text in cases])
        self.assertEqual(tshark.fields(path, "proc.pid", "proc.name"),
                         list(cases.values()))
        again = capture("again", packet(comment(PTCPDUMP[0]), comment(
            "PID: 1\nCmd: /tmp/x\nArgs: ")))
        self.assertEqual(tshark.fields(again, "proc.pid", "proc.name"),
                         [("4242", "curl")])

    def test_our_own_word_comes_first(self):
        end = End(1, 2, b"ours", "socket")
        path = capture("ours", packet(
            comment(PTCPDUMP[0]), custom_option(attribution("out", end))))
        self.assertEqual(tshark.fields(path, "proc.name", "proc.attr"),
                         [("ours", "socket")])


class Places(unittest.TestCase):
    """A container or a pod is worth a word without a process."""

    def test_without_a_process(self):
        path = capture(
            "places", packet(comment("ContainerName: web\nContainerId: f0")),
            packet(comment("PodName: p\nPodNamespace: n\nPodUID: u-1\n")),
            packet(comment("rustnet container=db pod_uid=u-2")))
        self.assertEqual(
            tshark.fields(path, "proc.container.name", "proc.container.id",
                          "proc.pod.uid", "proc.pod.name", "proc.name",
                          "proc.attr"),
            [("web", "f0", "", "", "", "import"),
             ("", "", "u-1", "p", "", "import"),
             ("db", "", "u-2", "", "", "import")])

    def test_names_that_have_to_be_made(self):
        cases = {
            "PID: 1\nCmd: /dev/fd/5\nArgs: /usr/bin/runc init": "runc",
            "PID: 1\nCmd: /dev/fd/5\nArgs: ": "5",
            "AS15169 GOOGLE PID:4242 Process:Google Chrome": "Google Chrome",
            "City:Old Town ZIP:1 PID:3 Process:a": "a",
            "AS I said, PID:4 is not Process:mine": "",
            "PID:0 Process:idle": "idle",
        }
        path = capture("made", *[packet(comment(text)) for text in cases])
        self.assertEqual(tshark.fields(path, "proc.name"),
                         [(name,) for name in cases.values()])
        self.assertEqual(tshark.fields(path, "proc.pid")[-1], ("",))


class RustNet(unittest.TestCase):
    def test_comment(self):
        path = capture("rustnet", packet(comment(
            "rustnet process=Google_Chrome_Helper_(Renderer) pid=4242"
            " ppid=4000 uid=1000 attr=exact-tuple pod=p ns=n pod_uid=u-1"
            " container=web container_id=f00d direction=outgoing"
            " app=HTTPS_(example.com) sni=example.com country=US asn=15133")),
            packet(comment("rustnet pid=7")),
            packet(comment("rustnet direction=outgoing app=DNS")))
        rows = tshark.fields(
            path, "proc.name", "proc.pid", "proc.ppid", "proc.uid",
            "proc.pod.uid", "proc.container.name", "proc.container.id",
            "proc.attr", "proc.src.name", "proc.dst.name", "proc.direction",
            "proc.pod.name", "proc.pod.namespace")
        # The direction is the connection's: nobody says which end it is.
        self.assertEqual(rows, [
            ("Google_Chrome_Helper_(Renderer)", "4242", "4000", "1000", "u-1",
             "web", "f00d", "import", "", "", "", "p", "n"),
            ("", "7", "", "", "", "", "", "import", "", "", "", "", ""),
            ("",) * 13])

    def test_the_scripts_comment(self):
        cases = {
            "PID:4242 Process:Google Chrome": ("4242", "Google Chrome"),
            "Process:only a name": ("", "only a name"),
            "PID:1": ("1", ""),
            "Loc:US AS15133 PID:7 Process:x PID:8": ("7", "x PID:8"),
            "Loc:US": ("", ""),
            "Process: see ticket": ("", ""),    # says a person
            "PID:": ("", ""),
        }
        path = capture("script", *[packet(comment(text)) for text in cases])
        self.assertEqual(tshark.fields(path, "proc.pid", "proc.name"),
                         list(cases.values()))


class Windows(unittest.TestCase):
    def test_etl2pcapng(self):
        path = capture("etl", packet(process_thread(4242, 5),
                                     comment("PID=4242 TID=5"), OUTBOUND),
                       packet(comment("PID=7 TID=8 EtherType=0x800"), INBOUND),
                       packet(comment("PID=-1 TID=-1")),
                       packet(comment("PID=1 and so on")))
        self.assertEqual(
            tshark.fields(path, "proc.src.pid", "proc.dst.pid", "proc.attr"),
            [("4242", "", "import"), ("", "7", "import"), ("", "", ""),
             ("", "", "")])
        self.assertEqual(tshark.fields(path, "proc.tid"),
                         [("5",), ("8",), ("",), ("",)])


def entry(pid, *opts, kind=3, length=None):
    """A process block's body, as test/ of Wireshark's tree has it."""
    body = struct.pack("<I", pid) + b"".join(opts)
    return struct.pack("<II", kind,
                       len(body) if length is None else length) + body


def life(pid, name, start=None):
    opts = [option(2, name)]
    if start is not None:
        opts.append(option(9, struct.pack("<Q", start)))
    return custom_block(entry(pid, *opts, bytes(4)), WIRESHARK_PEN)


class Wireshark5(unittest.TestCase):
    def test_a_block_is_a_row(self):
        path = capture("block", packet(), custom_block(entry(
            1234, option(2, b"curl"), option(3, b"/usr/bin/curl"),
            option(4, b"curl\0https://example.com/"),
            option(5, struct.pack("<I", 1)), option(6, b"\xe8\3\0\0"),
            option(7, b"alice"), option(8, bytes(16)),
            option(9, struct.pack("<Q", T0)), option(1, b"first process"),
            bytes(4)), WIRESHARK_PEN),
            custom_block(entry(4321), WIRESHARK_PEN),
            custom_block(entry(0x6c6c6568, b"o", kind=99), WIRESHARK_PEN))
        words = ("pid", "name", "exepath", "cmdline", "ppid", "uid", "user",
                 "start")
        rows = tshark.fields(path, *[f"proc.table.{w}" for w in words])
        self.assertEqual(rows[1][:-1], (
            "1234", "curl", "/usr/bin/curl", "curl https://example.com/", "1",
            "1000", "alice"))
        self.assertRegex(rows[1][-1], "2023.*22:13:20.000000000")
        self.assertEqual(rows[2], ("4321",) + ("",) * 7)
        self.assertEqual(rows[3], ("",) * 8)
        self.assertEqual(tshark.frames(path, "proc.malformed"), [])

    def test_what_the_block_before_said_is_forgotten(self):
        path = capture("label", packet(), *[
            custom_block(body, WIRESHARK_PEN) for body in (
                entry(77, option(3, b"/no/name"), bytes(4)),
                entry(2**32 - 1, option(2, b"a-name-of-22-characters"),
                      bytes(4)))])
        text = "\n".join(tshark.lines("tshark", "-r", path, "-O", "proc"))
        self.assertIn("Process: name (77)\n", text)
        self.assertIn("Process: a-name-of-22-characters\n", text)

    def test_broken_blocks(self):
        whole = entry(1, option(2, b"x"), option(5, b"\1\0\0\0"), bytes(4))
        bad = [whole[:n] for n in range(4, len(whole), 4)]
        bad += [entry(1, length=2**32 - 1), entry(1, length=3),
                entry(1, option(5, b"\1\0")), entry(1, option(9, b"\1")),
                entry(1, struct.pack("<HH", 2, 65535))]
        path = capture("broken", packet(), *[
            custom_block(body, WIRESHARK_PEN) for body in bad])
        self.assertEqual(tshark.frames(path, "proc.malformed"),
                         list(range(2, 2 + len(bad))))
        self.assertEqual(tshark.frames(path, "proc.name"), [])

    def test_the_rule_of_matching(self):
        started = packet(process_thread(7), ts=T0 + 5 * SECOND)
        path = capture(
            "lives", packet(process_thread(9), OUTBOUND),
            life(7, b"old", T0), life(7, b"new", T0 + 4 * SECOND),
            life(7, b"future", T0 + 9 * SECOND), started,
            # without a start time: the last one before the packet
            life(8, b"one"), packet(process_thread(8)),
            life(8, b"two"), packet(process_thread(8)),
            # the only one, although it comes later
            life(9, b"nine"), packet(process_thread(10)))
        rows = tshark.fields(path, "proc.pid", "proc.name", "proc.attr",
                             more=["-2", "-Y", "udp"])
        self.assertEqual(rows, [
            ("9", "nine", "import"), ("7", "new", "import"),
            ("8", "one", "import"), ("8", "two", "import"),
            ("10", "", "import")])


def before_4_6(test):
    def run(self):
        if tshark.version >= (4, 6):
            self.skipTest("Wireshark takes it for itself")
        test(self)
    return run


class Option8(unittest.TestCase):
    """Wireshark throws it away until 4.4, unless it is told not to.

    4.6 takes it for itself, and the first of several.
    """

    def check(self, path, *more):
        self.assertEqual(
            tshark.fields(path, "proc.pid", "proc.tid", "proc.src.pid",
                          "proc.attr", more=more),
            [("77", "78", "77", "import"), ("",) * 4,
             ("79,80,81", "5", "", "import,import,import")
             if tshark.version < (4, 6) else ("79", "", "", "import"),
             ("",) * 4,
             ("82", "", "", "import")])

    def test_of_this_packet_alone(self):
        path = capture(
            "option8", packet(process_thread(77, 78), OUTBOUND), packet(),
            packet(process_thread(79), process_thread(80, 5),
                   process_thread(79), process_thread(81)),
            packet(comment("nothing"), process_thread(0, 9)),
            packet(process_thread(82, 2**32 - 1)))
        self.check(path)
        self.check(path, "-2")
        for pid, frames in ((77, [1]), (79, [3]), (5, [])):
            self.assertEqual(tshark.frames(path, f"proc.pid == {pid}"), frames)

    @before_4_6
    def test_of_another_length(self):
        """Wireshark 4.6 gives up such a file."""
        path = capture("length", packet(*[option(8, bytes([1] * n))
                                          for n in (0, 4, 7, 9)]), packet())
        self.assertEqual(tshark.fields(path, "proc.pid"), [("",)] * 2)

    @before_4_6
    def test_no_more_than_four(self):
        path = capture("many", packet(*map(process_thread, range(1, 2000))))
        self.assertEqual(tshark.fields(path, "proc.pid"), [("1,2,3,4",)])

    @before_4_6
    def test_names_of_all(self):
        path = capture("names", life(7, b"parent"), life(8, b"child"),
                       packet(process_thread(7), process_thread(8), INBOUND))
        self.assertEqual(tshark.fields(path, "proc.dst.name")[-1],
                         ("parent,child",))

    def test_big_endian(self):
        """Wireshark 4.6 does not say which of two numbers is the pid."""
        frame = udp(HERE, THERE)
        opts = struct.pack(">HHIIHH", 8, 8, 4321, 8765, 0, 0)
        size = 32 + len(pad(frame)) + len(opts)
        path = tshark.write("big", struct.pack(
            ">IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28) + struct.pack(
            ">IIHHII", 1, 20, 1, 0, 0, 20) + struct.pack(
            ">IIIIIII", 6, size, 0, 0, 0, len(frame), len(frame))
            + pad(frame) + opts + struct.pack(">I", size))
        self.assertEqual(tshark.fields(path, "proc.pid", "proc.tid"),
                         [("4321", "8765")])


class Apple(unittest.TestCase):
    @staticmethod
    def pktap(pid, name, flags, length=108, works_for=(-1, b"")):
        head = struct.pack("<III24sIIIIi20sIHHi20s", length, 1, 1, b"en0",
                           flags, 2, 14, 0, pid, name, 0, 6, 0, *works_for)
        return head + udp(HERE, THERE)

    def test_pktap(self):
        path = tshark.write("pktap", shb() + idb(linktype=258) + b"".join([
            epb(self.pktap(77, b"Safari", 2), T0),
            epb(self.pktap(78, b"exactly twenty bytes", 1), T0),
            epb(self.pktap(-1, b"", 1), T0),
            epb(self.pktap(79, b"neither", 0), T0),
            epb(self.pktap(80, b"cut", 1)[:100], T0),
            epb(self.pktap(81, b"short", 1, length=12), T0)]))
        self.assertEqual(
            tshark.fields(path, "proc.src.name", "proc.src.pid",
                          "proc.dst.name", "proc.dst.pid", "proc.pid",
                          "proc.attr"),
            [("Safari", "77", "", "", "77", "import"),
             ("", "", "exactly twenty bytes", "78", "78", "import"),
             ("",) * 6, ("", "", "", "", "79", "import"),
             ("",) * 6, ("",) * 6])

    def test_for_whom_a_helper_sends(self):
        helper = b"com.apple.WebKit.Net"
        path = tshark.write("helper", shb() + idb(linktype=258) + b"".join([
            epb(self.pktap(77, helper, 2, works_for=who), T0) for who in (
                (70, b"Safari"), (77, helper), (0, b"x"), (71, b""))]))
        self.assertEqual(
            tshark.fields(path, "proc.name", "proc.effective.name",
                          "proc.effective.pid"),
            [(helper.decode(), "Safari", "70"), (helper.decode(), "", ""),
             (helper.decode(), "", ""), (helper.decode(), "", "71")])

    @staticmethod
    def named(pid, name):
        # 4.6 finds no name behind a path.
        path = [option(3, b"/a/path")] if tshark.version < (4, 6) else []
        return block(0x80000001, struct.pack("<I", pid) + options(
            *path, option(2, name)))

    @staticmethod
    def of(number, works_for=None):
        return option(0x8001, struct.pack("<I", number)) + (
            b"" if works_for is None else
            option(0x8003, struct.pack("<I", works_for)))

    def rows(self, name, *blocks, more=()):
        path = tshark.write(name, shb() + idb() + b"".join(blocks))
        done = tshark.run("tshark", "-r", path, "-T", "fields", "-e",
                          "proc.src.pid", "-e", "proc.src.name", "-e",
                          "proc.effective.pid", "-e", "proc.effective.name",
                          *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def test_process_blocks(self):
        for more in ((), ("-2",)):
            self.assertEqual(self.rows(
                "apple", self.named(501, b"mDNSResponder\0"),
                packet(self.of(0), OUTBOUND), packet(),
                self.named(77, b"helper"), packet(self.of(1, 0), OUTBOUND),
                packet(self.of(0, 0), OUTBOUND), packet(self.of(9), OUTBOUND),
                more=more), [
                    ["501", "mDNSResponder", "", ""], [""] * 4,
                    ["77", "helper", "501", "mDNSResponder"],
                    ["501", "mDNSResponder", "", ""], [""] * 4])

    @before_4_6
    def test_broken_process_blocks(self):
        """Of a block that is no such thing, nothing; its number counts."""
        broken = [b"", struct.pack("<I", 7) + b"\2\0\xff\xff",
                  struct.pack("<I", 8) + option(2, b"x" * 300),
                  struct.pack("<I", 9) + bytes(9000)]
        rows = self.rows("broken", *[block(0x80000001, b) for b in broken],
                         *[packet(self.of(n), OUTBOUND) for n in range(5)])
        self.assertEqual([row[0] for row in rows], ["", "7", "8", "", ""])
        self.assertEqual([row[1] for row in rows], ["", "", "x" * 63, "", ""])


class Hostile(unittest.TestCase):
    def test_every_cut_of_every_comment(self):
        texts = [t.encode() for t in PTCPDUMP] + [
            b"rustnet process=a pid=1 ppid=2 uid=3", b"PID=1 TID=2",
            b"Loc:US AS1 PID:1 Process:x"]
        cuts = [text[:n] for text in texts for n in range(1, len(text))]
        cuts += [text.replace(b" ", b"\xff", 1) for text in texts]
        cuts += [b"PID: 1\nCmd: /" + b"x" * 60000 + b"\nArgs: "
                 + b"y" * 5000]
        path = capture("cuts", *[packet(comment(cut)) for cut in cuts])
        self.assertEqual(len(tshark.lines("tshark", "-r", path)), len(cuts))
        self.assertTrue(tshark.lines("tshark", "-r", path, "-O", "proc"))

    def test_escaping(self):
        path = capture("escaping", packet(comment(
            b"PID: 1\nCmd: /tmp/\x1b[31mx\nArgs: a\nb")))
        self.assertEqual(
            tshark.fields(path, "proc.name", "proc.exepath", "proc.cmdline"),
            [(r"\x1b[31mx", r"/tmp/\x1b[31mx", r"a\x0ab")])


if __name__ == "__main__":
    with Tshark(sys.argv.pop(1)) as tshark:
        unittest.main()
