#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names by their bytes, in Wireshark's trees and in our own: all say the same.

A datagram of DNS is read by its bytes if it is plain, and a segment of TCP never
is.  tshark -q -z expert makes no trees, so there what is not plain is read in
trees of ours, and in files of others only where DNS may be.

Usage: test_names.py PLUGIN.so [unittest arguments]
"""
import random
import struct
import sys
import unittest

from frames import ACK, PSH, Flow, ip4
from harness import Tshark
from harness import udp as datagram
from pcapng import End, attribution, file_of

T0 = 1_700_000_000 * 10**9
CLIENT, SERVER = "192.0.2.10", "192.0.2.80"
A, AAAA, CNAME, MX, OPT = 1, 28, 5, 15, 41
HERE = bytes([192, 0, 2, 1])
THERE = bytes.fromhex("20010db8000000000000000000000001")
POINTER = b"\xc0\x0c"

FOREIGN = 23457                 # a port of nobody's

tshark = None


def made(*packets):
    return tshark.write("made.pcapng", file_of(T0, packets))


def name(*labels):
    return b"".join(bytes([len(one)]) + one for one in labels) + b"\0"


WWW = name(b"www", b"Example", b"com")


def record(kind, data, owner=POINTER, group=1, size=None):
    return owner + struct.pack(">HHIH", kind, group, 60,
                               len(data) if size is None else size) + data


def question(of=WWW, kind=A, flags=0x100, questions=1, rest=b""):
    return (struct.pack(">6H", 1, flags, questions, 0, 0, 0) + of
            + struct.pack(">HH", kind, 1) + rest)


def answer(*records, of=WWW, kind=A, flags=0x8180, count=None, more=()):
    return (struct.pack(">6H", 1, flags, 1,
                        len(records) if count is None else count, 0, len(more))
            + of + struct.pack(">HH", kind, 1) + b"".join(records)
            + b"".join(more))


MESSAGES = {
    "a question": question(),
    "of another kind": question(kind=AAAA),
    "of no kind": question(kind=12345),
    "with an option": question(rest=record(OPT, b"", b"\0")),
    "with something behind it": question(rest=b"x"),
    "two of them": question(questions=2, rest=WWW + b"\0\1\0\1"),
    "of the root": question(name()),
    "of a blank": question(name(b"a b", b"com")),
    "of a dot": question(name(b"a.b", b"com")),
    "of a backslash": question(name(b"a\\b", b"com")),
    "of a NUL": question(name(b"a\0b", b"com")),
    "of a letter with dots": question(name("ä".encode(), b"de")),
    "long": question(name(*[b"a" * 59] * 3)),
    "too long to be shown": question(name(*[b"a" * 59] * 4)),
    "of very many labels": question(name(*[b"a"] * 120)),
    "of as many as there can be": question(name(*[b"a"] * 127)),
    "an address": answer(record(A, HERE)),
    "both kinds": answer(record(AAAA, THERE), record(A, HERE),
                         record(AAAA, bytes(10) + b"\xff\xff" + HERE)),
    "of another's": answer(record(A, HERE, name(b"other", b"org"))),
    "five": answer(*[record(A, bytes([10, 0, 0, n])) for n in range(5)]),
    "forty": answer(*[record(A, bytes([10, 0, 0, n])) for n in range(40)]),
    "an alias": answer(record(CNAME, b"\3foo\xc0\x10")),
    "of the root, too": answer(record(CNAME, b"\0")),
    "an alias and what is behind it": answer(
        record(CNAME, b"\3foo\xc0\x10"), record(A, HERE, b"\xc0\x2d")),
    "mail": answer(record(MX, b"\0\x0a\4mail\xc0\x10"), kind=MX),
    "what it did not ask for": answer(more=[record(A, HERE)]),
    "that, too": answer(record(A, THERE[:4]), more=[record(A, HERE)]),
    "no such name": answer(flags=0x8183),
    "refused, with an answer": answer(record(A, HERE), flags=0x8185),
    "one too few": answer(record(A, HERE), count=2),
    "of five bytes": answer(record(A, HERE + b"x")),
    "of three": answer(record(A, HERE[:3], size=4)),
    "of another network": answer(record(A, HERE, group=3)),
    "to itself": answer(record(CNAME, b"\xc0\x2d")),
    "before the beginning": answer(record(A, HERE, b"\xc0\5")),
    "to what comes later": answer(record(A, HERE, b"\xc0\x2f")),
}


def over_udp(message, number=0, dport=53):
    sport = 40000 + number
    src, dst = CLIENT, SERVER
    if len(message) > 2 and message[2] & 0x80:
        src, dst, sport, dport = dst, src, dport, sport
    return ip4(src, dst, 17, struct.pack(">HHHH", sport, dport,
                                         8 + len(message), 0) + message)


def over_tcp(message, number=0):
    flow = Flow(CLIENT, SERVER, sport=40000 + number, dport=53)
    send = flow.back if len(message) > 2 and message[2] & 0x80 else flow.out
    return send(PSH | ACK, 1, 1, struct.pack(">H", len(message)) + message)


class Same(unittest.TestCase):
    FIELDS = "dpi.app", "dpi.host", "dpi.detail"

    def said(self, frames, *more):
        return dict(zip(MESSAGES, tshark.fields(made(*frames), *self.FIELDS,
                                                more=more)))

    def test_by_bytes_and_in_a_tree(self):
        messages = list(MESSAGES.values())
        by_tree = self.said([over_tcp(m, n) for n, m in enumerate(messages)])
        for more in ((), ("-2",)):
            by_bytes = self.said([over_udp(m, n) for n, m in
                                  enumerate(messages)], *more)
            self.assertEqual(by_bytes, by_tree)
        self.assertEqual(by_tree["both kinds"][2],
                         "A 192.0.2.1,2001:db8::1,::ffff:192.0.2.1")

    def test_in_one_pass_and_in_two(self):
        """The names that are noted are those that are looked up."""
        path = made(over_udp(question()), over_udp(answer(record(A, HERE))),
                    ip4(CLIENT, "192.0.2.1", 17, datagram("1.2.3.4", "1.2.3.5")
                        [34:]))
        for more in ((), ("-2",)):
            self.assertEqual(tshark.fields(path, "dpi.name", more=more)[2],
                             ("www.Example.com",))


class Experts(unittest.TestCase):
    """tshark -q -z expert."""

    FEW = 29                    # questions, and one more is a tunnel
    SAID = "This host asked for 30 different names below example.org"

    def found(self, frames):
        return "\n".join(tshark.lines("tshark", "-q", "-r", made(*frames),
                                      "-z", "expert"))

    def questions(self):
        letters = random.Random(1)
        for _ in range(self.FEW + 1):
            label = bytes(letters.choices(b"abcdefghijklmnop234567", k=50))
            yield question(name(label, b"t", b"example", b"org"))

    def check(self, frames_of):
        """*frames_of* makes frames of messages."""
        questions = list(self.questions())
        self.assertIn(self.SAID, self.found(frames_of(questions)))
        self.assertNotIn(self.SAID, self.found(frames_of(questions[:-1])))

    def test_datagrams(self):
        self.check(lambda all_of: [over_udp(m, n)
                                   for n, m in enumerate(all_of)])

    def test_datagrams_that_are_not_plain(self):
        self.check(lambda all_of: [
            over_udp(m[:5] + b"\2" + m[6:] + m[12:], n)
            for n, m in enumerate(all_of)])

    def test_multicast(self):
        """Where several may be asked for at once, by mDNS or LLMNR."""
        for port in (5353, 5355):
            for more in (b"", WWW + b"\0\1\0\1"):
                self.check(lambda all_of, port=port, more=more: [
                    over_udp(m[:5] + bytes([1 + bool(more)]) + m[6:] + more,
                             n, port) for n, m in enumerate(all_of)])

    def test_on_a_port_of_nobody(self):
        self.check(lambda all_of: [over_udp(m, n, FOREIGN)
                                   for n, m in enumerate(all_of)])

    def stream(self, texts, dport):
        flow = Flow(CLIENT, SERVER, dport=dport)
        at = 1
        for text in texts:
            yield flow.out(PSH | ACK, at, 1, text)
            at += len(text)

    def test_tcp(self):
        self.check(lambda all_of: self.stream(
            [struct.pack(">H", len(m)) + m for m in all_of], 53))

    def test_tcp_in_pieces(self):
        def pieces(all_of):
            for m in all_of:
                yield struct.pack(">H", len(m))
                yield m[:20]
                yield m[20:]

        self.check(lambda all_of: self.stream(pieces(all_of), 53))

    HEAD = (b"POST /%s HTTP/1.1\r\nHost: www.example.com\r\nContent-Type: "
            b"application/%s-message\r\nContent-Length: %d\r\n\r\n")

    def test_http(self):
        """Wherever the word is, and after what is like its beginning."""
        for path, word in ((b"", b"dns"), (b"d", b"DNS"), (b"dn", b"Dns"),
                           (b"dndn", b"dns")):
            self.check(lambda all_of, path=path, word=word: self.stream(
                [self.HEAD % (path, word, len(m)) + m for m in all_of], 80))

    def test_http_in_pieces(self):
        """Also where the word that says so is in two of them."""
        def pieces(all_of, cut):
            for m in all_of:
                text = self.HEAD % (b"query", b"dns", len(m)) + m
                yield from (text[:cut], text[cut:-5], text[-5:])

        head = self.HEAD % (b"query", b"dns", 99)
        for cut in (10, head.index(b"dns-") + 1, len(head)):
            self.check(lambda all_of, cut=cut: self.stream(
                pieces(all_of, cut), 80))

    def test_in_a_tunnel(self):
        def inside(all_of):
            for n, m in enumerate(all_of):
                text = b"\x08" + bytes(5) + b"\1\0" + over_udp(m, n)
                yield ip4(CLIENT, SERVER, 17, struct.pack(
                    ">HHHH", 4000, 4789, 8 + len(text), 0) + text)

        self.check(inside)

    def test_with_a_filter(self):
        """Then Wireshark makes trees for itself."""
        path = made(*[over_udp(m, n) for n, m in enumerate(self.questions())])
        out = tshark.lines("tshark", "-q", "-r", path, "-z", "expert,udp")
        self.assertIn(self.SAID, "\n".join(out))


class Owners(unittest.TestCase):
    """A server's name is of interest where a process of ours says it."""

    CURL = End(7, 0x70, b"curl", "socket")
    @classmethod
    def hello(cls, host, owner=None, dport=443):
        names = struct.pack(">HBH", len(host) + 3, 0, len(host)) + host
        extension = struct.pack(">HH", 0, len(names)) + names
        body = (b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0"
                + struct.pack(">H", len(extension)) + extension)
        text = b"\1" + struct.pack(">I", len(body))[1:] + body
        text = b"\x16\3\1" + struct.pack(">H", len(text)) + text
        frame = Flow(CLIENT, SERVER, dport=dport).out(PSH | ACK, 1, 1, text)
        return (frame, attribution("out", owner)) if owner else frame

    def found(self, *frames, more=()):
        out = tshark.lines("tshark", "-q", "-r", made(*frames), "-z", "expert",
                           *more)
        return [line for line in out if "never resolved" in line]

    def test_said_by_a_process(self):
        dns = over_udp(question())
        hello = self.hello(b"new.example.org", self.CURL)
        self.assertEqual(len(self.found(dns, hello)), 1)
        self.assertEqual(self.found(
            over_udp(question(name(b"New", b"example", b"org"))), hello), [])

    def test_on_a_port_of_nobody(self):
        """Whoever finds out that it is TLS, we or Wireshark, if that does."""
        frames = (over_udp(question()),
                  self.hello(b"new.example.org", self.CURL, FOREIGN))
        self.assertEqual(len(self.found(*frames)), 1)
        alone = "-o", "dpi.hand_over:FALSE"
        self.assertEqual(bool(self.found(*frames, more=alone)),
                         bool(self.found(*frames, more=("-V", *alone))))

    def test_said_by_nobody_knows_whom(self):
        self.assertEqual(self.found(over_udp(question()),
                                    self.hello(b"new.example.org")), [])


if __name__ == "__main__":
    with Tshark(sys.argv[1]) as tshark:
        unittest.main(argv=sys.argv[:1] + sys.argv[2:])
